use super::*;

/// Returns a valid ledger line, from a ledger of version 1.
fn line() -> Entry {
    let ledger = include_str!("../../../tests/fixtures/state/v1.jsonl");
    serde_json::from_str(ledger.lines().next().unwrap()).unwrap()
}

#[test]
fn a_number_that_no_line_can_have_is_named() {
    assert_eq!(line().out_of_bounds(), None);
    let most = Entry { seq: MOST, attempt: MOST_ATTEMPTS, usd: MOST_USD, ..line() };
    assert_eq!(Entry { was: Some(Usd::ZERO), size: Some(MOST), run: Some(0), ..most }.out_of_bounds(), None);
    for (wrong, name) in [
        (Entry { seq: 0, ..line() }, "seq"),
        (Entry { seq: MOST + 1, ..line() }, "seq"),
        (Entry { attempt: u32::MAX, ..line() }, "attempt"),
        (Entry { usd: Usd::from_micros(i64::MAX), ..line() }, "usd"),
        (Entry { was: Some(Usd::from_micros(-1)), ..line() }, "was"),
        (Entry { size: Some(u64::MAX), ..line() }, "size"),
        (Entry { run: Some(i64::MAX), ..line() }, "run"),
        (Entry { run: Some(-1), ..line() }, "run"),
        (Entry { revision: Some(u64::MAX), ..line() }, "revision"),
    ] {
        assert_eq!(wrong.out_of_bounds(), Some(name));
    }
}
