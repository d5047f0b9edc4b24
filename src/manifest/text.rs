//! Bytes of a file become text, or one problem that says how to save it.

use crate::domain::problem::{Place, Problem};

/// Largest manifest. Larger ones hold a catalog, which belongs into a sheet.
const LARGEST: usize = 64 * 1024 * 1024;

/// The text of a manifest, without a byte-order mark.
pub(super) fn decode<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str, Box<Problem>> {
    let error = |message: String, hint: &str| {
        Box::new(Problem::error(Place::File(file.to_owned()), message).hint(hint))
    };
    let line = |at: usize| bytes[..at].split(|byte| *byte == b'\n').count();
    let as_utf8 = "save it as UTF-8";
    if bytes.len() > LARGEST {
        let megabytes = bytes.len().div_ceil(1024 * 1024);
        let message = format!("the file has {megabytes} MiB; a manifest may have 64");
        return Err(error(message, "write the items into a sheet and name it: `items: { from: items.csv }`"));
    }
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        let message = "the file is UTF-16: it starts with a UTF-16 byte-order mark at byte 0".into();
        return Err(error(message, as_utf8));
    }
    let text = std::str::from_utf8(bytes).map_err(|invalid| {
        let at = invalid.valid_up_to();
        let (byte, line) = (bytes[at], line(at));
        error(format!("the file is not UTF-8: byte 0x{byte:02X} at offset {at}, on line {line}"), as_utf8)
    })?;
    if let Some(at) = text.find('\0') {
        let line = line(at);
        let message = format!("the file is not text: it holds a NUL at byte offset {at}, on line {line}");
        return Err(error(message, as_utf8));
    }
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}
