//! The paths of a project: of its manifest, its state folder and its clips.

use super::error::Error;
use super::exit::Exit;
use crate::domain::key::JobKey;
use crate::load::{folder_of, manifests_in};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// File name of the manifest that is used if the user names none.
pub(crate) const MANIFEST: &str = "shotlist.yaml";
/// Name of the state folder next to the manifest.
pub(crate) const STATE: &str = ".shotlist";
/// Name of the folders for rehearsals: one in the state folder, and one next to the manifest for the clips.
const SANDBOX: &str = "sandbox";

/// Maximum number of manifests that an error names.
const NAMED: usize = 3;
/// Maximum number of folders in which manifests are looked for.
const FOLDERS: usize = 100;

/// Text that follows each amount of money in a rehearsal.
const SANDBOX_MONEY: &str = " (sandbox money)";

/// The paths of a project.
#[derive(Debug, Clone)]
pub struct Places {
    /// Path of the manifest.
    pub manifest: PathBuf,
    /// Path of the manifest as the user gave it, for messages.
    pub shown: String,
    /// Folder of the manifest, to which paths of images and catalogs are relative.
    pub folder: PathBuf,
    /// Path of the state folder with the database and the ledger.
    pub state: PathBuf,
    /// Path of the output folder, in which clips are saved.
    pub out: PathBuf,
    /// True in a rehearsal, whose clips are fake and whose charges are not real.
    pub sandbox: bool,
    /// True if the user named the output folder on the command line.
    pub(crate) is_out_named: bool,
    /// Command-line flags with which another command uses the same paths.
    flags: String,
}

impl Places {
    /// Finds the manifest and derives all other paths of the project.
    ///
    /// Without a given manifest, it looks for `shotlist.yaml` in the current folder and the folders above. `out` is the
    /// output folder; without it, clips are saved in the manifest's folder.
    pub fn find(manifest: Option<&Path>, out: Option<&Path>, sandbox: bool) -> Result<Self, Error> {
        let manifest = match manifest {
            Some(named) => named.to_owned(),
            None => find_upwards()?.ok_or_else(|| no_manifest(sandbox))?,
        };
        let folder = folder_of(&manifest);
        let mut state = folder.join(STATE);
        let mut clips = out.map_or_else(|| folder.clone(), Path::to_owned);
        if sandbox {
            state.push(SANDBOX);
            if out.is_none() {
                clips.push(SANDBOX);
            }
        }
        let mut flags = String::new();
        if !is_found_by_itself(&manifest) {
            let _ = write!(flags, " -f {}", quoted(&manifest.display().to_string()));
        }
        if let Some(out) = out {
            let _ = write!(flags, " --out {}", quoted(&out.display().to_string()));
        }
        if sandbox {
            flags += " --sandbox";
        }
        let (shown, is_out_named) = (manifest.display().to_string(), out.is_some());
        Ok(Self { shown, manifest, folder, state, out: clips, sandbox, is_out_named, flags })
    }

    /// Returns the paths that a rehearsal of the same manifest uses.
    pub fn rehearsed(&self) -> Result<Self, Error> {
        let out = self.is_out_named.then_some(self.out.as_path());
        Self::find(Some(&self.manifest), out, true)
    }

    /// Returns the paths of another manifest, with the same output folder if the user named one.
    pub(crate) fn of_other(&self, manifest: &Path) -> Result<Self, Error> {
        let out = self.is_out_named.then_some(self.out.as_path());
        Self::find(Some(manifest), out, self.sandbox)
    }

    /// Returns the same paths, but with the default output folder instead of one that the user named.
    pub fn without_out(&self) -> Result<Self, Error> {
        Self::find(Some(&self.manifest), None, self.sandbox)
    }

    /// Returns the output folder: the one that the user named, else the `recorded` one of the database, else the
    /// default.
    #[must_use]
    pub fn clips(&self, recorded: Option<&str>) -> PathBuf {
        match recorded {
            Some(recorded) if !self.is_out_named => self.folder.join(recorded),
            _ => self.out.clone(),
        }
    }

    /// Returns the state folder that rehearsals share with real runs.
    #[must_use]
    pub fn shared_state(&self) -> PathBuf {
        self.folder.join(STATE)
    }

    /// Returns whether the project has a database, that is, whether a run was ever started.
    #[must_use]
    pub fn has_state(&self) -> bool {
        self.state.join("state.db").exists()
    }

    /// Returns whether no real run was ever started, but a rehearsal was; false for the paths of a rehearsal.
    #[must_use]
    pub fn is_only_rehearsed(&self) -> bool {
        !self.sandbox && !self.has_state() && self.rehearsed().is_ok_and(|rehearsed| rehearsed.has_state())
    }

    /// Returns the text that follows each amount of money: `(sandbox money)` in a rehearsal, otherwise empty.
    #[must_use]
    pub const fn mark(&self) -> &'static str {
        if self.sandbox { SANDBOX_MONEY } else { "" }
    }

    /// Returns the path of a file in the output folder for use in the current folder.
    ///
    /// `path` is relative to the output folder.
    #[must_use]
    pub fn opened(&self, path: &str) -> String {
        let path = self.out.join(path);
        path.strip_prefix(".").unwrap_or(&path).display().to_string()
    }

    /// Returns the command line that runs the command `words` on this project.
    #[must_use]
    pub fn typed(&self, words: &str) -> String {
        format!("shotlist {words}{}", self.flags)
    }
}

/// Returns the command that shows the details of a job.
#[must_use]
pub(crate) fn show_typed(places: &Places, key: &JobKey) -> String {
    places.typed(&format!("show {}", quoted(&key.to_string())))
}

/// Returns whether a command without the option `-f` would find this manifest.
fn is_found_by_itself(manifest: &Path) -> bool {
    let found = find_upwards().ok().flatten().and_then(|found| found.canonicalize().ok());
    found.is_some() && found == manifest.canonicalize().ok()
}

/// Returns a word of a command line, in quotes if a shell needs them.
#[must_use]
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Returns the `shotlist.yaml` in the current folder or in the nearest folder above; `None` if there is none.
fn find_upwards() -> Result<Option<PathBuf>, Error> {
    let here = std::env::current_dir()
        .map_err(|error| Error::new(Exit::Local, format!("the current folder cannot be read: {error}")))?;
    for (depth, folder) in here.ancestors().enumerate() {
        if folder.join(MANIFEST).is_file() {
            // A relative path keeps messages short.
            return Ok(Some((0..depth).map(|_| "..").collect::<PathBuf>().join(MANIFEST)));
        }
    }
    Ok(None)
}

/// Returns the error for a command that names no manifest where no `shotlist.yaml` is found.
///
/// It names the manifests with other names in the current folder and in the folders directly below it.
fn no_manifest(sandbox: bool) -> Error {
    let what = format!("there is no {MANIFEST} here or in a folder above");
    let found = manifests_nearby();
    let Some(first) = found.first() else {
        let what = format!("{what}; name a manifest with -f, or write one");
        return Error::new(Exit::Usage, what).hint("shotlist init");
    };
    let flags: Vec<String> =
        found.iter().take(NAMED).map(|path| format!("`-f {}`", typed_path(path))).collect();
    let more = if found.len() > NAMED { ", …" } else { "" };
    let what = format!("{what}; name one of the manifests that are there: {}{more}", flags.join(", "));
    let sandbox = if sandbox { " --sandbox" } else { "" };
    Error::new(Exit::Usage, what).hint(format!("shotlist plan -f {}{sandbox}", typed_path(first)))
}

fn typed_path(path: &Path) -> String {
    quoted(&path.display().to_string())
}

/// Returns the manifests in the current folder, then those in the folders directly below it.
fn manifests_nearby() -> Vec<PathBuf> {
    let here = Path::new(".");
    let entries = std::fs::read_dir(here).into_iter().flatten().flatten();
    let is_hidden = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_none_or(|name| name.starts_with('.'))
    };
    let folders = entries.map(|entry| entry.path()).filter(|path| path.is_dir() && !is_hidden(path));
    let mut folders: Vec<PathBuf> = folders.take(FOLDERS).collect();
    folders.sort();
    let all = std::iter::once(here).chain(folders.iter().map(PathBuf::as_path)).flat_map(manifests_in);
    all.map(|path| path.strip_prefix(here).map(Path::to_owned).unwrap_or(path)).collect()
}

#[cfg(test)]
mod tests;
