//! Any bytes as a product file, under each kind of name: no panic, no hang, and no more items than there can be.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shotlist::catalog::{OnePer, Reading, read};
use shotlist::domain::item::Delimiter;

const NAMES: [&str; 4] = ["file", "p.csv", "p.xml", "p.json"];

const ENCODINGS: [&str; 16] = [
    "utf-8", "utf-16le", "utf-16be", "windows-1250", "windows-1251", "windows-1252", "windows-1254", "windows-1257",
    "iso-8859-2", "koi8-r", "macintosh", "gbk", "big5", "shift_jis", "euc-kr", "none",
];

fuzz_target!(|bytes: &[u8]| {
    // The last two bytes say how it is read, so that real files are seeds as they are.
    let how = usize::from(bytes.last().copied().unwrap_or_default());
    let (_, one_per) = OnePer::ALL[how / 4 % OnePer::ALL.len()];
    let letters = usize::from(bytes.iter().nth_back(1).copied().unwrap_or_default());
    // Most bytes of text leave encoding and delimiter to be found.
    let encoding = ENCODINGS.get(letters.wrapping_sub(0xE0)).map(|label| (*label).to_owned());
    let delimiter = Delimiter::ALL.get(letters.wrapping_sub(0xD0)).map(|(_, delimiter)| *delimiter);
    let all = how & 0x80 != 0;
    let options = Reading { one_per, all, encoding, delimiter, ..Reading::default() };
    let catalog = read(NAMES[how % 4], bytes, &options);
    assert!(!catalog.items.is_empty() || !catalog.problems.is_empty());
    // A workbook is packed, by a thousand to one at most.
    assert!(catalog.items.len() <= bytes.len() * 1_032);
});
