//! Interprets the cells of a row: lists of pictures, and numbers whose digits a spreadsheet has cut off.

/// A row of a product file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// The row number as a spreadsheet shows it. In an XML or JSON file it is the position of the record, from 1 on.
    pub(super) number: u64,
    /// The cells in the order of the columns; empty cells at the end may be missing.
    pub(super) cells: Vec<String>,
}

impl Row {
    pub(super) fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", |cell| cell.trim())
    }

    /// Returns the first of these columns in which the row has a filled cell; `None` if all these cells are empty.
    pub(super) fn filled(&self, columns: &[usize]) -> Option<usize> {
        columns.iter().copied().find(|column| !self.cell(*column).is_empty())
    }
}

/// Returns the addresses or names of the pictures that a cell lists.
///
/// A comma, a semicolon or a bar separates two pictures only if white space or an address follows, because addresses
/// and data URIs contain commas. The characters of `between` always separate two pictures.
pub(super) fn pictures<'a>(cell: &'a str, between: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut start = 0;
    let marks = |mark: char| ['\n', ',', ';', '|'].contains(&mark) || between.contains(mark);
    for (at, mark) in cell.match_indices(marks) {
        let rest = &cell[at + mark.len()..];
        let parts = mark == "\n"
            || (between.contains(mark) && !cell.starts_with("data:"))
            || rest.is_empty()
            || rest.starts_with(char::is_whitespace)
            || ["http://", "https://"].iter().any(|scheme| rest.starts_with(scheme));
        if parts {
            found.push(cell[start..at].trim());
            start = at + mark.len();
        }
    }
    found.push(cell[start..].trim());
    found.retain(|picture| !picture.is_empty());
    found
}

/// Reports whether a spreadsheet has shortened a number, such as `1.38641E+11`. The missing digits are lost.
pub(super) fn is_shortened(text: &str) -> bool {
    let Some((number, power)) = text.split_once("E+").or_else(|| text.split_once("e+")) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, rest) = number.split_once(['.', ',']).unwrap_or((number, "0"));
    digits(whole) && digits(rest) && digits(power)
}

/// Returns the number and the letters of the column with index `at`, for messages: `3 (C)`.
pub(super) fn at_letter(at: usize) -> String {
    format!("{} ({})", at + 1, letters(at))
}

/// Returns the letters of the column with index `at`, as in a spreadsheet: `A`, `Z`, `AA`.
pub(super) fn letters(at: usize) -> String {
    let last = char::from(b'A' + u8::try_from(at % 26).unwrap_or_default());
    match at / 26 {
        0 => last.to_string(),
        before => format!("{}{last}", letters(before - 1)),
    }
}

#[cfg(test)]
mod tests;
