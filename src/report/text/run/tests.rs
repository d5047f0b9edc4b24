use super::*;

#[test]
fn a_resumed_run_tells_its_own_money_and_that_of_the_whole_run_apart() {
    let usd = |text: &str| text.parse::<Usd>().unwrap();
    let spent = |settled: &str| Spent { settled: usd(settled), reserved: Usd::ZERO, in_doubt: usd("0.20") };
    let words = |now, whole| spent_words(Some(usd("1.60")), spent(now), spent(whole));
    assert_eq!(words("0.40", "0.40"), "$0.40 of the planned $1.60 · $0.20 more may have been charged");
    assert_eq!(words("1.80", "1.80"), "$1.80 · $0.20 more may have been charged");
    assert_eq!(
        words("0.20", "0.60"),
        "$0.20 by this command · $0.60 of the planned $1.60 by the whole run · $0.20 more may have been charged"
    );
    assert_eq!(spent_words(None, Spent::default(), Spent::default()), "$0.00 in this run");
}
