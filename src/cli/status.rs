//! `shotlist status`: where the project stands, on one screen, also while a run is active.

use super::args::{Global, ManifestArg};
use super::exit::{Error, Exit};
use super::held::{held_block, show_typed};
use super::session::{reader, store_error};
use super::settings::Places;
use super::summary::Standing;
use super::terminal::Terminal;
use crate::domain::lifecycle::State;
use crate::engine::clock::Clock;
use crate::manifest;
use crate::store::{Lock, Window};
use jiff::SignedDuration;
use serde_json::json;
use std::collections::HashSet;

/// Links that die within this time are worth a warning.
const SOON: SignedDuration = SignedDuration::from_hours(2);

/// Shows it.
pub(super) async fn status(terminal: &Terminal, global: &Global, args: &ManifestArg) -> Result<Exit, Error> {
    let places = Places::find(args.manifest.as_deref(), global)?;
    let reader = reader(&places)?;
    let project = project(&places);
    let store = |error: crate::store::StoreError| store_error(&error);
    let standing = Standing::read(&reader, project.as_deref()).await.map_err(store)?;
    let holder = Lock::holder(&places.state).map_err(|error| store_error(&error))?;
    let now = Clock::system().now();
    let month = match &project {
        Some(project) => Some(reader.spent(project, Window::Month(now)).await.map_err(store)?),
        None => None,
    };
    let soon = now.checked_add(SOON).unwrap_or(now);
    let owed = reader.owed(project.as_deref(), usize::MAX, &HashSet::new()).await.map_err(store)?;
    let dying = owed.iter().filter(|take| {
        matches!(&take.state, State::Downloading { clip, .. } if clip.expires.is_some_and(|dies| dies < soon))
    });
    let dying = dying.count();
    if terminal.json {
        terminal.data(json!({
            "format": 1,
            "project": project,
            "states": standing.json(),
            "month_usd": month.map(|month| month.total().plain()),
            "links_about_to_die": dying,
            "active": holder.as_ref().map(|holder| json!({
                "command": holder.command, "pid": holder.pid, "host": holder.host, "started": holder.started,
            })),
        }));
    } else {
        terminal.data(format_args!("{}   {}", project.as_deref().unwrap_or("all projects"), standing.line()));
        if let Some(month) = month {
            terminal.data(format_args!(
                "  this month: spent {}, in flight {}, in doubt {}",
                month.settled, month.reserved, month.in_doubt
            ));
        }
        match &holder {
            Some(holder) => terminal.data(format_args!(
                "  `shotlist {}` is at work since {} (process {} on {})",
                holder.command, holder.started, holder.pid, holder.host
            )),
            None => terminal.data("  nothing is running"),
        }
        if dying > 0 {
            let links = if dying == 1 { "link dies" } else { "links die" };
            terminal.data(format_args!("  {dying} {links} within two hours: {}", places.typed("collect")));
        }
        for line in standing.causes().into_iter().chain(held_block(&standing.held, &places)) {
            terminal.data(line);
        }
    }
    terminal.next(if holder.is_some() {
        terminal.say("  Ctrl-C in its own terminal stops it cleanly");
        places.typed("status")
    } else if standing.in_flight() > 0 {
        places.typed("collect")
    } else if standing.count("pending") > 0 {
        places.typed("run")
    } else if let Some(take) = standing.held.first().or(standing.failed.first()) {
        show_typed(&places, &take.key)
    } else {
        places.typed("plan")
    });
    Ok(Exit::Done)
}

/// The project's name, if the manifest can be read; otherwise everything in the folder is meant.
pub(super) fn project(places: &Places) -> Option<String> {
    let bytes = std::fs::read(&places.manifest).ok()?;
    manifest::read(&places.shown, &bytes).0.map(|manifest| manifest.project)
}
