//! Posters: small pictures of clips, kept in the state folder under the hashes of the clips' bytes.
//!
//! One that is lost is made again by the next check. They are never durable.

use crate::domain::digest::Sha256;
use std::fs::{DirBuilder, remove_file, rename};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// Largest width and height of a poster.
pub(super) const LARGE: (u32, u32) = (320, 180);

/// Largest width and height of a small poster, for pages that hold thousands.
pub(super) const SMALL: (u32, u32) = (96, 54);

/// Name of the folder of posters in a state folder.
const FOLDER: &str = "posters";

/// The posters of a clip, WebP files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poster {
    /// At most 320 by 180 pixels.
    pub large: PathBuf,
    /// At most 96 by 54 pixels.
    pub small: PathBuf,
}

/// Returns the posters of the clip with that hash; `None` where there are none.
#[must_use]
pub fn poster(state: &Path, clip: Sha256) -> Option<Poster> {
    let [large, small] = names(clip).map(|name| state.join(FOLDER).join(name));
    (large.is_file() && small.is_file()).then_some(Poster { large, small })
}

/// Makes the folder of posters, and returns its path.
pub(super) fn make(state: &Path) -> io::Result<PathBuf> {
    let folder = state.join(FOLDER);
    DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    Ok(folder)
}

/// Returns the names of posters that are being written.
pub(super) fn parts(clip: Sha256) -> [String; 2] {
    names(clip).map(|name| format!("{name}.part"))
}

/// Gives posters that were written their names, or removes them.
pub(super) fn settle(state: &Path, clip: Sha256, is_whole: bool) -> io::Result<()> {
    let folder = state.join(FOLDER);
    for (part, name) in parts(clip).into_iter().zip(names(clip)) {
        let part = folder.join(part);
        let settled = if is_whole { rename(&part, folder.join(name)) } else { remove_file(&part) };
        match settled {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn names(clip: Sha256) -> [String; 2] {
    [format!("{clip}.webp"), format!("{clip}-s.webp")]
}
