//! `shotlist catalog`: what a product file is, before a manifest names it.

use super::error::Error;
use super::exit::Exit;
use super::places::quoted;
use crate::catalog::{About, Catalog};
use crate::cli::args::CatalogArgs;
use crate::domain::item::{FactValue, Item, OnePer};
use crate::domain::problem::{Problem, grouped};
use crate::domain::text::count;
use crate::load::product_file;
use crate::report::layout::shorten;
use crate::report::problems;
use crate::report::terminal::Terminal;
use serde_json::{Map, Value as Json, json};

/// So many items are shown.
const SAMPLES: usize = 3;

/// Columns that a sample's text may take.
const SHOWN: usize = 90;

/// Shows what a product file holds, and what of it a shot would make clips of.
pub(crate) fn catalog(terminal: &Terminal, args: &CatalogArgs) -> Result<Exit, Error> {
    let shown = args.product_file.display().to_string();
    let reading = args.reading.reading();
    let catalog = product_file(&args.product_file, &reading).map_err(|reason| {
        Error::new(Exit::Invalid, format!("{shown} cannot be read: {reason}"))
            .money("not charged")
            .hint("shotlist catalog PATH/TO/FILE.csv")
    })?;
    let is_wrong = catalog.problems.iter().any(Problem::is_error);
    if terminal.json {
        terminal.data(data(&shown, catalog));
    } else {
        if let Some(about) = &catalog.about {
            terminal.data(page(&shown, about, reading.one_per, &catalog.items).join("\n"));
        }
        let tally = terminal.problems(catalog.problems);
        if is_wrong {
            terminal.say(format_args!("{tally}. Nothing was sent."));
        }
    }
    if is_wrong {
        terminal.next(format_args!("shotlist catalog {}", quoted(&shown)));
        return Ok(Exit::Invalid);
    }
    terminal.next(format_args!("shotlist init --from {}", quoted(&shown)));
    Ok(Exit::Done)
}

/// How sure it is which program wrote the file.
fn confidence(about: &About) -> &'static str {
    match (about.known * 2 >= about.of, about.of) {
        (_, 0) => "none",
        (true, _) => "high",
        (false, _) => "fair",
    }
}

/// What a file is and how much is in it; the first line begins with its name.
pub(crate) fn facts(shown: &str, about: &About, one_per: OnePer) -> Vec<String> {
    let counts = &about.counts;
    let mut lines = vec![format!(
        "{shown}: {}, {}, {}, {}",
        about.title,
        about.format,
        about.encoding,
        count(about.columns, "column")
    )];
    lines.push(match about.of {
        0 => format!("  confidence {}: no headers of a shop; each row is an item", confidence(about)),
        of => format!(
            "  confidence {}: {} of {of} columns by which it is known; `dialect: {}`",
            confidence(about),
            about.known,
            about.dialect
        ),
    });
    let (mut products, mut variants) = (count(counts.products, "product"), count(counts.variants, "variant"));
    match one_per {
        OnePer::Product => products += &taken(about, counts.products),
        OnePer::Variant | OnePer::Image => variants += &taken(about, counts.variants),
    }
    let pictures = count(counts.distinct_pictures, "picture");
    lines.push(format!("  {} -> {products}, {variants}, {pictures}", count(counts.rows, "row")));
    if counts.image_only_rows > 0 {
        lines.push(format!(
            "  only a picture in {}: no clips of their own",
            count(counts.image_only_rows, "row")
        ));
    }
    if counts.variants_without_sku > 0 && about.of > 0 {
        let (without, all) = (counts.variants_without_sku, counts.variants);
        lines.push(format!(
            "  no SKU in {without} of {}; it matters with `one_per: variant`",
            count(all, "variant")
        ));
    }
    let kinds: Vec<String> = about.kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    if !kinds.is_empty() {
        lines.push(format!("  kinds of rows: {}", kinds.join(" · ")));
    }
    lines
}

/// How many of these are taken, and why the others are not.
fn taken(about: &About, all: usize) -> String {
    let left: usize = about.left_out.iter().map(|(_, count)| count).sum();
    if left == 0 {
        return String::new();
    }
    let reasons = about.left_out.iter().map(|(reason, count)| format!(", {count} {reason}"));
    format!(" ({} active{})", all.saturating_sub(left), reasons.collect::<String>())
}

fn page(shown: &str, about: &About, one_per: OnePer, items: &[Item]) -> Vec<String> {
    let mut lines = facts(shown, about, one_per);
    let (counts, makes) = (&about.counts, &about.makes);
    lines.push(format!(
        "  clips a shot: {} with one_per: product · {} with variant · {} with image",
        makes.product, makes.variant, makes.image
    ));
    if !about.left_out.is_empty() {
        lines.push(format!(
            "  with all: true: {} with one_per: product · {} with variant · {} with image",
            counts.products, counts.variants, counts.variant_pictures
        ));
    }
    lines.push(String::new());
    let width = about.mapping.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, columns) in &about.mapping {
        lines.push(format!("  {name:<width$}  <- {}", columns.join(", ")));
    }
    for item in items.iter().take(SAMPLES) {
        lines.push(String::new());
        let row = item.get("row").unwrap_or_default();
        lines.push(format!("  {} (row {row}): {}", item.id, shorten(item.title(), SHOWN)));
        for name in ["options", "description", "image"] {
            let text = match item.fact(name).map(|fact| &fact.value) {
                Some(FactValue::Pairs(pairs)) => {
                    let pairs: Vec<String> =
                        pairs.iter().map(|(name, text)| format!("{name} {text}")).collect();
                    pairs.join(" · ")
                }
                _ => item.get(name).unwrap_or_default().to_owned(),
            };
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            if !text.is_empty() {
                lines.push(format!("    {name:<width$}  {}", shorten(&text, SHOWN)));
            }
        }
    }
    lines
}

fn data(shown: &str, catalog: Catalog) -> Json {
    let samples: Vec<Json> = catalog.items.iter().take(SAMPLES).map(sample).collect();
    let problems: Vec<Json> = grouped(catalog.problems).iter().map(problems::json).collect();
    let Some(about) = catalog.about else {
        return json!({ "format": 1, "file": shown, "dialect": null, "items": samples, "problems": problems });
    };
    let counts = &about.counts;
    json!({
        "format": 1,
        "file": shown,
        "dialect": about.dialect,
        "title": about.title,
        "confidence": confidence(&about),
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

/// An item as templates see it, without its columns.
fn sample(item: &Item) -> Json {
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
