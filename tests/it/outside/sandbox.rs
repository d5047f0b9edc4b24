//! Acme Films as the sandbox plays it: its own reading of the documents, which knows nothing of the adapter.

use serde_json::{Value, json};
use shotlist::sandbox::{Dialect, Order, Provider, Refusal, RefusalReason, Shape, Size, State, Task};

/// Returns the provider with its paths.
pub(crate) fn provider() -> Provider {
    Provider::new(Acme).submits("/v2/jobs").polls("/v2/models/{model}/jobs/{id}")
}

struct Acme;

/// The models: the lengths that each makes, the length that it makes unasked, and the parameters besides.
const MODELS: [(&str, std::ops::RangeInclusive<u64>, u64, &[&str]); 2] =
    [("short", 1..=5, 2, &["image"]), ("long", 5..=20, 5, &["camera"])];

impl Dialect for Acme {
    fn provider(&self) -> &'static str {
        "acme"
    }

    fn scheme(&self) -> &'static str {
        "Key"
    }

    fn check(&self, body: &Value) -> Result<Order, Refusal> {
        let wrong = |message: &str| refusal(422, "bad_order", message);
        let fields = body.as_object().ok_or_else(|| wrong("the order is no object"))?;
        let model = MODELS.iter().find(|(name, ..)| body["model"] == *name);
        let (model, lengths, usual, own) = model.ok_or_else(|| wrong("there is no such model"))?;
        let is_known = |name: &&String| ["model", "prompt", "seconds"].contains(&name.as_str());
        if let Some(name) = fields.keys().find(|name| !is_known(name) && !own.contains(&name.as_str())) {
            return Err(wrong(&format!("{model} has no {name}")));
        }
        let prompt = body["prompt"].as_str().filter(|prompt| !prompt.is_empty());
        let prompt = prompt.ok_or_else(|| wrong("the prompt is missing"))?;
        let seconds = fields.get("seconds").map_or(Some(*usual), Value::as_u64);
        let seconds = seconds.filter(|seconds| lengths.contains(seconds));
        let seconds = seconds.and_then(|seconds| u32::try_from(seconds).ok());
        let seconds = seconds.ok_or_else(|| wrong("seconds is out of range"))?;
        Ok(Order {
            model,
            label: None,
            prompt: prompt.to_owned(),
            cents: if *model == "short" { 5 } else { 3 * seconds },
            at_once: Some(4),
            size: Size { width: 640, height: 360 },
            seconds,
        })
    }

    fn refuse(&self, why: &RefusalReason<'_>) -> Refusal {
        let (status, code) = match why {
            RefusalReason::NoKey | RefusalReason::WrongKey => (401, "bad_key"),
            RefusalReason::TooLarge | RefusalReason::Unreadable(_) | RefusalReason::Taken(_) => {
                (422, "bad_order")
            }
            RefusalReason::TooMany(..) => (429, "slow_down"),
            RefusalReason::NoTask(_) | RefusalReason::NoApi => (404, "no_job"),
            RefusalReason::Internal(_) => (500, "internal"),
        };
        refusal(status, code, &why.to_string())
    }

    fn error(&self, code: &str, message: &str) -> Value {
        json!({ "error": { "code": code, "message": message } })
    }

    fn accepted(&self, task: &Task) -> Value {
        json!({ "job": { "id": task.id, "state": "waiting" } })
    }

    fn task_report(&self, task: &Task, state: &State<'_>) -> Value {
        let mut job = json!({ "id": task.id });
        job["state"] = match state {
            State::Pending(percent) if *percent < 20 => json!("waiting"),
            State::Pending(_) => json!("rendering"),
            State::Ready(_) | State::NoResult => json!("ready"),
            State::Failed { .. } => json!("broken"),
            State::Word(word) => json!(word),
        };
        match state {
            State::Ready(link) => {
                job["film"] = json!(link.video);
                job["charged_usd"] = json!(task.usd());
            }
            State::Failed { code, message, shape: Shape::Object } => {
                job["error"] = json!({ "code": code, "message": message });
            }
            State::Failed { .. } | State::Pending(_) | State::NoResult | State::Word(_) => {}
        }
        json!({ "job": job })
    }
}

fn refusal(status: u16, code: &str, message: &str) -> Refusal {
    Refusal::new(status, Some(code), Acme.error(code, message))
}
