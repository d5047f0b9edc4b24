//! Describes the content of a product file in words.

use crate::app::catalog::{CatalogReport, SAMPLES, confidence};
use crate::catalog::{About, By, Mapped};
use crate::domain::item::{FactValue, Item, OnePer};
use crate::domain::text::count;
use crate::report::layout::{self, labelled, shorten};
use crate::report::terminal::Terminal;

/// The maximum width of a line in columns, also on wider terminals and in pipes.
pub(super) const WIDEST: usize = 120;

/// The maximum number of unmapped columns of the file that are listed.
const NAMED: usize = 12;

/// Writes the content of a product file to stdout, and its problems to stderr.
pub fn tell(terminal: &Terminal, report: &CatalogReport) {
    let CatalogReport { shown, reading, catalog, .. } = report;
    if let Some(about) = &catalog.about {
        let columns = terminal.columns().min(WIDEST);
        terminal.data(page(shown, about, reading.one_per, &catalog.items, columns).join("\n"));
    }
    let tally = terminal.problems(catalog.problems.clone());
    if report.is_invalid() {
        terminal.say(format_args!("{tally}. Nothing was sent."));
    }
    terminal.next(&report.next);
}

/// Returns facts about a product file, one a line: kind, columns, rows, products, variants and pictures. The first line
/// begins with `shown`, the file's name.
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
        0 => format!(
            "  confidence {}: not an export of a known shop system, so each row is an item",
            confidence(about)
        ),
        of => format!(
            "  confidence {}: the file has {} of the {of} columns that identify this format; `dialect: {}`",
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
            "  {} with only a further picture of a product: such a row is not a product",
            count(counts.image_only_rows, "row")
        ));
    }
    if counts.variants_without_sku > 0 && about.of > 0 {
        let (without, all) = (counts.variants_without_sku, counts.variants);
        lines.push(format!(
            "  no SKU in {without} of {}, which matters with `one_per: variant`",
            count(all, "variant")
        ));
    }
    let kinds: Vec<String> = about.kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    if !kinds.is_empty() {
        lines.push(format!("  kinds of rows: {}", kinds.join(" · ")));
    }
    lines
}

/// Returns how many of `all` products or variants are active, and how many each reason leaves out; empty if all are
/// active.
fn taken(about: &About, all: usize) -> String {
    let left: usize = about.left_out.iter().map(|(_, count)| count).sum();
    if left == 0 {
        return String::new();
    }
    let reasons = about.left_out.iter().map(|(reason, count)| format!(", {count} {reason}"));
    format!(" ({} active{})", all.saturating_sub(left), reasons.collect::<String>())
}

/// Returns the whole description of a product file: facts, mapping of columns, and the given items.
fn page(shown: &str, about: &About, one_per: OnePer, items: &[Item], columns: usize) -> Vec<String> {
    let mut lines = facts(shown, about, one_per);
    if about.of == 0 {
        lines[1].push_str("; check the columns below");
    }
    let (counts, makes) = (&about.counts, &about.makes);
    let clips = |product: usize, variant: usize, image: usize| {
        format!(
            "{product} with `one_per: product` · {variant} with `one_per: variant` · {image} with `one_per: image`"
        )
    };
    let made = clips(makes.product, makes.variant, makes.image);
    lines.extend(labelled("  clips for each shot: ", &made, columns));
    if !about.left_out.is_empty() {
        let made = clips(counts.products, counts.variants, counts.variant_pictures);
        lines.extend(labelled("  clips for each shot with `all: true`: ", &made, columns));
    }
    for (reason, rows) in &about.examples {
        lines.extend(labelled(&format!("  {reason}: "), &rows.join(", "), columns));
    }
    lines.push(String::new());
    let width = about.mapping.iter().map(|mapped| mapped.field.len()).max().unwrap_or(0);
    let mut shown: Vec<&str> = Vec::new();
    for mapped in &about.mapping {
        lines.extend(mapping(mapped, width, columns));
        let first = mapped.columns.first().map_or("", String::as_str);
        if !mapped.samples.is_empty() && !shown.contains(&first) {
            lines.push(format!(
                "  {:<width$}     {}",
                "",
                samples(&mapped.samples, columns.saturating_sub(width + 7))
            ));
            shown.push(first);
        }
    }
    if !about.unused.is_empty() {
        let named = &about.unused[..about.unused.len().min(NAMED)];
        let more = about.unused.len() - named.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        lines.extend(labelled("  other columns: ", &format!("{}{more}", named.join(", ")), columns));
    }
    let room = columns.saturating_sub(width + 6);
    for item in items.iter().take(SAMPLES) {
        lines.push(String::new());
        let row = item.get("row").unwrap_or_default();
        let head = format!("  {} (row {row}): ", item.id);
        let title = shorten(item.title(), columns.saturating_sub(layout::width(&head)));
        lines.push(format!("{head}{title}"));
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
                lines.push(format!("    {name:<width$}  {}", shorten(&text, room)));
            }
        }
    }
    lines
}

/// Returns the lines about one catalog field: its columns, how they were found, and which other columns were possible.
fn mapping(mapped: &Mapped, width: usize, columns: usize) -> Vec<String> {
    let how = match mapped.by {
        By::Known => "",
        By::Named => " (as named)",
        By::Name => " (by its name)",
        By::Content => " (by its content)",
    };
    let others = match mapped.others.as_slice() {
        [] => String::new(),
        others => format!("; or {}", others.join(", ")),
    };
    let text = format!("{}{how}{others}", mapped.columns.join(", "));
    labelled(&format!("  {:<width$}  <- ", mapped.field), &text, columns)
}

/// Returns sample texts of a column on one line of at most `columns` terminal columns.
pub(super) fn samples(texts: &[String], columns: usize) -> String {
    let between = 3 * texts.len().saturating_sub(1);
    let flat = |text: &String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let texts: Vec<String> = texts.iter().map(flat).collect();
    let mut room = columns.saturating_sub(between);
    // Longer texts get the space that shorter texts do not use.
    let mut shares = vec![0; texts.len()];
    let mut order: Vec<usize> = (0..texts.len()).collect();
    order.sort_by_key(|at| layout::width(&texts[*at]));
    for (done, at) in order.iter().enumerate() {
        shares[*at] = layout::width(&texts[*at]).min(room / (texts.len() - done));
        room -= shares[*at];
    }
    let cut: Vec<String> = texts.iter().zip(shares).map(|(text, share)| shorten(text, share)).collect();
    cut.join(" · ")
}
