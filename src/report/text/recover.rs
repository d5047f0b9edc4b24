//! The result of `recover` in words.

use crate::app::recover::{RecoverReport, Recovered};
use crate::domain::lifecycle::Phase;
use crate::domain::money::Usd;
use crate::domain::text::count;
use crate::report::terminal::Terminal;
use crate::store::{Count, Rebuilt};

/// The states in the order in which they are told, each with its words.
const STATES: [(Phase, &str); 11] = [
    (Phase::Done, "done"),
    (Phase::Placing, "about to be put in its place"),
    (Phase::Downloading, "being downloaded"),
    (Phase::Running, "on their way"),
    (Phase::Submitting, "being sent"),
    (Phase::Doubtful, "being looked up"),
    (Phase::Held, "held"),
    (Phase::Failed, "failed"),
    (Phase::WrittenOff, "written off"),
    (Phase::Pending, "waiting to be sent"),
    (Phase::Cancelled, "cancelled"),
];

/// Tells what was rebuilt, or why nothing was, and the command to type next.
pub fn tell(terminal: &Terminal, report: &RecoverReport) {
    match &report.recovered {
        Some(recovered) => lines(recovered).iter().for_each(|line| terminal.tell(line, 9)),
        None => terminal.say(&report.why),
    }
    terminal.next(&report.next);
}

fn lines(recovered: &Recovered) -> Vec<String> {
    let Recovered { rebuilt, output, counts } = recovered;
    let Rebuilt { old, bare, clips, clips_sum, old_ledger, submissions, sum, takes, missing, strays } =
        rebuilt;
    let mut lines = Vec::new();
    if *clips > 0 {
        let sidecars = if *clips == 1 { "its sidecar" } else { "their sidecars" };
        lines.push(format!("rebuilt  {} from {sidecars} ({clips_sum})", count(*clips, "clip")));
    }
    if *clips == 0 || *takes > 0 {
        lines.push(format!(
            "rebuilt  {} of which only the ledger knew ({sum}); {} brought up to date",
            count(*submissions, "submission"),
            count(*takes, "take")
        ));
    }
    let named = |(phase, words): &(Phase, &str)| {
        let Count { takes, usd } = counts.get(phase)?;
        let money = if *usd > Usd::ZERO { format!(" ({usd})") } else { String::new() };
        Some(format!("{takes} {words}{money}"))
    };
    let standing: Vec<String> = STATES.iter().filter_map(named).collect();
    lines.push(format!("now      {}", standing.join(" · ")));
    if *missing > 0 {
        lines.push(format!(
            "missing  {} not in {}; what can still be fetched is fetched again, free; the others wait for a decision",
            if *missing == 1 { "1 finished clip is".to_owned() } else { format!("{missing} finished clips are") },
            output.display()
        ));
    }
    if *strays > 0 {
        lines.push(format!(
            "left out {} of the ledger about submissions whose own lines it has lost: what these cost is not counted, and \
             the provider's bill tells it",
            count(*strays, "line")
        ));
    }
    if *clips > 0 {
        lines.push(
            "unknown  what was on its way or waited for a decision is in no sidecar: the next run asks before it orders \
             a job without a clip"
                .to_owned(),
        );
    }
    if *bare {
        lines.push(
            "gone     what no ledger has: providers on hold (`shotlist pause` again), and clips that `redo` or `retry` had \
             ordered and nobody had sent; without a ledger also every decision about a clip"
                .to_owned(),
        );
    }
    lines.extend(old.as_ref().map(|old| format!("kept     the old database is {}", old.display())));
    lines.extend(old_ledger.as_ref().map(|old| format!("kept     the damaged ledger is {}", old.display())));
    lines.push("Nothing was sent.".to_owned());
    lines
}
