//! Formats the content of a product file as JSON.

use crate::app::catalog::{CatalogReport, SAMPLES, confidence};
use crate::catalog::Mapped;
use crate::domain::item::{FactValue, Item};
use crate::domain::problem::grouped;
use crate::report::problems;
use serde_json::{Map, Value, json};

/// The name and version of the object's schema.
const SCHEMA: &str = "shotlist.catalog/1";

/// Returns the JSON object that describes a product file.
#[must_use]
pub fn object(report: &CatalogReport) -> Value {
    let CatalogReport { shown, catalog, .. } = report;
    let samples: Vec<Value> = catalog.items.iter().take(SAMPLES).map(sample).collect();
    let problems: Vec<Value> = grouped(catalog.problems.clone()).iter().map(problems::json).collect();
    let Some(about) = &catalog.about else {
        return json!({ "schema": SCHEMA, "file": shown, "dialect": null, "items": samples, "problems": problems });
    };
    let counts = &about.counts;
    json!({
        "schema": SCHEMA,
        "file": shown,
        "dialect": about.dialect,
        "title": about.title,
        "confidence": confidence(about),
        "known_columns": about.known,
        "of_columns": about.of,
        "written_as": about.format,
        "encoding": about.encoding,
        "columns": about.columns,
        "mapping": about.mapping.iter().map(mapped).collect::<Map<_, _>>(),
        "unused_columns": about.unused,
        "picture_columns": catalog.pictures.columns,
        "counts": {
            "rows": counts.rows,
            "products": counts.products,
            "variants": counts.variants,
            "image_only_rows": counts.image_only_rows,
            "distinct_pictures": counts.distinct_pictures,
            "variant_pictures": counts.variant_pictures,
            "variants_without_sku": counts.variants_without_sku,
        },
        "kinds": about.kinds,
        "makes": { "product": about.makes.product, "variant": about.makes.variant, "image": about.makes.image },
        "left_out": about.left_out.iter().map(|(reason, count)| (reason.clone(), json!(count))).collect::<Map<_, _>>(),
        "left_out_examples": about.examples,
        "items": samples,
        "problems": problems,
    })
}

/// Returns the name of a catalog field and, as JSON, the columns of the file from which that field is read.
fn mapped(mapped: &Mapped) -> (String, Value) {
    let Mapped { field, columns, by, samples, others } = mapped;
    let value = json!({ "columns": columns, "by": by.name(), "samples": samples, "others": others });
    ((*field).to_owned(), value)
}

/// Returns an item of the file as JSON, with the values that templates can use.
fn sample(item: &Item) -> Value {
    let mut values = Map::new();
    values.insert("id".to_owned(), json!(item.id));
    for fact in &item.facts {
        let value = match &fact.value {
            FactValue::Text(text) => json!(text),
            FactValue::List { parts, .. } => json!(parts),
            FactValue::Pairs(pairs) => {
                pairs.iter().map(|(name, text)| (name.clone(), json!(text))).collect::<Map<_, _>>().into()
            }
        };
        values.insert(fact.name.to_owned(), value);
    }
    values.insert(
        "raw".to_owned(),
        item.columns.iter().map(|(name, text)| (name.to_owned(), json!(text))).collect(),
    );
    values.into()
}
