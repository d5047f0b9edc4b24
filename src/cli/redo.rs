//! `shotlist redo`: another take of finished jobs. A person wants it, so the same order is paid once more; the clip that is
//! there is kept beside.

use super::again::{Wish, once_more};
use super::album::load;
use super::args::{Global, RedoArgs};
use super::exit::{Error, Exit};
use super::plan::{invalid, matcher, valid};
use super::session::{Session, job_named, store_error};
use super::settings::{Places, quoted};
use super::terminal::Terminal;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::State;
use crate::domain::take::{Fingerprint, Wanted};
use crate::plan::known::{Known, KnownJob};
use crate::report::text::count;
use std::collections::{BTreeSet, HashMap};

/// Renders finished jobs once more.
pub(super) async fn redo(terminal: &Terminal, global: &Global, args: &RedoArgs) -> Result<Exit, Error> {
    let places = Places::find(None, global)?;
    let loaded = valid(terminal, &places, load(&places))?;
    let manifest = loaded.manifest.as_ref().ok_or_else(invalid)?;
    let named = named(args, &loaded.wanted)?;
    let matches = matcher(&args.only)?;
    let session = Session::open(terminal, places, "redo")?;
    session.keep_output().await?;
    let known = session.store.known(&manifest.project).await.map_err(|error| store_error(&error))?;
    let books = Books::of(&known);
    let (mut jobs, mut refused) = (Vec::new(), 0);
    for wanted in &loaded.wanted {
        let is_named = named.contains(&wanted.key);
        if !is_named && (args.only.is_empty() || !matches(&wanted.key)) {
            continue;
        }
        match books.hindrance(wanted, &session.places) {
            None => jobs.push(wanted),
            Some(words) => {
                refused += usize::from(is_named);
                terminal.say(format_args!("skipped  {}  {words}", wanted.key));
            }
        }
    }
    if refused > 0 {
        let them = if refused == 1 { "it is" } else { "they are" };
        let what = format!("{} cannot be rendered once more as {them}", count(refused, "job"));
        return Err(Error::new(Exit::Usage, format!("{what}; nothing was sent")).money("not charged"));
    }
    if jobs.is_empty() {
        terminal.say("nothing to redo");
        terminal.next(session.places.typed("status"));
        return Ok(Exit::Done);
    }
    let wish = Wish {
        command: "redo",
        question: format!("Render {} once more", count(jobs.len(), "clip")),
        jobs,
        notes: vec!["Each is a new charge; the clips that are there are kept below `_takes/`.".to_owned()],
    };
    once_more(terminal, global, session, &loaded, &known, &args.bounds, wish).await
}

/// The jobs that are named one by one.
fn named(args: &RedoArgs, wanted: &[Wanted]) -> Result<BTreeSet<JobKey>, Error> {
    let keys: Vec<JobKey> = wanted.iter().map(|wanted| wanted.key.clone()).collect();
    args.jobs.iter().map(|job| job_named(job, &keys)).collect()
}

/// What was ordered before, to be asked for by name.
struct Books<'a> {
    jobs: HashMap<&'a JobKey, &'a KnownJob>,
    orders: HashMap<&'a TakeId, Fingerprint>,
}

impl<'a> Books<'a> {
    fn of(known: &'a Known) -> Self {
        let takes = known.jobs.iter().chain(&known.elsewhere).flat_map(|job| &job.takes);
        Self {
            jobs: known.jobs.iter().map(|job| (&job.key, job)).collect(),
            orders: takes.map(|take| (&take.id, take.fingerprint)).collect(),
        }
    }

    /// Why a job gets no other take now, and what to do instead.
    fn hindrance(&self, wanted: &Wanted, places: &Places) -> Option<String> {
        let typed = |words: &str| places.typed(&format!("{words} {}", quoted(&wanted.key.to_string())));
        let Some(job) = self.jobs.get(&wanted.key) else {
            return Some(format!("it was never rendered: {}", typed("run --only")));
        };
        if let Some(open) = job.takes.iter().find(|take| take.state.is_unsettled()) {
            return Some(match open.state {
                State::Held { .. } => format!("it is held, settle that first: {}", typed("show")),
                _ => format!("a clip of it is on its way: {}", places.typed("collect")),
            });
        }
        let same = |of: Fingerprint| of == wanted.fingerprint;
        let waits = |state: &State| matches!(state, State::Pending { .. });
        if job.takes.iter().any(|take| same(take.fingerprint) && waits(&take.state)) {
            return Some(format!("it waits to be sent already: {}", typed("run --only")));
        }
        let filed = job.filed.as_ref().map(|filed| self.orders.get(&filed.take).copied());
        match filed {
            Some(Some(order)) if same(order) => None,
            Some(_) => Some(format!("its input has changed since: {}", typed("run --only"))),
            None => Some(format!("it has no clip yet: {}", typed("show"))),
        }
    }
}
