//! Rates how well the name of a column fits a field of an item, such as the title, by words in twelve languages.

use crate::domain::text::unaccented;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The words by which each field, such as `title`, is recognised in column names. The entry `link` has the words for
/// addresses that do not lead to pictures.
static WORDS: LazyLock<HashMap<String, Words>> = LazyLock::new(|| {
    let written: HashMap<String, Written> =
        serde_yaml::from_str(include_str!("words.yaml")).expect("it is compiled in, and a test reads it");
    written.into_iter().map(|(field, written)| (field, Words::from(written))).collect()
});

/// The words by which a field, such as `title`, is recognised in column names, as `words.yaml` has them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    names: Vec<OneOrMany>,
    #[serde(default)]
    words: Vec<String>,
    #[serde(default)]
    never: Vec<String>,
    #[serde(default)]
    last: Vec<String>,
    #[serde(default)]
    first: Vec<String>,
    #[serde(default)]
    late: Vec<String>,
    #[serde(default)]
    neutral: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// The words by which a field, such as `title`, is recognised in column names, in the form that [`fold`] returns.
#[derive(Debug)]
struct Words {
    /// The usual column names for the field, each with its rank; 0 is the best.
    names: HashMap<String, usize>,
    parts: Vec<Pattern>,
    never: Vec<Pattern>,
    last: Vec<Pattern>,
    first: Vec<Pattern>,
    late: Vec<Pattern>,
    neutral: Vec<Pattern>,
}

/// A word that is searched for in column names. In `words.yaml` a `*` at an end of the word means that a longer word
/// matches, too.
#[derive(Debug)]
struct Pattern {
    text: String,
    /// Two flags: the first is true if a matching word may have letters before `text`, the second if it may have
    /// letters after `text`.
    open: (bool, bool),
}

impl From<&String> for Pattern {
    fn from(written: &String) -> Self {
        let open = (written.starts_with('*'), written.ends_with('*'));
        Self { text: fold(written.trim_matches('*')), open }
    }
}

impl Pattern {
    /// Returns the part of `word` before the text of this pattern: `produkt` for the word `produktfoto` and the text
    /// `foto`. Returns `None` if the word does not match the pattern.
    fn before<'a>(&self, word: &'a str) -> Option<&'a str> {
        self.fits(word).then(|| word.find(&self.text).map_or("", |at| &word[..at]))
    }

    fn fits(&self, word: &str) -> bool {
        match self.open {
            (false, false) => word == self.text,
            (false, true) => word.starts_with(&self.text),
            (true, false) => word.ends_with(&self.text),
            (true, true) => word.contains(&self.text),
        }
    }
}

impl From<Written> for Words {
    fn from(written: Written) -> Self {
        let mut names = HashMap::new();
        for (rank, entry) in written.names.iter().enumerate() {
            let each = match entry {
                OneOrMany::One(name) => std::slice::from_ref(name),
                OneOrMany::Many(names) => names.as_slice(),
            };
            for name in each {
                names.entry(fold(name)).or_insert(rank);
            }
        }
        let patterns = |words: &[String]| words.iter().map(Pattern::from).collect();
        Self {
            names,
            parts: patterns(&written.words),
            never: patterns(&written.never),
            last: patterns(&written.last),
            first: patterns(&written.first),
            late: patterns(&written.late),
            neutral: patterns(&written.neutral),
        }
    }
}

/// A measure of how well a column's name fits a field; smaller is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// The column's name is one of the field's usual names, with this rank in `words.yaml` (0 is the best).
    Whole(usize),
    /// The column's name contains one of the field's words, such as `titel` for the title.
    Part(FitRank),
    /// The column's name contains a word of the list `last` in `words.yaml`, such as `logo` for pictures. So it mostly
    /// means something other than the field.
    Last,
}

/// A measure of how well a column's name fits a field if the name contains one of the field's words; smaller is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FitRank {
    /// The rank by the other words in the column's name. It is 0 with a word of the list `first` in `words.yaml`, such
    /// as `full`, 2 with a word of the list `late`, such as `short`, and 1 with neither or both.
    order: usize,
    /// The number of words in the column's name that are no numbers and that `words.yaml` does not list for the field.
    /// These words may change the meaning of the name.
    pub(super) others: usize,
    /// The first number in the column's name, such as 2 in `image 2`; 0 if there is none.
    number: u64,
}

/// Returns how well a column's name fits a field; `None` if it does not fit.
pub(super) fn fit(field: &str, name: &str) -> Option<Fit> {
    let words = WORDS.get(field)?;
    let folded = fold(name);
    if let Some(rank) = words.names.get(&folded) {
        return Some(Fit::Whole(*rank));
    }
    let parts: Vec<&str> = folded.split(' ').collect();
    let fits = |patterns: &[Pattern], word: &str| patterns.iter().any(|one| one.fits(word));
    let has = |patterns: &[Pattern]| parts.iter().any(|word| fits(patterns, word));
    if has(&words.never) {
        return None;
    }
    if has(&words.last) {
        return Some(Fit::Last);
    }
    if !has(&words.parts) {
        return None;
    }
    // In `Produktfoto` the part before the field's word counts as a separate word.
    let stem =
        |word: &&'_ str| words.parts.iter().find_map(|one| one.before(word)).map_or(word.len(), str::len);
    let stems: Vec<&str> = parts.iter().map(|word| &word[..stem(word)]).collect();
    let mut named = [&words.first, &words.late].map(|patterns| stems.iter().any(|stem| fits(patterns, stem)));
    if named[0] && named[1] {
        named = [false; 2];
    }
    let is_harmless = |stem: &&&str| {
        stem.is_empty()
            || stem.bytes().all(|byte| byte.is_ascii_digit())
            || [&words.neutral, &words.first, &words.late].iter().any(|patterns| fits(patterns, stem))
    };
    let others = stems.len() - stems.iter().filter(is_harmless).count();
    let number = parts.iter().find_map(|word| word.parse().ok()).unwrap_or(0);
    Some(Fit::Part(FitRank { order: 1 + usize::from(named[1]) - usize::from(named[0]), others, number }))
}

/// Returns a name in the form for comparison: lower-case words without accents, with a space between them.
pub(super) fn fold(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    let mut before = ' ';
    for letter in unaccented(name).chars() {
        // `pictureUrl` and `image2` count as two words each.
        let is_new_word = (before.is_lowercase() && letter.is_uppercase())
            || (before.is_alphabetic() && letter.is_ascii_digit());
        let is_mark = !letter.is_alphanumeric() && !matches!(letter, '\'' | '’' | 'ʼ');
        if (is_mark || is_new_word) && !folded.ends_with(' ') {
            folded.push(' ');
        }
        match letter {
            'ł' | 'Ł' => folded.push('l'),
            'ø' | 'Ø' => folded.push('o'),
            'ß' => folded.push_str("ss"),
            'æ' | 'Æ' => folded.push_str("ae"),
            letter if letter.is_alphanumeric() => folded.extend(letter.to_lowercase()),
            _ => {}
        }
        before = letter;
    }
    folded.trim().to_owned()
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
