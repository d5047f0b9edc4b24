//! `shotlist redo`: another take of finished jobs. A person wants it, so the same order is paid once more; the clip that is
//! there is kept beside.

use super::again::{Wish, beside, once_more};
use super::album::load;
use super::args::{Global, RedoArgs};
use super::decided;
use super::exit::{Error, Exit};
use super::plan::{invalid, know, valid, worksheet};
use super::session::{Session, job_named, store_error};
use super::settings::{Places, quoted};
use super::terminal::Terminal;
use crate::domain::key::JobKey;
use crate::domain::lifecycle::State;
use crate::domain::take::Wanted;
use crate::report::text::count;
use crate::store::{Book, StoreError, Worksheet};
use std::collections::BTreeSet;

/// Renders finished jobs once more.
pub(super) async fn redo(terminal: &Terminal, global: &Global, args: &RedoArgs) -> Result<Exit, Error> {
    let places = Places::find(None, global)?;
    let worksheet = worksheet(&places)?;
    let loaded = valid(terminal, &places, load(&places, &worksheet))?;
    let manifest = loaded.manifest.as_ref().ok_or_else(invalid)?;
    let session = Session::open(terminal, places, "redo")?;
    session.keep_output().await?;
    know(&worksheet, &session.places, manifest, Some(&session.store))?;
    let (jobs, refused) = chosen(terminal, args, &worksheet, &session.places)?;
    let keys: Vec<JobKey> = jobs.iter().map(|wanted| wanted.key.clone()).collect();
    let others = beside(&worksheet, &loaded, manifest, &keys)?;
    // The last one to close the database empties the log into it, which a worksheet may not.
    drop(worksheet);
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
        others,
    };
    once_more(terminal, global, session, &loaded, &args.bounds, wish).await
}

/// The jobs to be rendered once more, and how many of those that are named cannot be.
fn chosen(
    terminal: &Terminal,
    args: &RedoArgs,
    worksheet: &Worksheet,
    places: &Places,
) -> Result<(Vec<Wanted>, usize), Error> {
    let names = decided::named(worksheet, &args.only)?;
    let book = worksheet.book();
    let named = named(args, &book)?;
    let (mut jobs, mut refused) = (Vec::new(), 0);
    book.each_wanted(|wanted| {
        let is_named = named.contains(&wanted.key);
        if !is_named && (args.only.is_empty() || !names.has(&wanted.key)) {
            return Ok(());
        }
        match hindrance(&book, &wanted, places)? {
            None => jobs.push(wanted),
            Some(words) => {
                refused += usize::from(is_named);
                terminal.say(format_args!("skipped  {}  {words}", wanted.key));
            }
        }
        Ok(())
    })
    .map_err(|error: StoreError| store_error(&error))?;
    for warning in names.warnings()? {
        terminal.say(warning);
    }
    Ok((jobs, refused))
}

/// The jobs that are named one by one.
fn named(args: &RedoArgs, book: &Book) -> Result<BTreeSet<JobKey>, Error> {
    if args.jobs.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut keys = Vec::new();
    book.each_wanted(|wanted| {
        keys.push(wanted.key);
        Ok(())
    })
    .map_err(|error: StoreError| store_error(&error))?;
    args.jobs.iter().map(|job| job_named(job, &keys)).collect()
}

/// Why a job gets no other take now, and what to do instead.
fn hindrance(book: &Book, wanted: &Wanted, places: &Places) -> Result<Option<String>, StoreError> {
    let typed = |words: &str| places.typed(&format!("{words} {}", quoted(&wanted.key.to_string())));
    let Some(job) = book.known(&wanted.key)? else {
        return Ok(Some(format!("it was never rendered: {}", typed("run --only"))));
    };
    if let Some(open) = job.takes.iter().find(|take| take.state.is_unsettled()) {
        return Ok(Some(match open.state {
            State::Held { .. } => format!("it is held, settle that first: {}", typed("show")),
            _ => format!("a clip of it is on its way: {}", places.typed("collect")),
        }));
    }
    let waits = |state: &State| matches!(state, State::Pending { .. });
    if job.takes.iter().any(|take| take.fingerprint == wanted.fingerprint && waits(&take.state)) {
        return Ok(Some(format!("it waits to be sent already: {}", typed("run --only"))));
    }
    let Some(filed) = &job.filed else {
        return Ok(Some(format!("it has no clip yet: {}", typed("show"))));
    };
    let order = book.known_take(&filed.take)?.map(|take| take.fingerprint);
    let changed = || format!("its input has changed since: {}", typed("run --only"));
    Ok((order != Some(wanted.fingerprint)).then(changed))
}
