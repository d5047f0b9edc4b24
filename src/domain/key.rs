//! Names and ids. They are kept as text, so that `0123`, `no` and `1e3` stay unchanged from the sheet to the file name.

use super::foreign::{Foreign, is_hidden, shown};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// The name of a job: `shot/item` or `shot/item/variant`. A `/` within one of these parts is written `%2F`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobKey {
    /// The shot's name in the manifest.
    pub shot: String,
    /// The item's id in the catalog.
    pub item: Foreign,
    /// The ids of the values that the job has from the shot's `matrix` (a section of the manifest with values to
    /// combine), joined by `_`. Empty if the shot has no matrix.
    pub variant: String,
}

impl JobKey {
    /// Returns a key without a variant.
    #[must_use]
    pub fn new(shot: impl Into<String>, item: impl Into<Foreign>) -> Self {
        Self { shot: shot.into(), item: item.into(), variant: String::new() }
    }
}

/// Escapes `/` and `%` in a part of a job key, so that items called `a/b` and `a%2Fb` have different keys.
fn escape(part: &str) -> Cow<'_, str> {
    if part.contains(['%', '/']) { part.replace('%', "%25").replace('/', "%2F").into() } else { part.into() }
}

fn unescape(part: &str) -> String {
    part.replace("%2F", "/").replace("%2f", "/").replace("%25", "%")
}

impl fmt::Display for JobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `pad` lets a table align keys with `{:<20}`.
        let mut text = format!("{}/{}", escape(&self.shot), escape(self.item.raw()));
        if !self.variant.is_empty() {
            text.push('/');
            text.push_str(&escape(&self.variant));
        }
        f.pad(&shown(&text))
    }
}

/// The error for a text that is not a job key; the message shows what a key looks like.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a job: write shot/item, as `plan` shows it", shown(.0))]
pub struct NotAJobKey(pub String);

impl FromStr for JobKey {
    type Err = NotAJobKey;

    fn from_str(text: &str) -> Result<Self, NotAJobKey> {
        let parts: Vec<String> = text.split('/').map(unescape).collect();
        if parts.iter().any(String::is_empty) {
            return Err(NotAJobKey(text.to_owned()));
        }
        match <[String; 2]>::try_from(parts) {
            Ok([shot, item]) => Ok(Self { shot, item: item.into(), variant: String::new() }),
            Err(parts) => match <[String; 3]>::try_from(parts) {
                Ok([shot, item, variant]) => Ok(Self { shot, item: item.into(), variant }),
                Err(_) => Err(NotAJobKey(text.to_owned())),
            },
        }
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub String);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

text_id! {
    /// The id of a take (a paid rendering of a job): 26 characters, sortable by time of creation, unique beyond this
    /// computer.
    TakeId
}
/// The provider's id of a task, kept as opaque text even if it looks like a number (Z.AI's ids overflow 64 bits).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(pub Foreign);

/// The maximum number of characters of a task id. The longest task id of a known provider has 64 characters.
const LONGEST_TASK_ID: usize = 256;

/// The reason why a text cannot be a task id. Its message never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotATaskId {
    /// The text has too many characters.
    #[error("the task id has {0} characters, and at most {LONGEST_TASK_ID} are accepted")]
    TooLong(usize),
    /// The text contains a blank, a control character, an invisible character or U+FFFD.
    #[error("the task id of {length} characters contains the character U+{:04X}, which is not allowed", u32::from(*.character))]
    Odd {
        /// The first character that is not allowed.
        character: char,
        /// The number of characters of the text.
        length: usize,
    },
    /// The text is empty, or one of its parts between slashes is `.` or `..`. With such an id, a request for the task's
    /// status would reach another address.
    #[error("the task id is empty, or one of its parts between slashes is `.` or `..`, which is not allowed")]
    Path,
}

impl TaskId {
    /// Returns a text from a provider or a person as a task id, unchanged, or an error if it cannot be one.
    pub fn read(text: &str) -> Result<Self, NotATaskId> {
        let length = text.chars().count();
        if length > LONGEST_TASK_ID {
            return Err(NotATaskId::TooLong(length));
        }
        // U+FFFD stands for damaged letters, so such an id would be that of no task.
        let is_odd = |letter: &char| {
            letter.is_whitespace() || is_hidden(*letter) || *letter == char::REPLACEMENT_CHARACTER
        };
        if let Some(character) = text.chars().find(is_odd) {
            return Err(NotATaskId::Odd { character, length });
        }
        // No escape makes a dot segment harmless: URLs treat `%2E%2E` like `..`. A server may also decode `%2F`.
        if text.is_empty() || text.split(['/', '\\']).any(|part| matches!(part, "." | "..")) {
            return Err(NotATaskId::Path);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
text_id! {
    /// The id that this program gives to one attempt to submit a request: `sl-` and 26 random characters. It is sent
    /// only if the provider has a field for such ids.
    RequestId
}

/// A model as the manifest names it: `provider/model`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelName {
    /// The provider's name, for example `zai`.
    pub provider: String,
    /// The provider's own name of the model, for example `vidu2-image`.
    pub model: String,
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/{}", self.provider, self.model))
    }
}

impl FromStr for ModelName {
    type Err = ();

    /// Splits a text such as `zai/vidu2-image` at the first `/`; neither part may be empty.
    fn from_str(text: &str) -> Result<Self, ()> {
        match text.split_once('/') {
            Some((provider, model)) if !provider.is_empty() && !model.is_empty() => {
                Ok(Self { provider: provider.to_owned(), model: model.to_owned() })
            }
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests;
