//! `shotlist status`: where the project stands, on one screen, also while a run is active.

use super::budget::{caps, levels};
use super::error::Error;
use super::exit::Exit;
use super::lost::found;
use super::pause;
use super::places::{Places, quoted};
use super::project::Project;
use super::session::reader;
use super::standing::Standing;
use crate::app::budget::Level;
use crate::cli::args::ManifestArg;
use crate::domain::key::JobKey;
use crate::domain::lifecycle::{Charged, Phase, State};
use crate::domain::loss::Loss;
use crate::domain::money::Usd;
use crate::domain::take::Take;
use crate::engine::clock::Clock;
use crate::manifest::{self, Manifest, OnChange, OnMissing};
use crate::plan::bucket::{Bucket, Buckets};
use crate::report::layout::{labelled, seconds, span, utc};
use crate::report::plan::buckets_json;
use crate::report::terminal::Terminal;
use crate::report::text::held::held_block;
use crate::store::{Holder, KeptAs, Lock, Pause, Reader, Run, Spent, StoreError, Window};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Links that die within this time are worth a warning.
const SOON: SignedDuration = SignedDuration::from_hours(2);

/// Clips after which the pace of a run is worth telling: the first one alone says more of the provider's queue.
const ENOUGH: u64 = 2;

/// Shows it.
pub(crate) async fn status(
    project: &Project,
    terminal: &Terminal,
    _args: &ManifestArg,
) -> Result<Exit, Error> {
    let places = project.places.clone();
    let reader = reader(&places)?;
    for warning in reader.damage() {
        terminal.tell(&format!("warning: {warning}"), 9);
    }
    let (manifest, now) = (read(&places), Clock::system().now());
    let budget = match &manifest {
        Some(manifest) => levels(&reader, &manifest.project, "run", caps(manifest, None), now).await?,
        None => Vec::new(),
    };
    let is_watched = manifest.as_ref().is_none_or(|manifest| manifest.on_missing != OnMissing::Ignore);
    let name = manifest.map(|manifest| manifest.project);
    let buckets = buckets(&reader, &places, BTreeSet::new()).await?.0;
    let screen = Screen::read(project, &reader, name, now).await;
    let mut screen = Screen { budget, buckets, ..screen? };
    if is_watched {
        let root = places.clips(reader.output().await?.as_deref());
        match found(&places, &root, &reader, screen.project.as_deref()).await {
            Ok(found) => {
                let dismissed = reader.dismissed().await?;
                for (clip, loss) in found.lost.iter().filter(|(clip, _)| clip.wanted) {
                    let is_meant = *loss == Loss::Missing && dismissed.contains(&clip.filed.take);
                    let bucket = if is_meant { Bucket::Dismissed } else { Bucket::lost(*loss) };
                    screen.buckets.shift(Bucket::Done, bucket);
                }
            }
            Err(error) => terminal.error(&error),
        }
    }
    let next = places.typed(&screen.next());
    if terminal.json {
        terminal.data(screen.json(&places, &next));
    } else {
        for line in screen.lines(&places).iter().flat_map(|line| labelled("", line, terminal.size().0)) {
            terminal.data(line);
        }
        for line in screen.standing.causes().into_iter().chain(held_block(&screen.standing, &places)) {
            // What is indented holds commands, and a command that is broken cannot be copied.
            let whole = line.starts_with(' ');
            for line in if whole { vec![line] } else { labelled("", &line, terminal.size().0) } {
                terminal.data(line);
            }
        }
    }
    terminal.next(next);
    Ok(Exit::Done)
}

/// The project's name, if the manifest can be read; otherwise everything in the folder is meant.
pub(crate) fn project_name(places: &Places) -> Option<String> {
    read(places).map(|manifest| manifest.project)
}

/// Returns how many wanted jobs are in each bucket, as they were wanted last, without those that come apart.
pub(crate) async fn buckets(
    reader: &Reader,
    places: &Places,
    apart: BTreeSet<JobKey>,
) -> Result<(Buckets, Vec<(JobKey, Bucket)>), StoreError> {
    let manifest = read(places);
    let project = manifest.as_ref().map(|manifest| manifest.project.clone());
    // A manifest that cannot be read keeps nothing.
    let kept_as: KeptAs = Box::new(move |shot| match manifest.as_ref()?.rules(shot).on_change {
        OnChange::Keep => Some(Bucket::Done),
        OnChange::Ask => Some(Bucket::Asks),
        OnChange::Render => None,
    });
    reader.buckets(project.as_deref(), apart, kept_as).await
}

fn read(places: &Places) -> Option<Manifest> {
    let bytes = std::fs::read(&places.manifest).ok()?;
    manifest::read(&places.shown, &bytes).0
}

/// All that is shown.
struct Screen {
    now: Timestamp,
    project: Option<String>,
    holder: Option<Holder>,
    run: Option<(Run, Spent)>,
    today: Spent,
    month: Spent,
    /// Of the manifest; none where it cannot be read.
    budget: Vec<Level>,
    standing: Standing,
    /// The jobs, as they were wanted last.
    buckets: Buckets,
    in_flight: Vec<Take>,
    paused: Vec<Pause>,
    pace: Option<Pace>,
}

/// How fast the active run is.
struct Pace {
    done: u64,
    a_minute: f64,
    left: u64,
    time_left: SignedDuration,
}

impl Screen {
    async fn read(
        asked: &Project,
        reader: &Reader,
        project: Option<String>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let named = project.as_deref();
        let standing = Standing::read(asked, reader, named).await?;
        let holder = Lock::holder(&asked.places.state)?;
        let run = match reader.last_run(named).await? {
            Some(run) => {
                let spent = reader.spent(Window::Invocation(run.id)).await?;
                Some((run, spent))
            }
            None => None,
        };
        let (today, month) = (reader.spent(Window::Day(now)).await?, reader.spent(Window::Month(now)).await?);
        let in_flight = reader.in_flight(named).await?;
        let paused = reader.pauses(named).await?;
        let active = run.as_ref().filter(|(run, _)| holder.is_some() && run.ended.is_none());
        let pace = match active {
            Some((run, _)) => {
                let left = standing.count(Phase::Pending) + standing.in_flight();
                Pace::of(reader.done_in(run.id).await?, left, now.duration_since(run.started))
            }
            None => None,
        };
        let (budget, buckets) = (Vec::new(), Buckets::default());
        Ok(Self {
            now,
            project,
            holder,
            run,
            today,
            month,
            budget,
            standing,
            buckets,
            in_flight,
            paused,
            pace,
        })
    }

    fn lines(&self, places: &Places) -> Vec<String> {
        let project = match &self.project {
            Some(project) => project.clone(),
            None => format!("all projects ({} cannot be read: shotlist validate)", places.shown),
        };
        let run = self.run.as_ref().map(|(run, _)| format!(" · {}", self.run_words(run)));
        let mut lines = vec![format!("{project}{}", run.unwrap_or_default())];
        lines.push(format!("  {}", self.buckets.line()));
        lines.extend(self.by_state());
        lines.extend(
            self.paused
                .iter()
                .map(|pause| format!("  paused     {}", crate::report::pauses::words(pause, self.now))),
        );
        let dying = self.dying();
        if let Some((take, dies)) = dying.first() {
            let plural = if dying.len() == 1 { "link dies" } else { "links die" };
            let first = if *dies > self.now {
                format!("the first in {}", span(self.now, *dies))
            } else {
                format!("the first {} ago", span(*dies, self.now))
            };
            lines.push(format!("  {} {plural} soon, {first} ({})", dying.len(), take.key));
        }
        let this = self.run.as_ref().map(|(run, spent)| {
            let which = if self.is_active(run) { "this" } else { "last" };
            format!("{which} {} {}", run.command, spent_words(*spent))
        });
        let parts = [Some(format!("today {}", spent_words(self.today))), this];
        let parts = parts.map(|part| part.map(|part| part + places.mark()));
        lines.push(format!("  money      this month {}{}", spent_words(self.month), places.mark()));
        lines.extend(parts.into_iter().flatten().map(|part| format!("             {part}")));
        let budget =
            |level: &Level| format!("  budget     {} · {}", level.name(), level.used()) + places.mark();
        lines.extend(self.budget.iter().map(budget));
        lines.push(match &self.holder {
            Some(Holder { command, started, pid, host }) => {
                let since = started.parse::<Timestamp>().map(|at| format!("for {}", span(at, self.now)));
                let since = since.unwrap_or_else(|_| format!("since {started}"));
                format!("  at work    `shotlist {command}` {since} (process {pid} on {host})")
            }
            None => "  at work    nothing is running".to_owned(),
        });
        if let Some(pace) = &self.pace {
            lines.push(format!(
                "             {} clips so far, {:.1} a minute; {} left, about {}",
                pace.done,
                pace.a_minute,
                pace.left,
                seconds(pace.time_left)
            ));
        }
        lines
    }

    fn is_active(&self, run: &Run) -> bool {
        self.holder.is_some() && run.ended.is_none()
    }

    fn run_words(&self, run: &Run) -> String {
        let Run { id, command, started, .. } = run;
        match (run.ended, run.exit) {
            (Some(ended), Some(exit)) => format!(
                "last {command} (number {}) {}, exit {exit}, took {}",
                id.0,
                utc(ended),
                span(*started, ended)
            ),
            _ if self.is_active(run) => format!("{command} (number {}) since {}", id.0, utc(*started)),
            _ => format!("last {command} (number {}) {} was cut off", id.0, utc(*started)),
        }
    }

    /// One line for each state that is in flight: how many, and the oldest.
    fn by_state(&self) -> Vec<String> {
        let oldest = self.oldest();
        oldest
            .into_iter()
            .map(|(state, count, take, since)| {
                let age = span(since, self.now);
                format!("  {state:<10} {count:>3}, the oldest for {age} ({})", take.key)
            })
            .collect()
    }

    /// Of each state in flight: how many, which is the oldest, and since when.
    fn oldest(&self) -> Vec<(Phase, usize, &Take, Timestamp)> {
        let of = |phase: Phase| {
            let takes = self.in_flight.iter().filter(move |take| take.state.phase() == phase);
            let oldest = takes.clone().filter_map(|take| Some((take, since(take)?)));
            let (take, since) = oldest.min_by_key(|(_, since)| *since)?;
            Some((phase, takes.count(), take, since))
        };
        Phase::IN_FLIGHT.into_iter().filter_map(of).collect()
    }

    /// Takes whose links die soon, the first one first.
    fn dying(&self) -> Vec<(&Take, Timestamp)> {
        let soon = self.now.checked_add(SOON).unwrap_or(self.now);
        let dies = |take: &'_ Take| match &take.state {
            State::Downloading { clip, .. } => clip.expires.filter(|dies| *dies < soon),
            _ => None,
        };
        let mut dying: Vec<_> = self.in_flight.iter().filter_map(|take| Some((take, dies(take)?))).collect();
        dying.sort_by_key(|(_, dies)| *dies);
        dying
    }

    /// What to type next, without the manifest.
    fn next(&self) -> String {
        let standing = &self.standing;
        if self.holder.is_some() {
            return "status".to_owned();
        }
        if standing.in_flight() > 0 {
            return "collect".to_owned();
        }
        let waiting = standing.count(Phase::Pending);
        if waiting > 0 {
            // Where all that waits is on hold, a run would end as it began.
            let on_hold = self.paused.iter().any(|pause| pause.waiting >= waiting);
            return if on_hold { pause::resume_typed(&self.paused) } else { "run".to_owned() };
        }
        match standing.held.first().map(|held| &held.take).or(standing.failed.first()) {
            Some(take) => format!("show {}", quoted(&take.key.to_string())),
            None if self.buckets.count(Bucket::Missing) > 0 => "verify --repair".to_owned(),
            None if self.buckets.count(Bucket::Altered) > 0 => "verify --repair --replace-altered".to_owned(),
            None if !standing.written_off.is_empty() => "retry --written-off".to_owned(),
            None => "plan".to_owned(),
        }
    }

    fn json(&self, places: &Places, next: &str) -> Value {
        let take = |take: &Take| json!({ "job": take.key.to_string(), "take": take.id.0, "usd": take.price.plain() });
        let held = self.standing.held.iter().filter_map(|held| {
            let held = &held.take;
            let State::Held { reason, since, intent, .. } = &held.state else { return None };
            let mut object = take(held);
            object["reason"] = reason.name().into();
            object["charge_in_doubt"] = reason.charge_in_doubt().into();
            object["since"] = since.to_string().into();
            object["sent"] = intent.at.to_string().into();
            object["request_id"] = intent.request_id.0.clone().into();
            Some(object)
        });
        let failed = self.standing.failed.iter().filter_map(|failed| {
            let State::Failed { refusal, charged, .. } = &failed.state else { return None };
            let mut object = take(failed);
            object["reason"] = refusal.name().into();
            object["charged"] = charged_name(*charged).into();
            object["permanent"] = refusal.permanent().into();
            Some(object)
        });
        let in_flight: serde_json::Map<String, Value> = self
            .oldest()
            .into_iter()
            .map(|(phase, count, take, since)| {
                let age = self.now.duration_since(since).as_secs().max(0);
                let oldest =
                    json!({ "job": take.key.to_string(), "since": since.to_string(), "seconds": age });
                (phase.name().to_owned(), json!({ "takes": count, "oldest": oldest }))
            })
            .collect();
        let dying = self.dying();
        json!({
            "format": 1,
            "project": self.project,
            "at": self.now.to_string(),
            "last_run": self.run.as_ref().map(|(run, spent)| json!({
                "number": run.id.0,
                "command": run.command,
                "started": run.started.to_string(),
                "ended": run.ended.map(|ended| ended.to_string()),
                "exit": run.exit,
                "active": self.is_active(run),
                "money": money_json(*spent),
            })),
            "states": self.standing.json(),
            "sandbox": places.sandbox,
            "buckets": buckets_json(&self.buckets),
            "in_flight": in_flight,
            "paused": self.paused.iter().map(crate::report::pauses::json).collect::<Vec<_>>(),
            "held": held.collect::<Vec<Value>>(),
            "failed": failed.collect::<Vec<Value>>(),
            "today": money_json(self.today),
            "month": money_json(self.month),
            "month_usd": self.month.total().plain(),
            "budget": self.budget.iter().map(Level::json).collect::<Vec<_>>(),
            "links_about_to_die": dying.len(),
            "first_link_dies": dying.first().map(|(_, dies)| dies.to_string()),
            "active": self.holder.as_ref().map(|holder| json!({
                "command": holder.command, "pid": holder.pid, "host": holder.host, "started": holder.started,
            })),
            "pace": self.pace.as_ref().map(|pace| json!({
                "done": pace.done,
                "clips_per_minute": pace.a_minute,
                "left": pace.left,
                "seconds_left": pace.time_left.as_secs(),
            })),
            "next": next,
        })
    }
}

impl Pace {
    /// From what a run did so far; nothing where that is too little to tell.
    fn of(done: u64, left: u64, elapsed: SignedDuration) -> Option<Self> {
        let minutes = elapsed.as_secs_f64() / 60.0;
        if done < ENOUGH || minutes <= 0.0 {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "counts of clips are far below what a double holds")]
        let (done_so_far, to_do) = (done as f64, left as f64);
        let a_minute = done_so_far / minutes;
        let time_left = SignedDuration::try_from_secs_f64(to_do / a_minute * 60.0).ok()?;
        Some(Self { done, a_minute, left, time_left })
    }
}

/// Since when a take is on its way: since its submission, or since the provider accepted it.
fn since(take: &Take) -> Option<Timestamp> {
    match &take.state {
        State::Submitting { intent, .. } | State::Doubtful { intent, .. } => Some(intent.at),
        state => state.task().map(|task| task.accepted),
    }
}

fn spent_words(spent: Spent) -> String {
    let part = |usd: Usd, word: &str| if usd > Usd::ZERO { format!(", {usd} {word}") } else { String::new() };
    format!("{}{}{}", spent.settled, part(spent.reserved, "in flight"), part(spent.in_doubt, "in doubt"))
}

fn money_json(spent: Spent) -> Value {
    json!({
        "settled_usd": spent.settled.plain(),
        "reserved_usd": spent.reserved.plain(),
        "in_doubt_usd": spent.in_doubt.plain(),
    })
}

const fn charged_name(charged: Charged) -> &'static str {
    match charged {
        Charged::No => "no",
        Charged::Yes => "yes",
        Charged::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_follows_from_what_was_done() {
        let pace = Pace::of(10, 30, SignedDuration::from_mins(5)).unwrap();
        assert!((pace.a_minute - 2.0).abs() < 1e-9);
        assert_eq!(pace.time_left, SignedDuration::from_mins(15));
        assert!(Pace::of(1, 30, SignedDuration::from_mins(5)).is_none());
        assert!(Pace::of(5, 30, SignedDuration::ZERO).is_none());
    }
}
