//! Formats the state of a project for one screen.

use crate::app::budget::{Level, RESERVED};
use crate::app::checker::Tally;
use crate::app::places::Places;
use crate::app::status::{Oldest, StatusReport};
use crate::domain::money::Usd;
use crate::domain::units::{about, span, utc};
use crate::report::layout::labelled;
use crate::report::text::held::held_block;
use crate::report::{pauses, reviews};
use crate::store::{Holder, Run, Spent};
use jiff::Timestamp;

/// Returns the state of a project as lines no wider than `columns`, except for commands.
#[must_use]
pub fn lines(places: &Places, report: &StatusReport, columns: usize) -> Vec<String> {
    let standing = &report.standing;
    let texts = report.screen(places).into_iter().chain(standing.causes());
    let mut lines: Vec<String> = texts.flat_map(|text| labelled("", &text, columns)).collect();
    lines.extend(held_block(standing, places).into_iter().flat_map(|row| row.lines(columns)));
    lines
}

impl StatusReport {
    fn screen(&self, places: &Places) -> Vec<String> {
        let project = self.project.clone().unwrap_or_else(|| {
            let validate = places.typed("validate");
            format!("all projects ({} cannot be read; `{validate}` says why)", places.shown)
        });
        let run = self.run.as_ref().map(|(run, _)| format!(" · {}", self.run_words(run)));
        let mut lines = vec![format!("{project}{}", run.unwrap_or_default())];
        lines.push(format!("  {}", self.buckets.line()));
        if self.checks != Tally::default() {
            let is_active = self.run.as_ref().is_some_and(|(run, _)| self.is_active(run));
            let rest = match self.checks.due() {
                // An active run checks its clips itself.
                0 => String::new(),
                _ if is_active => String::new(),
                _ => format!("; `{}` checks the rest", places.typed("check")),
            };
            lines.push(format!("  checks     {}{rest}", self.checks.line()));
        }
        lines.extend(
            reviews::counts(&self.reviews, places.mark()).map(|counts| format!("  reviews    {counts}")),
        );
        lines.extend(self.by_state());
        lines.extend(
            self.paused.iter().map(|pause| format!("  paused     {}", pauses::words(pause, self.now))),
        );
        let dying = self.dying();
        if let Some((take, dies)) = dying.first() {
            let plural = if dying.len() == 1 { "link expires" } else { "links expire" };
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
        let budget = |level: &Level| format!("  budget     {}", level.words()) + places.mark();
        lines.extend(self.budget.iter().map(budget));
        lines.push(match &self.holder {
            Some(Holder { command, started, pid, host }) => {
                let since = started.parse::<Timestamp>().map(|at| format!("for {}", span(at, self.now)));
                let since = since.unwrap_or_else(|_| format!("since {started}"));
                let other = self.other_project().map(|project| format!(" of project `{project}`"));
                let other = other.unwrap_or_default();
                format!("  active     `shotlist {command}`{other} {since} (process {pid} on {host})")
            }
            None => "  active     no command".to_owned(),
        });
        if let Some(pace) = &self.pace {
            let time = pace.time_left.map(|time| format!(", about {}", about(time))).unwrap_or_default();
            lines.push(format!(
                "             {} clips so far, {:.1} a minute; {} left{time}",
                pace.done, pace.a_minute, pace.left
            ));
        }
        lines
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
            _ if run.is_rebuilt => format!(
                "last {command} (number {}) {}; its end was lost with the database",
                id.0,
                utc(*started)
            ),
            _ => format!("last {command} (number {}) {} was interrupted", id.0, utc(*started)),
        }
    }

    /// Returns a line for each state of unfinished renderings, with their number and the oldest of them.
    fn by_state(&self) -> Vec<String> {
        let oldest = self.oldest_unpaid();
        let again = self.fetched_again().count();
        let again = self.fetched_again().next().map(|take| {
            format!("  to download again {again}, paid for earlier, free of charge (first {})", take.key)
        });
        oldest
            .into_iter()
            .map(|Oldest { phase, takes, take, since }| {
                let age = span(since, self.now);
                format!("  {phase:<10} {takes:>3}, the oldest for {age} ({})", take.key)
            })
            .chain(again)
            .collect()
    }
}

fn spent_words(spent: Spent) -> String {
    let part = |usd: Usd, word: &str| if usd > Usd::ZERO { format!(", {usd} {word}") } else { String::new() };
    format!(
        "{} spent{}{}",
        spent.settled,
        part(spent.reserved, RESERVED),
        part(spent.in_doubt, "more may have been charged")
    )
}
