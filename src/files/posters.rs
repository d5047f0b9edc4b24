//! Keeps posters (small still pictures of clips) in the state folder, in files named by the hashes of the clips' bytes.
//!
//! The next check of a clip makes a lost poster again, so posters are never synced to the disk.

use crate::domain::digest::Sha256;
use std::fs::{DirBuilder, remove_file, rename, symlink_metadata};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// The largest width and height of a large poster in pixels.
pub(super) const LARGE: (u32, u32) = (320, 180);

/// The largest width and height in pixels of a small poster, for pages with thousands of clips.
pub(super) const SMALL: (u32, u32) = (96, 54);

/// The name of the posters' folder in a state folder.
const FOLDER: &str = "posters";

/// The two WebP posters of a clip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poster {
    /// The path of the large poster, at most 320 by 180 pixels.
    pub large: PathBuf,
    /// The path of the small poster, at most 96 by 54 pixels.
    pub small: PathBuf,
}

/// Returns the posters of the clip with that hash; `None` if one is missing.
#[must_use]
pub fn poster(state: &Path, clip: Sha256) -> Option<Poster> {
    let [large, small] = names(clip).map(|name| state.join(FOLDER).join(name));
    (large.is_file() && small.is_file()).then_some(Poster { large, small })
}

/// Makes the folder of posters, and returns its path. A link in its place is refused, because it may lead to files of
/// other programs.
pub fn make(state: &Path) -> io::Result<PathBuf> {
    let folder = state.join(FOLDER);
    DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    if symlink_metadata(&folder)?.is_symlink() {
        let what = format!("{} is a symbolic link; remove it", folder.display());
        return Err(io::Error::new(io::ErrorKind::NotADirectory, what));
    }
    Ok(folder)
}

/// Returns the temporary names of a clip's large and small poster while they are being written.
pub(super) fn parts(clip: Sha256) -> [String; 2] {
    names(clip).map(|name| format!("{name}.part"))
}

/// Gives the new posters of a clip their final names if `is_whole` is true; otherwise removes them.
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

#[cfg(test)]
mod tests;
