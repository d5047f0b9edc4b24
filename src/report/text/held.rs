//! Describes the renderings that need a person's decision: their requests, the money, and the commands to decide.

use crate::app::places::{Places, quoted};
use crate::app::project_status::{EXAMPLES, Held, ProjectStatus};
use crate::domain::fault::Said;
use crate::domain::key::JobKey;
use crate::domain::lifecycle::{HeldReason, State};
use crate::domain::money::Usd;
use crate::domain::price::{amount, up_to};
use crate::domain::take::Take;
use crate::domain::text::count;
use crate::domain::units::utc;
use crate::report::job::reason_words;
use crate::report::layout::Row;

/// The indentation of further lines about a rendering, in columns.
const DEEPER: usize = 6;

/// Returns the lines about the renderings that need a person's decision; empty if there are none.
#[must_use]
pub(crate) fn held_block(standing: &ProjectStatus, places: &Places) -> Vec<Row> {
    let held = &standing.held;
    if held.is_empty() {
        return Vec::new();
    }
    let mut rows = Vec::new();
    let typed =
        |key: &JobKey, how: &str| places.typed(&format!("resolve {} {how}", quoted(&key.to_string())));
    let named = |rows: &mut Vec<Row>, takes: &[&Held]| {
        for held in takes.iter().take(EXAMPLES) {
            let lines = held_line(&held.take, standing.said(&held.take));
            rows.extend(lines.lines().map(|line| Row::Text(line.to_owned(), DEEPER)));
            if !held.is_wanted {
                rows.push(Row::Text("      the manifest no longer has this job".to_owned(), DEEPER));
            }
        }
        if takes.len() > EXAMPLES {
            rows.push(Row::Text(format!("  … and {} more", takes.len() - EXAMPLES), DEEPER));
        }
    };
    let text = |line| Row::Text(line, 0);
    let give_up = |held: &Held| {
        Row::Command(format!("  if you do not want the clip:  {}", typed(&held.take.key, "--write-off")))
    };
    // A request of a job that the manifest no longer has would not be sent again.
    let resubmit = |when: &str, takes: &[&Held]| {
        let held = takes.iter().find(|held| held.is_wanted)?;
        let (price, command) = (amount([held.resubmit_price]), typed(&held.take.key, "--resubmit"));
        Some(Row::Command(format!("  {when}resubmit for {price}:  {command}")))
    };
    let doubt =
        |held: &&Held| matches!(held.take.state, State::Held { reason, .. } if reason.charge_in_doubt());
    let is_known = |held: &&Held| matches!(held.take.state, State::Held { task: Some(_), .. });
    let (known, unknown): (Vec<&Held>, Vec<&Held>) = held.iter().filter(doubt).partition(is_known);
    let asks = |held: &[&Held], why: &str| {
        let costs = held.iter().map(|held| &held.take).filter(|take| take.settled != Some(Usd::ZERO));
        let most = up_to(costs.map(Take::cost));
        let (jobs, it) = if held.len() == 1 { ("job needs", "it") } else { ("jobs need", "them") };
        let mark = if places.sandbox { ", sandbox money" } else { "" };
        text(format!(
            "{} {jobs} your decision: the provider may have charged for {it} ({most}{mark}), and {why}.",
            held.len()
        ))
    };
    if let Some(first) = unknown.first() {
        let asked = unknown.iter().any(|held| held.can_be_asked);
        let why = if asked { "its task list gave no clear answer" } else { "offers no way to check" };
        rows.push(asks(&unknown, why));
        named(&mut rows, &unknown);
        let created = match &first.take.state {
            State::Held { intent, .. } if unknown.len() == 1 => {
                format!("a task created at {}", utc(intent.at))
            }
            _ => "tasks created at the times above (UTC)".to_owned(),
        };
        rows.push(text(format!("Look in your provider's console for {created}.")));
        rows.push(Row::Command(format!(
            "  if you find the task:  {}",
            typed(&first.take.key, "--task-id ID")
        )));
        rows.extend(resubmit("if you find no task, ", &unknown));
        rows.push(give_up(first));
    }
    if let Some(first) = known.first() {
        rows.push(asks(&known, "its task produced no clip"));
        named(&mut rows, &known);
        rows.push(Row::Command(format!(
            "  ask the provider for the result again, free of charge:  {}",
            typed(&first.take.key, "--again")
        )));
        let is_lost =
            |held: &&&Held| matches!(held.take.state, State::Held { reason: HeldReason::TaskLost, .. });
        rows.extend(known.iter().find(is_lost).map(|lost| {
            let typed = typed(&lost.take.key, "--task-id ID");
            Row::Command(format!("  if a person mistyped its task id:  {typed}"))
        }));
        rows.extend(resubmit("", &known));
        rows.push(give_up(first));
    }
    let doubtful = known.len() + unknown.len();
    if doubtful > 0 {
        rows.extend(resubmit_all(held, doubtful, places));
    }
    let missing: Vec<&Held> = held.iter().filter(|held| !doubt(held)).collect();
    if let Some(first) = missing.first() {
        let was = if missing.len() == 1 { "was" } else { "were" };
        rows.push(text(format!("{} {was} not saved:", count(missing.len(), "paid clip"))));
        named(&mut rows, &missing);
        rows.extend(fetch_again(first, missing.len(), places));
    }
    rows
}

/// Returns the lines with the commands that download clips again; `first` is the first of `clips` paid clips that were
/// not saved.
fn fetch_again(first: &Held, clips: usize, places: &Places) -> Vec<Row> {
    let is_taken = matches!(first.take.state, State::Held { reason: HeldReason::NameConflict, .. });
    let how = if is_taken {
        "move the other file away, then download the clip again"
    } else {
        "ask the provider for the result again"
    };
    let one = places.typed(&format!("resolve {} --again", quoted(&first.take.key.to_string())));
    let mut rows = vec![Row::Command(format!("  {how}, free of charge:  {one}"))];
    if clips > 1 {
        let all = places.typed("resolve --all --again");
        rows.push(Row::Command(format!("  ask the provider for all results again, free of charge:  {all}")));
    }
    rows
}

/// Returns the line with the command to resubmit all jobs that need a decision; `None` if fewer than two of them can be
/// sent again. `doubtful` is the number of those that may have been charged.
fn resubmit_all(held: &[Held], doubtful: usize, places: &Places) -> Option<Row> {
    let wanted: Vec<&Held> = held.iter().filter(|held| held.is_wanted).collect();
    if wanted.len() < 2 {
        return None;
    }
    // `--all` applies to every rendering that needs a decision, not only to those that may have been charged.
    let all = if wanted.len() < held.len() {
        "those still in the manifest"
    } else if doubtful == held.len() {
        "all of them"
    } else {
        "everything that needs your decision"
    };
    let sum: Usd = wanted.iter().map(|held| held.resubmit_price).sum();
    let how = format!("resolve --all --resubmit --max-extra {}", sum.plain());
    let cost = amount(wanted.iter().map(|held| held.resubmit_price));
    // `--max-extra` leaves unknown prices out.
    let are_priced = wanted.iter().all(|held| held.resubmit_price > Usd::ZERO);
    let note = if are_priced { "" } else { " (--max-extra counts an unknown price as $0.00)" };
    Some(Row::Command(format!("  resubmit {all} for {cost}{note}:  {}", places.typed(&how))))
}

/// Describes, in two lines, a rendering that needs a decision: its job with the time and id of its request, and the
/// reason.
#[must_use]
pub fn held_line(take: &Take, said: Option<&Said>) -> String {
    match &take.state {
        State::Held { reason, intent, .. } => format!(
            "  {}   sent {} as {}\n      {}",
            take.key,
            utc(intent.at),
            intent.request_id,
            reason_words(*reason, said)
        ),
        state => format!("  {}   {}", take.key, state.name()),
    }
}
