//! Validates a manifest: checks everything that can be known before anything is sent.

use super::error::Error;
use super::exit::Exit;
use super::export::Fit;
use super::images;
use super::inputs::hand_on;
use super::namesakes;
use super::project::Project;
use super::recover::refuse_lost;
use super::setup::foreign_servers;
use super::words::Words;
use crate::domain::digest::Sha256;
use crate::domain::problem::Problem;
use crate::domain::signature::Signature;
use crate::domain::take::Wanted;
use crate::load::{Jobs, open};
use crate::plan::expand::Placed;
use crate::plan::order::LinkBook;

/// A request to check a manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ValidateRequest {
    /// True to download the first bytes of linked images and to compare the images with the limits of their models.
    pub check_images: bool,
    /// Names of shops or platforms (destinations) whose limits are compared with each clip.
    pub destinations: Vec<String>,
}

/// The result of checking a manifest.
#[derive(Debug, Clone)]
pub struct ValidateReport {
    /// Problems of the manifest, its catalog and its jobs.
    pub problems: Vec<Problem>,
    /// Number of jobs without an error.
    pub jobs: usize,
    /// Command to type next.
    pub next: String,
}

impl Project {
    /// Checks the manifest, its catalog and every job against the documented limits of its model.
    ///
    /// It sends nothing to a provider.
    pub async fn validate(&self, request: ValidateRequest) -> Result<ValidateReport, Error> {
        let ValidateRequest { check_images, destinations } = request;
        let places = &self.places;
        refuse_lost(places).await?;
        let mut loaded = open(&places.manifest, &self.registry);
        let cards = loaded.cards.clone();
        let mut looking = LimitCheck(Fit::of(&destinations, &cards)?);
        hand_on(places, &mut loaded, &LinkBook::new(), check_images, &mut looking);
        if check_images {
            let links = images::look(self, &loaded).await?;
            loaded = open(&places.manifest, &self.registry);
            hand_on(places, &mut loaded, &links, false, &mut looking);
        }
        loaded.problems.extend(namesakes::problem(places, loaded.manifest.as_ref()));
        loaded.problems.extend(foreign_servers(self, loaded.manifest.as_ref()));
        loaded.problems.extend(looking.0.problems(&places.shown));
        let words = if loaded.is_invalid() {
            Words::new("validate").flag("--check-images", check_images)
        } else {
            Words::new("plan")
        };
        let next = places.typed(&words.option("--for", &destinations).build());
        Ok(ValidateReport { problems: loaded.problems, jobs: loaded.jobs, next })
    }
}

impl ValidateReport {
    /// Returns whether a run of this manifest would send nothing because of its problems.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        self.problems.iter().any(Problem::is_error)
    }

    /// Returns the exit code: the one for invalid input if a problem is an error, otherwise success.
    #[must_use]
    pub fn exit(&self) -> Exit {
        if self.is_invalid() { Exit::Invalid } else { Exit::Done }
    }
}

/// A comparison of the manifest's jobs with the limits of shops and platforms. The jobs themselves are not kept.
struct LimitCheck<'a>(Fit<'a>);

impl Jobs for LimitCheck<'_> {
    fn begin(&mut self) {
        self.0.begin();
    }

    fn take(&mut self, wanted: Wanted, _: Placed) {
        self.0.look(&wanted);
    }

    fn picture(&mut self, _: Sha256, _: &mut dyn FnMut() -> Option<Signature>) {}
}
