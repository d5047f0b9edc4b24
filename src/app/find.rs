//! Finds the project and the job that the user named.

use super::error::Error;
use super::exit::Exit;
use super::names::Names;
use super::places::Places;
use crate::domain::ident::composed;
use crate::domain::key::JobKey;
use crate::domain::take::Take;
use crate::load;
use crate::manifest::{self, Manifest};
use crate::store::Reader;

/// Reads the project's manifest; `None` if it cannot be read.
pub(crate) fn manifest(places: &Places) -> Option<Manifest> {
    let bytes = load::read(&places.manifest).ok()?;
    manifest::read(&places.shown, &bytes).0
}

/// Returns the name of the manifest's project; `None` if the manifest cannot be read.
///
/// Callers then use all projects of the folder.
pub(crate) fn project_name(places: &Places) -> Option<String> {
    manifest(places).map(|manifest| manifest.project)
}

/// Finds the job that a name or a pattern selects, and returns it with its project.
///
/// It searches the manifest's project, or all projects of the folder if the manifest cannot be read.
pub(crate) async fn find(
    reader: &Reader,
    project: Option<&str>,
    job: &str,
) -> Result<(String, JobKey), Error> {
    let known = reader.keys(project).await?;
    among(known, job)
}

/// Searches the folder's other projects for a job of this name that needs a decision and that this project may decide
/// about; `None` unless there is exactly one.
///
/// This project may decide about the jobs of a project that no manifest of the folder names any more, for example after
/// a rename, and about a rendering whose clip one of its own jobs waits for.
pub(crate) async fn held_elsewhere(
    reader: &Reader,
    places: &Places,
    project: Option<&str>,
    job: &str,
) -> Result<Option<(String, JobKey)>, Error> {
    let Some(project) = project else { return Ok(None) };
    let awaited = reader.held(Some(project)).await?;
    let named = load::projects_of(&places.folder);
    let is_open = |take: &Take| {
        let is_dead = named.as_ref().is_some_and(|named| !named.contains(&take.project));
        take.project != project && (is_dead || awaited.iter().any(|awaited| awaited.id == take.id))
    };
    let others = reader.held(None).await?.into_iter().filter(is_open);
    Ok(among(others.map(|take| (take.project, take.key)).collect(), job).ok())
}

/// Finds the job that a name or a pattern selects. `known` has the possible jobs, each with its project's name.
fn among(known: Vec<(String, JobKey)>, job: &str) -> Result<(String, JobKey), Error> {
    let keys: Vec<JobKey> = known.iter().map(|(_, key)| key.clone()).collect();
    let key = match job_named(job, &keys) {
        Ok(key) => key,
        // An exact name comes before a pattern, because ids may hold any character.
        Err(error) if job.contains(['*', '?', '[', '{']) => matched(job, keys)?.ok_or(error)?,
        Err(error) => return Err(error),
    };
    let mut projects: Vec<String> =
        known.into_iter().filter(|(_, known)| *known == key).map(|(project, _)| project).collect();
    match projects.pop() {
        Some(project) if projects.is_empty() => Ok((project, key)),
        Some(other) => Err(Error::new(
            Exit::Usage,
            format!(
                "{key} is a job of {} and of {other}, and the manifest, which would select one of them, cannot be \
                 read",
                projects.join(", ")
            ),
        )),
        // Every key in the list has a project.
        None => Err(Error::new(Exit::Unexpected, format!("{key} has no project"))),
    }
}

/// Finds the only job that a pattern matches; `None` if it matches none.
///
/// It fails if the pattern matches several jobs.
fn matched(pattern: &str, keys: Vec<JobKey>) -> Result<Option<JobKey>, Error> {
    let pattern = [pattern.to_owned()];
    let is_name = |name: &str| {
        let called = |key: &JobKey| key.item == name || key.to_string() == name;
        Ok::<_, Error>(keys.iter().any(called))
    };
    let names = Names::of(&pattern, is_name)?;
    let mut found = keys.into_iter().filter(|key| names.has(key));
    let Some(first) = found.next() else { return Ok(None) };
    let Some(second) = found.next() else { return Ok(Some(first)) };
    let others = match found.count() {
        0 => String::new(),
        others => format!(" and {others} more"),
    };
    let what = format!("`{}` matches {first}, {second}{others}; name one of them", pattern[0]);
    Err(Error::new(Exit::Usage, what))
}

/// Finds a job by its key (`shot/item`), or by its item id if the item has only one job.
pub(crate) fn job_named(text: &str, known: &[JobKey]) -> Result<JobKey, Error> {
    if let Some(key) = text.parse::<JobKey>().ok().filter(|key| known.contains(key)) {
        return Ok(key);
    }
    // The user types a key with hidden characters as messages show it.
    if let Some(key) = known.iter().find(|key| key.to_string() == text) {
        return Ok(key.clone());
    }
    let mut of_item = known.iter().filter(|key| key.item == text);
    match (of_item.next(), of_item.next()) {
        (Some(key), None) => Ok(key.clone()),
        (Some(first), Some(second)) => Err(Error::new(
            Exit::Usage,
            format!("`{text}` has several jobs, among them {first} and {second}; name one of them"),
        )),
        // Ids have composed letters (NFC), but terminals may paste a letter and its accent as two characters.
        _ if composed(text) != text => job_named(&composed(text), known),
        _ => {
            let names: Vec<String> = known.iter().map(ToString::to_string).collect();
            let close = crate::domain::problem::did_you_mean(text, names.iter().map(String::as_str));
            let hint = close.map(|close| format!("; did you mean {close}?")).unwrap_or_default();
            Err(Error::new(Exit::Usage, format!("there is no job `{text}`{hint}")))
        }
    }
}
