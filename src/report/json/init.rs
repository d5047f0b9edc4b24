//! Formats the result of `init` as JSON.

use crate::app::init::Written;
use serde_json::{Value, json};

/// Returns the JSON object with the files that `init` wrote, and with the product file that it read, if any.
#[must_use]
pub fn object(written: &Written) -> Value {
    let mut object = json!({ "schema": "shotlist.init/1", "format": 1, "manifest": written.manifest, "schema_file": written.schema });
    if let Some(products) = &written.products {
        object["from"] = json!({
            "file": products.file,
            "dialect": products.about.dialect,
            "model": products.model.to_string(),
            "clips": products.clips,
            "total_usd": products.total.plain(),
            "unusable": products.unusable,
            "pictures": { "column": products.pictures.chosen, "samples": products.pictures.samples },
        });
    }
    object
}
