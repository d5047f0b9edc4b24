//! Applies the number formats of a workbook, to get the text that the user sees in a cell.
//!
//! Separators of thousands are left out, because a spreadsheet writes those of its user's country. Numbers that a
//! format shows in scientific notation or as a fraction are written in full.

use jiff::civil::{Date, date};

/// Number of days between the two dates, in 1900 and in 1904, from which a workbook may count its days.
const TO_1904: i64 = 1462;

/// Number of significant digits that a spreadsheet keeps; further digits are rounding errors.
const SIGNIFICANT: usize = 15;

/// Largest power of ten, positive or negative, for which a number is written in full, without an exponent.
const MOST_DIGITS: i32 = 30;

const DAY: i64 = 86_400;

/// The number format of a cell, which decides how the cell's number is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Format {
    /// The format that shows all digits.
    General,
    /// A date, a time of day, or both.
    Moment(Shown),
    /// A duration, whose hours may exceed 24.
    Elapsed,
    /// A number. The sections are the formats for positive numbers, negative numbers and zero, in this order.
    Number(Vec<Section>),
}

/// A section of a number format, such as the one for negative numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Section {
    pieces: Vec<Piece>,
    /// The number of places by which a number's decimal point moves to the right when it is shown. Each `%` in the
    /// format adds 2, and each comma that divides by a thousand subtracts 3.
    shift: i32,
    /// True if a number is shown with all its digits. That applies to `General` and `@` (text), and to conditions,
    /// exponents and fractions, which are not supported.
    is_general: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// The place of a digit: `0`, `#` or `?`.
    Digit(char),
    Point,
}

/// The parts of a date, a time or a duration for which letters were found so far in a format code.
#[derive(Debug, Default)]
struct Letters {
    shown: Shown,
    is_elapsed: bool,
    has_months: bool,
}

/// The parts of a date and time that a format shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Shown {
    has_date: bool,
    has_time: bool,
    has_seconds: bool,
}

impl Format {
    /// Returns the built-in format with this number, which every workbook has.
    pub(super) fn built_in(id: u32) -> Self {
        Self::read(match id {
            2 | 4 | 39 | 40 | 43 | 44 => "0.00",
            1 | 3 | 37 | 38 | 41 | 42 => "0",
            9 => "0%",
            10 => "0.00%",
            14..=17 | 27..=31 | 36 | 50..=54 | 57 | 58 => "yyyy-mm-dd",
            18 | 20 => "h:mm",
            19 | 21 | 32..=35 | 45 | 47 | 55 | 56 => "h:mm:ss",
            22 => "yyyy-mm-dd h:mm",
            46 => "[h]:mm:ss",
            _ => "General",
        })
    }

    /// Parses a format code of a workbook.
    pub(super) fn read(code: &str) -> Self {
        let mut letters = Letters::default();
        let mut sections = vec![Section::default()];
        let mut rest = code.chars().peekable();
        while let Some(letter) = rest.next() {
            let Some(section) = sections.last_mut() else { break };
            match letter {
                ';' => sections.push(Section::default()),
                '"' => section.text(&rest.by_ref().take_while(|letter| *letter != '"').collect::<String>()),
                '\\' => section.text(&rest.next().map(String::from).unwrap_or_default()),
                '_' | '*' => drop(rest.next()),
                '[' => {
                    let inside: String = rest.by_ref().take_while(|letter| *letter != ']').collect();
                    section.bracket(&inside, &mut letters);
                }
                '0' | '#' | '?' => section.pieces.push(Piece::Digit(letter)),
                '.' => section.pieces.push(Piece::Point),
                // A comma after the last digit divides by a thousand; other commas group digits.
                ',' if !matches!(rest.peek(), Some('0' | '#' | '?')) => section.shift -= 3,
                ',' => {}
                '%' => {
                    section.shift += 2;
                    section.text("%");
                }
                'E' | 'e' if matches!(rest.peek(), Some('+' | '-')) => section.is_general = true,
                'G' | 'g' if "eneral".chars().all(|next| rest.next_if_eq(&next).is_some()) => {
                    section.is_general = true;
                }
                '/' if section.has_digits() => section.is_general = true,
                letter => letters.or_text(letter, section),
            }
        }
        let Letters { mut shown, is_elapsed, has_months } = letters;
        if is_elapsed {
            Self::Elapsed
        } else if shown.has_date || shown.has_time || has_months {
            // With hours or seconds `m` means minutes, otherwise months.
            shown.has_date |= !shown.has_time;
            Self::Moment(shown)
        } else if sections.iter().all(|section| section.is_general || section.pieces.is_empty()) {
            Self::General
        } else {
            Self::Number(sections)
        }
    }

    /// Returns a number as the format shows it. `written` is the number in the workbook; any other text is returned
    /// unchanged.
    pub(super) fn show(&self, written: &str, is_1904: bool) -> String {
        let written = written.trim();
        let Some(number) = Decimal::read(written) else { return written.to_owned() };
        let shown = match self {
            Self::General => None,
            Self::Number(sections) => shown(sections, &number),
            Self::Elapsed => written.parse().ok().and_then(elapsed),
            Self::Moment(parts) => written.parse().ok().and_then(|serial| moment(serial, is_1904, *parts)),
        };
        shown.unwrap_or_else(|| number.plain())
    }
}

impl Letters {
    /// Records a letter such as `y` or `h` that stands for a part of a date or time; adds any other letter to the
    /// section's text.
    fn or_text(&mut self, letter: char, section: &mut Section) {
        match letter.to_ascii_lowercase() {
            'y' | 'd' => self.shown.has_date = true,
            'm' => self.has_months = true,
            'h' => self.shown.has_time = true,
            's' => (self.shown.has_time, self.shown.has_seconds) = (true, true),
            '@' => section.is_general = true,
            _ => section.text(&letter.to_string()),
        }
    }
}

impl Section {
    fn text(&mut self, text: &str) {
        self.pieces.push(Piece::Text(text.to_owned()));
    }

    fn has_digits(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Digit(_)))
    }

    /// Parses the content of brackets: a currency, elapsed time, a condition, or a colour.
    fn bracket(&mut self, inside: &str, letters: &mut Letters) {
        if let Some(currency) = inside.strip_prefix('$') {
            self.text(currency.split('-').next().unwrap_or_default());
        } else if !inside.is_empty() && inside.chars().all(|letter| "hmsHMS".contains(letter)) {
            letters.is_elapsed = true;
        } else if inside.starts_with(['<', '>', '=']) {
            self.is_general = true;
        }
    }

    /// Returns a number as this section of a number format shows it.
    fn show(&self, number: &Decimal) -> String {
        let point = self.pieces.iter().position(|piece| *piece == Piece::Point).unwrap_or(self.pieces.len());
        let digits = |pieces: &[Piece]| -> Vec<char> {
            let digit = |piece: &Piece| match piece {
                Piece::Digit(digit) => Some(*digit),
                Piece::Text(_) | Piece::Point => None,
            };
            pieces.iter().filter_map(digit).collect()
        };
        let (whole, rest) = (digits(&self.pieces[..point]), digits(&self.pieces[point..]));
        let number = number.shifted(self.shift).rounded(rest.len());
        let least = whole.iter().filter(|digit| **digit == '0').count();
        let shown = format!("{:0>least$}", number.whole.trim_start_matches('0'));
        let needed = rest.iter().rposition(|digit| *digit == '0').map_or(0, |last| last + 1);
        let mut decimals = number.decimals.clone();
        while decimals.len() > needed && decimals.ends_with('0') {
            decimals.pop();
        }
        let (mut text, mut place) = (String::new(), 0);
        for (at, piece) in self.pieces.iter().enumerate() {
            match piece {
                Piece::Text(written) => text.push_str(written),
                Piece::Point if decimals.is_empty() => {}
                Piece::Point => text.push('.'),
                Piece::Digit(_) if at < point => {
                    // The first place shows all digits for which the others have no room.
                    let left = whole.len() - place - 1;
                    let end = shown.len().saturating_sub(left);
                    let start = if place == 0 { 0 } else { shown.len().saturating_sub(left + 1) };
                    text.push_str(&shown[start..end]);
                    place += 1;
                }
                Piece::Digit(_) => {
                    let at = at - point - 1 - texts(&self.pieces[point..at]);
                    text.push_str(decimals.get(at..=at).unwrap_or_default());
                }
            }
        }
        let is_zero = number.whole.bytes().chain(number.decimals.bytes()).all(|digit| digit == b'0');
        let sign = if number.is_negative && !is_zero { "-" } else { "" };
        format!("{sign}{}", text.trim())
    }
}

fn texts(pieces: &[Piece]) -> usize {
    pieces.iter().filter(|piece| matches!(piece, Piece::Text(_))).count()
}

/// Returns a number as its number format shows it; `None` if the number is to be shown with all its digits. `sections`
/// are the format's sections for positive numbers, negative numbers and zero.
fn shown(sections: &[Section], number: &Decimal) -> Option<String> {
    let is_zero = number.whole.bytes().chain(number.decimals.bytes()).all(|digit| digit == b'0');
    let unsigned = Decimal { is_negative: false, ..number.clone() };
    let (section, number) = match sections {
        [_, negative, ..] if number.is_negative && !is_zero => (negative, &unsigned),
        [_, _, zero, ..] if is_zero => (zero, &unsigned),
        [first, ..] => (first, number),
        [] => return None,
    };
    // An empty section hides the number, but an id must not disappear.
    (!section.is_general && !section.pieces.is_empty()).then(|| section.show(number))
}

/// A number as its decimal digits before and after the point.
#[derive(Debug, Clone)]
struct Decimal {
    is_negative: bool,
    whole: String,
    decimals: String,
}

impl Decimal {
    /// Parses a number. A whole number keeps all digits; others are rounded to [`SIGNIFICANT`] digits. Returns `None`
    /// if the text is not a number, or if its power of ten exceeds [`MOST_DIGITS`].
    fn read(written: &str) -> Option<Self> {
        let unsigned = written.strip_prefix('-').unwrap_or(written);
        let is_negative = unsigned.len() < written.len();
        if !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
            let whole = unsigned.trim_start_matches('0');
            let whole = if whole.is_empty() { "0" } else { whole };
            return Some(Self { is_negative, whole: whole.to_owned(), decimals: String::new() });
        }
        let value: f64 = unsigned.parse().ok().filter(|value: &f64| value.is_finite())?;
        let rounded = format!("{value:.*e}", SIGNIFICANT - 1);
        let (digits, power) = rounded.split_once('e')?;
        let power: i32 = power.parse().ok()?;
        if power.abs() > MOST_DIGITS {
            return None;
        }
        let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
        let number = Self { is_negative, whole: digits[..1].to_owned(), decimals: digits[1..].to_owned() };
        let mut number = number.shifted(power);
        number.decimals.truncate(number.decimals.trim_end_matches('0').len());
        Some(number)
    }

    /// Returns the number with its decimal point moved to the right by `places` places.
    fn shifted(&self, places: i32) -> Self {
        let all = format!("{}{}", self.whole, self.decimals);
        let point = i32::try_from(self.whole.len()).unwrap_or(i32::MAX).saturating_add(places);
        let (all, point) = match usize::try_from(point) {
            Ok(point) => (all, point),
            Err(_) => (format!("{}{all}", "0".repeat(point.unsigned_abs() as usize)), 0),
        };
        let all = format!("{all:0<point$}");
        let whole = all[..point].trim_start_matches('0');
        let whole = if whole.is_empty() { "0" } else { whole }.to_owned();
        Self { is_negative: self.is_negative, whole, decimals: all[point..].to_owned() }
    }

    /// Returns the number with exactly `places` decimals; a half is rounded away from zero.
    fn rounded(&self, places: usize) -> Self {
        let mut decimals = format!("{:0<places$}", self.decimals);
        let is_up = decimals.as_bytes().get(places).is_some_and(|digit| *digit >= b'5');
        decimals.truncate(places);
        let mut digits = format!("0{}{decimals}", self.whole).into_bytes();
        let mut is_carried = is_up;
        for digit in digits.iter_mut().rev().take_while(|_| is_up) {
            if !is_carried {
                break;
            }
            is_carried = *digit == b'9';
            *digit = if is_carried { b'0' } else { *digit + 1 };
        }
        let digits: String = digits.into_iter().map(char::from).collect();
        let (whole, decimals) = digits.split_at(digits.len() - places);
        let whole = whole.trim_start_matches('0');
        let whole = if whole.is_empty() { "0" } else { whole }.to_owned();
        Self { is_negative: self.is_negative, whole, decimals: decimals.to_owned() }
    }

    fn plain(&self) -> String {
        let sign =
            if self.is_negative && (self.whole != "0" || !self.decimals.is_empty()) { "-" } else { "" };
        let point = if self.decimals.is_empty() { "" } else { "." };
        format!("{sign}{}{point}{}", self.whole, self.decimals)
    }
}

/// Splits a number of days into whole days and seconds; `None` if the number is negative or beyond a workbook's dates.
fn split(serial: f64) -> Option<(i64, i64)> {
    // The dates of a workbook end with the year 9999.
    if !(0.0..2_958_466.0).contains(&serial) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the number is in the bounds above")]
    let seconds = (serial * 86_400.0).round() as i64;
    Some((seconds / DAY, seconds % DAY))
}

/// Returns a date, a time or both in ISO 8601 for `serial`, the number in a cell; `None` if the number is not a date.
///
/// The number counts days: 1 is the first day of 1900. If `is_1904` is true, 0 is the first day of 1904. The decimals
/// are the time of day. A time without a date has seconds only if the format shows them, or if they are not zero.
fn moment(serial: f64, is_1904: bool, parts: Shown) -> Option<String> {
    let Shown { has_date, has_time, has_seconds } = parts;
    let (days, seconds) = split(serial)?;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let time = if has_seconds || second > 0 {
        format!("{hour:02}:{minute:02}:{second:02}")
    } else {
        format!("{hour:02}:{minute:02}")
    };
    if !has_date {
        return Some(time);
    }
    let days = if is_1904 { days + TO_1904 } else { days };
    // All workbooks count 29 February 1900, a day that did not exist.
    let start: Date = if days < 60 { date(1899, 12, 31) } else { date(1899, 12, 30) };
    let day = start.checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
    Some(if has_time && seconds > 0 {
        format!("{day}T{hour:02}:{minute:02}:{second:02}")
    } else {
        day.to_string()
    })
}

fn elapsed(serial: f64) -> Option<String> {
    let (days, seconds) = split(serial)?;
    Some(format!("{}:{:02}:{:02}", days * 24 + seconds / 3600, seconds / 60 % 60, seconds % 60))
}

#[cfg(test)]
mod tests;
