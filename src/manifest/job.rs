//! Makes the jobs of an item: one for each shot, or each variant of a shot, whose conditions the item meets.

use super::condition::Condition;
use super::context::{Context, ItemContext};
use super::matrix::{Cell, Choice};
use super::model::Shot;
use super::settings::Setting;
use super::template::Template;
use crate::domain::problem::Problem;
use crate::domain::request::Field;
use std::sync::Arc;

/// A clip that is to be made for an item: a shot, in one variant if the shot has several.
#[derive(Debug, Clone)]
pub struct Job<'a> {
    /// The variant: the ids of the job's matrix values, joined by `_`; empty without a matrix.
    pub variant: &'a str,
    /// The data for the job's templates.
    pub context: Context<'a>,
    /// The matrix values of the job; a later value wins over an earlier one with the same key.
    choices: Vec<&'a Choice>,
}

impl<'a> Job<'a> {
    /// Returns the setting that the job's variant has for a field; `None` if it has none. This setting takes precedence
    /// over the shot's.
    #[must_use]
    pub fn field(&self, field: Field) -> Option<&'a Setting<Template>> {
        self.set(field.name())
    }

    /// Returns the model that the job's variant sets; `None` if it sets none.
    #[must_use]
    pub fn model(&self) -> Option<&'a Template> {
        match self.set("model")? {
            Setting::One(model) => Some(model),
            Setting::Many(_) => None,
        }
    }

    fn set(&self, name: &str) -> Option<&'a Setting<Template>> {
        self.choices.iter().rev().find(|choice| &*choice.key == name)?.sets.as_ref()
    }
}

impl<'a> ItemContext<'a> {
    /// Returns whether the item meets a condition that uses only the item's columns and the manifest's variables.
    pub fn meets(&self, condition: &Condition) -> Result<bool, Box<Problem>> {
        condition.holds(&self.context("", "", Vec::new()))
    }

    /// Returns the jobs of a shot for the item: one for each variant, or a single job without a matrix.
    ///
    /// Jobs that a condition excludes are left out, and a job with an error is replaced by the error. The item's
    /// warnings are also returned as `Err`, before the first valid job.
    pub fn jobs(&self, shot: &'a Shot) -> impl Iterator<Item = Result<Job<'a>, Box<Problem>>> {
        let matrix = shot.fields.matrix.as_deref();
        let alone = matrix.is_none().then_some(None);
        let cells = matrix.into_iter().flat_map(|matrix| &matrix.cells).map(Some);
        let jobs = alone.into_iter().chain(cells).filter_map(|cell| self.job(shot, cell).transpose());
        let mut warnings = self.unbraced();
        jobs.flat_map(move |job| {
            let before = if job.is_ok() { std::mem::take(&mut warnings) } else { Vec::new() };
            before.into_iter().map(|warning| Err(Box::new(warning))).chain([job])
        })
    }

    /// Returns the job of a shot for the item, with the variant `cell` if the shot has a matrix; `None` if a condition
    /// excludes the job.
    fn job(&self, shot: &'a Shot, cell: Option<&'a Cell>) -> Result<Option<Job<'a>>, Box<Problem>> {
        let variant = cell.map_or("", |cell| &cell.variant);
        let context = |choices: &[&Choice]| {
            let seen = choices.iter().map(|choice| (Arc::clone(&choice.key), choice.seen.clone()));
            self.context(&shot.name.value, variant, seen.collect())
        };
        let holds = |condition: Option<&Condition>, choices: &[&Choice]| {
            condition.map_or(Ok(true), |condition| condition.holds(&context(choices)))
        };
        let mut choices: Vec<&Choice> = Vec::new();
        if let Some(cell) = cell {
            choices.extend(cell.choices.iter().map(|choice| &**choice));
            if !holds(cell.when.as_ref(), &choices)? {
                return Ok(None);
            }
            for extension in &cell.extensions {
                if holds(extension.when.as_ref(), &choices)? {
                    choices.extend(extension.choices.iter().map(|choice| &**choice));
                }
            }
        }
        let is_wanted = holds(shot.fields.when.as_ref(), &choices)?;
        Ok(is_wanted.then(|| Job { variant, context: context(&choices), choices }))
    }
}
