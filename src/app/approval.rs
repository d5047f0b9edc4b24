//! Approved plans as files: `plan --out` writes one, and `run --plan` sends exactly its jobs.

use super::error::Error;
use super::exit::Exit;
use super::out_file::replacing;
use super::places::{Places, quoted};
use super::planned::Plan;
use super::project::Project;
use super::reporter::News;
use super::words::Words;
use crate::domain::digest::Sha256;
use crate::files::{Output, head};
use crate::manifest::{Items, Manifest};
use crate::plan::approval::{Approval, FORMAT, Input};

use crate::domain::text::count;
use crate::store::{PlanTables, StoreError};
use jiff::Timestamp;
use std::collections::HashSet;
use std::fs::File;
use std::path::Path;

/// Checks that a plan may be written to `file`, and returns the checked file.
///
/// Only an older plan may be replaced. Any other existing file is refused, and so is standard output (`-`). `repeat` is
/// the command without the file.
pub(crate) fn check(places: &Places, file: &Path, repeat: &Words) -> Result<Output, Error> {
    let hint = |words: Words| places.typed(&words.build());
    if file == Path::new("-") {
        let what = "a plan cannot be written to standard output; name a file";
        return Err(Error::new(Exit::Usage, what)
            .money("nothing was written")
            .hint(hint(repeat.clone().flag("--json", true))));
    }
    replacing(file, "a plan", is_plan)
        .map_err(|error| error.hint(hint(repeat.clone().option("--out", ["PLAN_FILE"]))))
}

/// Returns whether a file begins like a plan that [`write`] has written.
fn is_plan(file: &File) -> bool {
    let head = head(file);
    head.starts_with("{\n  \"format\": ") && head.contains("\n  \"shotlist\": \"")
}

/// Writes the plan to a file that only the current user can read, because prompts may be confidential.
///
/// If records were missing when the database was rebuilt, `gaps` is the time of that rebuild; otherwise it is `None`.
pub(crate) fn write(
    places: &Places,
    manifest: &Manifest,
    (plan, gaps): (&Plan, Option<Timestamp>),
    plan_tables: &PlanTables,
    file: &Output,
) -> Result<(), Error> {
    let mut approval = Approval::new(&manifest.project, inputs(places, manifest), plan.total());
    approval.rebuilt = gaps.map(|rebuilt| rebuilt.to_string());
    let added = plan_tables.lock().each::<StoreError>(|_, job| {
        approval.add(&job.wanted, &job.decision);
        Ok(())
    });
    added?;
    let text = serde_json::to_string_pretty(&approval).map_err(|error| {
        Error::new(Exit::Unexpected, format!("the plan could not be converted to JSON: {error}"))
    })?;
    file.write(format!("{text}\n").as_bytes(), 0o600).map_err(|error| {
        let what = format!("the plan cannot be written to `{}`: {error}", file.named().display());
        Error::new(Exit::Local, what).money("not charged")
    })
}

/// Reads an approved plan from a file.
///
/// It refuses a file that is not a plan, a plan of another project, and a plan of another format version.
pub(crate) fn read(places: &Places, manifest: &Manifest, file: &Path) -> Result<Approval, Error> {
    let refused = |exit, what: String| {
        let what = format!("{}: {what}; nothing was sent", file.display());
        Error::new(exit, what).money("not charged").hint(places.typed("plan"))
    };
    let text = std::fs::read_to_string(file).map_err(|error| refused(Exit::Usage, error.to_string()))?;
    // The version is checked first because a newer format may differ in everything else.
    let format = serde_json::from_str::<serde_json::Value>(&text).ok();
    match format.as_ref().and_then(|value| value.get("format")).and_then(serde_json::Value::as_u64) {
        Some(format) if format == u64::from(FORMAT) => {}
        Some(format) => {
            let what =
                format!("the plan has format {format}, but this version of shotlist reads format {FORMAT}");
            return Err(refused(Exit::Usage, what));
        }
        None => return Err(refused(Exit::Usage, "it is not a plan written by `plan --out`".to_owned())),
    }
    let plan: Approval = serde_json::from_str(&text)
        .map_err(|error| refused(Exit::Usage, format!("the plan is damaged: {error}")))?;
    if plan.project != manifest.project {
        let what =
            format!("the plan belongs to the project `{}`, not to `{}`", plan.project, manifest.project);
        return Err(refused(Exit::Invalid, what));
    }
    Ok(plan)
}

/// Returns an error if any job has changed since the approved plan was written, so that only approved jobs are paid
/// for.
///
/// If only input files changed and no planned job did, a note names the files.
pub(crate) fn compare(
    project: &Project,
    manifest: &Manifest,
    (plan, file): (&Approval, &Path),
    plan_tables: &PlanTables,
) -> Result<(), Error> {
    let places = &project.places;
    let (mut moved, mut there) = (Vec::new(), HashSet::new());
    let compared = plan_tables.lock().each::<StoreError>(|_, job| {
        moved.extend(plan.moved(&job.wanted, &job.decision));
        there.insert(job.wanted.key.to_string());
        Ok(())
    });
    compared?;
    moved.extend(plan.missing(&there));
    moved.sort_by(|one, other| one.key.cmp(&other.key));
    if moved.is_empty() {
        for input in inputs(places, manifest) {
            if plan.inputs.iter().any(|then| then.file == input.file && then.sha256 != input.sha256) {
                let note =
                    format!("{} changed since the plan was made, but no planned job changed", input.file);
                project.tell(&News::Note(&note));
            }
        }
        return Ok(());
    }
    project.tell(&News::Moved(&moved));
    let are = if moved.len() == 1 { "has" } else { "have" };
    let what =
        format!("{} {are} changed since the plan was made; nothing was sent", count(moved.len(), "job"));
    let again = places.typed(&format!("plan --out {}", quoted(&file.display().to_string())));
    Err(Error::new(Exit::Invalid, what).money("not charged").hint(again))
}

/// Returns the names and the checksums of the manifest and the product file.
///
/// A file that cannot be read is left out, because the error was already reported when the file was loaded.
fn inputs(places: &Places, manifest: &Manifest) -> Vec<Input> {
    let mut files = vec![(places.shown.clone(), places.manifest.clone())];
    if let Items::File { from, .. } = &manifest.items {
        files.push((from.value.clone(), places.folder.join(&from.value)));
    }
    let hashed = |(file, path): (String, std::path::PathBuf)| {
        let sha256 = Sha256::of(&std::fs::read(path).ok()?).to_string();
        Some(Input { file, sha256 })
    };
    files.into_iter().filter_map(hashed).collect()
}
