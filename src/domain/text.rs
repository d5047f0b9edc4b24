//! Functions on text for prompts, file names and ids: slugs, cuts, and plain text from HTML.

use super::foreign::is_hidden;
use quick_xml::escape::resolve_html5_entity;
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Returns a text in Unicode's decomposed form (NFKD) without accents.
pub(crate) fn unaccented(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfkd().filter(|character| !is_combining_mark(*character)).collect())
    }
}

/// Returns a text as a part of a file name: lower-case ASCII letters and digits, with one `-` for anything else.
///
/// Accents are dropped: `Åre` becomes `are`.
#[must_use]
pub fn slug(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for character in unaccented(text).chars() {
        // Letters that Unicode does not decompose into a base and an accent.
        let plain = match character {
            'ß' | 'ẞ' => "ss",
            'æ' | 'Æ' => "ae",
            'œ' | 'Œ' => "oe",
            'ø' | 'Ø' => "o",
            'ł' | 'Ł' => "l",
            'đ' | 'Đ' | 'ð' | 'Ð' => "d",
            'þ' | 'Þ' => "th",
            _ => "",
        };
        if character.is_ascii_alphanumeric() {
            slug.push(character.to_ascii_lowercase());
        } else if !plain.is_empty() {
            slug.push_str(plain);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

/// Returns a number with its word: `1 clip`, `2 clips`.
#[must_use]
pub fn count(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

/// Cuts a text to at most this many characters, without white space at the cut and without an added ellipsis.
#[must_use]
pub fn truncate(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((cut, _)) => text[..cut].trim_end().to_owned(),
        None => text.to_owned(),
    }
}

/// Returns words as a choice: `a, b or c`.
pub fn either(words: impl IntoIterator<Item = String>) -> String {
    let mut words: Vec<String> = words.into_iter().collect();
    match words.pop() {
        Some(last) if !words.is_empty() => format!("{} or {last}", words.join(", ")),
        last => last.unwrap_or_default(),
    }
}

/// Returns the text of a piece of HTML on one line: tags, comments, scripts and styles dropped, entities decoded.
///
/// A `<` that opens no tag (`26 < 30`) counts as text.
#[must_use]
pub fn strip_html(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    // After the last `>` no tag ends. A search from each `<` there would read the whole rest and find nothing.
    let closed = html.rfind('>').unwrap_or(0);
    while let Some(at) = rest.find('<').filter(|at| html.len() - rest.len() + at < closed) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let (shown, length) = match markup(rest) {
            Some((length, is_inline)) => (if is_inline { "" } else { " " }, length),
            None => ("<", 1),
        };
        text.push_str(shown);
        rest = &rest[length..];
    }
    // A comment that is never closed hides the rest.
    text.push_str(&rest[..rest.find("<!--").unwrap_or(rest.len())]);
    decode_entities(&text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Words that programs write into a cell without a value, such as `n/a`.
const NOTHING: [&str; 14] = [
    "n/a",
    "na",
    "#n/a",
    "#ref!",
    "#value!",
    "#name?",
    "#div/0!",
    "#null!",
    "#num!",
    "null",
    "nan",
    "none",
    "undefined",
    "nil",
];

/// Returns whether a text says nothing to a reader: it is blank, a dash, or a word for a missing value such as `n/a`.
#[must_use]
pub fn says_nothing(text: &str) -> bool {
    let plain = strip_html(text);
    let plain = plain.trim_matches(|letter: char| letter.is_whitespace() || is_hidden(letter));
    let is_dash =
        |letter: char| letter.is_whitespace() || matches!(letter, '-' | '–' | '—' | '.' | '?' | '_');
    plain.chars().all(is_dash) || NOTHING.iter().any(|nothing| plain.eq_ignore_ascii_case(nothing))
}

/// Returns a description of characters that a wrong conversion of the encoding has broken; `None` if the text has none.
#[must_use]
pub fn damage(text: &str) -> Option<&'static str> {
    if text.is_ascii() {
        return None;
    }
    if text.contains('\u{FFFD}') {
        return Some("some of its characters were lost (`\u{FFFD}`)");
    }
    // UTF-8 that was read as Windows-1252 becomes valid UTF-8 when it is encoded back. Real text does not.
    let is_twice = |word: &str| {
        let (bytes, _, is_lossy) = encoding_rs::WINDOWS_1252.encode(word);
        !word.is_ascii() && !is_lossy && std::str::from_utf8(&bytes).is_ok()
    };
    text.split_whitespace().any(is_twice).then_some("its characters were encoded twice (`Ã©` for `é`)")
}

/// Returns the position of `what` in a text, ignoring the case of ASCII letters.
fn find_in_any_case(text: &str, what: &str) -> Option<usize> {
    text.as_bytes().windows(what.len()).position(|part| part.eq_ignore_ascii_case(what.as_bytes()))
}

/// The tags that may occur within a word or a line; any other tag separates the text before it from the text after it.
const INLINE: [&str; 12] =
    ["a", "abbr", "b", "em", "font", "i", "small", "span", "strong", "sub", "sup", "u"];

/// Returns the length of the tag, comment, script or style at the start of `html`, and whether it is an inline tag.
fn markup(html: &str) -> Option<(usize, bool)> {
    if html.starts_with("<!--") {
        return Some((html.find("-->").map_or(html.len(), |end| end + 3), true));
    }
    let inside = &html[1..];
    let name = inside.strip_prefix('/').unwrap_or(inside);
    if !name.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '!' | '?')) {
        return None;
    }
    let end = tag_end(html)?;
    let name: String = name.chars().take_while(char::is_ascii_alphanumeric).collect();
    let name = name.to_ascii_lowercase();
    if matches!(name.as_str(), "script" | "style") && !inside.starts_with('/') {
        let closing = format!("</{name}");
        let close = find_in_any_case(html, &closing);
        let close = close.and_then(|at| html[at..].find('>').map(|end| at + end + 1));
        return Some((close.unwrap_or(html.len()), false));
    }
    Some((end, INLINE.contains(&name.as_str())))
}

/// Returns the position after the `>` that ends a tag, skipping any `>` within a quoted attribute.
fn tag_end(html: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in html.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    // An apostrophe in a broken tag must not swallow the rest of the text.
    html.find('>').map(|at| at + 1)
}

/// The maximum length of an entity in bytes. It limits the search for the `;` after a lone `&` in a long description.
const LONGEST_ENTITY: usize = 31;

/// Decodes HTML entities once. An unknown entity is left unchanged.
#[must_use]
pub fn decode_entities(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        decoded.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(LONGEST_ENTITY + 2).position(|byte| byte == b';');
        let character = end.and_then(|end| Some((entity(rest.get(1..end)?)?, end + 1)));
        let (shown, length) = character.unwrap_or_else(|| ("&".to_owned(), 1));
        decoded.push_str(&shown);
        rest = &rest[length..];
    }
    decoded.push_str(rest);
    decoded
}

fn entity(name: &str) -> Option<String> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|character| !character.is_control()).map(String::from);
    }
    match name {
        // Words are split at plain spaces, and the text is not broken into lines.
        "nbsp" => Some(" ".to_owned()),
        "shy" => Some(String::new()),
        _ => resolve_html5_entity(name).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests;
