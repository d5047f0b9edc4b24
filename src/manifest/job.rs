//! The jobs of an item: one for each shot and matrix cell whose conditions the item meets.

use super::condition::Condition;
use super::context::{Context, ItemContext};
use super::matrix::{Cell, Choice};
use super::model::Shot;
use super::settings::Setting;
use super::template::Template;
use crate::domain::problem::Problem;
use crate::domain::request::Field;
use std::sync::Arc;

/// A clip that a shot makes for an item.
#[derive(Debug, Clone)]
pub struct Job<'a> {
    /// The ids of the job's matrix cell, joined by `_`; empty without a matrix.
    pub variant: &'a str,
    /// The data for the job's templates.
    pub context: Context<'a>,
    /// The values of the job's matrix cell; a later value wins over an earlier one with the same key.
    choices: Vec<&'a Choice>,
}

impl<'a> Job<'a> {
    /// Returns the setting of a field in the job's matrix cell; `None` if the cell does not set the field. A cell's
    /// setting wins over the shot's setting.
    #[must_use]
    pub fn field(&self, field: Field) -> Option<&'a Setting<Template>> {
        self.set(field.name())
    }

    /// Returns the model that the job's matrix cell sets; `None` if the cell sets none.
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
    /// Returns whether the item meets a condition that reads neither a shot nor a cell.
    pub fn meets(&self, condition: &Condition) -> Result<bool, Box<Problem>> {
        condition.holds(&self.context("", "", Vec::new()))
    }

    /// Returns the jobs of a shot for the item: one for each cell of its matrix, or one without a matrix.
    ///
    /// Jobs that a condition excludes are left out. An error takes the place of its job. Warnings also come as errors,
    /// before the first job.
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

    /// Returns the job of a shot for the item, in one cell of the matrix if the shot has one; `None` if a condition
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
