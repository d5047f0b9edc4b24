//! The plan as people and programs read it: what would be rendered, why, and what it costs.

use super::budget::Level;
use super::guards;
use super::text::count as counted;
use crate::domain::key::ModelName;
use crate::domain::money::Usd;
use crate::domain::take::Wanted;
use crate::plan::decide::Decision;
use crate::plan::fingerprint::Change;
use crate::plan::guards::Trip;
use crate::plan::known::KnownJob;
use crate::provider::card::Correction;
use crate::provider::cards::Cards;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// A plan to be shown: the jobs with what is to be done about each.
pub struct Plan<'a> {
    /// Name of the work.
    pub project: &'a str,
    /// Jobs and decisions, in the order of the catalog.
    pub jobs: Vec<(&'a Wanted, &'a Decision)>,
    /// Fields left out because the model lacks them and the shot allows it: model, name and number of jobs.
    pub dropped: &'a BTreeMap<(ModelName, String), usize>,
    /// The models, as the manifest corrects them.
    pub cards: &'a Cards,
    /// Submissions at once, by model, as limits and cards have it.
    pub at_once: BTreeMap<ModelName, usize>,
    /// Jobs that are no longer wanted and whose clips stand where they were made.
    pub gone: Vec<&'a KnownJob>,
    /// What it costs beside all else to render anew what asks first.
    pub asking: Usd,
    /// Guards that the plan is too much for.
    pub trips: Vec<Trip<'a>>,
    /// How full the budgets are.
    pub levels: Vec<Level>,
}

/// Jobs named in a row of the table.
const EXAMPLES: usize = 3;
/// Longest old or new value shown.
const VALUE: usize = 60;

impl Plan<'_> {
    /// What carrying it out costs. Jobs without a price are not in it; see [`Plan::unpriced`].
    #[must_use]
    pub fn total(&self) -> Usd {
        self.costly().filter_map(|(wanted, _)| wanted.price).sum()
    }

    /// How many jobs would be sent.
    #[must_use]
    pub fn to_render(&self) -> usize {
        self.costly().count()
    }

    /// Models whose price nobody knows, with the jobs of each.
    #[must_use]
    pub fn unpriced(&self) -> BTreeMap<&ModelName, Vec<&Wanted>> {
        let mut unpriced: BTreeMap<_, Vec<&Wanted>> = BTreeMap::new();
        for (wanted, _) in self.costly().filter(|(wanted, _)| wanted.price.is_none()) {
            unpriced.entry(&wanted.request.model).or_default().push(wanted);
        }
        unpriced
    }

    /// How full each budget is, and how much of the plan fits, a line each.
    #[must_use]
    pub fn budget_lines(&self) -> Vec<String> {
        let prices: Vec<Usd> = self.costly().map(|(wanted, _)| wanted.price.unwrap_or_default()).collect();
        self.levels.iter().map(|level| level.line(&prices)).collect()
    }

    fn costly(&self) -> impl Iterator<Item = &(&Wanted, &Decision)> {
        self.jobs.iter().filter(|(_, decision)| decision.costs())
    }

    /// How much can be in doubt after a crash: what is on the wire at once.
    #[must_use]
    pub fn exposure(&self) -> (usize, Usd) {
        let mut jobs: BTreeMap<&ModelName, (usize, Usd)> = BTreeMap::new();
        for (wanted, _) in self.costly() {
            let entry = jobs.entry(&wanted.request.model).or_default();
            entry.0 += 1;
            entry.1 = entry.1.max(wanted.price.unwrap_or_default());
        }
        let mut exposure = (0, Usd::ZERO);
        for (model, (count, price)) in jobs {
            let at_once = count.min(self.at_once.get(model).copied().unwrap_or(count));
            exposure.0 += at_once;
            exposure.1 += price.times(at_once as u64);
        }
        exposure
    }

    /// The table.
    #[must_use]
    pub fn table(&self) -> String {
        let mut rows: Vec<Row> = Vec::new();
        for (wanted, decision) in &self.jobs {
            let (sign, why) = why(decision);
            let model = wanted.request.model.to_string();
            let price = decision.costs().then_some(wanted.price).flatten();
            let row = rows
                .iter_mut()
                .find(|row| (row.sign, &row.model, row.price, &row.why) == (sign, &model, price, &why));
            let key = wanted.key.to_string();
            if let Some(row) = row {
                row.count += 1;
                if row.examples.len() < EXAMPLES {
                    row.examples.push(key);
                }
            } else {
                rows.push(Row { sign, model, price, why, count: 1, examples: vec![key] });
            }
        }
        rows.sort_by_key(|row| ORDER.iter().position(|sign| *sign == row.sign));
        let width = rows.iter().map(|row| row.model.len()).max().unwrap_or(0).max("to render".len());
        let mut table = format!("  {:<width$}  {:>6}  {:>7}  {:>9}  why\n", "model", "jobs", "each", "total");
        for row in &rows {
            let Row { sign, model, price, why, count, examples } = row;
            let each = price.map_or_else(|| "-".to_owned(), |price| price.to_string());
            let total = price.map_or_else(|| "-".to_owned(), |price| price.times(*count as u64).to_string());
            let named = if matches!(sign, '~' | '!' | 'x') || *count <= EXAMPLES {
                let more = if *count > examples.len() { ", …" } else { "" };
                format!(" ({}{more})", examples.join(", "))
            } else {
                String::new()
            };
            let _ =
                writeln!(table, "{sign} {model:<width$}  {count:>6}  {each:>7}  {total:>9}  {why}{named}");
        }
        let _ = writeln!(table, "  {}", "-".repeat(width + 32));
        let _ = writeln!(
            table,
            "  {:<width$}  {:>6}  {:>7}  {:>9}",
            "to render",
            self.to_render(),
            "",
            self.total().to_string()
        );
        table
    }

    /// What else is worth knowing before money is spent, a line each.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let shared = |decision: &Decision| matches!(decision, Decision::Shared { .. });
        let renamed = |decision: &Decision| matches!(decision, Decision::Renamed { unsent: false, .. });
        for (count, saved, how) in [
            self.saved(shared, "shared with another job"),
            self.saved(renamed, "taken over under another name"),
        ] {
            if count > 0 {
                notes.push(format!("{} {how}: {saved} saved", counted(count, "clip")));
            }
        }
        notes.extend(self.kept_notes());
        let again = self.jobs.iter().filter(|(_, decision)| matches!(decision, Decision::Again { .. }));
        let prices: Vec<Usd> = again.map(|(wanted, _)| wanted.price.unwrap_or_default()).collect();
        if !prices.is_empty() {
            notes.push(format!(
                "{} of these may have been charged before; `on_ambiguous: resubmit` orders them again: a second charge \
                 of {} is possible",
                prices.len(),
                prices.into_iter().sum::<Usd>()
            ));
        }
        for ((model, name), count) in self.dropped {
            let jobs = counted(*count, "job");
            notes.push(format!("`{name}` is left out for {jobs}: {model} has no such setting"));
        }
        for (model, corrections) in self.corrected() {
            let parts: Vec<String> =
                corrections.iter().map(|it| format!("{} from {}", it.part, it.at)).collect();
            notes.push(format!("{model}: {}", parts.join(", ")));
        }
        for (model, jobs) in self.unpriced() {
            let jobs = counted(jobs.len(), "job");
            notes.push(format!(
                "nobody knows what {model} costs: {jobs} count as $0.00 in the total and in every budget"
            ));
        }
        let (submissions, money) = self.exposure();
        if submissions > 0 {
            let submissions = counted(submissions, "submission");
            notes.push(format!("after a crash at most {submissions} ({money}) can be in doubt"));
        }
        notes
    }

    /// Clips that stay although something speaks against it, a line for each reason.
    #[must_use]
    pub fn kept_notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let named = |keys: Vec<String>| {
            let more = if keys.len() > EXAMPLES { ", …" } else { "" };
            format!("{}{more}", keys.iter().take(EXAMPLES).cloned().collect::<Vec<_>>().join(", "))
        };
        for ask in [false, true] {
            let kept = self
                .jobs
                .iter()
                .filter(|(_, decision)| matches!(decision, Decision::Kept { asks, .. } if *asks == ask));
            let keys: Vec<String> = kept.map(|(wanted, _)| wanted.key.to_string()).collect();
            let clips = counted(keys.len(), "clip");
            match (keys.len(), ask) {
                (0, _) => {}
                (_, false) => notes.push(format!("{clips} kept although the input changed: {}", named(keys))),
                (_, true) => notes.push(format!(
                    "{clips} kept until you agree to render anew ({}) with --accept-changes or an approved plan: {}",
                    self.asking,
                    named(keys)
                )),
            }
        }
        if !self.gone.is_empty() {
            let clips = counted(self.gone.len(), "clip");
            let keys = self.gone.iter().map(|job| job.key.to_string()).collect();
            let keys = named(keys);
            notes
                .push(format!("no longer wanted: {clips} ({keys}); `shotlist prune` moves such to _archive"));
        }
        notes
    }

    /// The models of the plan whose card is not as it is built in.
    fn corrected(&self) -> impl Iterator<Item = (&ModelName, &[Correction])> {
        let models: BTreeSet<&ModelName> =
            self.jobs.iter().map(|(wanted, _)| &wanted.request.model).collect();
        let corrections = |model| Some((model, self.cards.get(model)?.corrected.as_slice()));
        models.into_iter().filter_map(corrections).filter(|(_, corrections)| !corrections.is_empty())
    }

    /// How many jobs are decided so, and what they would have cost.
    fn saved(&self, so: impl Fn(&Decision) -> bool, how: &'static str) -> (usize, Usd, &'static str) {
        let saved = self.jobs.iter().filter(|(_, decision)| so(decision));
        let prices: Vec<Usd> = saved.map(|(wanted, _)| wanted.price.unwrap_or_default()).collect();
        (prices.len(), prices.into_iter().sum(), how)
    }

    /// The plan as one JSON object. Fields may be added; readers ignore what they do not know.
    #[must_use]
    pub fn json(&self) -> Value {
        let jobs: Vec<Value> = self.jobs.iter().map(|(wanted, decision)| job(wanted, decision)).collect();
        let dropped = self.dropped.iter().map(
            |((model, field), jobs)| json!({ "model": model.to_string(), "field": field, "jobs": jobs }),
        );
        let corrected = self.corrected().flat_map(|(model, corrections)| {
            let line =
                move |it: &Correction| json!({ "model": model.to_string(), "part": it.part, "at": it.at });
            corrections.iter().map(line)
        });
        json!({
            "format": 1,
            "project": self.project,
            "to_render": self.to_render(),
            "total_usd": self.total().plain(),
            "dropped": dropped.collect::<Vec<_>>(),
            "corrected": corrected.collect::<Vec<_>>(),
            "budget": self.levels.iter().map(Level::json).collect::<Vec<_>>(),
            "guards": self.trips.iter().map(guards::json).collect::<Vec<_>>(),
            "gone": self.gone.iter().map(|job| job.key.to_string()).collect::<Vec<_>>(),
            "jobs": jobs,
        })
    }
}

struct Row {
    sign: char,
    model: String,
    price: Option<Usd>,
    why: String,
    count: usize,
    examples: Vec<String>,
}

/// What costs money first, what is as it was last.
const ORDER: [char; 6] = ['+', '~', '>', '!', 'x', '='];

fn why(decision: &Decision) -> (char, String) {
    match decision {
        Decision::New => ('+', "new".into()),
        Decision::Changed { fields, .. } => {
            let names: Vec<_> = fields.iter().map(|change| change.field.as_str()).collect();
            ('~', format!("changed: {}", names.join(", ")))
        }
        Decision::Kept { fields, asks, .. } => {
            let names: Vec<_> = fields.iter().map(|change| change.field.as_str()).collect();
            let (sign, word) = if *asks { ('!', "asks first") } else { ('=', "kept") };
            (sign, format!("{word}, changed: {}", names.join(", ")))
        }
        Decision::Underway { unsent: true, .. } => ('+', "ordered before, not sent yet".into()),
        Decision::Underway { .. } => ('>', "in flight, ordered before".into()),
        Decision::Renamed { unsent: true, .. } => ('+', "renamed, not sent yet".into()),
        Decision::Renamed { .. } => ('>', "renamed, paid before".into()),
        Decision::Shared { .. } => ('>', "shared with another job".into()),
        Decision::Unchanged { refile: Some(_), .. } => ('>', "another output path, file moves".into()),
        Decision::Unchanged { .. } => ('=', "unchanged".into()),
        Decision::Again { .. } => ('~', "in doubt, ordered again".into()),
        Decision::Blocked { state, .. } => ('!', format!("blocked: a take is {}", state.name())),
        Decision::Failed { .. } => ('x', "failed before, not sent again by itself".into()),
    }
}

fn job(wanted: &Wanted, decision: &Decision) -> Value {
    let mut object = json!({
        "job": wanted.key.to_string(),
        "title": wanted.title,
        "decision": decision.name(),
        "costs": decision.costs(),
        "model": wanted.request.model.to_string(),
        "price_usd": wanted.price.map(Usd::plain),
        "path": wanted.path,
        "fingerprint": wanted.fingerprint.to_string(),
    });
    match decision {
        Decision::Changed { fields, .. } | Decision::Kept { fields, .. } => {
            object["fields"] = fields
                .iter()
                .map(|change| json!({ "field": change.field, "old": change.old, "new": change.new }))
                .collect();
        }
        Decision::Renamed { from, .. } => object["from"] = from.to_string().into(),
        Decision::Shared { leader, .. } => object["leader"] = leader.to_string().into(),
        Decision::Again { instead_of } => object["instead_of"] = instead_of.0.as_str().into(),
        Decision::Blocked { by, key, state } => {
            object["by"] = json!({ "job": key.to_string(), "take": by.0, "state": state.name() });
        }
        _ => {}
    }
    object
}

/// A change in one line: `prompt: "old" → "new"`; of long values the part around the first difference.
#[must_use]
pub fn change_line(change: &Change) -> String {
    let same = match (&change.old, &change.new) {
        (Some(old), Some(new)) => old.chars().zip(new.chars()).take_while(|(old, new)| old == new).count(),
        _ => 0,
    };
    let skip = if same < VALUE / 2 { 0 } else { same - VALUE / 4 };
    let shown = |value: &Option<String>| match value {
        None => "not set".to_owned(),
        Some(value) => {
            let mut short: String = value.chars().skip(skip).take(VALUE).collect();
            if skip > 0 {
                short.insert(0, '…');
            }
            if value.chars().nth(skip + VALUE).is_some() {
                short.push('…');
            }
            format!("{short:?}")
        }
    };
    format!("{}: {} → {}", change.field, shown(&change.old), shown(&change.new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_value_the_difference_is_shown() {
        let value =
            |word: &str| Some(format!("{} {word} at the end of it", "the same words ".repeat(9).trim()));
        let change = Change { field: "prompt".into(), old: value("red"), new: value("blue") };
        assert_eq!(
            change_line(&change),
            "prompt: \"…the same words red at the end of it\" → \"…the same words blue at the end of it\""
        );
        let change = Change { field: "size".into(), old: None, new: Some("1280x720".into()) };
        assert_eq!(change_line(&change), "size: not set → \"1280x720\"");
    }
}
