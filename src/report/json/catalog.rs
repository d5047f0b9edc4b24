//! The content of a product file as JSON.

use crate::app::catalog::{CatalogReport, SAMPLES, confidence};
use crate::domain::item::{FactValue, Item};
use crate::domain::problem::grouped;
use crate::report::problems;
use serde_json::{Map, Value, json};

/// Returns the one object of the command.
#[must_use]
pub fn object(report: &CatalogReport) -> Value {
    let CatalogReport { shown, catalog, .. } = report;
    let samples: Vec<Value> = catalog.items.iter().take(SAMPLES).map(sample).collect();
    let problems: Vec<Value> = grouped(catalog.problems.clone()).iter().map(problems::json).collect();
    let Some(about) = &catalog.about else {
        return json!({ "format": 1, "file": shown, "dialect": null, "items": samples, "problems": problems });
    };
    let counts = &about.counts;
    json!({
        "format": 1,
        "file": shown,
        "dialect": about.dialect,
        "title": about.title,
        "confidence": confidence(about),
        "known_columns": about.known,
        "of_columns": about.of,
        "written_as": about.format,
        "encoding": about.encoding,
        "columns": about.columns,
        "mapping": about.mapping.iter().map(|(name, columns)| ((*name).to_owned(), json!(columns))).collect::<Map<_, _>>(),
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
        "items": samples,
        "problems": problems,
    })
}

/// Returns an item as templates see it.
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
