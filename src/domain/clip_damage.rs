//! Finished clips that are missing or altered.

/// The kind of damage to a finished clip, found from the name and size of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClipDamage {
    /// No file has the clip's name.
    Missing,
    /// The file with the clip's name has another size, or is not a regular file.
    Altered,
}

impl ClipDamage {
    /// Returns the word for this kind of damage in messages and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Altered => "altered",
        }
    }
}
