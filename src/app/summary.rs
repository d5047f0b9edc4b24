//! What came of a run: counts, money, what failed and why, and what to type next; and the exit code from all of it.

use super::budget::{levels_after, spenders};
use super::error::Error;
use super::exit::Exit;
use super::held::{show_typed, tell_held};
use super::lost::Lost;
use super::pause;
use super::session::Went;
use super::places::{Places, quoted};
use super::status::project;
use crate::cli::terminal::Terminal;
use crate::domain::fault::{Said, Stop};
use crate::domain::key::TakeId;
use crate::domain::lifecycle::{Charged, Phase, State};
use crate::domain::loss::Loss;
use crate::domain::money::Usd;
use crate::domain::notice::WhyStopped;
use crate::domain::take::Take;
use crate::engine::stop::StopReason;
use crate::engine::world::World;
use crate::plan::bucket::Bucket;
use crate::report::budget::Level;
use crate::report::lines::why_words;
use crate::report::plan::buckets_json;
use crate::report::text::{count, lasted};
use crate::store::{Cap, Caps, Count, Reader, RunId, Spent, StoreError, Window};
use jiff::Timestamp;
use serde_json::json;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

/// Jobs named of one cause.
const EXAMPLES: usize = 3;
/// Columns of a line's first word and the space behind it; further rows of the line begin there.
const INDENT: usize = 9;

/// A run that came to its end.
pub(crate) struct Ended<'a> {
    /// Where everything is.
    pub(crate) places: &'a Places,
    /// What the engine worked in.
    pub(crate) world: &'a World,
    /// How it went.
    pub(crate) went: &'a Went,
    /// In the books.
    pub(crate) run: RunId,
    /// What it was allowed to spend.
    pub(crate) caps: Caps,
    /// Jobs that want another rendering than the one that was in flight when the run began.
    pub(crate) waiting: usize,
    /// Finished jobs whose input changed and that wait for a yes before they are rendered anew.
    pub(crate) asks: usize,
    /// Clips that are gone or altered.
    pub(crate) lost: &'a Lost,
    /// The command that goes on where it stopped, without the flags that lead to the project.
    pub(crate) again: &'a str,
}

/// Ends the run in the books, tells what came of it, and gives the exit code.
pub(crate) async fn close(terminal: &Terminal, ended: Ended<'_>) -> Result<Exit, Error> {
    let Ended { world, went, run, .. } = ended;
    // Who collects does it for everybody, and is told of the manifest's own, as `status` and `resolve --all` see them.
    let named = Some(world.project.clone()).filter(|project| !project.is_empty());
    let standing = Standing::read(&world.store, named.clone().or_else(|| project(ended.places)).as_deref())
        .await?;
    let pauses = match &named {
        Some(project) => world.store.pauses(Some(project)).await?,
        None => Vec::new(),
    };
    let now = world.clock.now();
    let levels = levels_after(&world.store, run, ended.caps, now).await?;
    let mut exit = exit_code(&ended, &standing);
    if let Err(error) = world.store.end_run(run, exit as u8, now).await {
        // Only the books about the run itself are open now: what is paid was told before.
        terminal.insist(format_args!("{} {error}", terminal.paint("error:", "1;31")));
        exit = Exit::gravest([exit, Exit::Local]);
    }
    for (key, reason) in &went.outcome.unfiled {
        terminal.say(format_args!("unfiled  {key}  {reason}"));
    }
    if went.outcome.panicked > 0 {
        terminal.say(format_args!(
            "error: {} met a defect of shotlist and stayed where they were; the next run goes on with them",
            count(went.outcome.panicked, "job")
        ));
    }
    let spent = world.store.spent(Window::Invocation(run)).await?;
    let whole = world.store.spent(Window::Run(run)).await?;
    if terminal.json {
        terminal.data(json!({
            "event": "summary",
            "exit": exit as i32,
            "states": standing.json(),
            "buckets": buckets_json(went.board.buckets()),
            "sandbox": ended.places.sandbox,
            "spent_usd": spent.settled.plain(),
            "run_spent_usd": whole.settled.plain(),
            "reserved_usd": spent.reserved.plain(),
            "in_doubt_usd": spent.in_doubt.plain(),
            "missing": ended.lost.count(Loss::Missing),
            "altered": ended.lost.count(Loss::Altered),
            "budget": levels.iter().map(Level::json).collect::<Vec<_>>(),
            "reached": reached(went).map(|cap| cap.to_string()),
            "paused": pauses.iter().map(pause::json).collect::<Vec<_>>(),
        }));
    } else {
        for line in outcome_lines(&ended, exit, spent, whole, now) {
            terminal.tell(&line, INDENT);
        }
        for level in levels.iter().filter(|level| reached(went) == Some(level.cap)) {
            terminal.tell(&level.reached(), INDENT);
            if let Some(who) = spenders(&world.store, level.cap, run, now).await? {
                terminal.tell(&format!("spent    by {who}"), INDENT);
            }
        }
        for pause in &pauses {
            terminal.tell(&format!("paused   {}", pause::words(pause, now)), INDENT);
        }
        let written_off = written_off(&standing, ended.places);
        let causes = standing.causes().into_iter().chain(written_off);
        for line in causes.chain(ended.lost.lines(ended.places)) {
            terminal.tell(&line, INDENT);
        }
        tell_held(terminal, &standing, ended.places);
        match exit {
            Exit::Done | Exit::Held | Exit::SomeFailed => {}
            Exit::Credentials => terminal.tell(
                "Mend the key or the account first; then the same command continues; nothing is paid twice.",
                0,
            ),
            _ => terminal.tell("The same command continues; nothing is paid twice.", 0),
        }
        terminal.next(match exit {
            Exit::WorkRemains if pauses.iter().any(|pause| pause.waiting > 0) => {
                ended.places.typed(&pause::resume_typed(&pauses))
            }
            _ => next(exit, &standing, &ended),
        });
    }
    Ok(exit)
}

/// The budget that ended the run, if one did.
fn reached(went: &Went) -> Option<Cap> {
    match went.reason {
        Some(StopReason::Budget(cap)) => Some(cap),
        _ => None,
    }
}

/// Counts, money, time and clips of this run, and why it ended early.
fn outcome_lines(ended: &Ended<'_>, exit: Exit, spent: Spent, whole: Spent, now: Timestamp) -> Vec<String> {
    let Ended { places, went, .. } = ended;
    let board = &went.board;
    if board.is_idle() && exit == Exit::Done {
        let clips = board.buckets().count(Bucket::Done);
        let are = if clips == 1 { "is" } else { "are" };
        let mut parts = board.buckets().parts();
        parts[0] = format!("nothing to do: {} {are} up to date", count(clips, "clip"));
        return vec![parts.join(" · ")];
    }
    let word = if went.reason.is_some() { "stopped" } else { "finished" };
    let mut lines = vec![format!("{word:<8} {} ({})", board.buckets().line(), lasted(board.lasted(now)))];
    lines.push(format!("spent    {}{}", spent_words(board.estimate(), spent, whole), places.mark()));
    let clips = board.clips();
    if clips.count > 0 {
        let place = places.opened(&clips.below);
        lines.push(match clips.count {
            1 => format!("clips    {place}"),
            new => format!("clips    {new} new in {place}"),
        });
    }
    if ended.waiting > 0 {
        lines.push(format!(
            "waiting  {} changed while a clip was on its way; the next run orders what is wanted now",
            count(ended.waiting, "job")
        ));
    }
    let polls_refused = ended.world.polls_refused();
    for (who, why) in &went.closed {
        let why = why_words(*why);
        lines.push(if polls_refused.contains_key(who) {
            format!("{who} is asked nothing more in this run: {why}; a later run collects what is paid")
        } else {
            format!("{who} takes no more submissions in this run: {why}; what is left of it was not charged")
        });
    }
    if went.reason == Some(StopReason::MaxTime) {
        lines.push("--max-time is over; what was paid was collected".to_owned());
    }
    if went.reason == Some(StopReason::InDoubt) {
        lines.push("guards.max_in_doubt is reached; what is left was not sent, and not charged".to_owned());
    }
    lines
}

/// Returns what was spent of what: by this invocation, and by the whole run where it goes on with an interrupted one.
fn spent_words(estimate: Option<Usd>, spent: Spent, whole: Spent) -> String {
    let mut money = match estimate {
        Some(estimate) => format!("{} of {}", whole.settled, estimate.max(whole.settled)),
        None => "nothing new".to_owned(),
    };
    if estimate.is_some() && spent != whole {
        money = format!("{} now · {money} in the whole run", spent.settled);
    }
    for (usd, word) in [(whole.reserved, "in flight"), (whole.in_doubt, "in doubt")] {
        if usd > Usd::ZERO {
            let _ = write!(money, " · {usd} {word}");
        }
    }
    money
}

/// Where the jobs of a project stand.
pub(crate) struct Standing {
    /// By the name of the state.
    pub(crate) counts: BTreeMap<Phase, Count>,
    /// Takes for which a person must decide.
    pub(crate) held: Vec<Take>,
    /// Newest takes that failed, of jobs that still want them.
    pub(crate) failed: Vec<Take>,
    /// Newest takes that were written off, of jobs that still want them.
    pub(crate) written_off: Vec<Take>,
    /// What was said last about some of these.
    said: HashMap<TakeId, Said>,
}

impl Standing {
    /// Reads it.
    pub(crate) async fn read(reader: &Reader, project: Option<&str>) -> Result<Self, StoreError> {
        let meant = reader.dismissed().await?;
        let is_open = |take: &Take| !meant.contains(&take.id);
        let (mut failed, mut written_off) =
            (reader.failed(project).await?, reader.written_off(project).await?);
        failed.retain(is_open);
        written_off.retain(is_open);
        let held = reader.held(project).await?;
        let mut said = HashMap::new();
        let mut causes = HashSet::new();
        for take in &failed {
            // One of each cause is shown, and one cause is what has one name and costs the same.
            let State::Failed { refusal, charged, .. } = take.state else { continue };
            if causes.insert((refusal, charged)) {
                said.extend(last_said(reader, take).await?);
            }
        }
        for take in held.iter().filter(|take| take.state.is_in_doubt()).take(EXAMPLES) {
            said.extend(last_said(reader, take).await?);
        }
        Ok(Self { counts: reader.counts(project).await?, held, failed, written_off, said })
    }

    /// Returns what was said last about a take that is shown.
    #[must_use]
    pub(crate) fn said(&self, take: &Take) -> Option<&Said> {
        self.said.get(&take.id)
    }

    /// Number of takes in that phase.
    #[must_use]
    pub(crate) fn count(&self, phase: Phase) -> u64 {
        self.counts.get(&phase).map_or(0, |count| count.takes)
    }

    /// How many were paid and have no clip yet.
    #[must_use]
    pub(crate) fn in_flight(&self) -> u64 {
        Phase::IN_FLIGHT.map(|phase| self.count(phase)).iter().sum()
    }

    /// The counts for programs.
    #[must_use]
    pub(crate) fn json(&self) -> serde_json::Value {
        let count = |count: &Count| json!({ "takes": count.takes, "usd": count.usd.plain() });
        let counts: BTreeMap<&str, _> =
            self.counts.iter().map(|(phase, counted)| (phase.name(), count(counted))).collect();
        json!(counts)
    }

    /// Failed jobs, for each cause a line, and below it what was said about one of them.
    #[must_use]
    pub(crate) fn causes(&self) -> Vec<String> {
        let mut causes: BTreeMap<(&str, &str), Vec<&Take>> = BTreeMap::new();
        for take in &self.failed {
            if let State::Failed { refusal, charged, .. } = &take.state {
                let money = match charged {
                    Charged::No => "not charged",
                    Charged::Yes => "charged",
                    Charged::Unknown => "may have been charged",
                };
                causes.entry((refusal.name(), money)).or_default().push(take);
            }
        }
        let mut lines = Vec::new();
        for ((cause, money), takes) in causes {
            let names: Vec<String> = takes.iter().take(EXAMPLES).map(|take| take.key.to_string()).collect();
            let more = if takes.len() > EXAMPLES { ", …" } else { "" };
            lines.push(format!("failed   {} {cause} ({money}): {}{more}", takes.len(), names.join(", ")));
            let said = takes.iter().find_map(|take| self.said.get(&take.id));
            lines.extend(said.map(|said| format!("{:INDENT$}“{}”", "", said.text) + &code(said)));
        }
        lines
    }
}

/// Reads what was said about the last submission of a take.
async fn last_said(reader: &Reader, take: &Take) -> Result<Option<(TakeId, Said)>, StoreError> {
    let Some(history) = reader.history(&take.project, &take.key).await? else { return Ok(None) };
    let known = history.takes.into_iter().find(|known| known.take.id == take.id);
    let last = known.and_then(|known| known.attempts.into_iter().next_back());
    Ok(last.and_then(|last| last.said).map(|words| (take.id.clone(), words)))
}

/// Tells which jobs were written off, and how to go on.
fn written_off(standing: &Standing, places: &Places) -> Option<String> {
    let takes = &standing.written_off;
    let first = takes.first()?;
    let names: Vec<String> = takes.iter().take(EXAMPLES).map(|take| take.key.to_string()).collect();
    let more = if takes.len() > EXAMPLES { ", …" } else { "" };
    Some(format!(
        "written off  {}: {}{more}; `{}` orders again (a second payment), `{}` says that it is meant",
        count(takes.len(), "job"),
        names.join(", "),
        places.typed("retry --written-off"),
        places.typed(&format!("dismiss {}", quoted(&first.key.to_string())))
    ))
}

fn code(said: &Said) -> String {
    said.code.as_ref().map(|code| format!(" (code {code})")).unwrap_or_default()
}

fn exit_code(ended: &Ended<'_>, standing: &Standing) -> Exit {
    let Ended { went, world, waiting, asks, .. } = ended;
    let mut exits = Vec::new();
    let outcome = &went.outcome;
    if outcome.panicked > 0 {
        exits.push(Exit::Unexpected);
    }
    if !outcome.failures.is_empty() {
        let defect = |failure: &_| matches!(failure, crate::engine::world::Failure::Illegal(_));
        exits.push(if outcome.failures.iter().any(defect) { Exit::Unexpected } else { Exit::Local });
    }
    exits.extend(went.reason.and_then(|reason| match reason {
        StopReason::Interrupted => Some(Exit::Interrupted),
        StopReason::Terminated => Some(Exit::Terminated),
        StopReason::HungUp => Some(Exit::HungUp),
        // It ends nothing that was sent before; what it kept from being sent is among what is left.
        StopReason::MaxTime => None,
        StopReason::Budget(_) | StopReason::InDoubt => Some(Exit::Budget),
        StopReason::Local => Some(Exit::Local),
    }));
    for why in went.closed.values() {
        exits.extend(match why {
            WhyStopped::Provider(Stop::Auth | Stop::Balance | Stop::Account) => Some(Exit::Credentials),
            WhyStopped::Provider(Stop::Setup) | WhyStopped::Model | WhyStopped::NoProgress => {
                Some(Exit::WorkRemains)
            }
            // Where the last three tasks of a run bring nothing, nothing is left.
            WhyStopped::TasksLost | WhyStopped::TasksEmpty | WhyStopped::TasksFail => None,
        });
    }
    if !world.polls_refused().is_empty() {
        exits.push(Exit::Credentials);
    }
    if !outcome.unfiled.is_empty() {
        exits.push(Exit::Local);
    }
    if outcome.leaves_work() || *waiting > 0 {
        exits.push(Exit::WorkRemains);
    }
    if *asks > 0 {
        exits.push(Exit::Budget);
    }
    if !standing.held.is_empty() {
        exits.push(Exit::Held);
    }
    // A second take that failed leaves the job's clip where it is; whoever ordered it is told all the same.
    let is_lost = ended.lost.jobs().next().is_some() || !standing.written_off.is_empty();
    if !standing.failed.is_empty()
        || went.board.buckets().count(Bucket::Failed) > 0
        || went.board.failures() > 0
        || is_lost
    {
        exits.push(Exit::SomeFailed);
    }
    Exit::gravest(exits)
}

fn next(exit: Exit, standing: &Standing, ended: &Ended<'_>) -> String {
    let places = ended.places;
    match exit {
        Exit::Held | Exit::SomeFailed => {
            let passing = |take: &&Take| matches!(take.state, State::Failed { refusal, charged: Charged::No, .. } if !refusal.permanent());
            match standing.held.first().or(standing.failed.iter().find(|take| !passing(take))) {
                Some(take) => show_typed(places, &take.key),
                None if standing.failed.is_empty() => ended.lost.next(places).unwrap_or_else(|| {
                    let how = if standing.written_off.is_empty() { "retry" } else { "retry --written-off" };
                    places.typed(how)
                }),
                None => places.typed("retry"),
            }
        }
        Exit::Done => places.typed("status"),
        // Nothing else holds it up: the yes does.
        Exit::Budget if ended.asks > 0 && reached(ended.went).is_none() => {
            places.typed(&format!("{} --accept-changes", ended.again))
        }
        // Before midnight, or the next month, the same command would end at once.
        Exit::Budget if matches!(reached(ended.went), Some(Cap::Day | Cap::Month)) => places.typed("plan"),
        // The same command, for it pays nothing twice.
        _ => places.typed(ended.again),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resumed_run_tells_its_own_money_and_that_of_the_whole_run_apart() {
        let usd = |text: &str| text.parse::<Usd>().unwrap();
        let spent =
            |settled: &str| Spent { settled: usd(settled), reserved: Usd::ZERO, in_doubt: usd("0.20") };
        let words = |now, whole| spent_words(Some(usd("1.60")), spent(now), spent(whole));
        assert_eq!(words("0.40", "0.40"), "$0.40 of $1.60 · $0.20 in doubt");
        assert_eq!(words("0.20", "0.60"), "$0.20 now · $0.60 of $1.60 in the whole run · $0.20 in doubt");
        assert_eq!(spent_words(None, Spent::default(), Spent::default()), "nothing new");
    }
}
