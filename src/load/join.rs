//! Joins a user's own sheet to a product file: filled cells of that sheet replace the values of the items.

use super::source::{near, shown, source};
use crate::catalog;
use crate::domain::ident::composed;
use crate::domain::item::{Columns, Fact, FactValue, Item, Reading};
use crate::domain::problem::{EXAMPLES, Place, Problem, Severity, meant_or_all};
use crate::domain::text::count;
use crate::manifest::{Join, Located};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Names of facts (values of an item) that hold a list. Each has the characters that separate the elements of the list.
const LISTS: [(&str, &[char]); 2] = [("tags", &[',']), ("images", &[',', '\n', '|', ';'])];

/// The rows of the user's own sheet, whose filled cells replace values of the product file's items.
pub(super) struct Joined {
    on: Located<String>,
    /// The sheet's name in messages.
    shown: String,
    /// The names of the columns, without the key column.
    names: Vec<Arc<str>>,
    /// The row number of each key, and the cells of that row in the order of `names`.
    rows: HashMap<String, (u64, Vec<String>)>,
}

impl Joined {
    /// Reads a joined sheet and adds its problems to `problems`. After an error it returns `None`, and nothing is
    /// joined.
    pub(super) fn read(folder: &Path, join: &Join, problems: &mut Vec<Problem>) -> Option<Self> {
        let Join { from, on } = join;
        let path: PathBuf = folder.join(&from.value);
        let source = match source(&path) {
            Ok(source) => source,
            Err(reason) => {
                let message = format!("the joined sheet `{}` cannot be read: {reason}", from.value);
                let hint = match near(folder, &from.value) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "write its path relative to the manifest's folder".to_owned(),
                };
                problems.push(Problem::error(from.place(), message).hint(hint));
                return None;
            }
        };
        let shown = shown(&path);
        let key = if on.value == "id" {
            BTreeMap::new()
        } else {
            BTreeMap::from([("id".to_owned(), vec![on.value.clone()])])
        };
        let how =
            Reading { dialect: Some("generic".to_owned()), all: true, columns: key, ..Reading::default() };
        let read = catalog::read(&shown, source, &how);
        let is_wrong = read.problems.iter().any(Problem::is_error);
        let is_told = |problem: &Problem| matches!(problem.severity, Severity::Error | Severity::Note);
        // The rows of this sheet are not items, so none of them can be left out.
        let reported = read.problems.into_iter().filter(is_told).map(|problem| {
            if !problem.message.ends_with(catalog::NO_SUCH_COLUMN) {
                return problem;
            }
            // The user named this column only in the join, so the error points there.
            let message = format!("{shown} has no column `{}` to join on", on.value);
            Problem { hint: problem.hint, ..Problem::error(on.place(), message) }
        });
        problems.extend(reported.map(|problem| Problem { of_item: false, ..problem }));
        if is_wrong {
            return None;
        }
        let joined = Self { on: on.clone(), shown, names: Vec::new(), rows: HashMap::new() };
        joined.with(&read.items, problems)
    }

    /// Adds the rows of the sheet, which were read as `items`. Returns `None` after adding a problem to `problems`.
    fn with(mut self, items: &[Item], problems: &mut Vec<Problem>) -> Option<Self> {
        let on = self.on.value.as_str();
        let first = items.first()?;
        if first.get(on).is_none() {
            problems.push(self.without_key(&self.shown, first));
            return None;
        }
        let key = first.fact(on).and_then(|fact| fact.column.as_deref()).unwrap_or(on).to_owned();
        let is_id = |name: &str| name == key || name == "id";
        let names: Vec<&str> = first.columns.names().filter(|name| !is_id(name)).collect();
        self.names = names.iter().map(|name| Arc::from(*name)).collect();
        let is_sound = items.iter().all(|item| {
            let cells = item.columns.iter().filter(|(name, _)| !is_id(name));
            let cells = cells.map(|(_, text)| text.to_owned()).collect();
            let written = composed(item.get(on).unwrap_or_default().trim());
            let row = item.line();
            match self.rows.insert(written.clone(), (row, cells)) {
                Some((before, _)) if !written.is_empty() => {
                    let place = Place::Row { file: self.shown.clone(), row, column: Some(key.clone()) };
                    let problem = Problem::error(place, format!("two rows have the same `{on}`"));
                    let problem = problem.label(format!("`{written}` is also in row {before}"));
                    problems.push(problem.hint("remove one of the two rows"));
                    false
                }
                _ => true,
            }
        });
        self.rows.remove("");
        is_sound.then_some(self)
    }

    /// Returns the initial state for joining the sheet to the items, before the first item is read.
    pub(super) fn begin(&self) -> Joining<'_> {
        Joining { joined: self, used: HashSet::new(), names: None, first_without_key: None, has_key: false }
    }

    /// Builds the error for a file that lacks the column by which the sheet is joined.
    fn without_key(&self, file: &str, item: &Item) -> Problem {
        let on = self.on.value.as_str();
        let message = format!("{file} has no column `{on}` to join on");
        let known: Vec<&str> = item.columns.names().collect();
        Problem::error(self.on.place(), message).hint(meant_or_all(on, known, "its columns are"))
    }
}

/// The column names of the joined items: those of the product file, and those that the sheet adds.
struct Names {
    /// The names of the columns in the product file.
    own: Arc<[Arc<str>]>,
    all: Arc<[Arc<str>]>,
    /// The positions of the sheet's columns in the list `all`, which has the names of all columns.
    places: Vec<usize>,
}

/// The state of joining the user's sheet to the items of a product file, while the items are read one by one.
pub(super) struct Joining<'a> {
    joined: &'a Joined,
    /// The keys of the sheet that matched at least one item so far.
    used: HashSet<&'a str>,
    names: Option<Names>,
    /// The first item without the key column. If no item has the key column, an error message lists the columns of this
    /// item.
    first_without_key: Option<Item>,
    has_key: bool,
}

impl Joining<'_> {
    /// Returns the item after filled cells of the sheet have replaced its values. The sheet's row has the same key as
    /// the item.
    pub(super) fn join(&mut self, mut item: Item) -> Item {
        let joined = self.joined;
        let Some(key) = item.get(&joined.on.value).map(|key| composed(key.trim())) else {
            self.first_without_key.get_or_insert(item.clone());
            return item;
        };
        self.has_key = true;
        let row = joined.rows.get_key_value(&key);
        let own = item.columns.shared_names();
        let names = match self.names.take().filter(|names| Arc::ptr_eq(&names.own, own)) {
            Some(names) => names,
            None => joined.names_with(own),
        };
        let mut texts = std::mem::take(&mut item.columns).into_texts();
        texts.resize(names.all.len(), String::new());
        if let Some((key, (_, cells))) = row {
            self.used.insert(key);
            let filled = cells.iter().enumerate().filter(|(_, cell)| !cell.trim().is_empty());
            for (at, cell) in filled {
                cell.clone_into(&mut texts[names.places[at]]);
                let name = &joined.names[at];
                let of_sheet = format!("{name} of {}", joined.shown);
                let picture = item.fact("image").map(|fact| fact.value.clone());
                for fact in &mut item.facts {
                    if fact.name == &**name || fact.column.as_deref() == Some(&**name) {
                        replace(fact, cell, &of_sheet);
                    } else if let (FactValue::List { parts, written }, "images", "image") =
                        (&mut fact.value, fact.name, &**name)
                        && matches!((&picture, parts.first()), (Some(FactValue::Text(one)), Some(first)) if one == first)
                    {
                        // `image` is also the first entry of `images`.
                        cell.trim().clone_into(&mut parts[0]);
                        *written = parts.join(", ");
                    }
                }
            }
        }
        item.columns = Columns::new(&names.all, texts);
        self.names = Some(names);
        item
    }

    /// Returns an error if no item has the key column, or a warning about rows of the sheet that match no item. Returns
    /// `None` if there is nothing to report. Call it after all items were read.
    pub(super) fn finish(self, file: &str) -> Option<Problem> {
        let joined = self.joined;
        if let (false, Some(first_without_key)) = (self.has_key, &self.first_without_key) {
            return Some(joined.without_key(file, first_without_key));
        }
        let unknown = joined.rows.iter().filter(|(key, _)| !self.used.contains(key.as_str()));
        let mut unknown: Vec<(u64, &str)> = unknown.map(|(key, (row, _))| (*row, key.as_str())).collect();
        unknown.sort_unstable();
        if unknown.is_empty() {
            return None;
        }
        let rows = count(unknown.len(), "row");
        let verb = if unknown.len() == 1 { "matches" } else { "match" };
        let message = format!("{rows} of {} {verb} no item of {file}", joined.shown);
        let mut problem = Problem::warning(Place::File(joined.shown.clone()), message);
        problem.count = unknown.len();
        let examples = unknown.iter().take(EXAMPLES);
        problem.examples = examples.map(|(row, key)| format!("{key} (sheet row {row})")).collect();
        problem.rows.extend(unknown.iter().map(|(row, _)| *row));
        let on = &joined.on.value;
        Some(problem.hint(format!(
            "correct `{on}` in these rows, or remove the rows; items that are left out match no row"
        )))
    }
}

impl Joined {
    fn names_with(&self, own: &Arc<[Arc<str>]>) -> Names {
        let mut all: Vec<Arc<str>> = own.to_vec();
        let place = |name: &Arc<str>| {
            all.iter().position(|known| known == name).unwrap_or_else(|| {
                all.push(Arc::clone(name));
                all.len() - 1
            })
        };
        let places = self.names.iter().map(place).collect();
        Names { own: Arc::clone(own), all: all.into(), places }
    }
}

/// Replaces a fact of an item with a cell of the sheet. `column` is the name of the column in messages.
fn replace(fact: &mut Fact, cell: &str, column: &str) {
    let text = cell.trim().to_owned();
    fact.value = match LISTS.iter().find(|(name, _)| *name == fact.name) {
        Some((_, marks)) => {
            let parts = text.split(*marks).map(str::trim).filter(|part| !part.is_empty());
            FactValue::List { parts: parts.map(str::to_owned).collect(), written: text }
        }
        None => FactValue::Text(text),
    };
    fact.column = Some(Arc::from(column));
}
