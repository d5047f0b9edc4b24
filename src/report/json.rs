//! Writes notices (reports of events) as lines of JSON (NDJSON), which is a public format.
//!
//! Fields may be added; readers must ignore unknown fields.

pub mod cancel;
pub mod catalog;
pub mod check;
pub mod compare;
pub mod decide;
pub mod dismiss;
pub mod doctor;
pub mod error;
pub mod export;
pub mod init;
pub mod jobs;
pub mod ledger;
pub mod models;
pub mod pause;
pub mod plan;
pub mod prune;
pub mod recover;
pub mod report;
pub mod resolve;
pub mod run;
pub mod show;
pub mod status;
pub mod validate;
pub mod verify;

use crate::domain::lifecycle::State;
use crate::domain::notice::{Notice, WhyStopped};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Returns the JSON line for a notice.
#[must_use]
pub fn line(notice: &Notice, now: Timestamp) -> Value {
    let mut object = match notice {
        Notice::Moved { take, key, price, path, from, to, said, .. } => {
            let mut object = json!({
                "event": to.name(), "job": key.to_string(), "take": take.0, "from": from.name(),
                "price_usd": price.plain(),
            });
            if let Some(task) = to.task() {
                object["task"] = task.id.0.raw().into();
            }
            match &**to {
                State::Done { file, .. } => {
                    object["file"] = path.as_str().into();
                    object["bytes"] = file.size.into();
                    object["sha256"] = file.sha256.to_string().into();
                }
                State::Held { reason, .. } => object["reason"] = reason.name().into(),
                State::Failed { refusal, charged, .. } => {
                    object["reason"] = refusal.name().into();
                    object["charged"] = charged.name().into();
                }
                _ => {}
            }
            if let Some(said) = said {
                object["said"] = said.to_string().into();
            }
            object
        }
        Notice::Filed { key, path } => json!({ "event": "filed", "job": key.to_string(), "file": path }),
        Notice::Stopped { who, why, said } => {
            json!({ "event": "stopped", "who": who, "why": why_name(*why), "said": said.to_string() })
        }
        Notice::Stopping { on_wire } => json!({ "event": "stopping", "on_wire": on_wire }),
        Notice::Warning(text) => json!({ "event": "warning", "text": text }),
        Notice::Trouble(text) => json!({ "event": "error", "text": text }),
    };
    object["at"] = now.to_string().into();
    object
}

fn why_name(why: WhyStopped) -> &'static str {
    match why {
        WhyStopped::Provider(stop) => stop.name(),
        WhyStopped::Model => "model",
        WhyStopped::TasksLost => "tasks_lost",
        WhyStopped::TasksEmpty => "tasks_empty",
        WhyStopped::TasksFail => "tasks_fail",
        WhyStopped::NoProgress => "no_progress",
    }
}
