//! The paths of a project: its manifest, state and clips.

use super::error::Error;
use super::exit::Exit;
use crate::domain::key::JobKey;
use crate::load::folder_of;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// File name of the default manifest.
pub(crate) const MANIFEST: &str = "shotlist.yaml";
/// Name of the state folder next to the manifest.
pub(crate) const STATE: &str = ".shotlist";
/// Name of the folders for rehearsals, below the state and next to the manifest.
const SANDBOX: &str = "sandbox";

/// Text that follows an amount in a rehearsal.
const SANDBOX_MONEY: &str = " (sandbox money)";

/// The paths of a project.
#[derive(Debug, Clone)]
pub struct Places {
    /// Path of the manifest.
    pub manifest: PathBuf,
    /// Name of the manifest as the user gave it, for messages.
    pub shown: String,
    /// Folder of the manifest, to which paths of images and catalogs are relative.
    pub folder: PathBuf,
    /// Folder of the state.
    pub state: PathBuf,
    /// Folder of the clips.
    pub out: PathBuf,
    /// True in a rehearsal, where money and clips are not real.
    pub sandbox: bool,
    /// True if the user named the folder of the clips.
    is_out_named: bool,
    /// Flags that make a command use the same paths.
    flags: String,
}

impl Places {
    /// Finds the manifest and derives all other paths.
    ///
    /// Without a name it looks in the current folder and those above. `out` replaces the manifest's folder for
    /// clips.
    pub fn find(manifest: Option<&Path>, out: Option<&Path>, sandbox: bool) -> Result<Self, Error> {
        let manifest = match manifest {
            Some(named) => named.to_owned(),
            None => find_upwards()?,
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

    /// Returns the paths of a rehearsal of the same manifest.
    pub fn rehearsed(&self) -> Result<Self, Error> {
        let out = self.is_out_named.then_some(self.out.as_path());
        Self::find(Some(&self.manifest), out, true)
    }

    /// Returns the same paths with the manifest's own folder for clips.
    pub fn without_out(&self) -> Result<Self, Error> {
        Self::find(Some(&self.manifest), None, self.sandbox)
    }

    /// Returns the folder with the clips: the named one, or else the one that the state has recorded.
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

    /// Returns whether a state exists, that is, whether a run was ever started.
    #[must_use]
    pub fn has_state(&self) -> bool {
        self.state.join("state.db").exists()
    }

    /// Returns the text that follows an amount of money: empty for real money.
    #[must_use]
    pub const fn mark(&self) -> &'static str {
        if self.sandbox { SANDBOX_MONEY } else { "" }
    }

    /// Returns a path below the output folder relative to the current folder.
    #[must_use]
    pub fn opened(&self, path: &str) -> String {
        let path = self.out.join(path);
        path.strip_prefix(".").unwrap_or(&path).display().to_string()
    }

    /// Returns a command line that runs `words` on this project.
    #[must_use]
    pub fn typed(&self, words: &str) -> String {
        format!("shotlist {words}{}", self.flags)
    }
}

/// Returns the command that shows a job.
#[must_use]
pub(crate) fn show_typed(places: &Places, key: &JobKey) -> String {
    places.typed(&format!("show {}", quoted(&key.to_string())))
}

/// Returns whether a command without `-f` would find this manifest.
fn is_found_by_itself(manifest: &Path) -> bool {
    let found = find_upwards().ok().and_then(|found| found.canonicalize().ok());
    found.is_some() && found == manifest.canonicalize().ok()
}

/// Returns a word quoted for a shell where needed.
#[must_use]
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

fn find_upwards() -> Result<PathBuf, Error> {
    let here = std::env::current_dir()
        .map_err(|error| Error::new(Exit::Local, format!("the current folder cannot be read: {error}")))?;
    for (depth, folder) in here.ancestors().enumerate() {
        if folder.join(MANIFEST).is_file() {
            // A relative path keeps messages short.
            return Ok((0..depth).map(|_| "..").collect::<PathBuf>().join(MANIFEST));
        }
    }
    Err(Error::new(
        Exit::Usage,
        format!("there is no {MANIFEST} here or in a folder above; name a manifest with -f, or write one"),
    )
    .hint("shotlist init"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_a_quoted_word_for_one() {
        let cases = [
            ("hero/sku-1", "hero/sku-1"),
            ("my shop.yaml", "'my shop.yaml'"),
            ("hero/*", "'hero/*'"),
            ("it's", "'it'\\''s'"),
            ("", "''"),
            ("$HOME", "'$HOME'"),
        ];
        for (word, typed) in cases {
            assert_eq!(quoted(word), typed);
        }
    }
}
