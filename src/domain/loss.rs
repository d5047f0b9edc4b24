//! Finished clips that are gone from their names, or are not what was placed there.

/// What a look at a finished clip's name and size tells against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Loss {
    /// Nothing has the name.
    Missing,
    /// Something of another size or kind has it.
    Altered,
}

impl Loss {
    /// Returns the word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Altered => "altered",
        }
    }
}
