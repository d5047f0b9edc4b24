//! Checks whether a model's card, built in or from a manifest, contradicts itself.

use super::{Kind, ModelCard, RemarkKind, Rule, shown};
use crate::domain::request::Field;

impl ModelCard {
    /// Checks the card for contradictions. An error describes the first one as a clause.
    pub(super) fn examine(&self) -> Result<(), String> {
        let rules = || self.fields.iter().chain(&self.params);
        for rule in &self.fields {
            let Some(field) = Field::named(&rule.name) else {
                return Err(format!(
                    "`{}` is not a field that all providers share; write it under `params`",
                    rule.name
                ));
            };
            let is_picture = matches!(field, Field::Image | Field::LastImage | Field::ReferenceImages);
            if is_picture != (rule.kind == Kind::Picture) {
                return Err(format!("`{}` has the wrong type", rule.name));
            }
            if is_picture && self.pictures.is_none() {
                return Err(format!("`{}` needs `pictures`, which says how pictures are sent", rule.name));
            }
        }
        for (at, rule) in rules().enumerate() {
            rule.examine()?;
            if rules().skip(at + 1).any(|other| other.name == rule.name) {
                return Err(format!("`{}` is listed twice", rule.name));
            }
            if let Some(other) = rule.only_with.iter().chain(&rule.excludes).find(|other| !self.has(other)) {
                return Err(format!("`{}` refers to `{other}`, which the model does not have", rule.name));
            }
        }
        for remark in &self.remarks {
            let names = [Some(&remark.field), remark.with.as_ref(), remark.without.as_ref()];
            // A prohibition often concerns a field that the model lacks.
            let unknown = names.into_iter().flatten().find(|name| !self.has(name));
            if let Some(name) = unknown.filter(|_| remark.kind != RemarkKind::Refused) {
                return Err(format!("a remark refers to `{name}`, which the model does not have"));
            }
        }
        for surcharge in self.price.iter().flat_map(|price| &price.surcharges) {
            if self.param(&surcharge.param).is_none() {
                return Err(format!("the price refers to `{}`, which is not a parameter", surcharge.param));
            }
        }
        match self.field(Field::Duration) {
            Some(rule) if rule.required || rule.default.is_some() => Ok(()),
            _ => Err("`duration` must be required, or have a default".to_owned()),
        }
    }

    /// Checks whether the model has a field or parameter of that name. The name of a parameter begins with `params.`,
    /// such as `params.quality`.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        match name.strip_prefix("params.") {
            Some(param) => self.param(param).is_some(),
            None => self.fields.iter().any(|rule| rule.name == name),
        }
    }
}

impl Rule {
    fn examine(&self) -> Result<(), String> {
        let name = &self.name;
        if let Some(odd) = self.values.iter().chain(&self.default).find(|value| !self.kind.holds(value)) {
            let what = match self.kind {
                Kind::Bool => "not true or false",
                Kind::Int => "not a whole number",
                Kind::Text => "not text; put it in quotes",
                Kind::Picture => "not a picture; pictures have no values",
            };
            return Err(format!("`{name}` cannot be `{}`, which is {what}", shown(odd)));
        }
        if self.default.as_ref().is_some_and(|value| !self.values.is_empty() && !self.values.contains(value))
        {
            return Err(format!("the default of `{name}` is not one of its values"));
        }
        if self.min.zip(self.max).is_some_and(|(min, max)| min > max) {
            return Err(format!("`{name}` has a `min` above its `max`"));
        }
        if self.link && self.kind != Kind::Text {
            return Err(format!("`{name}` is not text, so it cannot be a link"));
        }
        Ok(())
    }
}
