//! Opens the page of a review in the user's browser.

use crate::app::places::Places;
use crate::files::atomic_write;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The system program that opens a file with the user's default program.
const PROGRAM: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };

/// A temporary page with the link to the review. Dropping the opener removes the page.
///
/// The link is not an argument of the browser: every user of this computer sees the arguments of all programs.
pub struct Opener(PathBuf);

impl Opener {
    /// Writes a page that only this user can read, and opens it in the browser.
    pub fn open(places: &Places, link: &str) -> io::Result<Self> {
        let opener = Self(places.state.canonicalize()?.join("review.html"));
        // A link has only digits, letters and `:/#=[].`, which HTML does not need to escape.
        let page = format!(
            "<!doctype html><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"no-referrer\">\
             <meta http-equiv=\"refresh\" content=\"0;url={link}\"><title>shotlist review</title>\
             <a href=\"{link}\">Go to the review</a>\n"
        );
        atomic_write(&opener.0, page.as_bytes(), 0o600)?;
        let mut command = Command::new(PROGRAM);
        command.arg(&opener.0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().map_err(|error| io::Error::new(error.kind(), format!("{PROGRAM}: {error}")))?;
        Ok(opener)
    }
}

impl Drop for Opener {
    fn drop(&mut self) {
        // If the page remains, its secrets are useless after the review has ended.
        let _ = std::fs::remove_file(&self.0);
    }
}
