//! Formats each changed field of a job as one line of text.

use crate::domain::foreign;
use crate::plan::fingerprint::Change;

/// The maximum number of characters of a changed value that are shown.
const VALUE: usize = 60;

/// Returns a change in one line, such as `prompt: "old" → "new"`.
///
/// Long values are cut to the part around the first difference.
#[must_use]
pub fn change_line(change: &Change) -> String {
    let same = match (&change.old, &change.new) {
        (Some(old), Some(new)) => old.chars().zip(new.chars()).take_while(|(old, new)| old == new).count(),
        _ => 0,
    };
    let skip = if same < VALUE / 2 { 0 } else { same - VALUE / 4 };
    let shown = |value: &Option<String>| match value {
        None => "not set".to_owned(),
        Some(value) => {
            let mut short: String = value.chars().skip(skip).take(VALUE).collect();
            if skip > 0 {
                short.insert(0, '…');
            }
            if value.chars().nth(skip + VALUE).is_some() {
                short.push('…');
            }
            format!("\"{}\"", foreign::shown(&short))
        }
    };
    format!("{}: {} → {}", change.field, shown(&change.old), shown(&change.new))
}

#[cfg(test)]
mod tests;
