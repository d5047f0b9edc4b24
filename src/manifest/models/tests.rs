use super::super::read_corrections;
use super::*;

fn parts(text: &str) -> Vec<CorrectionPart> {
    let (corrections, problems) = read_corrections("m.yaml", text.as_bytes());
    assert_eq!(problems, []);
    corrections.unwrap().models.into_values().flat_map(|entry| entry.value.parts).collect()
}

#[test]
fn only_what_is_written_as_a_number_or_a_truth_is_one() {
    let text = "models: { a/b: { x: [5, -1, 007, 1e3, 0.30, 0x1F, no, True, true, false, '5', ~, '~'] } }";
    let expected =
        serde_json::json!([5, -1, "007", "1e3", "0.30", "0x1F", "no", "True", true, false, "5", null, "~"]);
    assert_eq!(parts(text)[0].value, expected);
}

#[test]
fn each_rule_is_a_part_and_every_value_has_its_place() {
    let parts = parts(
        "models:\n  a/b:\n    fields:\n      - { name: x, max: 8 }\n      - { name: y }\n    price: { usd: 1 }\n",
    );
    let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(names, ["fields", "fields", "price"]);
    let column = |part: &CorrectionPart, steps: &[&str], is_key| {
        let steps: Vec<String> = steps.iter().map(|step| (*step).to_owned()).collect();
        match part.within(&steps, is_key) {
            crate::domain::problem::Place::Text { line, column, .. } => (line, column),
            place => panic!("{place:?}"),
        }
    };
    assert_eq!(column(&parts[1], &[], true), (5, 9));
    assert_eq!(column(&parts[0], &["max"], true), (4, 20));
    assert_eq!(column(&parts[0], &["max"], false), (4, 25));
    // A missing key has the place of its group.
    assert_eq!(column(&parts[2], &["per"], false), (6, 12));
    assert_eq!(parts[2].place().to_string(), "m.yaml:6");
}

#[test]
fn corrections_are_read_whatever_is_wrong_elsewhere() {
    let (corrections, problems) =
        read_corrections("m.yaml", b"shots: 5\nprices: { a/b: { per: clip, usd: 1 } }\n");
    assert_eq!((corrections.unwrap().prices.len(), problems.len()), (1, 0));
    let (corrections, problems) = read_corrections("m.yaml", b"prices: { a: { per: clip, usd: 1 } }\n");
    assert!(corrections.is_none());
    assert_eq!(problems[0].message, "`a` is not the full name of a model");
}
