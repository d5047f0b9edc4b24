//! The one reader of environment variables.

/// Reads an environment variable; `None` if it is not set or not valid text.
#[must_use]
pub(crate) fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this is the file that reads the environment")]
    std::env::var(name).ok()
}

/// Returns the search path for programs; `None` if it is not set.
pub(crate) fn search_path() -> Option<std::ffi::OsString> {
    #[expect(clippy::disallowed_methods, reason = "this is the file that reads the environment")]
    std::env::var_os("PATH")
}

/// Variable with the failpoint at which a test ends the process: `LINE`, or `LINE:COUNT` for the COUNT-th time.
pub(crate) const CRASH_AT: &str = "SHOTLIST_CRASH_AT";
