//! Finds other manifests of the folder that name the same project, for example a copy that a user edited.
//!
//! The state belongs to a project, so such manifests share it: after a run of one of them, the jobs of the other count
//! as removed.

use super::places::Places;
use crate::domain::foreign::shown;
use crate::domain::problem::{Place, Problem};
use crate::load::namesakes;
use crate::manifest::Manifest;
use std::path::Path;

/// The advice that ends the sharing.
pub(crate) const ADVICE: &str = "give each manifest its own `project:`";

/// Returns the warning that other manifests of the folder name the same project; `None` if there are none.
pub(crate) fn problem(places: &Places, manifest: Option<&Manifest>) -> Option<Problem> {
    let what = sharing(places, &manifest?.project)?;
    Some(Problem::warning(Place::File(places.shown.clone()), what).hint(ADVICE))
}

/// Returns the same warning as [`problem`], with its advice, as one sentence.
pub(crate) fn warning(places: &Places, project: &str) -> Option<String> {
    sharing(places, project).map(|what| format!("{what}; {ADVICE}"))
}

fn sharing(places: &Places, project: &str) -> Option<String> {
    let names: Vec<String> = namesakes(&places.manifest, project).iter().map(|path| name(path)).collect();
    let (who, all, other) = match &names[..] {
        [] => return None,
        [one] => (format!("{one} has"), "both manifests", "the other"),
        [one, two] => (format!("{one} and {two} have"), "these manifests", "the others"),
        [one, two, ..] => {
            (format!("{one}, {two} and {} more have", names.len() - 2), "these manifests", "the others")
        }
    };
    let project = shown(project);
    Some(format!(
        "{who} the same project name, `{project}`: {all} share clips, jobs and budgets, and after a run of one of \
         them the jobs of {other} count as removed"
    ))
}

/// Returns the path of a manifest for a message.
pub(crate) fn name(path: &Path) -> String {
    format!("`{}`", path.display())
}
