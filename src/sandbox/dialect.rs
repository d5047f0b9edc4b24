//! Defines the interface of a fake provider: the check of its requests, and the form of its answers.

use std::fmt::{self, Display, Formatter};

use axum::http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use serde_json::Value;

use super::faults::Shape;
use super::tasks::{Order, Task};

/// The maximum size in bytes of any request: three images of 50 MB in base64, and room for the other fields.
pub(super) const BODY_BYTES: usize = 256 * 1024 * 1024;

/// The protocol of a fake provider. All other parts of the sandbox are the same for all providers.
pub trait Dialect: Send + Sync {
    /// Returns the name of the provider with this protocol.
    fn provider(&self) -> &'static str;

    /// Returns the authentication scheme: the word before the key in the `Authorization` header.
    fn scheme(&self) -> &'static str {
        "Bearer"
    }

    /// Returns the maximum size of a request's body, in bytes.
    fn body_bytes(&self) -> usize {
        BODY_BYTES
    }

    /// Returns the name of the parameter for the label (the client's request id); `None` if the provider has no such
    /// parameter.
    fn label_parameter(&self) -> Option<&'static str> {
        None
    }

    /// Checks a request against the provider's documents. Returns the order for a task, or the answer that refuses the
    /// request.
    fn check(&self, body: &Value) -> Result<Order, Refusal>;

    /// Returns the pictures with which the clip begins and ends, from the parameters of a request; `None` for a missing
    /// one.
    fn frames<'a>(&self, _model: &str, parameters: &'a Value) -> [Option<&'a Value>; 2] {
        [parameters.get("image"), parameters.get("last_image")]
    }

    /// Returns the frames per second of a model's clips if a request sets no rate.
    fn fps(&self, _model: &str) -> u32 {
        24
    }

    /// Returns the provider's answer that refuses a call for the reason `why`. Every provider knows these reasons.
    fn refuse(&self, why: &RefusalReason<'_>) -> Refusal;

    /// Returns the body of an error answer with this code and message.
    fn error(&self, code: &str, message: &str) -> Value;

    /// Returns an id for a new task, made from the time `now` and from a `number` that no other task has.
    fn task_id(&self, now: Timestamp, number: usize) -> String {
        format!("{}-{}-{number}", self.provider(), now.as_millisecond())
    }

    /// Returns the answer to a submission that created this task.
    fn accepted(&self, task: &Task) -> Value;

    /// Returns the answer to a poll of a task.
    fn task_report(&self, task: &Task, state: &State<'_>) -> Value;
}

/// Returns the pictures with which a clip begins and ends, from a parameter that holds a list of pictures or one
/// picture.
///
/// `ends` is false for models that use several pictures as references: then no picture ends the clip. `None` stands for
/// a missing picture.
pub(super) fn first_and_last(pictures: Option<&Value>, ends: bool) -> [Option<&Value>; 2] {
    match pictures {
        Some(Value::Array(list)) => [list.first(), list.get(1).filter(|_| ends)],
        one => [one, None],
    }
}

/// The answer to a refused call, in the form of its provider.
#[derive(Debug)]
pub struct Refusal {
    pub(super) http: StatusCode,
    /// The provider's error code, if it has one.
    pub(super) code: Option<String>,
    pub(super) body: Value,
}

impl Refusal {
    /// Returns a refusal with this HTTP status, error code of the provider, and body.
    ///
    /// A number that is not an HTTP status becomes 500.
    #[must_use]
    pub fn new(status: u16, code: Option<&str>, body: Value) -> Self {
        let http = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { http, code: code.map(str::to_owned), body }
    }
}

/// A reason to refuse a call. All providers have the same reasons.
pub enum RefusalReason<'a> {
    /// The call has no API key.
    NoKey,
    /// The call has a wrong API key.
    WrongKey,
    /// The body is larger than [`Dialect::body_bytes`], or it was cut off.
    TooLarge,
    /// The body cannot be read, for the given reason.
    Unreadable(String),
    /// A task with this request id was accepted before.
    Taken(&'a str),
    /// A model has too many running tasks: the name of the model, and the number of these tasks.
    TooMany(&'a str, usize),
    /// The provider has no task with this id.
    NoTask(&'a str),
    /// The provider has no call with this path.
    NoApi,
    /// The sandbox itself has failed with this error, although the call may be valid.
    Internal(&'a dyn std::error::Error),
}

impl Display for RefusalReason<'_> {
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

/// The state of a task, as an answer reports it.
pub enum State<'a> {
    /// The task is not finished. The number is the elapsed part of the task's duration, in percent from 0 to 99.
    Pending(u8),
    /// The clip is rendered and has these links.
    Ready(Link),
    /// The task failed.
    Failed {
        /// The error code of the failed task.
        code: &'a str,
        /// The reason for the failure in words.
        message: &'a str,
        /// The form in which the answer reports why the task failed.
        shape: Shape,
    },
    /// The task is reported as successful, but without a clip.
    NoResult,
    /// The answer contains only this status word, neither a clip nor an error.
    Word(&'a str),
}

/// The links in the answer about a finished task.
pub struct Link {
    /// The link to the clip.
    pub video: String,
    /// The link to the cover, which is a picture of the clip.
    pub cover: String,
}

/// The first part of a task's duration, in percent, during which answers report the task as waiting. Only providers
/// that distinguish waiting from running tasks use this number.
pub(super) const QUEUED_PERCENT: u8 = 33;

/// Checks that a call has the right API key, and refuses it otherwise.
pub(super) fn authenticate(key: &str, dialect: &dyn Dialect, headers: &HeaderMap) -> Result<(), Refusal> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    match given.and_then(|value| value.strip_prefix(dialect.scheme())?.strip_prefix(' ')) {
        None => Err(dialect.refuse(&RefusalReason::NoKey)),
        Some(given) if given == key => Ok(()),
        Some(_) => Err(dialect.refuse(&RefusalReason::WrongKey)),
    }
}
