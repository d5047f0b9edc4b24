//! The data of a manifest, with the places of values that later checks may find wrong.

use super::checks::Checks;
use super::condition::Condition;
use super::context::ItemContext;
use super::matrix::Matrix;
use super::settings::Settings;
use super::source::{CompactPlace, Located};
use super::template::Template;
use super::templates::Templates;
use crate::domain::item::{Item, Reading};
use crate::domain::key::{JobKey, ModelName};
use crate::domain::limits::Limits;
use crate::domain::money::Usd;
use crate::domain::price::Price;
use crate::domain::problem::Place;
use crate::domain::request::Field;
use crate::domain::rollout::Rollout;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

/// A valid manifest. Later checks find out, for each job, whether a provider offers what the manifest requests.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The name under which the project's state is stored; by default the manifest's file name without its extension.
    pub project: String,
    /// The items for which clips are made.
    pub items: Items,
    /// The texts under the manifest's key `vars`, which every template can use.
    pub vars: BTreeMap<String, String>,
    /// The fields in the section `defaults`, for shots that do not set them. An item's own fields win over these
    /// defaults, and a shot's fields win over both.
    pub defaults: ShotFields,
    /// The shots, at least one, in the order of the file.
    pub shots: Vec<Shot>,
    /// The manifest's own template for the paths of clips, for shots that neither set nor inherit one.
    pub output: Template,
    /// The manifest's changes to built-in provider settings, by the provider's name. The names are not checked here.
    pub providers: BTreeMap<String, Located<ProviderConfig>>,
    /// The manifest's corrections of the rules and prices of models.
    pub corrections: Corrections,
    /// The action for a submission without an answer, if nothing proves that it failed.
    pub on_ambiguous: OnAmbiguous,
    /// The budgets of a run, a day and a month.
    pub budget: Budget,
    /// The limits that a run may not exceed without a person's approval.
    pub guards: Guards,
    /// The rule that says whether jobs may share clips, unless a shot or the section `defaults` sets its own rule.
    pub reuse: Reuse,
    /// The action for an item whose data has an error.
    pub on_bad_item: OnBadItem,
    /// The action for a finished clip that is missing.
    pub on_missing: OnMissing,
    /// The rule that says when a picture counts as unchanged since the job's newest rendering.
    pub image_identity: ImageIdentity,
    /// The rule to render and review a few clips of each shot and model before the others; `None` if all are rendered
    /// together.
    pub rollout: Option<Rollout>,
    /// The settings of the automatic checks of clips.
    pub checks: Checks,
    /// The reviewers' notes about clips, by job, for the next rendering. They do not come from the manifest's file.
    pub feedback: HashMap<JobKey, String>,
    pub(super) templates: Templates,
}

impl Manifest {
    /// Creates the data that templates read about an item. One call for each item is enough, because its jobs share the
    /// data.
    #[must_use]
    pub fn item(&self, item: Arc<Item>) -> ItemContext<'_> {
        self.templates.item(item)
    }

    /// Returns whether a template uses the reviewers' feedback.
    #[must_use]
    pub const fn reads_feedback(&self) -> bool {
        self.templates.reads_feedback
    }

    /// Returns whether the defaults, a shot or a matrix sets a field for pictures, even if the pictures cannot be used.
    #[must_use]
    pub fn sets_pictures(&self) -> bool {
        let pictures = [Field::Image, Field::LastImage, Field::ReferenceImages];
        let is_set = |fields: &ShotFields, field: &Field| {
            let mut choices = fields.matrix.iter().flat_map(|matrix| matrix.choices());
            fields.settings.fields.contains_key(field) || choices.any(|choice| &*choice.key == field.name())
        };
        let mut all = self.shots.iter().map(|shot| &shot.fields).chain([&self.defaults]);
        all.any(|fields| pictures.iter().any(|field| is_set(fields, field)))
    }

    /// Returns the rules for the jobs of a shot. A rule that the shot does not set comes from the section `defaults`.
    /// If neither sets `reuse`, the key `reuse` at the top level of the manifest counts.
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

/// The source of a manifest's items.
#[derive(Debug, Clone)]
pub enum Items {
    /// The items are the rows of a product file.
    File {
        /// The path of the product file, relative to the manifest's folder.
        from: Located<String>,
        /// The settings for reading the product file.
        reading: Box<FileReading>,
        /// The condition that an item of the file must meet to be used; `None` if all items are used.
        only: Option<Box<Condition>>,
    },
    /// The items are a list in the manifest itself, in its order.
    List(Vec<ListItem>),
}

/// The settings for reading a product file.
#[derive(Debug, Clone, Default)]
pub struct FileReading {
    /// The options for the reader of product files.
    pub how: Reading,
    /// The dialect (the program that wrote the file), with its place in the manifest. The name is not checked here.
    pub dialect: Option<Located<String>>,
    /// A second sheet whose filled cells replace the cells of the file.
    pub join: Option<Join>,
}

/// A second sheet, whose cells replace those of the product file.
#[derive(Debug, Clone)]
pub struct Join {
    /// The path of the sheet with the replacing cells, relative to the manifest's folder.
    pub from: Located<String>,
    /// The column that both files have, by its name in templates. Rows with the same text in this column belong
    /// together.
    pub on: Located<String>,
}

/// An item in the list that a manifest itself contains.
#[derive(Debug, Clone)]
pub struct ListItem {
    /// The item with its id and texts.
    pub item: Arc<Item>,
    /// The fields that the item sets itself, as data and not as templates. They win over the fields in the section
    /// `defaults`, but not over a shot's fields.
    pub own: Settings<Located<String>>,
}

/// A kind of clip that is made for every item.
#[derive(Debug, Clone)]
pub struct Shot {
    /// The name, which consists of letters, digits, `_` and `-`.
    pub name: Located<String>,
    /// The fields that the shot sets.
    pub fields: ShotFields,
}

/// The fields that a shot, or the defaults of all shots, may set.
#[derive(Debug, Clone, Default)]
pub struct ShotFields {
    /// The templates for the fields of the shot's requests.
    pub settings: Settings<Template>,
    /// The fields and parameters that may be left out if the model lacks them, or if their templates produce an empty
    /// text.
    pub optional: BTreeSet<String>,
    /// The template for the path of the clip.
    pub output: Option<Template>,
    /// The action for a finished clip whose input changed.
    pub on_change: Option<OnChange>,
    /// The rule that says whether a job may use the clip of another job with the same request.
    pub reuse: Option<Reuse>,
    /// The variants that are made for each item.
    pub matrix: Option<Arc<Matrix>>,
    /// The condition that an item and its variant must meet to get a clip; `None` if all get one.
    pub when: Option<Condition>,
}

/// The rules of a shot: what to do with a clip whose input changed, and whether jobs may share clips.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rules {
    /// The action for a finished clip whose input changed.
    pub on_change: OnChange,
    /// The rule that says whether a job may use the clip of another job with the same request.
    pub reuse: Reuse,
}

impl Rules {
    /// The rules without a manifest: clips with changed input are rendered again, and jobs share clips.
    pub const NONE: Self = Self { on_change: OnChange::Render, reuse: Reuse::Always };
}

/// The action for a finished clip whose input changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnChange {
    /// The clip is rendered again.
    #[default]
    Render,
    /// The clip is kept until a person agrees to a new rendering.
    Ask,
    /// The clip is kept and not rendered again.
    Keep,
}

/// The rule that says whether a job may use the clip of another job with the same request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reuse {
    /// Jobs may share a clip, so that equal requests are paid for once.
    #[default]
    Always,
    /// Each job has its own clip and is paid for separately.
    Never,
}

/// The budgets of a manifest; `None` means no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Budget {
    /// The budget of a run; interrupted runs that it continues count too.
    pub run: Option<Usd>,
    /// The budget of the project in a day, in UTC.
    pub day: Option<Usd>,
    /// The budget of the project in a month, in UTC.
    pub month: Option<Usd>,
}

/// The limits that a run may not exceed without a person's approval; `None` means no limit, except for `max_in_doubt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Guards {
    /// The maximum number of jobs that a run may newly submit.
    pub max_jobs: Option<u32>,
    /// The maximum number of finished jobs that a run submits again because their input changed.
    pub max_changed: Option<Most>,
    /// The maximum number of finished jobs that may be missing from the manifest now.
    pub max_removed: Option<Most>,
    /// The maximum cost of the jobs that a run newly submits.
    pub max_new_spend: Option<Usd>,
    /// The maximum total price of a run's unanswered submissions, which may have been charged. `None` means 1 % of the
    /// run's price, but at least 2 dollars.
    pub max_in_doubt: Option<Usd>,
}

/// A maximum number of jobs, or a maximum share of the finished jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Most {
    /// A maximum number of jobs.
    Jobs(u32),
    /// A maximum share of the finished jobs, in hundredths of a percent.
    Share(u32),
}

impl Most {
    /// Returns whether `found` jobs are within this limit, if there are `of` finished jobs in total.
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

/// The manifest's changes to a provider's built-in settings.
#[derive(Debug, Clone, Default)]
pub struct ProviderConfig {
    /// The address of the provider's server; `http` is allowed only for this computer.
    pub base_url: Option<Located<String>>,
    /// The environment variable that holds the API key.
    pub api_key: Option<Located<EnvName>>,
    /// The provider's limits of speed and concurrency.
    pub limits: Limits,
}

/// The name of an environment variable.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EnvName(pub String);

/// The action for a submission that may have been accepted and cannot be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnAmbiguous {
    /// The submission is held until a person decides about it.
    #[default]
    Hold,
    /// The request is sent again, as long as the money that may be paid twice stays within a limit.
    Resubmit {
        /// The limit on the money that may be paid twice, for the whole project.
        max_extra_spend: Usd,
    },
}

/// The action for an item whose data has an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnBadItem {
    /// The run sends nothing at all, not even for the items without an error.
    #[default]
    Fail,
    /// The item is left out, and clips are made for the others.
    Skip,
}

/// The action for a finished clip that is missing from the output folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnMissing {
    /// The clip is downloaded again free of charge, if that is possible.
    Fetch,
    /// The run reports the missing clip and exits with code 3.
    #[default]
    Tell,
    /// The run does not look for missing clips: the user moves them away on purpose.
    Ignore,
}

/// The rule that says when a picture counts as unchanged since the job's newest rendering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ImageIdentity {
    /// A file counts as unchanged if its bytes are equal, and a link if its text is equal.
    #[default]
    Bytes,
    /// The rule of [`ImageIdentity::Bytes`] under a second name, for manifests whose pictures are links.
    Url,
    /// Links may differ in their queries (the part after `?`).
    UrlWithoutQuery,
    /// Files and data URIs may differ in their encoding, if the pictures look the same.
    Pixels,
}

/// A manifest's corrections of model cards (the rules and prices of models).
#[derive(Debug, Clone, Default)]
pub struct Corrections {
    /// The section `models`: corrections of known models, and new models that are corrected copies of a known model.
    pub models: BTreeMap<ModelName, Located<ModelEntry>>,
    /// The prices of models that the manifest sets. They replace the built-in prices and those under `models`.
    pub prices: BTreeMap<ModelName, Located<Price>>,
}

/// The entry of a model in the section `models`.
#[derive(Debug, Clone, Default)]
pub struct ModelEntry {
    /// The known model of which a new model is a copy; `None` if the entry has no `like`.
    pub like: Option<Located<ModelName>>,
    /// The parts of the model's card (the built-in description of a model) that this entry of the manifest sets, in the
    /// order of the file. Each rule in `fields` or `params` is a separate part.
    pub parts: Vec<CorrectionPart>,
}

/// A part of a model's card (the built-in description of a model) that a manifest sets. A later step checks whether
/// cards have a part of this name.
#[derive(Debug, Clone)]
pub struct CorrectionPart {
    /// The key of the part in the model's card (the built-in description of the model), such as `link_life_hours`.
    pub name: String,
    /// The value: `true`, `false` and whole numbers without quotes are typed, `~` is null, all else is text.
    pub value: Json,
    /// The places of each key and of its value, by the keys and list positions that lead to the key.
    pub(super) spots: BTreeMap<Vec<String>, (CompactPlace, CompactPlace)>,
}

impl CorrectionPart {
    /// Returns the place in the manifest of the key that sets this part of the model's card.
    #[must_use]
    pub fn place(&self) -> Place {
        self.within(&[], true)
    }

    /// Returns the place of a key (if `is_key` is true) or of its value. `steps` are the keys and list positions that
    /// lead to it.
    ///
    /// If the key does not exist, the place of the nearest key above it is returned.
    #[must_use]
    pub fn within(&self, steps: &[String], is_key: bool) -> Place {
        let known = (0..=steps.len()).rev().find_map(|depth| self.spots.get(&steps[..depth]));
        known.map_or(Place::Nowhere, |(key, value)| if is_key { key.place() } else { value.place() })
    }
}
