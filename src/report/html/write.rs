//! Writes the page as a file, with the pictures that it does not hold beside it.

use super::data::{change, document};
use super::page::{code_bytes, page};
use super::pictures::{FOLDER, Pictures};
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::gallery::Gallery;
use crate::app::places::Places;
use crate::files::atomic_write;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::io;
use std::path::{Component, Path, PathBuf};

/// File name of the page where none is named.
const NAME: &str = "report.html";

/// Characters of a path that an address may hold as they are.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Bytes of a page at most, as long as pictures decide it.
const LARGEST: usize = 8_000_000;

/// Bytes of the number of a picture in a job, with its name.
const REFERENCE: usize = 40;

/// A page that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Path of the page.
    pub path: PathBuf,
    /// Size of the page in bytes.
    pub bytes: u64,
    /// Number of jobs on the page.
    pub jobs: usize,
    /// Number of jobs with a clip.
    pub clips: usize,
    /// Number of pictures beside the page.
    pub pictures: usize,
}

/// Writes the page, by default into the folder of the clips.
pub fn write(gallery: &Gallery, places: &Places, named: Option<&Path>) -> Result<Written, Error> {
    let path = named.map_or_else(|| gallery.out.join(NAME), Path::to_owned);
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let failed = |error: &dyn std::fmt::Display| {
        Error::new(Exit::Local, format!("the report cannot be written to {}: {error}", path.display()))
            .money("nothing was sent and nothing was changed")
            .hint(places.typed("report --out report.html"))
    };
    std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    let data = serde_json::to_vec(&change(gallery, |_| true)).map_err(|error| failed(&error))?;
    let room = LARGEST.saturating_sub(data.len() + gallery.jobs.len() * REFERENCE + code_bytes());
    let mut pictures = Pictures::gather(gallery, places, room);
    let files = std::mem::take(&mut pictures.files);
    let address = address(folder, &gallery.out).map_err(|error| failed(&error))?;
    let document = document(gallery, places, None, address, pictures);
    let html = page(&document).map_err(|error| failed(&error))?;
    if !files.is_empty() {
        let beside = folder.join(FOLDER);
        std::fs::create_dir_all(&beside).map_err(|error| failed(&error))?;
        for (name, bytes) in &files {
            put(&beside.join(name), bytes).map_err(|error| failed(&error))?;
        }
    }
    atomic_write(&path, html.as_bytes(), 0o644).map_err(|error| failed(&error))?;
    let clips = gallery.jobs.iter().filter(|job| job.record.filed.is_some()).count();
    let (bytes, jobs) = (html.len() as u64, gallery.jobs.len());
    Ok(Written { path, bytes, jobs, clips, pictures: files.len() })
}

/// Writes a picture beside the page where it is not there yet.
///
/// Thousands of them are not synced one by one. The next report replaces one that a crash cut short.
#[expect(clippy::disallowed_methods, reason = "a picture that was cut short is replaced by the next report")]
fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if std::fs::read(path).is_ok_and(|found| found == bytes) { Ok(()) } else { std::fs::write(path, bytes) }
}

/// Returns the address of a folder as seen from a page in another one: empty, or with `/` at its end.
fn address(from: &Path, to: &Path) -> io::Result<String> {
    let (from, to) = (absolute(from)?, absolute(to)?);
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) =
        (from.components().collect(), to.components().collect());
    let shared = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
    let mut address = "../".repeat(from.len() - shared);
    for component in &to[shared..] {
        let name = component.as_os_str().to_string_lossy();
        address.extend(utf8_percent_encode(&name, KEPT));
        address.push('/');
    }
    Ok(address)
}

/// Returns a path from the root, with links followed as far as the path exists.
fn absolute(path: &Path) -> io::Result<PathBuf> {
    path.canonicalize().or_else(|_| std::path::absolute(path))
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
