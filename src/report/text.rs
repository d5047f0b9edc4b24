//! Words in columns: how wide a text is on a terminal, and how it is made to fit.

pub mod cancel;
pub mod catalog;
pub mod dismiss;
pub mod doctor;
pub mod held;
pub mod init;
mod lost;
pub mod pause;
pub mod plan;
pub mod prune;
pub mod recover;
pub mod resolve;
pub mod run;
pub mod validate;

use std::time::Duration;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Columns that a text takes on a terminal; many letters of East Asia take two.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text with its middle left out, so that it takes at most so many columns. Its end, where names differ most,
/// keeps the larger part.
#[must_use]
pub fn shorten(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(1) else { return String::new() };
    let front = room / 3;
    let head = front_of(text.chars(), front);
    let tail = front_of(text.chars().rev(), room - front);
    format!("{head}…{}", tail.chars().rev().collect::<String>())
}

/// As many characters as fit into so many columns.
fn front_of(chars: impl Iterator<Item = char>, columns: usize) -> String {
    let mut used = 0;
    chars
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= columns
        })
        .collect()
}

/// The text in lines of at most so many columns, broken between words; every line but the first is indented so far. A
/// word that is wider than a line keeps a line of its own.
#[must_use]
pub fn wrap(text: &str, columns: usize, indent: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut words = text.split(' ');
    line.push_str(words.next().unwrap_or_default());
    for word in words {
        if !line.trim().is_empty() && width(&line) + 1 + width(word) > columns {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent) + word));
        } else {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines.push(line);
    lines
}

/// How long something lasted, as people say it: `48s`, `1m12s`, `2h05m`.
#[must_use]
pub fn lasted(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{:02}s", seconds % 60),
        _ => format!("{hours}h{minutes:02}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_shortened_fits(text in "[a-z/é漢字🙂]{0,60}", columns in 0usize..40) {
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
            let words: Vec<&str> = lines.iter().flat_map(|line| line.split_whitespace()).collect();
            prop_assert_eq!(words.join(" "), text);
        }
    }

    #[test]
    fn a_first_line_keeps_its_own_indent() {
        assert_eq!(wrap("  to be or not to be", 10, 4), ["  to be or", "    not to", "    be"]);
    }

    #[test]
    fn the_end_of_a_name_is_what_is_kept() {
        assert_eq!(shorten("renders/kettle-cherry/kettle-cherry_hero.mp4", 25), "renders/…-cherry_hero.mp4");
    }

    #[test]
    fn times_are_short() {
        let told = [0, 59, 60, 72, 3_599, 3_600, 7_500].map(|seconds| lasted(Duration::from_secs(seconds)));
        assert_eq!(told, ["0s", "59s", "1m00s", "1m12s", "59m59s", "1h00m", "2h05m"]);
    }
}
