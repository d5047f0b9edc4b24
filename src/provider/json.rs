//! Reads JSON from providers, even if it contains numbers that are too large for a 64-bit float.

use serde_json::Value as Json;

/// Reads JSON; `None` if it is damaged. A number beyond the range of a 64-bit float, such as `1e400`, becomes a string.
///
/// One such number, for example a cost, must not hide the rest of a reply.
pub(super) fn read(json: &[u8]) -> Option<Json> {
    let read = |json: &[u8]| serde_json::from_slice(json).ok();
    read(json).or_else(|| read(&with_large_numbers_as_text(json)?))
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
