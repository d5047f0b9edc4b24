//! Names of columns in twelve languages, and how well the name of a column fits a field.

use serde::Deserialize;
use std::collections::HashMap;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Words of each field, by the name that templates give it; `link` has those of addresses that are no pictures.
static WORDS: LazyLock<HashMap<String, Words>> = LazyLock::new(|| {
    let written: HashMap<String, Written> =
        serde_yaml::from_str(include_str!("words.yaml")).expect("it is compiled in, and a test reads it");
    written.into_iter().map(|(field, written)| (field, Words::from(written))).collect()
});

/// The words of a field as the document has them.
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
    beside: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// The words of a field, folded.
#[derive(Debug)]
struct Words {
    /// Each whole name with its rank.
    names: HashMap<String, usize>,
    parts: Vec<Pattern>,
    never: Vec<Pattern>,
    last: Vec<Pattern>,
    first: Vec<Pattern>,
    late: Vec<Pattern>,
    beside: Vec<Pattern>,
}

/// A word, with a `*` at an end for the rest of a longer one.
#[derive(Debug)]
struct Pattern {
    text: String,
    /// Whether the word may go on before and behind the text.
    open: (bool, bool),
}

impl From<&String> for Pattern {
    fn from(written: &String) -> Self {
        let open = (written.starts_with('*'), written.ends_with('*'));
        Self { text: fold(written.trim_matches('*')), open }
    }
}

impl Pattern {
    /// Returns what a word that fits has before the text.
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
            beside: patterns(&written.beside),
        }
    }
}

/// How well a name fits a field; the smaller the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// It is a name of the field, of this rank in the document.
    Whole(usize),
    /// It has a word of the field.
    Part(Part),
    /// It has a word that mostly means something else.
    Last,
}

/// How well a name fits that has a word of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Part {
    /// 0 with a word that goes first, 2 with one that comes late.
    order: usize,
    /// Words that may change what it means.
    pub(super) others: usize,
    /// The first number in it.
    number: u64,
}

/// Returns how well the name of a column fits a field; nothing where it does not.
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
    // Of `Produktfoto` the word before that of the field counts as one of its own.
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
            || [&words.beside, &words.first, &words.late].iter().any(|patterns| fits(patterns, stem))
    };
    let others = stems.len() - stems.iter().filter(is_harmless).count();
    let number = parts.iter().find_map(|word| word.parse().ok()).unwrap_or(0);
    Some(Fit::Part(Part { order: 1 + usize::from(named[1]) - usize::from(named[0]), others, number }))
}

/// Returns a name in the form in which names are compared: words in lower case with a space between them, and
/// without accents.
pub(super) fn fold(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    let mut before = ' ';
    for letter in name.nfkd().filter(|letter| !is_combining_mark(*letter)) {
        // `pictureUrl` and `image2` are two words each, and so is `URLImage` after its capitals.
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
