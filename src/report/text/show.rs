//! One job in full, as a page.

use crate::app::places::Places;
use crate::app::show::{Sent, ShowReport, cost};
use crate::domain::foreign::shown;
use crate::domain::lifecycle::{Account, State};
use crate::domain::money::Usd;
use crate::domain::units::{bytes, span, utc};
use crate::domain::verdict::Checked;
use crate::report::job::{headline, reason, state_words};
use crate::report::layout::{cut, labelled};
use crate::report::reviews;
use crate::store::{Entry, History, Kind, TakeHistory};
use jiff::Timestamp;
use serde_json::Value;

/// Characters of a text in the request that are shown: any prompt in full, but not a picture.
const LONGEST_VALUE: usize = 2_000;

/// Returns all lines, none wider than so many columns where that can be.
#[must_use]
pub fn lines(places: &Places, report: &ShowReport, width: usize) -> Vec<String> {
    let history = &report.history;
    let mut lines = labelled("", &format!("{}   {}", history.key, history.title), width);
    let mut field = |label: &str, text: &str| lines.extend(labelled(&format!("  {label:<10}"), text, width));
    field("state", &headline(history));
    match &history.filed {
        Some(filed) => {
            field("clip", &format!("{}  ({})", places.opened(&filed.path), bytes(filed.file.size)));
            field("sha256", &filed.file.sha256.to_string());
            if filed.path != history.path {
                field(
                    "",
                    &format!("by now it belongs to {}; the next run moves it", places.opened(&history.path)),
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
            // On one line whatever its length: a command that is broken cannot be copied.
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
    let mut parts = vec![format!("{} spent", of(Account::Settled))];
    if of(Account::Reserved) > Usd::ZERO {
        parts.push(format!("{} in flight", of(Account::Reserved)));
    }
    if of(Account::InDoubt) > Usd::ZERO {
        parts.push(format!("{} in doubt", of(Account::InDoubt)));
    }
    let takes = match history.takes.len() {
        1 => "1 take".to_owned(),
        takes => format!("{takes} takes"),
    };
    format!("{}, in {takes}", parts.join(", "))
}

fn take(report: &ShowReport, at: usize, entry: &TakeHistory, width: usize) -> Vec<String> {
    let (history, now) = (&report.history, report.now);
    let take = &entry.take;
    let newest = if at == 0 && history.takes.len() > 1 { ", the newest" } else { "" };
    let title = format!(
        "Take {} of {}{newest}   {}   ordered {}",
        history.takes.len() - at,
        history.takes.len(),
        take.id,
        utc(entry.created)
    );
    let mut lines = labelled("", &title, width);
    let mut field = |label: &str, text: &str| lines.extend(labelled(&format!("  {label:<10}"), text, width));
    // Of the newest it was said above.
    if at > 0 {
        field("state", &state_words(entry));
    }
    field("model", &format!("{}   {}", take.request.model, take.price));
    let (account, usd) = cost(entry);
    let settled = match entry.settled {
        Some(settled) if settled != take.price => {
            format!("; the list says {}", take.price)
        }
        _ => String::new(),
    };
    field("money", &format!("{usd} {}{settled}", account_words(account)));
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
            field("", &format!("said: {said}"));
        }
    }
    lines.extend(request(report, entry, width));
    lines
}

/// Returns the verdict of the automatic checks and its reasons, each with its label.
fn check_words(checked: &Checked) -> Vec<(String, String)> {
    let looked = if checked.frames { "" } else { " (by its file alone)" };
    let mut lines = vec![("checks".to_owned(), format!("{}{looked}", checked.verdict()))];
    let reasons = checked.findings.iter();
    lines.extend(reasons.map(|finding| {
        (String::new(), format!("{} {}: {}", finding.verdict, finding.check, finding.reason))
    }));
    lines
}

/// Returns how waiting for the provider goes.
fn progress(state: &State, now: Timestamp) -> Vec<String> {
    match state {
        State::Running { task, watch, due } => {
            let failed = match watch.setbacks {
                0 => String::new(),
                setbacks => format!(", the last {setbacks} got no answer"),
            };
            let next = if *due > now { format!("in {}", span(now, *due)) } else { "now".to_owned() };
            vec![format!(
                "being rendered for {}; asked {} times{failed}; to be asked again {next}",
                span(task.accepted, now),
                watch.polls
            )]
        }
        State::Downloading { watch, clip, .. } => {
            let dies = match clip.expires {
                Some(dies) if dies > now => format!("its link dies in {}, at {}", span(now, dies), utc(dies)),
                Some(dies) => format!("its link died {} ago", span(dies, now)),
                None => "nobody knows when its link dies".to_owned(),
            };
            let failed = watch.troubles.saturating_add(u32::from(watch.damaged));
            vec![format!("rendered (asked {} times), {failed} downloads failed; {dies}", watch.polls)]
        }
        State::Doubtful { looks, absent, due, .. } => {
            let denied = match absent {
                Some(first) => format!("; it has not shown it {} ago", span(*first, now)),
                None => String::new(),
            };
            let next = if *due > now { format!("in {}", span(now, *due)) } else { "now".to_owned() };
            vec![format!("the provider was asked {looks} times{denied}; to be asked again {next}")]
        }
        _ => Vec::new(),
    }
}

/// Returns what a person did about a take, and why.
fn remark(line: &Entry) -> String {
    let did = match (line.kind, line.was) {
        (Kind::Adjusted, Some(was)) => format!("cost corrected, {was} → {}", line.usd),
        (Kind::Adopted, _) => "the task was found".to_owned(),
        (Kind::Again, _) => "to be asked for once more".to_owned(),
        (Kind::Ordered, _) => "ordered anew".to_owned(),
        (kind, _) => kind.name().replace('_', " "),
    };
    format!("{}  {did}: {}", utc(line.at), printable(reason(line)))
}

/// Returns the request of the newest attempt, one field of its body a line.
fn request(report: &ShowReport, entry: &TakeHistory, width: usize) -> Vec<String> {
    let newest = entry.attempts.last();
    let Some(Sent { call, is_same }) = report.sent(entry) else {
        return labelled("  request   ", "of a provider that this program does not know", width);
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

/// Returns the text of a user or a provider as a terminal may show it, of any length.
fn printable(text: &str) -> String {
    shown(text).into_owned()
}

const fn account_words(account: Account) -> &'static str {
    match account {
        Account::Free => "(not charged)",
        Account::Reserved => "in flight",
        Account::InDoubt => "in doubt",
        Account::Settled => "spent",
    }
}

/// Returns what became of a submission in words; `outcome` is the ledger's name of it.
fn outcome_words(outcome: &str) -> String {
    match outcome {
        "sent_back" => "sent back, not charged".into(),
        "rejected" => "refused, not charged".into(),
        "never_sent" => "never sent, not charged".into(),
        "absent" => "not there when looked for, not charged".into(),
        "settled" => "accepted, became a clip".into(),
        "written_off" => "written off".into(),
        other => other.replace('_', " "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_others_cannot_move_the_cursor_whatever_its_length() {
        let text = format!("{} \x1b[2J {}", "a b ".repeat(100), "é ".repeat(200));
        let shown = printable(&text);
        assert!(!shown.contains('\x1b') && shown.contains("\\u{1b}[2J"), "{shown}");
        assert_eq!(shown.replace("\\u{1b}", "\x1b"), text);
    }
}
