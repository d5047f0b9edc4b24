use super::*;

fn hints(text: &str) -> Vec<String> {
    doubts(text, '\'').into_iter().map(|doubt| doubt.hint).collect()
}

#[test]
fn a_column_beside_a_number_is_told_with_what_to_write() {
    for (text, hint) in [
        ("item.price > 5", "write `item.price|float > 5`"),
        ("item.price>=5.50", "write `item.price|float >= 5.50`"),
        ("5 < item.price", "write `5 < item.price|float`"),
        ("item.stock == 0", "write `item.stock|float == 0`"),
        ("item.price > \"5\"", "write `item.price|float > 5`"),
        ("item.raw[\"Variant Price\"] < 9 and true", "write `item.raw[\"Variant Price\"]|float < 9`"),
        ("true or (vars.least <= 3)", "write `vars.least|float <= 3`"),
        ("item.price > -5", "write `item.price|float > -5`"),
        ("-5.5 >= item.price", "write `-5.5 >= item.price|float`"),
    ] {
        assert_eq!(hints(text), [hint], "{text}");
    }
}

#[test]
fn the_effect_of_a_comparison_is_told() {
    for (text, effect) in [
        ("item.price > 5", "this comparison is always true"),
        ("item.price >= 5", "this comparison is always true"),
        ("item.price < 5", "this comparison is always false"),
        ("item.price <= 5", "this comparison is always false"),
        ("5 < item.price", "this comparison is always true"),
        ("5 <= item.price", "this comparison is always true"),
        ("5 > item.price", "this comparison is always false"),
        ("-5 >= item.price", "this comparison is always false"),
        ("item.price > '5'", "letter by letter: 9 counts as more than 10"),
        ("'5' >= item.price", "letter by letter: 9 counts as more than 10"),
        ("item.stock != 0", "is text, which never equals a number"),
        ("0 == item.stock", "is text, which never equals a number"),
    ] {
        let [doubt] = &doubts(text, '\'')[..] else { panic!("{text}") };
        assert!(doubt.message.ends_with(effect), "{text}: {}", doubt.message);
    }
}

#[test]
fn what_is_a_number_by_then_or_is_compared_as_text_is_not_doubted() {
    for text in [
        "item.price|float > 5",
        "item.price | float > 5",
        "5 < item.price|int",
        "item.size == \"5\"",
        "item.title|length > 5",
        "item.a == item.b",
        "item.note == 'item.price > 5'",
        "item.date >= '2026-01-01'",
        "not (item.a == 'x')",
        "item.tags",
        "'sale' in item.tags and item.a is defined",
    ] {
        assert_eq!(hints(text), [] as [String; 0], "{text}");
    }
}

#[test]
fn a_column_that_is_asked_without_a_comparison_is_told() {
    for text in ["not item.sold_out", "item.sold_out or item.a == 'x'", "item.a == 'x' and item.sold_out"] {
        assert_eq!(hints(text).len(), 1, "{text}");
        assert!(hints(text)[0].contains("`item.sold_out == ''`"), "{text}");
    }
}

#[test]
fn words_of_other_languages_are_translated_outside_of_quotes() {
    assert_eq!(with_words("a = 'x && y' && b || !c"), "a == 'x && y' and b or not c");
    assert_eq!(with_words("item.a == \"ä = ö\""), "item.a == \"ä = ö\"");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "([ a-z.'\"|()\\[\\]<>=!&é0-9]|item|vars|and|not){0,20}") {
        let _ = (doubts(&text, '\''), with_words(&text));
    }
}
