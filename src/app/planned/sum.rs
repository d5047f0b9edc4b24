//! Adds up the jobs of a plan one by one.
//!
//! A sum keeps the names of only a few jobs, so a plan of a million jobs needs little memory.

use super::EXAMPLES;
use crate::app::budget::{Fit, Level};
use crate::domain::clip_damage::ClipDamage;
use crate::domain::durations::RenderKind;
use crate::domain::fault::Refusal;
use crate::domain::key::{JobKey, ModelName};
use crate::domain::lifecycle::{Charged, State};
use crate::domain::money::Usd;
use crate::domain::take::Wanted;
use crate::plan::bucket::{Bucket, Buckets};
use crate::plan::decide::{Decision, Repeats};
use crate::plan::fingerprint::Change;
use std::collections::BTreeMap;

/// The number and prices of the planned jobs, added up job by job.
#[derive(Debug, Default)]
pub struct Sum {
    /// Number of all planned jobs.
    pub jobs: usize,
    /// Number of the manifest's jobs by status (bucket), also of those that are not selected.
    pub buckets: Buckets,
    /// Number of jobs that a run would send.
    pub to_render: usize,
    /// Number of jobs that a run would send, by kind of request: model, length and size of the clip.
    pub(crate) unsent: BTreeMap<RenderKind, usize>,
    /// Price of the jobs that a run would send.
    pub(crate) total: Usd,
    /// Rows of the plan's table, in the order in which their first jobs were added.
    pub(crate) rows: Vec<Row>,
    /// Number and prices of the jobs to send, by model. A model whose planned jobs are not sent has zeros.
    pub(crate) models: BTreeMap<ModelName, Model>,
    /// Number of jobs that get another job's clip, and the price that this saves.
    pub(crate) shared: (usize, Usd),
    /// Number of jobs that keep the clip that they got under an earlier name, and the price that this saves.
    pub(crate) renamed: (usize, Usd),
    /// Number of jobs that are sent again although the earlier request may have been charged, and their price.
    pub(crate) again: (usize, Usd),
    /// Number of jobs whose request has no reply yet, and the price if all of them must be sent again.
    pub(crate) unanswered: (usize, Usd),
    /// Number of jobs that keep their clip although the input changed, and the keys of up to three of them.
    pub(crate) kept: (usize, Vec<String>),
    /// Number of jobs that keep their clip until a person agrees to render it again, and the keys of up to three of
    /// them.
    pub(crate) asks: (usize, Vec<String>),
    /// Number of jobs whose clips are missing.
    pub(crate) missing: usize,
    /// Number of jobs whose clips were altered.
    pub(crate) altered: usize,
    /// Lowest price of a job that a run would send; an unknown price counts as zero. `None` if nothing would be sent.
    pub(crate) cheapest: Option<Usd>,
    /// Budgets, each with the number of planned jobs that it can pay for.
    pub(crate) fits: Vec<Fit>,
}

/// A row of the plan's table: the jobs with the same model, price and planned action.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) sign: char,
    pub(crate) model: ModelName,
    pub(crate) price: Option<Usd>,
    pub(crate) why: String,
    pub(crate) count: usize,
    pub(crate) examples: Vec<String>,
}

/// Counts of the jobs that a run would send to one model, and the highest price among these jobs.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) costly: usize,
    /// Highest price of a job to send.
    pub(crate) dearest: Usd,
    pub(crate) unpriced: usize,
    pub(crate) first_unpriced: Option<JobKey>,
}

impl Sum {
    /// Returns the sum of a plan before any job is added.
    ///
    /// `levels` are the budgets. `others` has the number of jobs that are not in the plan, by status.
    #[must_use]
    pub fn new(levels: Vec<Level>, others: Buckets) -> Self {
        Self { buckets: others, fits: levels.into_iter().map(Fit::new).collect(), ..Self::default() }
    }

    /// Returns the models of all planned jobs.
    pub fn models(&self) -> impl Iterator<Item = &ModelName> {
        self.models.keys()
    }

    /// Adds a job that a person has accepted (dismissed) as failed, written off or missing.
    pub fn add_dismissed(&mut self, wanted: &Wanted) {
        self.jobs += 1;
        self.buckets.add(Bucket::Dismissed, 1);
        self.models.entry(wanted.request.model.clone()).or_default();
        self.count_row(wanted, '=', None, "dismissed".to_owned());
    }

    /// Adds a job that is not rendered again although its clip is missing or altered.
    pub fn add_lost(&mut self, wanted: &Wanted, loss: ClipDamage) {
        self.jobs += 1;
        self.buckets.add(Bucket::lost(loss), 1);
        let count = match loss {
            ClipDamage::Missing => &mut self.missing,
            ClipDamage::Altered => &mut self.altered,
        };
        *count += 1;
        self.models.entry(wanted.request.model.clone()).or_default();
        self.count_row(wanted, '?', None, format!("its clip is {}", loss.name()));
    }

    /// Adds a job with its planned action.
    pub fn add(&mut self, wanted: &Wanted, decision: &Decision) {
        self.jobs += 1;
        self.buckets.add(Bucket::of(&wanted.key, decision), 1);
        let price = wanted.price.unwrap_or_default();
        match decision {
            Decision::Shared { .. } => add(&mut self.shared, price),
            Decision::Renamed { unsent: false, .. } => add(&mut self.renamed, price),
            Decision::Again { .. } => add(&mut self.again, price),
            Decision::InFlight { unanswered: true, .. } => add(&mut self.unanswered, price),
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
            self.cheapest = Some(self.cheapest.map_or(price, |cheapest| cheapest.min(price)));
            *self.unsent.entry(RenderKind::of(&wanted.request)).or_default() += 1;
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

/// Signs that mark the rows of the plan's table, in the order of the rows: from new charges to unchanged jobs.
pub(crate) const ORDER: [char; 7] = ['+', '~', '>', '!', '?', 'x', '='];

fn why(decision: &Decision) -> (char, String) {
    match decision {
        Decision::New => ('+', "new".into()),
        Decision::Changed { fields, .. } => ('~', format!("changed: {}", names(fields))),
        Decision::HeldBack => ('!', "waiting for your review of the first clips".into()),
        Decision::Redo { why, .. } => ('~', format!("redo: rejected ({why})")),
        Decision::Kept { fields, asks, .. } => {
            let (sign, word) = if *asks { ('!', "needs your approval") } else { ('=', "kept") };
            (sign, format!("{word}, changed: {}", names(fields)))
        }
        Decision::Waiting { repeats: Some(repeats), .. } => {
            let what = match repeats {
                Repeats::Clip => "redo, not sent yet",
                Repeats::Doubt | Repeats::Failure => {
                    "resubmission, not sent yet; the earlier request may have been charged"
                }
                Repeats::Charge => "another payment, not sent yet; the earlier request was charged",
            };
            ('~', what.into())
        }
        Decision::Waiting { fields, .. } if !fields.is_empty() => {
            ('~', format!("changed: {}; not sent yet", names(fields)))
        }
        Decision::Waiting { .. } => ('+', "planned earlier, not sent yet".into()),
        Decision::InFlight { unanswered: true, .. } => ('>', "submitted earlier, no reply yet".into()),
        Decision::InFlight { .. } => ('>', "submitted earlier, waiting for the result".into()),
        Decision::Renamed { unsent: true, .. } => ('+', "renamed, not sent yet".into()),
        Decision::Renamed { .. } => ('>', "renamed, already paid for".into()),
        Decision::Shared { .. } => ('>', "shared with another job".into()),
        Decision::Unchanged { refile: Some(_), .. } => {
            ('>', "the clip exists, its file will be moved".into())
        }
        Decision::Unchanged { .. } => ('=', "unchanged".into()),
        Decision::Again { .. } => ('~', "resubmitted; the earlier request may have been charged".into()),
        Decision::Blocked { state: State::Held { .. }, .. } => ('!', "waiting for your decision".into()),
        Decision::Blocked { .. } => ('!', "changed; waiting for the result of the earlier request".into()),
        Decision::Failed { state: State::WrittenOff { .. }, .. } => ('x', "written off".into()),
        Decision::Failed { state: State::Failed { refusal: Refusal::Model, .. }, .. } => (
            'x',
            "the provider refused the model; once it is enabled for your account, `retry --include-permanent` sends \
             the job again"
                .into(),
        ),
        Decision::Failed { state: State::Failed { refusal, .. }, .. } if refusal.permanent() => {
            ('x', "refused by the provider; change the prompt or the picture".into())
        }
        Decision::Failed { state: State::Failed { charged: Charged::No, .. }, .. } => {
            ('x', "failed earlier; `retry` sends it again".into())
        }
        Decision::Failed { .. } => {
            ('x', "failed, perhaps charged; `retry --charged` pays again".into())
        }
    }
}

/// Returns the names of changed fields, with commas between them.
fn names(fields: &[Change]) -> String {
    fields.iter().map(|change| change.field.as_str()).collect::<Vec<_>>().join(", ")
}
