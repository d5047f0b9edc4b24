//! What a person has to decide about: which submissions, the money, and the commands that settle them.

use super::anew::Prices;
use super::settings::{Places, quoted};
use super::setup::registry;
use super::summary::Standing;
use super::terminal::Terminal;
use crate::domain::fault::Said;
use crate::domain::key::JobKey;
use crate::domain::lifecycle::{HeldReason, State};
use crate::domain::money::Usd;
use crate::domain::take::Take;
use crate::report::lines::held_words;
use crate::report::text::count;

/// Jobs named of one kind.
const EXAMPLES: usize = 3;

/// Says what a person has to decide about. Commands keep their line, so that they can be copied.
pub(super) fn tell_held(terminal: &Terminal, standing: &Standing, places: &Places) {
    for line in held_block(standing, places) {
        if line.starts_with(' ') {
            terminal.say(line);
        } else {
            terminal.tell(&line, 0);
        }
    }
}

/// What a person has to decide about, with the money and the commands.
#[must_use]
pub(super) fn held_block(standing: &Standing, places: &Places) -> Vec<String> {
    let held = &standing.held;
    if held.is_empty() {
        return Vec::new();
    }
    let mut lines = Vec::new();
    let prices = Prices::read(places);
    let typed =
        |key: &JobKey, how: &str| places.typed(&format!("resolve {} {how}", quoted(&key.to_string())));
    let named = |lines: &mut Vec<String>, takes: &[&Take]| {
        lines.extend(takes.iter().take(EXAMPLES).map(|take| held_line(take, standing.said(take))));
        if takes.len() > EXAMPLES {
            lines.push(format!("  … and {} more", takes.len() - EXAMPLES));
        }
    };
    let doubt = |take: &&Take| matches!(take.state, State::Held { reason, .. } if reason.charge_in_doubt());
    let doubtful: Vec<&Take> = held.iter().filter(doubt).collect();
    if let Some(first) = doubtful.first() {
        let sum: Usd = doubtful.iter().map(|take| take.price).sum();
        let (jobs, it) = if doubtful.len() == 1 { ("job needs", "it") } else { ("jobs need", "them") };
        let mark = if places.sandbox { ", sandbox money" } else { "" };
        let asked = doubtful.iter().any(|take| can_be_asked(take));
        let check = if asked { "asking it has not settled that" } else { "offers no way to check" };
        lines.push(format!(
            "{} {jobs} a decision: the provider may have charged for {it} (up to {sum}{mark}), and {check}.",
            doubtful.len()
        ));
        named(&mut lines, &doubtful);
        let times =
            if doubtful.len() == 1 { "a task created at this time" } else { "tasks created at these times" };
        lines.push(format!("Look in your provider's console for {times} (UTC)."));
        lines.push(format!("  found it:  {}", typed(&first.key, "--task-id ID")));
        let anew = prices.of(first);
        lines.push(format!("  not there, {anew} anew:  {}", typed(&first.key, "--resubmit")));
        if held.len() > 1 {
            // What `--all` settles: everything that is held, not these alone.
            let all = if doubtful.len() == held.len() { "all of them" } else { "all that is held" };
            let sum = prices.sum(held);
            let how = format!("resolve --all --resubmit --max-extra {}", sum.plain());
            lines.push(format!("  {all}, {sum} anew:  {}", places.typed(&how)));
        }
    }
    let missing: Vec<&Take> = held.iter().filter(|take| !doubt(take)).collect();
    if let Some(first) = missing.first() {
        let are = if missing.len() == 1 { "is" } else { "are" };
        lines.push(format!("{} {are} missing:", count(missing.len(), "paid clip")));
        named(&mut lines, &missing);
        lines.push(format!("  once more, free:  {}", typed(&first.key, "--again")));
        if missing.len() > 1 {
            lines.push(format!("  all of them, free:  {}", places.typed("resolve --all --again")));
        }
    }
    lines
}

/// Whether its provider was asked for it before a person is.
fn can_be_asked(take: &Take) -> bool {
    registry().find(&take.request.model.provider).is_some_and(|provider| provider.look_up().is_some())
}

/// One held take: job, when it was sent, our name for the request, and why.
#[must_use]
pub(super) fn held_line(take: &Take, said: Option<&Said>) -> String {
    match &take.state {
        State::Held { reason, intent, .. } => format!(
            "  {}   sent {} UTC as {}\n      {}",
            take.key,
            intent.at.strftime("%F %T"),
            intent.request_id,
            reason_words(*reason, said)
        ),
        state => format!("  {}   {}", take.key, state.name()),
    }
}

/// Returns why a take is held, with the name of the reason. `said` is the last answer to its submission.
#[must_use]
pub(super) fn reason_words(reason: HeldReason, said: Option<&Said>) -> String {
    format!("{} ({})", held_words(reason, said.and_then(|said| said.http)), reason.name())
}

/// The command that shows a job.
#[must_use]
pub(super) fn show_typed(places: &Places, key: &JobKey) -> String {
    places.typed(&format!("show {}", quoted(&key.to_string())))
}
