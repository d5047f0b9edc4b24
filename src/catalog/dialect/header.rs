//! Compares the column names that a dialect (the description of a program's files) lists with those in a product file.

use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use unicode_normalization::UnicodeNormalization as _;

/// A column name in a dialect (the description of a program's files). A `*` at its start or end matches any text, as in
/// `variant:*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(from = "String")]
pub(super) struct Header {
    pub(super) written: String,
    folded: String,
}

impl From<String> for Header {
    fn from(written: String) -> Self {
        Self { folded: fold(written.trim_matches('*')), written }
    }
}

impl Header {
    /// Reports whether this column name matches `folded`, a column name of a file in the form that [`fold`] returns.
    pub(super) fn fits(&self, folded: &str) -> bool {
        match (self.written.starts_with('*'), self.written.ends_with('*')) {
            (_, true) => folded.starts_with(&self.folded),
            (true, false) => folded.ends_with(&self.folded),
            (false, false) => folded == self.folded,
        }
    }

    /// Reports whether this column name matches one of `folded`, the column names of a file in the form that [`fold`]
    /// returns.
    pub(super) fn is_among(&self, folded: &[String]) -> bool {
        folded.iter().any(|header| self.fits(header))
    }

    /// Returns the part of a file's column name that the `*` at the end of this name matches. For `variant:*`, it is
    /// `Colour` in `variant:Colour`. Returns the whole column name if there is no such part.
    pub(super) fn rest<'a>(&self, header: &'a str) -> &'a str {
        let shared = self.written.trim_end_matches('*');
        let is_start = self.written.ends_with('*')
            && header.get(..shared.len()).is_some_and(|start| start.eq_ignore_ascii_case(shared));
        match header.get(shared.len()..) {
            Some(rest) if is_start && !rest.is_empty() => rest,
            _ => header,
        }
    }
}

/// Returns a column name in the form in which names are compared.
///
/// The form is lower case with composed characters (NFC) and a space for each `_`. A `*` at an end is removed, because
/// some programs mark required columns with it.
pub(super) fn fold(header: &str) -> String {
    let plain = |letter: char| match letter {
        '_' | '\u{a0}' | '\u{202f}' => ' ',
        '’' => '\'',
        letter => letter,
    };
    let lower = if header.is_ascii() {
        header.replace('_', " ").to_ascii_lowercase()
    } else {
        header.nfc().map(plain).collect::<String>().to_lowercase().replace('…', "...")
    };
    lower.trim_matches(['*', ' ']).to_owned()
}

/// Other spellings of column names, such as translations. A `#` in a spelling matches a number.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "BTreeMap<String, Vec<String>>")]
pub(super) struct Spellings {
    /// The usual column name for each other spelling; both are in the form that [`fold`] returns.
    known: HashMap<String, String>,
    /// The other spellings of each column name, such as translations, as the YAML file writes them.
    written: BTreeMap<String, Vec<String>>,
}

impl From<BTreeMap<String, Vec<String>>> for Spellings {
    fn from(written: BTreeMap<String, Vec<String>>) -> Self {
        let each =
            written.iter().flat_map(|(header, others)| others.iter().map(move |other| (other, header)));
        let known = each.map(|(other, header)| (fold(other), fold(header))).collect();
        Self { known, written }
    }
}

impl Spellings {
    /// Returns a column name together with its other spellings, such as translations.
    pub(super) fn of(&self, header: &str) -> Vec<String> {
        let others = self.written.get(header).into_iter().flatten();
        std::iter::once(header.to_owned()).chain(others.cloned()).collect()
    }

    /// Returns a file's column names in the form that [`fold`] returns. Other spellings of a name are replaced by the usual one.
    pub(super) fn known(&self, headers: &[String]) -> Vec<String> {
        headers.iter().map(|header| self.one(fold(header))).collect()
    }

    /// Returns each other spelling of a column name, such as a translation, with the usual name that replaces it.
    #[cfg(test)]
    pub(super) fn each(&self) -> impl Iterator<Item = (&String, &String)> {
        self.known.iter()
    }

    fn one(&self, folded: String) -> String {
        if self.known.is_empty() {
            return folded;
        }
        if let Some(known) = self.known.get(&folded) {
            return known.clone();
        }
        let Some(start) = folded.find(|letter: char| letter.is_ascii_digit()) else { return folded };
        let digits = folded[start..].bytes().take_while(u8::is_ascii_digit).count();
        let (before, number, after) =
            (&folded[..start], &folded[start..start + digits], &folded[start + digits..]);
        let known = self.known.get(&format!("{before}#{after}")).map(|known| known.replace('#', number));
        known.unwrap_or(folded)
    }
}
