//! Selects the items and matrix cells (combinations of values) that become jobs, and reports those that do not.

use super::values::Subject;
use crate::domain::item::OnePer;
use crate::domain::problem::{EXAMPLES, Place, Problem, Severity};
use crate::domain::request::Field;
use crate::manifest::{Condition, ItemContext, Items, Manifest, Shot};

/// The largest number of clips in a manifest: the paths and keys of all of them are kept in memory.
const MOST_JOBS: usize = 5_000_000;

/// The manifest's conditions `where` and `when`, with their results for the items so far.
pub(super) struct Scope<'a> {
    manifest: &'a Manifest,
    /// The number of items that were checked so far.
    items: usize,
    /// The number of items that the condition `where` excludes.
    left_out: usize,
    /// The number of items for which the condition `where` could not be evaluated.
    unclear: usize,
    /// A few different texts of excluded items for each column that the condition `where` reads, to be shown in a
    /// problem.
    held: Vec<(String, Vec<String>)>,
    /// The number of clips of each shot, by the shot's position in the manifest.
    made: Vec<usize>,
    /// The number of clips of all selected items, including clips that a condition `when` excludes. A shot without a
    /// matrix counts as one clip of each item.
    cells: usize,
    /// The places in the manifest of matrix axes that have the same name as a column of an item.
    named_twice: Vec<Place>,
    /// Problems that do not depend on an item.
    problems: Vec<Problem>,
}

impl<'a> Scope<'a> {
    pub(super) fn new(manifest: &'a Manifest) -> Self {
        let columns = only(manifest).map(Condition::columns).unwrap_or_default();
        Self {
            manifest,
            items: 0,
            left_out: 0,
            unclear: 0,
            held: columns.iter().map(|column| (column.clone(), Vec::new())).collect(),
            made: vec![0; manifest.shots.len()],
            cells: 0,
            named_twice: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Checks whether an item gets clips by the condition `where`. Returns an error if the condition cannot be
    /// evaluated for the item.
    pub(super) fn wants(
        &mut self,
        subject: &Subject<'_>,
        context: &ItemContext<'_>,
    ) -> Result<bool, Box<Problem>> {
        self.items += 1;
        self.compare_names(subject);
        let meets = only(self.manifest).map_or(Ok(true), |condition| context.meets(condition));
        self.unclear += usize::from(meets.is_err());
        if meets? {
            return Ok(self.is_within_bounds());
        }
        self.left_out += 1;
        for (column, held) in &mut self.held {
            let text = subject.item.get(column).unwrap_or_default();
            if held.len() < EXAMPLES && held.iter().all(|known| known != text) {
                held.push(text.to_owned());
            }
        }
        Ok(false)
    }

    /// Counts one more clip of the shot at this position in the manifest.
    pub(super) fn made(&mut self, shot: usize) {
        self.made[shot] += 1;
    }

    /// Returns the problems that concern all items together.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        if let Some(condition) = only(self.manifest).filter(|_| self.left_out > 0) {
            let problem = self.left_out(condition);
            self.problems.push(problem);
        }
        let is_wanted = self.items > self.left_out + self.unclear && self.cells <= MOST_JOBS;
        let unmade = self.manifest.shots.iter().zip(&self.made).filter(|(_, made)| **made == 0 && is_wanted);
        for (shot, _) in unmade {
            let place = shot.fields.when.as_ref().map_or_else(|| shot.name.place(), Condition::place);
            let message = format!("the shot `{}` makes no clip: no item meets its `when`", shot.name.value);
            self.problems.push(
                Problem::warning(place, message)
                    .hint("check the texts in the columns that `when` reads, or remove `when`"),
            );
        }
        self.problems
    }

    fn left_out(&self, condition: &Condition) -> Problem {
        if self.left_out == self.items {
            let message = format!("`where` leaves out everything: {}", items(self.manifest, self.items));
            let mut problem = Problem::error(condition.place(), message)
                .hint("write the string in `where` exactly as the column contains it");
            for (column, held) in &self.held {
                let held: Vec<String> = held.iter().map(|text| format!("`{text}`")).collect();
                problem = problem.note(format!("`{column}` contains {}", held.join(", ")));
            }
            return problem;
        }
        let are = if self.left_out == 1 { "is" } else { "are" };
        let message = format!("{} {are} left out by `where`", items(self.manifest, self.left_out));
        Problem { severity: Severity::Note, ..Problem::warning(condition.place(), message) }
    }

    /// Adds the number of clips of one more item to the total `cells`, and checks whether the total is at most
    /// [`MOST_JOBS`].
    fn is_within_bounds(&mut self) -> bool {
        let before = self.cells;
        let of_shot = |shot: &Shot| shot.fields.matrix.as_ref().map_or(1, |matrix| matrix.len());
        self.cells = self.manifest.shots.iter().map(of_shot).fold(before, usize::saturating_add);
        if self.cells > MOST_JOBS && before <= MOST_JOBS {
            let message = format!("the manifest asks for more than {MOST_JOBS} clips");
            self.problems.push(
                Problem::error(self.manifest.shots[0].name.place(), message)
                    .hint("shorten the axes of the shots, or leave items out by `where`"),
            );
        }
        self.cells <= MOST_JOBS
    }

    /// Adds a problem for each axis of a matrix that has the name of a column, because the name is ambiguous.
    fn compare_names(&mut self, subject: &Subject<'_>) {
        let axes = |shot: &'a Shot| shot.fields.matrix.iter().flat_map(|matrix| &matrix.axes);
        let shots = self.manifest.shots.iter();
        for (shot, axis) in shots.flat_map(|shot| axes(shot).map(move |axis| (shot, axis))) {
            let name = &axis.value;
            let field = Field::named(name);
            let is_own = subject.own.zip(field).is_some_and(|(own, field)| own.fields.contains_key(&field));
            if !is_own && subject.item.column(name).is_none() {
                continue;
            }
            let place = axis.place();
            if self.named_twice.contains(&place) {
                continue;
            }
            let what = if subject.own.is_some() { "of the items" } else { "of the sheet" };
            let shot = &shot.name.value;
            let message = format!("`{name}` is a column {what} and an axis of `{shot}`");
            let set = if field.is_some() || name == "model" { name } else { "prompt" };
            self.named_twice.push(place.clone());
            self.problems.push(Problem::error(place, message).hint(format!(
                "rename the axis, for example to `{name}_of_{shot}`, and read it in the shot: `{set}: \"{{{{ matrix.{name}_of_{shot} }}}}\"`"
            )));
        }
    }
}

/// Returns the manifest's condition `where`, which selects items; `None` if the manifest has none.
fn only(manifest: &Manifest) -> Option<&Condition> {
    match &manifest.items {
        Items::File { only, .. } => only.as_deref(),
        Items::List(_) => None,
    }
}

/// Returns a number of items in words, such as `3 products`.
fn items(manifest: &Manifest, count: usize) -> String {
    let what = match &manifest.items {
        Items::File { reading, .. } if reading.how.one_per != OnePer::Product => "variant",
        _ => "product",
    };
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests;
