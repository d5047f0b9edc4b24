//! Describes a product file, and reports the products and variants that are skipped.

use super::guards::opened;
use super::{Known, Table, shared};
use crate::catalog::dialect::{Columns, Field, lacking_one};
use crate::catalog::items::{ItemBuilder, ItemCounts, ItemSet, Observation};
use crate::catalog::listed::listed;
use crate::catalog::{AS_CSV, About, By, Mapped, mapping};
use crate::domain::foreign::shown;
use crate::domain::item::{OnePer, Reading};
use crate::domain::problem::{Problem, Severity};
use crate::domain::text::either;
use std::collections::{BTreeMap, HashSet};

/// Number of characters of a long id that a message shows.
const SHOWN: usize = 40;

impl Table<'_> {
    /// Makes the items of a file whose rows are all in memory, and returns the description of the file.
    pub(super) fn gathered(&self, known: &mut Known) -> About {
        let Known { dialect, confidence, columns, products, made, .. } = known;
        products.close(columns);
        let Reading { one_per, all, .. } = *self.options;
        let names = shared(&self.headers);
        let (file, headers, names) = (self.file, self.headers.as_slice(), &names);
        let maker = ItemBuilder { file, dialect, headers, names, columns, one_per, all };
        let mut about = About {
            format: self.format.clone(),
            encoding: self.encoding,
            dialect: &dialect.name,
            title: &dialect.title,
            known: confidence.known,
            of: confidence.of,
            columns: self.headers.len(),
            mapping: self.mapped(columns),
            unused: self.unused(columns),
            is_titled: self.is_titled(columns),
            titles: if self.is_titled(columns) { Vec::new() } else { self.titles() },
            counts: products.counts(),
            makes: ItemCounts::default(),
            kinds: std::mem::take(&mut products.kinds),
            left_out: Vec::new(),
            examples: BTreeMap::new(),
        };
        maker.count(&products.list, &mut about.makes);
        if !dialect.is_plain() {
            made.makes = about.makes;
        }
        maker.items(std::mem::take(&mut products.list), made);
        about.left_out = made.left_out.iter().map(|(reason, count)| ((*reason).to_owned(), *count)).collect();
        about.examples =
            made.examples.iter().map(|(reason, rows)| ((*reason).to_owned(), rows.clone())).collect();
        about
    }

    fn mapped(&self, columns: &Columns) -> Vec<Mapped> {
        let named = |found: &[usize]| -> Vec<String> {
            found.iter().filter_map(|column| self.headers.get(*column).cloned()).collect()
        };
        let mapped = |field: &'static str, found: &[usize]| {
            let choice = self.mapping.of(field);
            // The first column may be empty; the samples come from the first filled one.
            let samples = found.iter().map(|at| &self.survey.column(*at).samples).find(|it| !it.is_empty());
            Mapped {
                field,
                columns: named(found),
                by: choice.map_or(By::Known, |choice| choice.by),
                samples: samples.map(|cells| shown_as(field, cells)).unwrap_or_default(),
                others: choice.map(|choice| named(&choice.others)).unwrap_or_default(),
            }
        };
        let ids: Vec<usize> = columns.ids().collect();
        let fields = columns.fields.iter().map(|(field, found)| mapped(field.name(), found));
        let all = std::iter::once(mapped("id", &ids)).chain(fields);
        all.filter(|mapped| !mapped.columns.is_empty()).collect()
    }

    fn unused(&self, columns: &Columns) -> Vec<String> {
        let used: HashSet<usize> = columns.ids().chain(columns.fields.values().flatten().copied()).collect();
        let is_unused = |at: &usize| !used.contains(at) && self.survey.column(*at).filled > 0;
        (0..self.headers.len()).filter(is_unused).map(|at| self.headers[at].clone()).collect()
    }

    fn is_titled(&self, columns: &Columns) -> bool {
        let is_named = self.mapping.of("title").is_some_and(|choice| choice.by == By::Named);
        is_named || columns.of(Field::Title).iter().any(|at| self.survey.column(*at).is_words())
    }

    fn titles(&self) -> Vec<String> {
        let likely = mapping::titles(&self.headers, &self.mapping, &self.survey);
        likely.into_iter().map(|at| self.headers[at].clone()).collect()
    }

    /// Returns the warnings and notes about the items as a whole.
    pub(super) fn notes(&self, known: &Known) -> Vec<Problem> {
        let Known { dialect, made, .. } = known;
        let lacking = if dialect.is_plain() { self.lacking() } else { None };
        let notes = [
            lacking,
            self.left_out(made),
            self.cut(made),
            self.trimmed(made),
            self.formula(),
            self.quoted(made),
            self.lost(made),
        ];
        let unsold = made.unsold.values().filter_map(|unsold| self.unsold(unsold));
        notes.into_iter().flatten().chain(unsold).collect()
    }

    /// Builds the warning that a file is almost the export of a known program but lacks one required column; `None` for
    /// any other file.
    fn lacking(&self) -> Option<Problem> {
        let (dialect, spellings) = lacking_one(&self.headers)
            .filter(|_| self.options.dialect.is_none() && self.options.columns.is_empty())?;
        let (header, others) = spellings.split_first()?;
        let message = format!(
            "the file looks like a {}, but has no column `{header}`: it is read as a plain file, in which each row is \
             an item",
            dialect.title
        );
        let mut problem = self.whole(message);
        problem.severity = Severity::Warning;
        if !others.is_empty() {
            problem = problem.note(format!("the column may also be called `{}`", others.join("`, `")));
        }
        let hint = format!(
            "rename the right column to `{header}`; if the file is not such an export, write `dialect: generic` under \
             `items:`"
        );
        Some(problem.hint(hint))
    }

    /// Builds the note about skipped products or variants, which is an error if no item remains. Returns `None` if none
    /// are skipped.
    fn left_out(&self, made: &ItemSet) -> Option<Problem> {
        let left: usize = made.left_out.values().sum();
        if left == 0 {
            return None;
        }
        let reasons: Vec<String> =
            made.left_out.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        let what = match (self.options.one_per, left) {
            (OnePer::Product, 1) => "1 product is",
            (OnePer::Product, _) => &format!("{left} products are"),
            (_, 1) => "1 variant is",
            (_, _) => &format!("{left} variants are"),
        };
        let mut problem = self.whole(format!("{what} left out: {}", reasons.join(", ")));
        if made.count == 0 && !self.problems.has_error() {
            problem = problem.note("the file has nothing else, so no clip can be made");
        } else {
            problem.severity = Severity::Note;
        }
        Some(if self.options.all {
            problem
        } else {
            problem
                .hint("to make their clips too, use `--all` with `init` or `catalog`, or write `all: true` under `items:` of a manifest")
        })
    }

    /// Builds the note about ids with hidden characters at an end.
    fn trimmed(&self, made: &ItemSet) -> Option<Problem> {
        let (written, id) = made.trimmed.first.as_ref()?;
        let (ids, have) = if made.trimmed.count == 1 { ("id", "has") } else { ("ids", "have") };
        let message = format!(
            "{} {ids} {have} invisible characters at the start or end, which are removed",
            made.trimmed.count
        );
        Some(self.note(message).note(format!("`{}` becomes `{id}`", shown(written))))
    }

    /// Builds the note about formulas that contain only a text, such as `="00123"`; `None` if there are none.
    fn formula(&self) -> Option<Problem> {
        let (row, written) = self.guards.formula.as_ref()?;
        let message = format!("some cells are formulas that contain only a text, the first in row {row}");
        let text = opened(written).unwrap_or_default();
        Some(self.note(message).note(format!("`{}` is read as `{}`", shown(written), shown(text))))
    }

    /// Builds the warning about ids that begin with an apostrophe; `None` if there are none.
    fn quoted(&self, made: &ItemSet) -> Option<Problem> {
        let (id, column) = made.quoted.first.as_ref()?;
        let (ids, begin) = if made.quoted.count == 1 { ("id", "begins") } else { ("ids", "begin") };
        let message = format!("{} {ids} of column `{column}` {begin} with an apostrophe", made.quoted.count);
        let problem = Problem { severity: Severity::Warning, ..self.whole(message) };
        let problem = problem.label(format!("`{}`", shown(id)));
        Some(problem.hint(
            "the apostrophe is now part of the id; if only a spreadsheet needs it, delete it in the sheet",
        ))
    }

    /// Builds the warning about letters that were lost when the file was saved, and are question marks now; `None` if
    /// there are none.
    fn lost(&self, made: &ItemSet) -> Option<Problem> {
        let (word, id) = made.lost.first.as_ref()?;
        let (items, have) = if made.lost.count == 1 { ("item", "has") } else { ("items", "have") };
        let message = format!(
            "{} {items} {have} a question mark within a word: the letter there was lost when the file was saved",
            made.lost.count
        );
        let problem = Problem { severity: Severity::Warning, ..self.whole(message) };
        let problem = problem.label(format!("such as `{}` (item {id})", shown(word)));
        let is_sheet = self.format.starts_with("CSV") || self.format.starts_with("XLSX");
        Some(if is_sheet {
            problem.hint(format!("open the original file, which still has the letters, and {AS_CSV}"))
        } else {
            problem.hint("export the file again as UTF-8")
        })
    }

    fn cut(&self, made: &ItemSet) -> Option<Problem> {
        let (written, id) = made.cut.first.as_ref()?;
        let (ids, are) = if made.cut.count == 1 { ("id", "is") } else { ("ids", "are") };
        let message = format!(
            "{} {ids} {are} too long for the name of a file, or {} several ids, and {are} shortened",
            made.cut.count,
            if made.cut.count == 1 { "lists" } else { "list" },
        );
        let start: String = written.chars().take(SHOWN).collect();
        Some(self.note(message).note(format!("`{start}…` becomes `{id}`")))
    }

    /// Builds the note about items that the shop does not sell. These items still get clips, because items of plain
    /// files (written by no known program) are never skipped.
    fn unsold(&self, unsold: &Observation) -> Option<Problem> {
        let (_, column) = unsold.first.as_ref()?;
        let (items, are, kept) =
            if unsold.count == 1 { ("item", "is", "it is") } else { ("items", "are", "they are") };
        let states = unsold.states.iter().map(|state| (*state).to_owned());
        let states = either(states);
        let message = format!(
            "{} {items} {are} marked as {states} in column `{column}`; {kept} kept, because the file is \
             not an export of a known shop system",
            unsold.count
        );
        let name = format!("item.raw[{}]", serde_json::Value::from(column.as_str()));
        let unlike = |word: &String| format!("{name} != {}", serde_json::Value::from(word.as_str()));
        let is_sold = unsold.words.iter().map(unlike).collect::<Vec<_>>().join(" and ");
        let hint = format!("to leave such items out, write `where: '{is_sold}'` under `items:`");
        Some(self.note(message).hint(hint))
    }

    fn note(&self, message: String) -> Problem {
        let mut problem = self.whole(message);
        problem.severity = Severity::Note;
        problem
    }
}

/// Returns examples of a field's cells. For a field of pictures, only the first picture of each cell is returned.
fn shown_as(field: &str, cells: &[String]) -> Vec<String> {
    let is_picture = [Field::Image, Field::MoreImages, Field::VariantImage].map(Field::name).contains(&field);
    let first = |cell: &String| match listed(cell).first() {
        Some(picture) if is_picture => picture.to_string(),
        _ => cell.clone(),
    };
    cells.iter().map(first).collect()
}
