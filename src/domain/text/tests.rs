use super::*;
use proptest::prelude::*;

#[test]
fn a_slug_is_ascii_in_lower_case() {
    for (text, expected) in [
        ("ABUS Varedo 47", "abus-varedo-47"),
        ("  Größe / Åre — Ø 26\" ", "grosse-are-o-26"),
        ("PIZZA FRONT RACK 🍕", "pizza-front-rack"),
        ("日本", ""),
    ] {
        assert_eq!(slug(text), expected, "{text}");
    }
}

#[test]
fn truncate_counts_characters() {
    assert_eq!(truncate("Größe 🍕 extra", 7), "Größe 🍕");
    assert_eq!(truncate("Größe 🍕", 6), "Größe");
    assert_eq!(truncate("kurz", 10), "kurz");
}

#[test]
fn a_megabyte_of_tags_that_never_end_is_read_once() {
    let open = "<a".repeat(500_000);
    assert_eq!(strip_html(&open), open);
    assert_eq!(strip_html(&format!("{open}>x")), "x");
    assert_eq!(strip_html(&"<script></script>".repeat(60_000)), "");
    assert_eq!(strip_html("a < b <!-- no"), "a < b");
}

#[test]
fn html_becomes_the_text_a_reader_sees() {
    for (html, expected) in [
        ("<p>Warm &amp; dry</p><p>26&quot; wheels</p>", "Warm & dry 26\" wheels"),
        ("H<sub>2</sub>O<br/>caf&eacute;&nbsp;&#8211; &#x20AC;5", "H2O café – €5"),
        ("26 < 30 and 5 > 3", "26 < 30 and 5 > 3"),
        ("<a title='a > b'>link</a><!-- no --> end", "link end"),
        ("<style>p { color: red }</style><ScRiPt>alert(1)</sCrIpT>text", "text"),
        ("AT&T &unknown; &#0; &amp;lt;", "AT&T &unknown; &#0; &lt;"),
        ("&Oslash;re&shy;sund &<; &euro;", "Øresund &<; €"),
    ] {
        assert_eq!(strip_html(html), expected, "{html}");
    }
}

proptest! {
    #[test]
    fn no_text_breaks_a_filter(text in "[<>&;#x!/a-zé🍕'\" -]{0,60}", length in 0..20usize) {
        prop_assert!(strip_html(&text).chars().count() <= text.chars().count());
        prop_assert!(slug(&text).bytes().all(|byte| byte == b'-' || byte.is_ascii_alphanumeric()));
        prop_assert!(truncate(&text, length).chars().count() <= length);
    }
}

#[test]
fn a_text_that_stands_for_none_says_nothing() {
    for text in [
        "",
        " ",
        "\u{A0}",
        "\u{200B}",
        "<p></p>",
        "&nbsp;",
        "-",
        "–",
        "#N/A",
        "#REF!",
        "NULL",
        "nan",
        "N/A",
        "undefined",
        "None",
    ] {
        assert!(says_nothing(text), "{text:?}");
    }
    for text in ["Mug", "<p>Mug</p>", "7", "Nan bread", "№ 5", "杯", "A-"] {
        assert!(!says_nothing(text), "{text:?}");
    }
}
