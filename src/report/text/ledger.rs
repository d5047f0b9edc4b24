//! Formats the costs of a project, as a table for people and as CSV for spreadsheets.

use crate::app::ledger::adjust::AdjustReport;
use crate::app::ledger::{LedgerReport, Row, Table, sent, why};
use crate::app::places::Places;
use crate::domain::money::Usd;
use crate::domain::price::{amount, up_to};
use crate::domain::text::count;
use crate::domain::time::passed;
use crate::domain::units::utc;
use crate::report::csv::harmless;
use crate::report::layout::{lasted, shorten, width, wrap};
use crate::store::Costs;

/// The maximum number of renderings that are listed below the table because they may have been charged.
const EXAMPLES: usize = 5;

/// The indentation of further lines about a rendering, in columns.
const DEEPER: usize = 6;

/// Returns the table of costs, and the renderings that may have been charged, as lines no wider than `columns`.
#[must_use]
pub fn lines(places: &Places, report: &LedgerReport, columns: usize) -> Vec<String> {
    if report.table.rows.is_empty() {
        let since = report.request.since.map(|day| format!(" since {day}")).unwrap_or_default();
        return vec![format!("nothing was charged or refused{since}, and no request waits for its result")];
    }
    let mut lines = table(&report.table, columns);
    if places.sandbox {
        lines.push("All amounts are sandbox money.".to_owned());
    }
    lines.extend(doubt(report).iter().flat_map(|line| wrap(line, columns, DEEPER)));
    lines
}

/// Returns the line about a corrected cost.
#[must_use]
pub fn adjusted(AdjustReport { key, was, usd, settles, reason, .. }: &AdjustReport) -> String {
    if *settles {
        let charged = if *usd == Usd::ZERO { "not charged" } else { "charged" };
        return format!("{key}  perhaps {was} → {charged}, {usd}  {reason}");
    }
    if was == usd {
        return format!("{key} already counts as {usd}; nothing was changed");
    }
    format!("{key}  cost {was} → {usd}  {reason}")
}

/// A column of the table, which is left out if it has no values.
struct Column {
    title: &'static str,
    of: fn(&Row) -> String,
    says: fn(&Row) -> bool,
}

const COLUMNS: [Column; 8] = [
    Column { title: "requests", of: |row| row.takes.to_string(), says: |_| true },
    Column {
        title: "refused",
        of: |row| if row.refused == 0 { "–".to_owned() } else { row.refused.to_string() },
        says: |row| row.refused > 0,
    },
    Column { title: "spent", of: |row| row.settled.to_string(), says: |_| true },
    Column { title: "reserved", of: |row| shown(row.reserved), says: |row| row.reserved > Usd::ZERO },
    Column { title: "in doubt", of: |row| shown(row.in_doubt), says: |row| row.in_doubt > Usd::ZERO },
    Column { title: "wasted", of: |row| shown(row.wasted), says: |row| row.wasted > Usd::ZERO },
    Column {
        title: "approved",
        of: |row| row.approved.map_or_else(|| "–".to_owned(), |clips| clips.to_string()),
        says: |row| row.approved.is_some_and(|clips| clips > 0),
    },
    Column {
        title: "cost per approved clip",
        of: |row| row.per_approved().map_or_else(|| "–".to_owned(), |usd| usd.to_string()),
        says: |row| row.approved.is_some_and(|clips| clips > 0),
    },
];

/// The minimum number of columns for a name. A shorter name would not be recognizable.
const NARROWEST_NAME: usize = 10;

/// Returns an amount, or a dash for zero.
fn shown(usd: Usd) -> String {
    if usd == Usd::ZERO { "–".to_owned() } else { usd.to_string() }
}

/// Returns the table of costs, then explanations of its headings, as lines no wider than `columns`.
fn table(table: &Table, columns: usize) -> Vec<String> {
    let all: Vec<&Row> = table.rows.iter().chain([&table.total]).collect();
    let shown: Vec<&Column> = COLUMNS.iter().filter(|column| (column.says)(&table.total)).collect();
    let wide = |column: &&Column| {
        all.iter().map(|row| width(&(column.of)(row))).chain([column.title.len()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = shown.iter().map(wide).collect();
    let longest = all.iter().map(|row| width(name(row))).max().unwrap_or(0).max(table.by.name().len());
    let taken = |gap: usize| -> usize { widths.iter().map(|width| gap + width).sum() };
    // The gaps between columns shrink before a name becomes too short.
    let gap = if taken(2) + longest.min(NARROWEST_NAME) > columns { 1 } else { 2 };
    let taken = taken(gap);
    let room = columns.saturating_sub(taken).max(NARROWEST_NAME).min(longest);
    let line = |name: &str, cells: Vec<String>| {
        let name = shorten(name, room);
        let mut line = format!("{name}{}", " ".repeat(room - width(&name)));
        for (cell, wide) in cells.iter().zip(&widths) {
            line += &" ".repeat(gap + wide - width(cell));
            line += cell;
        }
        line
    };
    let mut lines = vec![line(table.by.name(), shown.iter().map(|column| column.title.to_owned()).collect())];
    let cells = |row: &Row| shown.iter().map(|column| (column.of)(row)).collect();
    lines.extend(table.rows.iter().map(|row| line(name(row), cells(row))));
    lines.push("─".repeat(room + taken));
    lines.push(line(&table.total.name, cells(&table.total)));
    let notes = [
        (table.total.refused > 0, "refused: how many of the requests were not accepted; they cost nothing"),
        (table.total.wasted > Usd::ZERO, "wasted: the part of the spent amount that produced no clip"),
        (
            table.total.approved.is_some_and(|clips| clips > 0),
            "cost per approved clip: all amounts that were or may have been charged, also for failed, rejected and replaced \
             renderings, divided by the number of approved clips; rounded up",
        ),
        (table.by.overlaps(), "A rendering counts under each tag of its item, so the rows overlap."),
    ];
    if notes.iter().any(|(is_due, _)| *is_due) {
        lines.push(String::new());
    }
    let notes = notes.into_iter().filter(|(is_due, _)| *is_due);
    lines.extend(notes.flat_map(|(_, note)| wrap(note, columns, DEEPER)));
    lines
}

/// Returns the name of a row of the table of costs, or `(no tag)` for the row of the items without a tag.
fn name(row: &Row) -> &str {
    if row.name.is_empty() { "(no tag)" } else { &row.name }
}

/// Returns the table of costs as CSV, without a line for the sum, because a spreadsheet can compute it.
pub(crate) fn csv(table: &Table) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let head =
        [table.by.name(), "takes", "settled_usd", "reserved_usd", "in_doubt_usd", "wasted_usd", "refused"];
    let counts_approved = table.total.approved.is_some();
    let head =
        head.into_iter().chain(["approved", "per_approved_usd"].into_iter().filter(|_| counts_approved));
    let rows = table.rows.iter().map(|row| {
        let (takes, refused) = (row.takes.to_string(), row.refused.to_string());
        let [settled, reserved, in_doubt, wasted] =
            [row.settled, row.reserved, row.in_doubt, row.wasted].map(Usd::plain);
        let mut cells =
            vec![harmless(&row.name).into_owned(), takes, settled, reserved, in_doubt, wasted, refused];
        if let Some(approved) = row.approved {
            cells.extend([approved.to_string(), row.per_approved().map(Usd::plain).unwrap_or_default()]);
        }
        cells
    });
    for record in std::iter::once(head.map(str::to_owned).collect()).chain(rows) {
        writer.write_record(record).expect("a vector takes every byte, and all records have the same fields");
    }
    let bytes = writer.into_inner().expect("a vector takes every byte");
    String::from_utf8(bytes).expect("made of strings")
}

/// Returns the lines about renderings that may have been charged, with the time and the id of their requests.
fn doubt(LedgerReport { doubtful, now, .. }: &LedgerReport) -> Vec<String> {
    if doubtful.is_empty() {
        return Vec::new();
    }
    let most = up_to(doubtful.iter().map(|costs| costs.usd));
    let mut lines = vec![
        String::new(),
        format!(
            "{} in doubt, which may have been charged {most} in total:",
            count(doubtful.len(), "rendering")
        ),
    ];
    for Costs { take, usd } in doubtful.iter().take(EXAMPLES) {
        lines.push(format!("  {}  {}  {}", take.key, amount([*usd]), why(&take.state)));
        if let Some((at, id)) = sent(&take.state) {
            lines.push(format!("      sent {} ({} ago) as {id}", utc(at), lasted(passed(at, *now))));
        }
    }
    if doubtful.len() > EXAMPLES {
        lines.push(format!("  … and {} more", doubtful.len() - EXAMPLES));
    }
    lines
}

#[cfg(test)]
mod tests;
