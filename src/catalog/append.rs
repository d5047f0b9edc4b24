//! Adds columns to a copy of a user's product file, and leaves everything else in the file unchanged.
//!
//! [`Layout`] says where the products are in the file. Edits only insert into the original bytes, so the existing
//! content keeps its encoding, its line ends and its quotes.

mod json;
mod sheet;
mod text;
mod workbook;
mod xml;

pub use sheet::defused;

use std::collections::HashMap;

/// The format of a product file and the position of its products, which are needed to add columns to the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// A text sheet, such as CSV.
    Sheet {
        /// The character between the cells.
        delimiter: u8,
        /// The row number of the header, counted from 1.
        header: u64,
    },
    /// A sheet of an XLSX workbook.
    Workbook {
        /// The path of the sheet's XML in the workbook's ZIP archive.
        part: String,
        /// The row number of the header, counted from 1.
        header: u64,
        /// The column names in the header row.
        names: Vec<String>,
    },
    /// JSON Lines: each line is an object, and each object is a product.
    Lines,
    /// JSON with a list of objects, which are the products.
    List {
        /// The path of the list, with a full stop between names; empty for the document itself.
        path: String,
    },
    /// JSON with a single object, which is the only product.
    One {
        /// The path of the product's object, with a full stop between names; `None` if the user named no path.
        path: Option<String>,
    },
    /// JSON with one object that holds the products under their ids: `{ "A1": { … }, "A2": { … } }`.
    ById {
        /// The path of the object that holds the products, with a full stop between names; `None` if the user named no
        /// path.
        path: Option<String>,
    },
    /// XML with an element for each product.
    Elements {
        /// The name of the element that holds a product.
        element: String,
    },
}

/// Columns that are added to a product file.
#[derive(Debug, Clone, Default)]
pub struct Columns<'a> {
    /// The names of the added columns.
    pub names: &'a [&'a str],
    /// The new cells of each row, by row number (see [`crate::domain::item::Item::line`]). Each row has one text for
    /// each of `names`, in the same order.
    pub rows: HashMap<u64, Vec<String>>,
}

/// A product file with added columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The bytes of the file with the added columns.
    pub bytes: Vec<u8>,
    /// The number of rows that received new cells.
    pub rows: usize,
    /// The numbers of the rows that were left unchanged, because they have a filled cell to the right of the last
    /// column.
    pub untouched: Vec<u64>,
    /// The number of added characters that the encoding of the file lacks; each is written as `?`.
    pub replaced: usize,
}

/// The reason why columns could not be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The file already has a column of this name.
    Taken(String),
    /// The file cannot be edited, for the reason in this text.
    Unfit(String),
}

impl From<String> for Refused {
    fn from(why: String) -> Self {
        Self::Unfit(why)
    }
}

/// Returns a product file with added columns.
///
/// `encoding` is the name of the encoding in which the file was read.
///
/// # Errors
///
/// Returns an error if the file already has one of the columns or does not match `layout`, or if its encoding cannot be
/// edited in place.
pub fn append(
    bytes: &[u8],
    layout: &Layout,
    encoding: &str,
    columns: &Columns<'_>,
) -> Result<Appended, Refused> {
    if let Layout::Workbook { part, header, names } = layout {
        if let Some(taken) = columns.names.iter().find(|name| names.iter().any(|known| known == *name)) {
            return Err(Refused::Taken((*taken).to_owned()));
        }
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
