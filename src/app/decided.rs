//! Compares the wanted jobs with the history and decides what to do about each.

use super::consent::{Answer, Topic};
use super::error::Error;
use super::exit::Exit;
use super::lost::Lost;
use super::names::Names;
use super::places::Places;
use super::planned::{Changes, Gone, Plan, Sum};
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
use crate::plan::guards::{Watch, is_in_place};
use crate::store::{Book, ReviewCounts, StoreError, Worksheet};
use std::collections::{BTreeMap, HashMap};

/// The jobs of a plan or a run, and the consent that was given for them.
#[derive(Clone, Copy)]
pub(crate) struct Choice<'a> {
    /// Selection from the command line.
    pub(crate) selection: &'a Selection,
    /// Approved plan, which limits the selection to its jobs.
    pub(crate) approved: Option<&'a Approval>,
    /// True if changed jobs that need consent have it.
    pub(crate) accepted: bool,
}

/// A worksheet with a decision for each selected job.
pub(crate) struct Decided {
    /// Worksheet with the jobs.
    pub(crate) worksheet: Worksheet,
    /// True if the selection leaves out some jobs.
    pub(crate) partial: bool,
    /// Number of clips that are kept until a person consents.
    asks: usize,
    /// Extra cost of rendering these jobs.
    asking: Usd,
    /// Jobs that are not selected.
    others: Buckets,
    /// State of the canaries of templates that have not passed.
    pub(crate) rollout: RolloutState,
    /// Warnings about the names of the selection.
    warnings: Vec<String>,
}

impl Decided {
    /// Decides for the selected jobs, up to the limit.
    pub(crate) fn of(
        manifest: &Manifest,
        loaded: &Loaded,
        worksheet: &Worksheet,
        choice: Choice<'_>,
    ) -> Result<Self, Error> {
        let mut rollout = RolloutState::begin(manifest, worksheet)?;
        let others = choice.is_part().then(|| decide_all(manifest, loaded, worksheet, choice)).transpose()?;
        let warnings = decide(manifest, loaded, worksheet, choice)?;
        let book = worksheet.book();
        let decided = book.decided()?;
        let partial = decided < book.len();
        let asks = book.count("asks")?;
        let price = book.price()?;
        drop(book);
        let mut asking = Usd::ZERO;
        if asks > 0 {
            decide(manifest, loaded, worksheet, Choice { accepted: true, ..choice })?;
            asking = worksheet.book().price()? - price;
            decide(manifest, loaded, worksheet, choice)?;
        }
        let others = match others {
            Some(all) => count_unselected(&worksheet.book(), all)?,
            None => Buckets::default(),
        };
        rollout.count(worksheet)?;
        Ok(Self { worksheet: worksheet.clone(), partial, asks, asking, others, rollout, warnings })
    }

    /// Refuses a plan without a job. Jobs that are done are jobs: where all are done, nothing is refused.
    pub(crate) fn refuse_empty(&self, places: &Places) -> Result<(), Error> {
        let wanted = self.worksheet.book().len();
        let selected = self.worksheet.book().decided()?;
        let (exit, what, look) = match (wanted, selected) {
            (0, _) => (Exit::Invalid, "the manifest and its catalog ask for no clip", "validate"),
            (_, 0) => (Exit::Usage, "the selection holds no job", "plan"),
            _ => return Ok(()),
        };
        let what = format!("{what}, which --fail-if-empty refuses; nothing was sent");
        Err(Error::new(exit, what).money("not charged").hint(places.typed(look)))
    }

    /// Asks whether to render finished clips again because their input changed.
    ///
    /// It returns true only for a yes.
    pub(crate) fn may_render_changed(&self, project: &Project) -> Result<bool, Error> {
        if self.asks == 0 {
            return Ok(false);
        }
        let changes = self.changes(&["asks"])?;
        let clips = count(self.asks, "finished clip");
        let mark = project.places.mark();
        let question = format!("The input of {clips} changed. Render anew for about {}{mark}?", self.asking);
        Ok(project.ask_about(Topic::RenderChanged, question, &changes) == Answer::Yes)
    }

    /// Returns the number of clips that are kept until a person consents.
    pub(crate) const fn asks(&self) -> usize {
        self.asks
    }

    /// Returns the number of queued redos of the plan.
    pub(crate) fn redos(&self) -> Result<usize, Error> {
        Ok(self.worksheet.book().count("redo")?)
    }

    /// Returns a note about queued redos that no job of the manifest has: theirs was renamed or is gone.
    pub(crate) fn unnamed_redos(&self, counts: &ReviewCounts) -> Result<Option<String>, Error> {
        // A selection may leave others out.
        let unnamed = if self.partial { 0 } else { counts.queued.saturating_sub(self.redos()?) };
        let them = match unnamed {
            0 => return Ok(None),
            1 => "1 queued redo is".to_owned(),
            many => format!("{many} queued redos are"),
        };
        Ok(Some(format!(
            "{them} of a job that the manifest no longer names, and will not be sent; reject the clip under its new name to \
             queue it again"
        )))
    }

    /// Returns the buckets of the jobs that are not selected.
    pub(crate) const fn others(&self) -> &Buckets {
        &self.others
    }

    /// Reports the warnings about the selection.
    pub(crate) fn warn(&self, project: &Project) {
        for warning in &self.warnings {
            project.tell(&News::Warning(warning));
        }
    }

    /// Adds up the plan with the spending so far against the budgets.
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
        let book = self.worksheet.book();
        let mut sum = Sum::new(levels, self.others.clone());
        let mut watch = Watch::new(book.finished()?);
        book.each::<StoreError>(|book, job| {
            let is_finished = Watch::asks(&job.decision) && book.is_finished(&job.wanted.key)?;
            match lost.of(&job.wanted.key, &job.decision) {
                Some(how) => sum.add_lost(&job.wanted, how),
                None if lost.is_dismissed(&job.wanted.key, &job.decision) => sum.add_dismissed(&job.wanted),
                None => sum.add(&job.wanted, &job.decision),
            }
            watch.see(&job.wanted, &job.decision, is_finished);
            Ok(())
        })?;
        let mut gone = Gone::default();
        // A partial decision does not know which other jobs are still wanted.
        if !self.partial {
            book.each_gone::<StoreError>(|job| {
                if loaded.left_out.has(job.key.item.raw()) {
                    return Ok(());
                }
                if job.wanted {
                    watch.miss(&job.key);
                }
                if is_in_place(&job.filed) && !loaded.left_out.may_have(job.key.item.raw()) {
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
            asking: self.asking,
            rollout: self.rollout.clone(),
            time: None,
            trips: watch.trips(&manifest.guards),
        })
    }

    /// Returns the number of changed jobs, and the changed fields of the first of them.
    pub(crate) fn changes(&self, names: &[&str]) -> Result<Changes, Error> {
        let mut changes = Changes::default();
        self.worksheet.book().each_named::<StoreError>(names, |_, job| {
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
    /// Returns whether the choice may leave out jobs.
    fn is_part(&self) -> bool {
        self.approved.is_some() || !self.selection.only.is_empty() || self.selection.limit.is_some()
    }
}

/// Decides for all jobs, and returns the bucket of each by its position.
fn decide_all(
    manifest: &Manifest,
    loaded: &Loaded,
    worksheet: &Worksheet,
    choice: Choice<'_>,
) -> Result<HashMap<i64, Bucket>, Error> {
    let selection = &Selection::default();
    decide(manifest, loaded, worksheet, Choice { selection, approved: None, ..choice })?;
    let mut buckets = HashMap::new();
    let each = worksheet.book().each::<StoreError>(|_, job| {
        buckets.insert(job.at, Bucket::of(&job.wanted.key, &job.decision));
        Ok(())
    });
    each?;
    Ok(buckets)
}

/// Counts the jobs without a current decision.
fn count_unselected(book: &Book, mut all: HashMap<i64, Bucket>) -> Result<Buckets, StoreError> {
    book.each::<StoreError>(|_, job| {
        all.remove(&job.at);
        Ok(())
    })?;
    let mut others = Buckets::default();
    for bucket in all.into_values() {
        others.add(bucket, 1);
    }
    Ok(others)
}

/// Decides for every selected job.
fn decide(
    manifest: &Manifest,
    loaded: &Loaded,
    worksheet: &Worksheet,
    choice: Choice<'_>,
) -> Result<Vec<String>, Error> {
    let Choice { selection, approved, accepted } = choice;
    let names = Names::of_wanted(worksheet, &selection.only)?;
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
    worksheet.book().decide(scope, selection.limit)?;
    names.warnings()
}

/// Maximum number of jobs whose changes are listed field by field.
const EXAMPLES: usize = 10;

/// Returns the maximum number of concurrent submissions by model.
fn at_once(manifest: &Manifest, loaded: &Loaded, sum: &Sum) -> BTreeMap<ModelName, usize> {
    let width = |model: &ModelName| {
        let card = loaded.cards.get(model)?;
        let provider = loaded.cards.providers().find(&model.provider)?;
        let limits = manifest.providers.get(&model.provider).map(|config| config.value.limits);
        Some((model.clone(), Lane::new(Some(card), &**provider, &limits.unwrap_or_default()).width()))
    };
    sum.models().filter_map(width).collect()
}

/// Returns a note where nothing of what reviewers say reaches the provider.
pub(crate) fn same_order(manifest: &Manifest) -> Option<String> {
    let note = "No template uses `feedback`, so the same order is rendered again. To send what the reviewers said, write \
                `{% if feedback %} {{ feedback }}{% endif %}` at the end of a prompt: clips without a note stay as they are.";
    (!manifest.reads_feedback()).then(|| note.to_owned())
}
