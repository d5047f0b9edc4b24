use super::*;

#[test]
fn letters_without_a_picture_become_ones_that_have_one() {
    assert_eq!(plain("Crème “brûlée” – 3 × 2…"), "Crème \"brûlée\" - 3 × 2...");
    assert_eq!(plain("Łódź šč\u{7}\n杯"), "?ódz sc ?");
    assert_eq!(plain("e\u{301}"), "é");
}

#[test]
fn text_is_broken_between_words_and_cut_with_dots() {
    assert_eq!(wrap("one two three", 7, 9), ["one two", "three"]);
    assert_eq!(wrap("incomparable", 5, 9), ["incom", "parab", "le"]);
    assert_eq!(wrap("one two three four", 7, 2), ["one two", "thre..."]);
    assert_eq!(wrap("  ", 7, 2), Vec::<String>::new());
}
