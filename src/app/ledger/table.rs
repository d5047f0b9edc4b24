//! The money as a table: for people as wide as their terminal, for spreadsheets as CSV.

use crate::cli::args::LedgerBy;
use crate::domain::lifecycle::{Account, Phase};
use crate::domain::money::Usd;
use crate::report::layout::{shorten, width};
use crate::store::Group;

/// The money of one name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Row {
    /// The day, model, provider, item or outcome.
    pub(crate) name: String,
    /// How many takes were sent.
    pub(crate) takes: u64,
    /// Surely spent.
    pub(crate) settled: Usd,
    /// Set aside for what is on its way.
    pub(crate) reserved: Usd,
    /// May have been charged.
    pub(crate) in_doubt: Usd,
    /// The part of what is settled that brought no clip.
    pub(crate) wasted: Usd,
    /// How many were refused, at no cost.
    pub(crate) refused: u64,
    /// What they would have cost.
    pub(crate) refused_usd: Usd,
}

/// All rows, and their sum.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Table {
    by: LedgerBy,
    pub(crate) rows: Vec<Row>,
    pub(crate) total: Row,
}

/// A column that is left out where it says nothing.
struct Column {
    title: &'static str,
    of: fn(&Row) -> String,
    says: fn(&Row) -> bool,
}

const COLUMNS: [Column; 6] = [
    Column { title: "takes", of: |row| row.takes.to_string(), says: |_| true },
    Column { title: "settled", of: |row| row.settled.to_string(), says: |_| true },
    Column { title: "reserved", of: |row| shown(row.reserved), says: |row| row.reserved > Usd::ZERO },
    Column { title: "in doubt", of: |row| shown(row.in_doubt), says: |row| row.in_doubt > Usd::ZERO },
    Column { title: "wasted", of: |row| shown(row.wasted), says: |row| row.wasted > Usd::ZERO },
    Column {
        title: "refused",
        of: |row| if row.refused == 0 { "–".to_owned() } else { row.refused.to_string() },
        says: |row| row.refused > 0,
    },
];

/// Below this many columns a name says nothing.
const NARROWEST_NAME: usize = 10;

/// Nothing catches the eye less than a dash.
fn shown(usd: Usd) -> String {
    if usd == Usd::ZERO { "–".to_owned() } else { usd.to_string() }
}

impl Table {
    /// Groups of one name become a row; names keep their order.
    pub(crate) fn of(by: LedgerBy, groups: &[Group]) -> Self {
        let mut rows: Vec<Row> = Vec::new();
        let mut total = Row { name: "total".to_owned(), ..Row::default() };
        for group in groups {
            let name = if by == LedgerBy::Outcome { outcome(group) } else { &group.name };
            let at = rows.iter().rposition(|row| row.name == name).unwrap_or_else(|| {
                rows.push(Row { name: name.to_owned(), ..Row::default() });
                rows.len() - 1
            });
            rows[at].add(group);
            total.add(group);
        }
        Self { by, rows, total }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table, at most so wide, and what its words mean.
    pub(crate) fn lines(&self, columns: usize) -> Vec<String> {
        let all: Vec<&Row> = self.rows.iter().chain([&self.total]).collect();
        let shown: Vec<&Column> = COLUMNS.iter().filter(|column| (column.says)(&self.total)).collect();
        let wide = |column: &&Column| {
            all.iter().map(|row| width(&(column.of)(row))).chain([column.title.len()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = shown.iter().map(wide).collect();
        let taken: usize = widths.iter().map(|width| width + 2).sum();
        let longest = all.iter().map(|row| width(&row.name)).max().unwrap_or(0).max(self.by.name().len());
        let room = columns.saturating_sub(taken).max(NARROWEST_NAME).min(longest);
        let line = |name: &str, cells: Vec<String>| {
            let name = shorten(name, room);
            let mut line = format!("{name}{}", " ".repeat(room - width(&name)));
            for (cell, wide) in cells.iter().zip(&widths) {
                line += &" ".repeat(2 + wide - width(cell));
                line += cell;
            }
            line
        };
        let mut lines =
            vec![line(self.by.name(), shown.iter().map(|column| column.title.to_owned()).collect())];
        let cells = |row: &Row| shown.iter().map(|column| (column.of)(row)).collect();
        lines.extend(self.rows.iter().map(|row| line(&row.name, cells(row))));
        lines.push("─".repeat(room + taken));
        lines.push(line(&self.total.name, cells(&self.total)));
        if self.total.wasted > Usd::ZERO {
            lines.push(String::new());
            lines.push("wasted: the part of settled that brought no clip".to_owned());
        }
        lines
    }

    /// One line for each row and none for their sum, which a spreadsheet makes itself.
    pub(crate) fn csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let head =
            [self.by.name(), "takes", "settled_usd", "reserved_usd", "in_doubt_usd", "wasted_usd", "refused"];
        let rows = self.rows.iter().map(|row| {
            let (takes, refused) = (row.takes.to_string(), row.refused.to_string());
            let [settled, reserved, in_doubt, wasted] =
                [row.settled, row.reserved, row.in_doubt, row.wasted].map(Usd::plain);
            [harmless(&row.name), takes, settled, reserved, in_doubt, wasted, refused]
        });
        for record in std::iter::once(head.map(str::to_owned)).chain(rows) {
            writer
                .write_record(record)
                .expect("a vector takes every byte, and all records have seven fields");
        }
        let bytes = writer.into_inner().expect("a vector takes every byte");
        String::from_utf8(bytes).expect("made of strings")
    }
}

impl Row {
    fn add(&mut self, group: &Group) {
        self.takes += group.takes;
        match group.account {
            Account::Settled => self.settled += group.usd,
            Account::Reserved => self.reserved += group.usd,
            Account::InDoubt => self.in_doubt += group.usd,
            Account::Free => {
                self.refused += group.takes;
                self.refused_usd += group.price;
            }
        }
        if group.account == Account::Settled && matches!(group.phase, Phase::Failed | Phase::WrittenOff) {
            self.wasted += group.usd;
        }
    }
}

/// What became of takes, in words.
fn outcome(group: &Group) -> &'static str {
    match (group.phase, group.account) {
        (Phase::Done, _) => "clip",
        (Phase::Held, Account::InDoubt) => "held, in doubt",
        (Phase::Held, _) => "held, clip missing",
        (Phase::Doubtful, _) => "being looked up",
        (Phase::Failed, Account::Free) => "refused, free",
        (Phase::Failed, Account::Settled) => "failed, charged",
        (Phase::Failed, _) => "failed, perhaps charged",
        (Phase::WrittenOff, _) => "written off",
        _ => "on its way",
    }
}

/// A name that a spreadsheet takes for a formula gets an apostrophe, which it takes for the sign of a text.
fn harmless(name: &str) -> String {
    const STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    if name.starts_with(STARTS) { format!("'{name}") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(name: &str, phase: Phase, account: Account, takes: u64, cents: i64) -> Group {
        let usd = if account == Account::Free { Usd::ZERO } else { Usd::from_micros(cents * 10_000) };
        let price = Usd::from_micros(cents * 10_000);
        Group { name: name.into(), phase, account, takes, usd, price }
    }

    fn week() -> Vec<Group> {
        vec![
            group("2026-11-20", Phase::Done, Account::Settled, 812, 32_480),
            group("2026-11-20", Phase::Failed, Account::Free, 9, 360),
            group("2026-11-20", Phase::WrittenOff, Account::Settled, 1, 40),
            group("2026-11-21", Phase::Held, Account::InDoubt, 2, 80),
            group("2026-11-21", Phase::Running, Account::Reserved, 3, 120),
        ]
    }

    #[test]
    fn the_table_adds_up_and_leaves_out_what_says_nothing() {
        let table = Table::of(LedgerBy::Day, &week());
        assert_eq!(
            table.lines(100).join("\n"),
            "\
day         takes  settled  reserved  in doubt  wasted  refused
2026-11-20    822  $325.20         –         –   $0.40        9
2026-11-21      5    $0.00     $1.20     $0.80       –        –
───────────────────────────────────────────────────────────────
total         827  $325.20     $1.20     $0.80   $0.40        9

wasted: the part of settled that brought no clip"
        );
        let quiet = Table::of(LedgerBy::Day, &week()[..1]);
        assert_eq!(quiet.lines(100)[0], "day         takes  settled");
    }

    #[test]
    fn a_narrow_terminal_shortens_names_and_no_amount() {
        let name = "a-very-long-item-id-of-a-sku-that-nobody-can-remember";
        let table = Table::of(LedgerBy::Item, &[group(name, Phase::Done, Account::Settled, 1, 40)]);
        for line in table.lines(40) {
            assert!(width(&line) <= 40, "{line}");
        }
        assert!(table.lines(40)[1].ends_with("$0.40"));
    }

    #[test]
    fn outcomes_are_told_apart_by_where_the_money_stands() {
        let groups = [
            group("", Phase::Failed, Account::Free, 2, 80),
            group("", Phase::Failed, Account::Settled, 1, 40),
            group("", Phase::Running, Account::Reserved, 1, 40),
            group("", Phase::Submitting, Account::Reserved, 1, 40),
        ];
        let table = Table::of(LedgerBy::Outcome, &groups);
        let rows: Vec<_> = table.rows.iter().map(|row| (row.name.as_str(), row.takes)).collect();
        assert_eq!(rows, [("refused, free", 2), ("failed, charged", 1), ("on its way", 2)]);
    }

    #[test]
    fn s16_a_spreadsheet_finds_quotes_and_no_formula() {
        let groups = [
            group("=cmd|' /C calc'!A0", Phase::Done, Account::Settled, 1, 40),
            group("12\" vase, \"blue\"", Phase::Done, Account::Settled, 2, 81),
        ];
        assert_eq!(
            Table::of(LedgerBy::Item, &groups).csv(),
            "item,takes,settled_usd,reserved_usd,in_doubt_usd,wasted_usd,refused\n\
             '=cmd|' /C calc'!A0,1,0.40,0.00,0.00,0.00,0\n\
             \"12\"\" vase, \"\"blue\"\"\",2,0.81,0.00,0.00,0.00,0\n"
        );
    }
}
