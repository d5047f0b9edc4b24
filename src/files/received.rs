//! Defines the results of downloading a clip.

use super::dir::{full, is_full, is_obstructed};
use crate::domain::lifecycle::ClipFile;
use crate::media::mp4::ClipFacts;
use std::io;

/// A downloaded clip that is complete, checked and durable, and that does not have its final name yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// The clip's size and hash.
    pub file: ClipFile,
    /// The clip's duration, picture size and frame count.
    pub facts: ClipFacts,
}

/// The reason why a download produced no clip.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveFault {
    /// The download broke off; the bytes that can be used later are kept.
    #[error("{why}")]
    Broken {
        /// True if at least 1 MiB arrived in this attempt to download the clip, which counts as progress.
        progress: bool,
        /// The reason why the download broke off, in words.
        why: String,
    },
    /// The host sent a page of text instead of a clip; these are its first words.
    #[error("the host sent a page of text instead of a clip: `{0}`")]
    Page(String),
    /// The host sent damaged bytes, which were discarded. The text is the reason.
    #[error("{0}; the received data was discarded")]
    NotAClip(String),
    /// The disk is full, or the file reached its largest size; durable bytes are kept.
    #[error("{}: {}", full(.0), .0)]
    NoSpace(io::Error),
    /// The caller stopped the download; the received part is kept.
    #[error("the download was stopped; the received part is kept")]
    Stopped,
    /// A part of the path to the clip's folder is not a folder, or is not writable.
    #[error("the clip's folder cannot be used: {0}")]
    Obstructed(io::Error),
    /// The disk reported another error. Bytes that it had not confirmed as written were discarded.
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

/// The way in which the host's answer ended.
pub(super) enum End {
    /// The host reported the end of the clip.
    Over,
    /// The stream broke off, for this reason in words.
    Broken(String),
    /// The caller stopped the download.
    Stopped,
}
