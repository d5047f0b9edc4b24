//! Writes the report page to a file. Pictures that do not fit into the page go to a folder next to the file.

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

/// The default file name of the page.
const NAME: &str = "report.html";

/// The characters of a path that are percent-encoded in an address: all except letters, digits and `-._~`.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The maximum size of a page with embedded pictures, in bytes. If the page would be larger, its pictures go to other files.
const LARGEST: usize = 8_000_000;

/// The assumed size of one reference to a picture in the JSON data of a job, in bytes: a key and the picture's number.
const REFERENCE: usize = 40;

/// The result of writing a report page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The path of the page.
    pub path: PathBuf,
    /// The size of the page in bytes.
    pub bytes: u64,
    /// The number of jobs on the page.
    pub jobs: usize,
    /// The number of jobs with a clip.
    pub clips: usize,
    /// The number of picture files next to the page.
    pub pictures: usize,
}

/// Writes the report page to the file `named`, or by default to `report.html` in the folder of the clips.
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
        let pictures_folder = folder.join(FOLDER);
        std::fs::create_dir_all(&pictures_folder).map_err(|error| failed(&error))?;
        for (name, bytes) in &files {
            put(&pictures_folder.join(name), bytes).map_err(|error| failed(&error))?;
        }
    }
    atomic_write(&path, html.as_bytes(), 0o644).map_err(|error| failed(&error))?;
    let clips = gallery.jobs.iter().filter(|job| job.record.filed.is_some()).count();
    let (bytes, jobs) = (html.len() as u64, gallery.jobs.len());
    Ok(Written { path, bytes, jobs, clips, pictures: files.len() })
}

/// Writes a picture to a file next to the page, unless the file already has the same content.
///
/// The files are not synced, because there can be thousands. The next report replaces a file that a crash cut short.
#[expect(clippy::disallowed_methods, reason = "a picture that was cut short is replaced by the next report")]
fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if std::fs::read(path).is_ok_and(|found| found == bytes) { Ok(()) } else { std::fs::write(path, bytes) }
}

/// Returns the address of folder `to` relative to a page in folder `from`. It is empty or ends with `/`.
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

/// Returns the absolute path, with symbolic links resolved if the path exists.
fn absolute(path: &Path) -> io::Result<PathBuf> {
    path.canonicalize().or_else(|_| std::path::absolute(path))
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
