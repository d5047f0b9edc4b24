//! Finished clips that are missing or altered.

/// The kind of loss of a finished clip, found from the name and size of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Loss {
    /// No file has the clip's name.
    Missing,
    /// A file of another size, or something other than a file, has the clip's name.
    Altered,
}

impl Loss {
    /// Returns the name of the loss in messages and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Altered => "altered",
        }
    }
}
