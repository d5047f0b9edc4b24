//! `shotlist redo`: another take of finished jobs. A person wants it, so the same order is paid once more; the clip that is
//! there is kept beside.

use super::again::{Wish, beside, once_more};
use super::album::load;
use crate::cli::args::{Global, RedoArgs};
use super::decided;
use super::error::Error;
use super::exit::Exit;
use super::plan::{invalid, know, valid, worksheet};
use super::session::{Session, job_named};
use super::places::{Places, quoted};
use crate::cli::terminal::Terminal;
use crate::domain::key::JobKey;
use crate::domain::lifecycle::State;
use crate::domain::take::Wanted;
use crate::manifest::{Manifest, OnChange};
use crate::report::text::count;
use crate::store::{Book, StoreError, Worksheet};
use std::collections::BTreeSet;

/// Renders finished jobs once more.
pub(crate) async fn redo(terminal: &Terminal, global: &Global, args: &RedoArgs) -> Result<Exit, Error> {
    let places = Places::find(None, global)?;
    let worksheet = worksheet(&places)?;
    let loaded = valid(terminal, &places, load(&places, &worksheet))?;
    let manifest = loaded.manifest.as_ref().ok_or_else(invalid)?;
    let session = Session::open(terminal, places, "redo")?;
    session.keep_output().await?;
    know(&worksheet, &session.places, manifest, Some(&session.store))?;
    let (jobs, refused) = chosen(terminal, args, &worksheet, manifest, &session.places)?;
    let keys: Vec<JobKey> = jobs.iter().map(|wanted| wanted.key.clone()).collect();
    let others = beside(&worksheet, &loaded, manifest, &keys)?;
    // The last one to close the database empties the log into it, which a worksheet may not.
    drop(worksheet);
    if let Some(first) = refused.first() {
        let them = if refused.len() == 1 { "it is" } else { "they are" };
        let what = format!("{} cannot be rendered once more as {them}", count(refused.len(), "job"));
        let error = Error::new(Exit::Usage, format!("{what}; nothing was sent")).money("not charged");
        return Err(error.hint(first));
    }
    if jobs.is_empty() {
        terminal.say("nothing to redo");
        terminal.next(session.places.typed("status"));
        return Ok(Exit::Done);
    }
    let wish = Wish {
        command: "redo",
        again: again(args),
        question: format!("Render {} once more", count(jobs.len(), "clip")),
        jobs,
        notes: vec!["Each is a new charge; the clips that are there are kept below `_takes/`.".to_owned()],
        others,
        has_clips: true,
    };
    once_more(terminal, global, session, &loaded, &args.bounds, wish).await
}

/// Returns the jobs to be rendered once more, and for each that is named and cannot be, the command that helps it.
fn chosen(
    terminal: &Terminal,
    args: &RedoArgs,
    worksheet: &Worksheet,
    manifest: &Manifest,
    places: &Places,
) -> Result<(Vec<Wanted>, Vec<String>), Error> {
    let only = decided::named(worksheet, &args.only)?;
    let book = worksheet.book();
    let named = named(args, &book)?;
    let (mut jobs, mut refused) = (Vec::new(), Vec::new());
    book.each_wanted::<StoreError>(|wanted| {
        let is_named = named.contains(&wanted.key);
        if !is_named && (args.only.is_empty() || !only.has(&wanted.key)) {
            return Ok(());
        }
        match hindrance(&book, &wanted, manifest)? {
            None => jobs.push(wanted),
            Some((why, words)) => {
                let command = places.typed(&words);
                terminal.say(format_args!("skipped  {}  {why}: {command}", wanted.key));
                refused.extend(Some(command).filter(|_| is_named));
            }
        }
        Ok(())
    })?;
    for warning in only.warnings()? {
        terminal.say(warning);
    }
    Ok((jobs, refused))
}

/// Returns the command once more, with its question answered.
fn again(args: &RedoArgs) -> String {
    let jobs = args.jobs.iter().map(|job| format!(" {}", quoted(job)));
    let only = args.only.iter().map(|only| format!(" --only {}", quoted(only)));
    format!("redo{} --yes", jobs.chain(only).collect::<String>())
}

/// The jobs that are named one by one.
fn named(args: &RedoArgs, book: &Book) -> Result<BTreeSet<JobKey>, Error> {
    if args.jobs.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut keys = Vec::new();
    book.each_wanted::<StoreError>(|wanted| {
        keys.push(wanted.key);
        Ok(())
    })?;
    args.jobs.iter().map(|job| job_named(job, &keys)).collect()
}

/// Returns why a job gets no other take now, and the command to type instead.
fn hindrance(
    book: &Book,
    wanted: &Wanted,
    manifest: &Manifest,
) -> Result<Option<(&'static str, String)>, StoreError> {
    let of_it = |words: &str| format!("{words} {}", quoted(&wanted.key.to_string()));
    let Some(job) = book.known(&wanted.key)? else {
        return Ok(Some(("it was never rendered", of_it("run --only"))));
    };
    if let Some(open) = job.takes.iter().find(|take| take.state.is_unsettled()) {
        return Ok(Some(match open.state {
            State::Held { .. } => ("it needs your decision first", of_it("show")),
            _ => ("a clip of it is on its way", "collect".to_owned()),
        }));
    }
    let waits = |state: &State| matches!(state, State::Pending { .. });
    if job.takes.iter().any(|take| take.fingerprint == wanted.fingerprint && waits(&take.state)) {
        return Ok(Some(("it waits to be sent already", of_it("run --only"))));
    }
    let Some(filed) = &job.filed else {
        return Ok(Some(("it has no clip yet", of_it("show"))));
    };
    let order = book.known_take(&filed.take)?.map(|take| take.fingerprint);
    if order == Some(wanted.fingerprint) {
        return Ok(None);
    }
    Ok(Some(match manifest.rules(&wanted.key.shot).on_change {
        OnChange::Render => ("its input has changed since", of_it("run --only")),
        OnChange::Ask => ("its input has changed since", of_it("run --accept-changes --only")),
        OnChange::Keep => {
            ("its input has changed since, and `on_change: keep` keeps its clip", of_it("show"))
        }
    }))
}
