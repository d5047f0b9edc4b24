//! Collects the named values of a record: a product in an XML document or a JSON list.

use super::{LONGEST_NAME, WIDEST};
use std::collections::HashMap;

/// The separator between the values of a record that have the same name.
const BETWEEN: &str = ", ";

/// The separator between the addresses of a record that have the same name. A comma would not do, because addresses may
/// contain commas and spaces.
const BETWEEN_ADDRESSES: &str = "\n";

/// Limit on the names that are compared one by one; for more names a hash table is faster.
const FEW: usize = 32;

/// A part of a record, such as a variant, that may become a row. The first value is the name of the list that has the
/// part.
pub(super) type Part = (String, Values);

/// The values of a record or part, each after its name.
pub(super) type Values = Vec<(String, String)>;

/// A record that is being read, with the values and parts found so far.
#[derive(Debug, Default)]
pub(super) struct Record {
    values: Vec<(String, String)>,
    /// The index in `values` of each name, if there are more than [`FEW`] names.
    places: HashMap<String, usize>,
    parts: Vec<Part>,
    /// True if a value was dropped because of a limit.
    is_cut: bool,
}

impl Record {
    /// Adds a value to the record. If the record already has a value with this name, joins both: an XML product, for
    /// example, repeats an element for each picture.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        // Checked first, because a name of megabytes may be repeated a thousand times.
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

    /// Sets the value with this name in the record, and drops the earlier values with the same name.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        match self.place(name) {
            Some(at) => value.clone_into(&mut self.values[at].1),
            None => self.add(name, value),
        }
    }

    /// Adds a part, such as a variant, which is an element of the record's list `list`. The caller must also add the
    /// part's values with [`Self::add`].
    pub(super) fn part(&mut self, list: &str, values: Vec<(String, String)>) {
        self.parts.push((list.to_owned(), values));
    }

    /// Gives a picture to each part (such as a variant) in the list `list` that has no picture of its own.
    ///
    /// `known` has the addresses of the pictures. Each key is the name and the value of a field in the part, such as
    /// `variants.image_id` and `17`.
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

    /// Returns the record's values, and its parts such as variants; `None` if the record has too many names, or a name
    /// that is too long.
    pub(super) fn finish(self) -> Option<(Values, Vec<Part>)> {
        Some((self.values, self.parts)).filter(|_| !self.is_cut)
    }
}

/// Appends a value to the earlier values with the same name, unless it is empty or equal to them.
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
