//! Holds the cards (the descriptions) of all models that a manifest can name, with the manifest's corrections.

pub mod form;
#[cfg(test)]
mod tests;

use super::card::{Correction, ModelCard};
use super::{Registry, body};
use crate::domain::key::ModelName;
use crate::domain::price::{Price, Surcharge};
use crate::domain::problem::{did_you_mean, meant_or_all};
use form::{CARD, Form, FormError};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The cards of all models by name, with the providers of the models.
#[derive(Debug, Clone)]
pub struct Cards {
    providers: Registry,
    models: BTreeMap<ModelName, Arc<ModelCard>>,
}

/// A correction of one part of a model card (the description of a model), as a manifest writes it.
///
/// In the parts `fields` and `params`, each rule for a field or parameter is corrected separately.
#[derive(Debug, Clone)]
pub struct CardPart {
    /// The key of the corrected part in the model card, such as `price`.
    pub name: String,
    /// The new value of the corrected part of the model card. Null removes the part. A null inside the value removes
    /// only that key.
    pub value: Json,
    /// The place of the correction in the manifest, such as `shop.yaml:12`.
    pub at: String,
}

/// A mistake in a manifest's corrections of a model card (the description of a model).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// The index of the correction with the mistake, in the list of corrections.
    pub part: usize,
    /// The mistake, with its place inside the correction.
    pub form_error: FormError,
}

/// The error that a model does not exist or cannot be added, with a hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// The reason for the error, as a clause.
    pub what: String,
    /// The hint: what to write instead.
    pub hint: String,
}

impl Cards {
    /// Returns the model cards from the documents of the given providers.
    #[must_use]
    pub fn new(providers: &Registry) -> Self {
        let cards = providers.iter().flat_map(|provider| provider.cards());
        let models = cards.map(|card| (card.name.clone(), Arc::new(card.clone()))).collect();
        Self { providers: providers.clone(), models }
    }

    /// Returns the model cards of the built-in providers.
    #[must_use]
    pub fn built_in() -> Self {
        Self::new(&Registry::built_in())
    }

    /// Returns the providers of the models.
    #[must_use]
    pub fn providers(&self) -> &Registry {
        &self.providers
    }

    /// Returns the card of a model; `None` if there is no such model.
    #[must_use]
    pub fn get(&self, model: &ModelName) -> Option<&Arc<ModelCard>> {
        self.models.get(model)
    }

    /// Returns all cards, ordered by the names of their models.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<ModelCard>> {
        self.models.values()
    }

    /// Returns the model cards of one provider.
    pub fn of<'a>(&'a self, provider: &'a str) -> impl Iterator<Item = &'a Arc<ModelCard>> {
        self.iter().filter(move |card| card.name.provider == provider)
    }

    /// Returns the cards of the models that can be bought, without those that exist only for rehearsals.
    pub fn for_sale(&self) -> impl Iterator<Item = &Arc<ModelCard>> {
        let is_for_sale = |card: &&Arc<ModelCard>| {
            self.providers.find(&card.name.provider).is_some_and(|provider| !provider.profile().sandbox_only)
        };
        self.iter().filter(is_for_sale)
    }

    /// Returns the cards of the models that messages may suggest: documented, and for sale.
    pub fn proposed(&self) -> impl Iterator<Item = &Arc<ModelCard>> {
        self.for_sale().filter(|card| !card.unverified)
    }

    /// Returns the error for a name whose provider or model does not exist. The hint contains the most similar name or
    /// all names.
    #[must_use]
    pub fn unknown(&self, model: &ModelName) -> Unknown {
        let providers = || {
            let for_sale = self.providers.iter().filter(|provider| !provider.profile().sandbox_only);
            for_sale.map(|provider| provider.name())
        };
        if self.providers.find(&model.provider).is_none() {
            let hint = match did_you_mean(&model.provider, providers()) {
                Some(near) => format!("did you mean `{near}/{}`?", model.model),
                None => format!("the providers are: {}", providers().collect::<Vec<_>>().join(", ")),
            };
            return Unknown { what: format!("there is no provider `{}`", model.provider), hint };
        }
        let known: Vec<&str> = self.of(&model.provider).map(|card| card.name.model.as_str()).collect();
        let hint = match did_you_mean(&model.model, known.iter().copied()) {
            Some(near) => format!("did you mean `{}/{near}`?", model.provider),
            None => format!("the models of {} are: {}", model.provider, known.join(", ")),
        };
        Unknown { what: format!("there is no model `{model}`"), hint }
    }

    /// Replaces the price of an existing model.
    pub fn set_price(&mut self, model: &ModelName, price: &Price, at: String) -> Result<(), Vec<Unfit>> {
        self.correct(model, vec![CardPart { name: "price".into(), value: written(price), at }])
    }

    /// Adds a model as a copy of the model `like` of the same provider. The manifest can then correct it. `at` is the
    /// place in the manifest that adds the model.
    pub fn add(&mut self, model: &ModelName, like: &ModelName, at: String) -> Result<(), Unknown> {
        if self.providers.find(&model.provider).is_none() {
            return Err(self.unknown(model));
        }
        if like.provider != model.provider {
            let what = format!("`{like}` is a model of another provider than `{model}`");
            let models: Vec<&str> = self.of(&model.provider).map(|card| card.name.model.as_str()).collect();
            let hint = format!("write a model of {}: {}", model.provider, models.join(", "));
            return Err(Unknown { what, hint });
        }
        let Some(base) = self.providers.card(like) else {
            return Err(match self.get(like) {
                Some(_) => Unknown {
                    what: format!("`{like}` is not a built-in model: this manifest adds it"),
                    hint: "write a built-in model; `shotlist models` lists them".into(),
                },
                None => self.unknown(like),
            });
        };
        let mut card = base.written().clone();
        card["name"] = model.to_string().into();
        let mut card = ModelCard::read(card)
            .map_err(|what| Unknown { what, hint: format!("write another model of {}", model.provider) })?;
        card.corrected.push(Correction { part: format!("like {like}"), at });
        self.models.insert(model.clone(), Arc::new(card));
        Ok(())
    }

    /// Replaces parts of a model card, or changes nothing if there is an error.
    ///
    /// In a rule of `fields` or `params`, in `pictures` and in `limits`, only the given keys are replaced. Any other
    /// part is replaced as a whole.
    pub fn correct(&mut self, model: &ModelName, mut parts: Vec<CardPart>) -> Result<(), Vec<Unfit>> {
        let Some(card) = self.models.get_mut(model) else {
            let Unknown { what, hint } = self.unknown(model);
            return Err(vec![Unfit { part: 0, form_error: about_key(what, hint) }]);
        };
        let unfit: Vec<Unfit> = parts
            .iter_mut()
            .enumerate()
            .flat_map(|(at, part)| {
                fit(part).into_iter().map(move |form_error| Unfit { part: at, form_error })
            })
            .collect();
        if !unfit.is_empty() {
            return Err(unfit);
        }
        let mut written = card.written().clone();
        let mut unfit = Vec::new();
        // The first part that makes the card inconsistent, with the reason.
        let mut culprit: Option<(usize, String)> = None;
        let mut corrected = ModelCard::clone(card);
        for (at, part) in parts.iter().enumerate() {
            if let Err(form_error) = merge(&mut written, part) {
                unfit.push(Unfit { part: at, form_error });
                continue;
            }
            let read = ModelCard::read(written.clone()).and_then(|card| surcharges(&card).map(|()| card));
            culprit = match (read, culprit) {
                (Ok(card), _) => {
                    corrected = card;
                    None
                }
                (Err(why), Some(known)) if known.1 == why => Some(known),
                (Err(why), _) => Some((at, why)),
            };
        }
        unfit.extend(
            culprit.map(|(at, why)| Unfit { part: at, form_error: senseless(model, &parts[at], &why) }),
        );
        if !unfit.is_empty() {
            return Err(unfit);
        }
        corrected.corrected.clone_from(&card.corrected);
        for part in parts {
            let name = label(&part);
            corrected.corrected.retain(|known| known.part != name);
            corrected.corrected.push(Correction { part: name, at: part.at });
        }
        *card = Arc::new(corrected);
        Ok(())
    }
}

/// Returns the name of the corrected part of a model card in messages, such as `price` or `fields.duration`.
fn label(part: &CardPart) -> String {
    match rule_name(part) {
        Some(rule) => format!("{}.{rule}", part.name),
        None => part.name.clone(),
    }
}

fn rule_name(part: &CardPart) -> Option<&str> {
    is_rules(&part.name).then(|| part.value["name"].as_str()).flatten()
}

fn is_rules(part: &str) -> bool {
    matches!(part, "fields" | "params")
}

/// Returns the unknown keys and the values of the wrong type in a correction of a model card. Numbers and booleans
/// become strings where the card has text.
fn fit(part: &mut CardPart) -> Vec<FormError> {
    let Some(key) = CARD.iter().find(|key| key.name == part.name) else {
        if part.name == "name" {
            let what = "`name` is not needed: the key of this entry is the model's name".to_owned();
            let hint = "remove `name`, or write the model's name before the colon of the entry";
            return vec![about_key(what, hint.to_owned())];
        }
        let hint = meant_or_all(&part.name, CARD.iter().map(|key| key.name), "a card has");
        return vec![about_key(format!("a model's card has no `{}`", part.name), hint)];
    };
    match key.form {
        Form::List(rule) if is_rules(&part.name) => {
            let name = label(part);
            rule.fit(&mut part.value, &name)
        }
        _ if part.value.is_null() && key.need == form::Need::Never => Vec::new(),
        form => form.fit(&mut part.value, &part.name),
    }
}

fn about_key(what: String, hint: String) -> FormError {
    FormError { steps: Vec::new(), is_key: true, what, hint }
}

/// Returns the error for a correction that is well-formed but contradicts the rest of the model card; `why` says how.
fn senseless(model: &ModelName, part: &CardPart, why: &str) -> FormError {
    about_key(
        format!("this `{}` does not fit the card of {model}: {why}", label(part)),
        format!("correct this `{}`, or the part of the card that it contradicts", label(part)),
    )
}

/// Merges a correction into the JSON of a model card.
fn merge(card: &mut Json, part: &CardPart) -> Result<(), FormError> {
    let Some(card) = card.as_object_mut() else { return Ok(()) };
    if !is_rules(&part.name) {
        match (&part.value, card.get_mut(&part.name)) {
            (Json::Null, _) => drop(card.shift_remove(&part.name)),
            (Json::Object(new), Some(Json::Object(old))) if part.name != "price" => replace(old, new),
            (new, _) => drop(card.insert(part.name.clone(), without_nulls(new))),
        }
        return Ok(());
    }
    let rules = card.entry(&part.name).or_insert_with(|| json!([]));
    let (Some(rules), Some(new)) = (rules.as_array_mut(), part.value.as_object()) else { return Ok(()) };
    let name = new.get("name");
    if let Some(old) = rules.iter_mut().filter_map(Json::as_object_mut).find(|old| old.get("name") == name) {
        replace(old, new);
        return Ok(());
    }
    if !new.contains_key("type") {
        let known: Vec<&str> = rules.iter().filter_map(|rule| rule["name"].as_str()).collect();
        let written = rule_name(part).unwrap_or_default();
        let hint = match did_you_mean(written, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`? to add a new one, write its `type`"),
            None => "to add a new one, write its `type`: `text`, `int`, `bool` or `picture`".to_owned(),
        };
        let what = format!("the model has no `{written}` among its `{}`", part.name);
        return Err(FormError { steps: vec!["name".into()], is_key: false, what, hint });
    }
    rules.push(without_nulls(&part.value));
    Ok(())
}

/// Copies the keys of `new` into `old`, and removes keys whose new value is null.
fn replace(old: &mut Map<String, Json>, new: &Map<String, Json>) {
    for (key, value) in new {
        if value.is_null() {
            old.shift_remove(key);
        } else {
            old.insert(key.clone(), without_nulls(value));
        }
    }
}

fn without_nulls(value: &Json) -> Json {
    match value {
        Json::Object(group) => {
            let kept = group.iter().filter(|(_, value)| !value.is_null());
            Json::Object(kept.map(|(key, value)| (key.clone(), without_nulls(value))).collect())
        }
        Json::Array(values) => values.iter().map(without_nulls).collect(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => value.clone(),
    }
}

/// Checks that each surcharge of the card's price depends on a value that a request can have. A surcharge that never
/// applies would hide a cost.
fn surcharges(card: &ModelCard) -> Result<(), String> {
    for surcharge in card.price.iter().flat_map(|price| &price.surcharges) {
        let Some(rule) = card.param(&surcharge.param) else { continue };
        let value = &surcharge.equals;
        if !rule.kind.holds(value) || (!rule.values.is_empty() && !rule.values.contains(value)) {
            let value = body::json(value);
            return Err(format!("`{}` can never be {value}, so the surcharge would never apply", rule.name));
        }
    }
    Ok(())
}

/// Returns a price as the JSON of a card.
fn written(price: &Price) -> Json {
    let extra = |extra: &Surcharge| json!({ "param": extra.param, "equals": body::json(&extra.equals), "usd": extra.usd.plain() });
    let surcharges: Vec<Json> = price.surcharges.iter().map(extra).collect();
    json!({ "per": price.per.name(), "usd": price.usd.plain(), "surcharges": surcharges })
}
