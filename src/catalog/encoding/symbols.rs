//! Recognises symbols and punctuation next to ASCII words: `5 €`, `Acme®`, `“Retro”`.
//!
//! Windows writes them with the same bytes in all its Latin encodings. In encodings of other systems these bytes are
//! letters. So a byte counts as a symbol only at a usual place of that symbol, where a letter would not form a word.

/// Units whose square and cube are written with a symbol, as in `m²`.
const UNITS: [&[u8]; 7] = [b"m", b"cm", b"mm", b"dm", b"km", b"ft", b"in"];

/// Endings of English words after an apostrophe, such as `s` in `Kid's`.
const ENDINGS: [&[u8]; 6] = [b"s", b"t", b"ll", b"re", b"ve", b"d"];

/// Units that may follow the sign `µ`, as in `µm`.
const SMALL: [&[u8]; 5] = [b"m", b"g", b"l", b"F", b"s"];

/// Least number of letters that a word must have before an apostrophe, as in `Kid's`. After fewer letters, the same
/// byte may be a letter: in the Spanish `país`, saved on a Mac, it is the `í`.
const STEM: usize = 3;

/// Reports whether each byte beyond ASCII in a sample of a sheet is a symbol of windows-1252, such as `€`. The bytes
/// around it decide, because in another encoding the same byte may be a letter of a word.
pub(super) fn are_all(sample: &[u8]) -> bool {
    sample.split(|byte| matches!(byte, b'\n' | b'\r')).all(|line| {
        let pairs = [(0x93, 0x94), (0x91, 0x92), (0xAB, 0xBB)];
        let marks = |mark: u8| line.split(|byte| *byte == mark).count();
        // The closing mark is also the apostrophe, so it may be more frequent.
        let is_pair = |(open, close): (u8, u8)| match close {
            0x92 => marks(open) <= marks(close),
            _ => marks(open) == marks(close),
        };
        pairs.into_iter().all(is_pair)
            && (0..line.len()).filter(|at| !line[*at].is_ascii()).all(|at| is_symbol(line, at))
    })
}

/// Reports whether the byte at index `at` of a line is a symbol of windows-1252, judged by the bytes around it.
fn is_symbol(line: &[u8], at: usize) -> bool {
    // Quotation marks separate words; each is checked at its own place.
    let is_quote = |byte: &u8| matches!(byte, 0x91 | 0x93 | 0x94 | 0xAB | 0xBB);
    let is_letter = |byte: &u8| byte.is_ascii_alphabetic() || !(byte.is_ascii() || is_quote(byte));
    let is_ascii = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii);
    let (left, right) = (&line[..at], &line[at + 1..]);
    let before = &left[left.iter().rposition(|byte| !is_letter(byte)).map_or(0, |last| last + 1)..];
    let behind = &right[..right.iter().position(|byte| !is_letter(byte)).unwrap_or(right.len())];
    let is_alone = before.is_empty() && behind.is_empty();
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let is_word = |word: &[u8]| word.is_ascii() && !word.is_empty();
    match line[at] {
        // € • – — ° ± × § © ¼ ½ ¾
        0x80 | 0x95 | 0x96 | 0x97 | 0xB0 | 0xB1 | 0xD7 | 0xA7 | 0xA9 | 0xBC | 0xBD | 0xBE => is_alone,
        // £
        0xA3 => before.is_empty() && is_digit(right.first()),
        // A no-break space after a number.
        0xA0 => is_digit(left.last()),
        // ® ™
        0xAE | 0x99 => before.is_ascii() && behind.is_empty(),
        // ² ³
        0xB2 | 0xB3 => UNITS.contains(&before) && behind.is_empty(),
        // µ
        0xB5 => before.is_empty() && SMALL.contains(&behind),
        // “ ‘ «
        0x93 | 0x91 | 0xAB => before.is_empty() && is_ascii(right.first()),
        // ” »
        0x94 | 0xBB => is_ascii(left.last()) && behind.is_empty(),
        // ’
        0x92 => {
            let is_end = ENDINGS.contains(&behind) || (behind.is_empty() && before.ends_with(b"s"));
            let is_closing = || behind.is_empty() && left.contains(&0x91);
            is_word(before) && ((before.len() >= STEM && is_end) || is_closing())
        }
        _ => false,
    }
}
