//! Adapts text to fonts that have only the letters of western Europe, and breaks it into lines.

use unicode_normalization::UnicodeNormalization;

/// Replaces characters that the fonts do not have: letters by their base letters, typographic signs by plain ones, all
/// other characters by question marks.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.nfc() {
        match letter {
            letter if letter.is_whitespace() => plain.push(' '),
            ' '..='~' | '\u{a1}'..='\u{ff}' => plain.push(letter),
            '‘' | '’' => plain.push('\''),
            '“' | '”' | '„' => plain.push('"'),
            '‐'..='―' | '−' => plain.push('-'),
            '…' => plain.push_str("..."),
            letter if letter.is_control() => {}
            letter => plain.push(std::iter::once(letter).nfd().next().filter(char::is_ascii).unwrap_or('?')),
        }
    }
    plain
}

/// Breaks text into at most `most` lines of `width` characters. Only a word that is longer than a line is cut.
///
/// If the text does not fit into the lines, the last line ends with three dots.
pub(super) fn wrap(text: &str, width: usize, most: usize) -> Vec<String> {
    let mut lines: Vec<Vec<char>> = Vec::new();
    for word in text.split_whitespace() {
        let word: Vec<char> = word.chars().collect();
        if let Some(line) = lines.last_mut()
            && line.len() + 1 + word.len() <= width
        {
            line.push(' ');
            line.extend(&word);
            continue;
        }
        lines.extend(word.chunks(width.max(1)).map(<[char]>::to_vec));
    }
    let whole = lines.len() <= most;
    lines.truncate(most);
    if !whole && let Some(line) = lines.last_mut() {
        line.truncate(width.saturating_sub(3));
        line.extend("...".chars());
    }
    lines.into_iter().map(String::from_iter).collect()
}

#[cfg(test)]
mod tests;
