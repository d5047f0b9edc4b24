use super::*;

fn group(name: &str, phase: Phase, account: MoneyState, takes: u64, cents: i64) -> Group {
    let usd = if account == MoneyState::Free { Usd::ZERO } else { Usd::from_micros(cents * 10_000) };
    let price = Usd::from_micros(cents * 10_000);
    Group { name: name.into(), phase, account, takes, usd, price }
}

#[test]
fn outcomes_are_told_apart_by_where_the_money_stands() {
    let groups = [
        group("", Phase::Failed, MoneyState::Free, 2, 80),
        group("", Phase::Failed, MoneyState::Settled, 1, 40),
        group("", Phase::Running, MoneyState::Reserved, 1, 40),
        group("", Phase::Submitting, MoneyState::Reserved, 1, 40),
    ];
    let table = Table::of(By::Outcome, &groups);
    let rows: Vec<_> = table.rows.iter().map(|row| (row.name.as_str(), row.takes)).collect();
    assert_eq!(rows, [("refused, free", 2), ("failed, charged", 1), ("on its way", 2)]);
}
