//! Where the parts of a project are.

use super::error::Error;
use super::exit::Exit;
use crate::domain::key::JobKey;
use crate::load::folder_of;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The manifest that is looked for when none is named.
pub(crate) const MANIFEST: &str = "shotlist.yaml";
/// State beside the manifest.
pub(crate) const STATE: &str = ".shotlist";
/// State and clips of rehearsals, below the state and beside the manifest.
const SANDBOX: &str = "sandbox";

/// What stands behind an amount that a rehearsal spends.
const SANDBOX_MONEY: &str = " (sandbox money)";

/// Where a project lives.
#[derive(Debug, Clone)]
pub struct Places {
    /// The manifest.
    pub manifest: PathBuf,
    /// Its name as the user gave it, for messages.
    pub shown: String,
    /// Its folder, from which pictures and catalogs are seen.
    pub folder: PathBuf,
    /// Where state is kept.
    pub state: PathBuf,
    /// Where clips go.
    pub out: PathBuf,
    /// Whether this is a rehearsal, whose money and clips are not real.
    pub sandbox: bool,
    /// Whether `out` was named, and is not the default.
    is_out_named: bool,
    /// The flags that lead a command from here to the same place.
    flags: String,
}

impl Places {
    /// Finds the manifest, which is looked for here and in the folders above where none is named, and derives the rest.
    /// `out` is the folder of the clips where it is not the manifest's.
    pub fn find(manifest: Option<&Path>, out: Option<&Path>, sandbox: bool) -> Result<Self, Error> {
        let manifest = match manifest {
            Some(named) => named.to_owned(),
            None => upwards()?,
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

    /// Returns the places of the same manifest in a rehearsal.
    pub fn rehearsed(&self) -> Result<Self, Error> {
        let out = self.is_out_named.then_some(self.out.as_path());
        Self::find(Some(&self.manifest), out, true)
    }

    /// Returns the same places with the clips in the manifest's folder.
    pub fn without_out(&self) -> Result<Self, Error> {
        Self::find(Some(&self.manifest), None, self.sandbox)
    }

    /// Returns the folder with the clips: the one that is named, else the one that the state has recorded.
    #[must_use]
    pub fn clips(&self, recorded: Option<&str>) -> PathBuf {
        match recorded {
            Some(recorded) if !self.is_out_named => self.folder.join(recorded),
            _ => self.out.clone(),
        }
    }

    /// Where is kept what holds for rehearsals as well.
    #[must_use]
    pub fn shared_state(&self) -> PathBuf {
        self.folder.join(STATE)
    }

    /// Returns whether anything was ever ordered from here.
    #[must_use]
    pub fn has_state(&self) -> bool {
        self.state.join("state.db").exists()
    }

    /// Returns what stands behind an amount of money: a word where it is not real.
    #[must_use]
    pub const fn mark(&self) -> &'static str {
        if self.sandbox { SANDBOX_MONEY } else { "" }
    }

    /// Returns a path below the output root as it can be opened from here.
    #[must_use]
    pub fn opened(&self, path: &str) -> String {
        let path = self.out.join(path);
        path.strip_prefix(".").unwrap_or(&path).display().to_string()
    }

    /// A command of this program as it is to be typed here: `words` and the flags that lead to this project.
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

/// Whether a command without `-f` would find this manifest.
fn is_found_by_itself(manifest: &Path) -> bool {
    let found = upwards().ok().and_then(|found| found.canonicalize().ok());
    found.is_some() && found == manifest.canonicalize().ok()
}

/// A word as a shell takes it for one.
#[must_use]
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

fn upwards() -> Result<PathBuf, Error> {
    let here = std::env::current_dir()
        .map_err(|error| Error::new(Exit::Local, format!("the current folder cannot be read: {error}")))?;
    for (depth, folder) in here.ancestors().enumerate() {
        if folder.join(MANIFEST).is_file() {
            // Relative where it can be, so that messages stay short.
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
