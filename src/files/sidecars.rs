//! Reads the sidecars of clips, and finds all in an output folder, from which a lost state can be rebuilt.

use super::dir::Dir;
use super::tree::Tree;
use crate::domain::lifecycle::ClipFile;
use rustix::fs::OFlags;
use serde_json::Value;
use std::io;

/// Folders whose clips are no longer the clips of a job.
const PUT_AWAY: [&str; 2] = ["_takes", "_archive"];

/// The folder of rehearsals below an output folder.
const REHEARSALS: &str = "sandbox";

/// The state folder of a project, whose clips another project leaves alone.
const STATE: &str = ".shotlist";

/// The versions of a sidecar that are read.
const FORMATS: [u64; 2] = [1, 2];

/// Largest sidecar that is read: a prompt and a few parameters are far below.
const LARGEST_SIDECAR: u64 = 4 << 20;

impl Tree {
    /// Returns every sidecar with a file beside it, under the name of that file, in the order of the names.
    ///
    /// Leaves out what was set aside or archived, rehearsals, hidden folders, folders of other projects, and whatever lies
    /// behind a symbolic link.
    /// Nothing is said about the bytes of a clip.
    pub fn sidecars(&self) -> io::Result<Vec<(String, Value)>> {
        let mut found = Vec::new();
        walk(&self.root()?, "", &mut found)?;
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(found)
    }

    /// Returns what the sidecar of a clip says; `None` where there is none, or none that can be read.
    #[must_use]
    pub fn sidecar_of(&self, target: &str) -> Option<Value> {
        self.sidecar(target).ok().flatten().filter(is_ours)
    }

    /// Reads the sidecar of a clip, whatever it says; `None` where there is none.
    pub(super) fn sidecar(&self, target: &str) -> io::Result<Option<Value>> {
        let (dir, name) = match self.locate(target, false) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            located => located?,
        };
        let Some(bytes) = small(&dir, &sidecar_name(name))? else { return Ok(None) };
        Ok(Some(serde_json::from_slice(&bytes)?))
    }
}

fn walk(dir: &Dir, path: &str, found: &mut Vec<(String, Value)>) -> io::Result<()> {
    let names = dir.names()?;
    if !path.is_empty() && names.iter().any(|name| name == STATE) {
        return Ok(());
    }
    for name in &names {
        if name.starts_with('.') {
            continue;
        }
        let clip = name.strip_suffix(".json").filter(|clip| names.iter().any(|name| name == clip));
        if let Some(clip) = clip {
            // A sidecar that cannot be read proves nothing.
            let sidecar =
                small(dir, name).ok().flatten().and_then(|bytes| serde_json::from_slice(&bytes).ok());
            found.extend(sidecar.filter(is_ours).map(|sidecar| (format!("{path}{clip}"), sidecar)));
        } else if !PUT_AWAY.contains(&name.as_str()) && (!path.is_empty() || name != REHEARSALS) {
            // Fails for files and links.
            if let Ok(child) = dir.child(name, false) {
                walk(&child, &format!("{path}{name}/"), found)?;
            }
        }
    }
    Ok(())
}

/// Returns whether a sidecar is of a version that is read, and names its take.
fn is_ours(sidecar: &Value) -> bool {
    sidecar["format"].as_u64().is_some_and(|format| FORMATS.contains(&format)) && sidecar["take"].is_string()
}

/// Returns the name of the sidecar of a clip.
pub(super) fn sidecar_name(clip: &str) -> String {
    format!("{clip}.json")
}

/// Owner of the name of a clip's sidecar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beside {
    Nothing,
    Sidecar,
    /// Something that is no sidecar of ours.
    Foreign,
}

/// Returns what has the name of a clip's sidecar.
pub(super) fn beside(dir: &Dir, clip: &str) -> io::Result<Beside> {
    let name = sidecar_name(clip);
    if !dir.has(&name)? {
        return Ok(Beside::Nothing);
    }
    let read = small(dir, &name).ok().flatten();
    let sidecar = read.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    Ok(if sidecar.is_some_and(|sidecar| is_sidecar(&sidecar)) { Beside::Sidecar } else { Beside::Foreign })
}

/// Reads the whole of a file that is small, as ours are; `None` where there is none.
fn small(dir: &Dir, name: &str) -> io::Result<Option<Vec<u8>>> {
    match dir.file(name, OFlags::RDONLY, 0) {
        Ok(file) if file.metadata()?.len() > LARGEST_SIDECAR => {
            Err(io::Error::new(io::ErrorKind::InvalidData, "it is far too large for a sidecar"))
        }
        Ok(_) => dir.read(name),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns whether that is a sidecar of ours: it names a take and its clip.
fn is_sidecar(sidecar: &Value) -> bool {
    sidecar["take"].is_string() && file_of(sidecar).is_some()
}

/// Returns the clip that a sidecar tells of.
pub(super) fn file_of(sidecar: &Value) -> Option<ClipFile> {
    let sha256 = sidecar["sha256"].as_str()?.parse().ok()?;
    Some(ClipFile { size: sidecar["bytes"].as_u64()?, sha256 })
}
