//! Checks of this computer: the state folder with its lock, database and ledger, free space, the output folder, the clock.

use super::{Check, Context, route};
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
use crate::store::{Examined, Folder, Lock, Reader, StoreError, Worksheet, examine};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use url::Url;

/// Maximum time by which a correct clock may be behind the newest entry of the database, which another process may
/// have just written.
const DRIFT: SignedDuration = SignedDuration::from_mins(1);

/// Time before any build of this program (2025-01-01 UTC); an earlier clock was never set.
const EARLIEST: Timestamp = Timestamp::constant(1_735_689_600, 0);

/// Bytes that the state needs: database, ledger and the reserve of 8 MiB.
const STATE_BYTES: u64 = 64 << 20;

/// Estimated bytes per second of a clip while none is known: 16 Mbit/s, twice the usual rate for 1080p.
const BYTES_A_SECOND: u64 = 2_000_000;

/// Assumed seconds of a clip whose model does not state its duration.
const SECONDS: u32 = 5;

/// The findings about the state folder.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) checks: Vec<Check>,
    /// Providers with paid work that is not collected.
    pub(crate) owing: BTreeSet<String>,
    /// Hosts of clips that wait to be fetched, without the rest of their links.
    pub(crate) hosts: BTreeSet<Url>,
    /// Reader of earlier orders.
    reader: Option<Reader>,
    /// Average size of a clip in bytes.
    clip_size: Option<u64>,
}

/// Checks the state folder and everything in it.
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
                "`shotlist {}` is at work since {} (process {} on {})",
                holder.command, holder.started, holder.pid, holder.host
            ),
        ),
        Err(error) => local("lock", &error, context),
    });
    let examined = match examine(dir) {
        Ok(Some(examined)) => Some(examined),
        Ok(None) => {
            found.checks.push(Check::ok("database", "none yet: nothing was ordered"));
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

/// Checks the owner, the permissions and the file system of the folder.
fn check_folder(dir: &Path, folder: &Folder) -> Vec<Check> {
    let mut checks = Vec::new();
    let shown = self::shown(dir);
    if let Some(kind) = folder.network {
        checks.push(Check::fail(
            "state",
            Exit::Local,
            format!("{shown} is on a network file system ({kind}), where two computers could write at once"),
            "move the project to a local disk",
        ));
    }
    let names = |paths: &[PathBuf]| -> String {
        let names: Vec<String> = paths.iter().map(|path| self::shown(path)).collect();
        names.join(", ")
    };
    if folder.exists && !dir.is_dir() {
        let what = format!("{shown} is not a folder, but the state belongs there");
        let todo = format!("mv {0} {0}.old", quoted(&shown));
        checks.push(Check::fail("state", Exit::Local, what, todo));
    } else if !folder.unusable.is_empty() {
        checks.push(Check::fail(
            "state",
            Exit::Local,
            format!("{} cannot be read and written by you", names(&folder.unusable)),
            format!("sudo chown -R \"$(id -un)\" {}", quoted(&shown)),
        ));
    } else if !folder.foreign.is_empty() {
        let paths: Vec<PathBuf> = folder.foreign.iter().map(|(path, _)| path.clone()).collect();
        let owner = folder.foreign.first().map_or(0, |(_, owner)| *owner);
        checks.push(Check::warn(
            "state",
            format!(
                "{} belongs to another user (number {owner}), who could not go on with it",
                names(&paths)
            ),
            format!("sudo chown -R \"$(id -un)\" {}", quoted(&shown)),
        ));
    }
    if let Some((path, mode)) = folder.open_to_others.first() {
        checks.push(Check::warn(
            "state",
            format!(
                "{} is open to other users (mode {mode:03o}); the next run takes that away",
                self::shown(path)
            ),
            format!("chmod -R go= {}", quoted(&shown)),
        ));
    }
    if checks.is_empty() {
        checks.push(Check::ok(
            "state",
            if folder.exists {
                format!("{shown}: yours alone, on a local disk")
            } else {
                format!("{shown} is not there yet; the first run makes it")
            },
        ));
    }
    checks
}

/// Checks the database and the ledger.
fn check_database(examined: &Examined, active: bool, context: &Context<'_>) -> Vec<Check> {
    let mut checks = vec![Check::ok("database", format!("sound, {} takes", examined.takes))];
    checks.push(if examined.cut {
        Check::warn(
            "ledger",
            "it lacks lines that the database has seen; what was on the wire then counts as sent",
            format!("{}    adds what can be added", context.command("collect")),
        )
    } else if examined.torn > 0 && !active {
        Check::warn(
            "ledger",
            format!("its last {} bytes are no whole line: a crash, or a full disk", examined.torn),
            format!("{}    drops them", context.command("collect")),
        )
    } else {
        Check::ok("ledger", "agrees with the database")
    });
    checks
}

fn clock(now: Timestamp, newest: Option<Timestamp>) -> Check {
    let set = "set this computer's clock: timedatectl set-ntp true";
    if now < EARLIEST {
        let what = format!("it is {}, says this computer; certificates and budgets go by that", utc(now));
        return Check::fail("clock", Exit::Local, what, set);
    }
    match newest {
        Some(newest) if newest.duration_since(now) > DRIFT => {
            let what = format!(
                "it is {} here, but the database has an entry from {} later; daily budgets and the life of links go \
                 by the clock",
                utc(now),
                span(now, newest)
            );
            Check::fail("clock", Exit::Local, what, set)
        }
        _ => Check::ok("clock", utc(now)),
    }
}

/// Checks the free space for the state and the clips to render.
pub(crate) fn disk_space(
    context: &Context<'_>,
    loaded: &Loaded,
    worksheet: &Worksheet,
    found: &Found,
) -> Vec<Check> {
    let places = context.places;
    let mut checks = Vec::new();
    let (count, clips) = match clips_to_render(loaded, worksheet, found) {
        Ok(to_come) => to_come,
        Err(error) => return vec![local("database", &error, context)],
    };
    for (about, dir, need) in [("disk", &places.out, clips), ("disk", &places.state, STATE_BYTES)] {
        let existing = existing_parent(dir);
        let free = match free_space(existing) {
            Ok(free) => free,
            Err(error) => {
                let what = format!("how much room {} has cannot be told: {error}", shown(existing));
                checks.push(Check::warn(about, what, format!("df -h {}", shell(existing))));
                continue;
            }
        };
        let what = if dir == &places.state {
            format!("{} free for the state, which needs {}", bytes(free), bytes(need))
        } else {
            match count {
                0 => format!("{} free for clips, of which none is to be rendered", bytes(free)),
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

/// Returns the number of clips to render, and the bytes that they will probably need.
fn clips_to_render(
    loaded: &Loaded,
    worksheet: &Worksheet,
    found: &Found,
) -> Result<(usize, u64), StoreError> {
    let project = loaded.manifest.as_ref().map_or("", |manifest| manifest.project.as_str());
    let mut book = worksheet.book();
    book.know(project, found.reader.as_ref(), &|_| true)?;
    book.decide(Scope::ALL, None)?;
    let (mut count, mut bytes) = (0, 0);
    book.each::<StoreError>(|_, job| {
        if job.decision.costs() {
            count += 1;
            bytes += found.clip_size.unwrap_or_else(|| expected(&loaded.cards, &job.wanted));
        }
        Ok(())
    })?;
    Ok((count, bytes))
}

/// Returns the estimated size of a clip while no clip was rendered yet.
fn expected(cards: &Cards, wanted: &Wanted) -> u64 {
    let card = cards.get(&wanted.request.model);
    let seconds = wanted.request.duration.or(card.map(|card| card.seconds())).unwrap_or(SECONDS);
    u64::from(seconds) * BYTES_A_SECOND
}

/// Checks that clips and state can be written, with a test file that has no name and so cannot remain.
pub(crate) fn output(context: &Context<'_>) -> Vec<Check> {
    let places = context.places;
    [("output", &places.out), ("state", &places.state)]
        .into_iter()
        .filter_map(|(about, dir)| {
            let existing = existing_parent(dir);
            let there = if existing == dir.as_path() { "" } else { ", where it will be made" };
            let trouble = if existing.is_dir() {
                tempfile::tempfile_in(existing).err().map(|error| error.to_string())
            } else {
                Some("it is not a folder".to_owned())
            };
            match trouble {
                Some(trouble) => Some(Check::fail(
                    about,
                    Exit::Local,
                    format!("nothing can be written into {}{there}: {trouble}", shown(existing)),
                    format!("ls -ld {}", shell(existing)),
                )),
                // The check of the state reported everything else about it.
                None if about == "state" => None,
                None => Some(Check::ok(about, format!("{} can be written{there}", shown(existing)))),
            }
        })
        .collect()
}

/// Returns the folder or its nearest existing parent.
fn existing_parent(dir: &Path) -> &Path {
    let there = dir.ancestors().find(|folder| folder.symlink_metadata().is_ok());
    there.unwrap_or(Path::new("."))
}

/// Returns the path relative to the current folder where possible.
fn shown(path: &Path) -> String {
    match path.strip_prefix(".") {
        Ok(rest) if !rest.as_os_str().is_empty() => rest.display().to_string(),
        _ => path.display().to_string(),
    }
}

fn shell(path: &Path) -> String {
    quoted(&shown(path))
}

/// Returns the check for an error of the store, whose text names the next step.
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
