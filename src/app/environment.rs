//! The one reader of environment variables.

/// A variable of the environment; `None` where it is not set or not text.
#[must_use]
pub(crate) fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this is the file that reads the environment")]
    std::env::var(name).ok()
}

/// The line of the program at which a test ends the process: `LINE` or `LINE:COUNT` for the COUNT-th time.
pub(crate) const CRASH_AT: &str = "SHOTLIST_CRASH_AT";
