//! Reads the YAML documents that describe a provider and its models as data.
//!
//! The built-in documents are next to the code of their providers; a provider in another crate reads its own with
//! [`Document::read`].

use super::card::ModelCard;
use super::card::read::{limits, look_up};
use super::cards::form::{CARD, Misfit};
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

/// The error that a document has mistakes, one line for each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the document of the provider {provider} cannot be used:\n{}", .defects.join("\n"))]
pub struct Unusable {
    /// The name of the provider whose document is wrong.
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
            let misfit = |Misfit { steps, what, hint, .. }: Misfit| {
                let path = [&[name.clone()][..], &steps].concat().join(".");
                format!("`{path}`: {what}; {hint}")
            };
            wrong.extend(key.form.fit(value, name).into_iter().map(misfit));
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
    /// The paths that the provider's own pages print after the address `base_url`. A manifest may contain one by
    /// mistake, and [`Profile::server`] removes it.
    #[serde(default)]
    pub paths: Vec<String>,
    /// The environment variable that holds the API key, unless the manifest names another variable.
    pub key_env: String,
    /// The provider's own hosts. A manifest that sends the key to any other host causes a warning.
    pub hosts: Vec<String>,
    /// The limits of the user's account at the provider, for all models together.
    #[serde(default, deserialize_with = "limits")]
    pub limits: Limits,
    /// The schedule of look-ups, which search tasks by their request ids; `None` if the provider documents no such search.
    #[serde(default, deserialize_with = "look_up")]
    pub look_up: Option<LookUp>,
    /// True if the provider exists only in the sandbox and sells nothing, so that tables of models omit it.
    #[serde(default)]
    pub sandbox_only: bool,
}

impl Profile {
    /// Returns the standard policy (limits and durations) with this provider's schedule of look-ups. Model cards and the
    /// manifest may change it further.
    #[must_use]
    pub fn policy(&self) -> Policy {
        Policy { look_up: self.look_up.clone(), ..Policy::standard() }
    }

    /// Returns the server's address as a call needs it, from an address in a manifest. It removes a known path of the API,
    /// doubled slashes and a final slash. An address of the provider's own hosts gets the path of `base_url` if it has no path.
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
mod tests {
    use super::*;

    const PROFILE: &str =
        "profile: { base_url: \"https://a.example\", key_env: A_KEY, hosts: [a.example] }\n";

    fn model(name: &str, more: &str) -> String {
        format!(
            "  - {{ name: {name}, summary: s, source: t, modes: [text], link_life_hours: 1, {more}, fields: \
             [{{ name: prompt, type: text }}, {{ name: duration, type: int, min: 1, max: 5, default: 5 }}] }}\n"
        )
    }

    fn read(models: &[String]) -> Result<Document, Unusable> {
        Document::read("acme", &format!("{PROFILE}models:\n{}", models.concat()))
    }

    #[test]
    fn a_document_is_a_provider_and_its_models() {
        let document = read(&[model("acme/clip", "notes: [a]"), model("acme/film", "notes: [a]")]).unwrap();
        assert_eq!(document.profile.key_env, "A_KEY");
        let names: Vec<String> = document.models.iter().map(|card| card.name.to_string()).collect();
        assert_eq!(names, ["acme/clip", "acme/film"]);
    }

    #[test]
    fn all_defects_are_told_at_once_each_with_its_model_and_what_to_write() {
        let models = [
            model("acme/clip", "price: { per: minute, usd: \"0.20\" }"),
            model("other/clip", "notes: [a]"),
            model("acme/film", "notes: [a]"),
            model("acme/film", "notes: [a]"),
            model("acme/odd", "remark: []"),
            "  - just a name\n".to_owned(),
        ];
        insta::assert_snapshot!(read(&models).unwrap_err(), @r"
        the document of the provider acme cannot be used:
        acme/clip: `price.per`: `minute` is not a valid value for `per`; write `clip` or `second`
        other/clip: its name must begin with `acme/`
        acme/film: two models have this name
        acme/odd: a model's card has no `remark`; did you mean `remarks`?
        models[5]: a model is a group that begins with `name:`
        ");
    }

    #[test]
    fn text_that_is_no_document_is_refused_with_its_line() {
        let broken = Document::read("acme", "profile: {\nmodels: []").unwrap_err();
        let strange = Document::read("acme", &PROFILE.replace("key_env", "key")).unwrap_err();
        insta::assert_snapshot!(broken, @r"
        the document of the provider acme cannot be used:
        error: line 2 column 1: unknown field `models`, expected one of base_url, paths, key_env, hosts, limits, look_up, sandbox_only
         --> <input>:2:1
          |
        1 | profile: {
        2 | models: []
          | ^ unknown field `models`, expected one of base_url, paths, key_env, hosts, limits, look_up, sandbox_only
        ");
        insta::assert_snapshot!(strange, @r#"
        the document of the provider acme cannot be used:
        error: line 1 column 43: unknown field `key`, expected one of base_url, paths, key_env, hosts, limits, look_up, sandbox_only
         --> <input>:1:43
          |
        1 | profile: { base_url: "https://a.example", key: A_KEY, hosts: [a.example] }
          |                                           ^ unknown field `key`, expected one of base_url, paths, key_env, hosts, limits, look_up, sandbox_only
        "#);
    }
}
