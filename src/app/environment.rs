//! The only code that reads environment variables.

/// Reads an environment variable; `None` if it is not set or not valid text.
#[must_use]
pub(crate) fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this is the file that reads the environment")]
    std::env::var(name).ok()
}

/// Returns the value of `PATH`, the folders that are searched for programs; `None` if the variable is not set.
pub(crate) fn search_path() -> Option<std::ffi::OsString> {
    #[expect(clippy::disallowed_methods, reason = "this is the file that reads the environment")]
    std::env::var_os("PATH")
}

/// Environment variable that names the failpoint at which a test ends the process.
///
/// The value is the name of a failpoint, such as `submit.before_intent`. `NAME:COUNT` ends the process when it reaches
/// the failpoint for the COUNT-th time.
pub(crate) const CRASH_AT: &str = "SHOTLIST_CRASH_AT";
