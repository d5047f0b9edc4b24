//! A product file with columns of ours behind its own: only text that is ours is new.
//!
//! The places of the rows come from the reading of the file ([`Layout`]). Every edit is an insertion at a place of the
//! original bytes, so what was there stays as it is, in its encoding, with its line ends and its quotes.

mod json;
mod sheet;
mod text;
mod workbook;
mod xml;

pub use sheet::defused;

use std::collections::HashMap;

/// The places of the rows of a product file, as its reader found them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// A text sheet.
    Sheet {
        /// Character between the cells.
        delimiter: u8,
        /// Row of the header.
        header: u64,
    },
    /// A sheet of a workbook.
    Workbook {
        /// Path of the sheet in the workbook's archive.
        part: String,
        /// Row of the header.
        header: u64,
    },
    /// JSON with an object on each line.
    Lines,
    /// JSON with a list of objects.
    List {
        /// Path of the list, with a full stop between names; empty for the document itself.
        path: String,
    },
    /// JSON with one object.
    One {
        /// Path that the user named.
        path: Option<String>,
    },
    /// JSON with an object for each id.
    ById {
        /// Path that the user named.
        path: Option<String>,
    },
    /// XML with an element for each product.
    Elements {
        /// Name of the element.
        element: String,
    },
}

/// Columns that are added to a product file.
#[derive(Debug, Clone, Default)]
pub struct Columns<'a> {
    /// Names of the columns.
    pub names: &'a [&'a str],
    /// Texts of the columns by the number of their row, as [`crate::domain::item::Item::line`] has it.
    pub rows: HashMap<u64, Vec<String>>,
}

/// A product file with added columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// Bytes of the file.
    pub bytes: Vec<u8>,
    /// Number of rows whose texts were added.
    pub rows: usize,
    /// Rows that were left as they are because they have more cells than the header.
    pub untouched: Vec<u64>,
    /// Number of characters that the encoding of the file lacks and that are written as `?`.
    pub replaced: usize,
}

/// Why columns could not be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The file has a column of this name already.
    Taken(String),
    /// The file cannot be edited; the text says why.
    Unfit(String),
}

impl From<String> for Refused {
    fn from(why: String) -> Self {
        Self::Unfit(why)
    }
}

/// Adds columns to a product file.
///
/// `encoding` is the name of the encoding in which the file was read.
///
/// # Errors
///
/// Returns an error where the file already has one of the columns, is not what `layout` describes, or is written in an
/// encoding that cannot be edited in place.
pub fn append(
    bytes: &[u8],
    layout: &Layout,
    encoding: &str,
    columns: &Columns<'_>,
) -> Result<Appended, Refused> {
    if let Layout::Workbook { part, header } = layout {
        return workbook::append(bytes, part, *header, columns);
    }
    let read = text::Read::new(bytes, encoding, matches!(layout, Layout::Elements { .. }))?;
    let edits = match layout {
        Layout::Sheet { delimiter, header } => sheet::edits(&read.text, *delimiter, *header, columns)?,
        Layout::Elements { element } => xml::edits(&read.text, element, columns)?,
        layout => json::edits(&read.text, layout, columns)?,
    };
    let text::Edits { inserted, rows, untouched } = edits;
    let (bytes, replaced) = read.written(bytes, inserted)?;
    Ok(Appended { bytes, rows, untouched, replaced })
}

#[cfg(test)]
#[path = "append_tests.rs"]
mod tests;
