//! Finds files whose names are written with composed letters in one place and with accents apart in the other.
//!
//! A Mac writes `é` as a letter and an accent, spreadsheets as one character. Linux keeps both apart.

use super::dir::hash;
use crate::domain::ident::composed;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::path::{Component, Path, PathBuf};

/// Two different files have names that differ only in how their letters are composed.
#[derive(Debug)]
pub(super) struct Twins;

/// The names in folders, as far as they were looked up.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// By folder: the names that are not ASCII, by their composed form.
    folders: HashMap<PathBuf, HashMap<String, Vec<OsString>>>,
}

impl Names {
    /// Returns a path below a folder, with each part as it is called on the disk.
    ///
    /// A part that is not there stays as it was written. Two different files whose names differ only in how their letters
    /// are composed are an error.
    pub(super) fn find(&mut self, root: &Path, written: &str) -> Result<PathBuf, Twins> {
        let mut path = root.to_owned();
        for part in Path::new(written).components() {
            let name = match part {
                Component::Normal(name) => name.to_str().filter(|name| !name.is_ascii()),
                _ => None,
            };
            let Some(name) = name else {
                path.push(part);
                continue;
            };
            match self.called(&path, name) {
                [] => path.push(name),
                [only] => path.push(only),
                [first, others @ ..] => {
                    let first = path.join(first);
                    if others.iter().any(|other| !is_copy(&first, &path.join(other))) {
                        return Err(Twins);
                    }
                    path = first;
                }
            }
        }
        Ok(path)
    }

    /// The names in a folder that are this one when their letters are composed.
    fn called(&mut self, folder: &Path, name: &str) -> &[OsString] {
        if !self.folders.contains_key(folder) {
            let mut names: HashMap<String, Vec<OsString>> = HashMap::new();
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let name = entry.file_name();
                if let Some(text) = name.to_str().filter(|text| !text.is_ascii()) {
                    names.entry(composed(text)).or_default().push(name);
                }
            }
            for names in names.values_mut() {
                names.sort();
            }
            self.folders.insert(folder.to_owned(), names);
        }
        let names = self.folders.get(folder).and_then(|names| names.get(&composed(name)));
        names.map_or(&[], Vec::as_slice)
    }
}

/// Whether two files hold the same bytes.
fn is_copy(one: &Path, two: &Path) -> bool {
    let content = |path: &Path| {
        // A pipe is not waited for.
        let is_file = path.metadata().is_ok_and(|facts| facts.is_file());
        is_file.then(|| hash(&File::open(path).ok()?).ok())?
    };
    content(one).is_some_and(|one| content(two) == Some(one))
}

/// Returns the path of a file below a folder: as it is written where it is there, else as it is called on the disk.
#[must_use]
pub fn find(root: &Path, written: &str) -> PathBuf {
    let path = root.join(written);
    if written.is_ascii() || path.exists() {
        return path;
    }
    Names::default().find(root, written).unwrap_or(path)
}
