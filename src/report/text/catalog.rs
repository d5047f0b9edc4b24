//! The content of a product file in words.

use crate::app::catalog::{CatalogReport, SAMPLES, confidence};
use crate::catalog::About;
use crate::domain::item::{FactValue, Item, OnePer};
use crate::domain::text::count;
use crate::report::layout::shorten;
use crate::report::terminal::Terminal;

/// Columns that a sample's text may take.
const SHOWN: usize = 90;

/// Tells what a file holds on stdout, and its problems on stderr.
pub fn tell(terminal: &Terminal, report: &CatalogReport) {
    let CatalogReport { shown, reading, catalog, .. } = report;
    if let Some(about) = &catalog.about {
        terminal.data(page(shown, about, reading.one_per, &catalog.items).join("\n"));
    }
    let tally = terminal.problems(catalog.problems.clone());
    if report.is_invalid() {
        terminal.say(format_args!("{tally}. Nothing was sent."));
    }
    terminal.next(&report.next);
}

/// Returns what a file is and how much is in it; the first line begins with its name.
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

/// Returns how many of these are taken, and why the others are not.
fn taken(about: &About, all: usize) -> String {
    let left: usize = about.left_out.iter().map(|(_, count)| count).sum();
    if left == 0 {
        return String::new();
    }
    let reasons = about.left_out.iter().map(|(reason, count)| format!(", {count} {reason}"));
    format!(" ({} active{})", all.saturating_sub(left), reasons.collect::<String>())
}

/// Returns what a file holds, with its first items.
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
