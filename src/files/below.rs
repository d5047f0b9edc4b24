//! Opens files for those who ask for them over a connection: nothing outside a folder, whatever a link says.

use super::dir::Dir;
use super::names;
use rustix::fs::OFlags;
use std::fs::File;
use std::io;
use std::path::{Component, Path};

/// Opens a file below a folder for reading.
///
/// Symbolic links are followed where they stay below the folder. Anything that leads out of it, and anything that is no
/// regular file, is an error. A link that is put in place of a folder while the file is opened is refused as well.
pub fn open_below(root: &Path, path: &str) -> io::Result<File> {
    let refused = || io::Error::new(io::ErrorKind::InvalidInput, format!("`{path}` is not below its folder"));
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
