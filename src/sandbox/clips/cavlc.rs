//! Encodes blocks of numbers with CAVLC, the variable-length code of the video standard H.264 (ITU-T H.264, 9.2).
//!
//! The numbers (coefficients) describe the brightness or the colours of a block of pixels. Only the codes that the
//! sandbox needs are here: in a block of brightness, only the first three of the sixteen coefficients can differ from
//! zero.
//!
//! The standard has six tables of codes for the number of coefficients in a block. The neighbouring blocks decide which
//! table is used for a block of brightness. Only two tables occur here, and only the beginnings of them; the colours
//! have a table of their own.

use super::bits::Bits;

/// The codes for the number of coefficients that are not zero in a block: the start of Table 9-5 of H.264.
///
/// These codes apply if the neighbouring blocks have on average fewer than two such coefficients (nC < 2 in the
/// standard). The first index is the number of coefficients that are not zero. The second index is the number of
/// trailing coefficients that are 1 or -1.
const COUNT: [&[&str]; 4] = [
    &["1"],
    &["000101", "01"],
    &["00000111", "000100", "001"],
    &["000000111", "00000110", "0000101", "00011"],
];

/// The codes of [`COUNT`] for a block whose neighbours have on average two or three coefficients that are not zero.
/// Their source is Table 9-5 of H.264 with 2 ≤ nC < 4.
const COUNT_AMONG_MORE: [&[&str]; 4] =
    [&["11"], &["001011", "10"], &["000111", "00111", "011"], &["0000111", "001010", "001001", "0101"]];

/// The codes for the number of coefficients that are not zero among the four coefficients of a colour channel. Their
/// source is Table 9-5 of H.264 with nC = -1; the indices are those of [`COUNT`].
const COLOUR_COUNT: [&[&str]; 5] = [
    &["01"],
    &["000111", "1"],
    &["000100", "000110", "001"],
    &["000011", "0000011", "0000010", "000101"],
    &["000010", "00000011", "00000010", "0000000"],
];

/// The codes for the number of zeros before the last coefficient that is not zero: the start of Table 9-7 of H.264.
///
/// The first index is the number of coefficients that are not zero, minus one. The second index is the number of zeros.
const ZEROS: [&[&str]; 3] = [&["1", "011", "010"], &["111", "110"], &["0101"]];

/// The codes for the number of zeros before a colour channel's last coefficient that is not zero: Table 9-9 (a) of
/// H.264. The indices are those of [`ZEROS`].
const COLOUR_ZEROS: [&[&str]; 3] = [&["1", "01", "001", "000"], &["1", "01", "00"], &["1", "0"]];

/// The codes for the number of zeros directly before a coefficient that is not zero: the start of Table 9-10 of H.264.
///
/// The first index is one less than the number of zeros that are still to be encoded in the block. The second index is
/// the number of zeros directly before the coefficient.
const RUN: [&[&str]; 3] = [&["1", "0"], &["1", "01", "00"], &["11", "10", "01", "00"]];

/// Appends the brightness of a block of 4 × 4 pixels, given by the first three of its sixteen coefficients. The other
/// thirteen are zero.
///
/// `around` is the mean number of coefficients that are not zero in the blocks above and on the left (nC in H.264).
pub(super) fn brightness(bits: &mut Bits, coefficients: &[i32; 3], around: usize) {
    block(bits, coefficients, 16, if around < 2 { &COUNT } else { &COUNT_AMONG_MORE }, &ZEROS);
}

/// Appends the four coefficients of one colour channel (Cb or Cr) of a macroblock, which is a square of 16 × 16 pixels.
pub(super) fn colour(bits: &mut Bits, coefficients: &[i32; 4]) {
    block(bits, coefficients, 4, &COLOUR_COUNT, &COLOUR_ZEROS);
}

/// Appends a block of `most` coefficients. The list `coefficients` has the first ones; all others are zero. At most
/// four coefficients differ from zero. `counts` and `zeros` are the tables of codes for this kind of block.
fn block(bits: &mut Bits, coefficients: &[i32], most: usize, counts: &[&[&str]], zeros: &[&[&str]]) {
    // The standard orders the coefficients from the last, which is usually the smallest, to the first.
    let (mut places, mut count) = ([0; 4], 0);
    for place in (0..coefficients.len()).rev() {
        if coefficients[place] != 0 {
            places[count] = place;
            count += 1;
        }
    }
    let places = &places[..count];
    let ones = places.iter().take(3).take_while(|place| coefficients[**place].abs() == 1).count();
    bits.code(counts[places.len()][ones]);
    let Some(last) = places.first() else { return };
    for place in &places[..ones] {
        bits.put(u32::from(coefficients[*place] < 0), 1);
    }
    let mut suffix = 0;
    for (index, place) in places[ones..].iter().enumerate() {
        let value = coefficients[*place];
        // After fewer than three ones, the next coefficient is not a one, so the codes for a one are not needed.
        level(bits, value, if index == 0 && ones < 3 { 2 } else { 0 }, suffix);
        suffix = suffix.max(1);
        if suffix < 6 && value.abs() > 3 << (suffix - 1) {
            suffix += 1;
        }
    }
    let mut left = last + 1 - places.len();
    if places.len() < most {
        bits.code(zeros[places.len() - 1][left]);
    }
    for pair in places.windows(2) {
        if left > 0 {
            let run = pair[0] - pair[1] - 1;
            bits.code(RUN[left - 1][run]);
            left -= run;
        }
    }
}

/// Appends one coefficient: some zeros, a one, and `suffix` bits. A large coefficient has 4 or 12 bits instead of
/// `suffix` bits.
///
/// `free` is the number of codes that this coefficient does not need: 2 if it cannot be 1 or -1, otherwise 0. These
/// codes then stand for the next larger values.
///
/// Values up to ± 2,000 can be written; the coefficients here are within ± 208.
fn level(bits: &mut Bits, value: i32, free: u32, suffix: u32) {
    let number = 2 * value.unsigned_abs() - if value > 0 { 2 } else { 1 } - free;
    let mut prefixed = |zeros, rest, count| {
        bits.put(1, zeros + 1);
        bits.put(rest, count);
    };
    match suffix {
        0 if number < 14 => prefixed(number, 0, 0),
        0 if number < 30 => prefixed(14, number - 14, 4),
        0 => prefixed(15, number - 30, 12),
        _ if number >> suffix < 15 => prefixed(number >> suffix, number & ((1 << suffix) - 1), suffix),
        _ => prefixed(15, number - (15 << suffix), 12),
    }
}

#[cfg(test)]
mod tests;
