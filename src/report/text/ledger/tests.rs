use super::*;
use crate::app::ledger::LedgerRequest;
use crate::domain::lifecycle::{MoneyState, Phase};
use crate::store::{By, Group};
use jiff::Timestamp;
use std::path::Path;

fn group(name: &str, phase: Phase, account: MoneyState, takes: u64, cents: i64) -> Group {
    let usd = if account == MoneyState::Free { Usd::ZERO } else { Usd::from_micros(cents * 10_000) };
    let price = Usd::from_micros(cents * 10_000);
    Group { name: name.into(), phase, account, takes, usd, price }
}

fn week() -> Vec<Group> {
    vec![
        group("2026-11-20", Phase::Done, MoneyState::Settled, 812, 32_480),
        group("2026-11-20", Phase::Failed, MoneyState::Free, 9, 360),
        group("2026-11-20", Phase::WrittenOff, MoneyState::Settled, 1, 40),
        group("2026-11-21", Phase::Held, MoneyState::InDoubt, 2, 80),
        group("2026-11-21", Phase::Running, MoneyState::Reserved, 3, 120),
    ]
}

#[test]
fn the_table_adds_up_and_leaves_out_what_says_nothing() {
    let lines = table(&Table::of(By::Day, &week()), 100);
    assert_eq!(
        lines.join("\n"),
        "\
day         requests  refused    spent  reserved  in doubt  wasted
2026-11-20       822        9  $325.20         –         –   $0.40
2026-11-21         5        –    $0.00     $1.20     $0.80       –
──────────────────────────────────────────────────────────────────
total            827        9  $325.20     $1.20     $0.80   $0.40

refused: how many of the requests were not accepted; they cost nothing
wasted: the part of the spent amount that produced no clip"
    );
    let quiet = Table::of(By::Day, &week()[..1]);
    assert_eq!(table(&quiet, 100)[0], "day         requests    spent");
}

#[test]
fn a_narrow_terminal_shortens_names_and_no_amount() {
    let name = "a-very-long-item-id-of-a-sku-that-no-person-can-remember";
    let lines = table(&Table::of(By::Item, &[group(name, Phase::Done, MoneyState::Settled, 1, 40)]), 40);
    for line in &lines {
        assert!(width(line) <= 40, "{line}");
    }
    assert!(lines[1].ends_with("$0.40"));
    let lines = table(&Table::of(By::Day, &week()), 60);
    assert!(lines.iter().all(|line| width(line) <= 60) && lines[1].starts_with("2026-11-20 "), "{lines:?}");
}

#[test]
fn s16_a_spreadsheet_finds_quotes_and_no_formula() {
    let groups = [
        group("=cmd|' /C calc'!A0", Phase::Done, MoneyState::Settled, 1, 40),
        group("12\" vase, \"blue\"", Phase::Done, MoneyState::Settled, 2, 81),
    ];
    assert_eq!(
        csv(&Table::of(By::Item, &groups)),
        "item,takes,settled_usd,reserved_usd,in_doubt_usd,wasted_usd,refused\n\
             '=cmd|' /C calc'!A0,1,0.40,0.00,0.00,0.00,0\n\
             \"12\"\" vase, \"\"blue\"\"\",2,0.81,0.00,0.00,0.00,0\n"
    );
}

#[test]
fn a_ledger_without_amounts_does_not_deny_that_requests_were_refused_for_now() {
    let report = LedgerReport {
        now: Timestamp::UNIX_EPOCH,
        project: None,
        request: LedgerRequest { by: By::Day, since: None },
        table: Table::of(By::Day, &[]),
        doubtful: Vec::new(),
        next: String::new(),
    };
    let places = Places::find(Some(Path::new("/shop/shotlist.yaml")), None, false).unwrap();
    let words = "nothing was charged or refused, and no request waits for its result";
    assert_eq!(lines(&places, &report, 100), [words]);
}
