//! Formats all recorded facts about one job as a page of text.

use crate::app::places::Places;
use crate::app::show::{Sent, ShowReport, cost};
use crate::domain::foreign::shown;
use crate::domain::lifecycle::{MoneyState, State};
use crate::domain::money::Usd;
use crate::domain::price::amount;
use crate::domain::units::{bytes, span, utc};
use crate::domain::verdict::Checked;
use crate::report::job::{headline, reason, state_words};
use crate::report::layout::{cut, labelled};
use crate::report::reviews;
use crate::store::{Entry, History, Kind, TakeHistory};
use jiff::Timestamp;
use serde_json::Value;

/// The maximum number of characters that are shown of one field of a request: enough for any prompt, not for a picture.
const LONGEST_VALUE: usize = 2_000;

/// Returns the page about a job as lines no wider than `width`, except for commands.
#[must_use]
pub fn lines(places: &Places, report: &ShowReport, width: usize) -> Vec<String> {
    let history = &report.history;
    let mut lines = labelled("", &format!("{}   {}", history.key, history.title), width);
    let mut field = |label: &str, text: &str| lines.extend(labelled(&format!("  {label:<10}"), text, width));
    field("state", &headline(history, report.settled));
    match &history.filed {
        Some(filed) => {
            let size = bytes(filed.file.size);
            let state = report.loss.map_or(size.clone(), |loss| format!("{}; it had {size}", loss.name()));
            field("clip", &format!("{}  ({state})", places.opened(&filed.path)));
            field("sha256", &filed.file.sha256.to_string());
            if filed.path != history.path {
                field(
                    "",
                    &format!(
                        "its path is now {}; the next run moves the clip there",
                        places.opened(&history.path)
                    ),
                );
            }
        }
        None => field("clip", &format!("none yet; it will be {}", places.opened(&history.path))),
    }
    field("cost", &(money(history) + places.mark()));
    for (at, entry) in history.takes.iter().enumerate() {
        lines.push(String::new());
        lines.extend(take(report, at, entry, width));
        for line in report.remarks(&entry.take) {
            lines.extend(labelled("  note      ", &remark(line), width));
        }
        for review in report.reviews(&entry.take) {
            lines.extend(labelled("  review    ", &reviews::sentence(review), width));
        }
    }
    for review in report.shared_reviews() {
        lines.extend(labelled("  review    ", &reviews::sentence(review), width));
    }
    if !report.choices.is_empty() {
        lines.push(String::new());
        lines.push("What to do".to_owned());
        for choice in &report.choices {
            lines.extend(labelled("  ", &choice.when, width));
            // A command stays on one line, because a broken command cannot be copied.
            lines.push(format!("      {}", choice.command));
        }
    }
    lines
}

fn money(history: &History) -> String {
    let of = |wanted| -> Usd {
        let costs = history.takes.iter().map(cost);
        costs.filter(|(account, _)| *account == wanted).map(|(_, usd)| usd).sum()
    };
    let mut parts = vec![format!("{} spent", of(MoneyState::Settled))];
    if of(MoneyState::Reserved) > Usd::ZERO {
        parts.push(format!("{} reserved", of(MoneyState::Reserved)));
    }
    if of(MoneyState::InDoubt) > Usd::ZERO {
        parts.push(format!("{} may have been charged", of(MoneyState::InDoubt)));
    }
    let takes = match history.takes.len() {
        1 => "1 rendering".to_owned(),
        takes => format!("{takes} renderings"),
    };
    format!("{}, in {takes}", parts.join(", "))
}

fn take(report: &ShowReport, at: usize, entry: &TakeHistory, width: usize) -> Vec<String> {
    let (history, now) = (&report.history, report.now);
    let take = &entry.take;
    let newest = if at == 0 && history.takes.len() > 1 { ", the newest" } else { "" };
    let title = format!(
        "Version {} of {}{newest}   {}   created {}",
        history.takes.len() - at,
        history.takes.len(),
        take.id,
        utc(entry.created)
    );
    let mut lines = labelled("", &title, width);
    let mut field = |label: &str, text: &str| lines.extend(labelled(&format!("  {label:<10}"), text, width));
    // The state of the newest take is at the top of the page.
    if at > 0 {
        field("state", &state_words(entry));
    }
    field("model", &format!("{}   {}", take.request.model, take.price));
    let (account, usd) = cost(entry);
    let settled = match entry.settled {
        Some(settled) if settled != take.price => {
            format!("; the listed price is {}", take.price)
        }
        _ => String::new(),
    };
    let is_unknown = entry.settled.is_none() && account != MoneyState::Free;
    let spent = if is_unknown { amount([usd]) } else { usd.to_string() };
    field("money", &format!("{spent} {}{settled}", account_words(account)));
    for line in report.checked(take).map(check_words).into_iter().flatten() {
        field(&line.0, &line.1);
    }
    if let Some(task) = take.state.task() {
        let after = span(task.intent.at, task.accepted);
        field("task", &format!("{}   accepted {}, {after} after it was sent", task.id, utc(task.accepted)));
    }
    for line in progress(&take.state, now) {
        field("", &line);
    }
    if entry.attempts.is_empty() {
        field("attempts", "none: nothing was sent");
    }
    for attempt in &entry.attempts {
        let outcome = attempt.outcome.as_deref().unwrap_or("no outcome yet");
        let text = format!("{}  {}   {}", utc(attempt.at), outcome_words(outcome), attempt.request_id);
        field(&format!("attempt {}", attempt.number), &text);
        if let Some(said) = &attempt.said {
            field("", &format!("details: {said}"));
        }
    }
    lines.extend(request(report, entry, width));
    lines
}

/// Returns the verdict of the automatic checks and its reasons, each with its label.
fn check_words(checked: &Checked) -> Vec<(String, String)> {
    let looked = if checked.frames { "" } else { "; only files were checked, not frames" };
    let mut lines = vec![("checks".to_owned(), format!("{}{looked}", checked.verdict()))];
    let reasons = checked.findings.iter();
    lines.extend(reasons.map(|finding| {
        (String::new(), format!("{} {}: {}", finding.verdict, finding.check, finding.reason))
    }));
    lines
}

/// Returns a line about the progress of a rendering, of a download, or of the search for the task of an unanswered
/// request. The line says what happened so far and what comes next. There is no line for other states.
fn progress(state: &State, now: Timestamp) -> Vec<String> {
    match state {
        State::Running { task, counters, due } => {
            let failed = match counters.setbacks {
                0 => String::new(),
                setbacks => format!(", the last {setbacks} without the task's status"),
            };
            let next = if *due > now { format!("in {}", span(now, *due)) } else { "now".to_owned() };
            vec![format!(
                "rendering for {}; checked {} times{failed}; next check {next}",
                span(task.accepted, now),
                counters.polls + counters.setbacks
            )]
        }
        State::Downloading { counters, clip, .. } => {
            let dies = match clip.expires {
                Some(dies) if dies > now => {
                    format!("its link expires in {}, at {}", span(now, dies), utc(dies))
                }
                Some(dies) => format!("its link expired {} ago", span(dies, now)),
                None => "it is unknown when its link expires".to_owned(),
            };
            let failed = counters.troubles.saturating_add(u32::from(counters.damaged));
            vec![format!("rendered (checked {} times), {failed} downloads failed; {dies}", counters.polls)]
        }
        State::Doubtful { looks, absent, due, .. } => {
            let denied = match absent {
                Some(first) => format!("; it did not have the task {} ago", span(*first, now)),
                None => String::new(),
            };
            let next = if *due > now { format!("in {}", span(now, *due)) } else { "now".to_owned() };
            vec![format!("the provider was asked {looks} times{denied}; next check {next}")]
        }
        _ => Vec::new(),
    }
}

/// Returns in words what a person did about a rendering, with the time and the reason.
fn remark(line: &Entry) -> String {
    let did = match (line.kind, line.was) {
        (Kind::Adjusted, Some(was)) => format!("cost corrected, {was} → {}", line.usd),
        (Kind::Adopted, _) => "the task was found".to_owned(),
        (Kind::Again, _) => "the provider is asked for the result again".to_owned(),
        (Kind::Ordered, _) => "queued to render again".to_owned(),
        (kind, _) => kind.name().replace('_', " "),
    };
    format!("{}  {did}: {}", utc(line.at), printable(reason(line)))
}

/// Returns the request of a rendering's newest attempt, with one line for each field of its body.
fn request(report: &ShowReport, entry: &TakeHistory, width: usize) -> Vec<String> {
    let newest = entry.attempts.last();
    let Some(Sent { call, is_same }) = report.sent(entry) else {
        return labelled("  request   ", "not shown: this version does not support the provider", width);
    };
    let how = match newest {
        None => "as it would be sent",
        Some(_) if is_same => "as it was sent",
        Some(_) => "as this version of the program would send it",
    };
    let mut lines = labelled("  request   ", &format!("POST {}   {how}", call.path), width);
    let Some(body) = call.body else { return lines };
    let shown = body.shown();
    match serde_json::from_str::<Value>(&shown) {
        Ok(Value::Object(fields)) => {
            for (name, value) in fields {
                let value = match value {
                    Value::String(text) => printable(&text),
                    other => other.to_string(),
                };
                lines.extend(labelled(&format!("            {name}: "), &cut(&value, LONGEST_VALUE), width));
            }
        }
        _ => lines.extend(labelled("            ", &cut(&printable(&shown), LONGEST_VALUE), width)),
    }
    lines
}

/// Returns a text of any length, by a user or provider, with its control characters escaped for a terminal.
fn printable(text: &str) -> String {
    shown(text).into_owned()
}

const fn account_words(account: MoneyState) -> &'static str {
    match account {
        MoneyState::Free => "(not charged)",
        MoneyState::Reserved => "reserved",
        MoneyState::InDoubt => "may have been charged",
        MoneyState::Settled => "spent",
    }
}

/// Returns the outcome of a submission in words. `outcome` is the outcome's name in the ledger.
fn outcome_words(outcome: &str) -> String {
    match outcome {
        "sent_back" => "not accepted for now, not charged".into(),
        "rejected" => "refused, not charged".into(),
        "never_sent" => "never sent, not charged".into(),
        "absent" => "not found at the provider, not charged".into(),
        "settled" => "accepted, became a clip".into(),
        "held" => "needs your decision".into(),
        "written_off" => "written off".into(),
        other => other.replace('_', " "),
    }
}

#[cfg(test)]
mod tests;
