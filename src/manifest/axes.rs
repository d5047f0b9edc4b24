//! Reads the section `matrix` of a shot, and builds its cells (combinations of values) from the axes, `exclude` and
//! `include`.

use super::choices::{AXIS, choice};
use super::condition::{Condition, condition};
use super::decode::{Decoder, get};
use super::matrix::{Cell, Choice, Extension, Matrix, Outline, Pattern, Positions, outlines};
use super::output::fold;
use super::source::{Located, Span};
use super::templates::{ASKED, Templates};
use super::yaml::{Entry, Node, Value};
use crate::domain::problem::{Problem, did_you_mean};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// The maximum number of cells (combinations of values) in a matrix.
pub(super) const MOST: usize = 10_000;
/// The maximum for the number of combinations of values times the number of entries in the matrix's list `include`.
/// Each entry may add values to each combination.
const MOST_ADDED: usize = 1_000_000;

const MATRIX: &str = "matrix: { aspect_ratio: [\"16:9\", \"9:16\"] }";
const EXCLUDE: &str = "exclude: [{ mood: loft, aspect_ratio: \"9:16\" }]";
const INCLUDE: &str = "include: [{ mood: beach, style: anime }]";

/// Reads the section `matrix` of a shot: lists of values, whose combinations (cells) become the shot's variants.
/// Returns `None` if the section is not a map. After any other error, the matrix has no cells.
pub(super) fn matrix(
    decoder: &mut Decoder,
    node: &Node,
    owner: &str,
    templates: &mut Templates,
) -> Option<Arc<Matrix>> {
    let entries = decoder.map(node, &format!("{owner}.matrix"), MATRIX)?;
    let before = decoder.problems.len();
    let mut reader = Reader { decoder, templates, axes: Vec::new(), entries: Vec::new() };
    for entry in entries.iter().filter(|entry| !matches!(&*entry.key, "exclude" | "include")) {
        reader.axis(entry);
    }
    let lengths: Vec<usize> = reader.axes.iter().map(|axis| axis.choices.len()).collect();
    let count = lengths.iter().try_fold(1usize, |count, length| count.checked_mul(*length));
    let mut cells = Vec::new();
    match count.filter(|count| *count <= MOST) {
        None => reader.too_many(node.span, "the matrix has"),
        // Values that an axis lacks because of an error would cause further problems here.
        Some(_) if reader.has_errors(before) => {}
        Some(count) => {
            let exclude = get(&entries, "exclude").map(|node| reader.exclude(node)).unwrap_or_default();
            if let Some(node) = get(&entries, "include") {
                reader.include(node, count);
            }
            if !reader.has_errors(before) {
                cells = reader.cells(&lengths, &exclude, node.span);
            }
        }
    }
    if reader.has_errors(before) {
        cells.clear();
    }
    Some(Arc::new(Matrix { axes: reader.names(), cells }))
}

/// One axis of a shot's `matrix`, with its values, while the manifest is read.
struct Axis {
    name: Arc<str>,
    span: Span,
    /// The values in the manifest's list for this axis, followed by the values that only entries of the list `include`
    /// have.
    choices: Vec<Arc<Choice>>,
    /// The position of each value in `choices`. The keys are the names of the values; upper and lower case count as
    /// equal.
    positions: HashMap<String, usize>,
}

/// An entry of a matrix's list `include`, while the matrix is being read.
struct Included {
    span: Span,
    positions: Positions,
    when: Option<Condition>,
    /// The values that the entry has under keys other than the matrix's axes (the keys with lists of values).
    others: Vec<Arc<Choice>>,
}

struct Reader<'a> {
    decoder: &'a mut Decoder,
    templates: &'a mut Templates,
    axes: Vec<Axis>,
    entries: Vec<Included>,
}

impl Reader<'_> {
    fn has_errors(&self, since: usize) -> bool {
        self.decoder.problems[since..].iter().any(Problem::is_error)
    }

    fn names(&self) -> Vec<Located<String>> {
        let named = |axis: &Axis| Located::new(axis.name.to_string(), self.decoder.spot(axis.span));
        self.axes.iter().map(named).collect()
    }

    fn error(&mut self, span: Span, message: impl Into<String>, hint: impl Into<String>) {
        self.decoder.report(self.decoder.error(span, message).hint(hint));
    }

    fn too_many(&mut self, span: Span, what: &str) {
        let message = format!("{what} more cells than the {MOST} that a shot may have");
        self.error(
            span,
            message,
            "each cell makes a clip for every item: shorten an axis, or make several shots",
        );
    }

    fn axis(&mut self, entry: &Entry) {
        let name = &entry.key;
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if name.is_empty() || !name.bytes().all(is_name) || &**name == "when" {
            let message = format!("`{name}` cannot be the name of an axis");
            self.error(entry.key_span, message, "a name holds letters, digits and `_`, and is not `when`");
            return;
        }
        let Value::List(nodes) = &entry.node.value else {
            let example = match &entry.node.value {
                Value::Text { text, .. } if !text.is_empty() => format!("{name}: [{text}]"),
                _ => AXIS.to_owned(),
            };
            self.decoder.wrong_kind(&entry.node, name, "a list of values", &example);
            return;
        };
        if nodes.is_empty() {
            let message = format!("the axis `{name}` has no values");
            self.error(
                entry.node.span,
                message,
                format!("write values, such as `{AXIS}`, or remove the axis"),
            );
            return;
        }
        let (name, span) = (Arc::from(&**name), entry.key_span);
        self.axes.push(Axis {
            name: Arc::clone(&name),
            span,
            choices: Vec::new(),
            positions: HashMap::new(),
        });
        for node in nodes.iter() {
            if let Some(choice) = choice(self.decoder, self.templates, &name, node, true) {
                self.join(self.axes.len() - 1, choice, node.span);
            }
        }
    }

    /// Adds a value to an axis and returns the value's position. If the axis already has a value with the same name,
    /// this is reported, and the position of the earlier value is returned.
    fn join(&mut self, axis: usize, choice: Choice, span: Span) -> usize {
        let Axis { choices, positions, .. } = &mut self.axes[axis];
        let Some(other) = positions.get(&fold(&choice.name)).copied() else {
            positions.insert(fold(&choice.name), choices.len());
            choices.push(Arc::new(choice));
            return choices.len() - 1;
        };
        let known = Arc::clone(&choices[other]);
        let (message, hint) = if known.id == choice.id {
            let message = format!("`{}` occurs twice in `{}`", choice.id, choice.key);
            (
                message,
                format!(
                    "the first is on line {}; keep one of the two, or give them different ids",
                    known.spot.line()
                ),
            )
        } else {
            let message = format!(
                "`{}` and `{}` would both be called `{}` in keys and file names",
                known.id, choice.id, choice.name
            );
            let hint = format!(
                "the first is on line {}; give one of the two an id: `{{ id: …, value: … }}`",
                known.spot.line()
            );
            (message, hint)
        };
        self.error(span, message, hint);
        other
    }

    /// Reads the entries of the list `exclude` as patterns. A cell (combination of values) that matches a pattern is
    /// not made.
    fn exclude(&mut self, node: &Node) -> Vec<Pattern> {
        let Value::List(nodes) = &node.value else {
            self.decoder.wrong_kind(node, "exclude", "a list", EXCLUDE);
            return Vec::new();
        };
        if nodes.len() > MOST {
            self.too_many(node.span, "`exclude` names");
            return Vec::new();
        }
        nodes.iter().filter_map(|node| self.excluded(node)).collect()
    }

    /// Reads an entry of the list `exclude`: a pattern for combinations of values that are left out. Returns `None` if
    /// the entry is not a map, or names an unknown value.
    fn excluded(&mut self, node: &Node) -> Option<Pattern> {
        let entries = self.decoder.map(node, "exclude", EXCLUDE)?;
        let mut pattern: Pattern = vec![Vec::new(); self.axes.len()];
        let mut fits = true;
        for entry in entries.iter() {
            let Some(axis) = self.axes.iter().position(|axis| *axis.name == *entry.key) else {
                let names: Vec<&str> = self.axes.iter().map(|axis| &*axis.name).collect();
                let hint = match did_you_mean(&entry.key, names.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the axes are: {}", names.join(", ")),
                };
                self.error(entry.key_span, format!("`{}` is not an axis of this matrix", entry.key), hint);
                continue;
            };
            let choices = &self.axes[axis].choices;
            let is_meant = |choice: &Arc<Choice>| match &entry.node.value {
                Value::Text { text, .. } => choice.is_called(text),
                Value::Map(entries) => entries.iter().all(|entry| match &entry.node.value {
                    Value::Text { text, .. } => choice.text(&entry.key) == Some(&**text),
                    Value::List(_) | Value::Map(_) => false,
                }),
                Value::List(_) => false,
            };
            let meant = choices.iter().enumerate().filter(|(_, choice)| is_meant(choice));
            pattern[axis] = meant.map(|(position, _)| position).collect();
            if pattern[axis].is_empty() {
                let written = match &entry.node.value {
                    Value::Text { text, .. } => format!("`{text}`"),
                    Value::List(_) | Value::Map(_) => "this".to_owned(),
                };
                let ids: Vec<&str> = choices.iter().map(|choice| choice.id.as_str()).collect();
                let message =
                    format!("{written} is not a value of `{}`: the entry excludes nothing", entry.key);
                let hint = match did_you_mean(written.trim_matches('`'), ids.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the values are: {}", ids.join(", ")),
                };
                self.decoder.report(self.decoder.warning(entry.node.span, message).hint(hint));
                fits = false;
            }
        }
        fits.then_some(pattern)
    }

    /// Reads the entries of the list `include`, which extend existing combinations of values or create new ones.
    /// `cells` is the number of combinations that each entry may extend.
    fn include(&mut self, node: &Node, cells: usize) {
        let Value::List(nodes) = &node.value else {
            self.decoder.wrong_kind(node, "include", "a list", INCLUDE);
            return;
        };
        if nodes.len() > MOST || nodes.len() * cells > MOST_ADDED {
            self.too_many(node.span, "`include` makes or extends");
            return;
        }
        for node in nodes.iter() {
            let Some(entries) = self.decoder.map(node, "include", INCLUDE) else { continue };
            let mut positions = vec![None; self.axes.len()];
            let (mut when, mut others) = (None, Vec::new());
            for Entry { key, node, .. } in entries.iter() {
                if &**key == "when" {
                    when = condition(self.decoder, node, "when", self.templates, ASKED);
                } else if let Some(axis) = self.axes.iter().position(|axis| *axis.name == **key) {
                    positions[axis] = self.position(axis, node);
                } else if let Some(choice) = choice(self.decoder, self.templates, key, node, false) {
                    others.push(Arc::new(choice));
                }
            }
            self.entries.push(Included { span: node.span, positions, when, others });
        }
    }

    /// Returns the position, on an axis (a list of values), of a value from the list `include`; `None` if the value is
    /// invalid. If the axis does not have the value yet, the value is added at the end of the axis.
    fn position(&mut self, axis: usize, node: &Node) -> Option<usize> {
        let choices = &self.axes[axis].choices;
        if let Value::Text { text, .. } = &node.value
            && let Some(known) = choices.iter().position(|choice| choice.is_called(text))
        {
            return Some(known);
        }
        let name = Arc::clone(&self.axes[axis].name);
        let choice = choice(self.decoder, self.templates, &name, node, true)?;
        let is_same = |known: &Arc<Choice>| known.id == choice.id && known.seen == choice.seen;
        match self.axes[axis].choices.iter().position(is_same) {
            Some(known) => Some(known),
            None => Some(self.join(axis, choice, node.span)),
        }
    }

    /// Builds the cells (combinations of values) of the matrix, with their names.
    fn cells(&mut self, lengths: &[usize], exclude: &[Pattern], span: Span) -> Vec<Cell> {
        let include: Vec<Positions> = self.entries.iter().map(|entry| entry.positions.clone()).collect();
        let outlines = outlines(lengths, exclude, &include);
        if outlines.is_empty() {
            let message = "the matrix has no cells left";
            self.error(span, message, "remove an entry of `exclude`, or add an axis");
        }
        if outlines.len() > MOST {
            self.too_many(span, "the matrix has");
            return Vec::new();
        }
        self.without_effect(&outlines);
        let extensions: Vec<Arc<Extension>> = self
            .entries
            .iter()
            .map(|entry| Arc::new(Extension { when: entry.when.clone(), choices: entry.others.clone() }))
            .collect();
        // For each variant, the line of the entry that makes its cell; 0 for a cell of the axes.
        let mut made: HashMap<String, u32> = HashMap::with_capacity(outlines.len());
        let mut cells = Vec::with_capacity(outlines.len());
        for outline in &outlines {
            let positions = self.axes.iter().zip(&outline.positions);
            let mut choices: Vec<Arc<Choice>> = positions
                .filter_map(|(axis, position)| Some(Arc::clone(&axis.choices[(*position)?])))
                .collect();
            let by = outline.included.first().filter(|_| outline.is_added).map(|entry| &self.entries[*entry]);
            choices.extend(by.into_iter().flat_map(|entry| &entry.others).cloned());
            let names = choices.iter().map(|choice| choice.name.as_str());
            let variant = names.filter(|name| !name.is_empty()).collect::<Vec<_>>().join("_");
            let extended_by = outline.included.iter().filter(|_| !outline.is_added);
            let extended_by = extended_by.map(|entry| Arc::clone(&extensions[*entry])).collect();
            let when = by.and_then(|entry| entry.when.clone());
            let entry = by.map(|entry| entry.span);
            let other = made.insert(fold(&variant), entry.map_or(0, |span| span.line));
            if let Some(span) = entry {
                self.unclear(&variant, other, span);
            }
            cells.push(Cell { variant, choices, when, extensions: extended_by });
        }
        cells
    }

    /// Reports an error if a combination of values from the list `include` has no name, or the name of another
    /// combination. `other` is the line of the entry that made the other combination, or 0 if the axes (lists of
    /// values) make it.
    fn unclear(&mut self, variant: &str, other: Option<u32>, span: Span) {
        if variant.is_empty() {
            let hint = "add a key and a value of your own as its name, such as `take: closeup`";
            self.error(span, "this entry makes a matrix cell without a name", hint);
        } else if let Some(other) = other {
            let message = format!("two cells of the matrix would be called `{variant}`");
            let first = match other {
                0 => "the other cell comes from the axes".to_owned(),
                line => format!("the other cell comes from the entry on line {line}"),
            };
            self.error(
                span,
                message,
                format!("{first}; add a key whose value distinguishes the two, such as `take: closeup`"),
            );
        }
    }

    /// Warns of entries of the list `include` that add nothing: their combinations of values exist already, and get no
    /// further values.
    fn without_effect(&mut self, outlines: &[Outline]) {
        let there = outlines.iter().filter(|cell| !cell.is_added).flat_map(|cell| &cell.included);
        let there: BTreeSet<usize> = there.copied().collect();
        for number in there {
            let Included { span, others, .. } = &self.entries[number];
            if others.is_empty() {
                let problem = self.decoder.warning(*span, "this entry adds nothing: its cells already exist");
                self.decoder.report(
                    problem.hint("remove the entry, or add a key for these cells, such as `style: anime`"),
                );
            }
        }
    }
}
