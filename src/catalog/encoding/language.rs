//! Rates how likely a word's letters are in each language, to distinguish encodings.

use encoding_rs::{BIG5, Encoding, GBK, SHIFT_JIS};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

/// The document with the languages, their encodings and letters.
const DOCUMENT: &str = include_str!("../languages.yaml");

/// The languages with an alphabet; those of East Asia are not among them.
pub(super) static LANGUAGES: LazyLock<Vec<Language>> = LazyLock::new(|| {
    let documents: BTreeMap<String, Document> =
        serde_yaml::from_str(DOCUMENT).expect("it is compiled in, and a test reads it");
    documents.values().map(Language::from).collect()
});

/// A writing system, or a language of East Asia.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Script {
    Latin,
    Greek,
    Cyrillic,
    Hebrew,
    Arabic,
    Thai,
    Japanese,
    Simplified,
    Traditional,
    Korean,
    /// Half-width katakana, which only programs of the eighties wrote.
    HalfWidth,
    /// Characters that are not letters.
    Other,
}

/// A human language in the YAML file: the estimated number of shops with it, its encodings and letters beyond ASCII.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    shops: f64,
    encodings: Vec<String>,
    letters: String,
}

/// A human language that is written with an alphabet.
#[derive(Debug)]
pub(super) struct Language {
    pub(super) encodings: Vec<&'static Encoding>,
    pub(super) script: Script,
    /// The number of shops that use this language, compared with the most common language of the same script (1.0).
    shops: f64,
    /// The share (0 to 1) of each letter among all letters beyond ASCII in texts of the language.
    letters: HashMap<char, f64>,
}

impl From<&Document> for Language {
    fn from(document: &Document) -> Self {
        let label = |label: &String| Encoding::for_label(label.as_bytes());
        let words: Vec<&str> = document.letters.split_whitespace().collect();
        let pair = |pair: &[&str]| Some((pair[0].chars().next()?, pair.get(1)?.parse::<f64>().ok()?));
        let mut letters: HashMap<char, f64> = words.chunks(2).filter_map(pair).collect();
        let all: f64 = letters.values().sum();
        for share in letters.values_mut() {
            *share /= all;
        }
        let script = document.letters.chars().next().map_or(Script::Other, script);
        Self {
            encodings: document.encodings.iter().filter_map(label).collect(),
            script,
            shops: document.shops / 100.0,
            letters,
        }
    }
}

/// Signs other than letters that are usual in product texts.
const SIGNS: &str = "«»“”„‘’‚–—…•™®©€£°²³×½¼№·\u{a0}¿¡ºªµ§±′″";

/// Assumed share (0 to 1) of letters beyond ASCII among all letters of a text in Latin script.
const BEYOND_ASCII: f64 = 0.12;

/// The least share that is assumed for a letter of a language, even if the language uses it less often.
const RARE: f64 = 0.004;

/// Number of native words that a text is assumed to have for each foreign word, such as a brand.
const OWN_WORDS: f64 = 100.0;
/// The least and the greatest share (0 to 1) assumed for a letter, such as `ß`, in texts of a language that uses it
/// only in foreign words.
const FOREIGN: (f64, f64) = (1e-5, 0.003);

/// The share of each letter, such as `ß`, in texts of a language that uses it only in foreign words.
static FOREIGN_LETTERS: LazyLock<HashMap<char, f64>> = LazyLock::new(|| {
    let mut shares = HashMap::new();
    for language in LANGUAGES.iter() {
        for (letter, share) in &language.letters {
            let known: &mut f64 = shares.entry(*letter).or_default();
            *known = known.max(share * language.shops / OWN_WORDS);
        }
    }
    shares
});

/// Korean syllables that are frequent in words for products.
const SYLLABLES: &str = "이다는의가을에로고한하지기사서도은리어자인나대스전정시아수부일해용품세트여남상제보성주방미니장유라마소\
                         원무신오바비드컵피건모갑조구동개안화";

pub(super) fn script(letter: char) -> Script {
    match u32::from(letter) {
        0x41..=0x24F | 0x1E00..=0x1EFF if letter.is_alphabetic() && !"ªº".contains(letter) => Script::Latin,
        0x370..=0x3FF => Script::Greek,
        0x400..=0x52F => Script::Cyrillic,
        0x590..=0x5FF => Script::Hebrew,
        0x600..=0x6FF => Script::Arabic,
        0xE00..=0xE7F => Script::Thai,
        0x3040..=0x30FF | 0x31F0..=0x31FF => Script::Japanese,
        0x3400..=0x9FFF | 0xF900..=0xFAFF => Script::Simplified,
        0xAC00..=0xD7A3 => Script::Korean,
        0xFF61..=0xFF9F => Script::HalfWidth,
        _ => Script::Other,
    }
}

fn is_letter(letter: char) -> bool {
    (letter.is_alphabetic() && !"ªº".contains(letter)) || ('\u{e30}'..='\u{e4e}').contains(&letter)
}

impl Language {
    /// Returns the natural logarithm of the number of shops that use the language, relative to the most common language
    /// of the same script.
    pub(super) fn prior(&self) -> f64 {
        self.shops.ln()
    }

    /// Returns the natural logarithm of the likelihood of a word's characters beyond ASCII.
    pub(super) fn score(&self, word: &str) -> f64 {
        let letters: Vec<char> = word.chars().collect();
        let beyond = letters.iter().enumerate().filter(|(_, letter)| !letter.is_ascii());
        beyond.map(|(at, letter)| self.likelihood(&letters, at, *letter).ln()).sum()
    }

    fn likelihood(&self, letters: &[char], at: usize, letter: char) -> f64 {
        let before = at.checked_sub(1).map(|before| letters[before]);
        let after = letters.get(at + 1).copied();
        let around = [before, after];
        if !is_letter(letter) {
            let likelihood = if SIGNS.contains(letter) { 0.004 } else { 2e-6 };
            let is_letter = |letter: Option<char>| letter.is_some_and(is_letter);
            return match (is_letter(before), is_letter(after)) {
                (true, true) if !"’·".contains(letter) => likelihood * 0.003,
                // These signs follow a word or a number, so a letter after them is unusual.
                (false, true) if "ªº®™°²³½¼×".contains(letter) => likelihood * 0.02,
                _ => likelihood,
            };
        }
        let beyond = if self.script == Script::Latin { BEYOND_ASCII } else { 1.0 };
        let lower = letter.to_lowercase().next().unwrap_or(letter);
        let mut likelihood = match self.letters.get(&lower) {
            Some(share) => share.max(RARE) * beyond,
            None if script(letter) == self.script => {
                let share = FOREIGN_LETTERS.get(&lower).copied().unwrap_or_default();
                share.clamp(FOREIGN.0, FOREIGN.1) * beyond
            }
            None => return 1e-7,
        };
        if self.script == Script::Latin {
            if before.is_some_and(|before| !before.is_ascii() && is_letter(before)) {
                likelihood *= 0.7;
            }
        } else {
            // A word rarely mixes letters of two scripts.
            let latin = around.iter().flatten().filter(|letter| letter.is_ascii_alphabetic());
            likelihood *= latin.map(|_| 0.003).product::<f64>();
        }
        let second = at.checked_sub(2).map(|second| letters[second]);
        likelihood * case(letter, before, second, after)
    }
}

/// Returns the likelihood (0 to 1) of a letter's case, such as a capital letter, at its place in a word.
///
/// `second` and `before` are the two letters before it, in this order, and `after` is the letter after it.
fn case(letter: char, before: Option<char>, second: Option<char>, after: Option<char>) -> f64 {
    if letter.is_uppercase() {
        return match before {
            Some(before) if before.is_lowercase() => 0.0005,
            Some(before) if before.is_uppercase() => 0.1,
            Some(before) if is_letter(before) => 0.05,
            _ => 0.2,
        };
    }
    let is_capital = |letter: Option<char>| letter.is_some_and(char::is_uppercase);
    let is_odd = (is_capital(before) && is_capital(second)) || (before.is_none() && is_capital(after));
    if letter.is_lowercase() && is_odd { 0.02 } else { 1.0 }
}

/// Returns the natural logarithm of the likelihood of a word's characters beyond ASCII in a language of East Asia.
pub(super) fn east_asian(language: Script, word: &str) -> f64 {
    let letters: Vec<char> = word.chars().collect();
    let beyond = letters.iter().enumerate().filter(|(_, letter)| !letter.is_ascii());
    let score = |(at, letter): (usize, &char)| {
        let around = [at.checked_sub(1).map(|before| letters[before]), letters.get(at + 1).copied()];
        let latin = around.iter().flatten().filter(|letter| letter.is_ascii_lowercase()).count();
        let mixed: f64 = (0..latin).map(|_| 0.1).product();
        (east_asian_letter(language, *letter) * mixed).ln()
    };
    beyond.map(score).sum()
}

fn east_asian_letter(language: Script, letter: char) -> f64 {
    match (language, script(letter)) {
        (_, Script::Other) => match letter {
            '\u{ff01}'..='\u{ff5e}' | '\u{3001}'..='\u{3011}' => 5e-4,
            letter if SIGNS.contains(letter) => 5e-4,
            _ => 1e-7,
        },
        (Script::Japanese, Script::Japanese) => 0.6 / 170.0,
        (Script::Japanese, Script::HalfWidth) => 2e-5,
        (Script::Simplified | Script::Traditional | Script::Korean, Script::Japanese) => 1e-6,
        (Script::Korean, Script::Korean) if SYLLABLES.contains(letter) => 0.6 / 100.0,
        (Script::Korean, Script::Korean) => 0.4 / 2250.0,
        // These encodings list the common characters first; later ones are rare.
        (Script::Simplified, Script::Simplified) => match two_bytes(GBK, letter) {
            Some((0xB0..=0xD7, 0xA1..)) => 1.0 / 2500.0,
            Some((0xD8..=0xF7, 0xA1..)) => 0.015 / 3008.0,
            _ => 1e-8,
        },
        (Script::Traditional, Script::Simplified) => match two_bytes(BIG5, letter) {
            Some((0xA4..=0xC6, _)) => 1.0 / 3500.0,
            Some((0xC9..=0xF9, _)) => 0.015 / 7652.0,
            _ => 1e-8,
        },
        (Script::Japanese, Script::Simplified) => match two_bytes(SHIFT_JIS, letter) {
            Some((0x88..=0x97, _) | (0x98, ..=0x72)) => 0.35 / 2000.0,
            Some(_) => 0.01 / 3390.0,
            None => 1e-9,
        },
        _ => 1e-7,
    }
}

/// Returns the two bytes of a character in an encoding; `None` if the encoding does not write the character in two
/// bytes.
fn two_bytes(encoding: &'static Encoding, letter: char) -> Option<(u8, u8)> {
    let mut text = [0; 4];
    let (bytes, _, is_wrong) = encoding.encode(letter.encode_utf8(&mut text));
    match *bytes {
        [first, second] if !is_wrong => Some((first, second)),
        _ => None,
    }
}

#[cfg(test)]
pub(super) fn labels_that_are_unknown() -> Vec<String> {
    let documents: BTreeMap<String, Document> = serde_yaml::from_str(DOCUMENT).unwrap();
    let unknown = |(name, document): (String, Document)| {
        let known = Language::from(&document);
        let whole = known.encodings.len() == document.encodings.len()
            && known.letters.len() * 2 == document.letters.split_whitespace().count();
        (!whole).then_some(name)
    };
    documents.into_iter().filter_map(unknown).collect()
}
