//! A bit stream as H.264 writes it: most significant bit first, exp-Golomb numbers, packed into NAL units.

/// Collects bits into bytes.
#[derive(Default)]
pub(super) struct Bits {
    bytes: Vec<u8>,
    /// The bits that do not fill a byte yet, in the low end.
    open: u64,
    count: u32,
}

impl Bits {
    /// Appends the low `count` bits of `value`; at most 32.
    pub(super) fn put(&mut self, value: u32, count: u32) {
        self.open = self.open << count | u64::from(value);
        self.count += count;
        while self.count >= 8 {
            self.count -= 8;
            self.bytes.push((self.open >> self.count & 0xff) as u8);
        }
        self.open &= (1 << self.count) - 1;
    }

    /// Appends a code written as zeros and ones.
    pub(super) fn code(&mut self, code: &str) {
        let value = code.bytes().fold(0, |value, digit| value << 1 | u32::from(digit & 1));
        self.put(value, u32::try_from(code.len()).expect("no code is longer than 16"));
    }

    /// Appends an unsigned exp-Golomb number: the number plus one in binary, behind as many zeros as it has further
    /// digits. Below 2^16 here, so it takes at most 32 bits.
    pub(super) fn unsigned(&mut self, value: u32) {
        let digits = (value + 1).ilog2();
        self.put(value + 1, 2 * digits + 1);
    }

    /// Appends a signed exp-Golomb number: 0, 1, -1, 2, -2, … are 0, 1, 2, 3, 4, …
    pub(super) fn signed(&mut self, value: i32) {
        let twice = 2 * value.unsigned_abs();
        self.unsigned(if value > 0 { twice - 1 } else { twice });
    }

    /// Appends whole bytes.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.put(u32::from(*byte), 8);
        }
    }

    /// Ends the stream with a one and zeros, and packs it into a NAL unit with this header byte.
    ///
    /// Three bytes 0 0 x with x up to 3 would look like a start code to some readers; a 3 is put before the x.
    pub(super) fn into_unit(mut self, header: u8) -> Vec<u8> {
        self.put(1, 1);
        self.put(0, (8 - self.count) % 8);
        let mut unit = Vec::with_capacity(self.bytes.len() + 8);
        unit.push(header);
        let mut zeros = 0;
        for byte in self.bytes {
            if zeros == 2 && byte <= 3 {
                unit.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            unit.push(byte);
        }
        unit
    }
}

#[cfg(test)]
mod tests {
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
}
