//! `shotlist verify`: every clip that should stand in the output folder, compared with what was placed there.

use super::error::Error;
use super::exit::Exit;
use super::find::project_name;
use super::places::{Places, quoted};
use super::project::Project;
use super::session::{Session, reader};
use crate::cli::args::VerifyArgs;
use crate::domain::key::TakeId;
use crate::domain::loss::Loss;
use crate::domain::text::count;
use crate::engine::clock::Clock;
use crate::engine::lost::{Back, bring_back};
use crate::files::{Finding, SidecarFault, Tree};
use crate::report::layout::bytes;
use crate::report::terminal::Terminal;
use crate::store::{Clip, ClipsFrom, Reader};
use futures::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use rand::RngExt as _;
use serde_json::json;
use std::collections::HashSet;
use std::str::FromStr;

/// Clips read from the database at once.
const PAGE: u32 = 256;

/// Clips hashed at once: disks gain little beyond that.
const AT_ONCE: usize = 4;

/// How often the line of progress is drawn anew.
const REDRAW: SignedDuration = SignedDuration::from_millis(200);

/// How many of the clips are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subset {
    /// So many in a hundred, at least one.
    Percent(u8),
    /// So many.
    Count(u64),
}

impl FromStr for Subset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused =
            || format!("`{text}` is neither a share, such as 10%, nor a number of clips, such as 500");
        match text.strip_suffix('%') {
            Some(share) => match share.parse() {
                Ok(share @ 1..=100) => Ok(Self::Percent(share)),
                _ => Err(refused()),
            },
            None => text.parse().ok().filter(|count| *count > 0).map(Self::Count).ok_or_else(refused),
        }
    }
}

impl Subset {
    fn of(self, all: u64) -> u64 {
        match self {
            Self::Percent(share) => (all * u64::from(share)).div_ceil(100),
            Self::Count(count) => count.min(all),
        }
    }
}

/// Compares them; exit 3 where something is wrong.
pub(crate) async fn verify(project: &Project, terminal: &Terminal, args: &VerifyArgs) -> Result<Exit, Error> {
    let places = project.places.clone();
    let reader = reader(&places)?;
    let name = project_name(&places);
    let recorded = reader.output().await?;
    let root = places.clips(recorded.as_deref());
    let tree = Tree::look_at(&places.state, &root).map_err(|error| {
        let root = root.display();
        let what = format!(
            "the clips cannot be compared: {root} cannot be opened: {error}; mount its disk, or name it with --out DIR"
        );
        Error::new(Exit::Local, what).hint(places.typed("doctor"))
    })?;
    let mut tally = Tally::new();
    let read = tally.read(terminal, &reader, name.as_deref(), &tree, args.subset).await;
    terminal.still();
    read?;
    let (exit, next) = if args.repair && tally.wrong() > 0 {
        let session = Session::open(project, "verify")?;
        session.keep_output().await?;
        repair(terminal, &session, std::mem::take(&mut tally.lost), args.replace_altered).await?
    } else {
        tally.verdict(&places)
    };
    if terminal.json {
        terminal.data(tally.json(exit, &next));
    } else {
        for line in tally.lines(args.repair) {
            terminal.tell(&line, 0);
        }
    }
    terminal.next(next);
    Ok(exit)
}

/// What was found so far.
struct Tally {
    clock: Clock,
    drawn: Option<Timestamp>,
    all: u64,
    compared: u64,
    bytes: u64,
    same: u64,
    missing: u64,
    damaged: u64,
    foreign: u64,
    unreadable: u64,
    sidecars: u64,
    /// The first job with something wrong.
    first: Option<String>,
    /// Takes whose clips may be missing, as a person has said.
    dismissed: HashSet<TakeId>,
    /// Number of missing clips of these.
    meant: u64,
    /// Clips that are missing, or something else than they were.
    lost: Vec<(Clip, Loss)>,
}

impl Tally {
    fn new() -> Self {
        Self {
            clock: Clock::system(),
            drawn: None,
            all: 0,
            compared: 0,
            bytes: 0,
            same: 0,
            missing: 0,
            damaged: 0,
            foreign: 0,
            unreadable: 0,
            sidecars: 0,
            first: None,
            dismissed: HashSet::new(),
            meant: 0,
            lost: Vec::new(),
        }
    }

    /// Compares page after page: a catalog of any size takes the memory of one page.
    async fn read(
        &mut self,
        terminal: &Terminal,
        reader: &Reader,
        project: Option<&str>,
        tree: &Tree,
        subset: Option<Subset>,
    ) -> Result<(), crate::store::StoreError> {
        self.all = reader.clip_count(project).await?;
        self.dismissed = reader.dismissed().await?;
        let mut left = self.all;
        let mut wanted = subset.map_or(self.all, |subset| subset.of(self.all));
        let mut from = Some(ClipsFrom::default());
        while let Some(start) = from {
            let (mut page, next) = reader.clips(project, start, PAGE).await?;
            // Each clip with the same chance, and exactly as many as are wanted.
            page.retain(|_| {
                let taken = left > 0 && rand::rng().random_range(0..left) < wanted;
                left = left.saturating_sub(1);
                wanted -= u64::from(taken);
                taken
            });
            let mut compared = futures::stream::iter(page)
                .map(|clip| {
                    let tree = tree.clone();
                    async move {
                        let compare = move || (compare(&tree, &clip), clip);
                        tokio::task::spawn_blocking(compare).await
                    }
                })
                .buffered(AT_ONCE);
            while let Some(result) = compared.next().await {
                let (found, clip) = result.map_err(|_| crate::store::StoreError::Ending)?;
                self.add(terminal, &clip, &found);
                self.draw(terminal);
            }
            from = next;
        }
        Ok(())
    }

    fn add(&mut self, terminal: &Terminal, clip: &Clip, (found, sidecar): &(Finding, Option<SidecarFault>)) {
        self.compared += 1;
        self.bytes += clip.filed.file.size;
        if *found == Finding::Missing && self.dismissed.contains(&clip.filed.take) {
            self.meant += 1;
            return;
        }
        let loss = match found {
            Finding::Missing => Some(Loss::Missing),
            Finding::Damaged(..) | Finding::Foreign(_) => Some(Loss::Altered),
            Finding::Same | Finding::Unreadable(_) => None,
        };
        self.lost.extend(loss.map(|loss| (clip.clone(), loss)));
        let found = match found {
            Finding::Same => {
                self.same += 1;
                None
            }
            Finding::Missing => {
                self.missing += 1;
                Some(("missing", String::new()))
            }
            Finding::Damaged(size, why) => {
                self.damaged += 1;
                Some(("damaged", format!("{why}; {} of {} bytes", size, clip.filed.file.size)))
            }
            Finding::Foreign(why) => {
                self.foreign += 1;
                Some(("foreign", why.clone()))
            }
            Finding::Unreadable(why) => {
                self.unreadable += 1;
                Some(("unreadable", why.clone()))
            }
        };
        if let Some((word, why)) = &found {
            self.tell(terminal, clip, word, why);
        }
        // Where the clip itself is not there, its sidecar is nobody's question.
        if let (Some(fault), None) = (sidecar, found) {
            self.sidecars += 1;
            let why = match fault {
                SidecarFault::Missing => "its sidecar is missing".to_owned(),
                SidecarFault::Damaged(why) => format!("its sidecar cannot be read: {why}"),
                SidecarFault::Foreign => "its sidecar tells of another clip".to_owned(),
            };
            self.tell(terminal, clip, "sidecar", &why);
        }
    }

    fn tell(&mut self, terminal: &Terminal, clip: &Clip, word: &str, why: &str) {
        let job = clip.key.to_string();
        let Clip { filed, .. } = clip;
        if terminal.json {
            let (bytes, sha256) = (filed.file.size, filed.file.sha256.to_string());
            terminal.data(json!({
                "event": word, "job": job, "take": filed.take.0, "path": filed.path, "why": why, "bytes": bytes,
                "sha256": sha256,
            }));
        } else {
            let why = if why.is_empty() { String::new() } else { format!("  {why}") };
            terminal.above(|| terminal.data(format_args!("{word:<10} {}  {job}{why}", filed.path)));
        }
        self.first.get_or_insert(job);
    }

    fn draw(&mut self, terminal: &Terminal) {
        let now = self.clock.now();
        if !terminal.is_live() || self.drawn.is_some_and(|drawn| now.duration_since(drawn) < REDRAW) {
            return;
        }
        self.drawn = Some(now);
        let wrong = match self.wrong() {
            0 => String::new(),
            wrong => format!(" · {wrong} wrong"),
        };
        terminal.draw(&[format!(
            "verify   {} of {} · {}{wrong}",
            self.compared,
            self.all,
            bytes(self.bytes)
        )]);
    }

    const fn wrong(&self) -> u64 {
        self.missing + self.damaged + self.foreign + self.unreadable + self.sidecars
    }

    /// Returns the exit code, and the command that goes on.
    fn verdict(&self, places: &Places) -> (Exit, String) {
        let exit = if self.wrong() == 0 { Exit::Done } else { Exit::SomeFailed };
        let next = match &self.first {
            Some(_) if self.missing > 0 => places.typed("verify --repair"),
            Some(_) if !self.lost.is_empty() => places.typed("verify --repair --replace-altered"),
            Some(job) => places.typed(&format!("show {}", quoted(job))),
            None => places.typed("status"),
        };
        (exit, next)
    }

    fn lines(&self, repaired: bool) -> Vec<String> {
        let of = if self.compared < self.all { format!(" of {}", self.all) } else { String::new() };
        let clips =
            usize::try_from(self.compared).map_or_else(|_| "all clips".to_owned(), |n| count(n, "clip"));
        let mut parts = vec![format!("{} as they were placed", self.same)];
        let found = [
            (self.missing, "missing"),
            (self.meant, "dismissed"),
            (self.damaged, "damaged"),
            (self.foreign, "not ours"),
            (self.unreadable, "unreadable"),
            (self.sidecars, "with a wrong sidecar"),
        ];
        parts.extend(found.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")));
        let mut lines = vec![format!("verified {clips}{of} ({}): {}", bytes(self.bytes), parts.join(" · "))];
        if self.wrong() > 0 && !repaired {
            lines.push(
                "Put them back from a backup of the output folder, or let `--repair` bring back what a copy or the \
                 provider still has: it is free, and links expire within a day. Nothing was changed, nothing was sent."
                    .to_owned(),
            );
        }
        lines
    }

    fn json(&self, exit: Exit, next: &str) -> serde_json::Value {
        json!({
            "event": "summary",
            "format": 1,
            "exit": exit as u8,
            "clips": self.all,
            "compared": self.compared,
            "bytes": self.bytes,
            "same": self.same,
            "missing": self.missing,
            "dismissed": self.meant,
            "damaged": self.damaged,
            "foreign": self.foreign,
            "unreadable": self.unreadable,
            "sidecars": self.sidecars,
            "next": next,
        })
    }
}

/// Brings back what is free to bring back. Returns the exit code, and the command that goes on.
async fn repair(
    terminal: &Terminal,
    session: &Session,
    lost: Vec<(Clip, Loss)>,
    replaces: bool,
) -> Result<(Exit, String), Error> {
    let local = |error: String| Error::new(Exit::Local, error).money("not charged");
    let tree = session.tree()?;
    let (mut asked, mut altered, mut gone) = (false, false, None);
    let tell = |word: &str, clip: &Clip, what: &str| {
        if terminal.json {
            let job = clip.key.to_string();
            terminal.data(json!({ "event": word, "job": job, "path": clip.filed.path, "why": what }));
        } else {
            terminal.say(format_args!("{word:<8} {}  {what}", clip.key));
        }
    };
    let (missing, others): (Vec<_>, Vec<_>) = lost.into_iter().partition(|(_, loss)| *loss == Loss::Missing);
    // Altered ones first: their names are free afterwards.
    let mut bare = Vec::new();
    for (clip, _) in others {
        if replaces {
            let (tree, path) = (tree.clone(), clip.filed.path.clone());
            let kept = tokio::task::spawn_blocking(move || tree.keep_altered(&path)).await;
            let kept =
                kept.map_err(|error| local(error.to_string()))?.map_err(|error| local(error.to_string()))?;
            tell("kept", &clip, &format!("the altered file is now {kept}"));
            bare.push(clip);
        } else {
            altered = true;
            tell("left", &clip, "it was altered: --replace-altered keeps it aside and restores the clip");
        }
    }
    for clip in bare.into_iter().chain(missing.into_iter().map(|(clip, _)| clip)) {
        let back =
            bring_back(&session.store, &tree, &session.project.registry, &clip, session.clock.now()).await;
        match back.map_err(|error| local(error.to_string()))? {
            Back::Copied(from) => tell("restored", &clip, &format!("brought back from {from}")),
            Back::Asked => {
                asked = true;
                tell(
                    "asked",
                    &clip,
                    "its provider is asked again by the next `collect` or `run`, free of charge",
                );
            }
            Back::Altered(other) => {
                altered = true;
                tell(
                    "left",
                    &clip,
                    &format!("its other copy {other} was altered: restore that with --replace-altered"),
                );
            }
            Back::Gone if clip.older => {
                let forgotten = session.store.kept_nowhere(&clip.filed.take).await;
                forgotten.map_err(|error| local(error.to_string()))?;
                tell("forgotten", &clip, "an older version of its clip is gone");
            }
            Back::Gone => {
                let take = session.store.take_by_id(&clip.filed.take).await?;
                let price = take.map_or_else(String::new, |take| format!(" for {}", take.price));
                tell("left", &clip, &format!("no copy of it is left; `redo` renders it again{price}"));
                gone.get_or_insert(clip.key);
            }
        }
    }
    let typed = |words: &str| session.places.typed(words);
    Ok(match gone {
        _ if asked => (Exit::WorkRemains, typed("collect")),
        _ if altered => (Exit::SomeFailed, typed("verify --repair --replace-altered")),
        Some(key) => (Exit::SomeFailed, typed(&format!("redo {}", quoted(&key.to_string())))),
        None => (Exit::Done, typed("status")),
    })
}

fn compare(tree: &Tree, clip: &Clip) -> (Finding, Option<SidecarFault>) {
    let filed = &clip.filed;
    (tree.examine(&filed.path, &filed.file), tree.examine_sidecar(&filed.path, &filed.file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subset_is_a_share_or_a_number() {
        assert_eq!("10%".parse(), Ok(Subset::Percent(10)));
        assert_eq!("500".parse(), Ok(Subset::Count(500)));
        for text in ["", "0", "0%", "101%", "-3", "1.5%", "all"] {
            assert!(text.parse::<Subset>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_share_is_rounded_up_and_a_number_is_at_most_all() {
        assert_eq!([0, 1, 5, 1_000].map(|all| Subset::Percent(10).of(all)), [0, 1, 1, 100]);
        assert_eq!([0, 3, 9].map(|all| Subset::Count(5).of(all)), [0, 3, 5]);
    }
}
