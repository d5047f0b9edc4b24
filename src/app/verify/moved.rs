//! Finds missing clips at the paths that the manifest asks for.

use crate::app::inputs::load;
use crate::app::moved::is_at;
use crate::app::plan::plan_tables;
use crate::app::project::Project;
use crate::app::reporter::News;
use crate::domain::text::count;
use crate::files::{Finding, SidecarFault, Tree};
use crate::store::{Clip, PlanTables};

/// The search for clips that have left their recorded paths but are at the paths that the manifest asks for.
pub(super) struct MovedClips<'a> {
    project: &'a Project,
    /// Jobs of the manifest; `None` until a clip is found missing, because the manifest is loaded only then.
    wanted: Option<PlanTables>,
    found: usize,
}

impl<'a> MovedClips<'a> {
    pub(super) fn new(project: &'a Project) -> Self {
        Self { project, wanted: None, found: 0 }
    }

    /// Returns the result of comparing a clip, corrected if the clip was only moved.
    ///
    /// A clip that is missing at its recorded path counts as unchanged if it is at the path that the manifest asks for.
    pub(super) fn settle(
        &mut self,
        tree: &Tree,
        clip: &Clip,
        compared: (Finding, Option<SidecarFault>),
    ) -> (Finding, Option<SidecarFault>) {
        if compared.0 == Finding::Missing && !clip.older && self.has_arrived(tree, clip).unwrap_or(false) {
            self.found += 1;
            return (Finding::Same, None);
        }
        compared
    }

    fn has_arrived(&mut self, tree: &Tree, clip: &Clip) -> Option<bool> {
        if self.wanted.is_none() {
            let jobs = plan_tables(&self.project.places).ok()?;
            // Jobs of a manifest with errors count, too: the bytes prove that the file is the clip.
            drop(load(self.project, &jobs));
            self.wanted = Some(jobs);
        }
        let wanted = self.wanted.as_ref()?.lock().wanted(&clip.key).ok()??;
        Some(is_at(tree, &wanted.path, &clip.filed))
    }

    /// Reports the number of the moved clips, and the command that records their paths.
    pub(super) fn tell(&self) {
        let (are, their) = if self.found == 1 { ("is", "its path") } else { ("are", "their paths") };
        if self.found > 0 {
            let run = self.project.places.typed("run");
            let clips = count(self.found, "clip");
            let note = format!(
                "{clips} {are} already where the manifest wants {}; `{run}` records {their}",
                if self.found == 1 { "it" } else { "them" }
            );
            self.project.tell(&News::Note(&note));
        }
    }
}
