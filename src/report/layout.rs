//! Text for people, wrapped to the terminal.

pub(crate) use crate::domain::units::{bytes, seconds, span, utc};

/// Narrower than this no text is wrapped: a word a line reads worse than what a terminal makes of it.
const NARROWEST: usize = 24;

/// The text after a label, wrapped to a width; further lines begin where the text began. The breaks of the text stay,
/// a word that is longer than a line is cut into lines.
#[must_use]
pub(crate) fn labelled(label: &str, text: &str, width: usize) -> Vec<String> {
    let indent = label.chars().count();
    let room = width.saturating_sub(indent).max(NARROWEST);
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let start = lines.len();
        lines.push(String::new());
        // Indentation, as of JSON, is part of the text.
        let body = paragraph.trim_start_matches(' ');
        let margin = (paragraph.len() - body.len()).min(room / 2);
        for word in body.split(' ') {
            let mut rest: Vec<char> = word.chars().collect();
            loop {
                let first = lines.len() - 1 == start;
                let Some(line) = lines.last_mut() else { break };
                let used = line.chars().count();
                if used > margin && used + 1 + rest.len() <= room {
                    line.push(' ');
                    line.extend(rest);
                    break;
                }
                if used > margin || (used > 0 && !first && used == room) {
                    lines.push(" ".repeat(margin));
                    continue;
                }
                if used < margin {
                    line.push_str(&" ".repeat(margin - used));
                }
                let fits = rest.len().min(room - margin);
                line.extend(rest.drain(..fits));
                if rest.is_empty() {
                    break;
                }
                lines.push(" ".repeat(margin));
            }
        }
    }
    if lines.is_empty() {
        lines.push(String::new());
    }
    let blank = " ".repeat(indent);
    lines
        .iter()
        .enumerate()
        .map(|(at, line)| format!("{}{line}", if at == 0 { label } else { &blank }).trim_end().to_owned())
        .collect()
}

/// The text cut to so many characters, with an ellipsis where something is missing.
#[must_use]
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
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

    proptest! {
        #[test]
        fn wrapping_loses_no_word_and_keeps_to_the_width(text in "[a-zé0-9 ]{0,120}", width in 30..90usize) {
            let lines = labelled("ab ", &text, width);
            prop_assert!(lines.iter().all(|line| line.chars().count() <= width));
            let letters = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), format!("ab{}", letters(&text)));
        }
    }
}
