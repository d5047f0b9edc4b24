//! A SKU, product or scene: text all the way, under the names its sheet gave it.

use super::problem::Place;

/// One row of a catalog, or one entry of the manifest's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Unique among the items; `0123`, `no` and `1e3` stay what they are.
    pub id: String,
    /// Every column or key, in the order of the source, the id among them.
    pub columns: Vec<(String, String)>,
    /// Where it was written, for messages.
    pub origin: Place,
}

impl Item {
    /// The text under that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.columns.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    /// What people call it: its title or name, else its id.
    #[must_use]
    pub fn title(&self) -> &str {
        ["title", "name"]
            .iter()
            .find_map(|name| self.get(name).filter(|text| !text.trim().is_empty()))
            .unwrap_or(&self.id)
    }

    /// Its row in the sheet, where cells of these columns have a part in what is told.
    #[must_use]
    pub fn row(&self, columns: &[String]) -> Option<u64> {
        match &self.origin {
            Place::Row { row, .. } if !columns.is_empty() => Some(*row),
            _ => None,
        }
    }

    /// Itself among the examples of a message about a text that was made of these columns:
    /// `sheet row 14, column image (nordstjerna-26)`, or `nordstjerna-26 (line 14)` where the manifest holds the
    /// items. Only the id where nothing of the item has a part in it.
    #[must_use]
    pub fn example(&self, columns: &[String]) -> String {
        let Some(row) = self.row(columns) else {
            return match &self.origin {
                Place::Text { line, .. } if !columns.is_empty() => format!("{} (line {line})", self.id),
                _ => self.id.clone(),
            };
        };
        // `item.id` may stand in a column of another name.
        let cells: Vec<&str> =
            columns.iter().map(String::as_str).filter(|column| self.get(column).is_some()).collect();
        match cells.as_slice() {
            [] => format!("sheet row {row} ({})", self.id),
            [column] => format!("sheet row {row}, column {column} ({})", self.id),
            columns => format!("sheet row {row}, columns {} ({})", columns.join(", "), self.id),
        }
    }
}
