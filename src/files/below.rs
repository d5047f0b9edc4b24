//! Opens a file that the local review page may show. A path that leads outside the given folder is refused.

use super::dir::Dir;
use super::names;
use rustix::fs::OFlags;
use std::fs::File;
use std::io;
use std::path::{Component, Path};

/// Opens a file below a folder for reading.
///
/// Symbolic links are followed if they stay below the folder. A path that leads out of the folder, or to anything but a
/// regular file, is an error. A folder that is replaced by a link during the opening is refused as well.
pub fn open_below(root: &Path, path: &str) -> io::Result<File> {
    let refused = || io::Error::new(io::ErrorKind::InvalidInput, format!("`{path}` leads out of the folder"));
    let root = root.canonicalize()?;
    let found = names::find(&root, path).canonicalize()?;
    let mut parts = found.strip_prefix(&root).map_err(|_| refused())?.components().map(|part| match part {
        Component::Normal(name) => name.to_str().ok_or_else(refused),
        _ => Err(refused()),
    });
    let name = parts.next_back().ok_or_else(refused)??;
    let mut dir = Dir::open(&root)?;
    for part in parts {
        dir = dir.child(part?, false)?;
    }
    dir.file(name, OFlags::RDONLY, 0)
}

#[cfg(test)]
mod tests;
