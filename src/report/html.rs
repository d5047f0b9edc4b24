//! Builds the report page: one HTML file with a gallery of all clips. `report` writes the page and `review` serves it.

pub mod contract;
pub mod data;
mod describe;
pub mod page;
pub mod pictures;
pub mod texts;
pub mod write;
