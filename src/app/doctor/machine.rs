//! Checks of this computer: the state folder, lock, database and ledger, the disks and the clock.

use super::{Check, Context, Verdict, route};
use crate::app::exit::Exit;
use crate::app::pause;
use crate::app::pauses;
use crate::app::places::quoted;
use crate::domain::take::Wanted;
use crate::domain::text;
use crate::domain::units::{bytes, span, utc};
use crate::files::free_space;
use crate::load::Loaded;
use crate::plan::decide::Scope;
use crate::provider::cards::Cards;
use crate::store::{Examined, Folder, Lock, PlanTables, Reader, StoreError, examine};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use url::Url;

/// Time by which the newest database entry may be later than this computer's clock; beyond that, the clock is wrong.
///
/// A smaller difference is accepted, because another process may have just written the entry.
const DRIFT: SignedDuration = SignedDuration::from_mins(1);

/// Time before the first build of this program (2025-01-01 UTC). A clock that shows an earlier time was never set.
const EARLIEST: Timestamp = Timestamp::constant(1_735_689_600, 0);

/// Bytes of free space that the state folder needs, including the file of 8 MiB that is kept in reserve for a full
/// disk.
const STATE_BYTES: u64 = 64 << 20;

/// Estimated bytes per second of video while the project has no clip: 16 Mbit/s, twice the usual rate for 1080p.
const BYTES_A_SECOND: u64 = 2_000_000;

/// Assumed duration, in seconds, of a clip whose model does not state its duration.
const SECONDS: u32 = 5;

/// The findings about the state folder.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) checks: Vec<Check>,
    /// Names of the providers with paid work that is not collected yet.
    pub(crate) owing: BTreeSet<String>,
    /// Web addresses, without paths and signatures, of the hosts from which paid clips must still be downloaded.
    pub(crate) hosts: BTreeSet<Url>,
    /// Reader of the project's database; `None` if there is no database.
    pub(super) reader: Option<Reader>,
    /// Average size of the project's clips in bytes; `None` if there is no clip.
    clip_size: Option<u64>,
}

/// Checks the state folder with its lock, its database and its ledger, and the clock.
pub(crate) async fn state(context: &Context<'_>, project: Option<&str>, now: Timestamp) -> Found {
    let dir = &context.places.state;
    let mut found = Found::default();
    let folder = match Folder::look_at(dir) {
        Ok(folder) => folder,
        Err(error) => {
            found.checks.push(local("state", &error, context));
            return found;
        }
    };
    found.checks.extend(check_folder(dir, &folder));
    if !dir.is_dir() {
        found.checks.push(clock(now, None));
        return found;
    }
    let holder = Lock::holder(dir);
    let active = matches!(holder, Ok(Some(_)));
    found.checks.push(match holder {
        Ok(None) => Check::ok("lock", "free"),
        Ok(Some(holder)) => Check::ok(
            "lock",
            format!(
                "`shotlist {}` has been running since {} (process {} on {})",
                holder.command, holder.started, holder.pid, holder.host
            ),
        ),
        Err(error) => local("lock", &error, context),
    });
    let examined = match examine(dir) {
        Ok(Some(examined)) => Some(examined),
        Ok(None) => {
            let why = if context.places.is_only_rehearsed() {
                "there is none yet, because no real request was sent (a rehearsal has its own state)"
            } else {
                "there is none yet, because nothing was submitted"
            };
            found.checks.push(Check::ok("database", why));
            None
        }
        Err(error) => {
            found.checks.push(local("database", &error, context));
            None
        }
    };
    found.checks.extend(examined.iter().flat_map(|examined| check_database(examined, active, context)));
    found.checks.push(clock(now, examined.as_ref().and_then(|examined| examined.newest)));
    if examined.is_some()
        && let Err(error) = remember(&mut found, context, project, now).await
    {
        found.checks.push(local("database", &error, context));
    }
    found
}

async fn remember(
    found: &mut Found,
    context: &Context<'_>,
    project: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(reader) = Reader::open(&context.places.state)? else { return Ok(()) };
    let paused = reader.pauses(project).await?;
    let words: Vec<String> = paused.iter().map(|pause| pauses::words(pause, now)).collect();
    if !paused.is_empty() {
        let todo = context.command(&pause::resume_typed(&paused));
        found.checks.push(Check::warn("paused", words.join("; "), todo));
    }
    let owed = reader.owed(None, usize::MAX).await?;
    found.hosts = owed.iter().filter_map(route::host).collect();
    found.owing = owed.into_iter().map(|take| take.request.model.provider).collect();
    if let Some(project) = project {
        found.clip_size = reader.clip_size(project).await?;
    }
    found.reader = Some(reader);
    Ok(())
}

/// Checks the owner, the permissions and the file system of the state folder.
fn check_folder(dir: &Path, folder: &Folder) -> Vec<Check> {
    let mut checks = Vec::new();
    let shown = self::shown(dir);
    if let Some(kind) = folder.network {
        checks.push(Check::fail(
            "state",
            Exit::Local,
            format!("{shown} is on a network file system ({kind}), where two computers could write at the same time"),
            "move the project to a local disk",
        ));
    }
    let names = |paths: &[PathBuf]| -> String {
        let names: Vec<String> = paths.iter().map(|path| self::shown(path)).collect();
        names.join(", ")
    };
    if folder.exists && !dir.is_dir() {
        let what = format!("{shown} is not a folder, but shotlist keeps its records there");
        let todo = format!("mv {0} {0}.old", quoted(&shown));
        checks.push(Check::fail("state", Exit::Local, what, todo));
    } else if !folder.unusable.is_empty() {
        checks.push(Check::fail(
            "state",
            Exit::Local,
            format!("you are not allowed to read and write {}", names(&folder.unusable)),
            format!("sudo chown -R \"$(id -un)\" {}", quoted(&shown)),
        ));
    } else if !folder.foreign.is_empty() {
        let paths: Vec<PathBuf> = folder.foreign.iter().map(|(path, _)| path.clone()).collect();
        let owner = folder.foreign.first().map_or(0, |(_, owner)| *owner);
        checks.push(Check::warn(
            "state",
            format!(
                "{} belongs to another user (number {owner}), who could not continue the project",
                names(&paths)
            ),
            format!("sudo chown -R \"$(id -un)\" {}", quoted(&shown)),
        ));
    }
    if let Some((path, mode)) = folder.open_to_others.first() {
        let (then, end) = if folder.is_through_link {
            ("shotlist does not change it, because the state folder is a symbolic link", "/")
        } else {
            ("the next run removes their access", "")
        };
        checks.push(Check::warn(
            "state",
            format!("{} is open to other users (mode {mode:03o}); {then}", self::shown(path)),
            format!("chmod -R go= {}{end}", quoted(&shown)),
        ));
    }
    if checks.is_empty() {
        checks.push(Check::ok(
            "state",
            if folder.exists {
                format!("{shown}: only you can read it, and it is on a local disk")
            } else {
                format!("{shown} does not exist yet; the first run creates it")
            },
        ));
    }
    checks
}

/// Checks the database and whether the ledger agrees with it.
fn check_database(examined: &Examined, active: bool, context: &Context<'_>) -> Vec<Check> {
    let takes = text::count(usize::try_from(examined.takes).unwrap_or(usize::MAX), "rendering");
    let mut checks = vec![Check::ok("database", format!("undamaged; it records {takes}"))];
    checks.push(if let Some(error) = &examined.damaged {
        let check = local("ledger", error, context);
        if examined.is_refused { check } else { Check { verdict: Verdict::Warn, ..check } }
    } else if examined.cut {
        Check::warn(
            "ledger",
            "it lacks lines that the database has; a request that may have been sent counts as sent",
            format!("{}    writes them again from the database", context.command("collect")),
        )
    } else if examined.torn > 0 && !active {
        Check::warn(
            "ledger",
            format!(
                "its last {} bytes are not a complete line, because of a crash or a full disk",
                examined.torn
            ),
            format!("{}    removes them", context.command("collect")),
        )
    } else {
        Check::ok("ledger", "agrees with the database")
    });
    checks
}

fn clock(now: Timestamp, newest: Option<Timestamp>) -> Check {
    let set = "set this computer's clock: timedatectl set-ntp true";
    if now < EARLIEST {
        let what = format!("this computer's clock shows {}; certificates and budgets depend on it", utc(now));
        return Check::fail("clock", Exit::Local, what, set);
    }
    match newest {
        Some(newest) if newest.duration_since(now) > DRIFT => {
            let what = format!(
                "this computer's clock shows {}, but the database has an entry that is {} later; daily budgets and the \
                 expiry of links depend on the clock",
                utc(now),
                span(now, newest)
            );
            Check::fail("clock", Exit::Local, what, set)
        }
        _ => Check::ok("clock", utc(now)),
    }
}

/// Checks the free disk space for the state folder and for the clips to render.
pub(crate) fn disk_space(
    context: &Context<'_>,
    loaded: &Loaded,
    plan_tables: &PlanTables,
    found: &Found,
) -> Vec<Check> {
    let places = context.places;
    let mut checks = Vec::new();
    let (count, clips, folders) = match clips_to_render(loaded, plan_tables, found, &places.out) {
        Ok(to_come) => to_come,
        Err(error) => return vec![local("database", &error, context)],
    };
    let fullest = folders.iter().min_by_key(|folder| free_space(folder).unwrap_or_default());
    let fullest = fullest.map_or(existing_parent(&places.out), PathBuf::as_path);
    let state = existing_parent(&places.state);
    for (about, dir, existing, need) in
        [("disk", &places.out, fullest, clips), ("disk", &places.state, state, STATE_BYTES)]
    {
        let free = match free_space(existing) {
            Ok(free) => free,
            Err(error) => {
                let what = format!("the free space of {} could not be read: {error}", shown(existing));
                checks.push(Check::warn(about, what, format!("df -h {}", shell(existing))));
                continue;
            }
        };
        let what = if dir == &places.state {
            format!("{} free for the state folder, which needs {}", bytes(free), bytes(need))
        } else {
            match count {
                0 => format!("{} free for clips; none is to be rendered", bytes(free)),
                count => {
                    let clips = text::count(count, "clip");
                    format!("{} free for {clips} to render, about {}", bytes(free), bytes(need))
                }
            }
        };
        checks.push(if free >= need {
            Check::ok(about, what)
        } else if dir == &places.state {
            Check::fail(about, Exit::Local, what, format!("free some space: df -h {}", shell(existing)))
        } else {
            Check::warn(about, what, format!("free some space, or {}", context.command("run --out DIR")))
        });
    }
    checks
}

/// Returns the number of clips that a run would render, the bytes that they will probably need, and the deepest
/// existing folders of their paths.
fn clips_to_render(
    loaded: &Loaded,
    plan_tables: &PlanTables,
    found: &Found,
    out: &Path,
) -> Result<(usize, u64, BTreeSet<PathBuf>), StoreError> {
    let project = loaded.manifest.as_ref().map_or("", |manifest| manifest.project.as_str());
    let mut tables = plan_tables.lock();
    tables.know(project, found.reader.as_ref(), &|_| true)?;
    tables.decide(Scope::ALL, None)?;
    let (mut count, mut bytes, mut folders) = (0, 0, BTreeSet::new());
    tables.each::<StoreError>(|_, job| {
        if job.decision.costs() {
            count += 1;
            bytes += found.clip_size.unwrap_or_else(|| expected(&loaded.cards, &job.wanted));
            folders
                .extend(out.join(&job.wanted.path).parent().map(|folder| existing_parent(folder).to_owned()));
        }
        Ok(())
    })?;
    Ok((count, bytes, folders))
}

/// Returns the estimated size of a job's clip in bytes, for a project that has no clip yet.
fn expected(cards: &Cards, wanted: &Wanted) -> u64 {
    let card = cards.get(&wanted.request.model);
    let seconds = wanted.request.duration.or(card.map(|card| card.seconds())).unwrap_or(SECONDS);
    u64::from(seconds) * BYTES_A_SECOND
}

/// Returns the folder if it exists, otherwise its nearest existing parent.
pub(super) fn existing_parent(dir: &Path) -> &Path {
    let there = dir.ancestors().find(|folder| folder.symlink_metadata().is_ok());
    there.unwrap_or(Path::new("."))
}

/// Returns the path as messages show it, without a leading `./`.
pub(super) fn shown(path: &Path) -> String {
    match path.strip_prefix(".") {
        Ok(rest) if !rest.as_os_str().is_empty() => rest.display().to_string(),
        _ => path.display().to_string(),
    }
}

pub(super) fn shell(path: &Path) -> String {
    quoted(&shown(path))
}

/// Converts an error of the database to a failed check, with the next step to solve the problem.
fn local(about: &'static str, error: &StoreError, context: &Context<'_>) -> Check {
    let todo = match error {
        error if error.is_recoverable() => context.command("recover"),
        StoreError::Damaged { .. } => {
            format!("keep a copy: cp -a {0} {0}.copy", shell(&context.places.state))
        }
        StoreError::Outdated { .. } => {
            return Check::warn(about, error.to_string(), context.command("collect"));
        }
        StoreError::Newer { .. } => "install the newer version of shotlist".to_owned(),
        _ => format!("ls -la {}", shell(&context.places.state)),
    };
    Check::fail(about, Exit::Local, error.to_string(), todo)
}

#[cfg(test)]
mod tests;
