//! Shows the progress, warnings and results of a command: as lines for a pipe, as changing lines for a terminal, as
//! JSON for a program.

use super::guards;
use super::json;
use super::lines::{Tone, charged_words, line};
use super::plan::moved_words;
use super::terminal::Terminal;
use super::text;
use crate::app::places::Places;
use crate::app::reporter::{News, Reporter, SharedTotals};
use crate::domain::lifecycle::{Charged, State};
use crate::domain::notice::Notice;
use crate::domain::price::amount;
use crate::domain::text::count;
use crate::domain::units::bytes;
use crate::engine::clock::Clock;
use crate::plan::approval::Moved;
use crate::plan::guards::ExceededGuard;
use crate::store::{OtherCopy, Repair};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The interval at which the running times on a terminal are updated.
const TICK: Duration = Duration::from_millis(200);
/// The minimum interval between drawings of a progress line.
const REDRAW: SignedDuration = SignedDuration::from_millis(200);
/// The column at which the text after a line's first word begins. Further rows of the line begin there too.
const INDENT: usize = 9;
/// The maximum number of jobs that a list names, such as the list of the jobs that changed since the plan was made.
/// Further jobs are only counted.
const NAMED: usize = 10;

/// A reporter that writes progress, warnings and results to stdout and stderr, in the form that suits these streams.
pub struct Console {
    terminal: Terminal,
    clock: Clock,
    verbose: bool,
    /// True if notices are also written to the log. It is false if they would then appear twice on stderr.
    logged: bool,
    places: Places,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    /// The progress display of the current run; `None` if no run is active.
    totals: Option<SharedTotals>,
    /// The time at which a line about the progress of `verify` or `check` was last drawn; `None` before the first time.
    compared: Option<Timestamp>,
    /// The reasons for retries that were shown already.
    reasons: HashSet<String>,
}

impl Console {
    /// Returns a reporter for these streams. `logged` says whether notices are also written to the log.
    #[must_use]
    pub fn new(terminal: &Terminal, places: &Places, verbose: bool, logged: bool) -> Self {
        let (terminal, places) = (terminal.clone(), places.clone());
        Self { terminal, clock: Clock::system(), verbose, logged, places, heard: Mutex::default() }
    }

    /// Redraws the changing lines on a terminal, to update their times.
    ///
    /// The future never ends, so the caller must drop it.
    pub async fn keep_time(&self) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.draw(&self.heard());
        }
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn draw(&self, heard: &Heard) {
        let Some(totals) = heard.totals.as_ref().filter(|_| self.terminal.is_live()) else { return };
        let (columns, rows) = self.terminal.size();
        let totals = totals.lock().unwrap_or_else(PoisonError::into_inner);
        self.terminal.draw(&totals.lines(self.clock.now(), columns, rows));
    }

    fn notice(&self, notice: &Notice, at: Timestamp) {
        let mut heard = self.heard();
        let line = |verbose: bool| {
            line(notice, verbose).map(|line| line.with_paths(|path| self.places.opened(path)))
        };
        if let Some(line) = line(true).filter(|_| self.logged) {
            tracing::info!(target: "shotlist", "{line}");
        }
        if let Notice::Trouble(trouble) = notice {
            self.terminal.insist(trouble);
        }
        if self.terminal.json {
            self.terminal.data(json::line(notice, at));
        } else if let Some(line) = line(self.verbose).filter(|_| !matches!(notice, Notice::Trouble(_))) {
            if !self.terminal.is_live() {
                self.terminal.say(line);
            } else if self.verbose || line.tone != Tone::Step {
                // The same reason is shown once, even for a thousand jobs. The lines below show each with its next try.
                let known = line.reason().is_some_and(|reason| !heard.reasons.insert(reason.to_owned()));
                if known {
                    return self.draw(&heard);
                }
                let (columns, _) = self.terminal.size();
                let paint = |word: &str| match line.tone {
                    Tone::Good => self.terminal.paint(word, "32"),
                    Tone::Bad => self.terminal.paint(word, "31"),
                    Tone::Doubt => self.terminal.paint(word, "33"),
                    Tone::Plain | Tone::Step => word.to_owned(),
                };
                self.terminal.say_painted(line.fitted(columns, at, paint).join("\n"));
            }
        }
        self.draw(&heard);
    }

    fn moved(&self, moved: &[Moved]) {
        if self.terminal.json {
            let moved: Vec<_> =
                moved.iter().map(|it| json!({ "job": it.key, "how": moved_words(&it.how) })).collect();
            return self.terminal.data(json!({ "event": "refused", "moved": moved }));
        }
        for moved in moved.iter().take(NAMED) {
            self.terminal.tell(&format!("changed  {}  {}", moved.key, moved_words(&moved.how)), INDENT);
        }
        if moved.len() > NAMED {
            self.terminal.say(format_args!("         … and {} more", moved.len() - NAMED));
        }
    }
    fn guards(&self, trips: &[ExceededGuard], commands: Option<&[String; 3]>) {
        let terminal = &self.terminal;
        if terminal.json {
            let trips: Vec<_> = trips.iter().map(guards::json).collect();
            return terminal.data(json!({ "event": "refused", "guards": trips }));
        }
        trips.iter().flat_map(guards::lines).for_each(|line| terminal.tell(&line, 11));
        let Some([accept, plan, carry_out]) = commands else { return };
        terminal.tell(
            "These limits protect against a mistake in the manifest and an incomplete product file. If the changes are \
             right, run:",
            2,
        );
        terminal.say(format_args!("  {accept}"));
        terminal.say("or have a plan approved, and run that plan:");
        terminal.say(format_args!("  {plan}\n  {carry_out}"));
    }

    fn owed(&self, paid: usize, doubtful: usize) {
        if paid > 0 {
            self.terminal
                .say(format_args!("{} already paid for; downloading costs nothing", count(paid, "clip")));
        }
        if doubtful > 0 {
            self.terminal.say(format_args!(
                "{} without a reply: checking with the provider, free of charge",
                count(doubtful, "request")
            ));
        }
    }

    fn compared(&self, compared: u64, all: u64, read: u64, wrong: u64) {
        self.progress(|| {
            let wrong = if wrong == 0 { String::new() } else { format!(" · {wrong} wrong") };
            format!("verify   {compared} of {all} clips · {}{wrong}", bytes(read))
        });
    }

    /// Draws a progress line, unless the last one was drawn less than [`REDRAW`] ago.
    fn progress(&self, line: impl FnOnce() -> String) {
        let (mut heard, now) = (self.heard(), self.clock.now());
        let is_due = heard.compared.is_none_or(|at| now.duration_since(at) >= REDRAW);
        if self.terminal.is_live() && is_due {
            heard.compared = Some(now);
            self.terminal.draw(&[line()]);
        }
    }
}

impl Reporter for Console {
    fn hear(&self, news: &News<'_>) {
        let terminal = &self.terminal;
        match news {
            News::Warning(words) => terminal.tell(&format!("warning: {words}"), INDENT),
            News::Note(words) => terminal.tell(words, 2),
            News::Problems(problems) => drop(terminal.problems(problems.to_vec())),
            News::Failed(error) => terminal.error(error),
            News::Repaired(repair) => {
                if let Some(line) = repaired(repair) {
                    terminal.tell(&line, INDENT);
                }
            }
            News::OtherCopy(elsewhere) => terminal.tell(&format!("warning: {}", driven(elsewhere)), INDENT),
            News::Paused { pauses, now } => {
                for line in super::pauses::lines(pauses, *now) {
                    terminal.say(line);
                }
            }
            News::Plan { .. } if terminal.json => {}
            News::Plan { plan, .. } if plan.to_render() == 0 => {
                plan.kept_notes().iter().for_each(|note| terminal.tell(note, 2));
            }
            News::Plan { plan, mark } => {
                terminal.say(plan.table(mark, terminal.columns()).join("\n"));
                plan.notes(self.verbose).iter().for_each(|note| terminal.tell(note, 2));
                plan.budget_lines().into_iter().for_each(|line| terminal.tell(&(line + mark), INDENT));
            }
            News::Guards { trips, commands } => self.guards(trips, commands.as_ref()),
            News::Moved(moved) => self.moved(moved),
            News::Skipped { job, why } => terminal.say(format_args!("skipped  {job}  {why}")),
            News::Waiting { job, other, is_held } => {
                let what = match (is_held, other == job) {
                    (true, true) => "your decision about its earlier request".to_owned(),
                    (true, false) => format!("your decision about a request of {other}"),
                    (false, true) => "its earlier clip".to_owned(),
                    (false, false) => format!("the clip of {other}"),
                };
                terminal.say(format_args!("waiting  {job}  for {what}"));
            }
            News::Unwanted(jobs) => {
                jobs.iter().take(NAMED).for_each(|job| terminal.say(format_args!("unwanted {job}")));
                if jobs.len() > NAMED {
                    terminal.say(format_args!("         … and {} more", jobs.len() - NAMED));
                }
            }
            News::Again { command, job, price, mark } => {
                terminal.say(format_args!("{command:<8} {job}  {price}{mark}"));
            }
            News::Budget { fit, mark } => terminal.tell(&(fit.line() + mark), INDENT),
            News::Owed { paid, doubtful } => self.owed(*paid, *doubtful),
            News::Cancelled(job) => {
                let words = text::cancel::words(job, &self.places);
                if terminal.json {
                    terminal.data(json::cancel::object(job, &words));
                } else {
                    terminal.tell(&format!("{}  {words}", job.job), 2);
                }
            }
            News::Resolved(job) if terminal.json => {
                terminal.data(json::resolve::object(job, &text::resolve::words(job)));
            }
            News::Resolved(job) => terminal.say(text::resolve::line(job)),
            News::Started(totals) => self.heard().totals = Some(SharedTotals::clone(totals)),
            News::Notice { notice, at } => self.notice(notice, *at),
            News::Leaving { requests, price } => {
                let (are, their) =
                    if *requests == 1 { ("is", "its task id") } else { ("are", "their task ids") };
                terminal.tell(
                    &format!(
                        "exiting within 5 s: {} {are} waiting for an answer; exiting now may lose {their} ({} \
                         may have been charged)",
                        count(*requests, "request"),
                        amount([*price])
                    ),
                    INDENT,
                );
            }
            News::Compared { compared, all, bytes, wrong } => self.compared(*compared, *all, *bytes, *wrong),
            News::Checking { checked, all } => self.progress(|| format!("check    {checked} of {all} clips")),
            News::Wrong { clip, word, why } if terminal.json => {
                terminal.data(json::verify::wrong(clip, word, why));
            }
            News::Wrong { clip, word, why } => {
                terminal.above(|| terminal.data(text::verify::wrong(clip, word, why)));
            }
            News::Restoring { clip, word, what } if terminal.json => {
                terminal.data(json::verify::restoring(clip, word, what));
            }
            News::Restoring { clip, word, what } => {
                terminal.say(text::verify::restoring(clip, word, what));
            }
            News::Ended => {
                let mut heard = self.heard();
                (heard.totals, heard.compared) = (None, None);
                drop(heard);
                terminal.still();
            }
        }
    }
}

/// Returns the warning that two copies of a project may submit the same jobs.
fn driven(OtherCopy { place, waiting, unpriced, usd }: &OtherCopy) -> String {
    let price = match (unpriced, waiting) {
        (0, _) => format!(" ({usd})"),
        (unpriced, waiting) if unpriced == waiting => String::new(),
        _ => format!(" (at least {usd})"),
    };
    format!(
        "this project was last run on {} in {}; {}{price} may be waiting in both copies, and could be sent and paid \
         twice if that copy is still used",
        place.host,
        place.folder,
        count(usize::try_from(*waiting).unwrap_or(usize::MAX), "job"),
    )
}

/// Returns the line for a repair after a crash; `None` if the repair does not concern the user.
fn repaired(repair: &Repair) -> Option<String> {
    Some(match repair {
        Repair::TornLine { bytes } => {
            format!("repaired: the ledger's last line was incomplete; {bytes} bytes were removed")
        }
        Repair::LedgerCut => {
            "repaired: lines that were missing from the ledger were written again from the database; a request that \
             may have been sent counts as sent"
                .to_owned()
        }
        Repair::LinesAdded { .. } => return None,
        Repair::NeverSent(take) => {
            format!("repaired: the request for {} was never sent (not charged)", take.key)
        }
        Repair::Unanswered(take) => {
            format!(
                "{:<8} {}  its request was being sent when the last run ended ({})",
                if matches!(take.state, State::Doubtful { .. }) { "in doubt" } else { take.state.name() },
                take.key,
                charged_words(Charged::Unknown, take.price)
            )
        }
        Repair::Imported(take) => {
            format!("repaired: the database lacked a request for {}; it was restored from the ledger", take.key)
        }
    })
}
