//! Formats rollouts as text and as JSON.
//!
//! In a rollout, the first few jobs of a shot and a model (the canary) are rendered. The others wait until a person has
//! approved enough of these clips.

use crate::app::rollout::{CanaryState, RolloutState};
use crate::domain::rollout::AfterCanary;
use crate::domain::text::count as counted;
use crate::plan::rollout::{Member, Step};
use serde_json::{Value, json};

/// The states of the jobs in a canary (those that are rendered first), with their words and their names in JSON.
const STATES: [(Member, &str, &str); 6] = [
    (Member::Approved, "approved", "approved"),
    (Member::Rejected, "rejected", "rejected"),
    (Member::Unreviewed, "to review", "unreviewed"),
    (Member::Unfinished, "to render", "unfinished"),
    (Member::Failed, "failed", "failed"),
    (Member::Held, "need your decision", "held"),
];

impl RolloutState {
    /// Returns a sentence for each shot and model whose first clips have not passed the review and whose other jobs are
    /// therefore not sent.
    ///
    /// A sentence about a review that has no result yet also has the number of first clips in each state.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let line = |canary: &CanaryState| canary.line() + &canary.states();
        self.open().map(line).collect()
    }

    /// Returns, for the end of a run, a sentence for each shot and model whose first clips have not passed the review.
    ///
    /// The states of these first clips are left out, because the run has just changed them.
    #[must_use]
    pub fn summary_lines(&self) -> Vec<String> {
        self.open().map(|canary| format!("review   {}", canary.line())).collect()
    }

    /// Returns the canaries (the jobs of each shot and model that are rendered first) as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        self.canaries.iter().map(CanaryState::json).collect()
    }
}

impl CanaryState {
    fn line(&self) -> String {
        let jobs = counted(self.waiting.jobs, "job");
        let (price, name) = (self.waiting.price, self.name());
        let ways = "edit the shot and review its new first clips, or write `then: approve` under `rollout`";
        match (self.step, self.rule.then) {
            (Step::Stopped { approved, reviewed }, AfterCanary::Rate { rate, error }) => format!(
                "{jobs} ({price}) of {name} are not sent: {approved} of {reviewed} clips approved, enough to \
                 say that fewer than {rate} would be approved (chance of being wrong: {error}); {ways}"
            ),
            (Step::Unclear { approved, reviewed }, AfterCanary::Rate { rate, error }) => format!(
                "{jobs} ({price}) of {name} are not sent: {approved} of {reviewed} clips approved, not enough to \
                 say whether more or fewer than {rate} would be approved (chance of being wrong: {error}); {ways}"
            ),
            _ => {
                let wait = if self.waiting.jobs == 1 { "waits" } else { "wait" };
                let clips = counted(self.members.len(), "clip");
                format!("{jobs} ({price}) {wait} until you have reviewed the first {clips} of {name}")
            }
        }
    }

    /// Returns how many jobs of the canary are in each state, and what a person must do about rejected and failed jobs.
    /// Returns an empty string if the other jobs will not be sent. The canary is the group of jobs that are rendered
    /// first.
    fn states(&self) -> String {
        if matches!(self.step, Step::Stopped { .. } | Step::Unclear { .. }) {
            return String::new();
        }
        let counts = STATES.into_iter().map(|(state, words, _)| (self.count(state), words));
        let counts = counts.filter(|(jobs, _)| *jobs > 0);
        let parts: Vec<String> = counts.map(|(jobs, words)| format!("{jobs} {words}")).collect();
        format!(" ({}){}", parts.join(", "), self.advice())
    }

    /// Returns what a person must do about rejected and failed jobs of the canary (the jobs that are rendered first);
    /// empty if there is nothing to do.
    fn advice(&self) -> String {
        let mut ways = Vec::new();
        if self.count(Member::Rejected) > 0 && !self.is_test() {
            ways.push("redo the rejected clips, and approve the new ones");
        }
        if self.count(Member::Failed) > 0 {
            ways.push("retry or dismiss the failed jobs");
        }
        if ways.is_empty() { String::new() } else { format!("; {}", ways.join("; ")) }
    }

    fn json(&self) -> Value {
        let state = match self.step {
            Step::Needs(_) | Step::Waits => "waits",
            Step::Passed => "passed",
            Step::Stopped { .. } => "stopped",
            Step::Unclear { .. } => "unclear",
        };
        let then = match self.rule.then {
            AfterCanary::Approve => json!("approve"),
            AfterCanary::Rate { rate, error } => {
                json!({ "approve": rate.fraction(), "error": error.fraction() })
            }
        };
        let mut object = json!({
            "shot": self.shot,
            "model": self.model.to_string(),
            "template": self.identity(),
            "state": state,
            "then": then,
            "canary": self.members.iter().map(|(key, _)| key.to_string()).collect::<Vec<_>>(),
            "waiting": self.waiting.jobs,
            "waiting_usd": self.waiting.price.plain(),
        });
        for (member, _, name) in STATES {
            object[name] = self.count(member).into();
        }
        object
    }
}
