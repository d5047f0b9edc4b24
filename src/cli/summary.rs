//! What came of a run: counts, money, what failed and why, and what to type next; and the exit code from all of it.

use super::args::Global;
use super::exit::{Error, Exit};
use super::session::{Went, store_error};
use super::settings::Places;
use super::terminal::Terminal;
use crate::domain::fault::Stop;
use crate::domain::key::JobKey;
use crate::domain::lifecycle::{HeldReason, State};
use crate::domain::money::Usd;
use crate::domain::notice::WhyStopped;
use crate::domain::take::Take;
use crate::engine::stop::StopReason;
use crate::engine::world::World;
use crate::report::lines::why_words;
use crate::store::{Count, Reader, RunId, Window};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Jobs named of one cause.
const EXAMPLES: usize = 3;

/// Ends the run in the books, tells what came of it, and gives the exit code.
pub(super) async fn close(
    terminal: &Terminal,
    global: &Global,
    places: &Places,
    world: &World,
    went: &Went,
    run: RunId,
    cap: Option<Usd>,
) -> Result<Exit, Error> {
    let store = |error: crate::store::StoreError| store_error(&error);
    let standing =
        Standing::read(&world.store, Some(world.project.as_str()).filter(|project| !project.is_empty()))
            .await
            .map_err(store)?;
    let spent = world.store.spent(&world.project, Window::Invocation(run)).await.map_err(store)?;
    let exit = exit_code(went, &standing, world);
    world.store.end_run(run, exit as u8, world.clock.now()).await.map_err(store)?;

    for failure in &went.outcome.failures {
        terminal.say(format_args!("{} {failure}", terminal.paint("error:", "1;31")));
    }
    for (key, reason) in &went.outcome.unfiled {
        terminal.say(format_args!("unfiled  {key}  {reason}"));
    }
    if went.outcome.panicked > 0 {
        terminal.say(format_args!(
            "error: {} jobs met a defect of shotlist; they are where they were, and the next run goes on with them",
            went.outcome.panicked
        ));
    }
    if terminal.json {
        terminal.data(json!({
            "event": "summary",
            "exit": exit as i32,
            "states": standing.json(),
            "spent_usd": spent.settled.plain(),
            "reserved_usd": spent.reserved.plain(),
            "in_doubt_usd": spent.in_doubt.plain(),
        }));
    } else {
        let doubt =
            if spent.in_doubt > Usd::ZERO { format!(", {} in doubt", spent.in_doubt) } else { String::new() };
        let flight = if spent.reserved > Usd::ZERO {
            format!(", {} in flight", spent.reserved)
        } else {
            String::new()
        };
        terminal.say(format_args!("{}     spent {}{flight}{doubt}", standing.line(), spent.settled));
        for line in standing.causes() {
            terminal.say(line);
        }
        for (who, why) in &went.closed {
            terminal.say(format_args!(
                "{who} takes no more submissions in this run: {}; what is left of it was not charged",
                why_words(*why)
            ));
        }
        if let (Some(StopReason::MaxCost), Some(cap)) = (went.reason, cap) {
            terminal.say(format_args!("--max-cost {cap} is reached; finished work is kept"));
        }
        for line in held_block(&standing.held) {
            terminal.say(line);
        }
    }
    terminal.next(next(exit, &standing, places, global));
    Ok(exit)
}

/// Where the jobs of a project stand.
pub(super) struct Standing {
    /// By the name of the state.
    pub(super) counts: BTreeMap<String, Count>,
    /// Takes for which a person must decide.
    pub(super) held: Vec<Take>,
    /// Newest takes that failed, of jobs that still want them.
    pub(super) failed: Vec<Take>,
}

impl Standing {
    /// Reads it.
    pub(super) async fn read(
        reader: &Reader,
        project: Option<&str>,
    ) -> Result<Self, crate::store::StoreError> {
        Ok(Self {
            counts: reader.counts(project).await?,
            held: reader.held(project).await?,
            failed: reader.failed(project).await?,
        })
    }

    /// How many takes are in that state.
    #[must_use]
    pub(super) fn count(&self, state: &str) -> u64 {
        self.counts.get(state).map_or(0, |count| count.takes)
    }

    /// How many were paid and have no clip yet.
    #[must_use]
    pub(super) fn in_flight(&self) -> u64 {
        ["submitting", "doubtful", "running", "downloading", "placing"]
            .map(|state| self.count(state))
            .iter()
            .sum()
    }

    /// The counts in one line.
    #[must_use]
    pub(super) fn line(&self) -> String {
        let mut line = format!(
            "{} done · {} failed · {} held · {} left",
            self.count("done"),
            self.failed.len(),
            self.held.len(),
            self.count("pending")
        );
        if self.in_flight() > 0 {
            let _ = write!(line, " · {} in flight", self.in_flight());
        }
        line
    }

    /// The counts for programs.
    #[must_use]
    pub(super) fn json(&self) -> serde_json::Value {
        let count = |count: &Count| json!({ "takes": count.takes, "usd": count.usd.plain() });
        self.counts.iter().map(|(state, counted)| (state.clone(), count(counted))).collect()
    }

    /// Failed jobs, a line for each cause.
    #[must_use]
    pub(super) fn causes(&self) -> Vec<String> {
        let mut causes: BTreeMap<&str, Vec<&JobKey>> = BTreeMap::new();
        for take in &self.failed {
            if let State::Failed { refusal, .. } = &take.state {
                causes.entry(refusal.name()).or_default().push(&take.key);
            }
        }
        causes
            .into_iter()
            .map(|(cause, keys)| format!("failed   {} ({cause}): {}", keys.len(), named(&keys)))
            .collect()
    }
}

fn named(keys: &[&JobKey]) -> String {
    let names: Vec<String> = keys.iter().take(EXAMPLES).map(ToString::to_string).collect();
    let more = if keys.len() > EXAMPLES { ", …" } else { "" };
    format!("{}{more}", names.join(", "))
}

/// What a person has to decide about, with the money and the commands.
#[must_use]
pub(super) fn held_block(held: &[Take]) -> Vec<String> {
    let mut lines = Vec::new();
    let doubt = |take: &&Take| matches!(take.state, State::Held { reason, .. } if reason.charge_in_doubt());
    let doubtful: Vec<&Take> = held.iter().filter(doubt).collect();
    if let Some(first) = doubtful.first() {
        let sum: Usd = doubtful.iter().map(|take| take.price).sum();
        let plural = if doubtful.len() == 1 { "job needs" } else { "jobs need" };
        lines.push(format!(
            "{} {plural} a decision: the provider may have charged for it (up to {sum}), and offers no way to check.",
            doubtful.len()
        ));
        lines.extend(doubtful.iter().take(EXAMPLES).map(|take| held_line(take)));
        if doubtful.len() > EXAMPLES {
            lines.push(format!("  … and {} more", doubtful.len() - EXAMPLES));
        }
        lines.push("Look in your provider's console for tasks created at these times (UTC).".to_owned());
        lines.push(format!("  found it:    shotlist resolve {} --task-id ID", first.key));
        lines.push(format!(
            "  not there:   shotlist resolve {} --resubmit        (a new charge of {})",
            first.key, first.price
        ));
        if doubtful.len() > 1 {
            lines.push(format!(
                "  all of them: shotlist resolve --all --resubmit --max-extra {}",
                sum.plain()
            ));
        }
    }
    let missing: Vec<&Take> = held.iter().filter(|take| !doubt(take)).collect();
    if let Some(first) = missing.first() {
        lines.push(format!("{} paid clips are missing:", missing.len()));
        lines.extend(missing.iter().take(EXAMPLES).map(|take| held_line(take)));
        lines.push(format!("  once more:   shotlist resolve {} --again            (free)", first.key));
    }
    lines
}

/// One held take: job, when it was sent, why, and our name for the request.
#[must_use]
pub(super) fn held_line(take: &Take) -> String {
    match &take.state {
        State::Held { reason, intent, .. } => format!(
            "  {}   sent {} UTC   {}   request {}",
            take.key,
            intent.at.strftime("%F %T"),
            reason_words(*reason),
            intent.request_id
        ),
        state => format!("  {}   {}", take.key, state.name()),
    }
}

/// Why a take is held, in words.
#[must_use]
pub(super) fn reason_words(reason: HeldReason) -> &'static str {
    match reason {
        HeldReason::AmbiguousSubmit => "no answer came to the submission (ambiguous_submit)",
        HeldReason::IdConflict => "the provider named another job's task (id_conflict)",
        HeldReason::IdMismatch => "the provider answered about another task (id_mismatch)",
        HeldReason::TaskLost => "the provider no longer knows the task (task_lost)",
        HeldReason::TaskStuck => "the task has been running for a week (task_stuck)",
        HeldReason::NoResult => "the task succeeded, but no whole clip came (no_result)",
        HeldReason::UrlExpired => "the link is dead (url_expired)",
        HeldReason::UnsafeUrl => "the link leads where no clip can be (unsafe_url)",
        HeldReason::NameConflict => "a file that is not ours has the clip's name (name_conflict)",
    }
}

fn exit_code(went: &Went, standing: &Standing, world: &World) -> Exit {
    let mut exits = Vec::new();
    let outcome = &went.outcome;
    if outcome.panicked > 0 {
        exits.push(Exit::Unexpected);
    }
    if !outcome.failures.is_empty() {
        let defect = |failure: &_| matches!(failure, crate::engine::world::Failure::Illegal(_));
        exits.push(if outcome.failures.iter().any(defect) { Exit::Unexpected } else { Exit::Local });
    }
    exits.extend(went.reason.map(|reason| match reason {
        StopReason::Interrupted => Exit::Interrupted,
        StopReason::Terminated => Exit::Terminated,
        StopReason::HungUp => Exit::HungUp,
        StopReason::MaxTime => Exit::WorkRemains,
        StopReason::MaxCost => Exit::Budget,
        StopReason::Local => Exit::Local,
    }));
    for why in went.closed.values() {
        exits.push(match why {
            WhyStopped::Provider(Stop::Auth | Stop::Balance | Stop::Account) => Exit::Credentials,
            WhyStopped::Provider(Stop::Setup)
            | WhyStopped::Model
            | WhyStopped::Ambiguity
            | WhyStopped::NoProgress => Exit::WorkRemains,
        });
    }
    if !world.polls_refused().is_empty() {
        exits.push(Exit::Credentials);
    }
    if !outcome.unfiled.is_empty() {
        exits.push(Exit::Local);
    }
    if !outcome.left.is_empty() || !outcome.overdue.is_empty() {
        exits.push(Exit::WorkRemains);
    }
    if !standing.held.is_empty() {
        exits.push(Exit::Held);
    }
    if !standing.failed.is_empty() {
        exits.push(Exit::SomeFailed);
    }
    Exit::gravest(exits)
}

fn next(exit: Exit, standing: &Standing, places: &Places, global: &Global) -> String {
    let manifest = &places.shown;
    let sandbox = if global.sandbox { " --sandbox" } else { "" };
    match exit {
        Exit::Held => match standing.held.first() {
            Some(take) => format!("shotlist show {} -f {manifest}{sandbox}", take.key),
            None => format!("shotlist status {manifest}{sandbox}"),
        },
        Exit::SomeFailed => match standing.failed.first() {
            Some(take) => format!("shotlist show {} -f {manifest}{sandbox}", take.key),
            None => format!("shotlist status {manifest}{sandbox}"),
        },
        Exit::Done => format!("clips are in {}; shotlist status {manifest}{sandbox}", places.out.display()),
        Exit::Credentials => format!("mend the account, then shotlist run {manifest}{sandbox}"),
        _ => format!("shotlist run {manifest}{sandbox} continues; nothing is paid twice"),
    }
}
