//! Reads the section `rollout`, and computes a digest of the settings for the clips of one shot and one model.

use super::context::Seen;
use super::decode::{Decoder, get};
use super::keys;
use super::matrix::{Cell, Choice};
use super::model::{Manifest, Shot, ShotFields};
use super::settings::Setting;
use super::template::Template;
use super::yaml::{Node, Value};
use crate::domain::digest::Sha256;
use crate::domain::key::ModelName;
use crate::domain::rollout::{AfterCanary, Percent, Rollout};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The whole section `rollout` as an example in messages.
const EXAMPLE: &str = "rollout: { canary: 10, then: approve }";
/// An example of `then` that requires a share of approved clips.
const RATE: &str = "then: { approve: 80% }";
/// The number of clips in a canary (the clips rendered first), unless the manifest sets a number.
const CANARY: u32 = 10;
/// The maximum number of clips in a canary, the clips rendered first.
const LARGEST: u32 = 1_000;
/// The maximum probability of a wrong decision about the required share of approved clips, unless the manifest sets a
/// maximum: 5 %.
const ERROR: Percent = Percent(500);

pub(super) fn rollout(decoder: &mut Decoder, node: &Node) -> Option<Rollout> {
    let entries = decoder.map(node, "rollout", EXAMPLE)?;
    decoder.known(&entries, "rollout", &keys::names(keys::ROLLOUT));
    let canary = match get(&entries, "canary") {
        Some(node) => decoder.parsed(node, "rollout.canary", canary)?,
        None => CANARY,
    };
    let then = match get(&entries, "then") {
        Some(node) => then(decoder, node)?,
        None => AfterCanary::Approve,
    };
    Some(Rollout { canary, then })
}

/// Reads `then`, the condition for rendering the clips after the canary: the word `approve`, or a required share of
/// approved clips.
fn then(decoder: &mut Decoder, node: &Node) -> Option<AfterCanary> {
    match &node.value {
        Value::Text { text, .. } if &**text == "approve" => Some(AfterCanary::Approve),
        Value::Map(entries) => {
            decoder.known(entries, "rollout.then", &keys::names(keys::THEN));
            let Some(rate) = get(entries, "approve") else {
                let problem = decoder.error(node.span, "`approve` is missing in `rollout.then`");
                decoder.report(problem.hint(format!("write `{RATE}`, or `then: approve`")));
                return None;
            };
            let rate = decoder.parsed(rate, "rollout.then.approve", rate_of)?;
            let error = match get(entries, "error") {
                Some(node) => decoder.parsed(node, "rollout.then.error", error_of)?,
                None => ERROR,
            };
            Some(AfterCanary::Rate { rate, error })
        }
        Value::Text { .. } | Value::List(_) => {
            let problem = decoder.error(node.span, "`rollout.then` must be `approve` or a rate");
            let hint = format!("write `then: approve` to review every clip of the canary, or `{RATE}`");
            decoder.report(problem.hint(hint));
            None
        }
    }
}

fn canary(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    number
        .filter(|number| (1..=LARGEST).contains(number))
        .ok_or_else(|| format!("write a whole number of clips from 1 to {LARGEST}, such as `10`"))
}

fn rate_of(text: &str) -> Result<Percent, String> {
    let rate = percent(text).filter(|rate| (100..=9_900).contains(&rate.0));
    rate.ok_or_else(|| "write a share of the reviewed clips from 1% to 99%, such as `80%`".into())
}

fn error_of(text: &str) -> Result<Percent, String> {
    let error = percent(text).filter(|error| (10..=2_000).contains(&error.0));
    error.ok_or_else(|| "write the chance of a wrong answer, from 0.1% to 20%, such as `5%`".into())
}

/// Reads a percentage with at most two decimals.
fn percent(text: &str) -> Option<Percent> {
    let number = text.trim().strip_suffix('%')?.trim_end();
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| {
        let number: Option<u32> = text.parse().ok();
        number.filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let hundredths = match decimals.len() {
        1 => digits(decimals)? * 10,
        2 => digits(decimals)?,
        _ => return None,
    };
    digits(whole).filter(|whole| *whole <= 100).map(|whole| Percent(whole * 100 + hundredths))
}

impl Manifest {
    /// Returns a digest of the manifest's settings for the clips of one shot and one model (their template).
    ///
    /// The digest covers the unfilled texts of fields and parameters, the variables that they read, and the values of
    /// the matrix. It does not cover output paths, prices, limits, conditions and other shots, and not the form of the
    /// YAML.
    #[must_use]
    pub fn template_identity(&self, shot: &Shot, model: &ModelName) -> Sha256 {
        let layers = [&self.defaults, &shot.fields];
        let mut read: Vec<&Template> = Vec::new();
        let (mut fields, mut params) = (Map::new(), Map::new());
        for settings in layers.map(|fields: &ShotFields| &fields.settings) {
            for (field, setting) in &settings.fields {
                fields.insert(field.name().to_owned(), sources(setting));
                read.extend(templates(setting));
            }
            for (name, template) in &settings.params {
                params.insert(name.clone(), template.source().into());
                read.push(template);
            }
        }
        let optional: BTreeSet<&String> = layers.into_iter().flat_map(|fields| &fields.optional).collect();
        let matrix = shot.fields.matrix.as_deref();
        let cells: Vec<&Cell> = matrix
            .into_iter()
            .flat_map(|matrix| &matrix.cells)
            .filter(|cell| may_have(cell, model))
            .collect();
        for choice in cells.iter().flat_map(|cell| choices(cell)) {
            read.extend(choice.sets.iter().flat_map(templates));
        }
        let by_variant: BTreeMap<&str, Json> = cells
            .iter()
            .map(|cell| (cell.variant.as_str(), choices(cell).map(|it| written(it)).collect()))
            .collect();
        let vars: BTreeMap<&String, &String> = self
            .vars
            .iter()
            .filter(|(name, _)| read.iter().any(|template| template.reads_var(name)))
            .collect();
        let all = json!({
            "shot": shot.name.value, "model": model.to_string(), "fields": fields, "params": params,
            "optional": optional, "cells": by_variant, "vars": vars,
        });
        Sha256::of(format!("shotlist template 1\n{all}").as_bytes())
    }
}

/// Returns false if a matrix cell (combination of values) certainly sets another model, so that the cell makes no clips
/// of `model`.
fn may_have(cell: &Cell, model: &ModelName) -> bool {
    let sets: Vec<&Template> = choices(cell)
        .filter(|choice| &*choice.key == "model")
        .filter_map(|choice| match choice.sets.as_ref()? {
            Setting::One(template) => Some(template),
            Setting::Many(_) => None,
        })
        .collect();
    let is_it =
        |template: &&Template| template.constant.as_ref().is_none_or(|text| text.trim() == model.to_string());
    sets.is_empty() || sets.iter().any(is_it)
}

fn choices(cell: &Cell) -> impl Iterator<Item = &Arc<Choice>> {
    let added = cell.extensions.iter().flat_map(|extension| &extension.choices);
    cell.choices.iter().chain(added)
}

/// Returns the content of a matrix value as JSON, for the digest that identifies a template.
fn written(choice: &Choice) -> Json {
    let seen = match &choice.seen {
        Seen::Text(text) => json!(**text),
        Seen::Group(texts) => json!(texts.iter().map(|(key, text)| (key, text)).collect::<BTreeMap<_, _>>()),
    };
    json!([*choice.key, seen, choice.sets.as_ref().map(sources)])
}

fn templates(setting: &Setting<Template>) -> impl Iterator<Item = &Template> {
    match setting {
        Setting::One(one) => std::slice::from_ref(one),
        Setting::Many(many) => many,
    }
    .iter()
}

fn sources(setting: &Setting<Template>) -> Json {
    templates(setting).map(super::template::Template::source).collect()
}

#[cfg(test)]
mod tests;
