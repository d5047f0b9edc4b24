//! Reads the section `presets`: named groups of fields, which shots, the defaults and other presets take over with
//! `extends`.

use super::decode::Decoder;
use super::fields::{self, Extended};
use super::model::ShotFields;
use super::source::Span;
use super::templates::Templates;
use super::yaml::Node;
use crate::domain::problem::did_you_mean;
use std::collections::{BTreeMap, BTreeSet};

/// The maximum length of a chain of presets, in which each preset extends the next.
const DEEPEST: usize = 64;

/// The presets, each completed with the fields of the presets that it extends.
#[derive(Default)]
pub(super) struct Presets {
    fields: BTreeMap<String, ShotFields>,
    /// The names of all presets with their places. They include presets that extend themselves and therefore have no
    /// fields.
    names: BTreeMap<String, Span>,
    used: BTreeSet<String>,
}

/// A preset as written, without the fields of the presets that it extends.
struct Draft {
    fields: ShotFields,
    extends: Vec<Extended>,
}

pub(super) fn presets(decoder: &mut Decoder, node: &Node, templates: &mut Templates) -> Presets {
    let mut presets = Presets::default();
    let example = "presets: { calm: { motion: small, optional: [motion] } }";
    let Some(entries) = decoder.map(node, "presets", example) else { return presets };
    let mut drafts = BTreeMap::new();
    for entry in entries.iter() {
        let owner = format!("presets.{}", entry.key);
        let (fields, extends) = fields::own(decoder, &entry.node, &owner, templates);
        presets.names.insert(entry.key.to_string(), entry.key_span);
        drafts.insert(entry.key.to_string(), Draft { fields, extends });
    }
    for entry in entries.iter() {
        presets.resolve(decoder, &mut drafts, &entry.key, &mut Vec::new());
    }
    presets
}

impl Presets {
    /// Returns the fields of every preset, completed with the fields of the presets that it extends.
    pub(super) fn fields(&self) -> impl Iterator<Item = &ShotFields> {
        self.fields.values()
    }

    /// Reads the fields of a shot or of the defaults, and adds the fields of the presets that they extend.
    pub(super) fn shot_fields(
        &mut self,
        decoder: &mut Decoder,
        node: &Node,
        owner: &str,
        templates: &mut Templates,
    ) -> ShotFields {
        let (mut fields, extends) = fields::own(decoder, node, owner, templates);
        self.add_to(decoder, &mut fields, &extends);
        fields
    }

    /// Completes the presets that a preset extends, and then adds their fields to the preset. `chain` holds the names
    /// of the presets that are being completed.
    fn resolve(
        &mut self,
        decoder: &mut Decoder,
        drafts: &mut BTreeMap<String, Draft>,
        name: &str,
        chain: &mut Vec<String>,
    ) {
        let Some(Draft { mut fields, extends }) = drafts.remove(name) else { return };
        chain.push(name.to_owned());
        for extended in &extends {
            if let Some(at) = chain.iter().position(|waiting| *waiting == extended.name) {
                let ring = [&chain[at..], std::slice::from_ref(&extended.name)].concat().join(" → ");
                let message = format!("the preset `{}` extends itself: {ring}", extended.name);
                decoder.report(
                    decoder
                        .error(extended.span, message)
                        .hint("remove one of these presets from an `extends`"),
                );
            } else if chain.len() == DEEPEST {
                let message = format!("more than {DEEPEST} presets extend each other in a row");
                decoder.report(
                    decoder.error(extended.span, message).hint("combine some of these presets into one"),
                );
            } else {
                self.resolve(decoder, drafts, &extended.name, chain);
            }
        }
        chain.pop();
        self.add_to(decoder, &mut fields, &extends);
        self.fields.insert(name.to_owned(), fields);
    }

    /// Adds the fields of the extended presets to `fields`. A field that is already set is kept; if several presets set
    /// a field, the last of them counts. Only the lists `optional` are joined.
    fn add_to(&mut self, decoder: &mut Decoder, fields: &mut ShotFields, extends: &[Extended]) {
        for extended in extends.iter().rev() {
            if let Some(preset) = self.fields.get(&extended.name) {
                fill(fields, preset);
            } else if !self.names.contains_key(&extended.name) {
                let problem = decoder.error(extended.span, format!("there is no preset `{}`", extended.name));
                let names: Vec<&str> = self.names.keys().map(String::as_str).collect();
                decoder.report(match did_you_mean(&extended.name, names.iter().copied()) {
                    Some(near) => problem.hint(format!("did you mean `{near}`?")),
                    None if names.is_empty() => problem
                        .hint(format!("define the preset: `presets: {{ {}: {{ … }} }}`", extended.name)),
                    None => problem.hint(format!("the presets are: {}", names.join(", "))),
                });
            }
            self.used.insert(extended.name.clone());
        }
    }

    /// Warns of presets that neither a shot, nor the defaults, nor another preset extends.
    pub(super) fn check_used(&self, decoder: &mut Decoder) {
        for (name, span) in self.names.iter().filter(|(name, _)| !self.used.contains(*name)) {
            let problem = decoder.warning(*span, format!("nothing extends the preset `{name}`"));
            decoder
                .report(problem.hint(format!("write `extends: {name}` into a shot, or remove the preset")));
        }
    }
}

/// Copies from a preset each field that `fields` does not set yet, and adds the names in its list `optional`.
fn fill(fields: &mut ShotFields, preset: &ShotFields) {
    let (own, of) = (&mut fields.settings, &preset.settings);
    for (field, setting) in &of.fields {
        own.fields.entry(*field).or_insert_with(|| setting.clone());
    }
    for (name, template) in &of.params {
        own.params.entry(name.clone()).or_insert_with(|| template.clone());
    }
    own.model = own.model.take().or_else(|| of.model.clone());
    fields.optional.extend(preset.optional.iter().cloned());
    fields.output = fields.output.take().or_else(|| preset.output.clone());
    fields.on_change = fields.on_change.or(preset.on_change);
    fields.reuse = fields.reuse.or(preset.reuse);
    fields.matrix = fields.matrix.take().or_else(|| preset.matrix.clone());
    fields.when = fields.when.take().or_else(|| preset.when.clone());
}
