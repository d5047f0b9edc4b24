//! Describes the end of a run in words.

use crate::app::budget::RESERVED;
use crate::app::checker::{Found, RunChecks, Tally};
use crate::app::exit::Exit;
use crate::app::places::{Places, quoted};
use crate::app::project_status::{EXAMPLES, ProjectStatus};
use crate::app::summary::Summary;
use crate::domain::fault::Said;
use crate::domain::lifecycle::{Charged, State};
use crate::domain::money::Usd;
use crate::domain::take::Take;
use crate::domain::text::count;
use crate::engine::stop::StopReason;
use crate::plan::bucket::Bucket;
use crate::report::layout::lasted;
use crate::report::lines::why_words;
use crate::report::pauses;
use crate::report::terminal::Terminal;
use crate::report::text::held::held_block;
use crate::store::{Cap, Spent};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The column at which the text after a line's first word begins. Further rows of the line begin there too.
const INDENT: usize = 9;

/// Writes the outcome of a run in words, and the command to type next.
pub fn tell(terminal: &Terminal, places: &Places, summary: &Summary) {
    let print = |line: &String| terminal.tell(line, INDENT);
    outcome_lines(summary, places).iter().for_each(print);
    for level in summary.levels.iter().filter(|level| summary.reached == Some(level.cap)) {
        print(&level.reached(summary.cheapest));
        summary.spenders.iter().for_each(|who| print(&format!("spent    by project: {who}")));
    }
    summary.rollout.summary_lines().iter().for_each(print);
    for pause in &summary.pauses {
        print(&format!("paused   {}", pauses::words(pause, summary.now)));
    }
    summary.standing.causes().iter().for_each(print);
    written_off(&summary.standing, places).iter().for_each(print);
    summary.lost.lines(places).iter().for_each(print);
    for row in held_block(&summary.standing, places) {
        terminal.row(&row);
    }
    match summary.kept_exit {
        Exit::Done | Exit::Held | Exit::SomeFailed => {}
        // The lines above say what must be done first.
        Exit::WorkRemains if summary.pauses.iter().any(|pause| pause.waiting > 0) => {}
        Exit::Budget if summary.levels.iter().any(|it| summary.reached == Some(it.cap) && it.is_unused()) => {
        }
        Exit::Credentials => {
            terminal.tell(&format!("Fix the key or the account first; then {}", continuation(summary)), 0);
        }
        Exit::WorkRemains if summary.rollout.open().next().is_some() => {
            terminal.tell("When these clips pass your review, the same command renders the others; nothing is paid twice.", 0);
        }
        Exit::Budget if summary.reached == Some(Cap::Run) && summary.reorder.is_none() => {
            terminal.tell("The same command starts a new run with its own budget; nothing is paid twice.", 0);
        }
        Exit::Budget
            if summary.reached.is_none()
                && summary.reason.is_none()
                && summary.buckets.count(Bucket::Asks) > 0 =>
        {
            terminal.tell(
                "Clips that wait for your approval are rendered again only if you agree; the command below agrees for all of them.",
                0,
            );
        }
        _ if summary.reorder.is_some() => terminal.tell(continuation(summary), 0),
        Exit::Budget if summary.reason == Some(StopReason::InDoubt) && !summary.standing.held.is_empty() => {
            terminal.tell("Decide about the jobs above; then the same command continues the run.", 0);
        }
        _ => terminal.tell("The same command continues the run; nothing is paid twice.", 0),
    }
    terminal.next(&summary.next);
}

/// Returns the end of a sentence that says how to continue a run that ended early.
fn continuation(summary: &Summary) -> &'static str {
    match summary.reorder {
        None => "the same command continues the run; nothing is paid twice.",
        Some("redo") => {
            "`run` continues with the remaining jobs. `redo` would also render finished jobs again, at a new charge."
        }
        Some(_) => "`run` continues with the remaining jobs.",
    }
}

/// Returns the lines about the counts, money, time and clips of this run, and the reason for an early end.
fn outcome_lines(summary: &Summary, places: &Places) -> Vec<String> {
    if summary.is_idle && summary.kept_exit == Exit::Done {
        if summary.buckets.jobs() == 0 {
            return vec!["nothing to do: the manifest has no jobs".to_owned()];
        }
        let clips = summary.buckets.count(Bucket::Done);
        let are = if clips == 1 { "is" } else { "are" };
        let mut parts = summary.buckets.parts();
        let first =
            (clips > 0 || parts.len() == 1).then(|| format!("{} {are} up to date", count(clips, "clip")));
        let parts: Vec<String> = first.into_iter().chain(parts.drain(1..)).collect();
        return vec![format!("nothing to do: {}", parts.join(" · "))];
    }
    let word = if summary.reason.is_some() { "stopped" } else { "finished" };
    let mut lines = vec![format!("{word:<8} {} ({})", summary.buckets.line(), lasted(summary.lasted))];
    lines.push(format!(
        "spent    {}{}",
        spent_words(summary.estimate, summary.spent, summary.run_spent),
        places.mark()
    ));
    let (above, more) = summary.above_price;
    if above > 0 {
        let were = if above == 1 { "was" } else { "were" };
        let above = count(usize::try_from(above).unwrap_or(usize::MAX), "clip");
        let earlier = if summary.estimate.is_none() { " submitted earlier" } else { "" };
        lines.push(format!(
            "above    {above}{earlier} {were} charged above the listed price, {more} more in total{}",
            places.mark()
        ));
    }
    let clips = &summary.clips;
    if clips.count > 0 {
        let place = places.opened(&clips.below);
        lines.push(match clips.count {
            1 => format!("clips    {place}"),
            new => format!("clips    {new} new in {place}"),
        });
    }
    lines.extend(checks(&summary.checks, places));
    if summary.waiting > 0 {
        let (wait, them) = if summary.waiting == 1 { ("waits", "it") } else { ("wait", "them") };
        lines.push(format!(
            "waiting  {} {wait} for the result of an earlier request; the next run submits {them}",
            count(summary.waiting, "changed job")
        ));
    }
    for (who, why, is_refused) in &summary.closed {
        let why = why_words(*why);
        lines.push(if *is_refused {
            format!("this run sends nothing more to {who}: {why}; a later run downloads the paid clips")
        } else {
            format!("this run submits nothing more to {who}: {why}; the remaining jobs were not sent (not charged)")
        });
    }
    if summary.reason == Some(StopReason::MaxTime) {
        lines.push(
            "--max-time: jobs that would have ended too late were not sent; paid clips were downloaded"
                .to_owned(),
        );
    }
    if summary.reason == Some(StopReason::InDoubt) {
        lines.push(
            "the limit `guards.max_in_doubt` is reached; the remaining jobs were not sent (not charged)"
                .to_owned(),
        );
    }
    lines
}

/// Returns the number of clips with each verdict, checked since this program started, and a line for each check that
/// found a defect.
fn checks(checks: &RunChecks, places: &Places) -> Vec<String> {
    if checks.tally == Tally::default() {
        return Vec::new();
    }
    let Tally { passed, warned, failed, .. } = checks.tally;
    let is_files_only = checks.frames == 0 && passed + warned + failed > 0;
    let looked = if is_files_only { "; only files were checked, not frames" } else { "" };
    let rest = match checks.tally.due() {
        0 => String::new(),
        _ => format!("; the run ended before all were checked: `{}` checks the rest", places.typed("check")),
    };
    let mut lines = vec![format!("checks   {}{looked}{rest}", checks.tally.line())];
    lines.extend(checks.found.iter().map(|Found { verdict, check, clips, job, reason }| {
        let whose = match clips {
            1 => job.to_string(),
            clips => format!("{clips} clips; for example {job}"),
        };
        format!("{:INDENT$}{verdict} {check}: {whose}: {reason}", "")
    }));
    lines
}

/// Returns the spent and the planned amount of a run. If this command continues an interrupted run, the amount that
/// this command alone has spent comes first. If more than the planned amount was charged, only the spent amount is
/// shown.
fn spent_words(estimate: Option<Usd>, spent: Spent, whole: Spent) -> String {
    let mut money = match estimate {
        Some(planned) if whole.settled <= planned => {
            format!("{} of the planned {planned}", whole.settled)
        }
        Some(_) => whole.settled.to_string(),
        None => format!("{} in this run", whole.settled),
    };
    if spent != whole {
        let run = if estimate.is_some() { money } else { whole.settled.to_string() };
        money = format!("{} by this command · {run} by the whole run", spent.settled);
    }
    for (usd, word) in [(whole.reserved, RESERVED), (whole.in_doubt, "more may have been charged")] {
        if usd > Usd::ZERO {
            let _ = write!(money, " · {usd} {word}");
        }
    }
    money
}

impl ProjectStatus {
    /// Returns a line for each cause of failures, and below it the provider's message about one of the jobs.
    #[must_use]
    pub fn causes(&self) -> Vec<String> {
        let mut causes: BTreeMap<(&str, &str, &str), Vec<&Take>> = BTreeMap::new();
        for take in &self.failed {
            if let State::Failed { refusal, charged, .. } = &take.state {
                let money = match charged {
                    Charged::No => "not charged",
                    Charged::Yes => "charged",
                    Charged::Unknown => "may have been charged",
                };
                causes.entry((refusal.name(), refusal.words(), money)).or_default().push(take);
            }
        }
        let mut lines = Vec::new();
        for ((class, words, money), takes) in causes {
            let names: Vec<String> = takes.iter().take(EXAMPLES).map(|take| take.key.to_string()).collect();
            let more = if takes.len() > EXAMPLES { ", …" } else { "" };
            lines.push(format!(
                "failed   {}, {words} ({class}; {money}): {}{more}",
                count(takes.len(), "job"),
                names.join(", ")
            ));
            let said = takes.iter().find_map(|take| self.said.get(&take.id));
            lines.extend(said.map(|said| format!("{:INDENT$}“{}”", "", said.text) + &code(said)));
        }
        lines
    }
}

/// Returns the line about jobs that were written off, with the commands that apply to them.
fn written_off(standing: &ProjectStatus, places: &Places) -> Option<String> {
    let takes = &standing.written_off;
    let first = takes.first()?;
    let names: Vec<String> = takes.iter().take(EXAMPLES).map(|take| take.key.to_string()).collect();
    let more = if takes.len() > EXAMPLES { ", …" } else { "" };
    Some(format!(
        "written off  {}: {}{more}; `{}` submits again (a second payment), `{}` stops this message",
        count(takes.len(), "job"),
        names.join(", "),
        places.typed("retry --written-off"),
        places.typed(&format!("dismiss {}", quoted(&first.key.to_string())))
    ))
}

fn code(said: &Said) -> String {
    said.code.as_ref().map(|code| format!(" (code {code})")).unwrap_or_default()
}

#[cfg(test)]
mod tests;
