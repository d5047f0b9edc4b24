//! A plan added up, job by job: of a million jobs only a few are named.

use super::EXAMPLES;
use crate::app::budget::{Fit, Level};
use crate::domain::key::{JobKey, ModelName};
use crate::domain::lifecycle::State;
use crate::domain::loss::Loss;
use crate::domain::money::Usd;
use crate::domain::take::Wanted;
use crate::plan::bucket::{Bucket, Buckets};
use crate::plan::decide::Decision;
use std::collections::BTreeMap;

/// Jobs with what is to be done about each, added up.
#[derive(Debug, Default)]
pub struct Sum {
    /// Number of the jobs that are planned.
    pub jobs: usize,
    /// All jobs of the manifest.
    pub buckets: Buckets,
    /// How many of them would be sent.
    pub to_render: usize,
    /// What these cost.
    pub(crate) total: Usd,
    /// Of the table, each where it came up first.
    pub(crate) rows: Vec<Row>,
    /// The models of all jobs.
    pub(crate) models: BTreeMap<ModelName, Model>,
    /// Clips of other jobs that serve, and what they would have cost.
    pub(crate) shared: (usize, Usd),
    /// Likewise, of jobs that had other names.
    pub(crate) renamed: (usize, Usd),
    /// Jobs that may be paid twice, and for how much.
    pub(crate) again: (usize, Usd),
    /// Clips that are kept although their input changed, with the first of them.
    pub(crate) kept: (usize, Vec<String>),
    /// Likewise, until somebody agrees.
    pub(crate) asks: (usize, Vec<String>),
    /// Jobs whose clips are gone.
    pub(crate) missing: usize,
    /// Jobs whose clips somebody altered.
    pub(crate) altered: usize,
    /// The budgets.
    pub(crate) fits: Vec<Fit>,
}

/// A row of the table: jobs of one model and price with which the same is done.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) sign: char,
    pub(crate) model: ModelName,
    pub(crate) price: Option<Usd>,
    pub(crate) why: String,
    pub(crate) count: usize,
    pub(crate) examples: Vec<String>,
}

/// What would be sent to a model.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) costly: usize,
    /// The highest price of a job.
    pub(crate) dearest: Usd,
    pub(crate) unpriced: usize,
    pub(crate) first_unpriced: Option<JobKey>,
}

impl Sum {
    /// Returns the sum before the first job, with budgets that are so full and the jobs that are not planned.
    #[must_use]
    pub fn new(levels: Vec<Level>, others: Buckets) -> Self {
        Self { buckets: others, fits: levels.into_iter().map(Fit::new).collect(), ..Self::default() }
    }

    /// The models of all jobs.
    pub fn models(&self) -> impl Iterator<Item = &ModelName> {
        self.models.keys()
    }

    /// Adds a job of which a person has said that it is meant to stay as it is.
    pub fn add_dismissed(&mut self, wanted: &Wanted) {
        self.jobs += 1;
        self.buckets.add(Bucket::Dismissed, 1);
        self.models.entry(wanted.request.model.clone()).or_default();
        self.count_row(wanted, '=', None, "dismissed".to_owned());
    }

    /// Adds a job whose clip is not as it was placed, and which is not rendered anew.
    pub fn add_lost(&mut self, wanted: &Wanted, loss: Loss) {
        self.jobs += 1;
        self.buckets.add(Bucket::lost(loss), 1);
        let count = match loss {
            Loss::Missing => &mut self.missing,
            Loss::Altered => &mut self.altered,
        };
        *count += 1;
        self.models.entry(wanted.request.model.clone()).or_default();
        self.count_row(wanted, '?', None, format!("its clip is {}", loss.name()));
    }

    /// Adds a job.
    pub fn add(&mut self, wanted: &Wanted, decision: &Decision) {
        self.jobs += 1;
        self.buckets.add(Bucket::of(&wanted.key, decision), 1);
        let price = wanted.price.unwrap_or_default();
        match decision {
            Decision::Shared { .. } => add(&mut self.shared, price),
            Decision::Renamed { unsent: false, .. } => add(&mut self.renamed, price),
            Decision::Again { .. } => add(&mut self.again, price),
            Decision::Kept { asks, .. } => {
                let (count, keys) = if *asks { &mut self.asks } else { &mut self.kept };
                *count += 1;
                if keys.len() < EXAMPLES {
                    keys.push(wanted.key.to_string());
                }
            }
            _ => {}
        }
        let name = &wanted.request.model;
        if !self.models.contains_key(name) {
            self.models.insert(name.clone(), Model::default());
        }
        if decision.costs() {
            self.to_render += 1;
            self.total += price;
            self.fits.iter_mut().for_each(|fit| fit.add(price));
            if let Some(model) = self.models.get_mut(name) {
                model.costly += 1;
                model.dearest = model.dearest.max(price);
                if wanted.price.is_none() {
                    model.unpriced += 1;
                    model.first_unpriced.get_or_insert_with(|| wanted.key.clone());
                }
            }
        }
        self.add_row(wanted, decision);
    }

    fn add_row(&mut self, wanted: &Wanted, decision: &Decision) {
        let (sign, why) = why(decision);
        self.count_row(wanted, sign, decision.costs().then_some(wanted.price).flatten(), why);
    }

    fn count_row(&mut self, wanted: &Wanted, sign: char, price: Option<Usd>, why: String) {
        let model = &wanted.request.model;
        let is_same = |row: &Row| (row.sign, &row.model, row.price, &row.why) == (sign, model, price, &why);
        let at = self.rows.iter().position(is_same).unwrap_or_else(|| {
            let model = model.clone();
            self.rows.push(Row { sign, model, price, why, count: 0, examples: Vec::new() });
            self.rows.len() - 1
        });
        let row = &mut self.rows[at];
        row.count += 1;
        if row.examples.len() < EXAMPLES {
            row.examples.push(wanted.key.to_string());
        }
    }
}

fn add(sum: &mut (usize, Usd), price: Usd) {
    sum.0 += 1;
    sum.1 += price;
}

/// What costs money first, what is as it was last.
pub(crate) const ORDER: [char; 7] = ['+', '~', '>', '!', '?', 'x', '='];

fn why(decision: &Decision) -> (char, String) {
    match decision {
        Decision::New => ('+', "new".into()),
        Decision::Changed { fields, .. } => {
            let names: Vec<_> = fields.iter().map(|change| change.field.as_str()).collect();
            ('~', format!("changed: {}", names.join(", ")))
        }
        Decision::Kept { fields, asks, .. } => {
            let names: Vec<_> = fields.iter().map(|change| change.field.as_str()).collect();
            let (sign, word) = if *asks { ('!', "asks first") } else { ('=', "kept") };
            (sign, format!("{word}, changed: {}", names.join(", ")))
        }
        Decision::Underway { unsent: true, .. } => ('+', "ordered earlier, not sent yet".into()),
        Decision::Underway { .. } => ('>', "submitted earlier, waiting for the result".into()),
        Decision::Renamed { unsent: true, .. } => ('+', "renamed, not sent yet".into()),
        Decision::Renamed { .. } => ('>', "renamed, paid before".into()),
        Decision::Shared { .. } => ('>', "shared with another job".into()),
        Decision::Unchanged { refile: Some(_), .. } => ('>', "another output path, file moves".into()),
        Decision::Unchanged { .. } => ('=', "unchanged".into()),
        Decision::Again { .. } => ('~', "in doubt, ordered again".into()),
        Decision::Blocked { state: State::Held { .. }, .. } => ('!', "waiting for your decision".into()),
        Decision::Blocked { .. } => ('!', "changed; its earlier clip is still on its way".into()),
        Decision::Failed { state: State::WrittenOff { .. }, .. } => ('x', "written off".into()),
        Decision::Failed { .. } => ('x', "failed earlier; `shotlist retry` sends it again".into()),
    }
}
