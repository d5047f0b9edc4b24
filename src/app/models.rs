//! `shotlist models`: what can be bought, and what each model takes.

use super::error::Error;
use super::exit::Exit;
use super::places::Places;
use super::project::Project;
use crate::cli::args::ModelsArgs;
use crate::domain::problem::{Problem, did_you_mean};
use crate::engine::lane::Lane;
use crate::load::{models as corrected, providers};
use crate::manifest::{Located, ProviderConfig};
use crate::provider::Registry;
use crate::provider::card::ModelCard;
use crate::provider::cards::Cards;
use crate::report::models::{Entry, json, page, table};
use crate::report::terminal::Terminal;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Shows the models as the manifest corrects them, where there is one.
pub(crate) fn models(
    project: Option<&Project>,
    terminal: &Terminal,
    args: &ModelsArgs,
) -> Result<Exit, Error> {
    let (places, cards, configs, problems) = read(project)?;
    let is_wrong = problems.iter().any(Problem::is_error);
    let tally = terminal.problems(problems);
    let wanted = match &args.name {
        None => Wanted::Table(cards.for_sale().collect()),
        Some(name) if cards.providers().find(name).is_some() => Wanted::Table(cards.of(name).collect()),
        Some(name) => Wanted::Page(named(&cards, name)?),
    };
    let entry = |card| entry(card, cards.providers(), &configs);
    let columns = terminal.size().0;
    let (data, lines, next) = match wanted {
        Wanted::Page(card) => {
            let entry = entry(card)?;
            let next = match &places {
                Some(places) => places.typed("plan"),
                None => "shotlist plan PATH/TO/MANIFEST.yaml".to_owned(),
            };
            (serde_json::json!({ "format": 1, "model": json(&entry) }), page(&entry, columns), next)
        }
        Wanted::Table(listed) => {
            let entries = listed.iter().map(|card| entry(card)).collect::<Result<Vec<_>, _>>()?;
            let data = entries.iter().map(json).collect::<Vec<_>>();
            let next = format!(
                "shotlist models {}",
                listed.first().map_or_else(String::new, |card| card.name.to_string())
            );
            (
                serde_json::json!({ "format": 1, "models": data }),
                table(&entries, cards.providers(), columns),
                next,
            )
        }
    };
    if terminal.json {
        terminal.data(data);
    } else {
        terminal.data(lines.join("\n"));
    }
    if let Some(places) = places.filter(|_| is_wrong) {
        let what = format!("{tally}; what the manifest says of models is not all in this");
        return Err(Error::new(Exit::Invalid, what).money("not charged").hint(places.typed("validate")));
    }
    terminal.next(next);
    Ok(Exit::Done)
}

/// What is shown.
enum Wanted<'a> {
    /// Of all models, or of those of a provider.
    Table(Vec<&'a Arc<ModelCard>>),
    /// Of one model.
    Page(&'a Arc<ModelCard>),
}

type Configs = BTreeMap<String, Located<ProviderConfig>>;

/// The cards, and what is wrong where the manifest corrects them. No manifest is none of the things that are wrong,
/// unless one is named.
fn read(project: Option<&Project>) -> Result<(Option<Places>, Cards, Configs, Vec<Problem>), Error> {
    let registry = project.map_or_else(Registry::built_in, |project| project.registry.clone());
    let Some(places) = project.map(|project| project.places.clone()) else {
        return Ok((None, Cards::new(&registry), Configs::new(), Vec::new()));
    };
    let (cards, problems) = corrected(&places.manifest, &registry);
    // What is wrong with the providers is not what was asked for.
    let configs = providers(&places.manifest).unwrap_or_default();
    Ok((Some(places), cards, configs, problems))
}

fn entry<'a>(card: &'a Arc<ModelCard>, providers: &Registry, configs: &Configs) -> Result<Entry<'a>, Error> {
    let name = &card.name.provider;
    let provider = providers
        .find(name)
        .ok_or_else(|| Error::new(Exit::Unexpected, format!("{} has no provider", card.name)))?;
    let manifest = configs.get(provider.name()).map(|config| config.value.limits).unwrap_or_default();
    let limits = manifest.over(card.limits).over(provider.profile().limits);
    Ok(Entry { card, at_once: Lane::new(Some(card), &**provider, &manifest).width(), limits })
}

/// The model of that name, or the only one whose name holds it.
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
            // Most people leave the provider out.
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
