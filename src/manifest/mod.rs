//! Reads the manifest, a YAML file with items and shots, and reports all of its problems together.
//!
//! The steps are: bytes → text (`text`) → a tree of YAML values with their places in the file (`yaml`) → a [`Manifest`]
//! (`model`). The sections are read by `shots`, `presets`, `axes`, `providers`, `models`, `bounds` and `checks`, with
//! small decoders that record problems and continue (`decode`). Templates and conditions are compiled at the same time
//! (`templates`, `condition`). `usage` checks that they read only keys that exist in the shot's matrix (`matrix`),
//! whose lists of values make the shot's variants. API keys are hidden before the first message is made (`secrets`).
//! Files that are not manifests are recognised first (`stranger`). `context` provides the data of an item to templates,
//! and `job` finds the clips that a shot makes for an item.

mod axes;
#[cfg(test)]
mod axes_tests;
mod bounds;
mod checks;
mod choices;
mod condition;
#[cfg(test)]
mod condition_tests;
mod context;
mod decode;
mod explain;
mod fields;
mod job;
pub mod keys;
mod matrix;
mod model;
mod models;
mod operands;
pub mod output;
mod presets;
#[cfg(test)]
mod presets_tests;
mod project;
mod providers;
mod reading;
mod rollout;
mod secrets;
mod settings;
mod shots;
mod source;
mod stranger;
mod synonyms;
mod syntax;
mod template;
mod templates;
#[cfg(test)]
mod tests;
mod text;
mod unbraced;
mod usage;
mod yaml;

pub use checks::{CHECKS, Checks};
pub use condition::Condition;
pub use context::{Context, ItemContext};
pub use job::Job;
pub use matrix::Matrix;
pub use model::{
    Budget, CorrectionPart, Corrections, EnvName, FileReading, Guards, ImageIdentity, Items, Join, ListItem,
    Manifest, ModelEntry, Most, OnAmbiguous, OnBadItem, OnChange, OnMissing, ProviderConfig, Reuse, Rules,
    Shot, ShotFields,
};
pub use project::project_of;
pub use settings::{Setting, Settings};
pub use source::Located;
pub use template::Template;

use crate::domain::problem::{Place, Problem};
use decode::{Decoder, get};
use reading::reading;
use source::{CompactPlace, Source};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use syntax::Finding;
use templates::Templates;
use yaml::{Entry, Node, Value};

/// The section `items` as an example in hints.
const ITEMS: &str = "items: { from: products.csv }";
/// The section `shots` as an example in hints.
const SHOTS: &str =
    "shots: { hero: { model: zai/vidu2-image, image: \"{{ item.image }}\", prompt: \"Slow push-in\" } }";

/// The default template for the paths of clips.
const OUTPUT: &str =
    "renders/{{ item.id }}/{{ item.id }}_{{ shot }}{% if variant %}_{{ variant }}{% endif %}.mp4";

/// Reads a manifest. If no manifest is returned, at least one problem is an error. Otherwise all problems are warnings
/// or notes.
///
/// `file` is the name that the user gave; problems show it, and the project is named after it.
#[must_use]
pub fn read(file: &str, bytes: &[u8]) -> (Option<Manifest>, Vec<Problem>) {
    let (root, source, findings) = match tree(file, bytes) {
        Ok(tree) => tree,
        Err(problems) => return (None, problems),
    };
    let mut problems: Vec<Problem> = findings.into_iter().map(|finding| located(&source, finding)).collect();
    let mut decoder = Decoder::new(Arc::clone(&source));
    let manifest = sections(&mut decoder, &root).and_then(|entries| {
        secrets::check_places(&mut decoder, &root);
        manifest(file, &mut decoder, &source, &entries)
    });
    // A value that could not be read is an empty text in the tree; its further problems are not reported.
    let reported: BTreeSet<_> = problems.iter().filter_map(start).collect();
    decoder.problems.retain(|problem| start(problem).is_none_or(|start| !reported.contains(&start)));
    problems.append(&mut decoder.problems);
    let problems = in_order(problems);
    let is_right = !problems.iter().any(Problem::is_error);
    (manifest.filter(|_| is_right), problems)
}

/// Reads only the providers' settings from a manifest.
///
/// Paid clips can then be collected even while the shots are being rewritten.
#[must_use]
pub fn read_providers(
    file: &str,
    bytes: &[u8],
) -> (Option<BTreeMap<String, Located<ProviderConfig>>>, Vec<Problem>) {
    read_only(file, bytes, &["providers"], |decoder, root| {
        get(root, "providers").map(|node| providers::providers(decoder, node)).unwrap_or_default()
    })
}

/// Reads only the sections `models` and `prices`, which correct the rules and prices of models.
///
/// Paid clips can then be collected even while the shots are being rewritten.
#[must_use]
pub fn read_corrections(file: &str, bytes: &[u8]) -> (Option<Corrections>, Vec<Problem>) {
    read_only(file, bytes, &["models", "prices"], models::corrections)
}

/// Reads only the sections `keys`, even if others have errors. Returns no result if these sections have an error.
fn read_only<T>(
    file: &str,
    bytes: &[u8],
    keys: &[&str],
    read: impl FnOnce(&mut Decoder, &[Entry]) -> T,
) -> (Option<T>, Vec<Problem>) {
    let (root, source, findings) = match tree(file, bytes) {
        Ok(tree) => tree,
        Err(problems) => return (None, problems),
    };
    let mut decoder = Decoder::new(Arc::clone(&source));
    let Some(entries) = sections(&mut decoder, &root) else { return (None, decoder.problems) };
    let spans = keys.iter().filter_map(|key| Some(get(&entries, key)?.span));
    let spans: Vec<_> = spans.map(|span| span.start..=span.end).collect();
    let inside = |finding: &Finding| spans.iter().any(|section| section.contains(&finding.0.start));
    let findings = findings.into_iter().filter(inside);
    let mut problems: Vec<Problem> = findings.map(|finding| located(&source, finding)).collect();
    let result = read(&mut decoder, &entries);
    problems.append(&mut decoder.problems);
    let problems = in_order(problems);
    let is_right = !problems.iter().any(Problem::is_error);
    (Some(result).filter(|_| is_right), problems)
}

/// Returns the product file of a manifest, with its place and settings, even if other parts of the manifest have
/// errors.
#[must_use]
pub fn read_items_from(file: &str, bytes: &[u8]) -> Option<(Located<String>, FileReading)> {
    let (root, source, _) = tree(file, bytes).ok()?;
    let mut decoder = Decoder::new(source);
    let sections = sections(&mut decoder, &root)?;
    let items = decoder.map(get(&sections, "items")?, "items", ITEMS)?;
    let from = decoder.located(get(&items, "from")?, "items.from")?;
    let reading = reading(&mut decoder, &items);
    Some((from, reading))
}

/// Returns the manifest's top-level keys with their values. Reports a manifest that is not a map, and returns `None`.
fn sections(decoder: &mut Decoder, root: &Node) -> Option<Rc<Vec<Entry>>> {
    if let Value::Map(entries) = &root.value {
        return Some(Rc::clone(entries));
    }
    let message = match &root.value {
        Value::List(_) => "the lines of the manifest must not begin with a dash",
        Value::Map(_) | Value::Text { .. } => {
            "the manifest must hold keys such as `version:`, but it holds only text"
        }
    };
    let problem = decoder.error(root.span, message);
    decoder.report(problem.hint("begin its lines with `version: 1`, `items:` and `shots:`"));
    None
}

/// Returns a file's YAML tree, its text, and its problems; an error if the problems leave no tree.
fn tree(file: &str, bytes: &[u8]) -> Result<(Node, Arc<Source>, Vec<Finding>), Vec<Problem>> {
    if let Some(problem) = stranger::problem(file, bytes) {
        return Err(vec![problem]);
    }
    let text = text::decode(file, bytes).map_err(|problem| vec![*problem])?;
    let (root, findings) = yaml::read(text);
    let secrets = root.as_ref().map_or_else(|| text::secrets(text), secrets::in_tree);
    let source = Arc::new(Source::new(file, text, secrets));
    match root {
        Some(root) => Ok((root, source, findings)),
        None if findings.is_empty() => Err(vec![
            Problem::error(Place::File(file.to_owned()), "the manifest is empty")
                .hint(format!("write `version: 1`, `{ITEMS}` and `{SHOTS}`, each on a line of its own")),
        ]),
        None => Err(in_order(findings.into_iter().map(|finding| located(&source, finding)).collect())),
    }
}

fn located(source: &Source, (span, problem): Finding) -> Problem {
    Problem { place: source.place(span), ..*problem }
}

/// Returns the line and the column where a problem starts; `None` if its place is not in a text.
fn start(problem: &Problem) -> Option<(u32, u32)> {
    match &problem.place {
        Place::Text { line, column, .. } => Some((*line, *column)),
        Place::Row { .. } | Place::File(_) | Place::Nowhere => None,
    }
}

/// Returns the problems in the order of the file, each once. A map that is merged into others (`<<`) repeats its
/// problems in each.
#[must_use]
pub fn in_order(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_by_key(|problem| start(problem).unwrap_or_default());
    problems.dedup();
    problems
}

fn manifest(file: &str, decoder: &mut Decoder, source: &Arc<Source>, root: &[Entry]) -> Option<Manifest> {
    if !version(decoder, source, root) {
        return None;
    }
    decoder.known(root, "", &keys::names(keys::MANIFEST));
    let project = project::project(decoder, file, get(root, "project"));
    let vars = get(root, "vars").map(|node| vars(decoder, node)).unwrap_or_default();
    let mut templates = Templates::new(vars.clone());
    let items = items(decoder, source, root, &mut templates);
    let mut presets =
        get(root, "presets").map(|node| presets::presets(decoder, node, &mut templates)).unwrap_or_default();
    let defaults = get(root, "defaults")
        .map(|node| presets.shot_fields(decoder, node, "defaults", &mut templates))
        .unwrap_or_default();
    let shots = get(root, "shots").map(|node| shots::shots(decoder, node, &mut templates, &mut presets));
    if shots.is_none() {
        missing(decoder, source, "shots", SHOTS);
    }
    let mut shots = shots.unwrap_or_default();
    presets.check_used(decoder);
    let params = params(items.as_ref(), presets.fields().chain([&defaults]), &shots);
    shots::check_optional(decoder, root, &params);
    for shot in &mut shots {
        // Items set neither of them, so the defaults follow directly after the shot.
        shot.fields.matrix = shot.fields.matrix.take().or_else(|| defaults.matrix.clone());
        shot.fields.when = shot.fields.when.take().or_else(|| defaults.when.clone());
    }
    let output = match get(root, "output") {
        Some(node) => decoder.template(node, "output", &mut templates),
        None => templates.compile(OUTPUT, CompactPlace::new(source, None)).ok(),
    };
    usage::check(decoder, &defaults, &shots, output.as_ref());
    let providers = get(root, "providers").map(|node| providers::providers(decoder, node));
    let corrections = models::corrections(decoder, root);
    let on_ambiguous = get(root, "on_ambiguous").map(|node| bounds::on_ambiguous(decoder, node));
    let budget = get(root, "budget").map(|node| bounds::budget(decoder, node));
    let guards = get(root, "guards").map(|node| bounds::guards(decoder, node));
    let reuse = get(root, "reuse").and_then(|node| bounds::reuse(decoder, node));
    let on_bad_item = get(root, "on_bad_item").and_then(|node| bounds::on_bad_item(decoder, node));
    let on_missing = get(root, "on_missing").and_then(|node| bounds::on_missing(decoder, node));
    let rollout = get(root, "rollout").and_then(|node| rollout::rollout(decoder, node));
    let image_identity = get(root, "image_identity").and_then(|node| bounds::image_identity(decoder, node));
    let checks = get(root, "checks").map(|node| checks::checks(decoder, node));
    decoder.problems.append(&mut templates.doubts);
    Some(Manifest {
        project: project?,
        items: items?,
        vars,
        defaults,
        shots,
        output: output?,
        providers: providers.unwrap_or_default(),
        corrections,
        on_ambiguous: on_ambiguous.unwrap_or_default(),
        budget: budget.unwrap_or_default(),
        guards: guards.unwrap_or_default(),
        reuse: reuse.unwrap_or_default(),
        on_bad_item: on_bad_item.unwrap_or_default(),
        on_missing: on_missing.unwrap_or_default(),
        image_identity: image_identity.unwrap_or_default(),
        rollout,
        checks: checks.unwrap_or_default(),
        feedback: std::collections::HashMap::new(),
        templates,
    })
}

fn missing(decoder: &mut Decoder, source: &Source, key: &str, example: &str) {
    decoder.report(
        Problem::error(source.whole(), format!("`{key}` is missing")).hint(format!("write `{example}`")),
    );
}

/// Checks the manifest's version. Reports an unsupported one and returns false, because the other keys cannot be read
/// then. A missing version is only reported.
fn version(decoder: &mut Decoder, source: &Source, root: &[Entry]) -> bool {
    let Some(node) = get(root, "version") else {
        missing(decoder, source, "version", "version: 1");
        return true;
    };
    let Some(text) = decoder.text(node, "version") else { return true };
    if text != "1" {
        let problem = decoder.error(node.span, format!("manifest version `{text}` is not supported"));
        decoder.report(problem.hint("write `version: 1`, or install a newer shotlist"));
    }
    text == "1"
}

fn vars(decoder: &mut Decoder, node: &Node) -> BTreeMap<String, String> {
    let Some(entries) = decoder.map(node, "vars", "vars: { look: \"soft studio light\" }") else {
        return BTreeMap::new();
    };
    let mut vars = BTreeMap::new();
    for entry in entries.iter() {
        // A variable with an error is defined nevertheless, so that its templates report no further problem.
        let text = decoder.text(&entry.node, &format!("vars.{}", entry.key)).unwrap_or_default();
        vars.insert(entry.key.to_string(), text.to_owned());
    }
    vars
}

fn items(decoder: &mut Decoder, source: &Source, root: &[Entry], templates: &mut Templates) -> Option<Items> {
    let Some(node) = get(root, "items") else {
        missing(decoder, source, "items", ITEMS);
        return None;
    };
    match &node.value {
        Value::List(nodes) => {
            if nodes.is_empty() {
                let problem =
                    decoder.error(node.span, "`items` is empty: there is nothing to make clips from");
                decoder.report(problem.hint(format!(
                    "with a sheet, write `{ITEMS}`; without one, replace `[]` by a line below for each, such as \
                     `  - {{ id: mug-1, title: Red mug, image: mug.png }}`"
                )));
            }
            Some(Items::List(shots::list(decoder, nodes)))
        }
        Value::Map(entries) => {
            decoder.known(entries, "items", &keys::names(keys::ITEMS));
            let Some(from) = get(entries, "from") else {
                let problem = decoder.error(node.span, "`from` is missing in `items`");
                decoder.report(problem.hint(format!("write `{ITEMS}`")));
                return None;
            };
            let from = decoder.located(from, "items.from")?;
            let only = get(entries, "where")
                .and_then(|node| condition::condition(decoder, node, "where", templates, &["item", "vars"]));
            Some(Items::File { from, reading: Box::new(reading(decoder, entries)), only: only.map(Box::new) })
        }
        Value::Text { .. } => {
            decoder.wrong_kind(node, "items", "a list, or a group that names a file", ITEMS);
            None
        }
    }
}

/// Returns the names of all model parameters that are set anywhere in the manifest.
fn params<'a>(
    items: Option<&Items>,
    others: impl Iterator<Item = &'a ShotFields>,
    shots: &'a [Shot],
) -> BTreeSet<String> {
    let fields = others.chain(shots.iter().map(|shot| &shot.fields));
    let mut names: BTreeSet<String> =
        fields.flat_map(|fields| fields.settings.params.keys().cloned()).collect();
    if let Some(Items::List(items)) = items {
        names.extend(items.iter().flat_map(|item| item.own.params.keys().cloned()));
    }
    names
}
