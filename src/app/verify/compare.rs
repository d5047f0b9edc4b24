//! Compares one saved clip with its record.
//!
//! If a run was killed while it saved a newer clip at the same path, the file may be the newer clip.

use crate::files::{Finding, SidecarFault, Tree};
use crate::plan::known::Filed;
use crate::store::Clip;

/// Compares a clip and its sidecar with the records. `newer` is the clip that a run had begun to save at the same path.
pub(super) fn compare(tree: &Tree, clip: &Clip, newer: Option<&Filed>) -> (Finding, Option<SidecarFault>) {
    let filed = &clip.filed;
    let (found, sidecar) =
        (tree.examine(&filed.path, &filed.file), tree.examine_sidecar(&filed.path, &filed.file));
    match newer {
        // The run was killed after it gave the newer clip its name, or gave the sidecar its name before that.
        Some(newer) if found != Finding::Missing && tree.is_placed(&filed.path, &newer.file) => {
            (Finding::Same, None)
        }
        Some(newer) if tree.examine_sidecar(&filed.path, &newer.file).is_none() => (found, None),
        _ => (found, sidecar),
    }
}
