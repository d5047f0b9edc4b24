//! Ids in one normal form: composed (NFC), and without invisible characters.

use super::digest::Sha256;
use super::foreign::{is_hidden, is_selector};
use unicode_normalization::UnicodeNormalization as _;

/// An id, such as an item's, in its normal form: composed letters (NFC), and no invisible characters at its ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ident {
    /// The id with composed letters (NFC), and without invisible characters at its ends.
    pub id: String,
    /// True if hidden characters at the ends of the written id were removed.
    pub is_trimmed: bool,
}

/// The error for an id with a hidden character inside.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the id contains the invisible character {}", .code)]
pub struct Hidden {
    /// The code point of the first hidden character in the id, such as `U+202E`.
    pub code: String,
    /// The id with every hidden character replaced by its code point: `SKU<U+202E>1`.
    pub shown: String,
}

/// The zero-width non-joiner and joiner, which decide whether two letters are written as one.
const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];

/// Returns the normal form of an id: in Unicode's composed form (NFC), and without invisible characters at its ends.
///
/// An invisible character or a mark of direction inside the id is an error. Joiners are allowed in scripts that need
/// them, and in emoji. Control characters are not checked here, but by the check of output paths.
pub fn ident(written: &str) -> Result<Ident, Hidden> {
    if written.is_ascii() {
        return Ok(Ident { id: written.to_owned(), is_trimmed: false });
    }
    let ends = |character: char| is_invisible(character) || character.is_whitespace();
    let inner = written.trim();
    let is_trimmed = inner.starts_with(is_invisible) || inner.ends_with(is_invisible);
    let id = if is_trimmed { written.trim_matches(ends) } else { written };
    // An id of hidden characters alone would become empty.
    let id = if id.is_empty() { written } else { id };
    let letters: Vec<char> = id.chars().collect();
    let is_refused = |at: usize| is_unseen(&letters, at);
    if let Some(at) = (0..letters.len()).find(|at| is_refused(*at)) {
        let code = |letter: char| format!("U+{:04X}", u32::from(letter));
        let show = |at: usize| match letters[at] {
            letter if is_refused(at) => format!("<{}>", code(letter)),
            letter => letter.to_string(),
        };
        let shown = (0..letters.len()).map(show).collect();
        return Err(Hidden { code: code(letters[at]), shown });
    }
    Ok(Ident { id: composed(id), is_trimmed })
}

/// Returns the first invisible character of a text, except for joiners between letters that they can join.
#[must_use]
pub fn invisible(text: &str) -> Option<char> {
    if text.is_ascii() {
        return None;
    }
    let letters: Vec<char> = text.chars().collect();
    (0..letters.len()).find(|at| is_unseen(&letters, *at)).map(|at| letters[at])
}

/// Returns whether a character of a text is invisible and not a joiner between letters that it can join.
fn is_unseen(letters: &[char], at: usize) -> bool {
    is_invisible(letters[at]) && !is_joined(letters, at)
}

/// The number of bytes that are kept of an id when it is shortened; a digest is added to them.
const KEPT: usize = 100;

/// Shortens an id: returns the first bytes of `start` (the id or a part of it) with a digest of the whole id.
#[must_use]
pub fn shortened(start: &str, id: &str) -> String {
    let end = (0..=KEPT.min(start.len())).rev().find(|end| start.is_char_boundary(*end)).unwrap_or(0);
    let digest = Sha256::of(id.as_bytes()).to_string();
    format!("{}-{}", start[..end].trim_end(), &digest[..8])
}

/// Returns text in Unicode's composed form (NFC).
#[must_use]
pub fn composed(text: &str) -> String {
    if text.is_ascii() { text.to_owned() } else { text.nfc().collect() }
}

/// Returns whether a character has no width, or changes the direction of the text around it.
///
/// Characters that select a variant of the letter before them do not count, because place names may need them.
fn is_invisible(character: char) -> bool {
    is_hidden(character) && !character.is_control() && !is_selector(character)
}

/// Returns whether the character at `at` is a joiner between two letters of a script that needs joiners, or between two
/// emoji.
fn is_joined(letters: &[char], at: usize) -> bool {
    let Some((before, after)) = at.checked_sub(1).map(|before| letters[before]).zip(letters.get(at + 1))
    else {
        return false;
    };
    JOINERS.contains(&letters[at])
        && (is_joining_script(before) && is_joining_script(*after) || is_emoji(before) && is_emoji(*after))
}

/// Returns whether a letter or a mark belongs to a script whose spelling needs joiners.
///
/// These are Arabic and its relatives, and the scripts of India and its neighbours (The Unicode Standard, sections 9.2
/// and 12.1).
const fn is_joining_script(letter: char) -> bool {
    matches!(
        letter,
        '\u{600}'..='\u{61b}' | '\u{61d}'..='\u{7ff}' | '\u{840}'..='\u{dff}' | '\u{1000}'..='\u{109f}'
        | '\u{1780}'..='\u{180d}' | '\u{180f}'..='\u{18af}' | '\u{1b00}'..='\u{1bff}' | '\u{a840}'..='\u{a9df}'
        | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' | '\u{11000}'..='\u{11fff}' | '\u{1e900}'..='\u{1e95f}'
    )
}

/// Returns whether a character is an emoji, or changes the presentation or skin colour of the emoji before it.
const fn is_emoji(character: char) -> bool {
    matches!(
        character,
        '\u{2190}'..='\u{21ff}' | '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}'
    )
}

#[cfg(test)]
#[path = "ident_tests.rs"]
mod tests;
