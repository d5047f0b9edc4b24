//! The project that every command works on: a manifest, its paths, and the caller's handlers for questions and
//! progress.

use super::consent::{Answer, Consent, Never, Question, Topic};
use super::error::Error;
use super::interrupt::Interrupt;
use super::places::Places;
use super::planned::Changes;
use super::rehearsal::Rehearsal;
use super::reporter::{News, Reporter, Silent};
use crate::domain::take::Take;
use crate::engine::clock::Clock;
use crate::provider::Registry;
use std::path::Path;
use std::sync::Arc;

/// A manifest with its state folder, its output folder and its providers.
///
/// Most commands are methods of this type; a few, such as `init`, are functions because they need no project. Without a
/// [`Consent`], every question counts as unanswered, so nothing is spent unless the request sets a limit on it, such as
/// `max_cost`. Without a [`Reporter`], only the returned report says what was done.
#[derive(Clone)]
pub struct Project {
    pub(crate) places: Places,
    pub(crate) clock: Clock,
    pub(crate) interrupt: Interrupt,
    pub(crate) registry: Registry,
    pub(crate) rehearsal: Option<Arc<dyn Rehearsal>>,
    consent: Arc<dyn Consent>,
    reporter: Arc<dyn Reporter>,
}

impl Project {
    /// Opens the project of a manifest with the built-in providers.
    ///
    /// It reads neither the manifest nor the database yet.
    pub fn open(manifest: impl AsRef<Path>) -> Result<Self, Error> {
        Ok(Self::at(Places::find(Some(manifest.as_ref()), None, false)?))
    }

    /// Opens the project of a manifest with the providers of this registry.
    pub fn open_with(manifest: impl AsRef<Path>, registry: Registry) -> Result<Self, Error> {
        Ok(Self { registry, ..Self::open(manifest)? })
    }

    /// Opens the project at these paths.
    #[must_use]
    pub fn at(places: Places) -> Self {
        Self {
            places,
            clock: Clock::system(),
            interrupt: Interrupt::default(),
            registry: Registry::built_in(),
            rehearsal: None,
            consent: Arc::new(Never),
            reporter: Arc::new(Silent),
        }
    }

    /// Returns the project as a rehearsal, with test servers in place of its providers.
    ///
    /// A rehearsal has its own state folder and its own clips.
    pub fn rehearsed(self, rehearsal: impl Rehearsal + 'static) -> Result<Self, Error> {
        let Self { places, .. } = &self;
        let places = if places.sandbox { places.clone() } else { places.rehearsed()? };
        Ok(Self { places, rehearsal: Some(Arc::new(rehearsal)), ..self })
    }

    /// Returns the project with `consent` as the source of answers to its questions.
    #[must_use]
    pub fn asking(self, consent: impl Consent + 'static) -> Self {
        Self { consent: Arc::new(consent), ..self }
    }

    /// Returns the project with `reporter` as the receiver of its progress.
    #[must_use]
    pub fn telling(self, reporter: impl Reporter + 'static) -> Self {
        Self { reporter: Arc::new(reporter), ..self }
    }

    /// Returns the handle that asks the runs of this project to end early.
    #[must_use]
    pub fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }

    /// Returns the paths of this project.
    #[must_use]
    pub fn places(&self) -> &Places {
        &self.places
    }

    pub(crate) fn tell(&self, news: &News<'_>) {
        self.reporter.hear(news);
    }

    pub(crate) fn reporter(&self) -> Arc<dyn Reporter> {
        Arc::clone(&self.reporter)
    }

    /// Asks a question that concerns no particular jobs.
    pub(crate) fn ask(&self, topic: Topic, text: impl Into<String>) -> Answer {
        self.ask_about(topic, text, &Changes::default())
    }

    /// Asks a question about renderings that need a decision.
    pub(crate) fn ask_to_settle(&self, text: String, held: &[Take]) -> Answer {
        let (changes, held) = (Changes::default(), held.to_vec());
        self.consent.answer(&Question { topic: Topic::Settle, text, changes, held })
    }

    pub(crate) fn is_attended(&self) -> bool {
        self.consent.is_attended()
    }

    /// Asks a question about jobs whose input changed.
    pub(crate) fn ask_about(&self, topic: Topic, text: impl Into<String>, changes: &Changes) -> Answer {
        let (text, changes) = (text.into(), changes.clone());
        self.consent.answer(&Question { topic, text, changes, held: Vec::new() })
    }
}
