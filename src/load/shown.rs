//! Passes the pictures of jobs on to [`Jobs`], the receiver of the jobs, if the manifest compares pictures by their
//! pixels.

use super::Jobs;
use crate::domain::problem::{Place, Problem};
use crate::domain::request::Media;
use crate::domain::take::Wanted;
use crate::files;
use crate::manifest::{ImageIdentity, Manifest};
use crate::media::image;
use crate::media::signature::signature;
use std::path::{Path, PathBuf};

/// A record of whether the pictures of the jobs so far were links, files, or both.
pub(super) struct Shown {
    folder: PathBuf,
    links: bool,
    files: bool,
}

impl Shown {
    /// Creates a record without any pictures yet; `None` if the manifest does not compare pictures by their pixels.
    pub(super) fn of(manifest: &Manifest, folder: &Path) -> Option<Self> {
        let is_wanted = manifest.image_identity == ImageIdentity::Pixels;
        is_wanted.then(|| Self { folder: folder.to_owned(), links: false, files: false })
    }

    /// Passes the pictures of a job to `jobs`. Links are left out, because their pictures are not on this computer.
    pub(super) fn hand_on(&mut self, wanted: &Wanted, jobs: &mut dyn Jobs) {
        for media in wanted.request.media() {
            match media {
                Media::Url(_) => self.links = true,
                Media::File(file) => {
                    let folder = &self.folder;
                    jobs.picture(file.facts.sha256, &mut || signature(&files::picture(folder, file).ok()?));
                    self.files = true;
                }
                Media::Inline { uri, facts } => {
                    jobs.picture(facts.sha256, &mut || signature(&image::content(uri).ok()?.1));
                    self.files = true;
                }
            }
        }
    }

    /// Returns a warning if comparing by pixels has no effect, because all pictures are links; `None` otherwise.
    pub(super) fn without_effect(&self, manifest: &str) -> Option<Problem> {
        let message =
            "`image_identity: pixels` has no effect: every picture is a link, and links are compared as text";
        let problem = Problem::warning(Place::File(manifest.to_owned()), message);
        (self.links && !self.files).then(|| {
            problem.hint(
                "remove this setting, or write `image_identity: url_without_query` if links differ only in \
                 their queries",
            )
        })
    }
}
