use super::*;

#[test]
fn a_subset_is_a_share_or_a_number() {
    assert_eq!("10%".parse(), Ok(Subset::Percent(10)));
    assert_eq!("500".parse(), Ok(Subset::Count(500)));
    for text in ["", "0", "0%", "101%", "-3", "1.5%", "all"] {
        assert!(text.parse::<Subset>().is_err(), "{text}");
    }
}

#[test]
fn a_share_is_rounded_up_and_a_number_is_at_most_all() {
    assert_eq!([0, 1, 5, 1_000].map(|all| Subset::Percent(10).of(all)), [0, 1, 1, 100]);
    assert_eq!([0, 3, 9].map(|all| Subset::Count(5).of(all)), [0, 3, 5]);
}
