//! What the pictures of jobs show, where the manifest compares them by that.

use super::Jobs;
use crate::domain::problem::{Place, Problem};
use crate::domain::request::Media;
use crate::domain::take::Wanted;
use crate::files;
use crate::manifest::{ImageIdentity, Manifest};
use crate::media::image;
use crate::media::signature::signature;
use std::path::{Path, PathBuf};

/// The pictures that were handed on so far.
pub(super) struct Shown {
    folder: PathBuf,
    links: bool,
    files: bool,
}

impl Shown {
    /// Returns none where the manifest compares pictures otherwise.
    pub(super) fn of(manifest: &Manifest, folder: &Path) -> Option<Self> {
        let is_wanted = manifest.image_identity == ImageIdentity::Pixels;
        is_wanted.then(|| Self { folder: folder.to_owned(), links: false, files: false })
    }

    /// Hands on the pictures of a job whose bytes are here.
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

    /// Returns a warning where the manifest's setting can make no difference.
    pub(super) fn without_effect(&self, manifest: &str) -> Option<Problem> {
        let message =
            "`image_identity: pixels` has no effect: every picture is a link, and links are compared as text";
        let problem = Problem::warning(Place::File(manifest.to_owned()), message);
        (self.links && !self.files).then(|| {
            problem.hint("remove it, or write `image_identity: url_without_query` if links differ in their queries alone")
        })
    }
}
