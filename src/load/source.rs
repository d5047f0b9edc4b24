//! Opens product files, or standard input if the path is `-`.

use super::open_file;
use crate::domain::problem::did_you_mean;
use std::io::{self, IsTerminal as _, Read};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The bytes of standard input that were read so far. They are kept because a command may read the product file twice.
static STANDARD_INPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// A reader that begins at the start of standard input, even if that was read before.
struct StandardInput {
    at: usize,
}

impl Read for StandardInput {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut known = STANDARD_INPUT.lock().unwrap_or_else(PoisonError::into_inner);
        if self.at == known.len() {
            let length = io::stdin().lock().read(buffer)?;
            known.extend_from_slice(&buffer[..length]);
        }
        let length = (&known[self.at..]).read(buffer)?;
        self.at += length;
        Ok(length)
    }
}

pub(super) fn is_standard_input(path: &Path) -> bool {
    path == Path::new("-")
}

/// Returns the name of a product file in messages.
pub(super) fn shown(path: &Path) -> String {
    if is_standard_input(path) {
        return "standard input".to_owned();
    }
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

/// Opens a product file, or standard input if the path is `-`.
///
/// The error is the reason why it cannot be opened.
pub(super) fn source(path: &Path) -> Result<Box<dyn Read + Send>, String> {
    if !is_standard_input(path) {
        return Ok(Box::new(open_file(path)?));
    }
    if io::stdin().is_terminal() {
        return Err("standard input is a terminal; send the file through a pipe".to_owned());
    }
    Ok(Box::new(StandardInput { at: 0 }))
}

/// Returns the path of an existing file whose name is similar to that of the missing file `written`, in the same
/// folder. Returns `None` if there is no such file.
pub(super) fn near(root: &Path, written: &str) -> Option<String> {
    let slashed = written.replace('\\', "/");
    if slashed != written && root.join(&slashed).is_file() {
        return Some(slashed);
    }
    let written = Path::new(written);
    let folder = written.parent()?;
    let name = written.file_name()?.to_str()?;
    let entries = std::fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
    let names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    let near = did_you_mean(name, names.iter().map(String::as_str)).filter(|near| *near != name)?;
    Some(folder.join(near).display().to_string())
}
