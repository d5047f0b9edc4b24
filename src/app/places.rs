//! Where things are: flags over environment over defaults. The only reader of the environment.

use crate::cli::args::Global;
use super::error::Error;
use super::exit::Exit;
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
    /// The flags that lead a command from here to the same place.
    flags: String,
}

impl Places {
    /// From the flags, or by looking upwards from here.
    pub fn find(positional: Option<&Path>, global: &Global) -> Result<Self, Error> {
        let manifest = match positional.or(global.file.as_deref()) {
            Some(named) => named.to_owned(),
            None => upwards()?,
        };
        let folder = folder_of(&manifest);
        let mut state = folder.join(STATE);
        let mut out = global.out.clone().unwrap_or_else(|| folder.clone());
        if global.sandbox {
            state.push(SANDBOX);
            if global.out.is_none() {
                out.push(SANDBOX);
            }
        }
        let mut flags = String::new();
        if !is_found_by_itself(&manifest) {
            let _ = write!(flags, " -f {}", quoted(&manifest.display().to_string()));
        }
        if let Some(out) = &global.out {
            let _ = write!(flags, " --out {}", quoted(&out.display().to_string()));
        }
        if global.sandbox {
            flags += " --sandbox";
        }
        Ok(Self {
            shown: manifest.display().to_string(),
            manifest,
            folder,
            state,
            out,
            sandbox: global.sandbox,
            flags,
        })
    }

    /// Where is kept what holds for rehearsals as well.
    #[must_use]
    pub fn shared_state(&self) -> PathBuf {
        self.folder.join(STATE)
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

/// A variable of the environment; `None` where it is not set or not text.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this is the file that reads the environment")]
    std::env::var(name).ok()
}

/// The line of the program at which a test ends the process: `LINE` or `LINE:COUNT` for the COUNT-th time.
pub const CRASH_AT: &str = "SHOTLIST_CRASH_AT";

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
