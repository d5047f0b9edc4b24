//! The data of the page, as JSON.
//!
//! # The contract
//!
//! The page reads one [`Document`]: from its own text in a file, from `GET data` where `review` serves it. A [`Change`]
//! is what `review` sends of jobs that changed (SSE) and answers to a decision. Rules for both:
//!
//! - A field that is `null`, `false`, empty or 0 is left out.
//! - `*_text` and `*_texts` are numbers in `texts` of the same document: `Change` has a table of its own.
//! - Money is in whole millionths of a dollar, times are seconds since 1970 (UTC).
//! - A job is known by `job`, its name as commands take it.
//! - A file has addresses of clips below `folder`, and of pictures in `pictures`. A served page has none of them: it asks
//!   for `clip/{take}`, `poster/{take}` and `source/{take}`. It asks for `source/{take}` only if the take has a `file`.
//!
//! `POST /api/decide` and `POST /api/choose` answer a [`Change`] with the jobs as they are now. With status 409 it has also
//! `conflicts`, a list of `{"job": NAME}`: nothing was recorded about these, and the page shows both decisions.
//!
//! `live` is there only in a served page: `{"read_only": true}` hides all that decides.

use super::texts::{Table, TextId};
use serde::Serialize;

/// Name and version of the format.
pub const SCHEMA: &str = "shotlist.report/1";

/// Everything that the page shows.
#[derive(Debug, Clone, Serialize)]
pub struct Document {
    /// Name and version of the format.
    pub schema: &'static str,
    /// Version of the program.
    pub version: &'static str,
    /// Name of the project.
    pub project: String,
    /// Path of the manifest.
    pub manifest: String,
    /// Folder of the clips, for people.
    pub output: String,
    /// Address of the folder of the clips from the place of the page: empty, or with `/` at its end.
    pub folder: String,
    /// True if the clips were made in the sandbox.
    #[serde(skip_serializing_if = "is_default")]
    pub sandbox: bool,
    /// Time of the report.
    pub now: i64,
    /// State of a served page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<Live>,
    /// Command lines.
    pub commands: Commands,
    /// Reasons of a rejection, in the order of the keys 1 to 9 and after them.
    pub reasons: Vec<ReasonName>,
    /// The money.
    pub summary: Summary,
    /// The table of texts.
    pub texts: Table,
    /// Addresses of posters and source pictures.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pictures: Vec<String>,
    /// Jobs in the order of the manifest.
    pub jobs: Vec<Job>,
}

/// Jobs that changed, as they are now.
#[derive(Debug, Clone, Serialize)]
pub struct Change {
    /// The money.
    pub summary: Summary,
    /// The table of texts.
    pub texts: Table,
    /// The jobs.
    pub jobs: Vec<Job>,
}

/// The state of a served page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Live {
    /// True if the page decides nothing.
    pub read_only: bool,
    /// Number of the look at the jobs, for `GET events?since=`.
    pub since: u64,
}

/// A reason of a rejection.
#[derive(Debug, Clone, Serialize)]
pub struct ReasonName {
    /// Name in files and in requests.
    pub name: &'static str,
    /// Words for people.
    pub words: &'static str,
}

/// Command lines for the project. `{job}` stands for the quoted name of a job.
#[derive(Debug, Clone, Serialize)]
pub struct Commands {
    /// Shows a job and what to do about it.
    pub show: String,
    /// Renders a job again.
    pub redo: String,
    /// Sends failed jobs again.
    pub retry: String,
    /// Sends what is new.
    pub run: String,
    /// Fetches what was paid.
    pub collect: String,
    /// Shows what needs a decision.
    pub status: String,
    /// Shows what a run would send.
    pub plan: String,
    /// Brings missing clips back.
    pub repair: String,
    /// Compares the clips with what was placed.
    pub verify: String,
    /// Opens the page where decisions are recorded.
    pub review: String,
    /// Records the decisions that this page wrote into a file.
    pub import: String,
    /// Renders rejected clips again.
    pub rejected: String,
}

/// The money of the project.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Amounts of this day (UTC).
    pub today: Amounts,
    /// Amounts of this month (UTC).
    pub month: Amounts,
    /// Budgets of the manifest.
    pub budgets: Vec<Budget>,
}

/// Amounts by account.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Amounts {
    /// Surely spent.
    pub spent: i64,
    /// Set aside for requests and tasks on their way.
    pub in_flight: i64,
    /// May have been charged.
    pub in_doubt: i64,
}

/// A budget with the spending against it.
#[derive(Debug, Clone, Serialize)]
pub struct Budget {
    /// `run`, `day` or `month`.
    pub name: String,
    /// Maximum.
    pub limit: i64,
    /// Amount that counts against it.
    pub spent: i64,
}

/// A job.
#[derive(Debug, Clone, Serialize)]
pub struct Job {
    /// Name of the job, as commands take it.
    pub job: String,
    /// Id of the item.
    pub item: String,
    /// Name of the item for people; left out where it is the id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Name of the shot.
    pub shot_text: TextId,
    /// Name of the variant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant_text: Option<TextId>,
    /// Tags of the item.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tag_texts: Vec<TextId>,
    /// Name of the state: `done`, `to_render`, `asks`, `review`, `in_flight`, `waiting`, `held`, `failed`, `written_off`,
    /// `dismissed`, `missing` or `altered`.
    pub state: &'static str,
    /// One sentence about the state, where the name does not say enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_text: Option<TextId>,
    /// Path of the clip below the folder of the clips, whether it is there or not.
    pub path: String,
    /// Rendering whose clip stands under the name of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub take: Option<String>,
    /// State of the review: `approved`, `rejected` or `outdated`; left out where it is undecided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<&'static str>,
    /// Newest review of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewData>,
    /// True if another rendering is queued.
    #[serde(skip_serializing_if = "is_default")]
    pub redo: bool,
    /// Renderings, the newest first. Where the job shares the clip of another job, that one's rendering comes first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub takes: Vec<TakeData>,
}

/// A rendering.
#[derive(Debug, Clone, Serialize)]
pub struct TakeData {
    /// Name of the rendering.
    pub take: String,
    /// Job that the rendering was made for, where it is another one. Its price counts there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Name of the phase: `running`, `failed` …; left out where it is `done`.
    #[serde(skip_serializing_if = "is_done")]
    pub phase: &'static str,
    /// Name of the model.
    pub model_text: TextId,
    /// Parts of the prompt; joined they are the prompt.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prompt_texts: Vec<TextId>,
    /// Other settings, each as `name: value`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub setting_texts: Vec<TextId>,
    /// Seed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<i64>,
    /// Path of the source picture on disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Address of the source picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Number of the small source picture in `pictures`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<usize>,
    /// Number of the poster in `pictures`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poster: Option<usize>,
    /// Price by the card or the manifest.
    pub price: i64,
    /// Amount that counts, where it is not the price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<i64>,
    /// Account of the amount: `free`, `reserved` or `in_doubt`; left out where it is `settled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<&'static str>,
    /// The provider's id of the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// Time of the order.
    pub created: i64,
    /// Time of the last submission.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submitted: Option<i64>,
    /// Time at which it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<i64>,
    /// Number of submissions, where it is not 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// Number of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<i64>,
    /// Last message of the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said_text: Option<TextId>,
    /// Path of the clip below the folder of the clips; left out without a clip, and where it is the path of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Digest of the clip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Size of the clip in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Verdict of the automatic checks: `pass`, `warn` or `fail`; left out where it was not checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<&'static str>,
    /// Findings of the checks, the worst first: check, verdict, sentence.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub finding_texts: Vec<[TextId; 3]>,
    /// True if the frames were looked at.
    #[serde(skip_serializing_if = "is_default")]
    pub frames: bool,
    /// Newest review of this rendering, where it is not that of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewData>,
}

/// A review.
#[derive(Debug, Clone, Serialize)]
pub struct ReviewData {
    /// Number of the review.
    pub revision: u64,
    /// Rendering that was looked at.
    pub take: String,
    /// `approved`, `rejected` or `undecided`.
    pub outcome: &'static str,
    /// Names of the reasons.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<&'static str>,
    /// Note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// True if another rendering was queued.
    #[serde(skip_serializing_if = "is_default")]
    pub redo: bool,
    /// Name of the reviewer.
    pub who: String,
    /// Time of the review.
    pub at: i64,
}

fn is_done(phase: &str) -> bool {
    phase == "done"
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
