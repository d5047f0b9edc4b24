//! Records with names for their values, as XML documents and lists have them.

use super::{LONGEST_NAME, WIDEST};
use std::collections::HashMap;

/// Separator of the values of one name …
const BETWEEN: &str = ", ";

/// … and of addresses, which may have commas and spaces of their own.
const BETWEEN_ADDRESSES: &str = "\n";

/// So many names are compared one by one, which is faster than to look them up.
const FEW: usize = 32;

/// A part of a record that may be a row of its own, such as a variant: the name of its list, and its values.
pub(super) type Part = (String, Values);

/// Values with their names.
pub(super) type Values = Vec<(String, String)>;

/// One record while it is read.
#[derive(Debug, Default)]
pub(super) struct Record {
    values: Vec<(String, String)>,
    /// Where each name stands, once there are more than a few.
    places: HashMap<String, usize>,
    parts: Vec<Part>,
    /// Whether there was more than is kept.
    is_cut: bool,
}

impl Record {
    /// Adds a value. A name may come again, as XML does with pictures: different values are joined.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        // Asked first: a name of megabytes may come a thousand times.
        if name.len() > LONGEST_NAME {
            self.is_cut = true;
            return;
        }
        if let Some(at) = self.place(name) {
            join(&mut self.values[at].1, value);
        } else if self.values.len() >= WIDEST {
            self.is_cut = true;
        } else {
            self.values.push((name.to_owned(), value.to_owned()));
            if self.values.len() > FEW {
                let noted = self.places.len();
                let new = self.values.iter().enumerate().skip(noted);
                self.places.extend(new.map(|(at, (name, _))| (name.clone(), at)));
            }
        }
    }

    fn place(&self, name: &str) -> Option<usize> {
        if self.values.len() > FEW {
            return self.places.get(name).copied();
        }
        self.values.iter().position(|(known, _)| known == name)
    }

    /// Adds a value that takes the place of those of its name.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        match self.place(name) {
            Some(at) => value.clone_into(&mut self.values[at].1),
            None => self.add(name, value),
        }
    }

    /// Adds a part whose values were added, too.
    pub(super) fn part(&mut self, list: &str, values: Vec<(String, String)>) {
        self.parts.push((list.to_owned(), values));
    }

    /// Gives the parts of a list the picture that `known` has for one of their values, unless they have one.
    pub(super) fn show(&mut self, list: &str, known: &HashMap<(String, String), String>) {
        let name = format!("{list}.image.src");
        let mut shown = Vec::new();
        for (_, values) in self.parts.iter_mut().filter(|(of, _)| of == list) {
            let has_own = values.iter().any(|(_, value)| value.contains("://"));
            let picture = values.iter().find_map(|value| known.get(value)).filter(|_| !has_own).cloned();
            if let Some(picture) = picture {
                values.push((name.clone(), picture.clone()));
                shown.push(picture);
            }
        }
        for picture in shown {
            self.add(&name, &picture);
        }
    }

    /// Returns each name with its value, and the parts; `None` where there are too many names, or one is too long.
    pub(super) fn finish(self) -> Option<(Values, Vec<Part>)> {
        Some((self.values, self.parts)).filter(|_| !self.is_cut)
    }
}

/// Adds a further value of a name to those that are known.
pub(super) fn join(known: &mut String, value: &str) {
    if known.is_empty() {
        value.clone_into(known);
    } else if !value.is_empty() && known != value {
        let between = if value.contains("://") { BETWEEN_ADDRESSES } else { BETWEEN };
        known.push_str(between);
        known.push_str(value);
    }
}

#[cfg(test)]
mod tests;
