//! Restores missing and altered clips, each from a copy or from the provider, free of charge.

use super::owner::{Freed, local};
use super::{older, owner};
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::places::quoted;
use crate::app::reporter::News;
use crate::app::session::Session;
use crate::domain::clip_damage::ClipDamage;
use crate::engine::lost::{Back, Copies, bring_back};
use crate::plan::known::Filed;
use crate::store::Clip;

/// Restores missing clips free of charge, and also altered clips if `replaces` is true. Returns the exit code and the
/// command to type next.
pub(super) async fn repair(
    session: &Session,
    lost: Vec<(Clip, ClipDamage)>,
    replaces: bool,
) -> Result<(Exit, String), Error> {
    let tree = session.tree()?;
    let (mut asked, mut altered, mut unfinished, mut gone) = (false, false, false, None);
    let mut older = Vec::new();
    let tell = |word: &'static str, clip: &Clip, what: &str| {
        session.project.tell(&News::Restoring { clip, word, what });
    };
    let (missing, others): (Vec<_>, Vec<_>) =
        lost.into_iter().partition(|(_, loss)| *loss == ClipDamage::Missing);
    // Altered clips come first because this frees their names.
    let mut freed = Vec::new();
    for (clip, _) in others {
        if replaces {
            match owner::free(session, &tree, &clip).await? {
                Freed::SetAside(kept) => tell("kept", &clip, &format!("the altered file is now `{kept}`")),
                Freed::PutBack(name) => {
                    tell(
                        "kept",
                        &clip,
                        &format!("the file is another job's or version's clip, now `{name}`"),
                    );
                }
                Freed::Unfinished => {
                    unfinished = true;
                    tell("left", &clip, "the file is a paid clip that `collect` has not recorded yet");
                    continue;
                }
            }
            freed.push(clip);
        } else {
            altered = true;
            tell(
                "left",
                &clip,
                "the file was altered: --replace-altered sets it aside and restores the clip",
            );
        }
    }
    let copies = Copies::of(tree.clone());
    for clip in freed.into_iter().chain(missing.into_iter().map(|(clip, _)| clip)) {
        let (look, Filed { path, file, .. }) = (tree.clone(), clip.filed.clone());
        let placed = tokio::task::spawn_blocking(move || look.try_is_placed(&path, &file));
        if placed.await.map_err(local)?.map_err(local)? {
            tell("restored", &clip, "the clip was at another clip's path");
            continue;
        }
        let back =
            bring_back(&session.store, &copies, &session.project.registry, &clip, session.clock.now()).await;
        match back.map_err(local)? {
            Back::Copied(from) => tell("restored", &clip, &format!("restored from the copy `{from}`")),
            Back::Asked => {
                asked = true;
                tell(
                    "asked",
                    &clip,
                    "the next `collect` or `run` asks the provider for the clip again, free of charge",
                );
            }
            Back::Altered(other) => {
                altered = true;
                tell(
                    "left",
                    &clip,
                    &format!("the other copy, `{other}`, was altered: restore it with --replace-altered"),
                );
            }
            Back::Gone if clip.older => older.push(clip),
            Back::Gone => {
                let take = session.store.take_by_id(&clip.filed.take).await?;
                let price = take.map_or_else(String::new, |take| format!(" for {}", take.price));
                tell("left", &clip, &format!("no copy of the clip is left; `redo` renders it again{price}"));
                gone.get_or_insert(clip.key);
            }
        }
    }
    let (wanted, unwanted) = older::sort(session, older);
    for clip in &wanted {
        tell("left", clip, "an older version of the clip is gone, and the manifest wants it: see `plan`");
    }
    for clip in &unwanted {
        session.store.kept_nowhere(&clip.filed.take).await.map_err(local)?;
        tell("forgotten", clip, "an older version of the clip is gone; later checks leave it out");
    }
    let typed = |words: &str| session.places.typed(words);
    Ok(match gone {
        _ if asked => (Exit::WorkRemains, typed("collect")),
        _ if unfinished => (Exit::SomeFailed, typed("collect")),
        _ if altered => (Exit::SomeFailed, typed("verify --repair --replace-altered")),
        Some(key) => (Exit::SomeFailed, typed(&format!("redo {}", quoted(&key.to_string())))),
        None if !wanted.is_empty() => (Exit::SomeFailed, typed("plan")),
        None => (Exit::Done, typed("status")),
    })
}
