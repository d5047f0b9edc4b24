//! What a manifest says, with the place of everything that can still turn out wrong.

use super::checks::Checks;
use super::condition::Condition;
use super::context::ItemContext;
use super::matrix::Matrix;
use super::settings::Settings;
use super::source::{Located, Spot};
use super::template::Template;
use super::templates::Templates;
use crate::domain::item::{Item, Reading};
use crate::domain::key::{JobKey, ModelName};
use crate::domain::limits::Limits;
use crate::domain::money::Usd;
use crate::domain::price::Price;
use crate::domain::problem::Place;
use crate::domain::rollout::Rollout;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

/// A manifest that is right in itself. Whether a provider offers what it asks for is seen later, job by job.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// Name of the work, under which its state is kept: by default the manifest's file name without its ending.
    pub project: String,
    /// What clips are made of.
    pub items: Items,
    /// Texts that every template can use.
    pub vars: BTreeMap<String, String>,
    /// What holds for a shot that does not say otherwise. An item's own fields come between the two.
    pub defaults: ShotFields,
    /// In the order of the file; at least one.
    pub shots: Vec<Shot>,
    /// Where clips go, unless a shot or the defaults say otherwise.
    pub output: Template,
    /// What differs from the built-in settings, by the provider's name. Whether there is such a provider is not
    /// known here.
    pub providers: BTreeMap<String, Located<ProviderConfig>>,
    /// What differs from the model cards.
    pub corrections: Corrections,
    /// What to do when a submission got no answer and nothing proves that it failed.
    pub on_ambiguous: OnAmbiguous,
    /// The most that may be spent.
    pub budget: Budget,
    /// What a run may order without being asked.
    pub guards: Guards,
    /// Whether clips of other jobs may serve, where neither a shot nor the defaults say so.
    pub reuse: Reuse,
    /// What to do where something is wrong with an item.
    pub on_bad_item: OnBadItem,
    /// What to do where a finished clip is gone.
    pub on_missing: OnMissing,
    /// When a job's picture is that of its newest take.
    pub image_identity: ImageIdentity,
    /// Number of clips of each template that are rendered before the rest; `None` if all are rendered at once.
    pub rollout: Option<Rollout>,
    /// Settings of the automatic checks of clips.
    pub checks: Checks,
    /// Reviewers' words about the clips of jobs, for the next rendering. They are not part of the file.
    pub feedback: HashMap<JobKey, String>,
    pub(super) templates: Templates,
}

impl Manifest {
    /// What templates see of an item: make it once for each item, and from it the context of each job.
    #[must_use]
    pub fn item(&self, item: Arc<Item>) -> ItemContext<'_> {
        self.templates.item(item)
    }

    /// Returns whether a template takes in what reviewers say.
    #[must_use]
    pub const fn reads_feedback(&self) -> bool {
        self.templates.reads_feedback
    }

    /// What holds for the jobs of a shot: what it says itself goes before the defaults, and these before the manifest.
    #[must_use]
    pub fn rules(&self, shot: &str) -> Rules {
        let own = self.shots.iter().find(|known| known.name.value == shot).map(|known| &known.fields);
        let fields = [own, Some(&self.defaults)].into_iter().flatten();
        Rules {
            on_change: fields.clone().find_map(|fields| fields.on_change).unwrap_or_default(),
            reuse: fields.clone().find_map(|fields| fields.reuse).unwrap_or(self.reuse),
        }
    }
}

/// What clips are made of.
#[derive(Debug, Clone)]
pub enum Items {
    /// A product file.
    File {
        /// Its path, relative to the manifest's folder.
        from: Located<String>,
        /// How it is read.
        reading: Box<FileReading>,
        /// Which of its items are wanted; all where nothing is said.
        only: Option<Box<Condition>>,
    },
    /// Entries of the manifest itself, in its order.
    List(Vec<ListItem>),
}

/// How a product file is read.
#[derive(Debug, Clone, Default)]
pub struct FileReading {
    /// Options of the reader.
    pub how: Reading,
    /// Place of the dialect. Whether there is such a one is not known here.
    pub dialect: Option<Located<String>>,
    /// A second sheet whose cells replace those of the file.
    pub join: Option<Join>,
}

/// A sheet of one's own beside a product file.
#[derive(Debug, Clone)]
pub struct Join {
    /// Its path, relative to the manifest's folder.
    pub from: Located<String>,
    /// The column that both have in common, as templates call it.
    pub on: Located<String>,
}

/// An entry of the manifest's own list.
#[derive(Debug, Clone)]
pub struct ListItem {
    /// Its id and texts.
    pub item: Arc<Item>,
    /// Fields it sets for itself: weaker than a shot's, stronger than the defaults. They are data, not templates.
    pub own: Settings<Located<String>>,
}

/// A kind of clip that is made of every item.
#[derive(Debug, Clone)]
pub struct Shot {
    /// Its name, from letters, digits, `_` and `-`.
    pub name: Located<String>,
    /// What it sets.
    pub fields: ShotFields,
}

/// What a shot, or the defaults of all shots, may set.
#[derive(Debug, Clone, Default)]
pub struct ShotFields {
    /// What is asked of the model.
    pub settings: Settings<Template>,
    /// Names of fields and parameters that may be left out where the model lacks them or where they render empty.
    pub optional: BTreeSet<String>,
    /// Where the clip goes.
    pub output: Option<Template>,
    /// What to do where the input of a finished clip changed.
    pub on_change: Option<OnChange>,
    /// Whether clips of other jobs may serve.
    pub reuse: Option<Reuse>,
    /// In which variants it is made of each item.
    pub matrix: Option<Arc<Matrix>>,
    /// Of which items and cells it is made; of all where nothing is said.
    pub when: Option<Condition>,
}

/// What holds for the jobs of a shot when it is decided what to do about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rules {
    /// What to do where the input of a finished clip changed.
    pub on_change: OnChange,
    /// Whether clips of other jobs may serve.
    pub reuse: Reuse,
}

impl Rules {
    /// Where the manifest says nothing.
    pub const NONE: Self = Self { on_change: OnChange::Render, reuse: Reuse::Always };
}

/// What to do where the input of a finished clip changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnChange {
    /// It is rendered anew.
    #[default]
    Render,
    /// It is kept until somebody agrees that it is rendered anew.
    Ask,
    /// It is kept.
    Keep,
}

/// Whether a clip that was, or is being, made for another job may serve a job with the same order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reuse {
    /// It may: what is the same is paid once.
    #[default]
    Always,
    /// Each job is paid for itself.
    Never,
}

/// The most that may be spent; `None` where there is no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Budget {
    /// By one run, together with the interrupted ones that it goes on with.
    pub run: Option<Usd>,
    /// By the project in a day, in UTC.
    pub day: Option<Usd>,
    /// By the project in a month, in UTC.
    pub month: Option<Usd>,
}

/// What a run may order without being asked; `None` where there is no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Guards {
    /// Jobs that are newly ordered.
    pub max_jobs: Option<u32>,
    /// Finished jobs that get another clip because their input changed.
    pub max_changed: Option<Most>,
    /// Finished jobs that are no longer wanted.
    pub max_removed: Option<Most>,
    /// What the newly ordered jobs cost.
    pub max_new_spend: Option<Usd>,
    /// What a run may have on the wire and in doubt at once.
    pub max_in_doubt: Option<Usd>,
}

/// How many of the finished jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Most {
    /// So many.
    Jobs(u32),
    /// So many hundredths of a percent of them.
    Share(u32),
}

impl Most {
    /// Whether so many of so many are within it.
    #[must_use]
    pub fn allows(self, found: usize, of: usize) -> bool {
        let (found, of) = (found as u64, of as u64);
        match self {
            Self::Jobs(most) => found <= u64::from(most),
            Self::Share(hundredths) => found * 10_000 <= u64::from(hundredths) * of,
        }
    }
}

impl fmt::Display for Most {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jobs(most) => write!(f, "{most}"),
            Self::Share(hundredths) => match (hundredths / 100, hundredths % 100) {
                (whole, 0) => write!(f, "{whole}%"),
                (whole, rest) => {
                    write!(f, "{}%", format_args!("{whole}.{}", format!("{rest:02}").trim_end_matches('0')))
                }
            },
        }
    }
}

/// What differs from a provider's built-in settings.
#[derive(Debug, Clone, Default)]
pub struct ProviderConfig {
    /// Its server, with `http` only on this machine.
    pub base_url: Option<Located<String>>,
    /// The variable that holds the key.
    pub api_key: Option<Located<EnvName>>,
    /// How fast it may be used.
    pub limits: Limits,
}

/// Name of an environment variable.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EnvName(pub String);

/// What to do with a submission that may have been accepted and cannot be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnAmbiguous {
    /// A person decides.
    #[default]
    Hold,
    /// Sent again, as long as what may be paid twice stays below an amount.
    Resubmit {
        /// For the whole project.
        max_extra_spend: Usd,
    },
}

/// What to do where something is wrong with an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnBadItem {
    /// Nothing is sent at all.
    #[default]
    Fail,
    /// The item makes no job, and the others go on.
    Skip,
}

/// What to do where a finished clip is gone from the output folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnMissing {
    /// It is brought back free of charge, as far as that goes.
    Fetch,
    /// It is told, and the run exits 3.
    #[default]
    Tell,
    /// Nobody looks: clips are moved away on purpose.
    Ignore,
}

/// When a job's picture is that of its newest take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ImageIdentity {
    /// Files by their bytes, and links by their text.
    #[default]
    Bytes,
    /// The same: links by their text, and files by their bytes.
    Url,
    /// Links may differ in their queries.
    UrlWithoutQuery,
    /// Files and data URIs may be encoded otherwise: what they show counts.
    Pixels,
}

/// What a manifest says otherwise than the model cards.
#[derive(Debug, Clone, Default)]
pub struct Corrections {
    /// By model, what is corrected of its card, or of which card a new one is made.
    pub models: BTreeMap<ModelName, Located<ModelEntry>>,
    /// Prices that replace those of the cards, and of `models`.
    pub prices: BTreeMap<ModelName, Located<Price>>,
}

/// What a manifest says of one model.
#[derive(Debug, Clone, Default)]
pub struct ModelEntry {
    /// For a model that is new: the one from whose card it starts.
    pub like: Option<Located<ModelName>>,
    /// In the order of the file; of `fields` and `params` one for each rule.
    pub parts: Vec<Part>,
}

/// A part of a card as a manifest has it. Whether a card has such a part is not known here.
#[derive(Debug, Clone)]
pub struct Part {
    /// Its key.
    pub name: String,
    /// Its value: `true`, `false` and whole numbers without quotes are typed, `~` is null, all else is text.
    pub value: Json,
    /// By the steps that lead there: of the key and of the value.
    pub(super) spots: BTreeMap<Vec<String>, (Spot, Spot)>,
}

impl Part {
    /// Where the part stands.
    #[must_use]
    pub fn place(&self) -> Place {
        self.within(&[], true)
    }

    /// The place of a key, or of its value, that these keys and positions in lists lead to; of the nearest above it
    /// where it is not there.
    #[must_use]
    pub fn within(&self, steps: &[String], is_key: bool) -> Place {
        let known = (0..=steps.len()).rev().find_map(|depth| self.spots.get(&steps[..depth]));
        known.map_or(Place::Nowhere, |(key, value)| if is_key { key.place() } else { value.place() })
    }
}
