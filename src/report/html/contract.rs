//! Defines the JSON data of the report page.
//!
//! # The contract
//!
//! The page reads one [`Document`]. A page in a file contains its document. A page that `review` serves requests the
//! document with `GET data`. After each change of the database, `review` sends the page a [`Change`] with the changed
//! jobs, as a server-sent event. The answer to a decision is a [`Change`], too. Rules for both types:
//!
//! - A field that is `null`, `false`, empty or 0 is left out.
//! - A field `*_text` or `*_texts` has positions in the list `texts`. A `Change` has its own list `texts`.
//! - Money is in whole millionths of a dollar. Times are in seconds since 1970 (UTC).
//! - A job is identified by the field `job`, which is the job's name in commands.
//! - A page in a file finds clips below `folder`, and pictures at the addresses in `pictures`.
//! - A served page has no addresses in `pictures`. It requests `clip/{take}` and `poster/{take}`. If the take has the
//!   field `file`, it also requests `source/{take}`.
//!
//! `POST /api/decide` and `POST /api/choose` answer with a [`Change`] that has the current state of the jobs. The
//! status 409 means that nothing was recorded, because a job was reviewed or got another clip after the page showed the
//! job. `conflicts` then lists these jobs, each as `{"job": NAME}`. The page then shows the user's decision next to the
//! recorded one.
//!
//! Only a served page has `live`. `{"read_only": true}` in `live` hides all controls for decisions.

use super::texts::{Table, TextId};
use serde::Serialize;

/// The name and version of the format.
pub const SCHEMA: &str = "shotlist.report/1";

/// All data of the report page.
#[derive(Debug, Clone, Serialize)]
pub struct Document {
    /// The name and version of the format.
    pub schema: &'static str,
    /// The version of the program.
    pub version: &'static str,
    /// The name of the project.
    pub project: String,
    /// The path of the manifest.
    pub manifest: String,
    /// The path of the folder of the clips, for display.
    pub output: String,
    /// The address of the folder of the clips relative to the page. It is empty or ends with `/`.
    pub folder: String,
    /// True if the clips were made in the sandbox.
    #[serde(skip_serializing_if = "is_default")]
    pub sandbox: bool,
    /// The time of the report, in seconds since 1970 (UTC).
    pub now: i64,
    /// The state of a page that `review` serves; left out of a page in a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<Live>,
    /// The command lines that the page shows.
    pub commands: Commands,
    /// The possible reasons for a rejection. The keys 1 to 9 of the keyboard select the first nine.
    pub reasons: Vec<ReasonName>,
    /// The amounts and budgets of the project.
    pub summary: Summary,
    /// The strings that the jobs refer to by their positions in this list.
    pub texts: Table,
    /// The addresses of posters and source pictures.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pictures: Vec<String>,
    /// The jobs in the order of the manifest.
    pub jobs: Vec<Job>,
}

/// An update with the current state of changed jobs.
#[derive(Debug, Clone, Serialize)]
pub struct Change {
    /// The amounts and budgets of the project.
    pub summary: Summary,
    /// The strings that the jobs refer to by their positions in this list.
    pub texts: Table,
    /// The jobs to update on the page, with their current data.
    pub jobs: Vec<Job>,
}

/// The state of a page that `review` serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Live {
    /// True if the page cannot record decisions.
    pub read_only: bool,
    /// The number of the snapshot of the jobs that the page shows, for `GET events?since=`.
    pub since: u64,
}

/// A reason for a rejection.
#[derive(Debug, Clone, Serialize)]
pub struct ReasonName {
    /// The name of the reason in files and in requests.
    pub name: &'static str,
    /// The reason in words, as the page shows it.
    pub words: &'static str,
}

/// The command lines for the project, in which `{job}` is a placeholder for the quoted name of a job.
#[derive(Debug, Clone, Serialize)]
pub struct Commands {
    /// The command that shows a job and the commands that apply to it.
    pub show: String,
    /// The command that renders a job again.
    pub redo: String,
    /// The command that submits failed jobs again, or shows them if none can be sent again without a second charge.
    pub failed: String,
    /// The command that submits new jobs.
    pub run: String,
    /// The command that downloads paid clips.
    pub collect: String,
    /// The command that shows which jobs need a decision.
    pub status: String,
    /// The command that shows what a run would submit.
    pub plan: String,
    /// The command that restores missing clips.
    pub repair: String,
    /// The command that compares the clips with their recorded contents.
    pub verify: String,
    /// The command that opens the page for recording decisions.
    pub review: String,
    /// The command that records the decisions from a file that this page wrote.
    pub import: String,
    /// The command that renders rejected clips again.
    pub rejected: String,
}

/// The amounts and budgets of the project.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// The amounts of the current day (UTC).
    pub today: Amounts,
    /// The amounts of the current month (UTC).
    pub month: Amounts,
    /// The budgets of the manifest.
    pub budgets: Vec<Budget>,
}

/// Amounts of money by their state.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Amounts {
    /// The amount that is certainly spent, in millionths of a dollar.
    pub spent: i64,
    /// The amount that is reserved for requests and tasks without a result yet, in millionths of a dollar.
    pub in_flight: i64,
    /// The amount that may have been charged, in millionths of a dollar.
    pub in_doubt: i64,
}

/// A budget with the spending against it.
#[derive(Debug, Clone, Serialize)]
pub struct Budget {
    /// The name of the budget: `run`, `day` or `month`.
    pub name: String,
    /// The limit of the budget, in millionths of a dollar.
    pub limit: i64,
    /// The amount that counts against the budget, in millionths of a dollar.
    pub spent: i64,
}

/// A job with its reviews and renderings.
#[derive(Debug, Clone, Serialize)]
pub struct Job {
    /// The name of the job in commands.
    pub job: String,
    /// The id of the item.
    pub item: String,
    /// The title of the item; left out if it equals the id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The name of the shot, as a position in the list `texts`.
    pub shot_text: TextId,
    /// The name of the variant, as a position in the list `texts`; left out if the job has no variant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant_text: Option<TextId>,
    /// The tags of the item, as positions in the list `texts`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tag_texts: Vec<TextId>,
    /// The name of the state: `done`, `to_render`, `asks`, `review`, `in_flight`, `waiting`, `held`, `failed`,
    /// `written_off`, `dismissed`, `missing` or `altered`.
    pub state: &'static str,
    /// The sentence that explains the state, as a position in the list `texts`; left out if the name of the state says
    /// enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_text: Option<TextId>,
    /// The path of the clip inside the folder of the clips, even if there is no clip yet.
    pub path: String,
    /// The id of the rendering whose clip the job uses; left out if the job has no clip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub take: Option<String>,
    /// The state of the review: `approved`, `rejected` or `outdated`; left out if the clip is undecided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<&'static str>,
    /// The newest review of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewData>,
    /// True if another rendering of the job is queued.
    #[serde(skip_serializing_if = "is_default")]
    pub redo: bool,
    /// The renderings of the job, the newest first. If the job shares the clip of another job, that job's rendering is
    /// the first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub takes: Vec<TakeData>,
}

/// A paid rendering of a job.
#[derive(Debug, Clone, Serialize)]
pub struct TakeData {
    /// The id of the rendering.
    pub take: String,
    /// The other job for which the rendering was made and paid, if this job shares its clip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// The name of the rendering's state, such as `running` or `failed`; left out if it is `done`.
    #[serde(skip_serializing_if = "is_done")]
    pub phase: &'static str,
    /// The name of the model, as a position in the list `texts`.
    pub model_text: TextId,
    /// The prompt in several parts, as positions in the list `texts`. The prompt is these parts joined in this order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prompt_texts: Vec<TextId>,
    /// The settings of the request in the form `name: value`, as positions in the list `texts`. Prompt, picture and
    /// seed are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub setting_texts: Vec<TextId>,
    /// The seed of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<i64>,
    /// The path of the source picture on disk, or `(in the manifest)` if the manifest contains the picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The web address of the source picture; left out if the picture is not a link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The index of the small source picture in the document's list `pictures`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<usize>,
    /// The index of the clip's poster in the document's list `pictures`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poster: Option<usize>,
    /// The price of the rendering from the model's built-in data or the manifest, in millionths of a dollar.
    pub price: i64,
    /// The amount that counts as the cost of the rendering, if it differs from the price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<i64>,
    /// The state of the cost: `free`, `reserved` or `in_doubt`; left out if it is `settled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<&'static str>,
    /// The provider's id of the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The time at which the rendering was created, before its first submission, in seconds since 1970 (UTC).
    pub created: i64,
    /// The time of the rendering's last submission, in seconds since 1970 (UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submitted: Option<i64>,
    /// The time at which the rendering ended, in seconds since 1970 (UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<i64>,
    /// The number of submissions of the rendering, if it is not 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// The number of the run that submitted the rendering.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<i64>,
    /// The provider's last message about the rendering, as a position in the list `texts`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said_text: Option<TextId>,
    /// The path of the rendering's clip inside the folder of the clips. The path is left out if there is no clip, or if
    /// the job has the same path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The SHA-256 digest of the clip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The size of the clip in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The verdict of the automatic checks: `pass`, `warn` or `fail`; left out if the clip was not checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<&'static str>,
    /// The defects that the checks found, the worst first. Each has three positions in the list `texts`: of the check,
    /// the verdict and a sentence.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub finding_texts: Vec<[TextId; 3]>,
    /// True if the automatic checks also looked at the frames of the clip.
    #[serde(skip_serializing_if = "is_default")]
    pub frames: bool,
    /// The newest review of this rendering, if it is not the newest review of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewData>,
}

/// A review of a clip.
#[derive(Debug, Clone, Serialize)]
pub struct ReviewData {
    /// The number of the review. A later review has a larger number.
    pub revision: u64,
    /// The id of the reviewed rendering.
    pub take: String,
    /// The outcome of the review: `approved`, `rejected` or `undecided`.
    pub outcome: &'static str,
    /// The names of the reasons for a rejection.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<&'static str>,
    /// The reviewer's note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// True if the reviewer queued another rendering.
    #[serde(skip_serializing_if = "is_default")]
    pub redo: bool,
    /// The name of the reviewer.
    pub who: String,
    /// The time of the review, in seconds since 1970 (UTC).
    pub at: i64,
}

fn is_done(phase: &str) -> bool {
    phase == "done"
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
