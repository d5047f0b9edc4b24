//! Writes the report page to a file. Pictures that do not fit into the page go to a folder next to the file.

use super::data::{change, document};
use super::page::{code_bytes, page};
use super::pictures::{FOLDER, Pictures};
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::gallery::Gallery;
use crate::app::places::Places;
use crate::files::{Output, read_regular};
use crate::report::document::check;
use crate::report::terminal::Terminal;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rustix::fs::OFlags;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

/// The default file name of the page.
const NAME: &str = "report.html";

/// The characters of a path that are percent-encoded in an address: all except letters, digits and `-._~`.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The maximum size of a page with embedded pictures, in bytes. A larger page gets its pictures in separate files.
const LARGEST: usize = 8_000_000;

/// The assumed size of one reference to a picture in the JSON data of a job, in bytes: a key and the picture's number.
const REFERENCE: usize = 40;

/// The result of writing a report page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The path of the page; `None` if the page was written to stdout.
    pub path: Option<PathBuf>,
    /// The size of the page in bytes.
    pub bytes: u64,
    /// The number of jobs on the page.
    pub jobs: usize,
    /// The number of jobs with a clip.
    pub clips: usize,
    /// The number of picture files next to the page.
    pub pictures: usize,
}

/// Writes the report page to `named`, or by default to `report.html` in the folder of the clips.
pub fn write(gallery: &Gallery, places: &Places, named: Option<Output>) -> Result<Written, Error> {
    let file = named.map_or_else(|| check(places, &gallery.out.join(NAME), "report"), Ok)?;
    let path = file.named();
    // Nothing can be put next to a stream, so it contains all pictures, and its reader is in this folder.
    let parent = path.parent().filter(|parent| !file.is_stream() && !parent.as_os_str().is_empty());
    let folder = parent.unwrap_or(Path::new("."));
    let failed = |error: &dyn std::fmt::Display| {
        Error::new(Exit::Local, format!("the report cannot be written to {}: {error}", path.display()))
            .money("nothing was sent and nothing was changed")
            .hint(places.typed("report --out report.html"))
    };
    std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    let data = serde_json::to_vec(&change(gallery, |_| true)).map_err(|error| failed(&error))?;
    let largest = if file.is_stream() { usize::MAX } else { LARGEST };
    let room = largest.saturating_sub(data.len() + gallery.jobs.len() * REFERENCE + code_bytes());
    let mut pictures = Pictures::gather(gallery, places, room);
    let pictures_files = std::mem::take(&mut pictures.files);
    let address = address(folder, &gallery.out).map_err(|error| failed(&error))?;
    let document = document(gallery, places, None, address, pictures);
    let html = page(&document).map_err(|error| failed(&error))?;
    if !pictures_files.is_empty() {
        let pictures_folder = folder.join(FOLDER);
        std::fs::create_dir_all(&pictures_folder).map_err(|error| failed(&error))?;
        for (name, bytes) in &pictures_files {
            put(&pictures_folder.join(name), bytes).map_err(|error| failed(&error))?;
        }
    }
    if file.is_stdout() {
        Terminal::document(&html);
    } else {
        file.write(html.as_bytes(), 0o644).map_err(|error| failed(&error))?;
    }
    let shown = (!file.is_stdout()).then(|| path.strip_prefix(".").unwrap_or(path).to_owned());
    let clips = gallery.jobs.iter().filter(|job| job.record.filed.is_some()).count();
    let (bytes, jobs) = (html.len() as u64, gallery.jobs.len());
    Ok(Written { path: shown, bytes, jobs, clips, pictures: pictures_files.len() })
}

/// Writes a picture to a file next to the page, unless the file already has the same content.
///
/// The files are not synced, because there can be thousands. The next report replaces a file that a crash cut short.
/// A link in the file's place is refused, because it may lead to a file of the user.
fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if read_regular(path).is_ok_and(|found| found == bytes) {
        return Ok(());
    }
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mut options = OpenOptions::new();
    options.write(true).create(true).custom_flags(flags.bits().cast_signed());
    let mut file = options.truncate(false).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    file.set_len(0)?;
    file.write_all(bytes)
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
