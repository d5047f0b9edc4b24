//! Finds missing clips at the paths that the manifest asks for, for example after a person moved them there.
//!
//! Such a clip is not lost: the next run records its new path, free of charge. If the provider were asked for it
//! instead, an expired link would leave the job without a clip.

use crate::domain::clip_damage::ClipDamage;
use crate::files::Tree;
use crate::plan::known::Filed;
use crate::store::{Clip, PlanTables, StoreError};

/// Returns whether a clip's intact file is at `path`, and `path` is not the recorded path of the clip.
pub(crate) fn is_at(tree: &Tree, path: &str, clip: &Filed) -> bool {
    path != clip.path && tree.is_placed(path, &clip.file)
}

/// Removes from `lost` the missing clips that are at the paths at which their jobs want them.
pub(crate) fn leave_out_arrived(
    lost: &mut Vec<(Clip, ClipDamage)>,
    plan_tables: &PlanTables,
    tree: &Tree,
) -> Result<(), StoreError> {
    let tables = plan_tables.lock();
    let mut kept = Vec::new();
    for (clip, loss) in std::mem::take(lost) {
        let has_arrived = loss == ClipDamage::Missing
            && tables.wanted(&clip.key)?.is_some_and(|wanted| is_at(tree, &wanted.path, &clip.filed));
        if !has_arrived {
            kept.push((clip, loss));
        }
    }
    *lost = kept;
    Ok(())
}
