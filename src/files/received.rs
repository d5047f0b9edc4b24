//! Says what a download comes to.

use super::dir::{is_full, is_obstructed};
use crate::domain::lifecycle::ClipFile;
use crate::media::mp4::ClipFacts;
use std::io;

/// A clip that has arrived: whole, checked, durable, and not yet under its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// What it is.
    pub file: ClipFile,
    /// What it shows.
    pub facts: ClipFacts,
}

/// Why no clip came of it.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveFault {
    /// It broke off; what can be kept is kept.
    #[error("{why}")]
    Broken {
        /// True if at least 1 MiB came this time.
        progress: bool,
        /// For people.
        why: String,
    },
    /// A page of text came in place of a clip; its first words.
    #[error("the host sent a page of text and no clip: `{0}`")]
    Page(String),
    /// Damaged bytes came; they were thrown away.
    #[error("{0}; what came was thrown away")]
    NotAClip(String),
    /// The disk is full; what was durable is kept.
    #[error("the disk is full: {0}")]
    NoSpace(io::Error),
    /// It was asked to stop; what came is kept.
    #[error("the download was stopped; what came is kept")]
    Stopped,
    /// A folder on the way is none, or may not be written to.
    #[error("the clip's folder cannot be used: {0}")]
    Obstructed(io::Error),
    /// The disk fails. What it had not confirmed was thrown away.
    #[error("the clip cannot be written: {0}")]
    Io(io::Error),
}

impl From<io::Error> for ReceiveFault {
    fn from(error: io::Error) -> Self {
        if is_full(&error) {
            Self::NoSpace(error)
        } else if is_obstructed(&error) {
            Self::Obstructed(error)
        } else {
            Self::Io(error)
        }
    }
}

/// How a stream ended.
pub(super) enum End {
    /// The host says that this is all.
    Over,
    /// It broke off; why, for people.
    Broken(String),
    /// The download was asked to stop.
    Stopped,
}
