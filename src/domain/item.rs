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

    /// Itself among the examples of a message: `sheet row 14 (nordstjerna-26)`, or only the id.
    #[must_use]
    pub fn example(&self) -> String {
        match &self.origin {
            Place::Row { row, .. } => format!("sheet row {row} ({})", self.id),
            Place::Text { .. } | Place::File(_) | Place::Nowhere => self.id.clone(),
        }
    }
}
