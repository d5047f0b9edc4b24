//! Reads the sidecars of clips, and finds all sidecars in an output folder to rebuild lost records.

use super::dir::Dir;
use super::tree::Tree;
use crate::domain::key::TakeId;
use crate::domain::lifecycle::ClipFile;
use rustix::fs::OFlags;
use serde_json::Value;
use std::collections::HashMap;
use std::io;

/// The folders with clips that no job uses any more, which the search for sidecars skips.
const PUT_AWAY: [&str; 2] = ["_takes", "_archive"];

/// The folder of rehearsals, directly below an output folder, which the search for sidecars skips.
const REHEARSALS: &str = "sandbox";

/// The name of a project's state folder. A folder below the output folder that contains a state folder belongs to
/// another project, so the search for sidecars skips it.
const STATE: &str = ".shotlist";

/// The supported versions of the sidecar format.
const FORMATS: [u64; 2] = [1, 2];

/// The largest sidecar that is read, in bytes: a prompt and a few parameters are far smaller.
const LARGEST_SIDECAR: u64 = 4 << 20;

impl Tree {
    /// Finds every sidecar, also one whose clip is missing. Returns pairs of the clip's path and the sidecar, sorted by
    /// path.
    ///
    /// Skips replaced clips (under `_takes/`) and archived clips, rehearsals, hidden folders, folders of other
    /// projects, and everything behind a symbolic link. Does not check a clip's bytes.
    pub fn sidecars(&self) -> io::Result<Vec<(String, Value)>> {
        let mut found = Vec::new();
        walk(&self.root()?, "", &PUT_AWAY, &mut |clip, sidecar| found.push((clip, sidecar)))?;
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(found)
    }

    /// Finds the clips with a sidecar, including replaced clips (under `_takes/`) and archived clips. Returns the
    /// clips' paths by the take that the sidecar names.
    ///
    /// Apart from these two, skips the same folders as [`Tree::sidecars`], and does not check a clip's bytes.
    pub fn clips_by_take(&self) -> io::Result<HashMap<TakeId, Vec<String>>> {
        let mut found: HashMap<TakeId, Vec<String>> = HashMap::new();
        walk(&self.root()?, "", &[], &mut |clip, sidecar| {
            if let Some(take) = sidecar["take"].as_str() {
                found.entry(TakeId(take.to_owned())).or_default().push(clip);
            }
        })?;
        Ok(found)
    }

    /// Returns the sidecar of a clip; `None` if it is missing or cannot be read.
    #[must_use]
    pub fn sidecar_of(&self, target: &str) -> Option<Value> {
        self.sidecar(target).ok().flatten().filter(is_ours)
    }

    /// Reads a clip's sidecar as JSON, whatever its content; `None` if it is missing.
    pub(super) fn sidecar(&self, target: &str) -> io::Result<Option<Value>> {
        let (dir, name) = match self.locate(target, false) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            located => located?,
        };
        let Some(bytes) = small(&dir, &sidecar_name(name))? else { return Ok(None) };
        Ok(Some(serde_json::from_slice(&bytes)?))
    }
}

/// Calls `visit` with each clip's path and its sidecar, in this folder and below. Skips folders with the names
/// `skipped`.
fn walk(dir: &Dir, path: &str, skipped: &[&str], visit: &mut dyn FnMut(String, Value)) -> io::Result<()> {
    let names = dir.names()?;
    if !path.is_empty() && names.iter().any(|name| name == STATE) {
        return Ok(());
    }
    for name in &names {
        if name.starts_with('.') {
            continue;
        }
        // The name of a clip has an ending of its own.
        let clip = name
            .strip_suffix(".json")
            .filter(|clip| clip.contains('.') || names.iter().any(|name| name == clip));
        if let Some(clip) = clip {
            // A sidecar that cannot be read proves nothing.
            let sidecar =
                small(dir, name).ok().flatten().and_then(|bytes| serde_json::from_slice(&bytes).ok());
            if let Some(sidecar) = sidecar.filter(is_ours) {
                visit(format!("{path}{clip}"), sidecar);
            }
        } else if !skipped.contains(&name.as_str()) && (!path.is_empty() || name != REHEARSALS) {
            // This fails for files and links.
            if let Ok(child) = dir.child(name, false) {
                walk(&child, &format!("{path}{name}/"), skipped, visit)?;
            }
        }
    }
    Ok(())
}

/// Checks whether a sidecar has a supported version and names its take.
fn is_ours(sidecar: &Value) -> bool {
    sidecar["format"].as_u64().is_some_and(|format| FORMATS.contains(&format)) && sidecar["take"].is_string()
}

pub(super) fn sidecar_name(clip: &str) -> String {
    format!("{clip}.json")
}

/// The kind of file that has a sidecar's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SidecarState {
    Nothing,
    Sidecar,
    /// Something that is not one of shotlist's sidecars.
    Foreign,
}

/// Returns the kind of file that has the name of a clip's sidecar.
pub(super) fn sidecar_state(dir: &Dir, clip: &str) -> io::Result<SidecarState> {
    let name = sidecar_name(clip);
    if !dir.has(&name)? {
        return Ok(SidecarState::Nothing);
    }
    let read = small(dir, &name).ok().flatten();
    let sidecar = read.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    Ok(if sidecar.is_some_and(|sidecar| is_sidecar(&sidecar)) {
        SidecarState::Sidecar
    } else {
        SidecarState::Foreign
    })
}

/// Reads a whole file; `None` if it does not exist. A file of more than [`LARGEST_SIDECAR`] bytes is an error.
fn small(dir: &Dir, name: &str) -> io::Result<Option<Vec<u8>>> {
    match dir.file(name, OFlags::RDONLY, 0) {
        Ok(file) if file.metadata()?.len() > LARGEST_SIDECAR => {
            Err(io::Error::new(io::ErrorKind::InvalidData, "the file is far too large for a sidecar"))
        }
        Ok(_) => dir.read(name),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Checks whether a JSON value is one of shotlist's sidecars: it names a take and its clip.
fn is_sidecar(sidecar: &Value) -> bool {
    sidecar["take"].is_string() && file_of(sidecar).is_some()
}

/// Returns the size and hash of the clip that a sidecar describes; `None` if they are missing or invalid.
pub(super) fn file_of(sidecar: &Value) -> Option<ClipFile> {
    let sha256 = sidecar["sha256"].as_str()?.parse().ok()?;
    Some(ClipFile { size: sidecar["bytes"].as_u64()?, sha256 })
}
