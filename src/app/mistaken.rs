//! Finds what the user meant by the name of a manifest that does not exist: another file, or an item.

use super::error::Error;
use super::exit::Exit;
use super::places::quoted;
use crate::domain::problem::{Place, Problem, did_you_mean};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The endings of the names of manifests.
const MANIFESTS: [&str; 2] = ["yaml", "yml"];

/// Endings that mark a name as that of a file; a name without one may be the id of an item.
const FILES: [&str; 8] = ["yaml", "yml", "json", "csv", "tsv", "xlsx", "xml", "txt"];

/// The command that the user typed, with the name of the manifest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named<'a> {
    pub(crate) command: &'a str,
    /// The manifest after the command's name, if there is one.
    pub(crate) manifest: Option<&'a Path>,
    /// The manifest of the option `--file`, if it is used.
    pub(crate) file: Option<&'a Path>,
    /// True if the command has the option `--only`.
    pub(crate) has_only: bool,
    /// The folder of the option `--out`, if it is used.
    pub(crate) out: Option<&'a Path>,
    /// True if the command has the option `--sandbox`.
    pub(crate) sandbox: bool,
}

/// Returns an error if the named manifest does not exist and the user most likely meant another file or an item.
pub(crate) fn check(named: Named<'_>) -> Result<(), Error> {
    let Named { command, manifest: named, file, has_only, out, sandbox } = named;
    let Some(manifest) = named.or(file).filter(|manifest| !manifest.exists()) else {
        return Ok(());
    };
    let (hint, mut words) = if let Some(near) = near(manifest) {
        let near = near.display().to_string();
        (format!("did you mean `{near}`?"), format!("shotlist {command} -f {}", quoted(&near)))
    } else if has_only && named.is_some_and(is_like_an_item) {
        let item = quoted(&manifest.display().to_string());
        let mut words = format!("shotlist {command} --only {item}");
        if let Some(file) = file {
            let _ = write!(words, " -f {}", quoted(&file.display().to_string()));
        }
        (format!("a manifest is expected here; to select an item, write `--only {item}`"), words)
    } else {
        return Ok(());
    };
    if let Some(out) = out {
        let _ = write!(words, " --out {}", quoted(&out.display().to_string()));
    }
    if sandbox {
        words += " --sandbox";
    }
    Err(missing(manifest, hint).hint(words))
}

/// Returns an error if the named manifest does not exist.
pub(crate) fn refuse_missing(named: Option<&Path>) -> Result<(), Error> {
    let Some(manifest) = named.filter(|manifest| !manifest.exists()) else { return Ok(()) };
    let hint = match near(manifest) {
        Some(near) => format!("did you mean `{}`?", near.display()),
        None => "write the path of an existing file, relative to this folder".to_owned(),
    };
    Err(missing(manifest, hint))
}

fn missing(manifest: &Path, hint: String) -> Error {
    let place = Place::File(manifest.display().to_string());
    let problem = Problem::error(place, "the manifest cannot be read: there is no such file").hint(hint);
    let error = Error::new(Exit::Invalid, "1 error; nothing was sent").problems(vec![problem]);
    error.money("not charged")
}

/// Returns an existing manifest whose name differs from that of a missing one in its ending, or in a few letters.
fn near(missing: &Path) -> Option<PathBuf> {
    let mut others = MANIFESTS.into_iter().map(|ending| missing.with_extension(ending));
    if let Some(other) = others.find(|other| other.is_file()) {
        return Some(other);
    }
    let name = missing.file_name()?.to_str().filter(|_| has_ending(missing, &MANIFESTS))?;
    let folder = missing.parent()?;
    let looked = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = std::fs::read_dir(looked).ok()?.flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let names: Vec<String> = names.filter(|name| has_ending(Path::new(name), &MANIFESTS)).collect();
    did_you_mean(name, names.iter().map(String::as_str)).map(|near| folder.join(near))
}

/// Returns whether a word has the form of an item's id or a job's key, such as `0101` or `hero/0101`.
fn is_like_an_item(name: &Path) -> bool {
    let is_in_a_folder =
        name.parent().is_some_and(|folder| !folder.as_os_str().is_empty() && folder.is_dir());
    !has_ending(name, &FILES) && name.is_relative() && !name.starts_with(".") && !is_in_a_folder
}

fn has_ending(name: &Path, endings: &[&str]) -> bool {
    let ending = name.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| endings.contains(&ending))
}

#[cfg(test)]
mod tests;
