//! Checks that a project keeps its output folder.
//!
//! If clips were looked for in another folder, they would be rendered and paid for again.

use super::error::Error;
use super::exit::Exit;
use super::places::{Places, quoted};
use super::session::Session;
use std::path::Path;

impl Session {
    /// Refuses to continue if the output folder is not the one that holds the project's clips.
    ///
    /// A project without clips may change its folder, and the new folder is recorded.
    pub(crate) async fn keep_output(&self) -> Result<(), Error> {
        let (folder, out) = (real(&self.places.folder), real(&self.places.out));
        let named = output_name(&self.places);
        let holds = self.store.keep_output(&named).await?;
        let holds = folder.join(holds);
        if real(&holds) == out {
            return Ok(());
        }
        let (shown, how) = if real(&holds) == folder {
            (self.places.folder.clone(), "without `--out`".to_owned())
        } else {
            let how = format!("with `--out {}`", quoted(&holds.display().to_string()));
            (holds, how)
        };
        Err(Error::new(
            Exit::Usage,
            format!(
                "the clips of this project are in the folder `{}`, not in `{}`; nothing was sent or moved; type the same \
                 command {how}; if you moved the clips, put a symbolic link to them in the old place",
                shown.display(),
                self.places.out.display()
            ),
        )
        .money("not charged")
        .hint(self.places.typed("status")))
    }
}

/// Returns the path of the output folder as the database records it.
///
/// A folder below the manifest's folder is recorded by its relative path, so that a project can be moved as a whole.
pub(crate) fn output_name(places: &Places) -> String {
    let (folder, out) = (real(&places.folder), real(&places.out));
    out.strip_prefix(&folder).unwrap_or(&out).to_string_lossy().into_owned()
}

/// Returns the absolute path with its symbolic links resolved, as far as the path exists.
fn real(path: &Path) -> std::path::PathBuf {
    path.canonicalize()
        .or_else(|_| {
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            let parent = parent.unwrap_or(Path::new(".")).canonicalize()?;
            Ok(path.file_name().map_or(parent.clone(), |name| parent.join(name)))
        })
        .or_else(|_: std::io::Error| std::path::absolute(path))
        .unwrap_or_else(|_| path.to_owned())
}
