//! Writes bit streams for H.264: bits with the most significant first, exp-Golomb numbers, and the packing into NAL
//! units.

/// A bit stream that is being written.
#[derive(Default)]
pub(super) struct Bits {
    bytes: Vec<u8>,
    /// The last bits, in the low-order positions, while they do not fill a byte yet.
    open: u64,
    count: u32,
}

impl Bits {
    /// Appends the low `count` bits of `value`. `count` is at most 32.
    pub(super) fn put(&mut self, value: u32, count: u32) {
        self.open = self.open << count | u64::from(value);
        self.count += count;
        while self.count >= 8 {
            self.count -= 8;
            self.bytes.push((self.open >> self.count & 0xff) as u8);
        }
        self.open &= (1 << self.count) - 1;
    }

    /// Appends a code that is given as text of zeros and ones.
    pub(super) fn code(&mut self, code: &str) {
        let value = code.bytes().fold(0, |value, digit| value << 1 | u32::from(digit & 1));
        self.put(value, u32::try_from(code.len()).expect("no code is longer than 16"));
    }

    /// Appends an unsigned exp-Golomb number below 65,535, which takes at most 31 bits.
    ///
    /// The code is `value + 1` in binary. If this binary number has n digits, n - 1 zeros come before it: 4 becomes
    /// `00101`.
    pub(super) fn unsigned(&mut self, value: u32) {
        let digits = (value + 1).ilog2();
        self.put(value + 1, 2 * digits + 1);
    }

    /// Appends a signed exp-Golomb number. The values 0, 1, -1, 2, -2, … are written like the unsigned 0, 1, 2, 3, 4, …
    pub(super) fn signed(&mut self, value: i32) {
        let twice = 2 * value.unsigned_abs();
        self.unsigned(if value > 0 { twice - 1 } else { twice });
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.put(u32::from(*byte), 8);
        }
    }

    /// Ends the stream with a one bit and zero bits up to a whole byte, and packs it into a NAL unit (a packet of
    /// H.264) with this header byte.
    ///
    /// The bytes 0 0 1 mark the start of a unit, so a unit must not contain three bytes 0 0 x with x up to 3. A 3 is
    /// inserted before such an x.
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
mod tests;
