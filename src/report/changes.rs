//! Formats each changed field of a job as one line of text.

use crate::domain::foreign;
use crate::plan::fingerprint::{Change, Pictures};

/// The maximum number of characters of a changed value that are shown.
const VALUE: usize = 60;

/// Returns a change in one line, such as `prompt: "old" → "new"`.
///
/// Long values are cut to the part around the first difference. Pictures are shown by their names, and a picture of the
/// same name with other content is said to have changed.
#[must_use]
pub fn change_line(change: &Change) -> String {
    let Pictures { old, new } = &change.pictures;
    let named = |name: &str| format!("\"{}\"", foreign::shown(name));
    match (old, new, &change.old) {
        (Some(old), Some(new), _) if old == new => {
            return format!("{}: {}, whose content changed", change.field, named(new));
        }
        // An approved plan has no names, only the content of its pictures.
        (None, Some(new), Some(_)) => {
            return format!("{}: {}, another picture than before", change.field, named(new));
        }
        _ => {}
    }
    let value = |name: &Option<String>, value: &Option<String>| name.clone().or_else(|| value.clone());
    let (old, new) = (value(old, &change.old), value(new, &change.new));
    let same = match (&old, &new) {
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
    format!("{}: {} → {}", change.field, shown(&old), shown(&new))
}

#[cfg(test)]
mod tests;
