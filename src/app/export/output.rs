//! The files that an export writes: their default names, and the rule that no file of the user is replaced.

use super::{ExportRequest, typed};
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::places::{Places, quoted};
use crate::files::{Output, OutputFault, Replace};
use std::fs::File;
use std::path::Path;

/// Permissions of a new export file before the umask is applied.
const MODE: u16 = 0o666;

/// Returns the file to write: the one that the user named, or the file `name` in the default folder.
///
/// The default folder is that of the manifest or, in a rehearsal, that of its clips. A file with the default name is an
/// earlier export and is replaced; a file that the user named is replaced only with `--force`.
pub(super) fn place(places: &Places, request: &ExportRequest, name: &str) -> Result<Output, Error> {
    let Some(named) = &request.out else {
        let folder = if places.sandbox { &places.out } else { &places.folder };
        return check(
            places,
            request,
            &folder.strip_prefix(".").unwrap_or(folder).join(name),
            Replace::Always,
        );
    };
    check(places, request, named, if request.force { Replace::Always } else { Replace::Never })
}

/// Returns the second file of an export, which has the name of `first` with another extension.
///
/// It is an error if `first` is not a regular file but, for example, a pipe.
pub(super) fn place_beside(
    places: &Places,
    request: &ExportRequest,
    first: &Output,
    extension: &str,
) -> Result<Output, Error> {
    if first.is_stream() {
        let what = format!("{} is not a file, and two files are to be written", first.named().display());
        return Err(Error::new(Exit::Usage, what).money("not charged").hint(typed(
            places,
            request,
            " --out FILE",
        )));
    }
    let may_replace = request.out.is_none() || request.force;
    let replace = if may_replace { Replace::Always } else { Replace::Never };
    check(places, request, &first.named().with_extension(extension), replace)
}

/// Returns the file for a list in an export's folder.
///
/// An existing file is replaced if `is_own` recognises it as an older list; any other file only with `--force`.
pub(super) fn place_list(
    places: &Places,
    request: &ExportRequest,
    path: &Path,
    is_own: fn(&File) -> bool,
) -> Result<Output, Error> {
    let replace = if request.force { Replace::Always } else { Replace::If(is_own) };
    check(places, request, path, replace)
}

fn check(places: &Places, request: &ExportRequest, path: &Path, replace: Replace) -> Result<Output, Error> {
    if path == Path::new("-") {
        let what = "an export cannot be written to standard output; name a file";
        return Err(Error::new(Exit::Usage, what).money("not charged").hint(typed(
            places,
            request,
            " --out FILE",
        )));
    }
    Output::check(path, replace).map_err(|fault| {
        let what = format!("{} {fault}; nothing was written", path.display());
        let (exit, more) = match (&fault, &request.out) {
            (OutputFault::Taken, Some(named)) => {
                let named = quoted(&named.display().to_string());
                (Exit::Usage, format!(" --out {named} --force"))
            }
            (OutputFault::Taken | OutputFault::NotAFile(_), _) => (Exit::Usage, " --out FILE".to_owned()),
            (OutputFault::Io(_), _) => (Exit::Local, " --out FILE".to_owned()),
        };
        Error::new(exit, what).money("not charged").hint(typed(places, request, &more))
    })
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
pub(super) fn write(places: &Places, file: &Output, bytes: &[u8]) -> Result<(), Error> {
    file.write(bytes, MODE).map_err(|error| {
        let what = format!("{} cannot be written: {error}", file.named().display());
        Error::new(Exit::Local, what).money("not charged").hint(places.typed("doctor"))
    })
}
