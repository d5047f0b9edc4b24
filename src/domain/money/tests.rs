use super::*;
use proptest::prelude::*;

#[test]
fn amounts_are_read_exactly_and_shown_with_at_least_two_decimals() {
    for (text, micros, shown) in [
        ("0.20", 200_000, "$0.20"),
        ("$12", 12_000_000, "$12.00"),
        ("0.000001", 1, "$0.000001"),
        ("0.005", 5_000, "$0.005"),
    ] {
        let amount: Usd = text.parse().unwrap();
        assert_eq!(amount.micros(), micros, "{text}");
        assert_eq!(amount.to_string(), shown, "{text}");
    }
    assert_eq!(Usd::from_micros(-200_000).to_string(), "-$0.20");
}

#[test]
fn i41_what_is_no_amount_is_refused() {
    for text in ["", "-1", "NaN", "inf", "1e3", "0.0000001", "1.", ".5", "1,50", "99999999999999999999"] {
        assert!(text.parse::<Usd>().is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn any_amount_survives_being_written_and_read(micros in 0..i64::MAX) {
        prop_assert_eq!(Usd::from_micros(micros).plain().parse::<Usd>().unwrap().micros(), micros);
    }
}

#[test]
fn a_share_is_rounded_up_and_there_is_none_for_nobody() {
    assert_eq!(Usd::from_micros(1_000_000).share(3), Some(Usd::from_micros(333_334)));
    assert_eq!(Usd::from_micros(1_600_000).share(2), Some(Usd::from_micros(800_000)));
    assert_eq!(Usd::ZERO.share(2), Some(Usd::ZERO));
    assert_eq!(Usd::from_micros(i64::MAX).share(1), Some(Usd::from_micros(i64::MAX)));
    assert_eq!(Usd::from_micros(1).share(0), None);
}

#[test]
fn only_an_amount_below_zero_has_a_sign() {
    let shown = [-10_000, 0, 10_000].map(|micros| Usd::from_micros(micros).to_string());
    assert_eq!(shown, ["-$0.01", "$0.00", "$0.01"]);
}
