//! How a block of coefficients becomes bits: CAVLC (ITU-T H.264, 9.2), as far as flat blocks need it.
//!
//! The code for the number of coefficients depends on what the neighbours had. No block of brightness has more than one,
//! so one table of the standard's six is enough, and one for colour.

use super::bits::Bits;

/// By the number of coefficients, then by how many ones end them: the start of Table 9-5, 0 ≤ nC < 2.
const COUNT: [&[&str]; 2] = [&["1"], &["000101", "01"]];

/// The same for the four coefficients of a colour: Table 9-5, nC = -1.
const COLOUR_COUNT: [&[&str]; 5] = [
    &["01"],
    &["000111", "1"],
    &["000100", "000110", "001"],
    &["000011", "0000011", "0000010", "000101"],
    &["000010", "00000011", "00000010", "0000000"],
];

/// By the number of coefficients, from 1, then by the zeros among them: the start of Table 9-7.
const ZEROS: [&[&str]; 1] = [&["1"]];

/// The same for a colour: Table 9-9 (a).
const COLOUR_ZEROS: [&[&str]; 3] = [&["1", "01", "001", "000"], &["1", "01", "00"], &["1", "0"]];

/// By the zeros that are left, from 1, then by those right before the coefficient: the start of Table 9-10.
const RUN: [&[&str]; 3] = [&["1", "0"], &["1", "01", "00"], &["11", "10", "01", "00"]];

/// Appends a block of brightness, all of one coefficient: the first of sixteen.
pub(super) fn brightness(bits: &mut Bits, coefficient: i32) {
    let mut coefficients = [0; 16];
    coefficients[0] = coefficient;
    block(bits, &coefficients, &COUNT, &ZEROS);
}

/// Appends the four coefficients of one of a macroblock's two colours.
pub(super) fn colour(bits: &mut Bits, coefficients: &[i32; 4]) {
    block(bits, coefficients, &COLOUR_COUNT, &COLOUR_ZEROS);
}

fn block(bits: &mut Bits, coefficients: &[i32], counts: &[&[&str]], zeros: &[&[&str]]) {
    // The standard goes from the last coefficient, as a rule the smallest, to the first.
    let places: Vec<usize> =
        (0..coefficients.len()).rev().filter(|place| coefficients[*place] != 0).collect();
    let ones = places.iter().take(3).take_while(|place| coefficients[**place].abs() == 1).count();
    bits.code(counts[places.len()][ones]);
    let Some(last) = places.first() else { return };
    for place in &places[..ones] {
        bits.put(u32::from(coefficients[*place] < 0), 1);
    }
    let mut suffix = 0;
    for (index, place) in places[ones..].iter().enumerate() {
        let value = coefficients[*place];
        // Behind fewer than three ones comes no further one, so the codes for it are free.
        level(bits, value, if index == 0 && ones < 3 { 2 } else { 0 }, suffix);
        suffix = suffix.max(1);
        if suffix < 6 && value.abs() > 3 << (suffix - 1) {
            suffix += 1;
        }
    }
    let mut left = last + 1 - places.len();
    if places.len() < coefficients.len() {
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

/// Appends one coefficient: a count of zeros, a one, and `suffix` further bits, or 12 where that is too little. They
/// hold ± 2,000; the coefficients here stay within ± 208.
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
