//! Determines from a sample the encoding of a sheet that is not UTF-8.
//!
//! Every encoding that can decode the sample is a candidate; its reading is the decoded text. A reading gets a score
//! for how well its letters beyond ASCII fit some language, by their frequency and place in a word.
//!
//! The best reading is certain only if both of these conditions hold:
//!
//! - It is much likelier than every different reading: by the factor of [`CERTAIN`] or, if the browsers' detector
//!   (`chardetng`) guesses a different reading, by that of [`CERTAIN_ALONE`].
//! - The sample has enough letters beyond ASCII (see [`FEWEST`]).
//!
//! A sample of ASCII words and symbols is certain as well. In all other cases the user decides.

mod language;
mod symbols;

use super::encoding::language::{LANGUAGES, Language, Script, script};
use crate::domain::problem::meant_or_all;
use encoding_rs::{BIG5, EUC_JP, EUC_KR, Encoding, GBK, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::collections::HashSet;

/// Natural logarithm of the factor by which the best reading must be likelier than any different reading to be certain.
///
/// The factor is used if the browsers' detector (`chardetng`) agrees with the best reading. For windows-1252, the
/// factor is used even if the detector disagrees.
const CERTAIN: f64 = 7.0;

/// The value in place of [`CERTAIN`] if the browsers' detector (`chardetng`) does not agree with the best reading.
const CERTAIN_ALONE: f64 = 10.0;

/// Least number of letters beyond ASCII that the sample of a sheet must have, so that its encoding can be certain.
/// `FEWEST_LATIN` is the number for text in Latin script.
///
/// For Latin text in windows-1252, the most common encoding, one letter is enough.
const FEWEST: usize = 24;
const FEWEST_LATIN: usize = 8;

/// Amount added to the score (a natural logarithm) of an encoding that was not made for the language of the text.
///
/// `FROM_AFAR` is the amount for a language with an alphabet in an encoding that was made for East Asia.
const UNUSUAL: f64 = -4.5;
const FROM_AFAR: f64 = -6.0;

/// Limit on the different words of a sample that are used to compare the possible encodings. Further words are used
/// only if they have bytes that no earlier word has. `LONGEST` limits the bytes that are used of each word.
const WORDS: usize = 400;
const LONGEST: usize = 60;

/// Limit on the number of possible encodings that are shown to the user if none is certain.
const SHOWN: usize = 4;

/// Encodings in which a letter may take two bytes, each with its script.
const MULTI_BYTE: [(&Encoding, Script); 5] = [
    (SHIFT_JIS, Script::Japanese),
    (GBK, Script::Simplified),
    (BIG5, Script::Traditional),
    (EUC_KR, Script::Korean),
    (EUC_JP, Script::Japanese),
];

/// The decision about the encoding of a sheet, made on a sample of its bytes.
#[derive(Debug)]
pub(super) enum Decision {
    /// The encoding of the sheet is certain.
    Certain(Certain),
    /// Several encodings are possible, the likeliest first. Each has its name and a few words of the sample as it
    /// decodes them; these words show the difference.
    Uncertain(Vec<(&'static str, String)>),
    /// No known encoding can decode the sample.
    Unknown,
}

/// The encoding of a sheet, known for certain from a sample of the sheet.
#[derive(Debug)]
pub(super) struct Certain {
    pub(super) encoding: &'static Encoding,
    /// A word of the sheet, decoded, as an example for the user.
    pub(super) word: String,
    /// Bytes that do not occur in the sample and whose letters are not certain: equally likely encodings decode them
    /// differently.
    pub(super) doubtful: Vec<u8>,
    /// True if the words of the sample are in Latin letters.
    pub(super) is_latin: bool,
}

/// An encoding that can decode the sample.
struct Candidate {
    encoding: &'static Encoding,
    /// The decoded words of the sample that have characters beyond ASCII.
    words: Vec<String>,
    /// The characters beyond ASCII that the encoding reads in the sample. Two candidates with the same key read the
    /// same text.
    key: String,
    /// The natural logarithm of the likelihood of the words in the language that fits them best.
    score: f64,
    is_latin: bool,
}

/// Returns the encoding with this name. The error is a hint that lists the existing encodings.
pub(super) fn named(label: &str) -> Result<&'static Encoding, String> {
    let known = Encoding::for_label(label.trim().as_bytes()).filter(|it| *it != encoding_rs::REPLACEMENT);
    known.ok_or_else(|| {
        let all = [UTF_8, UTF_16LE, UTF_16BE].into_iter().chain(all());
        let names: Vec<&str> = all.map(Encoding::name).collect();
        meant_or_all(label, names, "the encodings are")
    })
}

/// Returns all encodings that are tried on a sample.
fn all() -> Vec<&'static Encoding> {
    let mut all: Vec<&'static Encoding> = Vec::new();
    let single = LANGUAGES.iter().flat_map(|language| &language.encodings).copied();
    for encoding in single.chain(MULTI_BYTE.map(|(encoding, _)| encoding)) {
        if !all.contains(&encoding) {
            all.push(encoding);
        }
    }
    all
}

fn is_multi_byte(encoding: &'static Encoding) -> bool {
    MULTI_BYTE.iter().any(|(known, _)| *known == encoding)
}

/// Decides the encoding of a sample, which has bytes beyond ASCII and ends at the end of a line.
pub(super) fn decide(sample: &[u8]) -> Decision {
    let words = words(sample);
    if let Some(word) = words.first().filter(|_| symbols::are_all(sample)) {
        return Decision::Certain(Certain {
            encoding: WINDOWS_1252,
            word: WINDOWS_1252.decode_without_bom_handling(word).0.into_owned(),
            doubtful: (0x80..=0xFF).filter(|byte| !sample.contains(byte)).collect(),
            is_latin: true,
        });
    }
    let mut used = [false; 256];
    for byte in sample {
        used[usize::from(*byte)] = true;
    }
    let mut candidates: Vec<Candidate> =
        all().into_iter().filter_map(|encoding| Candidate::of(encoding, sample, &used, &words)).collect();
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    let Some(best) = candidates.first() else { return Decision::Unknown };
    let rival = candidates.iter().find(|candidate| candidate.key != best.key);
    let odds = rival.map_or(f64::INFINITY, |rival| best.score - rival.score);
    let mut detector = chardetng::EncodingDetector::new();
    detector.feed(sample, true);
    let guess = detector.guess(None, false);
    let agrees = candidates.iter().any(|candidate| candidate.encoding == guess && candidate.key == best.key);
    let letters = best.words.iter().flat_map(|word| word.chars()).filter(|letter| !letter.is_ascii()).count();
    let fewest = match (best.is_latin, best.encoding == WINDOWS_1252) {
        (true, true) => 1,
        (true, false) => FEWEST_LATIN,
        (false, _) => FEWEST,
    };
    let least = if agrees || best.encoding == WINDOWS_1252 { CERTAIN } else { CERTAIN_ALONE };
    if letters >= fewest && odds >= least {
        let equal = candidates.iter().filter(|candidate| candidate.key == best.key);
        let doubtful = doubtful(best.encoding, &equal.map(|equal| equal.encoding).collect::<Vec<_>>(), &used);
        let word = best.words.first().cloned().unwrap_or_default();
        return Decision::Certain(Certain {
            encoding: best.encoding,
            word,
            doubtful,
            is_latin: best.is_latin,
        });
    }
    Decision::Uncertain(readings(&candidates))
}

/// Returns the different readings (decoded texts) of a sample, the likeliest first, at most [`SHOWN`]. Each is the name
/// of its encoding, and the first words in which the readings differ.
fn readings(candidates: &[Candidate]) -> Vec<(&'static str, String)> {
    let mut shown: Vec<&Candidate> = Vec::new();
    for candidate in candidates {
        if shown.len() < SHOWN && shown.iter().all(|known| known.key != candidate.key) {
            shown.push(candidate);
        }
    }
    // windows-1252, the most common encoding, is always shown.
    if let Some(common) = candidates.iter().find(|candidate| candidate.encoding == WINDOWS_1252) {
        if let Some(same) = shown.iter().position(|known| known.key == common.key) {
            shown[same] = common;
        } else {
            shown.truncate(SHOWN - 1);
            shown.push(common);
        }
    }
    let count = shown.iter().map(|candidate| candidate.words.len()).min().unwrap_or_default();
    let differs = |at: &usize| shown.iter().any(|candidate| candidate.words[*at] != shown[0].words[*at]);
    let places: Vec<usize> = (0..count).filter(differs).take(2).collect();
    let words = |candidate: &Candidate| {
        places.iter().map(|at| candidate.words[*at].as_str()).collect::<Vec<_>>().join(" ")
    };
    shown.iter().map(|candidate| (candidate.encoding.name(), words(candidate))).collect()
}

/// Returns the bytes beyond ASCII whose characters remain uncertain because they do not occur in the sample.
///
/// `encoding` and the encodings in `equal` decode the sample to the same text, but at least one of them decodes each of
/// these bytes differently.
fn doubtful(encoding: &'static Encoding, equal: &[&'static Encoding], used: &[bool; 256]) -> Vec<u8> {
    if is_multi_byte(encoding) {
        return Vec::new();
    }
    let differs = |byte: &u8| {
        let letter = letter(encoding, *byte);
        !used[usize::from(*byte)] && equal.iter().any(|other| self::letter(other, *byte) != letter)
    };
    (0x80..=0xFF).filter(differs).collect()
}

/// Returns the character of a byte in a single-byte encoding; `None` if the byte has no meaning.
fn letter(encoding: &'static Encoding, byte: u8) -> Option<char> {
    let bytes = [byte];
    let text = encoding.decode_without_bom_handling_and_without_replacement(&bytes)?;
    text.chars().next().filter(|letter| is_text(*letter))
}

/// Reports whether programs write this character into texts; C1 controls and private-use characters are not written.
pub(super) fn is_text(letter: char) -> bool {
    !matches!(letter, '\u{80}'..='\u{9f}' | '\u{e000}'..='\u{f8ff}' | '\u{fffd}')
}

/// Returns the words of a sample that have bytes beyond ASCII, each once.
///
/// After [`WORDS`] words it returns only words with bytes that no earlier word has.
fn words(sample: &[u8]) -> Vec<&[u8]> {
    let mut known = HashSet::new();
    let mut covered = [false; 256];
    let mut words = Vec::new();
    // None of these separators can be part of a letter of two bytes.
    for word in sample.split(|byte| b" ,;\t\n\r\"<>".contains(byte)).filter(|word| !word.is_ascii()) {
        let word = &word[..word.len().min(LONGEST)];
        let is_new = word.iter().any(|byte| !covered[usize::from(*byte)]);
        if (words.len() < WORDS || is_new) && known.insert(word) {
            for byte in word {
                covered[usize::from(*byte)] = true;
            }
            words.push(word);
        }
    }
    words
}

impl Candidate {
    /// Rates how well an encoding fits the sample; returns `None` if it cannot decode the sample.
    fn of(encoding: &'static Encoding, sample: &[u8], used: &[bool; 256], words: &[&[u8]]) -> Option<Self> {
        let is_multi_byte = is_multi_byte(encoding);
        let mut key = String::new();
        if is_multi_byte {
            let text = encoding.decode_without_bom_handling_and_without_replacement(sample)?;
            if !text.chars().all(is_text) {
                return None;
            }
        } else {
            for byte in (0x80..=0xFF).filter(|byte| used[usize::from(*byte)]) {
                key.push(letter(encoding, byte)?);
            }
        }
        // A long word that was cut may end within a letter.
        let decode = |word: &&[u8]| {
            encoding.decode_without_bom_handling(word).0.trim_end_matches('\u{fffd}').to_owned()
        };
        let words: Vec<String> = words.iter().map(decode).collect();
        if is_multi_byte {
            key = words.concat();
        }
        let own: Vec<Script> =
            MULTI_BYTE.iter().filter(|(known, _)| *known == encoding).map(|(_, own)| *own).collect();
        let mut best = (f64::NEG_INFINITY, false);
        let mut rate = |score: f64, is_latin: bool| {
            if score > best.0 {
                best = (score, is_latin);
            }
        };
        let all = || words.iter().flat_map(|word| word.chars()).filter(|letter| !letter.is_ascii());
        let scripts: HashSet<Script> = all().map(script).collect();
        let fits = |language: &&Language| scripts.contains(&language.script);
        for language in LANGUAGES.iter().filter(fits) {
            let unusual = match (is_multi_byte, language.encodings.contains(&encoding)) {
                (true, _) => FROM_AFAR,
                (false, true) => 0.0,
                (false, false) => UNUSUAL,
            };
            let score: f64 = words.iter().map(|word| language.score(word)).sum();
            rate(unusual + language.prior() + score, language.script == Script::Latin);
        }
        if is_multi_byte {
            for own_script in [Script::Japanese, Script::Simplified, Script::Traditional, Script::Korean] {
                let unusual = if own.contains(&own_script) { 0.0 } else { UNUSUAL };
                let score: f64 = words.iter().map(|word| language::east_asian(own_script, word)).sum();
                rate(unusual + score, false);
            }
        }
        let (score, is_latin) = best;
        Some(Self { encoding, words, key, score: score + prior(encoding), is_latin })
    }
}

/// Returns the natural logarithm of how common an encoding is, compared with the most common one (0.0).
fn prior(encoding: &'static Encoding) -> f64 {
    match encoding.name() {
        "windows-1252" => 0.0,
        "Shift_JIS" | "GBK" | "Big5" | "EUC-KR" => -1.0,
        "macintosh" | "x-mac-cyrillic" | "IBM866" => -3.0,
        name if name.starts_with("windows-") => -1.0,
        _ => -2.0,
    }
}

#[cfg(test)]
mod tests;
