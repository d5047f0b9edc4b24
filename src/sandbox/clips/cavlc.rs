//! How a block of coefficients becomes bits: CAVLC (ITU-T H.264, 9.2), as far as flat blocks need it.
//!
//! The code for the number of coefficients depends on what the neighbours had; blocks without coefficients of their
//! own beside the shared ones count as none, so one table of the standard's six is enough, and one for colour.

use super::bits::Bits;

/// By the number of coefficients, then by how many ones end them: Table 9-5, 0 ≤ nC < 2.
const COUNT: [&[&str]; 17] = [
    &["1"],
    &["000101", "01"],
    &["00000111", "000100", "001"],
    &["000000111", "00000110", "0000101", "00011"],
    &["0000000111", "000000110", "00000101", "000011"],
    &["00000000111", "0000000110", "000000101", "0000100"],
    &["0000000001111", "00000000110", "0000000101", "00000100"],
    &["0000000001011", "0000000001110", "00000000101", "000000100"],
    &["0000000001000", "0000000001010", "0000000001101", "0000000100"],
    &["00000000001111", "00000000001110", "0000000001001", "00000000100"],
    &["00000000001011", "00000000001010", "00000000001101", "0000000001100"],
    &["000000000001111", "000000000001110", "00000000001001", "00000000001100"],
    &["000000000001011", "000000000001010", "000000000001101", "00000000001000"],
    &["0000000000001111", "000000000000001", "000000000001001", "000000000001100"],
    &["0000000000001011", "0000000000001110", "0000000000001101", "000000000001000"],
    &["0000000000000111", "0000000000001010", "0000000000001001", "0000000000001100"],
    &["0000000000000100", "0000000000000110", "0000000000000101", "0000000000001000"],
];

/// The same for the four coefficients of a colour: Table 9-5, nC = -1.
const COLOUR_COUNT: [&[&str]; 5] = [
    &["01"],
    &["000111", "1"],
    &["000100", "000110", "001"],
    &["000011", "0000011", "0000010", "000101"],
    &["000010", "00000011", "00000010", "0000000"],
];

/// By the number of coefficients, from 1, then by the zeros among them: Tables 9-7 and 9-8.
const ZEROS: [&[&str]; 15] = [
    &[
        "1",
        "011",
        "010",
        "0011",
        "0010",
        "00011",
        "00010",
        "000011",
        "000010",
        "0000011",
        "0000010",
        "00000011",
        "00000010",
        "000000011",
        "000000010",
        "000000001",
    ],
    &[
        "111", "110", "101", "100", "011", "0101", "0100", "0011", "0010", "00011", "00010", "000011",
        "000010", "000001", "000000",
    ],
    &[
        "0101", "111", "110", "101", "0100", "0011", "100", "011", "0010", "00011", "00010", "000001",
        "00001", "000000",
    ],
    &["00011", "111", "0101", "0100", "110", "101", "100", "0011", "011", "0010", "00010", "00001", "00000"],
    &["0101", "0100", "0011", "111", "110", "101", "100", "011", "0010", "00001", "0001", "00000"],
    &["000001", "00001", "111", "110", "101", "100", "011", "010", "0001", "001", "000000"],
    &["000001", "00001", "101", "100", "011", "11", "010", "0001", "001", "000000"],
    &["000001", "0001", "00001", "011", "11", "10", "010", "001", "000000"],
    &["000001", "000000", "0001", "11", "10", "001", "01", "00001"],
    &["00001", "00000", "001", "11", "10", "01", "0001"],
    &["0000", "0001", "001", "010", "1", "011"],
    &["0000", "0001", "01", "1", "001"],
    &["000", "001", "1", "01"],
    &["00", "01", "1"],
    &["0", "1"],
];

/// The same for a colour: Table 9-9 (a).
const COLOUR_ZEROS: [&[&str]; 3] = [&["1", "01", "001", "000"], &["1", "01", "00"], &["1", "0"]];

/// By the zeros that are left, from 1, then by those right before the coefficient: Table 9-10.
const RUN: [&[&str]; 7] = [
    &["1", "0"],
    &["1", "01", "00"],
    &["11", "10", "01", "00"],
    &["11", "10", "01", "001", "000"],
    &["11", "10", "011", "010", "001", "000"],
    &["11", "000", "001", "011", "010", "101", "100"],
    &[
        "111",
        "110",
        "101",
        "100",
        "011",
        "010",
        "001",
        "0001",
        "00001",
        "000001",
        "0000001",
        "00000001",
        "000000001",
        "0000000001",
        "00000000001",
    ],
];

/// Appends the 16 coefficients of a macroblock's brightness, in the zigzag order.
pub(super) fn brightness(bits: &mut Bits, coefficients: &[i32; 16]) {
    block(bits, coefficients, &COUNT, &ZEROS);
}

/// Appends the four coefficients of one of its two colours.
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
    let mut suffix = u32::from(places.len() > 10 && ones < 3);
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
            bits.code(RUN[left.min(RUN.len()) - 1][run]);
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
mod tests {
    use super::*;

    #[test]
    fn no_code_of_a_table_begins_another() {
        let whole = |table: &[&[&'static str]]| vec![table.concat()];
        let rows = |table: &[&[&'static str]]| table.iter().map(|row| row.to_vec()).collect::<Vec<_>>();
        let tables = [whole(&COUNT), whole(&COLOUR_COUNT), rows(&ZEROS), rows(&COLOUR_ZEROS), rows(&RUN)];
        for codes in tables.concat() {
            for (index, code) in codes.iter().enumerate() {
                let others = codes.iter().enumerate().filter(|(other, _)| *other != index);
                assert_eq!(
                    others.filter(|(_, other)| other.starts_with(code)).count(),
                    0,
                    "{code}: {codes:?}"
                );
            }
        }
    }

    #[test]
    fn the_worked_examples_give_their_bits() {
        let written = |coefficients: &[i32; 16]| {
            let mut bits = Bits::default();
            brightness(&mut bits, coefficients);
            bits.into_unit(0)
        };
        // None; one of 3; then the block 0 3 0 1 -1 -1 0 1 0…, worked by hand along the standard.
        assert_eq!(written(&[0; 16]), [0, 0b1100_0000]);
        let mut one = [0; 16];
        one[0] = 3;
        assert_eq!(written(&one), [0, 0b0001_0100, 0b1110_0000]);
        let mut block = [0; 16];
        block[..8].copy_from_slice(&[0, 3, 0, 1, -1, -1, 0, 1]);
        // 0000100 (five, three ones) 0 1 1 (signs) 1 (one) 0010 (three) 111 (3 zeros) 10 (run 1) 1 1 01 (run 1)
        assert_eq!(written(&block), [0, 0b0000_1000, 0b1110_0101, 0b1110_1101, 0b1000_0000]);
    }
}
