//! Finds letters that were lost when a sheet was saved: question marks within words, as in `gr?n`.
//!
//! Spreadsheets write a question mark for each letter that the encoding lacks, such as `ü`.

use crate::domain::item::Item;

/// The fields that are searched for lost letters. They hold words, so a question mark within a word stands for a lost
/// letter.
const FIELDS: [&str; 5] = ["title", "name", "description", "vendor", "type"];

/// Characters of web addresses and paths. A word that contains one of them is not searched for question marks that
/// replace letters.
const OF_ADDRESSES: [char; 7] = ['/', '=', '&', ':', '@', '\\', '#'];

/// Returns the first word of an item's texts in which a question mark replaces a letter; `None` if there is none.
pub(super) fn word(item: &Item) -> Option<&str> {
    FIELDS.iter().filter_map(|field| item.get(field)).find_map(in_text)
}

fn in_text(text: &str) -> Option<&str> {
    // Most texts have no question mark, and descriptions are long.
    if !text.contains('?') {
        return None;
    }
    let words = text.split(|letter: char| letter.is_whitespace() || "<>\"'(),;".contains(letter));
    words.filter(|word| !word.contains(OF_ADDRESSES)).find(|word| has_lost(word))
}

/// Reports whether a question mark in a word replaces a letter.
///
/// The question mark is between two letters, and the second is small or both are capital. A capital letter after a
/// small one begins a new sentence, as in `Why?Because`.
fn has_lost(word: &str) -> bool {
    let letters: Vec<char> = word.chars().collect();
    letters.windows(3).any(|around| match around {
        [before, '?', after] if before.is_alphabetic() => {
            after.is_lowercase() || (before.is_uppercase() && after.is_uppercase())
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests;
