//! Writes the result of `recover` as text.

use crate::app::recover::{RecoverReport, Recovered};
use crate::domain::lifecycle::Phase;
use crate::domain::money::Usd;
use crate::domain::text::count;
use crate::report::terminal::Terminal;
use crate::store::{Count, Rebuilt};

/// The states of a rendering with their words, in the order in which they are shown.
const STATES: [(Phase, &str); 11] = [
    (Phase::Done, "done"),
    (Phase::Placing, "being saved to disk"),
    (Phase::Downloading, "being downloaded"),
    (Phase::Running, "waiting for the result"),
    (Phase::Submitting, "being sent"),
    (Phase::Doubtful, "being checked with the provider"),
    (Phase::Held, "waiting for your decision"),
    (Phase::Failed, "failed"),
    (Phase::WrittenOff, "written off"),
    (Phase::Pending, "waiting to be sent"),
    (Phase::Cancelled, "cancelled"),
];

/// Writes what was rebuilt in the database, or why nothing was rebuilt, and the command to type next.
pub fn tell(terminal: &Terminal, report: &RecoverReport) {
    match &report.recovered {
        Some(recovered) => lines(recovered).iter().for_each(|line| terminal.tell(line, 9)),
        None => terminal.say(&report.why),
    }
    terminal.next(&report.next);
}

fn lines(recovered: &Recovered) -> Vec<String> {
    let Recovered { rebuilt, output, counts } = recovered;
    let Rebuilt { old, bare, clips, clips_sum, old_ledger, submissions, sum, takes, .. } = rebuilt;
    let Rebuilt { missing, unmatched, gone, has_gaps, .. } = rebuilt;
    let mut lines = Vec::new();
    if *clips > 0 {
        let sidecars = if *clips == 1 { "its sidecar" } else { "their sidecars" };
        lines
            .push(format!("restored the records of {} from {sidecars} ({clips_sum})", count(*clips, "clip")));
    }
    if *clips == 0 && *takes == 0 {
        lines.push("rebuilt  an empty database: neither the ledger nor a sidecar has a request".to_owned());
    } else if *takes > 0 {
        lines.push(format!(
            "restored {} ({sum}) and the records of {} from the ledger",
            count(*submissions, "request"),
            count(*takes, "rendering")
        ));
    }
    let named = |(phase, words): &(Phase, &str)| {
        let Count { takes, usd } = counts.get(phase)?;
        let money = if *usd > Usd::ZERO { format!(" ({usd})") } else { String::new() };
        Some(format!("{takes} {words}{money}"))
    };
    let standing: Vec<String> = STATES.iter().filter_map(named).collect();
    if !standing.is_empty() {
        lines.push(format!("now      {}", standing.join(" · ")));
    }
    if *missing > 0 {
        lines.push(format!(
            "missing  {} missing from the folder `{}`; the next run downloads again, free of charge, each clip whose link \
             still works; the others need your decision",
            if *missing == 1 { "1 finished clip is".to_owned() } else { format!("{missing} finished clips are") },
            output.display()
        ));
    }
    if *gone > 0 {
        lines.push(format!(
            "missing  {} missing or altered; `plan` shows which, and `verify --repair` restores what it can, free of \
             charge",
            if *gone == 1 {
                "1 clip has its sidecar, but is".to_owned()
            } else {
                format!("{gone} clips have their sidecars, but are")
            },
        ));
    }
    if *unmatched > 0 {
        lines.push(format!(
            "left out {} of the ledger that belong to lost lines about requests: their cost is not counted; see the \
             provider's bill",
            count(*unmatched, "line")
        ));
    }
    if *clips > 0 {
        lines.push(
            "unknown  whether there were unfinished requests or jobs that needed your decision: the files next to the \
             clips do not record that, so the next run asks before it submits a job without a clip"
                .to_owned(),
        );
    } else if *has_gaps {
        lines.push(
            "unknown  whether requests are missing from the records, so the next run asks before it submits a job \
             without a clip"
                .to_owned(),
        );
    }
    if *bare {
        lines.push(
            "lost     pauses (type `pause` again), and jobs that `redo` or `retry` queued but had not sent: \
             the ledger does not record them. If the ledger was lost, the reviews of clips are lost, too"
                .to_owned(),
        );
    }
    lines.extend(old.as_ref().map(|old| format!("kept     the old database is `{}`", old.display())));
    lines
        .extend(old_ledger.as_ref().map(|old| format!("kept     the damaged ledger is `{}`", old.display())));
    lines.push("Nothing was sent.".to_owned());
    lines
}
