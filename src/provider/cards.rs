//! All models that a manifest can name: the built-in cards, as the manifest corrects them.

use super::card::{Correction, ModelCard};
use crate::domain::key::ModelName;
use crate::domain::price::Price;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The models by name.
#[derive(Debug, Clone)]
pub struct Cards(BTreeMap<ModelName, Arc<ModelCard>>);

/// What is wrong with a correction, as one clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit(pub String);

impl Cards {
    /// As they are built in.
    #[must_use]
    pub fn built_in() -> Self {
        let cards = super::ALL.iter().flat_map(|provider| provider.cards());
        Self(cards.map(|card| (card.name.clone(), Arc::new(card.clone()))).collect())
    }

    /// The card of a model.
    #[must_use]
    pub fn get(&self, model: &ModelName) -> Option<&Arc<ModelCard>> {
        self.0.get(model)
    }

    /// Every card, in the order of names.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<ModelCard>> {
        self.0.values()
    }

    /// The cards of one provider.
    pub fn of<'a>(&'a self, provider: &'a str) -> impl Iterator<Item = &'a Arc<ModelCard>> {
        self.iter().filter(move |card| card.name.provider == provider)
    }

    /// The models that may be proposed: documented, and for sale.
    pub fn proposed(&self) -> impl Iterator<Item = &Arc<ModelCard>> {
        let is_for_sale = |card: &ModelCard| {
            super::find(&card.name.provider).is_some_and(|provider| !provider.profile().sandbox_only)
        };
        self.iter().filter(move |card| !card.unverified && is_for_sale(card))
    }

    /// Replaces the price of a model.
    pub fn set_price(&mut self, model: &ModelName, price: Price, at: String) -> Result<(), Unfit> {
        let card = self.0.get_mut(model).ok_or_else(|| Unfit(format!("there is no model `{model}`")))?;
        let card = Arc::make_mut(card);
        for surcharge in &price.surcharges {
            if card.param(&surcharge.param).is_none() {
                return Err(Unfit(format!("{model} has no parameter `{}`", surcharge.param)));
            }
        }
        card.price = Some(price);
        card.corrected.push(Correction { part: "price".into(), at });
        Ok(())
    }

    /// Adds a model that is like another one of its provider, to be corrected from there.
    pub fn add(&mut self, model: &ModelName, like: &ModelName, at: String) -> Result<(), Unfit> {
        if like.provider != model.provider {
            return Err(Unfit(format!("`{like}` is a model of another provider")));
        }
        let base = self.0.get(like).ok_or_else(|| Unfit(format!("there is no model `{like}`")))?;
        let mut written = base.written().clone();
        written["name"] = model.to_string().into();
        let mut card = ModelCard::read(written).map_err(Unfit)?;
        card.corrected.push(Correction { part: format!("like {like}"), at });
        self.0.insert(model.clone(), Arc::new(card));
        Ok(())
    }

    /// Replaces one part of a model's card, such as `summary`, by what the manifest says. Of `fields` and `params`,
    /// the rules that are named are replaced key by key or added, and the others stay.
    pub fn correct(&mut self, model: &ModelName, part: &str, value: &Json, at: String) -> Result<(), Unfit> {
        let card = self.0.get_mut(model).ok_or_else(|| Unfit(format!("there is no model `{model}`")))?;
        if part == "name" {
            return Err(Unfit("the name of a model is the key of its entry".into()));
        }
        let mut written = card.written().clone();
        match (part, written.get_mut(part)) {
            ("fields" | "params", Some(rules)) => merge(rules, value)?,
            (_, Some(old)) => *old = value.clone(),
            (_, None) => written[part] = value.clone(),
        }
        let mut corrected = ModelCard::read(written).map_err(Unfit)?;
        corrected.corrected.clone_from(&card.corrected);
        corrected.corrected.push(Correction { part: part.to_owned(), at });
        *card = Arc::new(corrected);
        Ok(())
    }
}

/// Replaces rules by name, key by key.
fn merge(rules: &mut Json, by: &Json) -> Result<(), Unfit> {
    let unfit = || Unfit("it is no list of rules such as `{ name: duration, max: 8 }`".into());
    let (Some(rules), Some(by)) = (rules.as_array_mut(), by.as_array()) else { return Err(unfit()) };
    for new in by {
        let new: &Map<String, Json> = new.as_object().ok_or_else(unfit)?;
        let name = new.get("name").ok_or_else(unfit)?;
        match rules.iter_mut().filter_map(Json::as_object_mut).find(|old| old.get("name") == Some(name)) {
            Some(old) => old.extend(new.iter().map(|(key, value)| (key.clone(), value.clone()))),
            None => rules.push(Json::Object(new.clone())),
        }
    }
    Ok(())
}
