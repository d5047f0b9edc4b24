use super::*;
use proptest::prelude::*;

#[test]
fn ids_keep_what_every_file_system_stores() {
    for (id, name) in [
        ("9:16", "9x16"),
        ("16:9", "16x9"),
        ("zai/vidu2-image", "zai-vidu2-image"),
        ("no", "no"),
        ("1e3", "1e3"),
        ("0123", "0123"),
        ("v1.5", "v1.5"),
        ("take_1", "take-1"),
        ("a: b", "a--b"),
        ("Größe M", "Größe-M"),
        ("cafe\u{301}", "café"),
        (" soft light ", "soft-light"),
        ("~", "-"),
    ] {
        assert_eq!(safe(id), name);
    }
}

proptest! {
    #[test]
    fn a_name_names_itself_and_holds_nothing_that_joins_or_leads_elsewhere(id in "\\PC{0,12}") {
        let name = safe(&id);
        prop_assert_eq!(safe(&name), name.clone());
        prop_assert!(!name.contains(['_', '/', '\\', ':', '%']));
    }

    #[test]
    fn every_combination_is_there_once(lengths in prop::collection::vec(1..4usize, 0..4)) {
        let cells: Vec<Positions> = combinations(&lengths).collect();
        let distinct: BTreeSet<&Positions> = cells.iter().collect();
        let count = if lengths.is_empty() { 0 } else { lengths.iter().product() };
        prop_assert_eq!((cells.len(), distinct.len()), (count, count));
    }
}
