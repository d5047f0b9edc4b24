//! Reads JSON from providers, even if it has a flaw that leaves the rest readable, such as a number that is too large
//! for a 64-bit float.

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};
use std::borrow::Cow;
use std::fmt;

/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads JSON; `None` if it is damaged, or if an object has two members of one name with different values.
///
/// Flaws that leave the rest of a reply readable are accepted. A number beyond the range of a 64-bit float, such as
/// `1e400`, becomes a string. A byte order mark is skipped. Bytes that are not UTF-8, and escapes of half a surrogate
/// pair, become U+FFFD.
pub(super) fn read(json: &[u8]) -> Option<Json> {
    parse(json).map(|Consistent(value)| value)
}

/// Checks whether bytes are JSON that [`read`] refuses because two members of one name have different values.
pub(super) fn is_contradictory(json: &[u8]) -> bool {
    read(json).is_none() && parse::<Json>(json).is_some()
}

/// Checks whether bytes are one JSON object from its first brace to its last, with at most the flaws that [`read`]
/// accepts.
pub(crate) fn is_object(json: &[u8]) -> bool {
    let json = json.strip_prefix(MARK).unwrap_or(json).trim_ascii();
    json.starts_with(b"{")
        && json.ends_with(b"}")
        && serde_json::from_str::<IgnoredAny>(&mended(json)).is_ok()
}

/// Calls a function with a JSON value and with every value inside it.
pub(super) fn walk(value: &Json, visit: &mut impl FnMut(&Json)) {
    visit(value);
    match value {
        Json::Object(members) => members.values().for_each(|value| walk(value, visit)),
        Json::Array(values) => values.iter().for_each(|value| walk(value, visit)),
        _ => {}
    }
}

fn parse<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    let json = mended(json);
    let read = |json: &[u8]| serde_json::from_slice(json).ok();
    read(json.as_bytes()).or_else(|| read(&with_large_numbers_as_text(json.as_bytes())?))
}

/// Returns JSON as UTF-8 without a byte order mark. U+FFFD replaces bytes and escapes that are not valid text.
fn mended(json: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(json.strip_prefix(MARK).unwrap_or(json));
    if !text.contains("\\u") {
        return text;
    }
    let mut mended = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        mended.push_str(before);
        let is_low = |text: &str| matches!(unit(text), Some(0xDC00..=0xDFFF));
        let (length, is_half) = match unit(escape) {
            Some(0xD800..=0xDBFF) if is_low(&escape[6..]) => (12, false),
            Some(0xD800..=0xDFFF) => (6, true),
            // The character after a backslash begins no escape of its own.
            _ => (1 + escape[1..].chars().next().map_or(0, char::len_utf8), false),
        };
        mended.push_str(if is_half { "\\ufffd" } else { &escape[..length] });
        rest = &escape[length..];
    }
    mended.push_str(rest);
    mended.into()
}

/// Returns the UTF-16 code unit of an escape such as `\u00e9` at the start of a text; `None` if there is no such
/// escape.
fn unit(text: &str) -> Option<u16> {
    u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

/// A JSON value in which no object has two members with the same name but different values.
struct Consistent(Json);

impl<'de> Deserialize<'de> for Consistent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

/// Implements methods that read a boolean, a number or a string.
macro_rules! leaves {
    ($($visit:ident: $type:ty),*) => {
        $(fn $visit<E>(self, value: $type) -> Result<Json, E> {
            Ok(value.into())
        })*
    };
}

impl<'de> Visitor<'de> for Reader {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON whose objects do not contradict themselves")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    leaves!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut values = Vec::new();
        while let Some(Consistent(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Json, A::Error> {
        let mut members = Map::new();
        while let Some((name, Consistent(value))) = object.next_entry::<String, _>()? {
            if members.get(&name).is_some_and(|earlier| *earlier != value) {
                return Err(A::Error::custom("two members of one name differ"));
            }
            members.insert(name, value);
        }
        Ok(members.into())
    }
}

/// Returns JSON with quotes around each number beyond the range of a 64-bit float; `None` if it has no such number.
fn with_large_numbers_as_text(json: &[u8]) -> Option<Vec<u8>> {
    let mut quoted = Vec::with_capacity(json.len());
    let (mut at, mut copied, mut is_string) = (0, 0, false);
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => is_string = !is_string,
            // The character after a backslash does not end the string.
            b'\\' if is_string => at += 1,
            b'-' | b'0'..=b'9' if !is_string => {
                let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
                let end = json[at..]
                    .iter()
                    .position(|byte| !is_part(byte))
                    .map_or(json.len(), |length| at + length);
                let number = std::str::from_utf8(&json[at..end]).ok()?;
                if number.parse().is_ok_and(f64::is_infinite) {
                    quoted.extend_from_slice(&json[copied..at]);
                    quoted.push(b'"');
                    quoted.extend_from_slice(number.as_bytes());
                    quoted.push(b'"');
                    copied = end;
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    if copied == 0 {
        return None;
    }
    quoted.extend_from_slice(&json[copied..]);
    Some(quoted)
}

#[cfg(test)]
mod tests;
