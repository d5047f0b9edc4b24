//! Finds the values of a job's settings.
//!
//! The order of precedence is: the job's place in the matrix, the row's own cells, the shot, the item's entry in the
//! manifest, the defaults.

use super::cells::{Cell, Cells};
use crate::domain::fault::printable;
use crate::domain::item::Item;
use crate::domain::problem::{Place, Problem, Rows, Severity};
use crate::domain::request::Field;
use crate::domain::text::says_nothing;
use crate::manifest::{Job, Located, Manifest, Setting, Settings, Shot, Template};
use crate::provider::card::{Mode, ModelCard};
use crate::provider::check::Finding;
use std::collections::HashSet;
use std::sync::Arc;

/// An item from which jobs are made: a row of a product file, or an entry of the manifest.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    /// The item, with its texts.
    pub item: Arc<Item>,
    /// The settings of an entry of the manifest; `None` for a row of a product file.
    pub own: Option<&'a Settings<Located<String>>>,
}

/// A setting as the user wrote it. The setting is a template of the manifest, a string in the item's entry of the
/// manifest, or a cell of the item's row.
#[derive(Clone, Copy)]
pub(super) enum Written<'a> {
    Template(&'a Template),
    Data(&'a Located<String>),
    Cell(&'a Cell),
}

impl Written<'_> {
    pub(super) fn place(&self) -> Place {
        match self {
            Self::Template(template) => template.place(),
            Self::Data(text) => text.place(),
            Self::Cell(cell) => cell.place.clone(),
        }
    }

    /// Returns the names of the columns from which the setting takes text.
    fn columns(&self) -> &[String] {
        match self {
            Self::Template(template) => template.columns(),
            Self::Data(_) => &[],
            Self::Cell(cell) => std::slice::from_ref(&cell.column),
        }
    }

    /// Checks whether the setting can differ from item to item.
    fn is_of_item(&self) -> bool {
        !matches!(self, Self::Template(template) if template.columns().is_empty())
    }
}

/// A column of the product file that makes a field too long, and must be shortened.
pub(super) struct Cut {
    /// The place where the template reads the column.
    pub(super) place: Place,
    /// The item and its text in the column, as an example.
    pub(super) example: String,
    pub(super) column: String,
    /// The column as a template writes it, such as `item.title`.
    pub(super) spelled: String,
    /// The number of characters to which the column's text must be shortened.
    pub(super) room: usize,
    /// True if the cell contains HTML.
    pub(super) has_markup: bool,
}

/// The maximum length of a setting, in characters, that a hint quotes in full.
const ECHOED: usize = 60;

/// Returns the part of a text line to which a place points; empty for a place outside a text file.
fn marked(place: &Place) -> String {
    let Place::Text { text, column, width, .. } = place else { return String::new() };
    let count = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    text.chars().skip(count(column.saturating_sub(1))).take(count(*width)).collect()
}

/// The places where a job's settings can be written, such as the manifest, the shot and the item's row.
#[derive(Clone, Copy)]
pub(super) struct Values<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) shot: &'a Shot,
    pub(super) subject: &'a Subject<'a>,
    pub(super) job: &'a Job<'a>,
    /// The settings in the cells of the item's row.
    pub(super) cells: &'a Cells,
}

impl<'a> Values<'a> {
    pub(super) fn item(&self) -> &'a Item {
        &self.subject.item
    }

    /// Returns all values of a field as the user wrote them; only reference images have several.
    pub(super) fn field(&self, field: Field) -> Vec<Written<'a>> {
        fn list<'a, T>(setting: &'a Setting<T>, written: fn(&'a T) -> Written<'a>) -> Vec<Written<'a>> {
            match setting {
                Setting::One(one) => vec![written(one)],
                Setting::Many(many) => many.iter().map(written).collect(),
            }
        }
        let of =
            |settings: &'a Settings<Template>| Some(list(settings.fields.get(&field)?, Written::Template));
        let own = || Some(list(self.subject.own?.fields.get(&field)?, Written::Data));
        let cell = || {
            let cell = match field {
                Field::Prompt => self.cells.prompt.as_ref(),
                Field::Seed => self.cells.seed.as_ref(),
                _ => None,
            };
            cell.map(|cell| vec![Written::Cell(cell)])
        };
        let axis = self.job.field(field).map(|setting| list(setting, Written::Template));
        axis.or_else(cell)
            .or_else(|| of(&self.shot.fields.settings))
            .or_else(own)
            .or_else(|| of(&self.manifest.defaults.settings))
            .unwrap_or_default()
    }

    pub(super) fn model(&self) -> Option<Written<'a>> {
        let own = || self.subject.own?.model.as_ref().map(Written::Data);
        let defaults = || self.manifest.defaults.settings.model.as_ref().map(Written::Template);
        let shot = || self.shot.fields.settings.model.as_ref().map(Written::Template);
        let cell = || self.cells.model.as_ref().map(Written::Cell);
        let axis = self.job.model().map(Written::Template);
        axis.or_else(cell).or_else(shot).or_else(own).or_else(defaults)
    }

    /// Returns the parameters by name, each with the value that takes precedence.
    pub(super) fn params(&self) -> Vec<(&'a str, Written<'a>)> {
        let templates = |settings: &'a Settings<Template>| {
            settings.params.iter().map(|(name, template)| (name.as_str(), Written::Template(template)))
        };
        let own = self.subject.own.into_iter().flat_map(|own| &own.params);
        let own = own.map(|(name, text)| (name.as_str(), Written::Data(text)));
        let all = templates(&self.shot.fields.settings).chain(own);
        let mut known = HashSet::new();
        let all = all.chain(templates(&self.manifest.defaults.settings));
        all.filter(|(name, _)| known.insert(*name)).collect()
    }

    pub(super) fn output(&self) -> &'a Template {
        let defaults = self.manifest.defaults.output.as_ref().unwrap_or(&self.manifest.output);
        self.shot.fields.output.as_ref().unwrap_or(defaults)
    }

    pub(super) fn is_optional(&self, name: &str) -> bool {
        self.shot.fields.optional.contains(name) || self.manifest.defaults.optional.contains(name)
    }

    /// Returns the setting with this name (a field, `model`, `output` or `params.NAME`) as the user wrote it.
    fn written(&self, name: &str) -> Option<Written<'a>> {
        match name.strip_prefix("params.") {
            Some(param) => {
                self.params().into_iter().find(|(known, _)| *known == param).map(|(_, written)| written)
            }
            None if name == "model" => self.model(),
            None if name == "output" => Some(Written::Template(self.output())),
            None => Field::named(name).and_then(|field| self.field(field).into_iter().next()),
        }
    }

    /// Returns an error about a setting of this job. The error points to the setting or, if the setting is not written
    /// anywhere, to the shot's name. It names the item as an example, and contains `detail`, such as `613 characters`.
    pub(super) fn problem(&self, name: &str, message: impl Into<String>, detail: Option<&str>) -> Problem {
        let written = self.written(name);
        let of_item = written.is_some_and(|written| written.is_of_item());
        let place = written.map_or_else(|| self.shot.name.place(), |written| written.place());
        let columns = written.as_ref().map(Written::columns).unwrap_or_default();
        // The detail is the same for all items, and is visible already if it is the written text.
        let is_shown = detail.is_some_and(|detail| marked(&place).contains(detail.trim_matches('`')));
        let mut problem = Problem { of_item, ..Problem::error(place, message) };
        let example = self.item().example(columns);
        problem.rows.extend(self.item().row(columns));
        let is_whole = matches!(written, Some(Written::Cell(_)));
        match detail.map(printable) {
            Some(detail) if columns.is_empty() || is_whole => {
                problem.examples.push(example);
                return if is_shown { problem } else { problem.label(detail) };
            }
            Some(detail) => problem.examples.push(format!("{example}: {detail}")),
            None => problem.examples.push(example),
        }
        problem
    }

    /// Checks whether a setting is a template that inserts columns of the item.
    pub(super) fn is_from_cell(&self, name: &str) -> bool {
        matches!(self.written(name), Some(Written::Template(template)) if !template.columns().is_empty())
    }

    /// Returns a hint that says what to write: the line `name: values`, or only the values for a cell of a sheet.
    pub(super) fn write(&self, name: &str, values: &[String]) -> String {
        let key = name.strip_prefix("params.").unwrap_or(name);
        let either = values.join(" or ");
        let holder =
            match self.written(name) {
                Some(Written::Template(template)) if template.is_one_column() => {
                    if self.subject.own.is_some() { "item" } else { "sheet" }
                }
                Some(Written::Cell(_)) => "sheet",
                Some(Written::Template(template)) if !template.columns().is_empty() => {
                    return format!("change the texts of the item so that the result is {either}");
                }
                _ if Field::named(name).is_some_and(|field| self.job.field(field).is_some()) => "matrix",
                _ => {
                    let lines: Vec<String> = values.iter().map(|value| format!("`{key}: {value}`")).collect();
                    return format!("write {}", lines.join(" or "));
                }
            };
        format!("in the {holder}, write {either} instead")
    }

    /// Returns a setting with its name, as the manifest writes it, and the place of the name.
    pub(super) fn setting(&self, name: &str) -> Option<(String, Place)> {
        let written = self.written(name)?;
        let mut place = written.place();
        if let Written::Cell(_) = written {
            return Some(("the content of the cell".to_owned(), place));
        }
        let value = marked(&place);
        let Place::Text { text, column, width, .. } = &mut place else { return None };
        let key = name.strip_prefix("params.").unwrap_or(name);
        let before: String = text.chars().take(usize::try_from(*column).ok()?.checked_sub(1)?).collect();
        let before = before.trim_end().strip_suffix(':')?.strip_suffix(key)?;
        let after: String =
            text.chars().skip(usize::try_from(*column + *width).ok()?.checked_sub(1)?).collect();
        let is_line = before.trim().is_empty() && after.trim().is_empty();
        let value = if value.chars().count() > ECHOED { "…" } else { &value };
        let words = format!("{}`{key}: {value}`", if is_line { "the line " } else { "" });
        *column = u32::try_from(before.chars().count() + 1).ok()?;
        *width = u32::try_from(key.chars().count()).ok()?;
        Some((words, place))
    }

    /// Returns what the model does without a setting, in words; `None` if it requires the setting.
    fn without(&self, name: &str, card: &ModelCard) -> Option<&'static str> {
        let has = |field: Field| !self.field(field).is_empty();
        match Field::named(name) {
            Some(Field::Prompt) => {
                let required = card.field(Field::Prompt).is_some_and(|rule| rule.required);
                let has_picture = has(Field::Image) || has(Field::ReferenceImages);
                (!required && has_picture).then_some("the model then works from the picture alone")
            }
            Some(Field::Image | Field::ReferenceImages) => {
                let works = card.modes.contains(&Mode::Text) && has(Field::Prompt);
                works.then_some("the model then works from the prompt alone")
            }
            Some(Field::LastImage) => {
                let works = card.modes.contains(&Mode::Image);
                works.then_some("the model then works from the first picture alone")
            }
            _ if matches!(name, "model" | "output") => None,
            _ => Some("the model then uses its own default"),
        }
    }

    /// Returns the problem that a setting is empty for this item.
    pub(super) fn empty(&self, name: &str, written: &Written<'_>, card: Option<&ModelCard>) -> Problem {
        let item = self.item();
        let is_blank = |column: &&String| item.get(column).is_some_and(|text| text.trim().is_empty());
        let blank = written.columns().iter().find(is_blank);
        let of_item = written.is_of_item();
        let mut problem =
            Problem { of_item, ..Problem::error(written.place(), format!("`{name}` is empty")) };
        let columns = blank.map(std::slice::from_ref).unwrap_or_default();
        problem.examples.push(item.example(columns));
        problem.rows.extend(item.row(columns));
        if let Some(column) = blank {
            if let Written::Template(template) = written {
                problem.place = template.place_of(column);
            }
            let (fill, remove) = match item.row(columns) {
                Some(_) => ("fill the cell", "remove the row"),
                None => ("write a string there", "remove the item"),
            };
            if item.row(columns).is_some() {
                problem = problem.label("empty in the rows below");
            }
            let other = match card.and_then(|card| self.without(name, card)) {
                Some(how) => &format!("make the setting optional in the shot, `optional: [{name}]`: {how}"),
                None => remove,
            };
            return problem.hint(format!("{fill}, or {other}"));
        }
        problem.label("nothing is left here").hint(format!("write something, or remove `{name}:`"))
    }

    /// Returns a problem if a prompt does not describe the product: the product's title is blank, or the prompt is only
    /// an id.
    pub(super) fn subject_of(&self, template: &Template, text: &str) -> Option<Problem> {
        let item = self.item();
        let columns = template.columns();
        let is_blank = |name: &&str| item.get(name).is_some_and(says_nothing);
        let mut blank = item.title_names().into_iter().filter(is_blank);
        let gap = blank.find(|name| {
            columns.iter().any(|column| column == name) && template.leaves_gap(&self.job.context, name, text)
        });
        if let Some(name) = gap.filter(|_| !self.is_optional("prompt")) {
            let column = name.to_owned();
            let mut problem =
                self.problem("prompt", "the prompt names no product: the product's title is blank", None);
            problem.place = template.place_of(&column);
            (problem.examples, problem.rows) =
                (vec![item.example(std::slice::from_ref(&column))], Rows::default());
            problem.rows.extend(item.row(std::slice::from_ref(&column)));
            let is_empty = item.get(name).is_none_or(|text| text.trim().is_empty());
            let fill = match item.row(std::slice::from_ref(&column)) {
                Some(_) if is_empty => "fill the cell",
                Some(_) => "write a title into the cell, or empty it",
                None => "write a title",
            };
            let or = if is_empty { "or" } else { "and" };
            return Some(problem.hint(format!(
                "{fill}, {or} write a replacement: `{{{{ {} or {}the product{} }}}}`",
                template.spelled(&column),
                template.quote(),
                template.quote(),
            )));
        }
        let is_id = |column: &String| ["id", "sku", "handle"].contains(&column.as_str());
        let is_file = matches!(item.origin, Place::Row { .. });
        if !is_file || columns.is_empty() || !columns.iter().all(is_id) {
            return None;
        }
        let mut problem = self.problem("prompt", "the prompt describes the product only by an id", None);
        problem.severity = Severity::Warning;
        Some(problem.hint("name the product by its title, `{{ item.title }}`, or by another column"))
    }

    /// Finds the column whose text must be shortened because a field is too long by `excess` characters.
    ///
    /// The result is the longest column whose whole text appears in `text`, the text of the field. Returns `None` if
    /// there is no such column, if its text has at most `excess` characters, or if the field is not written as a
    /// template.
    pub(super) fn cut(&self, field: &str, text: &str, excess: usize) -> Option<Cut> {
        let item = self.item();
        let written = self.written(field)?;
        let length = |column: &&String| item.get(column).map_or(0, |text| text.chars().count());
        let is_whole = |column: &&String| item.get(column).is_some_and(|cell| text.contains(cell));
        let longest = written.columns().iter().filter(is_whole).max_by_key(length)?;
        let room = length(&longest).checked_sub(excess).filter(|room| *room > 0)?;
        let has_markup = item.get(longest).is_some_and(|cell| cell.contains("</"));
        let example = item.example(std::slice::from_ref(longest));
        let Written::Template(template) = written else { return None };
        let (place, spelled) = (template.place_of(longest), template.spelled(longest));
        Some(Cut { place, example, column: longest.clone(), spelled, room, has_markup })
    }
}

/// Converts a finding from the check against the model's card into a problem of the manifest, with the item as an
/// example.
pub(super) fn problem(values: &Values<'_>, finding: Finding) -> Problem {
    let mut problem = values.problem(&finding.field, finding.message, finding.detail.as_deref());
    problem.severity = finding.severity;
    let setting = values.setting(&finding.field);
    if let (true, Some((_, place))) = (finding.about_name, &setting) {
        problem.place = place.clone();
    }
    let write = (!finding.instead.is_empty()).then(|| values.write(&finding.field, &finding.instead));
    let remove = finding.removable.then(|| {
        format!("remove {}", setting.map_or_else(|| format!("`{}`", finding.field), |(words, _)| words))
    });
    let shorten = finding.excess.map(|excess| {
        if values.is_from_cell(&finding.field) {
            "shorten the text; text from a column is cut by a filter such as `| truncate(300)`".to_owned()
        } else {
            format!("shorten the text by {excess} character{}", if excess == 1 { "" } else { "s" })
        }
    });
    let hints: Vec<String> = [write, remove, shorten, finding.hint].into_iter().flatten().collect();
    problem.hint = (!hints.is_empty()).then(|| hints.join(", or "));
    problem.notes = finding.notes;
    problem
}
