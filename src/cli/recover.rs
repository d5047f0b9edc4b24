//! `shotlist recover`: a lost, old or damaged database is rebuilt from the ledger and from the clips.

use super::args::{Global, ManifestArg};
use super::exit::{Error, Exit};
use super::session::{Session, lock, store_error, unopened};
use super::settings::Places;
use super::terminal::Terminal;
use crate::domain::key::{ModelName, TakeId};
use crate::domain::lifecycle::{ClipFile, Phase};
use crate::domain::money::Usd;
use crate::engine::clock::Clock;
use crate::files::{Tree, kept_path};
use crate::provider;
use crate::report::text::count;
use crate::store::{Clips, Count, Rebuilt, Recovery};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// States in the order in which they are told, each with its words.
const STATES: [(Phase, &str); 11] = [
    (Phase::Done, "done"),
    (Phase::Placing, "about to be put in its place"),
    (Phase::Downloading, "being downloaded"),
    (Phase::Running, "on their way"),
    (Phase::Submitting, "being sent"),
    (Phase::Doubtful, "being looked up"),
    (Phase::Held, "held"),
    (Phase::Failed, "failed"),
    (Phase::WrittenOff, "written off"),
    (Phase::Pending, "waiting to be sent"),
    (Phase::Cancelled, "cancelled"),
];

/// Rebuilds what is lost; says so where nothing is.
pub(super) async fn recover(terminal: &Terminal, global: &Global, args: &ManifestArg) -> Result<Exit, Error> {
    let places = Places::find(args.manifest.as_deref(), global)?;
    if !places.state.is_dir() {
        return Ok(nothing(
            terminal,
            &places,
            "nothing was ever sent from here: there is nothing to rebuild",
            "plan",
        ));
    }
    let lock = lock(&places, "recover")?;
    let Some(recovery) = Recovery::begin(&places.state, &lock).map_err(|error| store_error(&error))? else {
        let sound = "the database is sound and knows all that the ledger knows: nothing was changed";
        return Ok(nothing(terminal, &places, sound, "status"));
    };
    let why = recovery.why().to_string();
    let root = output(&places, global, recovery.output());
    let policy = |model: &ModelName| provider::policy(&model.provider);
    // Without its folder no clip stands anywhere.
    let clips = Standing(Tree::look_at(&places.state, &root).ok());
    let now = Clock::system().now();
    let rebuilt = tokio::task::block_in_place(|| recovery.rebuild(&policy, &clips, now))
        .map_err(|error| unopened(&places, &error))?;
    // What a crash had left on the wire is settled as at any start.
    let session = Session::open_locked(terminal, places, lock)?;
    let counts = session.store.counts(None).await.map_err(|error| store_error(&error))?;
    let next = session.places.typed("collect");
    if terminal.json {
        terminal.data(as_json(&why, &rebuilt, &root, &counts, &next));
    } else {
        for line in lines(&rebuilt, &root, &counts) {
            terminal.tell(&line, 9);
        }
    }
    terminal.next(next);
    Ok(Exit::Done)
}

fn nothing(terminal: &Terminal, places: &Places, what: &str, next: &str) -> Exit {
    let next = places.typed(next);
    if terminal.json {
        terminal.data(json!({ "format": 1, "rebuilt": false, "why": what, "next": next }));
    } else {
        terminal.say(what);
    }
    terminal.next(next);
    Exit::Done
}

/// The folder with the clips: the one that is named, else the one that was written down.
pub(super) fn output(places: &Places, global: &Global, recorded: Option<&str>) -> PathBuf {
    match recorded {
        Some(recorded) if global.out.is_none() => places.folder.join(recorded),
        _ => places.out.clone(),
    }
}

/// The clips in the output folder, where there is one.
struct Standing(Option<Tree>);

impl Clips for Standing {
    fn stands(&self, path: &str, file: &ClipFile) -> bool {
        self.0.as_ref().is_some_and(|tree| tree.is_placed(path, file))
    }

    fn kept(&self, path: &str, take: &TakeId, file: &ClipFile) -> Option<String> {
        Some(kept_path(path, take)).filter(|kept| self.stands(kept, file))
    }

    fn of_take(&self, path: &str, take: &TakeId) -> Option<ClipFile> {
        self.0.as_ref()?.clip_of(path, take)
    }
}

fn lines(rebuilt: &Rebuilt, root: &std::path::Path, counts: &BTreeMap<Phase, Count>) -> Vec<String> {
    let Rebuilt { old, bare, submissions, sum, takes, missing, strays } = rebuilt;
    let mut lines = vec![format!(
        "rebuilt  {} of which only the ledger knew ({sum}); {} brought up to date",
        count(*submissions, "submission"),
        count(*takes, "take")
    )];
    let named = |(phase, words): &(Phase, &str)| {
        let Count { takes, usd } = counts.get(phase)?;
        let money = if *usd > Usd::ZERO { format!(" ({usd})") } else { String::new() };
        Some(format!("{takes} {words}{money}"))
    };
    let standing: Vec<String> = STATES.iter().filter_map(named).collect();
    lines.push(format!("now      {}", standing.join(" · ")));
    if *missing > 0 {
        lines.push(format!(
            "missing  {} not in {}; what can still be fetched is fetched again, free; the others wait for a decision",
            if *missing == 1 { "1 finished clip is".to_owned() } else { format!("{missing} finished clips are") },
            root.display()
        ));
    }
    if *strays > 0 {
        lines.push(format!(
            "left out {} of the ledger about submissions whose own lines it has lost: what these cost is not counted, and \
             the provider's bill tells it",
            count(*strays, "line")
        ));
    }
    if *bare {
        lines.push(
            "gone     what no ledger has: providers on hold (`shotlist pause` again), and clips that `redo` or `retry` had \
             ordered and nobody had sent"
                .to_owned(),
        );
    }
    lines.extend(old.as_ref().map(|old| format!("kept     the old database is {}", old.display())));
    lines.push("Nothing was sent.".to_owned());
    lines
}

fn as_json(
    why: &str,
    rebuilt: &Rebuilt,
    root: &std::path::Path,
    counts: &BTreeMap<Phase, Count>,
    next: &str,
) -> Value {
    let states: Map<String, Value> = counts
        .iter()
        .map(|(phase, count)| {
            (phase.name().to_owned(), json!({ "takes": count.takes, "usd": count.usd.plain() }))
        })
        .collect();
    json!({
        "format": 1,
        "rebuilt": true,
        "why": why,
        "submissions": rebuilt.submissions,
        "usd": rebuilt.sum.plain(),
        "takes": rebuilt.takes,
        "missing_clips": rebuilt.missing,
        "lines_left_out": rebuilt.strays,
        "pauses_gone": rebuilt.bare,
        "output": root.display().to_string(),
        "old": rebuilt.old.as_ref().map(|old| old.display().to_string()),
        "states": states,
        "next": next,
    })
}
