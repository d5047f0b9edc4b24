//! Finds the sidecars in an output folder, from which a lost state can be rebuilt.

use super::dir::Dir;
use super::examine::small;
use super::tree::Tree;
use serde_json::Value;
use std::io;

/// Folders whose clips are no longer the clips of a job.
const PUT_AWAY: [&str; 2] = ["_takes", "_archive"];

/// The folder of rehearsals below an output folder.
const REHEARSALS: &str = "sandbox";

/// The versions of a sidecar that are read.
const FORMATS: [u64; 2] = [1, 2];

impl Tree {
    /// Returns every sidecar with a file beside it, under the name of that file, in the order of the names.
    ///
    /// Leaves out what was set aside or archived, rehearsals, hidden folders, and whatever lies behind a symbolic link.
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
}

fn walk(dir: &Dir, path: &str, found: &mut Vec<(String, Value)>) -> io::Result<()> {
    let names = dir.names()?;
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

fn is_ours(sidecar: &Value) -> bool {
    sidecar["format"].as_u64().is_some_and(|format| FORMATS.contains(&format)) && sidecar["take"].is_string()
}
