//! Encodes blocks of coefficients with CAVLC, a variable-length code (ITU-T H.264, 9.2).
//!
//! Only the codes that the sandbox needs are here. In a block of brightness only the first three of the sixteen
//! coefficients can differ from zero. The standard chooses a table by the number of coefficients in the neighbouring
//! blocks. Here the beginnings of two of its six tables are enough for brightness, and one table for colour.

use super::bits::Bits;

/// The codes for the number of coefficients that are not zero: the start of Table 9-5 for 0 ≤ nC < 2.
///
/// The first index is this number. The second index is the number of trailing coefficients that are 1 or -1.
const COUNT: [&[&str]; 4] = [
    &["1"],
    &["000101", "01"],
    &["00000111", "000100", "001"],
    &["000000111", "00000110", "0000101", "00011"],
];

/// The codes as in [`COUNT`] for a block whose neighbours have more coefficients: Table 9-5, 2 ≤ nC < 4.
const COUNT_AMONG_MORE: [&[&str]; 4] =
    [&["11"], &["001011", "10"], &["000111", "00111", "011"], &["0000111", "001010", "001001", "0101"]];

/// The codes as in [`COUNT`] for the four coefficients of a colour: Table 9-5, nC = -1.
const COLOUR_COUNT: [&[&str]; 5] = [
    &["01"],
    &["000111", "1"],
    &["000100", "000110", "001"],
    &["000011", "0000011", "0000010", "000101"],
    &["000010", "00000011", "00000010", "0000000"],
];

/// The codes for the number of zeros before the last coefficient that is not zero: the start of Table 9-7.
///
/// The first index is the number of coefficients that are not zero, less one. The second index is the number of zeros.
const ZEROS: [&[&str]; 3] = [&["1", "011", "010"], &["111", "110"], &["0101"]];

/// The codes as in [`ZEROS`] for the coefficients of a colour: Table 9-9 (a).
const COLOUR_ZEROS: [&[&str]; 3] = [&["1", "01", "001", "000"], &["1", "01", "00"], &["1", "0"]];

/// The codes for the number of zeros directly before a coefficient: the start of Table 9-10.
///
/// The first index is the number of zeros that are not encoded yet, less one. The second is the number to encode.
const RUN: [&[&str]; 3] = [&["1", "0"], &["1", "01", "00"], &["11", "10", "01", "00"]];

/// Appends a block of brightness, given by the first three of its sixteen coefficients; the other thirteen are zero.
///
/// `around` is the mean number of coefficients in the neighbouring blocks (nC).
pub(super) fn brightness(bits: &mut Bits, coefficients: &[i32; 3], around: usize) {
    block(bits, coefficients, 16, if around < 2 { &COUNT } else { &COUNT_AMONG_MORE }, &ZEROS);
}

/// Appends the four coefficients of one colour (Cb or Cr) of a macroblock.
pub(super) fn colour(bits: &mut Bits, coefficients: &[i32; 4]) {
    block(bits, coefficients, 4, &COLOUR_COUNT, &COLOUR_ZEROS);
}

/// Appends a block of `most` coefficients, at most four of which are not zero.
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

/// Appends one coefficient: some zeros, a one, and `suffix` bits. A large coefficient has 4 or 12 bits instead.
///
/// `free` is 2 if the coefficient cannot be 1 or -1, so that their codes can mean other values; otherwise it is 0.
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
