//! Any bytes as a product file, under each kind of name and option: no panic, no hang, and no more items than there
//! can be.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shotlist::catalog::{OnePer, Reading, dialects, read};
use shotlist::domain::item::{Delimiter, FIELDS};

const NAMES: [&str; 4] = ["file", "p.csv", "p.xml", "p.json"];

const ENCODINGS: [&str; 16] = [
    "utf-8", "utf-16le", "utf-16be", "windows-1250", "windows-1251", "windows-1252", "windows-1254", "windows-1257",
    "iso-8859-2", "koi8-r", "macintosh", "gbk", "big5", "shift_jis", "euc-kr", "none",
];

fuzz_target!(|bytes: &[u8]| {
    // A file that ends in this byte has four more before it, which say how it is read; real files are seeds as they
    // are.
    let (file, how, letters, option, at) = match bytes {
        [file @ .., how, letters, option, at, 0xFF] => (file, *how, *letters, *option, usize::from(*at)),
        _ => (bytes, 0, 0, 0, 0),
    };
    let how = usize::from(how);
    let (_, one_per) = OnePer::ALL[how / 4 % OnePer::ALL.len()];
    let mut options = Reading { one_per, all: how & 0x80 != 0, ..Reading::default() };
    match usize::from(letters).checked_sub(1) {
        Some(at) if at < ENCODINGS.len() => options.encoding = Some(ENCODINGS[at].to_owned()),
        Some(at) => options.delimiter = Some(Delimiter::ALL[at % Delimiter::ALL.len()].1),
        None => {}
    }
    // What a user names stands in the file, at least now and then.
    let is_mark = |byte: &u8| byte.is_ascii_control() || b"<>/=\"',;|\t :{}[]".contains(byte);
    let mut words = file.split(is_mark).filter(|word| !word.is_empty());
    let mut word = |at| words.nth(at).map(|word| String::from_utf8_lossy(word).into_owned());
    match usize::from(option) {
        0 => {}
        1 => options.path = word(at),
        2 => options.path = word(at).zip(word(0)).map(|(outer, inner)| format!("{outer}.{inner}")),
        3 => options.path = Some(String::new()),
        4 => options.element = word(at),
        5 => options.sheet = word(at),
        6 => options.dialect = dialects().get(at).map(|name| (*name).to_owned()),
        option => {
            let field = FIELDS[option % FIELDS.len()].to_owned();
            options.columns = word(at).map(|name| (field, vec![name])).into_iter().collect();
        }
    }
    let catalog = read(NAMES[how % 4], file, &options);
    assert!(!catalog.items.is_empty() || !catalog.problems.is_empty());
    // A workbook is packed, by a thousand to one at most.
    assert!(catalog.items.len() <= file.len() * 1_032);
});
