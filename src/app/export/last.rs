//! Remembers the last export of a whole project, so that `status` names the same command after a change, and none if
//! nothing has changed since.
//!
//! The record only serves this advice: if it cannot be read or written, the program goes on without it.

use super::{ExportRequest, Form, typed_words};
use crate::app::gallery::Gallery;
use crate::app::places::{Places, quoted};
use crate::domain::digest::Sha256;
use crate::files::atomic_write;
use rustix::fs::OFlags;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::fs::{Metadata, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

/// Limit on the size of the record, in bytes.
const LARGEST: u64 = 1 << 20;

/// The last export of a project.
pub(crate) struct LastExport {
    /// Words of the command, without the flags that name the project's paths.
    pub(crate) words: String,
    /// Digest of the clips and decisions at that time.
    state: String,
}

impl LastExport {
    /// Reads the last export of a project; `None` if there was none.
    pub(crate) fn read(places: &Places, project: Option<&str>) -> Option<Self> {
        let all = all(places)?;
        let known = all.get(project.unwrap_or_default())?;
        let text = |name: &str| known.get(name)?.as_str().map(str::to_owned);
        Some(Self { words: text("command")?, state: text("state")? })
    }

    /// Returns whether clips or decisions have changed since the export.
    pub(crate) fn is_outdated(&self, gallery: &Gallery) -> bool {
        self.state != state(gallery)
    }

    /// Records an export, unless it contains only selected jobs.
    pub(super) fn keep(places: &Places, request: &ExportRequest, gallery: &Gallery) {
        if !request.only.is_empty() || !request.shots.is_empty() {
            return;
        }
        // The command may be typed in another folder, where it must not overwrite anything.
        let out = request.out.as_deref().and_then(|out| std::path::absolute(out).ok());
        let folder = out.as_ref().filter(|_| request.form == Form::Flat);
        let folder = folder.map(|out| format!(" {}", quoted(&out.display().to_string())));
        let request = &ExportRequest { out, force: false, ..request.clone() };
        let words = typed_words(request, folder.as_deref().unwrap_or_default());
        let mut all = all(places).unwrap_or_default();
        let project = gallery.project.clone().unwrap_or_default();
        all.insert(project, json!({ "command": words, "state": state(gallery) }));
        let _ = atomic_write(&file(places), Value::Object(all).to_string().as_bytes(), 0o600);
    }
}

fn file(places: &Places) -> PathBuf {
    places.state.join("exports.json")
}

fn all(places: &Places) -> Option<Map<String, Value>> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(file(places)).ok()?;
    let mut bytes = Vec::new();
    file.metadata().ok().filter(Metadata::is_file)?;
    file.take(LARGEST).read_to_end(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Returns a digest of everything that an export shows of the jobs: their clips, states and decisions.
fn state(gallery: &Gallery) -> String {
    let mut text = String::new();
    for job in &gallery.jobs {
        let clip = job.record.filed.as_ref().map(|filed| (&filed.path, filed.file.sha256));
        let _ = writeln!(text, "{} {clip:?} {} {}", job.key(), job.standing.name(), job.bucket.name());
    }
    Sha256::of(text.as_bytes()).to_string()
}
