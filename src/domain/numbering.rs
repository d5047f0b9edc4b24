//! Which of very many things came before, in little memory: a catalog has a million ids, output paths and orders.

use super::digest::Sha256;

/// Bytes that are kept of a digest. Two of a million things have these in common with a chance of one in 10²⁶.
const KEPT: usize = 16;

/// No thing.
const EMPTY: u32 = u32::MAX;

/// Things told apart by their digests and numbered in the order in which they came. Each takes 21 to 27 bytes, however
/// long it is. There is room for four billions.
#[derive(Debug, Clone, Default)]
pub struct Numbering {
    digests: Vec<[u8; KEPT]>,
    /// Numbers, each at the place that its digest gives or at the next free one; a power of two, at most three quarters
    /// full.
    slots: Vec<u32>,
}

impl Numbering {
    /// The number of an equal thing that came before. Otherwise the thing gets the next number, and there is no answer.
    pub fn before(&mut self, thing: &Sha256) -> Option<usize> {
        let kept = kept(thing);
        if self.slots.len() * 3 < (self.digests.len() + 1) * 4 {
            self.grow();
        }
        let slot = self.slot(&kept);
        if self.slots[slot] != EMPTY {
            return usize::try_from(self.slots[slot]).ok();
        }
        self.slots[slot] = u32::try_from(self.digests.len()).unwrap_or(EMPTY);
        self.digests.push(kept);
        None
    }

    /// Whether an equal thing came.
    #[must_use]
    pub fn contains(&self, thing: &Sha256) -> bool {
        !self.slots.is_empty() && self.slots[self.slot(&kept(thing))] != EMPTY
    }

    /// How many different things came.
    #[must_use]
    pub fn len(&self) -> usize {
        self.digests.len()
    }

    /// Whether nothing came.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.digests.is_empty()
    }

    /// The place of a digest, or the free one where it belongs.
    fn slot(&self, kept: &[u8; KEPT]) -> usize {
        let mut start = [0; 8];
        start.copy_from_slice(&kept[..8]);
        let mask = self.slots.len() - 1;
        // The digest is as good as random: any of its bits scatter.
        let mut slot = usize::try_from(u64::from_le_bytes(start) & mask as u64).unwrap_or_default();
        while self.slots[slot] != EMPTY && self.digests[self.slots[slot] as usize] != *kept {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn grow(&mut self) {
        self.slots = vec![EMPTY; (self.slots.len() * 2).max(16)];
        for number in 0..self.digests.len() {
            let slot = self.slot(&self.digests[number]);
            self.slots[slot] = u32::try_from(number).unwrap_or(EMPTY);
        }
    }
}

fn kept(thing: &Sha256) -> [u8; KEPT] {
    let mut kept = [0; KEPT];
    kept.copy_from_slice(&thing.0[..KEPT]);
    kept
}

/// Many texts in one, by number: without a block of memory for each.
#[derive(Debug, Default)]
pub struct Texts {
    all: String,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Texts {
    /// Adds one; its number is that of those before it.
    pub fn push(&mut self, text: &str) {
        self.all.push_str(text);
        self.ends.push(self.all.len());
    }

    /// The text of that number.
    #[must_use]
    pub fn get(&self, number: usize) -> Option<&str> {
        let start = if number == 0 { 0 } else { *self.ends.get(number - 1)? };
        self.all.get(start..*self.ends.get(number)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        #[test]
        fn a_thing_has_the_number_of_the_first_that_is_equal(things in prop::collection::vec(0u8..40, 0..300)) {
            let mut numbering = Numbering::default();
            let mut known: HashMap<u8, usize> = HashMap::new();
            for thing in things {
                let next = known.len();
                prop_assert_eq!(numbering.contains(&Sha256::of(&[thing])), known.contains_key(&thing));
                prop_assert_eq!(numbering.before(&Sha256::of(&[thing])), known.get(&thing).copied());
                known.entry(thing).or_insert(next);
                prop_assert_eq!(numbering.len(), known.len());
            }
        }
    }

    #[test]
    fn texts_are_found_by_their_numbers() {
        let mut texts = Texts::default();
        for text in ["mug", "", "Größe"] {
            texts.push(text);
        }
        assert_eq!(
            [0, 1, 2, 3].map(|number| texts.get(number)),
            [Some("mug"), Some(""), Some("Größe"), None]
        );
    }
}
