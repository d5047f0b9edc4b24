use super::*;

#[test]
fn a_question_mark_within_a_word_is_a_lost_letter() {
    for (text, expected) in [
        ("Sch?ne Lampe gr?n", Some("Sch?ne")),
        ("Lampe (gr?n)", Some("gr?n")),
        ("GR?N", Some("GR?N")),
        ("<p>Sofort verf?gbar</p>", Some("verf?gbar")),
        ("https://a.example/x?y=z gr?n", Some("gr?n")),
    ] {
        assert_eq!(in_text(text), expected, "{text}");
    }
}

#[test]
fn questions_and_addresses_have_lost_nothing() {
    for text in [
        "Really?",
        "Really? Yes",
        "Really?Yes",
        "Why?!",
        "a?b=c",
        "https://a.example/lamp?size=m",
        "a.example/lamp?m",
        "<a href=\"/x?page\">x</a>",
        "5?6",
        "?",
        "??",
        "Lamp ? large",
    ] {
        assert_eq!(in_text(text), None, "{text}");
    }
}
