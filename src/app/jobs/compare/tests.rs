use super::*;

#[test]
fn runs_are_named_by_number_or_as_a_pair() {
    assert_eq!("12".parse(), Ok(Span { from: 12, to: None }));
    assert_eq!("12..15".parse(), Ok(Span { from: 12, to: Some(15) }));
    for wrong in ["", "0", "-1", "12..", "..3", "last", "1..2..3"] {
        assert!(wrong.parse::<Span>().unwrap_err().contains("is not a run"), "{wrong}");
    }
}

#[test]
fn the_median_of_an_even_number_is_the_mean_of_the_two_in_the_middle() {
    let seconds = |seconds: &[u64]| seconds.iter().copied().map(Duration::from_secs).collect();
    assert_eq!(median(seconds(&[])), None);
    assert_eq!(median(seconds(&[9, 1, 5])), Some((Duration::from_secs(5), 3)));
    assert_eq!(median(seconds(&[4, 1, 9, 2])), Some((Duration::from_secs(3), 4)));
}
