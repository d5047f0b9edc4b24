//! Finds files by name, even if the Unicode form of accented letters differs between the written name and the disk.
//!
//! A Mac writes `é` as two characters, a letter and an accent; spreadsheets write it as one. Linux treats the two names
//! as different.

use super::dir::hash;
use crate::domain::ident::composed;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::path::{Component, Path, PathBuf};

/// The error that a name is ambiguous: two different files match it, in two Unicode forms of an accented letter.
#[derive(Debug)]
pub(super) struct AmbiguousName;

/// A cache of the names in the folders that were searched before.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The non-ASCII names of each folder, by their composed Unicode form (one character for a letter and its accent).
    folders: HashMap<PathBuf, HashMap<String, Vec<OsString>>>,
}

impl Names {
    /// Returns a path below the folder `root`, with each part of `written` spelled as on the disk.
    ///
    /// A part that does not exist stays as written. Two different files whose names differ only in the form of accented
    /// letters are an error.
    pub(super) fn find(&mut self, root: &Path, written: &str) -> Result<PathBuf, AmbiguousName> {
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
                        return Err(AmbiguousName);
                    }
                    path = first;
                }
            }
        }
        Ok(path)
    }

    /// Returns the names in a folder that are equal to `name` in the composed Unicode form.
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

/// Checks whether two files contain the same bytes.
fn is_copy(one: &Path, two: &Path) -> bool {
    let content = |path: &Path| {
        // A pipe would block the read.
        let is_file = path.metadata().is_ok_and(|facts| facts.is_file());
        is_file.then(|| hash(&File::open(path).ok()?).ok())?
    };
    content(one).is_some_and(|one| content(two) == Some(one))
}

/// Returns the path of a file below a folder: as written if that file exists, otherwise spelled as on the disk.
#[must_use]
pub fn find(root: &Path, written: &str) -> PathBuf {
    let path = root.join(written);
    if written.is_ascii() || path.exists() {
        return path;
    }
    Names::default().find(root, written).unwrap_or(path)
}
