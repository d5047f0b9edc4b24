//! Any bytes as a product file, under each kind of name: no panic, no hang, and no more items than there can be.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shotlist::catalog::{OnePer, Reading, read};

const NAMES: [&str; 4] = ["file", "p.csv", "p.xml", "p.json"];

fuzz_target!(|bytes: &[u8]| {
    // The last byte says how it is read, so that real files are seeds as they are.
    let how = usize::from(bytes.last().copied().unwrap_or_default());
    let (_, one_per) = OnePer::ALL[how / 4 % OnePer::ALL.len()];
    let options = Reading { one_per, all: how & 0x80 != 0, ..Reading::default() };
    let catalog = read(NAMES[how % 4], bytes, &options);
    assert!(!catalog.items.is_empty() || !catalog.problems.is_empty());
    // A workbook is packed, by a thousand to one at most.
    assert!(catalog.items.len() <= bytes.len() * 1_032);
});
