//! Makes plans: compares the jobs of the manifest with the project's history, and says what a run would do and cost.
//!
//! `run` uses the same functions.

mod next;

use super::approval;
use super::budget::{Level, caps, levels, unused};
use super::decided::{Choice, Decided};
use super::disks::not_mounted;
use super::error::Error;
use super::exit::Exit;
use super::export::Fit;
use super::forgotten::refuse_forgotten;
use super::inputs::{invalid, load_alone, valid};
use super::lost::{Lost, Search};
use super::names::Names;
use super::obstacles::{refuse_altered, refuse_taken};
use super::outlook::{time, unsent};
use super::places::{Places, quoted};
pub use super::planned::PlannedJob;
use super::planned::{Changes, Plan};
use super::prices::review_counts;
use super::project::Project;
use super::recover::refuse_lost;
use super::redos::{open_redos, unsent_redos};
use super::reporter::News;
use super::selection::Selection;
use super::session::{Session, cannot_open};
use super::setup::{lacks_key, settings};
use super::words::Words;
use crate::domain::item::OnePer;
use crate::domain::key::{JobKey, RequestId};
use crate::domain::money::Usd;
use crate::domain::take::Wanted;
use crate::domain::text::count;
use crate::load::{Loaded, projects_of};
use crate::manifest::{Items, Manifest};
use crate::provider::cards::Cards;
use crate::store::{Pause, PlanTables, Reader, ReviewCounts, StoreError};
use jiff::Timestamp;
use next::{Ends, accepting, repeat, repeat_unselected};
use serde_json::Value;
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// A request for a plan.
#[derive(Debug, Clone, Default)]
pub struct PlanRequest {
    /// Jobs of the manifest to plan.
    pub selection: Selection,
    /// File to write the plan to; `None` to write no file. Running the plan from this file counts as approval.
    pub out: Option<PathBuf>,
    /// Names of shops or platforms (destinations) whose limits are compared with each clip.
    pub destinations: Vec<String>,
    /// True to fail if the manifest or the selection has no job.
    ///
    /// Finished jobs count, so a finished project does not fail.
    pub fail_if_empty: bool,
}

/// A plan with all its jobs, and related facts such as pauses, missing clips and reviews.
pub struct PlanReport {
    /// Plan with the number and prices of its jobs.
    pub plan: Plan,
    /// Jobs whose input changed: their number, and at most ten of them with their changed fields.
    pub changes: Changes,
    /// Other values of `one_per` (the unit that gets one clip), such as `variant (12 clips, $2.40)`.
    pub choices: Vec<String>,
    /// Pauses that stop new submissions to providers.
    pub paused: Vec<Pause>,
    /// Jobs whose saved clips are missing or altered.
    pub lost: Lost,
    /// Number of clips by review outcome, with the number and price of the queued redos (further renderings).
    pub reviews: ReviewCounts,
    /// True if jobs to send may have been paid for before the database was rebuilt with some records missing.
    ///
    /// A run refuses to send these jobs without the user's consent.
    pub has_gaps: bool,
    /// File that the plan was written to; `None` if the request named none.
    pub written: Option<PathBuf>,
    /// Time at which the plan was made.
    pub now: Timestamp,
    /// Command to type next.
    pub next: String,
    /// Command for a run that accepts the plan, although it exceeds a guard.
    pub accepting: String,
    decided: Decided,
    loaded: Loaded,
}

impl Project {
    /// Plans the selected jobs and their cost.
    ///
    /// It sends nothing.
    pub async fn plan(&self, request: &PlanRequest) -> Result<PlanReport, Error> {
        let places = &self.places;
        let repeat = repeat(request);
        let out = request.out.as_deref().map(|file| approval::check(places, file, &repeat)).transpose()?;
        refuse_lost(places).await?;
        let plan_tables = plan_tables(places)?;
        let loaded = fitted(load_alone(self, &plan_tables), &plan_tables, places, request)?;
        let loaded = valid(self, loaded).map_err(|error| {
            error.hint(places.typed(&Words::new("validate").option("--for", &request.destinations).build()))
        })?;
        let manifest = loaded.manifest.as_ref().ok_or_else(invalid)?;
        let now = self.clock.now();
        let History { reader, levels, paused } = history(places, manifest, now).await?;
        attach_history(&plan_tables, places, manifest, reader.as_ref())?;
        // A written plan is approved when it is run, and that answers the question about changed jobs.
        let accepted = request.out.is_some();
        let choice = Choice { selection: &request.selection, approved: None, accepted };
        let decided = Decided::of(manifest, &loaded, &plan_tables, choice)
            .map_err(|error| error.or_hint(places.typed(&repeat_unselected(request).build())))?;
        let (lost, not_mounted) =
            lost(places, manifest, &plan_tables, reader.as_ref(), &request.selection.only).await?;
        refuse_forgotten(self, &plan_tables, lost.all_altered())?;
        decided.warn(self);
        if request.fail_if_empty {
            decided.refuse_empty(places)?;
        }
        let mut plan = decided.plan(manifest, &loaded, levels, &lost)?;
        let open = unsent(&plan.sum.unsent);
        plan.time = time(self, &manifest.providers, &loaded.cards, reader.as_ref(), &open).await?;
        let (gaps, reviews) = match &reader {
            Some(reader) => {
                (reader.gaps().await?, review_counts(self, reader, Some(&manifest.project)).await?)
            }
            None => (None, ReviewCounts::default()),
        };
        let has_gaps = match gaps {
            Some(rebuilt) => decided.in_gaps(rebuilt)?.0 > 0,
            None => false,
        };
        let open = open_redos(&decided, reader.as_ref(), manifest, places).await?;
        for note in unsent_redos(&decided, &reviews, places)?.iter().chain(&open) {
            self.tell(&News::Note(note));
        }
        let changes = decided.changes(&["changed", "kept", "asks"])?;
        // A wrong proxy address stops a run, but a plan sends nothing and can go on.
        if let Ok(settings) = settings()
            && let Some(warning) =
                settings.proxies.warning().filter(|_| !places.sandbox && plan.to_render() > 0)
        {
            self.tell(&News::Warning(&warning));
        }
        let choices = choices(manifest, &loaded, &plan);
        refuse_altered(places, &plan_tables, &lost)?;
        refuse_taken(places, manifest, &plan_tables)?;
        let next = if let Some(file) = &out {
            approval::write(places, manifest, (&plan, gaps), &plan_tables, file)?;
            places.typed(&format!("run --plan {}", quoted(&file.named().display().to_string())))
        } else {
            let providers = plan.sum.models().map(|model| model.provider.as_str());
            let lacks_key = !places.sandbox && lacks_key(&self.registry, &manifest.providers, providers);
            let ends = Ends { places, plan: &plan, lost: &lost, lacks_key, has_gaps };
            if not_mounted.is_some() { places.typed(&repeat.build()) } else { ends.next(request) }
        };
        if let Some(what) = &not_mounted {
            self.tell(&News::Warning(what));
        }
        let written = request.out.clone();
        Ok(PlanReport {
            plan,
            changes,
            choices,
            paused,
            lost,
            reviews,
            has_gaps,
            written,
            now,
            next,
            accepting: places.typed(&accepting(request).build()),
            decided,
            loaded,
        })
    }
}

impl PlanReport {
    /// Calls `each` for every job of the plan, in the manifest's order.
    ///
    /// The jobs are read one by one, so a large plan needs little memory.
    pub fn each_job<E: From<StoreError>>(
        &self,
        mut each: impl FnMut(&PlannedJob<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.decided.plan_tables.lock().each(|_, job| {
            let (wanted, decision) = (&job.wanted, &job.decision);
            let loss = self.lost.of(&wanted.key, decision);
            let is_dismissed = self.lost.is_dismissed(&wanted.key, decision);
            each(&PlannedJob { wanted, decision, loss, is_dismissed })
        })
    }

    /// Calls `each` for every job that the manifest no longer has and whose clip is not in the archive folder yet.
    ///
    /// It does nothing if only selected jobs are planned.
    pub fn each_gone<E: From<StoreError>>(
        &self,
        mut each: impl FnMut(&JobKey) -> Result<(), E>,
    ) -> Result<(), E> {
        // A partial plan does not show which other jobs are still wanted.
        if self.decided.partial {
            return Ok(());
        }
        self.decided.plan_tables.lock().each_gone(|job| {
            let is_told = job.is_unwanted(&self.loaded.left_out);
            if is_told { each(&job.key) } else { Ok(()) }
        })
    }

    /// Calls `each` with the JSON of every request that a run would send.
    pub fn each_request(&self, mut each: impl FnMut(Value)) -> Result<(), Error> {
        self.each_job(|job| {
            if job.decision.costs() {
                each(request(&self.loaded.cards, job.wanted));
            }
            Ok(())
        })
    }

    /// Returns the exit code: 6 if the plan would send a job and `tells_work` is true, otherwise success.
    #[must_use]
    pub fn exit(&self, tells_work: bool) -> Exit {
        if self.plan.to_render() > 0 && tells_work { Exit::WorkToDo } else { Exit::Done }
    }
}

/// Finds the jobs of the plan whose saved clips are missing or altered. Also returns the advice if a disk with clips is
/// not mounted.
async fn lost(
    places: &Places,
    manifest: &Manifest,
    plan_tables: &PlanTables,
    reader: Option<&Reader>,
    only: &[String],
) -> Result<(Lost, Option<String>), Error> {
    let Some(reader) = reader else { return Ok((Lost::default(), None)) };
    let recorded = reader.output().await?;
    let root = recorded.map_or_else(|| places.out.clone(), |recorded| places.folder.join(recorded));
    let search = Search { places, root: &root, manifest, plan_tables, only };
    let (mut lost, found) = search.look(reader).await?;
    lost.keep(plan_tables)?;
    Ok((lost, not_mounted(&found.moved, &root)))
}

/// Opens temporary planning tables for the manifest's jobs, next to the database if there is one.
pub(crate) fn plan_tables(places: &Places) -> Result<PlanTables, Error> {
    PlanTables::new(Some(&places.state)).map_err(Error::from)
}

/// Makes the history of the manifest's project available to the planning tables.
///
/// `state` is the reader of the database; `None` if nothing was ever run.
pub(crate) fn attach_history(
    plan_tables: &PlanTables,
    places: &Places,
    manifest: &Manifest,
    state: Option<&Reader>,
) -> Result<(), Error> {
    let named = OnceCell::new();
    let is_live = |project: &str| {
        let named: &Option<BTreeSet<String>> = named.get_or_init(|| projects_of(&places.folder));
        named.as_ref().is_none_or(|named| named.contains(project))
    };
    plan_tables.lock().know(&manifest.project, state, &is_live).map_err(Error::from)
}

/// Records the runs and the pauses of a project under its new name if the manifest has renamed it.
pub(crate) async fn take_over_renamed(session: &Session, manifest: &Manifest) -> Result<(), Error> {
    let projects = session.store.projects().await?;
    if projects.contains(&manifest.project) {
        return Ok(());
    }
    let Some(named) = projects_of(&session.places.folder) else { return Ok(()) };
    let gone = projects.into_iter().filter(|project| !project.is_empty() && !named.contains(project));
    let succeeded = session.store.succeed(&manifest.project, gone.collect()).await;
    succeeded.map_err(Error::from)
}

/// The past of a project that a plan takes into account: earlier runs, amounts spent, and pauses.
struct History {
    /// Reader of the project's database; `None` if nothing was ever run.
    reader: Option<Reader>,
    levels: Vec<Level>,
    /// Pauses that stop new submissions to providers.
    paused: Vec<Pause>,
}

async fn history(places: &Places, manifest: &Manifest, now: Timestamp) -> Result<History, Error> {
    let caps = caps(manifest, None);
    let Some(reader) = Reader::open(&places.state).map_err(|error| cannot_open(places, error))? else {
        return Ok(History { reader: None, levels: unused(caps), paused: Vec::new() });
    };
    let levels = levels(&reader, &manifest.project, "run", caps, now).await?;
    let paused = reader.pauses(Some(&manifest.project)).await?;
    Ok(History { reader: Some(reader), levels, paused })
}

/// Returns the other values of `one_per` (the unit that gets one clip), such as `variant (12 clips, $2.40)`.
///
/// The list is empty if the plan does not render every job, for example because some were paid for earlier.
fn choices(manifest: &Manifest, loaded: &Loaded, plan: &Plan) -> Vec<String> {
    let Items::File { reading, only: None, .. } = &manifest.items else { return Vec::new() };
    let items = loaded.makes.of(reading.how.one_per);
    // A partial plan does not show the number of clips of the other items.
    let is_whole = plan.to_render() == loaded.jobs && loaded.left_out.count() == 0;
    let Some(clips) = loaded.jobs.checked_div(items).filter(|clips| clips * items == loaded.jobs) else {
        return Vec::new();
    };
    let others = OnePer::ALL.into_iter().filter(|(_, other)| {
        *other != reading.how.one_per && loaded.makes.of(*other) > 0 && loaded.makes.of(*other) != items
    });
    let choices = others.map(|(name, other)| {
        let others = loaded.makes.of(other);
        // The exact total is known for the same number of items.
        let price = plan.total().times(others as u64).micros() / i64::try_from(items).unwrap_or(i64::MAX);
        format!("{name} ({}, {})", count(clips * others, "clip"), Usd::from_micros(price))
    });
    if is_whole { choices.collect() } else { Vec::new() }
}

/// Adds a problem to the loaded manifest for each limit of a shop or platform that planned jobs break.
fn fitted(
    mut loaded: Loaded,
    plan_tables: &PlanTables,
    places: &Places,
    PlanRequest { selection, destinations, .. }: &PlanRequest,
) -> Result<Loaded, Error> {
    let mut fit = Fit::of(destinations, &loaded.cards)?;
    if !destinations.is_empty() {
        let names = Names::of_wanted(plan_tables, &selection.only)?;
        plan_tables.lock().each_wanted::<StoreError>(|wanted| {
            if names.has(&wanted.key) {
                fit.look(&wanted);
            }
            Ok(())
        })?;
    }
    let problems = fit.problems(&places.shown);
    loaded.problems.extend(problems);
    Ok(loaded)
}

/// Returns a job's request to the provider as JSON.
///
/// In place of the request id the JSON has a remark, because the id is created only when the request is sent.
fn request(cards: &Cards, wanted: &Wanted) -> Value {
    let model = &wanted.request.model;
    let (Some(provider), Some(card)) = (cards.providers().find(&model.provider), cards.get(model)) else {
        return Value::Null;
    };
    let call = provider.submit(card, &wanted.request, &RequestId("(new for each attempt)".to_owned())).0;
    let body = call.body.as_ref().map(crate::wire::Body::shown).unwrap_or_default();
    serde_json::json!({
        "schema": "shotlist.request/1",
        "job": wanted.key.to_string(),
        "method": "POST",
        "url": format!("{}{}", provider.profile().base_url, call.path),
        "body": serde_json::from_str::<Value>(&body).unwrap_or(Value::String(body)),
        "price_usd": wanted.price.map(Usd::plain),
    })
}
