//! A project: a manifest with its places, and who is asked and told while its use cases are at work.

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

/// A manifest with its state, its clips and its providers. Every use case is a method of it.
///
/// Without a [`Consent`] nothing is spent that was not agreed to; without a [`Reporter`] nothing is told but the report.
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
    /// Opens the project of a manifest. Neither the manifest nor the state is read yet.
    pub fn open(manifest: impl AsRef<Path>) -> Result<Self, Error> {
        Ok(Self::at(Places::find(Some(manifest.as_ref()), None, false)?))
    }

    /// Opens the project of a manifest that may name these providers.
    pub fn open_with(manifest: impl AsRef<Path>, registry: Registry) -> Result<Self, Error> {
        Ok(Self { registry, ..Self::open(manifest)? })
    }

    /// Opens the project in these places.
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

    /// Returns the project with servers in place of the providers, and state and clips of its own.
    pub fn rehearsed(self, rehearsal: impl Rehearsal + 'static) -> Result<Self, Error> {
        let Self { places, .. } = &self;
        let places = if places.sandbox { places.clone() } else { places.rehearsed()? };
        Ok(Self { places, rehearsal: Some(Arc::new(rehearsal)), ..self })
    }

    /// Returns the project with somebody who answers its questions.
    #[must_use]
    pub fn asking(self, consent: impl Consent + 'static) -> Self {
        Self { consent: Arc::new(consent), ..self }
    }

    /// Returns the project with somebody who hears what it does.
    #[must_use]
    pub fn telling(self, reporter: impl Reporter + 'static) -> Self {
        Self { reporter: Arc::new(reporter), ..self }
    }

    /// Returns the handle with which its runs are asked to end early.
    #[must_use]
    pub fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }

    /// Returns its places.
    #[must_use]
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// Tells one thing.
    pub(crate) fn tell(&self, news: &News<'_>) {
        self.reporter.hear(news);
    }

    /// Returns whoever is told.
    pub(crate) fn reporter(&self) -> Arc<dyn Reporter> {
        Arc::clone(&self.reporter)
    }

    /// Asks a question.
    pub(crate) fn ask(&self, topic: Topic, text: impl Into<String>) -> Answer {
        self.ask_about(topic, text, &Changes::default())
    }

    /// Asks a question about held renderings.
    pub(crate) fn ask_to_settle(&self, text: String, held: &[Take]) -> Answer {
        let (changes, held) = (Changes::default(), held.to_vec());
        self.consent.answer(&Question { topic: Topic::Settle, text, changes, held })
    }

    /// Returns whether a person is there.
    pub(crate) fn is_attended(&self) -> bool {
        self.consent.is_attended()
    }

    /// Asks a question about changed jobs.
    pub(crate) fn ask_about(&self, topic: Topic, text: impl Into<String>, changes: &Changes) -> Answer {
        let (text, changes) = (text.into(), changes.clone());
        self.consent.answer(&Question { topic, text, changes, held: Vec::new() })
    }
}
