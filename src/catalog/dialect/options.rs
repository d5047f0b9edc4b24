//! Reads the options of a row, such as colours and sizes.

use super::{Columns, Dialect};
use crate::catalog::cells::Row;

impl Columns {
    /// Returns the options of a row as pairs of a name and a value. A name that is empty in the row is taken from
    /// `head`, the first row of the product.
    pub(in crate::catalog) fn options_of(
        &self,
        dialect: &Dialect,
        head: &Row,
        row: &Row,
    ) -> Vec<(String, String)> {
        let option = |(name, value, called): &(Option<usize>, usize, String)| {
            let text = row.cell(*value);
            let name = match name {
                Some(column) => {
                    [row, head].into_iter().map(|row| row.cell(*column)).find(|name| !name.is_empty())?
                }
                None => called,
            };
            Some((name.to_owned(), text.to_owned()))
        };
        let pairs = self.options.iter().filter_map(option);
        let pairs: Vec<_> = match dialect.options.between {
            Some(between) => pairs.flat_map(|(names, values)| parted(&names, &values, between)).collect(),
            None => pairs.collect(),
        };
        let is_none = |text: &str| text.is_empty() || dialect.options.none.iter().any(|none| none == text);
        let pairs = pairs.into_iter().map(|(name, text)| (name, without_number(&text).to_owned()));
        pairs.filter(|(_, text)| !is_none(text)).collect()
    }
}

/// Splits a cell of option names and a cell of option values at `between`, and pairs each name with its value.
fn parted(names: &str, values: &str, between: char) -> Vec<(String, String)> {
    let part = |text: &str| text.split(between).map(|part| part.trim().to_owned()).collect::<Vec<_>>();
    part(names).into_iter().zip(part(values)).collect()
}

/// Returns the name of a colour without the number before it, such as `Red` in `#aa3322:Red`.
fn without_number(text: &str) -> &str {
    let is_number = |number: &str| {
        number.len() == 7
            && number.starts_with('#')
            && number.bytes().skip(1).all(|digit| digit.is_ascii_hexdigit())
    };
    match text.split_once(':') {
        Some((number, name)) if is_number(number) => name.trim(),
        _ => text,
    }
}
