use super::tests::{good, item, jobs, reported};
use super::*;

/// Returns a manifest with this condition for its items.
fn asking(condition: &str) -> String {
    format!(
        "version: 1\nitems:\n  from: p.csv\n  where: {condition}\nvars: {{ least: 5 }}\nshots: {{ hero: {{ prompt: x }} }}\n"
    )
}

/// Returns whether an item with these columns meets a condition.
fn holds(condition: &str, columns: &[(&str, &str)]) -> Result<bool, Box<Problem>> {
    let (manifest, problems) = read("m.yaml", asking(condition).as_bytes());
    assert!(manifest.is_some(), "{condition}: {problems:?}");
    let manifest = manifest.unwrap();
    let Items::File { only: Some(only), .. } = &manifest.items else { panic!("no condition") };
    manifest.item(item(columns)).meets(only)
}

#[test]
fn an_item_is_asked_by_its_columns_and_the_texts_of_the_manifest() {
    let mug = [
        ("id", "0123"),
        ("status", "active"),
        ("price", "9.50"),
        ("Body (HTML)", "x"),
        ("tags", "sale, new"),
    ];
    for (condition, expected) in [
        ("item.status == \"active\"", true),
        ("item.status != 'active'", false),
        ("item.price|float > vars.least|float", true),
        ("item.price | float >= 10", false),
        ("item.id == '0123' and not item.status == 'draft'", true),
        ("item.raw['Body (HTML)'] == 'x'", true),
        ("\"'sale' in item.tags\"", true),
        ("item.status in ['draft', 'archived']", false),
        ("item.nothing is defined", false),
        ("item.nothing | default('') == ''", true),
        ("item.title is undefined or item.status == 'active'", true),
        ("true", true),
        ("\"item.status == 'active'\"", true),
        ("|\n    item.status == 'active'\n    and item.price|float > 5", true),
    ] {
        assert_eq!(holds(condition, &mug), Ok(expected), "{condition}");
    }
}

/// Checks that comparisons of a text with a number have the results that the warnings about them state.
#[test]
fn a_text_counts_as_more_than_any_number() {
    for text in ["9.50", "", "100", "x", "-7"] {
        let item = [("id", "a"), ("price", text)];
        for (condition, expected) in [
            ("item.price > 50", true),
            ("item.price >= 50", true),
            ("item.price < 50", false),
            ("item.price <= 50", false),
            ("50 < item.price", true),
            ("50 <= item.price", true),
            ("50 > item.price", false),
            ("50 >= item.price", false),
            ("item.price > -50", true),
            ("item.price == 100", false),
            ("item.price != 100", true),
        ] {
            assert_eq!(holds(condition, &item), Ok(expected), "{condition}, {text}");
        }
    }
    let item = [("id", "a"), ("price", "9")];
    assert_eq!(holds("item.price > '50'", &item), Ok(true));
    assert_eq!(holds("item.price|float > 50", &item), Ok(false));
}

#[test]
fn what_is_no_truth_value_is_taken_as_one_only_where_it_is_plain() {
    for (text, expected) in [
        ("true", Some(true)),
        ("TRUE", Some(true)),
        ("yes", Some(true)),
        (" 1 ", Some(true)),
        ("false", Some(false)),
        ("No", Some(false)),
        ("0", Some(false)),
        ("", Some(false)),
        ("sold out", None),
        ("5", None),
    ] {
        assert_eq!(holds("item.featured", &[("id", "a"), ("featured", text)]).ok(), expected, "{text}");
    }
    let problem = holds("item.featured", &[("id", "a"), ("featured", "sold out")]).unwrap_err();
    assert_eq!(problem.message, "the condition gives a string, not yes or no");
    assert_eq!(problem.hint.as_deref(), Some("compare it with a string: `item.featured == '…'`"));
    assert_eq!(holds("item.n|int", &[("id", "a"), ("n", "0")]), Ok(false));
    assert_eq!(holds("\"[]\"", &[("id", "a")]), Ok(false));
}

#[test]
fn names_that_an_item_lacks_are_told_wherever_they_stand() {
    for condition in
        ["item.stauts", "item.stauts == 'x'", "true and item.stauts", "not item.stauts", "item.raw['stauts']"]
    {
        let problem = holds(condition, &[("id", "a"), ("status", "x")]).unwrap_err();
        assert_eq!(problem.message, "the item has no `stauts`", "{condition}");
        assert_eq!(problem.hint.as_deref(), Some("did you mean `item.status`?"), "{condition}");
        let Place::Text { line: 4, .. } = problem.place else { panic!("{:?}", problem.place) };
    }
    let problem = holds("item.a == 'b' and item.stauts == 'x'", &[("id", "a"), ("a", "b"), ("status", "x")])
        .unwrap_err();
    let Place::Text { column: 28, width: 11, .. } = problem.place else { panic!("{:?}", problem.place) };
    let problem = holds("item.price|float > 5", &[("id", "a"), ("price", "dear")]).unwrap_err();
    assert_eq!(
        (&problem.message[..], &problem.examples[..]),
        ("a number is needed here, but the text is not a number", &["a: `dear`".to_owned()][..])
    );
}

#[test]
fn what_is_wrong_with_a_condition_is_found_without_an_item() {
    for (condition, expected) in [
        ("\"{{ item.status == 'active' }}\"", "4:10+31 a condition is written without braces"),
        ("item.status = 'active'", "4:22+1 the condition is not complete: unexpected input after expression"),
        (
            "item.status ==",
            "4:22+2 the condition is not complete: unexpected end of input, expected expression",
        ),
        ("item.a) or (item.b", "4:16+1 the condition is not complete: unexpected input after expression"),
        ("status == 'active'", "4:10+6 unknown name `status`"),
        ("vars.leats|float > 1", "4:10+10 unknown name `vars.leats`"),
        ("matrix.mood == 'a'", "4:10+6 `matrix` cannot be used here"),
        (
            "item.price > 5",
            "4:10+10 `item.price` is text, and any text counts as more than a number: this comparison is always true",
        ),
        ("item.stock == 0", "4:10+10 `item.stock` is text, which never equals a number"),
        ("not item.sold_out", "4:14+13 `item.sold_out` counts as yes unless it is empty, even if it says no"),
        ("item.supplier note == 'x'", "4:10+18 `item.supplier note` is not one name, because it has a blank"),
        ("", "4:8+1 `where` has no value"),
        ("\"\"", "4:10+2 `where` is empty"),
        ("|\n    ", "6:1+1 `where` is empty"),
        ("{{ item.a }}", "4:10+12 a string that begins with a bracket must be in quotes"),
        ("[a]", "4:10+3 `where` must be a string, but it is a list"),
    ] {
        assert_eq!(reported(&asking(condition)), [expected], "{condition}");
    }
    let hint = |condition: &str| read("m.yaml", asking(condition).as_bytes()).1[0].hint.clone().unwrap();
    assert_eq!(hint("\"{{ item.status == 'active' }}\""), "write `where: item.status == 'active'`");
    assert_eq!(hint("item.a = 'b' && item.c == 'd'"), "write `where: item.a == 'b' and item.c == 'd'`");
    assert_eq!(hint("item.supplier note == 'x'"), "write `item.raw['supplier note']`");
    assert_eq!(hint("item.price > 5"), "write `item.price|float > 5`");
}

#[test]
fn a_shot_is_made_where_its_condition_holds() {
    let manifest = good(
        "version: 1\nitems: { from: p.csv }\nshots:\n  hero:\n    prompt: x\n    when: item.kind == 'lamp' or matrix.size == 'a'\n    \
         matrix: { size: [a, b] }\n",
    );
    let made = |kind: &str| {
        let jobs = jobs(&manifest, item(&[("id", "x"), ("kind", kind)]));
        jobs.iter().map(|job| job.variant.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(made("lamp"), ["a", "b"]);
    assert_eq!(made("mug"), ["a"]);
}
