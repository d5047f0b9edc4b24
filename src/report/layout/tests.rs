use super::*;
use proptest::prelude::*;

#[test]
fn text_is_wrapped_after_its_label() {
    let lines = labelled("  prompt  ", "A slow turn around the mug, soft light", 36);
    assert_eq!(lines, ["  prompt  A slow turn around the", "          mug, soft light"]);
    assert_eq!(labelled("x ", "", 80), ["x"]);
    assert_eq!(labelled("", "{\n  \"a\": 1\n}", 80), ["{", "  \"a\": 1", "}"]);
}

#[test]
fn a_word_longer_than_a_line_is_cut_and_stays_under_its_margin() {
    let lines = labelled("", &format!("  \"{}\"", "x".repeat(50)), 30);
    assert_eq!(lines[0], format!("  \"{}", "x".repeat(27)));
    assert_eq!(lines[1], format!("  {}\"", "x".repeat(23)));
}

/// A regular expression for texts with letters of all widths: combining accents, East Asian letters, and emoji.
const ANY: &str = "([a-z0-9 ]|é|e\u{301}|漢|ガ|、|🙂|❤\u{fe0f}|👍🏽|👩\u{200d}🎨|🇯🇵){0,40}";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn wrapping_loses_no_word_and_keeps_to_the_width(text in ANY, columns in 30..90usize) {
        let lines = labelled("ab ", &text, columns);
        prop_assert!(lines.iter().all(|line| width(line) <= columns), "{lines:?}");
        let letters = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
        prop_assert_eq!(letters(&lines.concat()), format!("ab{}", letters(&text)));
    }

    #[test]
    fn what_is_shortened_fits(text in ANY, columns in 0usize..40) {
        let short = shorten(&text, columns);
        prop_assert!(width(&short) <= columns);
        prop_assert!(width(&text) > columns || short == text);
    }

    #[test]
    fn what_is_wrapped_fits_and_loses_no_word(text in "([a-z漢]{1,9} ){0,30}[a-z]{1,9}", columns in 30usize..60) {
        let lines = wrap(&text, columns, 9);
        for (at, line) in lines.iter().enumerate() {
            prop_assert!(width(line) <= columns);
            prop_assert_eq!(line.starts_with("         "), at > 0);
        }
        let letters = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
        prop_assert_eq!(letters(&lines.concat()), letters(&text));
    }
}

#[test]
fn a_first_line_keeps_its_own_indent() {
    assert_eq!(wrap("  to be or not to be", 10, 4), ["  to be or", "    not to", "    be"]);
}

#[test]
fn text_without_spaces_is_broken_between_wide_letters_and_never_inside_of_one() {
    let lines = labelled("", "陶器の❤\u{fe0f}マグカップと木のスプーン 2点", 24);
    assert_eq!(lines, ["陶器の❤\u{fe0f}マグカップと木の", "スプーン 2点"]);
    assert_eq!(clusters("e\u{301}👩\u{200d}🎨x"), ["e\u{301}", "👩\u{200d}🎨", "x"]);
}

#[test]
fn the_end_of_a_name_is_what_is_kept() {
    assert_eq!(shorten("renders/kettle-cherry/kettle-cherry_hero.mp4", 25), "renders/…-cherry_hero.mp4");
}

#[test]
fn times_are_short() {
    let reported = [0, 59, 60, 72, 3_599, 3_600, 7_500].map(|seconds| lasted(Duration::from_secs(seconds)));
    assert_eq!(reported, ["0s", "59s", "1m00s", "1m12s", "59m59s", "1h00m", "2h05m"]);
}
