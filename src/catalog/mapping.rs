//! Chooses the column of a product file for each field of an item, such as the title.
//!
//! The manifest may name the column, or it is known from the program that wrote the file. If neither applies, the
//! column's name decides, and the content of the first rows only if no name fits or several do. The choice is made
//! once, on the header and the first rows.

use super::dialect::{Columns, Dialect, Field, SaleMark};
use super::survey::Survey;
use super::words::{self, Fit};
use crate::domain::item::FIELDS;
use std::collections::BTreeMap;

/// Fields for which the program looks for a column with a similar name if the usual column of a known program is
/// missing.
const OPEN: [&str; 6] = ["title", "description", "vendor", "type", "tags", "image"];

/// Limit on the number of columns that a hint suggests if no column can be chosen for a field.
pub(super) const OFFERED: usize = 3;

/// Limit on the length, in bytes, of the texts in a column that may hold ids.
const SHORT: usize = 64;

/// Limit on the digits of a number that may be a mere row number. A longer number counts as the shop's product number.
const ROW_NUMBER: usize = 6;

/// The way in which the column of a field was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The manifest or the command line names the column.
    Named,
    /// The column is known from the program that wrote the file, or has one of the field's usual English names.
    Known,
    /// The name of the column fits the field.
    Name,
    /// The content of the column fits the field.
    Content,
}

impl By {
    /// Returns the word for this way of choosing a column in JSON output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Named => "named",
            Self::Known => "known",
            Self::Name => "name",
            Self::Content => "content",
        }
    }
}

/// The column that was chosen for a field, or several if the program that wrote the file uses several.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub(super) field: &'static str,
    pub(super) columns: Vec<usize>,
    pub(super) by: By,
    /// Other columns that the user may mean for the field.
    pub(super) others: Vec<usize>,
}

/// The columns that were chosen for the fields of a file.
#[derive(Debug, Default)]
pub(super) struct Mapping {
    pub(super) choices: Vec<Choice>,
    /// Columns that hold pictures.
    pub(super) pictures: Vec<usize>,
    /// Columns that have the same picture in all filled rows.
    pub(super) same: Vec<usize>,
    /// Columns that may mark an item as not for sale, each with the meaning of its cells. There are none unless the
    /// file is a plain one (written by no known program).
    pub(super) states: Vec<(usize, SaleMark)>,
    /// The column `id`, if it holds mere row numbers and another column was chosen to identify the products.
    pub(super) row_number: Option<usize>,
}

/// A field for which the user names columns that the file does not have.
#[derive(Debug)]
pub(super) struct Missing<'a> {
    pub(super) field: &'static str,
    pub(super) names: &'a [String],
}

/// Returns the field with this name in templates; `None` for the id, which is not a field.
fn field(name: &str) -> Option<Field> {
    [
        Field::Sku,
        Field::Handle,
        Field::Title,
        Field::Description,
        Field::Vendor,
        Field::Type,
        Field::Tags,
        Field::Status,
        Field::Image,
        Field::MoreImages,
    ]
    .into_iter()
    .find(|field| field.name() == name)
}

/// Chooses the columns of a file for all fields. `named` has the columns that the user names for each field. Returns an
/// error if the file has none of the columns that the user names for a field.
pub(super) fn choose<'a>(
    dialect: &'static Dialect,
    headers: &[String],
    named: &'a BTreeMap<String, Vec<String>>,
    survey: &Survey,
) -> Result<Mapping, Missing<'a>> {
    let base = dialect.columns(headers);
    let file = File { headers, survey };
    let mut mapping = Mapping { pictures: file.pictures(&base), ..Mapping::default() };
    for name in FIELDS {
        let known: Vec<usize> = match field(name) {
            Some(field) => base.of(field).to_vec(),
            None => base.ids().collect(),
        };
        if let Some(names) = named.get(name).filter(|names| !names.is_empty()) {
            let at = names.iter().find_map(|wanted| position(headers, wanted));
            let at = at.ok_or(Missing { field: name, names })?;
            mapping.choices.push(Choice {
                field: name,
                columns: vec![at],
                by: By::Named,
                others: Vec::new(),
            });
            continue;
        }
        let found = match (name, dialect.is_plain()) {
            ("image", true) => file.image(known.first().copied(), &mut mapping),
            ("id", true) => file.id(&base, &mut mapping),
            (_, true) if known.is_empty() => file.by_name(name),
            // A hidden column is replaced by a visible one if one fits.
            (_, true) if file.is_hidden(known[0]) => {
                file.by_name(name).filter(|(found, ..)| !file.is_hidden(found[0]))
            }
            (_, false) if known.is_empty() && OPEN.contains(&name) => file.by_name(name),
            _ => None,
        };
        let is_known = !known.is_empty();
        let found = found.or_else(|| is_known.then(|| (known.clone(), By::Known, Vec::new())));
        if let Some((columns, by, others)) = found {
            mapping.choices.push(Choice { field: name, columns, by, others });
        }
    }
    if dialect.is_plain() {
        let status = mapping.of("status").and_then(|choice| choice.columns.first()).copied();
        mapping.states = (0..headers.len()).filter_map(|at| Some((at, says(at, headers, status)?))).collect();
    }
    Ok(mapping)
}

/// Returns the meaning of the cells in a column whose name suggests that it marks items as not for sale. Returns `None`
/// for any other column.
fn says(at: usize, headers: &[String], status: Option<usize>) -> Option<SaleMark> {
    let is = |field: &str| matches!(words::fit(field, &headers[at]), Some(Fit::Whole(_)));
    match () {
        () if is("stocked") => Some(SaleMark::Stocked),
        () if is("shown") => Some(SaleMark::Shown),
        () if is("status") || status == Some(at) => Some(SaleMark::State),
        () => None,
    }
}

/// Returns the index of the column that the user names; `None` if there is none. The name may differ in case, accents
/// or punctuation if only one column's name is that similar.
fn position(headers: &[String], wanted: &str) -> Option<usize> {
    let wanted = wanted.trim();
    let exact = headers.iter().position(|header| header == wanted);
    exact.or_else(|| {
        let folded = words::fold(wanted);
        let mut same = (0..headers.len()).filter(|at| words::fold(&headers[*at]) == folded);
        same.next().filter(|_| same.next().is_none() && !folded.is_empty())
    })
}

impl Mapping {
    /// Replaces the columns that are known from the program that wrote the file by the chosen columns.
    ///
    /// In a plain file (one that no known program wrote), later records may add columns, but they never change the
    /// choice.
    pub(super) fn apply(&self, columns: &mut Columns, is_plain: bool) {
        columns.states.clone_from(&self.states);
        for Choice { field: name, columns: chosen, by, .. } in &self.choices {
            match field(name) {
                _ if *by == By::Known && !is_plain => {}
                Some(field) if *by == By::Known => drop(columns.fields.insert(field, chosen.clone())),
                None => (columns.together, columns.alone) = (chosen.clone(), Vec::new()),
                Some(field) => {
                    columns.fields.insert(field, chosen.clone());
                    columns.chosen.insert(field);
                    if field == Field::Image && *by == By::Named {
                        columns.fields.remove(&Field::VariantImage);
                    }
                }
            }
        }
    }

    /// Returns the choice for a field; `None` if no column was chosen.
    pub(super) fn of(&self, field: &str) -> Option<&Choice> {
        self.choices.iter().find(|choice| choice.field == field)
    }
}

type Found = (Vec<usize>, By, Vec<usize>);

struct File<'a> {
    headers: &'a [String],
    survey: &'a Survey,
}

impl File<'_> {
    /// Returns the columns whose names fit a field, the best fit first.
    ///
    /// Columns that are hidden in the spreadsheet come after all others.
    fn fitting(&self, field: &str) -> Vec<(Fit, usize)> {
        let fits = |(at, name): (usize, &String)| words::fit(field, name).map(|fit| (fit, at));
        let mut found: Vec<(Fit, usize)> = self.headers.iter().enumerate().filter_map(fits).collect();
        found.sort_unstable_by_key(|(fit, at)| (self.survey.hidden.contains(at), *fit, *at));
        found
    }

    fn is_hidden(&self, at: usize) -> bool {
        self.survey.hidden.contains(&at)
    }

    /// Returns the column whose name fits a field best, and the other columns whose names fit; `None` if no name fits.
    fn by_name(&self, field: &str) -> Option<Found> {
        let found = self.fitting(field);
        if field == "image" {
            let mut usable = found.into_iter().filter(|(_, at)| self.may_be_picture(*at)).map(|(_, at)| at);
            return usable.next().map(|at| (vec![at], By::Name, usable.collect()));
        }
        // A column of numbers or addresses is not a title, even if its name says so.
        let is_text = |at: usize| {
            let held = self.survey.column(at);
            field != "title" || self.survey.rows == 0 || held.filled == 0 || held.is_words()
        };
        // A name with a word for titles and another word may be the title of something else.
        let is_sure = |fit: Fit| match fit {
            Fit::Whole(_) => true,
            Fit::Part(part) => field != "title" || part.others == 0,
            Fit::Last => field != "title",
        };
        let usable: Vec<(Fit, usize)> = found.into_iter().filter(|(_, at)| is_text(*at)).collect();
        let first = usable.iter().position(|(fit, _)| is_sure(*fit))?;
        let others = usable.iter().enumerate().filter(|(at, _)| *at != first).map(|(_, (_, at))| *at);
        Some((vec![usable[first].1], By::Name, others.collect()))
    }

    /// Returns a column that identifies the items of a plain file (one that no known program wrote). Looks for it only
    /// if the usual column is missing or has only numbers. Returns `None` if no other column fits, or if the usual
    /// column is good enough.
    fn id(&self, base: &Columns, mapping: &mut Mapping) -> Option<Found> {
        let Some(known) = base.ids().next() else {
            let mut found = self.fitting("id").into_iter().filter(|(fit, _)| matches!(fit, Fit::Whole(_)));
            let (_, at) = found.next()?;
            return Some((vec![at], By::Name, found.map(|(_, at)| at).collect()));
        };
        if words::fold(&self.headers[known]) != "id" || !self.survey.column(known).is_numbers() {
            return None;
        }
        // Does not check whether the numbers are consecutive: a deleted row would then change the ids of all others.
        let is_short = self.survey.column(known).longest <= ROW_NUMBER;
        let found = self.code("handle", known).or_else(|| self.code("sku", known).filter(|_| is_short))?;
        mapping.row_number = Some(known);
        Some((vec![found], By::Name, vec![known]))
    }

    /// Returns the column of `field`, a handle or a SKU, if its texts identify almost all items and are not mere row
    /// numbers.
    ///
    /// `number` is the column `id`, which is never returned because it may hold row numbers.
    fn code(&self, field: &str, number: usize) -> Option<usize> {
        let (_, at) = self.fitting(field).into_iter().find(|(_, at)| *at != number)?;
        let held = self.survey.column(at);
        let bad = self.survey.rows - held.filled + held.repeated();
        // One row in ten may be wrong: it gets its own error, and the other rows keep their ids.
        let is_stable = bad < self.survey.rows && bad <= (self.survey.rows / 10).max(1);
        let is_code = !held.is_numbers() || (field == "sku" && held.longest > ROW_NUMBER);
        (is_stable && is_code).then_some(at)
    }

    /// Reports whether the name of a column suggests that its addresses lead to something other than pictures.
    fn is_link(&self, at: usize) -> bool {
        words::fit("link", &self.headers[at]).is_some()
    }

    fn may_be_picture(&self, at: usize) -> bool {
        let held = self.survey.column(at);
        (held.is_pictures() || held.is_addresses()) && !held.is_one_text()
    }

    /// Chooses the picture column of a plain file (one that no known program wrote); returns `None` if no column fits.
    /// `known` is the column that has a usual English name for pictures. Also stores in `mapping` the columns that have
    /// the same picture in all filled rows.
    fn image(&self, known: Option<usize>, mapping: &mut Mapping) -> Option<Found> {
        let named = self.fitting("image");
        let is_last = |at: usize| named.contains(&(Fit::Last, at));
        let first: Vec<usize> =
            named.iter().filter(|(fit, _)| *fit != Fit::Last).map(|(_, at)| *at).collect();
        let usable: Vec<usize> = first.iter().copied().filter(|at| self.may_be_picture(*at)).collect();
        let is_content = |at: &usize| {
            let held = self.survey.column(*at);
            held.is_all_pictures() && held.differs() && !first.contains(at) && !held.is_one_text()
        };
        let content: Vec<usize> =
            (0..self.headers.len()).filter(|at| is_content(at) && !is_last(*at)).collect();
        let last: Vec<usize> = (0..self.headers.len()).filter(|at| is_content(at) && is_last(*at)).collect();
        let is_same = |at: &usize| {
            let held = self.survey.column(*at);
            held.is_one_text() && (held.is_pictures() || (held.is_addresses() && first.contains(at)))
        };
        mapping.same = (0..self.headers.len()).filter(is_same).collect();
        let by = if usable.is_empty() { By::Content } else { By::Name };
        let ranked: Vec<usize> = usable.iter().copied().chain(content).collect();
        let (at, others) = match ranked.split_first() {
            Some((at, others)) => (*at, others.to_vec()),
            None => (*last.first().filter(|_| known.is_none())?, last[1..].to_vec()),
        };
        let by = if Some(at) == known { By::Known } else { by };
        Some((vec![at], by, others))
    }

    /// Returns the columns that hold pictures.
    fn pictures(&self, base: &Columns) -> Vec<usize> {
        let fields = [Field::Image, Field::MoreImages, Field::VariantImage];
        let is_own = |at: usize| fields.iter().any(|field| base.of(*field).contains(&at));
        let holds = |at: &usize| {
            let held = self.survey.column(*at);
            held.is_pictures()
                || held.shows_pictures()
                || (held.is_addresses() && (is_own(*at) || !self.is_link(*at)))
        };
        (0..self.headers.len()).filter(holds).collect()
    }
}

/// Returns the columns that may identify the items, the likeliest first: each row has a unique text in them.
pub(super) fn ids(headers: &[String], survey: &Survey) -> Vec<usize> {
    let mut found: Vec<usize> = (0..headers.len()).filter(|at| survey.tells_apart(*at)).collect();
    found.sort_by_key(|at| {
        let held = survey.column(*at);
        let fit = words::fit("id", &headers[*at]);
        (held.longest > SHORT || held.is_addresses(), fit.is_none(), fit, *at)
    });
    found.truncate(OFFERED);
    found
}

/// Returns the columns that may hold the titles, the likeliest first.
pub(super) fn titles(headers: &[String], mapping: &Mapping, survey: &Survey) -> Vec<usize> {
    let is_taken = |at: &usize| {
        let others =
            mapping.choices.iter().filter(|choice| !["id", "sku", "handle", "title"].contains(&choice.field));
        others.flat_map(|choice| &choice.columns).any(|column| column == at)
    };
    let is_title = |at: &usize| survey.column(*at).is_words() && !is_taken(at);
    let mut found: Vec<usize> = (0..headers.len()).filter(is_title).collect();
    found.sort_by_key(|at| {
        let (held, fit) = (survey.column(*at), words::fit("title", &headers[*at]));
        (fit.is_none(), fit, !held.differs(), held.is_one_text(), *at)
    });
    found.truncate(OFFERED);
    found
}

/// Returns the hint that shows how the user names a column for a field.
pub(super) fn named(field: &str, column: &str) -> String {
    let typed = if column.contains(|letter: char| !letter.is_alphanumeric() && !"._-+:,@%".contains(letter)) {
        format!("'{field}={}'", column.replace('\'', "'\\''"))
    } else {
        format!("{field}={column}")
    };
    format!(
        "write `columns: {{ {field}: {} }}` under `items:`; for `init` and `catalog`, `--column {typed}`",
        in_yaml(column)
    )
}

/// Returns the name of a column in YAML: quoted unless it is a plain word.
#[must_use]
pub fn in_yaml(name: &str) -> String {
    const WORDS: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    let is_word = name.starts_with(char::is_alphabetic)
        && name.chars().all(|letter| letter.is_alphanumeric() || "_-. ".contains(letter))
        && !name.ends_with(' ')
        && !WORDS.contains(&name.to_lowercase().as_str());
    if is_word { name.to_owned() } else { serde_json::Value::from(name).to_string() }
}

#[cfg(test)]
#[path = "mapping_tests.rs"]
mod tests;
