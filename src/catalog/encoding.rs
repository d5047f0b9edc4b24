//! The encoding of text that is not UTF-8, decided on a sample.
//!
//! Every encoding that can decode the sample is a candidate. It is rated by the language that explains its words best:
//! by how often letters beyond ASCII are used, and by where they stand in a word. A reading is certain only where every
//! reading with other letters is a thousand times less likely. A reading in another encoding than windows-1252, the most
//! common one, also needs some more letters, and the agreement of the detector of browsers (`chardetng`) or even greater
//! odds. A sheet in ASCII words with no more than symbols beside them is certain too. Otherwise the user decides.

mod language;
mod symbols;

use super::encoding::language::{LANGUAGES, Language, Script, script};
use crate::domain::problem::meant_or_all;
use encoding_rs::{BIG5, EUC_JP, EUC_KR, Encoding, GBK, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::collections::HashSet;

/// Natural logarithm of the least odds of a certain reading with which the detector agrees.
const CERTAIN: f64 = 7.0;

/// The same for a reading in another encoding than the most common one, windows-1252, with which the detector does not
/// agree.
const CERTAIN_ALONE: f64 = 10.0;

/// Fewest letters beyond ASCII of a certain reading in another script than the Latin one, and in Latin letters of
/// another encoding than the most common one, windows-1252.
const FEWEST: usize = 24;
const FEWEST_LATIN: usize = 8;

/// Natural logarithm of the odds of a language in an encoding that is not made for it, and in one for East Asia.
const UNUSUAL: f64 = -4.5;
const FROM_AFAR: f64 = -6.0;

/// Most different words of a sample that are rated, and the longest part of one in bytes.
const WORDS: usize = 400;
const LONGEST: usize = 60;

/// Most readings that are shown where none is certain.
const SHOWN: usize = 4;

/// Encodings in which a letter may take two bytes, each with its own language.
const MULTI_BYTE: [(&Encoding, Script); 5] = [
    (SHIFT_JIS, Script::Japanese),
    (GBK, Script::Simplified),
    (BIG5, Script::Traditional),
    (EUC_KR, Script::Korean),
    (EUC_JP, Script::Japanese),
];

/// The result of looking at a sample.
#[derive(Debug)]
pub(super) enum Decision {
    /// One reading is certain.
    Certain(Certain),
    /// Several readings are possible, the likeliest first: each encoding with the first words that differ.
    Uncertain(Vec<(&'static str, String)>),
    /// No known encoding can decode the sample.
    Unknown,
}

/// The certain reading of a sample.
#[derive(Debug)]
pub(super) struct Certain {
    pub(super) encoding: &'static Encoding,
    /// A word of the sample as it is read.
    pub(super) word: String,
    /// Bytes that the sample does not have and that encodings which fit it equally well read differently.
    pub(super) doubtful: Vec<u8>,
    /// Whether its words are of a language in Latin letters.
    pub(super) is_latin: bool,
}

/// An encoding that can decode the sample.
struct Candidate {
    encoding: &'static Encoding,
    /// Words of the sample.
    words: Vec<String>,
    /// What the sample says in this encoding: two with the same key are the same text.
    key: String,
    /// Natural logarithm of its likelihood in the language that fits best.
    score: f64,
    is_latin: bool,
}

/// Returns the encoding of that label, or the hint for a label that no encoding has.
pub(super) fn named(label: &str) -> Result<&'static Encoding, String> {
    let known = Encoding::for_label(label.trim().as_bytes()).filter(|it| *it != encoding_rs::REPLACEMENT);
    known.ok_or_else(|| {
        let all = [UTF_8, UTF_16LE, UTF_16BE].into_iter().chain(all());
        let names: Vec<&str> = all.map(Encoding::name).collect();
        meant_or_all(label, names, "the encodings are")
    })
}

/// Returns all encodings that are candidates.
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

/// Decides how a sample is read, which has bytes beyond ASCII and ends where a line ends.
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

/// Returns the different readings of a sample, the likeliest first, with the first words that differ.
fn readings(candidates: &[Candidate]) -> Vec<(&'static str, String)> {
    let mut shown: Vec<&Candidate> = Vec::new();
    for candidate in candidates {
        if shown.len() < SHOWN && shown.iter().all(|known| known.key != candidate.key) {
            shown.push(candidate);
        }
    }
    // The most common one is always among them.
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

/// Returns the bytes that were not used and that some of the encodings read in another way than `encoding`.
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

/// Returns the character of a byte in an encoding of one byte a letter; none where the byte has no meaning.
fn letter(encoding: &'static Encoding, byte: u8) -> Option<char> {
    let bytes = [byte];
    let text = encoding.decode_without_bom_handling_and_without_replacement(&bytes)?;
    text.chars().next().filter(|letter| is_text(*letter))
}

/// Whether a program writes this character into a text.
pub(super) fn is_text(letter: char) -> bool {
    !matches!(letter, '\u{80}'..='\u{9f}' | '\u{e000}'..='\u{f8ff}' | '\u{fffd}')
}

/// Returns the different words of a sample that have bytes beyond ASCII; of very many, those with bytes of their own.
fn words(sample: &[u8]) -> Vec<&[u8]> {
    let mut known = HashSet::new();
    let mut covered = [false; 256];
    let mut words = Vec::new();
    // None of these is part of a letter of two bytes.
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
    /// Rates an encoding; none where it cannot decode the sample.
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
        // The end of a long word may be half a letter.
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

/// Natural logarithm of how common an encoding is: what Windows writes comes first.
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
