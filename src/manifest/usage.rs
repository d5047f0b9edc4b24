//! Checks that the templates and the matrix (the lists of values for variants) of each shot fit together.
//!
//! A matrix key that a template reads must exist in at least one variant of the shot. Each list of values should be
//! read by at least one template, unless the list sets a field of the request.

use super::choices::is_field;
use super::condition::Condition;
use super::decode::Decoder;
use super::matrix::{Matrix, readable};
use super::model::{Shot, ShotFields};
use super::settings::{Setting, Settings};
use super::template::Template;
use crate::domain::problem::{Problem, Severity, did_you_mean};
use crate::domain::request::Field;
use std::collections::{BTreeMap, BTreeSet};

/// A template, with the matrix keys of all shots that use it.
struct Use<'a> {
    template: &'a Template,
    shot: &'a str,
    keys: BTreeSet<String>,
    /// True if a shot that uses the template has an invalid matrix, whose keys are unknown.
    is_unclear: bool,
}

/// Reports matrix keys that a template reads although no variant has them, and matrix keys that no template reads.
/// `output` is the manifest's template for the paths of clips, for shots that neither set nor inherit one.
pub(super) fn check(decoder: &mut Decoder, defaults: &ShotFields, shots: &[Shot], output: Option<&Template>) {
    let mut uses: BTreeMap<Option<usize>, Use<'_>> = BTreeMap::new();
    for shot in shots {
        let matrix = shot.fields.matrix.as_deref();
        let keys = readable(matrix.into_iter().flat_map(Matrix::choices));
        let orders = orders(defaults, shot);
        let output = shot.fields.output.as_ref().or(defaults.output.as_ref()).or(output);
        for template in orders.into_iter().chain(output) {
            let name = shot.name.value.as_str();
            let known = uses.entry(template.start()).or_insert_with(|| Use {
                template,
                shot: name,
                keys: BTreeSet::new(),
                is_unclear: false,
            });
            known.keys.extend(keys.iter().cloned());
            known.is_unclear |= matrix.is_some_and(Matrix::is_empty);
        }
    }
    let mut problems = Vec::new();
    for used in uses.values().filter(|used| !used.is_unclear) {
        let keys = used.template.cell().iter().filter(|key| !key.is_empty());
        problems.extend(keys.filter_map(|key| problem(used, key)));
    }
    // A key that seems unused may be the one that a misspelt name means.
    if problems.is_empty() {
        for shot in shots {
            if let Some(matrix) = shot.fields.matrix.as_deref().filter(|matrix| !matrix.is_empty()) {
                unread(decoder, matrix, &orders(defaults, shot));
            }
        }
    }
    decoder.problems.extend(problems);
}

/// Returns all templates that can change a shot's requests.
fn orders<'a>(defaults: &'a ShotFields, shot: &'a Shot) -> Vec<&'a Template> {
    fn all(setting: &Setting<Template>) -> &[Template] {
        match setting {
            Setting::One(one) => std::slice::from_ref(one),
            Setting::Many(many) => many,
        }
    }
    fn of(settings: &Settings<Template>) -> impl Iterator<Item = (&str, &[Template])> {
        let fields = settings.fields.iter().map(|(field, setting)| (field.name(), all(setting)));
        let params = settings.params.iter().map(|(name, one)| (name.as_str(), std::slice::from_ref(one)));
        let model = settings.model.iter().map(|model| ("model", std::slice::from_ref(model)));
        fields.chain(params).chain(model)
    }
    let own: BTreeMap<&str, &[Template]> = of(&shot.fields.settings).collect();
    let of_defaults = of(&defaults.settings).filter(|(name, _)| !own.contains_key(name));
    let mut templates: Vec<&Template> =
        own.values().copied().chain(of_defaults.map(|(_, all)| all)).flatten().collect();
    templates.extend(shot.fields.when.iter().map(Condition::template));
    if let Some(matrix) = &shot.fields.matrix {
        templates.extend(matrix.conditions().map(Condition::template));
        templates.extend(matrix.choices().filter_map(|choice| choice.sets.as_ref()).flat_map(all));
    }
    templates
}

/// Returns the names of the matrix keys that set a field of the request, or the model.
fn fields() -> Vec<&'static str> {
    Field::ALL.into_iter().map(Field::name).chain(["model"]).collect()
}

/// Returns the name among `known` of which `written` is most likely a misspelling; `None` if `written` is probably
/// intended.
///
/// A key of a matrix may have any name, so a similar beginning is not enough: `mood` is no misspelling of `model`.
fn misspelt<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = did_you_mean(written, known)?;
    let most = if written.chars().count() < 6 { 1 } else { 2 };
    (strsim::osa_distance(&written.to_lowercase(), &near.to_lowercase()) <= most).then_some(near)
}

/// Reports the matrix keys that change no request, because no template in `orders` reads them.
fn unread<'a>(decoder: &mut Decoder, matrix: &'a Matrix, orders: &[&'a Template]) {
    let read: BTreeSet<&str> = orders
        .iter()
        .flat_map(|template| template.cell())
        .map(|key| key.split('.').next().unwrap_or(key))
        .collect();
    if read.contains("") {
        return;
    }
    let axes: BTreeSet<&str> = matrix.axes.iter().map(|axis| axis.value.as_str()).collect();
    for axis in matrix.axes.iter().filter(|axis| !is_field(&axis.value) && !read.contains(&*axis.value)) {
        let name = &axis.value;
        let message = format!(
            "the axis `{name}` changes nothing: each of its values renders the same clip, and is paid again"
        );
        let problem = Problem::warning(axis.place(), message);
        let longer = fields().into_iter().find(|field| field.split('_').any(|part| part == name));
        decoder.report(match longer.or_else(|| misspelt(name, fields())) {
            Some(near) => problem.hint(format!("did you mean `{near}`?")),
            // The user may want several renderings to choose from.
            None => Problem { severity: Severity::Note, ..problem }.hint(format!(
                "if this is not intended, use the axis in the prompt: `{{{{ matrix.{name} }}}}`"
            )),
        });
    }
    let mut reported = BTreeSet::new();
    for choice in matrix.choices().filter(|choice| !axes.contains(&*choice.key)) {
        let key = &*choice.key;
        if is_field(key) || read.contains(key) || !reported.insert(key) {
            continue;
        }
        let known = fields()
            .into_iter()
            .map(|name| -> &str { name })
            .chain(axes.iter().copied())
            .chain(read.iter().copied());
        if let Some(near) = misspelt(key, known) {
            let message = format!("no template reads `{key}`, which this entry adds");
            decoder.report(Problem::warning(choice.place(), message).hint(format!("did you mean `{near}`?")));
        }
    }
}

/// Returns the problem with a key that a template reads from `matrix`: no variant has the key, or its value cannot be
/// compared with a text. `None` if all is well.
fn problem(used: &Use<'_>, key: &str) -> Option<Problem> {
    let Use { template, shot, keys, .. } = used;
    let name = format!("matrix.{key}");
    let range = template.find(&name);
    let behind = range.as_ref().map_or("", |range| template.source()[range.end..].trim_start());
    let place = template.part(range);
    if !keys.contains(key) {
        if keys.is_empty() {
            let problem = Problem::error(place, format!("the shot `{shot}` has no matrix"));
            let axis = key.split('.').next().unwrap_or(key);
            return Some(
                problem.hint(format!("add a matrix, `matrix: {{ {axis}: [ … ] }}`, or remove `{name}`")),
            );
        }
        let problem = Problem::error(place, format!("no matrix cell of `{shot}` has `{key}`"));
        if let Some(near) = did_you_mean(key, keys.iter().map(String::as_str)) {
            return Some(problem.hint(format!("did you mean `matrix.{near}`?")));
        }
        let known: Vec<String> = keys.iter().map(|key| format!("matrix.{key}")).collect();
        return Some(problem.hint(format!("the cells have: {}", known.join(", "))));
    }
    let is_compared = ["==", "!=", "in ", "not in "].iter().any(|operator| behind.starts_with(operator));
    (is_compared && keys.contains(&format!("{key}.id"))).then(|| {
        Problem::error(place, format!("`{name}` is a group of strings, which equals no string"))
            .hint(format!("compare one of its strings: `{name}.id`"))
    })
}
