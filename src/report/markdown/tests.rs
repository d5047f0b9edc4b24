use super::*;
use proptest::prelude::*;

#[test]
fn text_of_others_stands_in_a_code_span() {
    assert_eq!(code("sku-1"), "`sku-1`");
    assert_eq!(code("a `b` | <i> @all"), "``a `b` \\| <i> @all``");
    assert_eq!(code("`"), "`` ` ``");
    assert_eq!(code(""), "`  `");
    assert_eq!(code("two\nlines"), "`two\\nlines`");
}

proptest! {
    #[test]
    fn nothing_ends_a_code_span_early(text in "[a`| \\\\\n]{0,12}") {
        let span = code(&text);
        let fence = span.chars().take_while(|letter| *letter == '`').count();
        let inside = &span[fence..span.len() - fence];
        let runs = inside.split(|letter| letter != '`').map(str::len);
        prop_assert!(runs.into_iter().all(|run| run < fence), "{span}");
        prop_assert!(!inside.contains('\n') && !inside.starts_with('`') && !inside.ends_with('`'));
        prop_assert_eq!(inside.matches('|').count(), inside.matches("\\|").count());
    }
}
