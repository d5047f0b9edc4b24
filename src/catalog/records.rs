//! Records with names for their values, as feeds and lists have them.

use super::{LONGEST_NAME, WIDEST};
use std::collections::HashMap;

/// What stands between the values of one name.
const BETWEEN: &str = ", ";

/// One record while it is read.
#[derive(Debug, Default)]
pub(super) struct Record {
    values: Vec<(String, String)>,
    places: HashMap<String, usize>,
    /// Whether there was more than is kept.
    is_cut: bool,
}

impl Record {
    /// Adds a value. A name may come again, as feeds do with pictures: different values are joined.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        // Asked first: a name of megabytes may come a thousand times.
        if name.len() > LONGEST_NAME {
            self.is_cut = true;
            return;
        }
        let Some(&at) = self.places.get(name) else {
            if self.values.len() >= WIDEST {
                self.is_cut = true;
                return;
            }
            self.places.insert(name.to_owned(), self.values.len());
            self.values.push((name.to_owned(), value.to_owned()));
            return;
        };
        let known = &mut self.values[at].1;
        if known.is_empty() {
            value.clone_into(known);
        } else if !value.is_empty() && known != value {
            known.push_str(BETWEEN);
            known.push_str(value);
        }
    }

    /// Each name with its value; `None` where there are too many names, or one is too long.
    pub(super) fn finish(self) -> Option<Vec<(String, String)>> {
        Some(self.values).filter(|_| !self.is_cut)
    }
}
