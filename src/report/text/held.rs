//! Renderings that need a person's decision, in words: the submissions, the money, and the commands that settle them.

use crate::app::places::{Places, quoted};
use crate::app::standing::{EXAMPLES, Held, Standing};
use crate::domain::fault::Said;
use crate::domain::key::JobKey;
use crate::domain::lifecycle::State;
use crate::domain::money::Usd;
use crate::domain::take::Take;
use crate::domain::text::count;
use crate::domain::units::utc;
use crate::report::job::reason_words;
use crate::report::layout::Row;

/// Columns before what does not fit on the line of a take.
const DEEPER: usize = 6;

/// Returns what a person has to decide about, with the money and the commands.
#[must_use]
pub(crate) fn held_block(standing: &Standing, places: &Places) -> Vec<Row> {
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
        }
        if takes.len() > EXAMPLES {
            rows.push(Row::Text(format!("  … and {} more", takes.len() - EXAMPLES), DEEPER));
        }
    };
    let text = |line| Row::Text(line, 0);
    let doubt =
        |held: &&Held| matches!(held.take.state, State::Held { reason, .. } if reason.charge_in_doubt());
    let doubtful: Vec<&Held> = held.iter().filter(doubt).collect();
    if let Some(first) = doubtful.first() {
        let sum: Usd = doubtful.iter().map(|held| held.take.price).sum();
        let (jobs, it) = if doubtful.len() == 1 { ("job needs", "it") } else { ("jobs need", "them") };
        let mark = if places.sandbox { ", sandbox money" } else { "" };
        let asked = doubtful.iter().any(|held| held.can_be_asked);
        let check = if asked { "asking it has not settled that" } else { "offers no way to check" };
        rows.push(text(format!(
            "{} {jobs} a decision: the provider may have charged for {it} (up to {sum}{mark}), and {check}.",
            doubtful.len()
        )));
        named(&mut rows, &doubtful);
        let times =
            if doubtful.len() == 1 { "a task created at this time" } else { "tasks created at these times" };
        rows.push(text(format!("Look in your provider's console for {times} (UTC).")));
        rows.push(Row::Command(format!("  found it:  {}", typed(&first.take.key, "--task-id ID"))));
        let anew = first.anew;
        rows.push(Row::Command(format!(
            "  not there, {anew} anew:  {}",
            typed(&first.take.key, "--resubmit")
        )));
        if held.len() > 1 {
            // What `--all` settles: everything that is held, not these alone.
            let all = if doubtful.len() == held.len() { "all of them" } else { "all that is held" };
            let sum: Usd = held.iter().map(|held| held.anew).sum();
            let how = format!("resolve --all --resubmit --max-extra {}", sum.plain());
            rows.push(Row::Command(format!("  {all}, {sum} anew:  {}", places.typed(&how))));
        }
    }
    let missing: Vec<&Held> = held.iter().filter(|held| !doubt(held)).collect();
    if let Some(first) = missing.first() {
        let are = if missing.len() == 1 { "is" } else { "are" };
        rows.push(text(format!("{} {are} missing:", count(missing.len(), "paid clip"))));
        named(&mut rows, &missing);
        rows.push(Row::Command(format!("  once more, free:  {}", typed(&first.take.key, "--again"))));
        if missing.len() > 1 {
            rows.push(Row::Command(format!(
                "  all of them, free:  {}",
                places.typed("resolve --all --again")
            )));
        }
    }
    rows
}

/// Returns two lines about a held take: its job, when it was sent and our name for the request; and why it is held.
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
