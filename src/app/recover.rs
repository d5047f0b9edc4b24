//! `shotlist recover`: rebuilds a lost, old or damaged state from the ledger, the old database and the clips.

use super::error::Error;
use super::exit::Exit;
use super::output::output_name;
use super::places::Places;
use super::project::Project;
use super::session::{Session, lock, unopened};
use crate::cli::args::ManifestArg;
use crate::domain::key::{ModelName, TakeId};
use crate::domain::lifecycle::{ClipFile, Phase};
use crate::domain::money::Usd;
use crate::domain::text::count;
use crate::engine::clock::Clock;
use crate::files::{Tree, kept_path};
use crate::report::terminal::Terminal;
use crate::store::{Clips, Count, Rebuilt, Recovery, StoreError, Worksheet};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;

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
pub(crate) async fn recover(
    project: &Project,
    terminal: &Terminal,
    _args: &ManifestArg,
) -> Result<Exit, Error> {
    let places = project.places.clone();
    let standing = |root: &Path| Standing::at(&places.state, root, project.places.sandbox);
    if !places.state.is_dir() && standing(&places.out).sidecars().is_empty() {
        return Ok(nothing(
            terminal,
            &places,
            "nothing was ever sent from here: there is nothing to rebuild",
            "plan",
        ));
    }
    let lock = lock(&places, "recover")?;
    let mut recovery = Recovery::begin(&places.state, &lock)?;
    let root = places.clips(recovery.output());
    let clips = standing(&root);
    let needed = tokio::task::block_in_place(|| recovery.examine(&clips));
    if !needed? {
        let sound = "the database is sound and knows all that the ledger knows: nothing was changed";
        return Ok(nothing(terminal, &places, sound, "status"));
    }
    let why = match recovery.why() {
        Some(why) => why.to_string(),
        None => "the state does not know clips that it has paid for".to_owned(),
    };
    let registry = &project.registry;
    let policy = |model: &ModelName| registry.policy(&model.provider);
    let now = Clock::system().now();
    let out = output_name(&places);
    let rebuilt = tokio::task::block_in_place(|| recovery.rebuild(&policy, &clips, &out, now))
        .map_err(|error| unopened(&places, error))?;
    // What a crash had left on the wire is settled as at any start.
    let session = Session::open_locked(project, lock, false)?;
    let counts = session.store.counts(None).await?;
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

/// The clips in the output folder, where there is one.
struct Standing {
    /// Without its folder no clip stands anywhere.
    tree: Option<Tree>,
    /// Whether only rehearsed clips count.
    sandbox: bool,
}

impl Standing {
    fn at(state: &Path, root: &Path, sandbox: bool) -> Self {
        Self { tree: Tree::look_at(state, root).ok(), sandbox }
    }
}

/// Whether a sidecar counts for such commands. Format 1 does not say what was rehearsed: there the folder decides.
fn counts(sidecar: &Value, sandbox: bool) -> bool {
    sidecar["format"] == 1 || sidecar["sandbox"].as_bool().unwrap_or(false) == sandbox
}

/// Refuses orders for clips that stand under their jobs' names and of which the state knows nothing.
pub(crate) fn refuse_forgotten(places: &Places, worksheet: &Worksheet) -> Result<(), Error> {
    let Ok(tree) = Tree::look_at(&places.state, &places.out) else { return Ok(()) };
    let (mut clips, mut sum) = (0, Usd::ZERO);
    let told = worksheet.book().each_named::<StoreError>(&["new"], |book, job| {
        let wanted = &job.wanted;
        // One look without opening anything: most jobs have no such file.
        let sidecar = places.out.join(format!("{}.json", wanted.path));
        if sidecar.symlink_metadata().is_ok()
            && let Some(sidecar) = tree.sidecar_of(&wanted.path)
            && sidecar["fingerprint"] == wanted.fingerprint.to_string()
            && counts(&sidecar, places.sandbox)
            && let Some(take) = sidecar["take"].as_str()
            && book.known_take(&TakeId(take.to_owned()))?.is_none()
        {
            clips += 1;
            sum += wanted.price.unwrap_or_default();
        }
        Ok(())
    });
    told?;
    if clips == 0 {
        return Ok(());
    }
    let (are, them) = if clips == 1 { ("is", "it") } else { ("are", "them") };
    let what = format!(
        "{} of this project {are} in {}, but the state does not know {them} (they cost about {sum}); nothing was sent",
        count(clips, "clip"),
        places.out.display()
    );
    Err(Error::new(Exit::Local, what).money("not charged").hint(places.typed("recover")))
}

impl Clips for Standing {
    fn stands(&self, path: &str, file: &ClipFile) -> bool {
        self.tree.as_ref().is_some_and(|tree| tree.is_placed(path, file))
    }

    fn kept(&self, path: &str, take: &TakeId, file: &ClipFile) -> Option<String> {
        Some(kept_path(path, take)).filter(|kept| self.stands(kept, file))
    }

    fn of_take(&self, path: &str, take: &TakeId) -> Option<ClipFile> {
        self.tree.as_ref()?.clip_of(path, take)
    }

    fn sidecars(&self) -> Vec<(String, Value)> {
        let all = self.tree.as_ref().and_then(|tree| tree.sidecars().ok()).unwrap_or_default();
        all.into_iter().filter(|(_, sidecar)| counts(sidecar, self.sandbox)).collect()
    }
}

fn lines(rebuilt: &Rebuilt, root: &std::path::Path, counts: &BTreeMap<Phase, Count>) -> Vec<String> {
    let Rebuilt { old, bare, clips, clips_sum, old_ledger, submissions, sum, takes, missing, strays } =
        rebuilt;
    let mut lines = Vec::new();
    if *clips > 0 {
        let sidecars = if *clips == 1 { "its sidecar" } else { "their sidecars" };
        lines.push(format!("rebuilt  {} from {sidecars} ({clips_sum})", count(*clips, "clip")));
    }
    if *clips == 0 || *takes > 0 {
        lines.push(format!(
            "rebuilt  {} of which only the ledger knew ({sum}); {} brought up to date",
            count(*submissions, "submission"),
            count(*takes, "take")
        ));
    }
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
    if *clips > 0 {
        lines.push(
            "unknown  what was on its way or waited for a decision is in no sidecar: the next run asks before it orders \
             a job without a clip"
                .to_owned(),
        );
    }
    if *bare {
        lines.push(
            "gone     what no ledger has: providers on hold (`shotlist pause` again), and clips that `redo` or `retry` had \
             ordered and nobody had sent"
                .to_owned(),
        );
    }
    lines.extend(old.as_ref().map(|old| format!("kept     the old database is {}", old.display())));
    lines.extend(old_ledger.as_ref().map(|old| format!("kept     the damaged ledger is {}", old.display())));
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
        "clips_from_sidecars": rebuilt.clips,
        "clips_usd": rebuilt.clips_sum.plain(),
        "submissions": rebuilt.submissions,
        "usd": rebuilt.sum.plain(),
        "takes": rebuilt.takes,
        "missing_clips": rebuilt.missing,
        "lines_left_out": rebuilt.strays,
        "pauses_gone": rebuilt.bare,
        "output": root.display().to_string(),
        "old_ledger": rebuilt.old_ledger.as_ref().map(|old| old.display().to_string()),
        "old": rebuilt.old.as_ref().map(|old| old.display().to_string()),
        "states": states,
        "next": next,
    })
}
