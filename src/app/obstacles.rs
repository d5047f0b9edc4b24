//! Finds files that are in the way at the paths to which clips will be saved.

use super::error::Error;
use super::exit::Exit;
use super::lost::Lost;
use super::places::Places;
use super::session::Session;
use crate::domain::lifecycle::ClipFile;
use crate::domain::problem::{Place, Problem};
use crate::domain::text::slug;
use crate::files::{ObstacleSearch, Tree};
use crate::manifest::Manifest;
use crate::plan::filing::{Filings, Target, needs_place, target, there};
use crate::store::{PlanTables, StoreError, Taken};
use std::collections::{BTreeSet, HashMap};

/// The advice where two clips would have the same name.
const OWN_NAME: &str = "change `output:`, so that every clip has a name of its own";

/// The advice for a file that shotlist does not know.
const MOVE_AWAY: &str = "move it away, or put the clips elsewhere with `--out FOLDER`";

/// A search, before anything is paid, for files that are in the way at the paths of new clips.
pub(crate) struct Obstacles<'a> {
    session: &'a Session,
    tree: Tree,
    names: ObstacleSearch,
    problems: Vec<Problem>,
    /// True if the search found a job's own clip that was altered after it was saved.
    is_altered: bool,
    /// Other projects' clips at the paths where this plan saves clips, by path: the project and the problem.
    taken: HashMap<String, (String, Problem)>,
    /// Projects whose clips are in the way.
    owners: BTreeSet<String>,
    /// True if a file in the way is not the clip of another project.
    has_other_files: bool,
    /// Problem with the disk of an output folder; `None` if no problem was found.
    disk: Option<String>,
}

impl<'a> Obstacles<'a> {
    /// Opens the output folder, to search it for files that are in the way.
    pub(crate) fn new(session: &'a Session) -> Result<Self, Error> {
        let tree = session.tree()?;
        let names = ObstacleSearch::new(tree.clone());
        Ok(Self {
            session,
            names,
            tree,
            problems: Vec::new(),
            is_altered: false,
            taken: HashMap::new(),
            owners: BTreeSet::new(),
            has_other_files: false,
            disk: None,
        })
    }

    /// Searches for files in the way at the path of every clip that will be rendered or moved.
    pub(crate) fn search(
        &mut self,
        manifest: &Manifest,
        plan_tables: &PlanTables,
        filings: &Filings,
    ) -> Result<(), StoreError> {
        let vacated = filings.vacated();
        let places = &self.session.places;
        let known = |taken: Taken| {
            let problem = taken_by(places, manifest, &taken);
            (taken.filed.path, (taken.project, problem))
        };
        self.taken = plan_tables.lock().taken_by_others()?.into_iter().map(known).collect();
        plan_tables.lock().each(|tables, job| {
            let (wanted, decision) = (&job.wanted, &job.decision);
            if needs_place(wanted, decision) {
                let own = tables.known(&wanted.key)?.and_then(|known| known.filed);
                let vacated = vacated.get(wanted.path.as_str()).copied();
                let promised = tables.promised(&wanted.path)?;
                let mut target = target(wanted, decision, own.as_ref(), vacated, promised);
                if let Some(file) = self.meets(&target)
                    && !(decision.costs() && tables.has_there(&wanted.path, &wanted.key)?)
                {
                    target.may_stand.extend(tables.clip_at(&wanted.path, file)?.map(|clip| clip.file));
                }
                self.look(&target, own.as_ref().is_some_and(|own| own.path == wanted.path));
            }
            Ok(())
        })
    }

    /// Returns the file that is in the way at a clip's path; `None` if there is none, or if it cannot be read.
    ///
    /// The file may be an earlier clip, which can be moved away.
    pub(crate) fn meets(&mut self, target: &Target) -> Option<ClipFile> {
        self.names.obstacle(&target.path, &target.may_stand)?;
        self.tree.file_at(&target.path)
    }

    /// Checks the path of one clip, and records a problem if a file is in the way there. `has_own` is true if the job's
    /// own clip was saved there.
    pub(crate) fn look(&mut self, target: &Target, has_own: bool) {
        let (what, hint) = if let Some(other) = &target.promised {
            (format!("the clip of {other}, which is paid, will be saved under that name"), OWN_NAME)
        } else {
            let Some(obstacle) = self.names.obstacle(&target.path, &target.may_stand) else { return };
            if obstacle.is_disk {
                let name = self.session.places.out.join(&target.path);
                self.disk.get_or_insert_with(|| format!("{}: {}", name.display(), obstacle.what));
                return;
            }
            // The clip itself may be unchanged, with a file in the way of its sidecar or of the folder for older clips.
            let is_other = |file: ClipFile| !target.may_stand.contains(&file);
            if has_own && self.tree.file_at(&target.path).is_some_and(is_other) {
                (self.is_altered, self.has_other_files) = (true, true);
                self.problems.push(altered(&self.session.places, &target.path));
                return;
            }
            if let Some((owner, problem)) = self.taken.get(&target.path) {
                self.owners.insert(owner.clone());
                self.problems.push(problem.clone());
                return;
            }
            (obstacle.what, MOVE_AWAY)
        };
        self.has_other_files = true;
        self.problems.push(in_the_way(&self.session.places, &target.path, &what).hint(hint));
    }

    /// Returns an error if a clip cannot be saved. `repeat` is the command that the user typed.
    pub(crate) fn refuse(self, repeat: &str) -> Result<(), Error> {
        if let Some(what) = self.disk {
            let what = format!("{what}; nothing was sent");
            return Err(Error::new(Exit::Local, what)
                .money("not charged")
                .hint(self.session.places.typed(repeat)));
        }
        if self.problems.is_empty() {
            return Ok(());
        }
        let places = &self.session.places;
        Err(if self.has_other_files {
            refusal(places, self.problems, self.is_altered, repeat)
        } else {
            taken_refusal(places, self.problems, &self.owners)
        })
    }
}

/// Refuses a plan that would save a new clip over an altered one, because a person may have edited that file.
///
/// A run of the plan would be refused for the same reason.
pub(crate) fn refuse_altered(places: &Places, plan_tables: &PlanTables, lost: &Lost) -> Result<(), Error> {
    let tables = plan_tables.lock();
    let mut problems = Vec::new();
    for clip in lost.all_altered() {
        let job = tables.find(&clip.key)?.filter(|job| job.decision.costs());
        if job.is_some_and(|job| job.wanted.path == clip.filed.path) {
            problems.push(altered(places, &clip.filed.path));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(refusal(places, problems, true, "run")) }
}

/// Refuses a plan that would save a clip at a path where another project in the same folder already has a clip.
///
/// A run of the plan would be refused for the same reason.
pub(crate) fn refuse_taken(
    places: &Places,
    manifest: &Manifest,
    plan_tables: &PlanTables,
) -> Result<(), Error> {
    let tables = plan_tables.lock();
    let (mut problems, mut owners) = (Vec::new(), BTreeSet::new());
    for taken in tables.taken_by_others()? {
        let needs = tables.find(&taken.key)?.filter(|job| needs_place(&job.wanted, &job.decision));
        let Some(job) = needs else { continue };
        let path = &taken.filed.path;
        let is_same = there(&job.decision).is_some_and(|from| from.file == taken.filed.file);
        if !is_same && places.out.join(path).symlink_metadata().is_ok() {
            problems.push(taken_by(places, manifest, &taken));
            owners.insert(taken.project);
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(taken_refusal(places, problems, &owners)) }
}

/// Returns the problem that another project of the folder has a clip at the path of a job, with the line of `output:`
/// to change.
fn taken_by(places: &Places, manifest: &Manifest, taken: &Taken) -> Problem {
    let shot = manifest.shots.iter().find(|shot| shot.name.value == taken.key.shot);
    let own = shot.and_then(|shot| shot.fields.output.as_ref()).or(manifest.defaults.output.as_ref());
    let output = own.unwrap_or(&manifest.output);
    let place = match output.place() {
        Place::Nowhere => Place::File(places.shown.clone()),
        place => place,
    };
    let what = format!("the file is the paid clip of {} in the project {}", taken.owner, taken.project);
    let mut problem = in_the_way(places, &taken.filed.path, &what);
    problem.place = place;
    let advice = "change `output:`, so that this manifest has paths of its own";
    problem.hint(match own_folder(output.source(), &manifest.project) {
        Some(output) => format!("{advice}, such as \"{output}\""),
        None => advice.to_owned(),
    })
}

/// Returns an `output:` template with a folder for one project, named `name`; `None` if the name gives no folder name.
pub(crate) fn own_folder(output: &str, name: &str) -> Option<String> {
    let folder = slug(name);
    if folder.is_empty() {
        return None;
    }
    Some(match output.strip_prefix("renders/") {
        Some(rest) => format!("renders/{folder}/{rest}"),
        None => format!("{folder}/{output}"),
    })
}

fn taken_refusal(places: &Places, problems: Vec<Problem>, owners: &BTreeSet<String>) -> Error {
    let plural = if owners.len() == 1 { "project" } else { "projects" };
    let owners: Vec<&str> = owners.iter().map(String::as_str).collect();
    let what = format!(
        "clips of the {plural} {} have the paths of this manifest's clips; nothing was sent",
        owners.join(", ")
    );
    let error = Error::new(Exit::Invalid, what).problems(problems).money("not charged");
    // The same command would be refused again until `output:` is changed.
    error.hint(places.typed("validate"))
}

fn refusal(places: &Places, problems: Vec<Problem>, is_altered: bool, repeat: &str) -> Error {
    let next = if is_altered { "verify --repair --replace-altered" } else { repeat };
    Error::new(Exit::Invalid, "another file is at the path of a clip; nothing was sent")
        .problems(problems)
        .money("not charged")
        .hint(places.typed(next))
}

/// Returns the problem of a job that is to be rendered again although its clip was altered.
fn altered(places: &Places, path: &str) -> Problem {
    in_the_way(places, path, "the existing file is no longer the clip that shotlist saved there").hint(
        format!(
            "`{}` sets the altered file aside and restores the paid clip, free of charge",
            places.typed("verify --repair --replace-altered")
        ),
    )
}

fn in_the_way(places: &Places, path: &str, what: &str) -> Problem {
    let place = Place::File(places.shown.clone());
    let mut problem = Problem::error(place, "another file is at the path of a clip");
    let name = places.out.join(path);
    let name = name.strip_prefix(".").unwrap_or(&name);
    problem.examples.push(format!("{}: {what}", name.display()));
    problem
}
