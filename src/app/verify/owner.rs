//! Finds the paid rendering to which a file at the path of another clip belongs.
//!
//! A repair then does not mistake a paid clip for an altered one.

use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::forgotten::{cost, counts};
use crate::app::session::Session;
use crate::domain::clip_damage::ClipDamage;
use crate::domain::key::TakeId;
use crate::domain::lifecycle::{ClipFile, State};
use crate::domain::money::Usd;
use crate::domain::take::Take;
use crate::files::{PlaceFault, Refile, Tree, kept_path};
use crate::plan::known::Filed;
use crate::store::{Clip, Reader};

/// The paid rendering whose clip is at the path of another clip.
enum Owner {
    /// A rendering that the records do not contain, with the cost that the sidecar (the JSON file next to the clip)
    /// names.
    Unknown(Usd),
    /// A rendering that the records contain, with the size and hash of the file.
    Known(Box<Take>, ClipFile),
}

/// The result of freeing a path whose file differs from the recorded clip.
pub(super) enum Freed {
    /// The file was moved to this path. The file is no known paid clip, or it is a spare copy of a paid clip.
    SetAside(String),
    /// The file is the clip of another rendering, and is now at this path, which the records name.
    PutBack(String),
    /// The file is the clip of a rendering that is not recorded as finished; it was left where it is.
    Unfinished,
}

/// Returns the number and cost of the paid clips that the records do not contain and whose files replaced recorded
/// clips.
///
/// The replaced clips are among the altered clips in `lost`.
pub(super) async fn unknown(
    reader: &Reader,
    tree: &Tree,
    lost: &[(Clip, ClipDamage)],
    sandbox: bool,
) -> Result<(usize, Usd), Error> {
    let (mut clips, mut sum) = (0, Usd::ZERO);
    for (clip, _) in lost.iter().filter(|(_, loss)| *loss == ClipDamage::Altered) {
        if let Some(Owner::Unknown(price)) = owner(reader, tree, clip, sandbox).await? {
            clips += 1;
            sum += price;
        }
    }
    Ok((clips, sum))
}

/// Moves the file at the path of a recorded clip to another path, because the file is not that clip.
///
/// If the file is the clip of another finished rendering, it moves to the recorded path of that rendering. If that path
/// is not free, the file moves below `_takes/`, and the new path is recorded. The clip of an unfinished rendering
/// stays.
pub(super) async fn free(session: &Session, tree: &Tree, clip: &Clip) -> Result<Freed, Error> {
    let path = clip.filed.path.clone();
    let owner = owner(&session.store, tree, clip, session.places.sandbox).await?;
    let Some(Owner::Known(take, file)) = owner else { return set_aside(tree, path).await };
    if !matches!(take.state, State::Done { .. }) {
        return Ok(Freed::Unfinished);
    }
    let mut names = session.store.standing(&take.id).await?;
    names.push(take.path.clone());
    names.retain(|name| !name.is_empty() && *name != path);
    let (at, kept) = (path.clone(), kept_path(&path, &take.id));
    let moving = tree.clone();
    let moved = move || -> Result<Option<(String, bool)>, PlaceFault> {
        for name in &names {
            if moving.try_is_placed(name, &file)? {
                return Ok(None);
            }
        }
        for name in names {
            match moving.refile(&at, &name, &file, Refile::Move, None) {
                Err(PlaceFault::NameTaken(_)) => {}
                moved => return moved.map(|()| Some((name, true))),
            }
        }
        moving.refile(&at, &kept, &file, Refile::Move, None).map(|()| Some((kept, false)))
    };
    match tokio::task::spawn_blocking(moved).await.map_err(local)?.map_err(local)? {
        None => set_aside(tree, path).await,
        Some((name, is_recorded)) => {
            if !is_recorded {
                let from = Filed { take: take.id.clone(), path, file };
                session.store.kept(&from, &name, session.clock.now()).await.map_err(local)?;
            }
            Ok(Freed::PutBack(name))
        }
    }
}

async fn set_aside(tree: &Tree, path: String) -> Result<Freed, Error> {
    let tree = tree.clone();
    let kept = tokio::task::spawn_blocking(move || tree.keep_altered(&path)).await.map_err(local)?;
    kept.map(Freed::SetAside).map_err(local)
}

/// Returns the rendering that the sidecar next to an altered clip names.
///
/// It is `None` if the sidecar does not match the file, or if it names the rendering whose clip should be at this path.
async fn owner(reader: &Reader, tree: &Tree, clip: &Clip, sandbox: bool) -> Result<Option<Owner>, Error> {
    let (tree, path) = (tree.clone(), clip.filed.path.clone());
    let found = tokio::task::spawn_blocking(move || {
        let sidecar = tree.sidecar_of(&path).filter(|sidecar| counts(sidecar, sandbox))?;
        let take = TakeId(sidecar["take"].as_str()?.to_owned());
        let file = tree.clip_of(&path, &take)?;
        Some((take, file, cost(&sidecar)))
    });
    let found = found.await.map_err(local)?.filter(|(take, ..)| *take != clip.filed.take);
    let Some((take, file, price)) = found else { return Ok(None) };
    let known = reader.take_by_id(&take).await?;
    Ok(Some(known.map_or(Owner::Unknown(price), |take| Owner::Known(Box::new(take), file))))
}

/// Returns the error of a repair that failed on this computer.
pub(super) fn local(error: impl std::fmt::Display) -> Error {
    Error::new(Exit::Local, error.to_string()).money("not charged")
}
