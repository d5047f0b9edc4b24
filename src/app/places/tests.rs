use super::*;

#[test]
fn a_shell_takes_a_quoted_word_for_one() {
    let cases = [
        ("hero/sku-1", "hero/sku-1"),
        ("my shop.yaml", "'my shop.yaml'"),
        ("hero/*", "'hero/*'"),
        ("it's", "'it'\\''s'"),
        ("", "''"),
        ("$HOME", "'$HOME'"),
    ];
    for (word, typed) in cases {
        assert_eq!(quoted(word), typed);
    }
}
