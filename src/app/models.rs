//! Lists the available models with their inputs, limits and prices.

use super::error::Error;
use super::exit::Exit;
use super::places::Places;
use super::project::Project;
use super::reporter::News;
use super::session::cannot_open;
use crate::domain::durations::Durations;
use crate::domain::key::ModelName;
use crate::domain::limits::Limits;
use crate::domain::problem::{Problem, Tally, did_you_mean};
use crate::engine::lane::Lane;
use crate::load::{models as corrected, providers};
use crate::manifest::{Located, ProviderConfig};
use crate::provider::Registry;
use crate::provider::card::ModelCard;
use crate::provider::cards::Cards;
use crate::store::{Reader, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// A request for descriptions of models.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelsRequest {
    /// Name of a model, a unique part of it, or a provider; `None` for all models.
    pub name: Option<String>,
}

/// The descriptions of the models that a request selects.
#[derive(Debug)]
pub struct ModelsReport {
    /// Selected models.
    pub shown: Shown,
    /// Registry of the providers.
    pub providers: Registry,
    /// Error that explains why some of the manifest's changes to models are missing; `None` if the report has all.
    pub incomplete: Option<Error>,
    /// Command to type next.
    pub next: String,
}

/// The selected models: a table of several, or the full description of one.
#[derive(Debug)]
pub enum Shown {
    /// All models, or the models of one provider.
    Table(Vec<Entry>),
    /// The full description of one model.
    Page(Box<Entry>),
}

/// A model with the limits and durations that apply to it in this project.
#[derive(Debug)]
pub struct Entry {
    /// Card (description) of the model.
    pub card: Arc<ModelCard>,
    /// Maximum number of tasks that the provider may render concurrently.
    pub at_once: usize,
    /// Limits on requests: the manifest's take precedence over the card's, and the card's over the provider's.
    pub limits: Limits,
    /// Recorded durations of the model's renderings in this project.
    pub durations: Vec<Rendered>,
}

/// The recorded durations of renderings of one length and size.
///
/// A duration runs from the provider's acceptance until a poll found the rendering finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Length and size of the clip as requested, such as `5 s 1280x720`; empty if the requests set neither.
    pub class: String,
    /// Number of renderings whose end was recorded.
    pub finished: u64,
    /// Time within which 10% of the recent renderings finished.
    pub p10: Duration,
    /// Time within which 50% of the recent renderings finished.
    pub p50: Duration,
    /// Time within which 95% of the recent renderings finished.
    pub p95: Duration,
}

impl Rendered {
    fn of(class: String, durations: &Durations) -> Option<Self> {
        let [p10, p50, p95] = [0.1, 0.5, 0.95].map(|share| durations.quantile(share));
        Some(Self { class, finished: durations.finished(), p10: p10?, p50: p50?, p95: p95? })
    }
}

/// Returns the selected models; with a project, its manifest's changes and its recorded durations are included.
pub async fn models(project: Option<&Project>, request: &ModelsRequest) -> Result<ModelsReport, Error> {
    let (places, cards, configs, problems) = read(project);
    let mut known = Known::new();
    if let Some(project) = project {
        project.tell(&News::Problems(&problems));
        match learned(&project.places).await {
            Ok(learned) => known = learned,
            Err(error) => project.tell(&News::Failed(&cannot_open(&project.places, error))),
        }
    }
    let providers = cards.providers().clone();
    let entry = |card: &Arc<ModelCard>| entry(card, &providers, &configs, &known);
    let table = |listed: Vec<&Arc<ModelCard>>| {
        let first = listed.first().map_or_else(String::new, |card| card.name.to_string());
        let entries = listed.into_iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        Ok::<_, Error>((Shown::Table(entries), format!("shotlist models {first}")))
    };
    let (shown, next) = match &request.name {
        None => table(cards.for_sale().collect())?,
        Some(name) if providers.find(name).is_some() => table(cards.of(name).collect())?,
        Some(name) => {
            let next = match &places {
                Some(places) => places.typed("plan"),
                None => "shotlist plan PATH/TO/MANIFEST.yaml".to_owned(),
            };
            (Shown::Page(Box::new(entry(named(&cards, name)?)?)), next)
        }
    };
    let is_wrong = problems.iter().any(Problem::is_error);
    let incomplete = places.filter(|_| is_wrong).map(|places| {
        let what =
            format!("{}; the models are shown without some settings of the manifest", Tally::of(&problems));
        Error::new(Exit::Invalid, what).money("not charged").hint(places.typed("validate"))
    });
    Ok(ModelsReport { shown, providers, incomplete, next })
}

type Known = BTreeMap<ModelName, Vec<Rendered>>;

/// Reads the durations that earlier runs recorded, by model; empty if no run was ever started.
async fn learned(places: &Places) -> Result<Known, StoreError> {
    let mut known = Known::new();
    let Some(reader) = Reader::open(&places.state)? else { return Ok(known) };
    for (kind, durations) in reader.durations().await? {
        known.entry(kind.model).or_default().extend(Rendered::of(kind.class, &durations));
    }
    Ok(known)
}

type Configs = BTreeMap<String, Located<ProviderConfig>>;

/// Returns the project's paths, the model cards with the manifest's changes, the settings of the providers, and the
/// problems with the manifest's changes.
fn read(project: Option<&Project>) -> (Option<Places>, Cards, Configs, Vec<Problem>) {
    let registry = project.map_or_else(Registry::built_in, |project| project.registry.clone());
    let Some(places) = project.map(|project| project.places.clone()) else {
        return (None, Cards::new(&registry), Configs::new(), Vec::new());
    };
    let (cards, problems) = corrected(&places.manifest, &registry);
    // Problems with the providers do not matter here.
    let configs = providers(&places.manifest).unwrap_or_default();
    (Some(places), cards, configs, problems)
}

fn entry(
    card: &Arc<ModelCard>,
    providers: &Registry,
    configs: &Configs,
    known: &Known,
) -> Result<Entry, Error> {
    let name = &card.name.provider;
    let provider = providers
        .find(name)
        .ok_or_else(|| Error::new(Exit::Unexpected, format!("{} has no provider", card.name)))?;
    let manifest = configs.get(provider.name()).map(|config| config.value.limits).unwrap_or_default();
    let limits = manifest.over(card.limits).over(provider.profile().limits);
    let at_once = Lane::new(Some(card), &**provider, &manifest).width();
    let durations = known.get(&card.name).cloned().unwrap_or_default();
    Ok(Entry { card: Arc::clone(card), at_once, limits, durations })
}

/// Finds the card of the model with this name, or of the only model whose name contains it.
fn named<'a>(cards: &'a Cards, name: &str) -> Result<&'a Arc<ModelCard>, Error> {
    let wanted = name.to_lowercase();
    let names: Vec<String> = cards.iter().map(|card| card.name.to_string()).collect();
    let exact = |card: &&Arc<ModelCard>| card.name.to_string() == wanted || card.name.model == wanted;
    if let Some(card) = cards.iter().find(exact) {
        return Ok(card);
    }
    let holding: Vec<_> =
        cards.iter().filter(|card| card.name.to_string().to_lowercase().contains(&wanted)).collect();
    let refused = |what: String| Error::new(Exit::Usage, what);
    match holding.as_slice() {
        [only] => Ok(only),
        [] => {
            let own = names.iter().map(String::as_str);
            // Most users leave out the provider.
            let bare = names.iter().filter_map(|name| name.split_once('/').map(|(_, model)| model));
            let near = did_you_mean(&wanted, own.chain(bare));
            let near = near.and_then(|near| names.iter().find(|name| name.ends_with(near)));
            Err(match near {
                Some(near) => refused(format!("there is no model `{name}`; did you mean `{near}`?"))
                    .hint(format!("shotlist models {near}")),
                None => refused(format!("there is no model `{name}`")).hint("shotlist models"),
            })
        }
        several => {
            let several: Vec<String> = several.iter().map(|card| card.name.to_string()).collect();
            Err(refused(format!("`{name}` is part of several names: {}", several.join(", ")))
                .hint(format!("shotlist models {}", several[0])))
        }
    }
}
