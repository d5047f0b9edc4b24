//! Reads the YAML documents that describe a provider and its models as data.
//!
//! The built-in documents are next to the code of their providers; a provider in another crate reads its own with
//! [`Document::read`].

use super::card::ModelCard;
use super::card::read::{limits, look_up};
use super::cards::form::{CARD, FormError};
use crate::domain::limits::Limits;
use crate::domain::policy::{LookUp, Policy};
use crate::domain::problem::meant_or_all;
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use url::Url;

/// The description of a provider and its models.
#[derive(Debug, Clone)]
pub struct Document {
    /// The properties that all models of the provider share.
    pub profile: Profile,
    /// The cards of the provider's models.
    pub models: Vec<ModelCard>,
}

/// The error for a provider's document that cannot be used. Its message has one line for each mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the document of the provider {provider} cannot be used:\n{}", .defects.join("\n"))]
pub struct Unusable {
    /// The name of the provider that the document describes.
    pub provider: String,
    /// The mistakes, each with its place and, if possible, a correction.
    pub defects: Vec<String>,
}

impl Document {
    /// Reads the document of a provider from YAML with the keys `profile:` and `models:`, like those in
    /// `src/provider/`.
    ///
    /// An error lists all mistakes, except that YAML which cannot be parsed gives only one.
    pub fn read(provider: &str, yaml: &str) -> Result<Self, Unusable> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Written {
            profile: Profile,
            models: Vec<Json>,
        }

        let unusable = |defects| Unusable { provider: provider.to_owned(), defects };
        let Written { profile, models } =
            serde_yaml::from_str(yaml).map_err(|error| unusable(vec![error.to_string()]))?;
        let (mut cards, mut defects, mut names) = (Vec::new(), Vec::new(), BTreeSet::new());
        for (index, written) in models.into_iter().enumerate() {
            let name = written["name"].as_str().map_or_else(|| format!("models[{index}]"), str::to_owned);
            match card(provider, written) {
                Ok(card) if !names.insert(card.name.clone()) => {
                    defects.push(format!("{name}: two models have this name"));
                }
                Ok(card) => cards.push(card),
                Err(wrong) => defects.extend(wrong.into_iter().map(|wrong| format!("{name}: {wrong}"))),
            }
        }
        if defects.is_empty() { Ok(Self { profile, models: cards }) } else { Err(unusable(defects)) }
    }

    /// Reads a document that is compiled into the program. Panics if the document has mistakes.
    pub(super) fn built_in(provider: &str, yaml: &str) -> Self {
        Self::read(provider, yaml).unwrap_or_else(|unusable| panic!("{unusable}"))
    }
}

/// Reads the card of one model from JSON. An error lists all its mistakes.
fn card(provider: &str, mut written: Json) -> Result<ModelCard, Vec<String>> {
    let Some(parts) = written.as_object_mut() else {
        return Err(vec!["a model is a group that begins with `name:`".to_owned()]);
    };
    let mut wrong = Vec::new();
    for (name, value) in parts.iter_mut() {
        let known = CARD.iter().find(|key| key.name == name);
        if known.is_none() && name != "name" {
            let hint = meant_or_all(name, CARD.iter().map(|key| key.name), "a card has");
            wrong.push(format!("a model's card has no `{name}`; {hint}"));
        }
        if let Some(key) = known {
            let form_error = |FormError { steps, what, hint, .. }: FormError| {
                let path = [&[name.clone()][..], &steps].concat().join(".");
                format!("`{path}`: {what}; {hint}")
            };
            wrong.extend(key.form.fit(value, name).into_iter().map(form_error));
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let card = ModelCard::read(written).map_err(|why| vec![why])?;
    if card.name.provider != provider {
        return Err(vec![format!("its name must begin with `{provider}/`")]);
    }
    Ok(card)
}

/// The properties that all models of a provider share.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The address of the provider's API, without the paths of single calls.
    pub base_url: String,
    /// The paths that the provider's own documentation shows after `base_url`. A manifest may contain one by mistake,
    /// and [`Profile::server`] removes it.
    #[serde(default)]
    pub paths: Vec<String>,
    /// The environment variable that holds the API key, unless the manifest names another variable.
    pub key_env: String,
    /// The provider's own hosts. A manifest that sends the key to any other host causes a warning.
    pub hosts: Vec<String>,
    /// The limits of the user's account at the provider, for all models together.
    #[serde(default, deserialize_with = "limits")]
    pub limits: Limits,
    /// The schedule of look-ups, which search for a task by its request id; `None` if the provider documents no such
    /// search.
    #[serde(default, deserialize_with = "look_up")]
    pub look_up: Option<LookUp>,
    /// True if the provider exists only in the sandbox and sells nothing, so that tables of models omit it.
    #[serde(default)]
    pub sandbox_only: bool,
}

impl Profile {
    /// Returns the standard policy (limits and durations) with this provider's schedule of look-ups, which search for
    /// the task of an unanswered submission. Model cards and the manifest may change the policy further.
    #[must_use]
    pub fn policy(&self) -> Policy {
        Policy { look_up: self.look_up.clone(), ..Policy::standard() }
    }

    /// Returns the server's address as a call needs it, from an address in a manifest. It removes a known path of the
    /// API, doubled slashes and a final slash. An address of the provider's own hosts gets the path of `base_url` if it
    /// has no path.
    #[must_use]
    pub fn server(&self, address: &Url) -> Url {
        let pieces: Vec<&str> = address.path().split('/').filter(|piece| !piece.is_empty()).collect();
        let path = pieces.iter().fold(String::new(), |path, piece| path + "/" + piece);
        let behind = self.paths.iter().filter(|known| path.ends_with(known.as_str()));
        let longest = behind.map(String::len).max().unwrap_or_default();
        let mut path = &path[..path.len() - longest];
        let own = Url::parse(&self.base_url);
        if path.is_empty() && address.host_str().is_some_and(|host| self.hosts.iter().any(|own| own == host))
        {
            path = own.as_ref().map_or("", |own| own.path().trim_end_matches('/'));
        }
        let mut server = address.clone();
        server.set_path(path);
        server
    }
}

#[cfg(test)]
mod tests;
