//! The stable exit codes of the program, for scripts, for the run history and for Rust callers.

/// The result of a command, with the exit code of the program.
///
/// The codes are stable. Scripts should treat an unknown code as a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// The requested work is done, or there was nothing to do.
    Done = 0,
    /// An unexpected error.
    Unexpected = 1,
    /// The command was used wrongly, the user answered no, or there was no terminal for a question.
    Usage = 2,
    /// The work is finished, but some jobs failed or were written off, or clips are missing, damaged or refused.
    SomeFailed = 3,
    /// The manifest or a catalog is invalid; nothing was sent.
    Invalid = 4,
    /// Some work remains; the same command continues it, in some cases only after a review or `resume`.
    WorkRemains = 5,
    /// There is work to do. Only `plan --detailed-exitcode` ends with this code.
    WorkToDo = 6,
    /// Some jobs need a person's decision; their requests may have been charged.
    Held = 7,
    /// A budget or a safety limit (guard) stopped the run, or an approval is missing; finished work is kept.
    Budget = 8,
    /// A problem with the disk, a permission or the state folder.
    Local = 9,
    /// Credentials are missing or rejected, or an account is locked or out of credit.
    Credentials = 10,
    /// Another command is active in the folder; nothing was done.
    Locked = 11,
    /// The terminal was closed (SIGHUP), and the run stopped cleanly.
    HungUp = 129,
    /// The user interrupted the run, and it stopped cleanly.
    Interrupted = 130,
    /// The process received SIGTERM, and the run stopped cleanly.
    Terminated = 143,
}

/// All exit codes, the most severe first.
///
/// If several apply to one call, the first one in this list is used.
pub const GRAVEST_FIRST: [Exit; 15] = [
    Exit::Unexpected,
    Exit::Usage,
    Exit::Invalid,
    Exit::Local,
    Exit::Locked,
    Exit::Credentials,
    Exit::Budget,
    Exit::HungUp,
    Exit::Interrupted,
    Exit::Terminated,
    Exit::WorkRemains,
    Exit::Held,
    Exit::SomeFailed,
    Exit::WorkToDo,
    Exit::Done,
];

impl Exit {
    /// Returns the most severe of these results, or [`Exit::Done`] if there are none.
    #[must_use]
    pub fn gravest(exits: impl IntoIterator<Item = Self>) -> Self {
        let rank = |exit: &Self| GRAVEST_FIRST.iter().position(|known| known == exit);
        exits.into_iter().min_by_key(rank).unwrap_or(Self::Done)
    }

    /// Returns the meaning of the exit code in a few words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "the command did all that was asked",
            Self::Unexpected => "unexpected error",
            Self::Usage => "wrong usage, or no terminal to ask on",
            Self::SomeFailed => {
                "finished; some jobs failed or were written off, or clips are missing or altered"
            }
            Self::Invalid => "manifest or catalog invalid",
            Self::WorkRemains => {
                "some work remains; the same command continues it, perhaps after your review or `resume`"
            }
            Self::WorkToDo => "plan: there is work to do",
            Self::Held => "some jobs need your decision",
            Self::Budget => "a budget or a limit under `guards:` is reached, or an approval is missing",
            Self::Local => "problem with a disk, a permission or the state folder",
            Self::Credentials => "key missing or refused, or no credit",
            Self::Locked => "another command is active in this folder; nothing was done",
            Self::HungUp => "terminal closed, after a clean stop",
            Self::Interrupted => "interrupted, after a clean stop",
            Self::Terminated => "terminated, after a clean stop",
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        // Every code above fits in a byte.
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests;
