//! Text from outside the program, which is shown so that a terminal or a log cannot take it for a command.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

/// A text from outside the program, such as an item's id, an item's title, or a provider's task id.
///
/// When it is shown, control, bidirectional and invisible characters become escapes such as `\u{1b}`. Use
/// [`Foreign::raw`] to store, compare or send the text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Foreign(String);

impl Foreign {
    /// Returns the original text, which may be stored, compared or sent but must never be shown.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// Returns the original text; see [`Foreign::raw`].
    #[must_use]
    pub fn into_raw(self) -> String {
        self.0
    }
}

impl From<String> for Foreign {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Foreign {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<&String> for Foreign {
    fn from(text: &String) -> Self {
        Self(text.clone())
    }
}

impl PartialEq<str> for Foreign {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Foreign {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl PartialEq<String> for Foreign {
    fn eq(&self, other: &String) -> bool {
        self.0 == *other
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `pad` lets a table align it.
        f.pad(&shown(&self.0))
    }
}

impl fmt::Debug for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", shown(&self.0))
    }
}

/// Returns whether a character from outside the program must be escaped.
///
/// These characters move the cursor, change the direction of the text, or are invisible. A character counts as
/// invisible if it has Unicode's property `Default_Ignorable_Code_Point`, or is another format character without a
/// glyph. The two characters that select the look of an emoji (U+FE0E and U+FE0F) are allowed, because titles contain
/// them.
#[must_use]
pub const fn is_hidden(character: char) -> bool {
    matches!(
        character,
        // C0 and C1.
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        // Soft hyphen, joiners and other characters without a width, marks and overrides of direction.
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}'
        // Fillers and vowels that are not written, of Korean and Khmer.
        | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{3164}' | '\u{ffa0}'
        // Controls within hieroglyphs, shorthand and music.
        | '\u{13430}'..='\u{13455}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        // Tags, and code points reserved for similar characters.
        | '\u{e0000}'..='\u{e00ff}' | '\u{e01f0}'..='\u{e0fff}'
    ) || is_selector(character)
}

/// Returns whether an invisible character selects a variant of the letter before it, for example of a Chinese
/// character.
pub(super) const fn is_selector(character: char) -> bool {
    matches!(
        character,
        '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{fe00}'..='\u{fe0d}' | '\u{e0100}'..='\u{e01ef}'
    )
}

/// Returns text with its [hidden](is_hidden) characters as escapes.
#[must_use]
pub fn shown(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_hidden(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown.into()
}

/// Returns text of several lines with its hidden characters as escapes, except line breaks.
#[must_use]
pub fn shown_lines(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|character| character != '\n' && is_hidden(character)) {
        return text.into();
    }
    let lines: Vec<Cow<'_, str>> = text.split('\n').map(shown).collect();
    lines.join("\n").into()
}

/// Returns JSON with the hidden characters of its strings as JSON's own escapes.
///
/// The result means the same, and a terminal cannot take it for a command. Line breaks, which can only occur between
/// values, are kept.
#[must_use]
pub fn shown_json(json: &str) -> Cow<'_, str> {
    if !json.chars().any(|character| character != '\n' && is_hidden(character)) {
        return json.into();
    }
    let mut shown = String::with_capacity(json.len() + 8);
    for character in json.chars() {
        if character != '\n' && is_hidden(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(character);
        }
    }
    shown.into()
}

#[cfg(test)]
mod tests;
