//! Rollouts: a run renders a few clips of each template (a shot with a model) first, and the others after their review.
//!
//! The first clips are the canary. A failed job of the canary is not replaced automatically: `retry` sends it again. A
//! job that is dismissed or no longer in the manifest is replaced by another one. A template that has passed stays
//! passed: a later review of an old clip does not stop a run.

use super::error::Error;
use super::places::Places;
use crate::domain::digest::Sha256;
use crate::domain::key::{JobKey, ModelName};
use crate::domain::rollout::{AfterCanary, Rollout};
use crate::domain::text::count;
use crate::manifest::Manifest;
use crate::plan::rollout::{Draw, Member, Step, spread, step};
use crate::store::{Canary, LockedTables, PlanTables, Store, StoreError, Template, Waiting};
use jiff::Timestamp;

/// Words of the command with which a person reviews clips.
const REVIEW: &str = "review";
/// Words of the command that renders rejected clips again.
const REDO: &str = "redo --rejected";

/// The canary of one template (a shot with a model): the clips to render and review first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanaryState {
    /// Name of the shot.
    pub shot: String,
    /// Model that renders the clips.
    pub model: ModelName,
    /// Jobs of the canary (the clips to render and review first), each with its state.
    pub members: Vec<(JobKey, Member)>,
    /// Result of the reviews so far, such as waiting, passed or stopped.
    pub step: Step,
    /// Rule of the manifest that decides when the first clips pass the review and the others may be rendered.
    pub rule: Rollout,
    /// Number and price of the jobs that wait until the first clips (the canary) have passed the review.
    pub waiting: Waiting,
    /// Number of jobs of the template that the plan sends.
    pub sent: usize,
    /// Number of jobs of the template whose input changed and that wait for a person's approval.
    pub asks: usize,
    /// True if the first clips (the canary) have passed the review, and no earlier run has recorded that.
    pub is_news: bool,
    template: Sha256,
    /// Positions of the jobs to render first, in the planning tables.
    places: Vec<i64>,
    /// True if the jobs to render first differ from those that the database records, so they must be recorded.
    is_changed: bool,
}

/// The canary of each template (a shot with a model): the clips that are rendered and reviewed first.
///
/// Templates whose canary an earlier run has recorded as passed are left out.
#[derive(Debug, Clone, Default)]
pub struct RolloutState {
    /// Canaries (the clips to review first), one for each shot and model, in the order of the manifest.
    pub canaries: Vec<CanaryState>,
}

impl RolloutState {
    /// Chooses the jobs to render and review first (the canary) for each template, which is a shot with a model.
    ///
    /// The other jobs of a template are held back until the canary has passed the review.
    pub(crate) fn begin(manifest: &Manifest, plan_tables: &PlanTables) -> Result<Self, Error> {
        let mut state = Self::default();
        let Some(rule) = manifest.rollout else { return Ok(state) };
        let tables = plan_tables.lock();
        for template in tables.templates()? {
            if !tables.has_passed(&template.identity)? {
                state.canaries.push(CanaryState::of(rule, template, &tables)?);
            }
        }
        let closed = state.canaries.iter().filter(|canary| canary.step != Step::Passed);
        tables.keep_back(closed.map(|canary| (&canary.template, canary.places.as_slice())))?;
        Ok(state)
    }

    /// Counts the jobs of each template that wait for the review of first clips, that are sent, or that wait for an
    /// approval.
    ///
    /// Each job in the planning tables must already have a planned action.
    pub(crate) fn count(&mut self, plan_tables: &PlanTables) -> Result<(), Error> {
        let tables = plan_tables.lock();
        for canary in &mut self.canaries {
            canary.waiting = tables.waiting(&canary.template)?;
            (canary.sent, canary.asks) = tables.submitted(&canary.template)?;
        }
        Ok(())
    }

    /// Returns the canaries (first clips of a shot and model) for whose review other jobs wait.
    pub fn open(&self) -> impl Iterator<Item = &CanaryState> {
        self.canaries.iter().filter(|canary| canary.waiting.jobs > 0)
    }

    /// Returns the number and the price of all jobs that wait for the review of first clips (canaries).
    #[must_use]
    pub fn waiting(&self) -> Waiting {
        let mut all = Waiting::default();
        for Waiting { jobs, price } in self.open().map(|canary| canary.waiting) {
            all.jobs += jobs;
            all.price += price;
        }
        all
    }

    /// Records which jobs are rendered first (the canary), and which shots and models have passed the review.
    ///
    /// Only changes are written to the database. This must happen before anything is sent.
    pub(crate) async fn keep(&self, store: &Store, project: &str, now: Timestamp) -> Result<(), Error> {
        let changed = self.canaries.iter().filter(|canary| canary.is_changed);
        let canaries: Vec<Canary> = changed.map(CanaryState::record).collect();
        let passed: Vec<Sha256> =
            self.canaries.iter().filter(|canary| canary.is_news).map(|canary| canary.template).collect();
        if !canaries.is_empty() || !passed.is_empty() {
            store.keep_rollout(project, canaries, passed, now).await?;
        }
        Ok(())
    }

    /// Returns a sentence for each shot and model whose first clips have just passed the review.
    pub(crate) fn news(&self) -> Vec<String> {
        self.canaries.iter().filter(|canary| canary.is_news).map(CanaryState::passed).collect()
    }

    /// Returns the command to type after a run that may have delivered clips for review; `None` if no job waits for a
    /// review.
    pub(crate) fn next_after(&self, has_delivered: bool, places: &Places) -> Option<String> {
        // A run also renders the queued redos of rejected clips.
        let is_rendered = |canary: &CanaryState| {
            has_delivered && canary.count(Member::Unfinished) + canary.count(Member::Rejected) > 0
        };
        if self.open().any(is_rendered) { Some(places.typed(REVIEW)) } else { self.next(places) }
    }

    /// Returns the command that brings the first clips closer to their review, such as `review` or `retry`.
    ///
    /// It is `None` if no job waits for the review.
    pub(crate) fn next(&self, places: &Places) -> Option<String> {
        next_of(&self.open().collect::<Vec<_>>(), places)
    }

    /// Returns the command that brings the first clips closer to their review, also while no job waits for it yet.
    ///
    /// It is `None` if all first clips have passed the review.
    pub(crate) fn next_unpassed(&self, places: &Places) -> Option<String> {
        let unpassed = self.canaries.iter().filter(|canary| canary.step != Step::Passed);
        next_of(&unpassed.collect::<Vec<_>>(), places)
    }
}

/// Returns the command that brings the first clips of these canaries closer to their review; `None` without a canary.
fn next_of(canaries: &[&CanaryState], places: &Places) -> Option<String> {
    let has = |state: Member| canaries.iter().any(|canary| canary.count(state) > 0);
    let words = match canaries.first()?.step {
        _ if has(Member::Unreviewed) => REVIEW,
        _ if has(Member::Held) => "status",
        _ if has(Member::Failed) => "retry",
        _ if has(Member::Unfinished) => "run",
        Step::Waits if has(Member::Rejected) => REDO,
        _ => REVIEW,
    };
    Some(places.typed(words))
}

impl CanaryState {
    /// Returns the canary of a template: the jobs of a shot with a model whose clips are reviewed first.
    ///
    /// These are the recorded jobs of the canary, and new ones if the recorded jobs are too few.
    fn of(rule: Rollout, template: Template, tables: &LockedTables) -> Result<Self, StoreError> {
        let Template { identity, shot, model, jobs: _ } = template;
        let draw = Draw::of(&rule);
        let known = tables.canary(&identity, draw)?;
        let (mut members, mut places, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
        let mut add = |at: i64, members: &mut Vec<(JobKey, Member)>| -> Result<(), StoreError> {
            match tables.member(at, draw)? {
                (_, Member::Dismissed) => left_out.push(at),
                member => {
                    members.push(member);
                    places.push(at);
                }
            }
            Ok(())
        };
        for key in &known {
            if let Some(at) = tables.place_in(&identity, key)? {
                add(at, &mut members)?;
            }
        }
        let mut except: Vec<i64> = Vec::new();
        let next = loop {
            let states: Vec<Member> = members.iter().map(|(_, member)| *member).collect();
            let next = step(&rule, &states);
            let Step::Needs(size) = next else { break next };
            for (key, _) in &members {
                except.extend(tables.place_in(&identity, key)?);
            }
            let more = choose(tables, &identity, draw, &except, size - members.len())?;
            if more.is_empty() {
                // All jobs of the template are in its canary.
                break Step::Waits;
            }
            for at in more {
                except.push(at);
                add(at, &mut members)?;
            }
        };
        let is_changed = members.iter().map(|(key, _)| key).ne(&known);
        Ok(Self {
            shot,
            model,
            members,
            step: next,
            rule,
            waiting: Waiting::default(),
            sent: 0,
            asks: 0,
            is_news: next == Step::Passed,
            template: identity,
            places,
            is_changed,
        })
    }

    /// Returns the name of the template: the shot and the model, such as `hero on zai/vidu2-image`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} on {}", self.shot, self.model)
    }

    fn passed(&self) -> String {
        let (approved, clips) = (self.count(Member::Approved), self.members.len());
        let all = count(clips, "clip");
        let name = self.name();
        let others = match (self.sent, self.asks) {
            (0, 0) => "",
            (0, _) => "; the others wait for your approval, because their input changed",
            _ => "; this run renders the others",
        };
        match self.rule.then {
            AfterCanary::Approve => {
                format!("{name}: the first {all} are approved{others}")
            }
            AfterCanary::Rate { rate, error } => format!(
                "{name}: {approved} of {all} approved, enough to say that more than {rate} would be approved \
                 (chance of being wrong: {error}){others}"
            ),
        }
    }

    /// Returns the number of jobs in the canary (the clips to review first) that have the state `state`.
    #[must_use]
    pub fn count(&self, state: Member) -> usize {
        self.members.iter().filter(|(_, member)| *member == state).count()
    }

    /// Returns the hash that identifies the template, in hexadecimal digits.
    #[must_use]
    pub fn identity(&self) -> String {
        self.template.to_string()
    }

    /// Returns whether a statistical test of the reviews of the first clips decides if the other clips are rendered.
    ///
    /// Otherwise every one of the first clips must be approved.
    #[must_use]
    pub const fn is_test(&self) -> bool {
        matches!(self.rule.then, AfterCanary::Rate { .. })
    }

    fn record(&self) -> Canary {
        let jobs = self.members.iter().map(|(key, _)| key.clone()).collect();
        Canary { template: self.template, draw: Draw::of(&self.rule), jobs }
    }
}

/// Chooses further jobs of a template (a shot with a model) to render first, and returns their positions in the
/// planning tables.
///
/// `jobs` is the number of jobs to choose. Jobs at the positions in `except` are not chosen.
fn choose(
    tables: &LockedTables,
    template: &Sha256,
    draw: Draw,
    except: &[i64],
    jobs: usize,
) -> Result<Vec<i64>, StoreError> {
    if draw == Draw::Random {
        return tables.drawn(template, except, jobs);
    }
    let kinds = tables.kinds(template, except)?;
    let counts: Vec<usize> = kinds.iter().map(|(_, jobs)| *jobs).collect();
    let mut chosen = Vec::new();
    for (kind, position) in spread(&counts, jobs) {
        chosen.extend(tables.of_kind(template, except, &kinds[kind].0, position)?);
    }
    Ok(chosen)
}
