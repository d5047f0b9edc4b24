//! Compares the jobs of the manifest with the project's history, and decides whether each is rendered, kept or reused.

use super::consent::{Answer, Topic};
use super::error::Error;
use super::exit::Exit;
use super::lost::Lost;
use super::names::Names;
use super::places::Places;
use super::planned::{Asking, Changes, Gone, Plan, Sum};
use super::project::Project;
use super::reporter::News;
use super::rollout::RolloutState;
use super::selection::Selection;
use crate::app::budget::Level;
use crate::domain::key::{JobKey, ModelName};
use crate::domain::money::Usd;
use crate::domain::text::count;
use crate::engine::lane::Lane;
use crate::load::Loaded;
use crate::manifest::{Manifest, OnAmbiguous, OnChange};
use crate::plan::approval::Approval;
use crate::plan::bucket::{Bucket, Buckets};
use crate::plan::decide::{Decision, Scope};
use crate::plan::guards::GuardCounts;
use crate::store::{self, LockedTables, PlanTables, StoreError};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// Names of the planned actions by which a job may be sent and its price charged.
const SUBMITTED: [&str; 6] = ["new", "changed", "redo", "again", "waiting", "renamed"];

/// The selection of jobs for a plan or a run, with the consent that the user has given already.
#[derive(Clone, Copy)]
pub(crate) struct Choice<'a> {
    /// Selection of jobs from the command line.
    pub(crate) selection: &'a Selection,
    /// Approved plan of `run --plan`: only its jobs are selected; `None` without one.
    pub(crate) approved: Option<&'a Approval>,
    /// True if the user has already agreed to render changed jobs again.
    pub(crate) accepted: bool,
}

/// The planned action for each selected job, stored in temporary planning tables.
pub(crate) struct Decided {
    pub(crate) plan_tables: PlanTables,
    /// True if some jobs of the manifest are not selected.
    pub(crate) partial: bool,
    /// Number of finished clips whose input changed and that are kept until a person agrees to render them again.
    asks: usize,
    /// Additional cost if a person agrees to render the clips with changed input again.
    asking: Asking,
    /// Number of jobs that are not selected, by status (bucket).
    others: Buckets,
    /// Canaries: the first clips of each shot and model, to review before the others are rendered. Those that an
    /// earlier run recorded as passed are left out.
    pub(crate) rollout: RolloutState,
    /// Warnings about patterns in the selection that were perhaps meant as names.
    warnings: Vec<String>,
}

impl Decided {
    /// Decides the plan's action for each selected job; no more jobs are sent than the selection's limit allows.
    pub(crate) fn of(
        manifest: &Manifest,
        loaded: &Loaded,
        plan_tables: &PlanTables,
        choice: Choice<'_>,
    ) -> Result<Self, Error> {
        let mut rollout = RolloutState::begin(manifest, plan_tables)?;
        let others =
            choice.is_part().then(|| decide_all(manifest, loaded, plan_tables, choice)).transpose()?;
        let warnings = decide(manifest, loaded, plan_tables, choice)?;
        let tables = plan_tables.lock();
        let decided = tables.decided()?;
        let partial = decided < tables.len();
        let asks = tables.count("asks")?;
        let (price, held_back) = (tables.price()?, tables.held_back_price()?);
        drop(tables);
        let mut asking = Asking::default();
        if asks > 0 {
            decide(manifest, loaded, plan_tables, Choice { accepted: true, ..choice })?;
            let tables = plan_tables.lock();
            asking =
                Asking { now: tables.price()? - price, after_review: tables.held_back_price()? - held_back };
            drop(tables);
            decide(manifest, loaded, plan_tables, choice)?;
        }
        let others = match others {
            Some(all) => count_unselected(&plan_tables.lock(), all)?,
            None => Buckets::default(),
        };
        rollout.count(plan_tables)?;
        Ok(Self { plan_tables: plan_tables.clone(), partial, asks, asking, others, rollout, warnings })
    }

    /// Refuses a plan with no job at all.
    ///
    /// Finished jobs count, so a finished project is not refused.
    pub(crate) fn refuse_empty(&self, places: &Places) -> Result<(), Error> {
        let wanted = self.plan_tables.lock().len();
        let selected = self.plan_tables.lock().decided()?;
        let (exit, what, look) = match (wanted, selected) {
            (0, _) => (Exit::Invalid, "the manifest has no jobs", "validate"),
            (_, 0) => (Exit::Usage, "the selection has no job", "plan"),
            _ => return Ok(()),
        };
        let what = format!("{what}, and --fail-if-empty does not allow that; nothing was sent");
        Err(Error::new(exit, what).money("not charged").hint(places.typed(look)))
    }

    /// Asks the user whether to render finished clips again because their input changed.
    ///
    /// It returns true only if the answer is yes.
    pub(crate) fn may_render_changed(&self, project: &Project) -> Result<bool, Error> {
        if self.asks == 0 {
            return Ok(false);
        }
        let changes = self.changes(&["asks"])?;
        let clips = count(self.asks, "finished clip");
        let mark = project.places.mark();
        let question = format!("The input of {clips} changed. Render again for about {}{mark}?", self.asking);
        Ok(project.ask_about(Topic::RenderChanged, question, &changes) == Answer::Yes)
    }

    pub(crate) const fn asks(&self) -> usize {
        self.asks
    }

    /// Returns the number of jobs that the plan renders again because a reviewer queued a redo.
    pub(crate) fn redos(&self) -> Result<usize, Error> {
        Ok(self.plan_tables.lock().count("redo")?)
    }

    /// Returns the number and the total price of the jobs to send whose earlier payment may be missing from the
    /// records.
    ///
    /// The database was rebuilt at the time `rebuilt` with some records missing, so these jobs may have been paid for
    /// before. Renderings queued after that time are left out, because a person agreed to them knowing of the gaps.
    pub(crate) fn in_gaps(&self, rebuilt: Timestamp) -> Result<(usize, Usd), Error> {
        let mut found = (0, Usd::ZERO);
        let each = self.plan_tables.lock().each_named::<StoreError>(&SUBMITTED, |tables, job| {
            let is_agreed = match &job.decision {
                Decision::Waiting { take, .. } | Decision::Renamed { take, unsent: true, .. } => {
                    tables.is_ordered_after(take, rebuilt)?
                }
                other => !other.costs(),
            };
            if !is_agreed {
                found.0 += 1;
                found.1 += job.wanted.price.unwrap_or_default();
            }
            Ok(())
        });
        each?;
        Ok(found)
    }

    pub(crate) const fn others(&self) -> &Buckets {
        &self.others
    }

    pub(crate) fn warn(&self, project: &Project) {
        for warning in &self.warnings {
            project.tell(&News::Warning(warning));
        }
    }

    /// Returns the plan: the number and prices of the jobs, and the amount spent so far against each budget.
    pub(crate) fn plan(
        &self,
        manifest: &Manifest,
        loaded: &Loaded,
        levels: Vec<Level>,
        lost: &Lost,
    ) -> Result<Plan, Error> {
        self.sum(manifest, loaded, levels, lost).map_err(Error::from)
    }

    fn sum(
        &self,
        manifest: &Manifest,
        loaded: &Loaded,
        levels: Vec<Level>,
        lost: &Lost,
    ) -> Result<Plan, StoreError> {
        let tables = self.plan_tables.lock();
        let mut sum = Sum::new(levels, self.others.clone());
        let mut counts = GuardCounts::new(tables.finished()?);
        tables.each::<StoreError>(|tables, job| {
            let is_finished = GuardCounts::asks(&job.decision) && tables.is_finished(&job.wanted.key)?;
            match lost.of(&job.wanted.key, &job.decision) {
                Some(how) => sum.add_lost(&job.wanted, how),
                None if lost.is_dismissed(&job.wanted.key, &job.decision) => sum.add_dismissed(&job.wanted),
                None => sum.add(&job.wanted, &job.decision),
            }
            counts.see(&job.wanted, &job.decision, is_finished, is_dearer(tables, job)?);
            Ok(())
        })?;
        let (mut gone, mut left_out) = (Gone::default(), 0);
        // A partial decision does not show which other jobs are still wanted.
        if !self.partial {
            tables.each_gone::<StoreError>(|job| {
                if loaded.left_out.has(job.key.item.raw()) {
                    left_out += usize::from(job.wanted);
                    return Ok(());
                }
                if job.wanted {
                    counts.miss(&job.key);
                }
                if job.is_unwanted(&loaded.left_out) {
                    gone.add(&job.key);
                }
                Ok(())
            })?;
        }
        Ok(Plan {
            project: manifest.project.clone(),
            at_once: at_once(manifest, loaded, &sum),
            sum,
            dropped: loaded.dropped.clone(),
            cards: loaded.cards.clone(),
            gone,
            left_out,
            asking: self.asking,
            rollout: self.rollout.clone(),
            time: None,
            trips: counts.trips(&manifest.guards),
        })
    }

    /// Returns the number of jobs for which the plan takes one of these actions, with the changed fields of at most ten
    /// of them.
    ///
    /// `names` are the names of the actions, such as `changed`.
    pub(crate) fn changes(&self, names: &[&str]) -> Result<Changes, Error> {
        let mut changes = Changes::default();
        self.plan_tables.lock().each_named::<StoreError>(names, |_, job| {
            changes.jobs += 1;
            if let Decision::Changed { fields, .. } | Decision::Kept { fields, .. } = &job.decision
                && changes.jobs <= EXAMPLES
            {
                changes.examples.push((job.wanted.key.clone(), fields.clone()));
            }
            Ok(())
        })?;
        Ok(changes)
    }
}

impl Choice<'_> {
    /// Returns whether the user has selected jobs, so that the plan may leave out some jobs of the manifest.
    fn is_part(&self) -> bool {
        self.approved.is_some() || !self.selection.only.is_empty() || self.selection.limit.is_some()
    }
}

/// Decides the plan's action for every job of the manifest, also for jobs that are not selected.
///
/// Returns the status that follows for each job, by the job's position in the planning tables. With these statuses the
/// jobs outside the selection are counted.
fn decide_all(
    manifest: &Manifest,
    loaded: &Loaded,
    plan_tables: &PlanTables,
    choice: Choice<'_>,
) -> Result<HashMap<i64, Bucket>, Error> {
    let selection = &Selection::default();
    decide(manifest, loaded, plan_tables, Choice { selection, approved: None, ..choice })?;
    let mut buckets = HashMap::new();
    let each = plan_tables.lock().each::<StoreError>(|_, job| {
        buckets.insert(job.at, Bucket::of(&job.wanted.key, &job.decision));
        Ok(())
    });
    each?;
    Ok(buckets)
}

/// Counts the jobs that are not selected, by status.
///
/// `all` has the status of every job of the manifest, by the job's position in the planning tables.
fn count_unselected(tables: &LockedTables, mut all: HashMap<i64, Bucket>) -> Result<Buckets, StoreError> {
    tables.each::<StoreError>(|_, job| {
        all.remove(&job.at);
        Ok(())
    })?;
    let mut others = Buckets::default();
    for bucket in all.into_values() {
        others.add(bucket, 1);
    }
    Ok(others)
}

/// Decides the plan's action for every selected job, and returns warnings about the patterns in the selection.
fn decide(
    manifest: &Manifest,
    loaded: &Loaded,
    plan_tables: &PlanTables,
    choice: Choice<'_>,
) -> Result<Vec<String>, Error> {
    let Choice { selection, approved, accepted } = choice;
    let names = Names::of_wanted(plan_tables, &selection.only)?;
    let selected = |key: &JobKey| names.has(key) && approved.is_none_or(|plan| plan.has(key));
    let resubmit = match manifest.on_ambiguous {
        OnAmbiguous::Resubmit { max_extra_spend } => Some(max_extra_spend),
        OnAmbiguous::Hold => None,
    };
    let rules = |key: &JobKey| {
        let mut rules = manifest.rules(&key.shot);
        if accepted && rules.on_change == OnChange::Ask {
            rules.on_change = OnChange::Render;
        }
        rules
    };
    let left_out = |key: &JobKey| loaded.left_out.may_have(key.item.raw());
    let pictures = manifest.image_identity;
    let scope = Scope { selected: &selected, resubmit, rules: &rules, left_out: &left_out, pictures };
    plan_tables.lock().decide(scope, selection.limit)?;
    names.warnings()
}

/// Checks whether the price of a job's queued take has risen since the take was queued.
fn is_dearer(tables: &LockedTables, job: &store::Decided) -> Result<bool, StoreError> {
    let (Decision::Waiting { take, .. } | Decision::Renamed { take, unsent: true, .. }) = &job.decision
    else {
        return Ok(false);
    };
    Ok(tables.known_take(take)?.is_some_and(|take| job.wanted.price > Some(take.price)))
}

/// Maximum number of changed jobs whose changed fields are listed.
const EXAMPLES: usize = 10;

/// Returns the maximum number of concurrent submissions of each model in the plan.
fn at_once(manifest: &Manifest, loaded: &Loaded, sum: &Sum) -> BTreeMap<ModelName, usize> {
    let width = |model: &ModelName| {
        let card = loaded.cards.get(model)?;
        let provider = loaded.cards.providers().find(&model.provider)?;
        let limits = manifest.providers.get(&model.provider).map(|config| config.value.limits);
        Some((model.clone(), Lane::new(Some(card), &**provider, &limits.unwrap_or_default()).width()))
    };
    sum.models().filter_map(width).collect()
}

/// Returns a note that rendering a rejected clip again sends the same request.
///
/// It is `None` if a prompt template uses the reviewers' notes.
pub(crate) fn same_order(manifest: &Manifest) -> Option<String> {
    let note = "No template uses `feedback`, so the same request is sent again. To send what the reviewers said (the \
                note or, without a note, the reasons), add `{% if feedback %} {{ feedback }}{% endif %}` to the end of a \
                prompt; jobs without a rejection keep their prompt.";
    (!manifest.reads_feedback()).then(|| note.to_owned())
}
