use super::*;

#[test]
fn values_of_one_name_are_joined_however_many_names_there_are() {
    for names in [1, FEW - 1, FEW, FEW + 1, 3 * FEW] {
        let mut record = Record::default();
        for value in ["a", "b"] {
            (0..names).for_each(|at| record.add(&format!("name {at}"), value));
        }
        record.set("name 0", "c");
        record.set("last", "d");
        let (values, _) = record.finish().unwrap();
        let text = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut expected: Values = (0..names).map(|at| text(&format!("name {at}"), "a, b")).collect();
        expected[0].1 = "c".to_owned();
        expected.push(text("last", "d"));
        assert_eq!(values, expected);
    }
}
