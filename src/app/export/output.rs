//! The files that an export writes: their default names, and the rule that no file of the user is replaced.

use super::{ExportRequest, typed};
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::places::Places;
use crate::files::atomic_write;
use std::fs;
use std::path::{Path, PathBuf};

/// Permissions of a new export file before the umask is applied.
const MODE: u16 = 0o666;

/// Returns the path of the file to write: the one that the user named, or `name` in the default folder.
///
/// The default folder is that of the manifest or, in a rehearsal, that of its clips. A file with the default name is an
/// earlier export and is replaced; a file that the user named is replaced only with `--force`.
pub(super) fn place(places: &Places, request: &ExportRequest, name: &str) -> Result<PathBuf, Error> {
    let Some(named) = &request.out else {
        let folder = if places.sandbox { &places.out } else { &places.folder };
        return Ok(folder.strip_prefix(".").unwrap_or(folder).join(name));
    };
    if !request.force && fs::symlink_metadata(named).is_ok() {
        let what = format!("{} already exists; nothing was written", named.display());
        let more = format!(" --out {} --force", crate::app::places::quoted(&named.display().to_string()));
        return Err(Error::new(Exit::Usage, what).money("not charged").hint(typed(places, request, &more)));
    }
    Ok(named.clone())
}

/// Refuses to write over the product file that the items come from.
pub(super) fn refuse_source(
    places: &Places,
    request: &ExportRequest,
    path: &Path,
    source: &Path,
) -> Result<(), Error> {
    let is_source = match (path.canonicalize(), source.canonicalize()) {
        (Ok(path), Ok(source)) => path == source,
        _ => path == source,
    };
    if !is_source {
        return Ok(());
    }
    let what = format!("{} is the file that the items come from, and it is never changed", path.display());
    Err(Error::new(Exit::Usage, what).money("not charged").hint(typed(places, request, " --out FILE")))
}

/// Writes an export file completely or not at all.
pub(super) fn write(places: &Places, path: &Path, bytes: &[u8]) -> Result<(), Error> {
    atomic_write(path, bytes, MODE).map_err(|error| {
        let what = format!("{} cannot be written: {error}", path.display());
        Error::new(Exit::Local, what).money("not charged").hint(places.typed("doctor"))
    })
}
