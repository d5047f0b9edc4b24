//! `shotlist retry`: failed jobs once more, each as a new take.

use super::again::{Wish, beside, cost, once_more};
use super::album::load;
use crate::cli::args::{Global, RetryArgs, Selection};
use super::decided::named;
use super::error::Error;
use super::exit::Exit;
use super::plan::{invalid, know, valid, worksheet};
use super::session::Session;
use super::places::{Places, quoted};
use crate::cli::terminal::Terminal;
use crate::domain::key::JobKey;
use crate::domain::lifecycle::{Charged, State};
use crate::domain::money::Usd;
use crate::domain::take::{Take, Wanted};
use crate::report::text::count;
use crate::store::Worksheet;
use std::fmt::Write as _;

/// Sends failed jobs again: those that surely cost nothing and may succeed, unless more is asked for.
pub(crate) async fn retry(terminal: &Terminal, global: &Global, args: &RetryArgs) -> Result<Exit, Error> {
    let places = Places::find(args.manifest.manifest.as_deref(), global)?;
    let worksheet = worksheet(&places)?;
    let loaded = valid(terminal, &places, load(&places, &worksheet))?;
    let manifest = loaded.manifest.as_ref().ok_or_else(invalid)?;
    let session = Session::open(terminal, places, "retry")?;
    session.keep_output().await?;
    let project = Some(manifest.project.as_str());
    let mut failed = session.store.failed(project).await?;
    if args.written_off {
        failed.extend(session.store.written_off(project).await?);
    }
    let dismissed = session.store.dismissed().await?;
    // Who names a job wants it, whatever was said of it before.
    failed.retain(|take| !args.selection.only.is_empty() || !dismissed.contains(&take.id));
    know(&worksheet, &session.places, manifest, Some(&session.store))?;
    let chosen = chosen(terminal, args, failed, &worksheet)?;
    let keys: Vec<JobKey> = chosen.iter().map(|(take, _)| take.key.clone()).collect();
    let others = beside(&worksheet, &loaded, manifest, &keys)?;
    drop(worksheet);
    if chosen.is_empty() {
        terminal.say("nothing to retry");
        terminal.next(session.places.typed("status"));
        return Ok(Exit::Done);
    }
    let twice: Usd = chosen.iter().filter(|(take, _)| was_charged(take)).map(|(_, job)| cost(job)).sum();
    let second = format!("{twice} of this is, or may be, a second payment for the same clip");
    let wish = Wish {
        command: "retry",
        again: again(args),
        question: format!("Send {} again", count(chosen.len(), "job")),
        jobs: chosen.into_iter().map(|(_, wanted)| wanted).collect(),
        notes: Some(second).filter(|_| twice > Usd::ZERO).into_iter().collect(),
        others,
        has_clips: false,
    };
    once_more(terminal, global, session, &loaded, &args.bounds, wish).await
}

/// Returns the command once more, with its question answered.
fn again(args: &RetryArgs) -> String {
    let Selection { only, limit } = &args.selection;
    let mut words = "retry".to_owned();
    for only in only {
        let _ = write!(words, " --only {}", quoted(only));
    }
    if let Some(limit) = limit {
        let _ = write!(words, " --limit {limit}");
    }
    for (flag, is_set) in [(" --charged", args.charged), (" --include-permanent", args.include_permanent)] {
        words += if is_set { flag } else { "" };
    }
    words + " --yes"
}

fn was_charged(take: &Take) -> bool {
    matches!(
        take.state,
        State::Failed { charged: Charged::Yes | Charged::Unknown, .. } | State::WrittenOff { .. }
    )
}

/// The failed takes to be sent again, each with what is wanted of its job now.
fn chosen(
    terminal: &Terminal,
    args: &RetryArgs,
    failed: Vec<Take>,
    worksheet: &Worksheet,
) -> Result<Vec<(Take, Wanted)>, Error> {
    let Selection { only, limit } = &args.selection;
    let names = named(worksheet, only)?;
    let mut chosen = Vec::new();
    for take in failed.into_iter().filter(|take| names.has(&take.key)) {
        let refusal = match take.state {
            State::Failed { refusal, .. } => Some(refusal),
            _ => None,
        };
        let wanted = worksheet.book().wanted(&take.key)?;
        let Some(wanted) = wanted.filter(|wanted| wanted.fingerprint == take.fingerprint) else {
            terminal.say(format_args!(
                "skipped  {}  it is not wanted like that any more: run renders what is wanted now",
                take.key
            ));
            continue;
        };
        let Some(refusal) = refusal else {
            chosen.push((take, wanted));
            continue;
        };
        if was_charged(&take) && !args.charged {
            terminal.say(format_args!(
                "skipped  {}  it may have been charged {}: --charged pays a second time",
                take.key, take.price
            ));
        } else if refusal.permanent() && !args.include_permanent {
            terminal.say(format_args!(
                "skipped  {}  {}: it would be refused again; change its input, or use --include-permanent",
                take.key,
                refusal.name()
            ));
        } else {
            chosen.push((take, wanted));
        }
    }
    chosen.truncate(limit.unwrap_or(usize::MAX));
    Ok(chosen)
}
