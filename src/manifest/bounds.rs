//! Reads the sections that limit a run: `budget`, `guards`, `on_ambiguous`, `on_bad_item` and `on_missing`.
//!
//! It also reads `on_change`, `reuse` and `image_identity`, which concern finished clips.

use super::decode::{Decoder, get};
use super::keys;
use super::model::{Budget, Guards, ImageIdentity, Most, OnAmbiguous, OnBadItem, OnChange, OnMissing, Reuse};
use super::providers::amount;
use super::yaml::{Node, Value};

/// Reads the section `budget`: the most that a run, a day and a month may cost.
pub(super) fn budget(decoder: &mut Decoder, node: &Node) -> Budget {
    let mut budget = Budget::default();
    if let Value::Text { text, plain: true } = &node.value
        && node.is_number()
    {
        let message = "`budget` must be a group of fields, but it is a number";
        let hint =
            format!("write `budget: {{ run: {text} }}`; a day and a month have the keys `day` and `month`");
        decoder.report(decoder.error(node.span, message).hint(hint));
        return budget;
    }
    let Some(entries) = decoder.map(node, "budget", "budget: { run: 60, day: 80, month: 1500 }") else {
        return budget;
    };
    decoder.known(&entries, "budget", &keys::names(keys::BUDGET));
    for entry in entries.iter() {
        let bound = match &*entry.key {
            "run" => &mut budget.run,
            "day" => &mut budget.day,
            "month" => &mut budget.month,
            // Reported as unknown.
            _ => continue,
        };
        *bound = decoder.parsed(&entry.node, &format!("budget.{}", entry.key), amount);
    }
    budget
}

/// Reads the section `guards`: the limits that a run may not exceed without a person's approval.
pub(super) fn guards(decoder: &mut Decoder, node: &Node) -> Guards {
    let mut guards = Guards::default();
    let Some(entries) = decoder.map(node, "guards", "guards: { max_jobs: 5000, max_changed: 20% }") else {
        return guards;
    };
    decoder.known(&entries, "guards", &keys::names(keys::GUARDS));
    for entry in entries.iter() {
        let (node, name) = (&entry.node, format!("guards.{}", entry.key));
        match &*entry.key {
            "max_jobs" => guards.max_jobs = decoder.parsed(node, &name, jobs),
            "max_changed" => guards.max_changed = decoder.parsed(node, &name, most),
            "max_removed" => guards.max_removed = decoder.parsed(node, &name, most),
            "max_new_spend" => guards.max_new_spend = decoder.parsed(node, &name, amount),
            "max_in_doubt" => guards.max_in_doubt = decoder.parsed(node, &name, amount),
            // Reported as unknown.
            _ => {}
        }
    }
    guards
}

/// Parses a whole number that is written with digits only.
fn digits(text: &str) -> Option<u32> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn jobs(text: &str) -> Result<u32, String> {
    digits(text).ok_or_else(|| "write a whole number of jobs, such as `5000`".into())
}

fn most(text: &str) -> Result<Most, String> {
    let read = match text.strip_suffix('%') {
        None => digits(text).map(Most::Jobs),
        Some(share) => {
            let (whole, decimals) = share.trim_end().split_once('.').unwrap_or((share.trim_end(), "0"));
            let hundredths = match decimals.len() {
                1 | 2 => {
                    digits(decimals).map(|number| if decimals.len() == 1 { number * 10 } else { number })
                }
                _ => None,
            };
            let share = digits(whole).filter(|whole| *whole <= 100).zip(hundredths);
            share.map(|(whole, hundredths)| Most::Share(whole * 100 + hundredths))
        }
    };
    read.filter(|most| !matches!(most, Most::Share(10_001..))).ok_or_else(|| {
        "write a number of jobs, such as `50`, or a share of the finished ones, such as `20%`".into()
    })
}

/// Reads `on_change`, the action for a finished clip whose input changed.
pub(super) fn on_change(decoder: &mut Decoder, node: &Node) -> Option<OnChange> {
    decoder.parsed(node, "on_change", |text| match text {
        "render" => Ok(OnChange::Render),
        "ask" => Ok(OnChange::Ask),
        "keep" => Ok(OnChange::Keep),
        _ => Err("write `render`, `ask` or `keep`".into()),
    })
}

/// Reads `reuse`, which says whether a job may use the clip of another job with the same request.
pub(super) fn reuse(decoder: &mut Decoder, node: &Node) -> Option<Reuse> {
    decoder.parsed(node, "reuse", |text| match text {
        "always" => Ok(Reuse::Always),
        "never" => Ok(Reuse::Never),
        _ => Err("write `always` or `never`".into()),
    })
}

/// Reads `on_bad_item`, the action for an item with an error.
pub(super) fn on_bad_item(decoder: &mut Decoder, node: &Node) -> Option<OnBadItem> {
    decoder.parsed(node, "on_bad_item", |text| match text {
        "fail" => Ok(OnBadItem::Fail),
        "skip" => Ok(OnBadItem::Skip),
        _ => Err("write `fail` or `skip`".into()),
    })
}

/// Reads `on_missing`, the action for a finished clip that is missing from the output folder.
pub(super) fn on_missing(decoder: &mut Decoder, node: &Node) -> Option<OnMissing> {
    decoder.parsed(node, "on_missing", |text| match text {
        "fetch" => Ok(OnMissing::Fetch),
        "tell" => Ok(OnMissing::Tell),
        "ignore" => Ok(OnMissing::Ignore),
        _ => Err("write `fetch`, `tell` or `ignore`".into()),
    })
}

/// Reads `image_identity`, which says when a picture counts as unchanged since the job's newest rendering.
pub(super) fn image_identity(decoder: &mut Decoder, node: &Node) -> Option<ImageIdentity> {
    decoder.parsed(node, "image_identity", |text| match text {
        "bytes" => Ok(ImageIdentity::Bytes),
        "url" => Ok(ImageIdentity::Url),
        "url_without_query" => Ok(ImageIdentity::UrlWithoutQuery),
        "pixels" => Ok(ImageIdentity::Pixels),
        _ => Err("write `bytes`, `url`, `url_without_query` or `pixels`".into()),
    })
}

/// Reads `on_ambiguous`, the action for a submission that got no answer and may have been charged.
pub(super) fn on_ambiguous(decoder: &mut Decoder, node: &Node) -> OnAmbiguous {
    let example = "on_ambiguous: { resubmit: { max_extra_spend: \"2.00\" } }";
    match &node.value {
        Value::Text { text, .. } if &**text == "hold" => return OnAmbiguous::Hold,
        Value::Text { text, .. } if &**text == "resubmit" => {
            let message = "`resubmit` needs `max_extra_spend`, a limit for what may be paid twice";
            let problem = decoder.error(node.span, message);
            decoder.report(problem.hint(format!("write `{example}`")));
            return OnAmbiguous::Hold;
        }
        Value::Map(entries) => {
            decoder.known(entries, "on_ambiguous", &keys::names(keys::ON_AMBIGUOUS));
            let resubmit = get(entries, "resubmit").and_then(|node| decoder.map(node, "resubmit", example));
            let Some(resubmit) = resubmit else { return OnAmbiguous::Hold };
            decoder.known(&resubmit, "on_ambiguous.resubmit", &keys::names(keys::RESUBMIT));
            if let Some(node) = get(&resubmit, "max_extra_spend") {
                let spend = decoder.parsed(node, "max_extra_spend", amount);
                return spend
                    .map_or(OnAmbiguous::Hold, |max_extra_spend| OnAmbiguous::Resubmit { max_extra_spend });
            }
        }
        Value::Text { .. } | Value::List(_) => {}
    }
    let problem = decoder.error(node.span, "`on_ambiguous` must be `hold` or `resubmit` with a limit");
    decoder.report(problem.hint(format!("write `on_ambiguous: hold`, or `{example}`")));
    OnAmbiguous::Hold
}
