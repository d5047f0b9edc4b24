use super::*;

fn written(write: impl FnOnce(&mut Bits)) -> String {
    let mut bits = Bits::default();
    write(&mut bits);
    let digit = |bit| if bit == 1 { '1' } else { '0' };
    let whole =
        bits.bytes.iter().flat_map(|byte| (0..8).rev().map(move |place| u64::from(byte >> place & 1)));
    whole.chain((0..bits.count).rev().map(|place| bits.open >> place & 1)).map(digit).collect()
}

#[test]
fn numbers_are_written_as_exp_golomb_codes() {
    let table = [(0, "1"), (1, "010"), (2, "011"), (3, "00100"), (7, "0001000"), (8, "0001001")];
    for (value, code) in table {
        assert_eq!(written(|bits| bits.unsigned(value)), code, "{value}");
    }
    let table = [(0, "1"), (1, "010"), (-1, "011"), (2, "00100"), (-2, "00101"), (-6, "0001101")];
    for (value, code) in table {
        assert_eq!(written(|bits| bits.signed(value)), code, "{value}");
    }
    assert_eq!(written(|bits| bits.unsigned(65_534)), format!("{}1111111111111111", "0".repeat(15)));
}

#[test]
fn bits_are_packed_from_the_top_across_bytes() {
    let mixed = written(|bits| {
        bits.put(0b101, 3);
        bits.code("0011");
        bits.bytes(&[0xff, 0x01]);
    });
    assert_eq!(mixed, "10100111111111100000001");
}

#[test]
fn a_unit_ends_with_a_one_and_never_contains_a_start_code() {
    let unit = |bytes: &[u8]| {
        let mut bits = Bits::default();
        bits.bytes(bytes);
        bits.into_unit(0x65)
    };
    assert_eq!(unit(&[]), [0x65, 0x80]);
    assert_eq!(unit(&[0, 0, 1]), [0x65, 0, 0, 3, 1, 0x80]);
    assert_eq!(unit(&[0, 0, 0, 0, 0]), [0x65, 0, 0, 3, 0, 0, 3, 0, 0x80]);
    assert_eq!(unit(&[0, 0, 3]), [0x65, 0, 0, 3, 3, 0x80]);
    assert_eq!(unit(&[0, 0, 4, 0, 1]), [0x65, 0, 0, 4, 0, 1, 0x80]);
    let mut bits = Bits::default();
    bits.code("101");
    assert_eq!(bits.into_unit(0x67), [0x67, 0b1011_0000]);
}
