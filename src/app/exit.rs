//! The stable exit codes of use cases, for scripts, for the run history and for Rust callers.

/// The result of a use case as an exit code.
///
/// The codes are stable. An unknown code means failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// The requested work is done, or there was nothing to do.
    Done = 0,
    /// An unexpected error.
    Unexpected = 1,
    /// Wrong usage, or a question with no terminal to ask it on.
    Usage = 2,
    /// The run finished, and some jobs failed.
    SomeFailed = 3,
    /// The manifest or a catalog is invalid; nothing was sent.
    Invalid = 4,
    /// The run stopped early; the same command continues it.
    WorkRemains = 5,
    /// `plan --detailed-exitcode`: there is work to do.
    WorkToDo = 6,
    /// Held jobs need a decision, and may have been charged.
    Held = 7,
    /// A budget or guard was reached; finished work is kept.
    Budget = 8,
    /// A problem with the disk, a permission or the state.
    Local = 9,
    /// Credentials are missing or rejected, or an account is locked or out of credit.
    Credentials = 10,
    /// Another run holds the lock.
    Locked = 11,
    /// The terminal hung up, and the run stopped cleanly.
    HungUp = 129,
    /// The user interrupted the run, and it stopped cleanly.
    Interrupted = 130,
    /// The process was asked to terminate, and the run stopped cleanly.
    Terminated = 143,
}

/// Exit codes from the most to the least severe.
///
/// Where several apply, the first in this list is used.
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
    /// Returns the most severe of several exit codes.
    #[must_use]
    pub fn gravest(exits: impl IntoIterator<Item = Self>) -> Self {
        let rank = |exit: &Self| GRAVEST_FIRST.iter().position(|known| known == exit);
        exits.into_iter().min_by_key(rank).unwrap_or(Self::Done)
    }

    /// Returns a short description of the code.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "all is done, or nothing to do",
            Self::Unexpected => "unexpected error",
            Self::Usage => "wrong usage, or nobody to ask",
            Self::SomeFailed => "finished; some jobs failed",
            Self::Invalid => "manifest or catalog invalid",
            Self::WorkRemains => "stopped early; run it again",
            Self::WorkToDo => "plan: there is work to do",
            Self::Held => "held jobs need a decision",
            Self::Budget => "budget or guard reached",
            Self::Local => "disk, permission, unusable state",
            Self::Credentials => "key missing or refused, or no credit",
            Self::Locked => "another run holds the lock",
            Self::HungUp => "hung up, after a clean stop",
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
mod tests {
    use super::*;

    #[test]
    fn several_at_once_give_the_gravest() {
        let cases = [
            (vec![], Exit::Done),
            (vec![Exit::SomeFailed, Exit::Held], Exit::Held),
            (vec![Exit::Held, Exit::WorkRemains], Exit::WorkRemains),
            (vec![Exit::WorkRemains, Exit::Interrupted], Exit::Interrupted),
            (vec![Exit::Interrupted, Exit::Budget], Exit::Budget),
            (vec![Exit::Budget, Exit::Credentials], Exit::Credentials),
            (vec![Exit::Credentials, Exit::Locked], Exit::Locked),
            (vec![Exit::Locked, Exit::Local], Exit::Local),
            (vec![Exit::Local, Exit::Unexpected], Exit::Unexpected),
        ];
        for (exits, gravest) in cases {
            assert_eq!(Exit::gravest(exits.clone()), gravest, "{exits:?}");
        }
    }

    #[test]
    fn every_code_has_its_place_among_the_gravest() {
        let mut codes: Vec<i32> = GRAVEST_FIRST.iter().map(|exit| *exit as i32).collect();
        codes.sort_unstable();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 129, 130, 143]);
    }
}
