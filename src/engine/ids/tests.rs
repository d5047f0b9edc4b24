use super::*;

#[test]
fn names_have_26_characters_and_sort_by_time() {
    let at = |second| sortable(Timestamp::from_second(second).unwrap());
    assert!(at(1) < at(2) && at(1_800_000_000) < at(1_800_000_001));
    assert_eq!(random().len(), 26);
    assert_ne!(random(), random());
    assert_eq!(encode(0), "0".repeat(26));
    assert_eq!(encode(u128::MAX), format!("7{}", "Z".repeat(25)));
}
