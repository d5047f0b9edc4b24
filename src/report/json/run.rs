//! Formats the summary of a run as JSON.

use crate::app::budget::Level;
use crate::app::exit::Exit;
use crate::app::places::Places;
use crate::app::project_status::ProjectStatus;
use crate::app::summary::Summary;
use crate::domain::clip_damage::ClipDamage;
use crate::report::pauses;
use crate::report::plan::buckets_json;
use crate::store::Count;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The name and version of the schema of the stream, which its last line has.
const SCHEMA: &str = "shotlist.run/1";

/// Returns the JSON line that says why a command found nothing to do. The command writes no other line of JSON.
#[must_use]
pub fn nothing(why: &str, exit: Exit) -> Value {
    json!({ "schema": SCHEMA, "event": "nothing", "exit": exit as i32, "why": why })
}

/// Returns the summary of a run, the last line of its JSON stream.
///
/// Fields may be added; readers must ignore unknown fields.
#[must_use]
pub fn object(places: &Places, summary: &Summary) -> Value {
    let Summary { spent, run_spent, .. } = summary;
    json!({
        "schema": SCHEMA,
        "event": "summary",
        "exit": summary.kept_exit as i32,
        "states": summary.standing.json(),
        "buckets": buckets_json(&summary.buckets),
        "sandbox": places.sandbox,
        "spent_usd": spent.settled.plain(),
        "run_spent_usd": run_spent.settled.plain(),
        "reserved_usd": spent.reserved.plain(),
        "in_doubt_usd": spent.in_doubt.plain(),
        "above_price": { "clips": summary.above_price.0, "usd": summary.above_price.1.plain() },
        "rollout": summary.rollout.json(),
        "missing": summary.lost.count(ClipDamage::Missing),
        "altered": summary.lost.count(ClipDamage::Altered),
        "budget": summary.levels.iter().map(Level::json).collect::<Vec<_>>(),
        "reached": summary.reached.map(|cap| cap.to_string()),
        "checks": super::check::of_run(&summary.checks),
        "paused": summary.pauses.iter().map(pauses::json).collect::<Vec<_>>(),
    })
}

impl ProjectStatus {
    /// Returns the number and the total cost of the takes (paid renderings) in each state as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        let count = |count: &Count| json!({ "takes": count.takes, "usd": count.usd.plain() });
        let counts: BTreeMap<&str, _> =
            self.counts.iter().map(|(phase, counted)| (phase.name(), count(counted))).collect();
        json!(counts)
    }
}
