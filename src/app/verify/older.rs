//! Finds the missing older versions of clips that the manifest wants again.
//!
//! A repair forgets all other missing older versions: it records that their files no longer exist.

use crate::app::decided::{Choice, Decided};
use crate::app::error::Error;
use crate::app::inputs::load;
use crate::app::plan::{attach_history, plan_tables};
use crate::app::selection::Selection;
use crate::app::session::Session;
use crate::domain::key::TakeId;
use crate::plan::filing::there;
use crate::store::Clip;
use std::collections::HashSet;

/// Splits missing older versions into those that the manifest may want again and those that it does not want.
///
/// If the manifest cannot be read or planned now, it may want all of them.
pub(super) fn sort(session: &Session, missing: Vec<Clip>) -> (Vec<Clip>, Vec<Clip>) {
    let takes: HashSet<TakeId> = missing.iter().map(|clip| clip.filed.take.clone()).collect();
    if takes.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let wanted = wanted(session, &takes);
    let is_wanted = |clip: &Clip| wanted.as_ref().is_none_or(|wanted| wanted.contains(&clip.filed.take));
    missing.into_iter().partition(is_wanted)
}

/// Returns those of `takes` whose clips a run would move or copy to the path of a job.
///
/// It is `None` if the manifest exists but cannot be planned. Without a manifest, no clip is wanted.
fn wanted(session: &Session, takes: &HashSet<TakeId>) -> Option<HashSet<TakeId>> {
    let (project, places) = (&session.project, &session.places);
    if !places.manifest.exists() {
        return Some(HashSet::new());
    }
    let plan_tables = plan_tables(places).ok()?;
    let loaded = load(project, &plan_tables);
    let manifest = loaded.manifest.as_ref().filter(|_| !loaded.is_invalid())?;
    attach_history(&plan_tables, places, manifest, Some(&session.store)).ok()?;
    let choice = Choice { selection: &Selection::default(), approved: None, accepted: false };
    Decided::of(manifest, &loaded, &plan_tables, choice).ok()?;
    let mut wanted = HashSet::new();
    let kinds = ["moved", "renamed", "shared", "kept", "asks"];
    let read = plan_tables.lock().each_named::<Error>(&kinds, |_, job| {
        let take = there(&job.decision).map(|from| &from.take);
        wanted.extend(take.filter(|take| takes.contains(take)).cloned());
        Ok(())
    });
    read.ok().map(|()| wanted)
}
