//! What differs from provider to provider: how things are worded, and what a request may say.

use std::fmt::{self, Display, Formatter};

use axum::http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use serde_json::Value;

use super::faults::Shape;
use super::tasks::{Order, Task};

/// The most that is read of any request: three images of 50 MB in base64, and room for the rest.
pub(super) const BODY_BYTES: usize = 256 * 1024 * 1024;

/// How a provider speaks. What it does is the same for all.
pub trait Dialect: Send + Sync {
    /// Returns the name of the provider that speaks so.
    fn provider(&self) -> &'static str;

    /// Returns the word before the key in the `Authorization` header.
    fn scheme(&self) -> &'static str {
        "Bearer"
    }

    /// The largest body of a request, in bytes.
    fn body_bytes(&self) -> usize {
        BODY_BYTES
    }

    /// The parameter with the client's own name for a request, where there is one.
    fn label_parameter(&self) -> Option<&'static str> {
        None
    }

    /// Checks a request against the provider's documents.
    fn check(&self, body: &Value) -> Result<Order, Refusal>;

    /// Returns the pictures among the parameters of an order that a clip begins and ends with.
    fn frames<'a>(&self, _model: &str, parameters: &'a Value) -> [Option<&'a Value>; 2] {
        [parameters.get("image"), parameters.get("last_image")]
    }

    /// Returns the frames per second that a model makes of an order that names no rate.
    fn fps(&self, _model: &str) -> u32 {
        24
    }

    /// Refuses a call for a reason that all providers share.
    fn refuse(&self, why: &Why<'_>) -> Refusal;

    /// The body of an error with any code and message.
    fn error(&self, code: &str, message: &str) -> Value;

    /// An id for a task, from a number that no other task has.
    fn task_id(&self, now: Timestamp, number: usize) -> String {
        format!("{}-{}-{number}", self.provider(), now.as_millisecond())
    }

    /// The answer to a request that became this task.
    fn accepted(&self, task: &Task) -> Value;

    /// The answer to a question about a task.
    fn told(&self, task: &Task, state: &State<'_>) -> Value;
}

/// Returns the pictures that a clip begins and ends with, from a list or from one picture alone. The second picture of a
/// model that keeps to several is none to end with.
pub(super) fn first_and_last(pictures: Option<&Value>, ends: bool) -> [Option<&Value>; 2] {
    match pictures {
        Some(Value::Array(list)) => [list.first(), list.get(1).filter(|_| ends)],
        one => [one, None],
    }
}

/// A call that is refused, as its provider words it.
#[derive(Debug)]
pub struct Refusal {
    pub(super) http: StatusCode,
    /// The provider's code, where it has one.
    pub(super) code: Option<String>,
    pub(super) body: Value,
}

impl Refusal {
    /// Returns a refusal with an HTTP status, the provider's code where it has one, and the whole body. A number that
    /// is no status becomes 500.
    #[must_use]
    pub fn new(status: u16, code: Option<&str>, body: Value) -> Self {
        let http = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { http, code: code.map(str::to_owned), body }
    }
}

/// Why a call is refused, whatever it says.
pub enum Why<'a> {
    /// No key came with it.
    NoKey,
    /// Another key came with it.
    WrongKey,
    /// Its body is beyond [`Dialect::body_bytes`], or was cut off.
    TooLarge,
    /// Its body cannot be read: the words say why.
    Unreadable(String),
    /// A task with this label was accepted before.
    Taken(&'a str),
    /// So many tasks of this model are running that one more is too many.
    TooMany(&'a str, usize),
    /// The provider has no task of this id.
    NoTask(&'a str),
    /// The path leads nowhere.
    NoApi,
    /// Nothing is wrong with the call, but with this server.
    Internal(&'a dyn std::error::Error),
}

impl Display for Why<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKey => write!(f, "No bearer token was received in the Authorization header"),
            Self::WrongKey => write!(f, "The token in the Authorization header is invalid"),
            Self::TooLarge => write!(f, "The body is too large or was cut off"),
            Self::Unreadable(why) => write!(f, "{why}"),
            Self::Taken(label) => write!(f, "You already have a request: {label}"),
            Self::TooMany(model, running) => {
                write!(f, "Concurrency of {model} too high: {running} tasks are running")
            }
            Self::NoTask(id) => write!(f, "There is no task {id}"),
            Self::NoApi => write!(f, "The API does not exist"),
            Self::Internal(error) => write!(f, "Internal error: {error}"),
        }
    }
}

/// How a task stands, as an answer tells it.
pub enum State<'a> {
    /// It is not ready; so many hundredths of its time have passed, 0 to 99.
    Pending(u8),
    /// The clip is rendered.
    Ready(Link),
    /// It failed.
    Failed {
        /// The code of the reason.
        code: &'a str,
        /// The text of the reason.
        message: &'a str,
        /// The form in which the answer carries the reason.
        shape: Shape,
    },
    /// It ended well, with nothing to show.
    NoResult,
    /// It stands at this status word, and nothing else is known.
    Word(&'a str),
}

/// What a finished task's answer points to.
pub struct Link {
    /// The clip.
    pub video: String,
    /// A picture of the clip.
    pub cover: String,
}

/// The first third of a task's time it waits in a queue, where the provider tells waiting and running apart.
pub(super) const QUEUED_PERCENT: u8 = 33;

/// Refuses a call that does not carry the key.
pub(super) fn authenticate(key: &str, dialect: &dyn Dialect, headers: &HeaderMap) -> Result<(), Refusal> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    match given.and_then(|value| value.strip_prefix(dialect.scheme())?.strip_prefix(' ')) {
        None => Err(dialect.refuse(&Why::NoKey)),
        Some(given) if given == key => Ok(()),
        Some(_) => Err(dialect.refuse(&Why::WrongKey)),
    }
}
