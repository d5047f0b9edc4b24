//! Checks the path to which a document such as a plan or a report will be written.
//!
//! A file that shotlist did not write as such a document is never replaced.

use super::error::Error;
use super::exit::Exit;
use crate::files::{Output, OutputFault, Replace};
use std::fs::File;
use std::path::Path;

/// Checks the file to which a document will be written.
///
/// An existing file is accepted only if `is_own` recognises it as `what`, such as `a plan`.
///
/// # Errors
///
/// Returns an error if the file may not be replaced or cannot be written; the caller adds the command to type next.
pub(crate) fn replacing(path: &Path, what: &str, is_own: fn(&File) -> bool) -> Result<Output, Error> {
    let taken = format!("already exists, and it is not {what} that shotlist wrote");
    check(path, Replace::If(is_own), &taken)
}

/// Checks the file to which a document will be written, and which must not exist yet.
///
/// # Errors
///
/// Returns an error if the file exists or cannot be written; the caller adds the command to type next.
pub(crate) fn new(path: &Path) -> Result<Output, Error> {
    check(path, Replace::Never, "already exists")
}

fn check(path: &Path, replace: Replace, taken: &str) -> Result<Output, Error> {
    Output::check(path, replace).map_err(|fault| {
        let shown = path.display();
        let (exit, what) = match &fault {
            OutputFault::Taken => {
                (Exit::Usage, format!("{shown} {taken}; name another file, or remove this one first"))
            }
            OutputFault::NotAFile(_) => (Exit::Usage, format!("{shown} {fault}; name another file")),
            OutputFault::Io(_) => (Exit::Local, format!("{shown} {fault}")),
        };
        Error::new(exit, what).money("nothing was written")
    })
}
