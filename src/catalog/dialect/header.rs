//! Names of columns as documents and files write them.

use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use unicode_normalization::UnicodeNormalization as _;

/// A header of a document. With a `*` at one end it stands for all that begin or end so.
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
    /// Returns whether this header stands for a folded header of a file.
    pub(super) fn fits(&self, folded: &str) -> bool {
        match (self.written.starts_with('*'), self.written.ends_with('*')) {
            (_, true) => folded.starts_with(&self.folded),
            (true, false) => folded.ends_with(&self.folded),
            (false, false) => folded == self.folded,
        }
    }

    /// Returns whether this header stands for one of the folded headers of a file.
    pub(super) fn is_among(&self, folded: &[String]) -> bool {
        folded.iter().any(|header| self.fits(header))
    }

    /// Returns the rest of a file's header behind the part that all such headers share: `Colour` of `variant:Colour`.
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

/// Returns a header in the form in which headers are compared: composed, in lower case, `_` as a space, without the
/// `*` of required columns.
pub(super) fn fold(header: &str) -> String {
    let plain = |letter: char| match letter {
        '_' | '\u{a0}' | '\u{202f}' => ' ',
        '’' => '\'',
        letter => letter,
    };
    let lower = header.nfc().map(plain).collect::<String>().to_lowercase().replace('…', "...");
    lower.trim_matches(['*', ' ']).to_owned()
}

/// Other spellings of headers, such as those of other languages. `#` stands for a number.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "BTreeMap<String, Vec<String>>")]
pub(super) struct Spellings {
    /// The folded header of each folded spelling.
    known: HashMap<String, String>,
    /// The spellings of each header as the document writes them.
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
    /// Returns a header of the document with all its other spellings.
    pub(super) fn of(&self, header: &str) -> Vec<String> {
        let others = self.written.get(header).into_iter().flatten();
        std::iter::once(header.to_owned()).chain(others.cloned()).collect()
    }

    /// Returns the folded headers of a file under the names by which the document knows them.
    pub(super) fn known(&self, headers: &[String]) -> Vec<String> {
        headers.iter().map(|header| self.one(fold(header))).collect()
    }

    /// Returns each other spelling with its header.
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
