//! Every documented limit of every documented model, at its edge and one past it: `edges.yaml` has the orders, and each
//! limit of a card must stand there.

use crate::providers::order;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use shotlist::domain::problem::Severity;
use shotlist::provider::card::{Kind, ModelCard, RemarkKind, Rule};
use shotlist::provider::cards::Cards;
use shotlist::provider::check::{Finding, check, check_body};
use std::collections::{BTreeMap, BTreeSet};

/// Models with limits in common.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    models: Vec<String>,
    /// An order that they all take.
    order: Map<String, Json>,
    edges: Vec<Edge>,
}

/// Both sides of a limit.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edge {
    /// The field and what limits it, as [`limits`] names them.
    limit: String,
    /// Changes of the order that are accepted.
    fits: Vec<Map<String, Json>>,
    /// Changes of the order that are refused, with what the refusal must say.
    past: Vec<Map<String, Json>>,
}

fn groups() -> Vec<Group> {
    serde_yaml::from_str(include_str!("edges.yaml")).unwrap()
}

/// The models that are documented and for sale.
fn cards(all: &Cards) -> BTreeMap<String, &ModelCard> {
    all.proposed().map(|card| (card.name.to_string(), card.as_ref())).collect()
}

/// Every limit of a card.
fn limits(card: &ModelCard) -> BTreeSet<String> {
    let mut limits = BTreeSet::new();
    let fields = card.fields.iter().map(|rule| (rule, rule.name.clone()));
    for (rule, name) in fields.chain(card.params.iter().map(|rule| (rule, format!("params.{}", rule.name)))) {
        limits.extend(of_rule(rule, &name).into_iter().map(|limit| format!("{name} {limit}")));
    }
    limits.extend(card.prompt_or_image.then(|| "prompt_or_image".to_owned()));
    if let Some(pictures) = &card.pictures {
        // All formats that can be told apart are three; who takes them all refuses none.
        let limited = [
            ("formats", (1..3).contains(&pictures.formats.len())),
            ("max_megabytes", pictures.max_megabytes.is_some()),
            ("max_body_megabytes", pictures.max_body_megabytes.is_some()),
            ("min_side", pictures.min_side > 0),
            ("max_aspect", pictures.max_aspect.is_some()),
            ("max_difference", pictures.max_difference.is_some()),
            ("links_only", pictures.links_only),
        ];
        limits.extend(limited.into_iter().filter(|(_, is)| *is).map(|(name, _)| format!("pictures {name}")));
    }
    let refused = card.remarks.iter().filter(|remark| remark.kind == RemarkKind::Refused);
    limits.extend(refused.map(|remark| format!("{} refused", remark.field)));
    limits
}

fn of_rule(rule: &Rule, name: &str) -> Vec<String> {
    // Fewer pictures than one is no picture, and a portable field cannot hold another type.
    let least = u32::from(rule.kind == Kind::Picture);
    let is_typed = name.starts_with("params.") && matches!(rule.kind, Kind::Int | Kind::Bool);
    let plain = [
        ("required", rule.required),
        ("values", !rule.values.is_empty()),
        ("min", rule.min.is_some_and(|min| min > least)),
        ("max", rule.max.is_some()),
        ("link", rule.link),
        ("type", is_typed),
    ];
    let mut limits: Vec<String> =
        plain.into_iter().filter(|(_, is)| *is).map(|(limit, _)| limit.to_owned()).collect();
    limits.extend(rule.only_with.iter().map(|other| format!("only_with {other}")));
    limits.extend(rule.excludes.iter().map(|other| format!("excludes {other}")));
    limits
}

/// Returns the problems of the changed order.
fn errors(
    all: &Cards,
    card: &ModelCard,
    order_of: &Map<String, Json>,
    change: &Map<String, Json>,
) -> Vec<Finding> {
    let mut written = order_of.clone();
    written.insert("model".into(), card.name.to_string().into());
    written.extend(change.clone());
    let request = order(&Json::Object(written));
    let body = change.get("body").and_then(Json::as_u64);
    let body = body.and_then(|bytes| check_body(card, &request, bytes));
    let findings = check(all, card, &request).into_iter().chain(body);
    findings.filter(|finding| finding.severity == Severity::Error).collect()
}

/// Returns whether a refusal is about the field of the limit and names everything that it should.
fn is_told(finding: &Finding, limit: &str, says: &[String]) -> bool {
    let field = match limit.split_once(' ').map_or(limit, |(field, _)| field) {
        "prompt_or_image" => finding.field == "prompt",
        "pictures" => ["image", "last_image", "reference_images"].contains(&finding.field.as_str()),
        field => finding.field == field,
    };
    let words = format!("{} {}", finding.message, finding.detail.as_deref().unwrap_or_default());
    field && says.iter().all(|said| words.contains(said))
}

/// The words that a change asks for; a number stands for its digits.
fn says(change: &Map<String, Json>) -> Vec<String> {
    let said = |said: &Json| said.as_str().map_or_else(|| said.to_string(), str::to_owned);
    change["says"].as_array().unwrap().iter().map(said).collect()
}

#[test]
fn what_is_just_within_a_limit_is_accepted_and_what_is_just_past_it_is_refused_by_name() {
    let all = Cards::built_in();
    let cards = cards(&all);
    for Group { models, order, edges } in groups() {
        for card in models.iter().map(|name| cards[name]) {
            for Edge { limit, fits, past } in &edges {
                assert!(!fits.is_empty() && !past.is_empty(), "{} {limit}", card.name);
                for change in fits {
                    let errors = errors(&all, card, &order, change);
                    assert!(errors.is_empty(), "{} {limit} {change:?}: {errors:#?}", card.name);
                }
                for change in past {
                    let errors = errors(&all, card, &order, change);
                    let says = says(change);
                    assert!(!says.is_empty(), "{} {limit} {change:?}", card.name);
                    assert!(
                        errors.iter().any(|finding| is_told(finding, limit, &says)),
                        "{} {limit} {change:?}: {errors:#?}",
                        card.name
                    );
                }
            }
        }
    }
}

#[test]
fn every_limit_of_every_documented_model_is_tried_once() {
    let all = Cards::built_in();
    let mut tried: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for Group { models, edges, .. } in groups() {
        for model in models {
            for edge in &edges {
                let is_new = tried.entry(model.clone()).or_default().insert(edge.limit.clone());
                assert!(is_new, "{model} {}", edge.limit);
            }
        }
    }
    let limited: BTreeMap<String, BTreeSet<String>> =
        cards(&all).into_iter().map(|(name, card)| (name, limits(card))).collect();
    assert_eq!(tried, limited);
    assert_eq!(tried.len(), 14);
}

#[test]
fn every_value_of_a_list_is_tried() {
    let all = Cards::built_in();
    let cards = cards(&all);
    for Group { models, edges, .. } in groups() {
        for card in models.iter().map(|name| cards[name]) {
            for Edge { limit, fits, .. } in &edges {
                let Some(field) = limit.strip_suffix(" values") else { continue };
                let mut rules = card
                    .fields
                    .iter()
                    .map(|rule| (rule, rule.name.clone()))
                    .chain(card.params.iter().map(|rule| (rule, format!("params.{}", rule.name))));
                let (rule, _) = rules.find(|(_, name)| name == field).unwrap();
                // A value that only one of two documents has is accepted with a warning.
                let disputed = card.remarks.iter().filter(|remark| {
                    let is_further = |value| !rule.values.contains(value);
                    remark.field == field && remark.value.as_ref().is_some_and(is_further)
                });
                assert_eq!(fits.len(), rule.values.len() + disputed.count(), "{} {limit}", card.name);
            }
        }
    }
}
