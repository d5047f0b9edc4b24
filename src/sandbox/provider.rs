//! Who is played.

use serde::{Deserialize, Serialize};

/// A provider that the sandbox plays. Each knows only its own tasks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Z.AI, below `/zai`. Logs of the time when it was the only one do not name it.
    #[default]
    Zai,
    /// Vtrix, below `/vtrix`.
    Vtrix,
    /// `UniAll`, below `/uniall`.
    Uniall,
    /// The provider that exists only here, below `/echo`.
    Echo,
}

impl Provider {
    /// Its name, which is also the prefix of its paths.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Zai => "zai",
            Self::Vtrix => "vtrix",
            Self::Uniall => "uniall",
            Self::Echo => "echo",
        }
    }
}
