//! Text for people: wrapped to the terminal, spans of time, sizes.

use jiff::{SignedDuration, Timestamp};

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

/// A moment in UTC, to the second.
#[must_use]
pub(crate) fn utc(at: Timestamp) -> String {
    at.strftime("%F %T UTC").to_string()
}

/// From one moment to another, in the two largest units: `48s`, `1m12s`, `3h05m`, `2d04h`. Nothing for a past that is ahead.
#[must_use]
pub(crate) fn span(from: Timestamp, to: Timestamp) -> String {
    seconds(to.duration_since(from))
}

/// A length of time, likewise.
#[must_use]
pub(crate) fn seconds(time: SignedDuration) -> String {
    let seconds = time.as_secs().max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match () {
        () if days > 0 => format!("{days}d{:02}h", hours % 24),
        () if hours > 0 => format!("{hours}h{:02}m", minutes % 60),
        () if minutes > 0 => format!("{minutes}m{:02}s", seconds % 60),
        () => format!("{seconds}s"),
    }
}

/// Bytes in the largest unit that leaves a figure before the point.
#[must_use]
pub(crate) fn bytes(count: u64) -> String {
    // For people: what a double cannot hold of a file's size is far behind the digit that is shown.
    #[expect(clippy::cast_precision_loss, reason = "see above")]
    let size = |unit: u64| count as f64 / unit as f64;
    match count {
        0..1_000 => format!("{count} bytes"),
        1_000..1_000_000 => format!("{:.0} kB", size(1_000)),
        1_000_000..1_000_000_000 => format!("{:.1} MB", size(1_000_000)),
        _ => format!("{:.1} GB", size(1_000_000_000)),
    }
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

    #[test]
    fn spans_have_at_most_two_units() {
        for (length, shown) in [(-5, "0s"), (48, "48s"), (72, "1m12s"), (11_100, "3h05m"), (187_200, "2d04h")]
        {
            assert_eq!(seconds(SignedDuration::from_secs(length)), shown);
        }
    }

    #[test]
    fn sizes_have_the_unit_that_suits_them() {
        assert_eq!(
            [999, 1_500, 2_340_000, 52_000_000_000].map(bytes),
            ["999 bytes", "2 kB", "2.3 MB", "52.0 GB"]
        );
    }
}
