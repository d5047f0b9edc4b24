//! `shotlist plan`, and what `run` shares with it: what is wanted, against what is known.

use super::args::{Global, PlanArgs, Selection};
use super::exit::{Error, Exit};
use super::session::{store_error, unopened};
use super::settings::Places;
use super::terminal::Terminal;
use crate::domain::key::{JobKey, ModelName, RequestId};
use crate::domain::take::Wanted;
use crate::engine::lane::Lane;
use crate::load::{Loaded, load};
use crate::manifest::{Manifest, OnAmbiguous};
use crate::plan::decide::{Decision, Scope, decide};
use crate::plan::filing::Scene;
use crate::plan::known::Known;
use crate::provider;
use crate::provider::cards::Cards;
use crate::report::plan::{Plan, change_line};
use crate::report::text::count;
use crate::store::Reader;
use globset::{Glob, GlobSetBuilder};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Jobs whose changes are told field by field.
const CHANGES_TOLD: usize = 10;

/// Shows what would be rendered and why, and what it costs. Sends nothing.
pub(super) async fn plan(terminal: &Terminal, global: &Global, args: &PlanArgs) -> Result<Exit, Error> {
    let places = Places::find(args.manifest.manifest.as_deref(), global)?;
    let loaded = valid(terminal, &places, load(&places.manifest))?;
    let manifest = loaded.manifest.as_ref().ok_or_else(invalid)?;
    let known = match Reader::open(&places.state).map_err(|error| unopened(&places, &error))? {
        Some(reader) => reader.known(&manifest.project).await.map_err(|error| store_error(&error))?,
        None => Known::default(),
    };
    let decided = Decided::of(&loaded, &known, &args.selection)?;
    let plan = decided.plan(manifest, &loaded);
    if args.show_requests {
        for (wanted, _) in plan.jobs.iter().filter(|(_, decision)| decision.costs()) {
            terminal.data(request(&loaded.cards, wanted));
        }
    } else if terminal.json {
        terminal.data(plan.json());
    } else {
        terminal.say(format_args!("{}: {}\n", places.shown, count(plan.jobs.len(), "job")));
        terminal.data(plan.table().trim_end());
        for line in decided.changes().take(CHANGES_TOLD) {
            terminal.say(line);
        }
        for note in plan.notes() {
            terminal.tell(&note, 2);
        }
        terminal.say("Nothing was sent.");
    }
    let work = plan.to_render() > 0;
    terminal.next(match plan.to_render() {
        0 => places.typed("status"),
        1 => places.typed("run"),
        // One to look at, before all of them are paid.
        _ => places.typed("run --limit 1"),
    });
    Ok(if work && args.detailed_exitcode { Exit::WorkToDo } else { Exit::Done })
}

/// Tells the problems; an error if nothing may be sent.
pub(super) fn valid(terminal: &Terminal, places: &Places, mut loaded: Loaded) -> Result<Loaded, Error> {
    let is_invalid = loaded.is_invalid();
    let tally = terminal.problems(std::mem::take(&mut loaded.problems));
    if !is_invalid {
        return Ok(loaded);
    }
    Err(Error::new(Exit::Invalid, format!("{tally}; nothing was sent"))
        .money("not charged")
        .next(places.typed("validate")))
}

/// A manifest without an error that could not be read does not exist; said nevertheless, not panicked.
pub(super) fn invalid() -> Error {
    Error::new(Exit::Invalid, "the manifest could not be read; nothing was sent")
}

/// The selected jobs with what is to be done about each.
pub(super) struct Decided {
    /// The selected jobs.
    pub(super) wanted: Vec<Wanted>,
    /// One for each.
    pub(super) decisions: Vec<Decision>,
    /// Whether some jobs were left out by the selection.
    pub(super) partial: bool,
}

impl Decided {
    /// Decides for the jobs that are named, as far as the limit goes.
    pub(super) fn of(loaded: &Loaded, known: &Known, selection: &Selection) -> Result<Self, Error> {
        let named = matcher(&selection.only)?;
        let resubmit = match loaded.manifest.as_ref().map(|manifest| manifest.on_ambiguous) {
            Some(OnAmbiguous::Resubmit { max_extra_spend }) => Some(max_extra_spend),
            Some(OnAmbiguous::Hold) | None => None,
        };
        let mut decisions = decide(&loaded.wanted, known, Scope { selected: &named, resubmit });
        // A limit is one on submissions: what costs nothing is always done.
        let mut left = selection.limit.unwrap_or(usize::MAX);
        let mut later = HashSet::new();
        for (wanted, place) in loaded.wanted.iter().zip(&mut decisions) {
            if place.as_ref().is_some_and(Decision::costs) {
                if left == 0 {
                    *place = None;
                    later.insert(&wanted.key);
                }
                left = left.saturating_sub(1);
            }
        }
        let waits_in_vain = |decision: &Decision| matches!(decision, Decision::Shared { leader, from: None, .. } if later.contains(leader));
        let mut decided = Self { wanted: Vec::new(), decisions: Vec::new(), partial: false };
        for (wanted, decision) in loaded.wanted.iter().zip(decisions) {
            match decision.filter(|decision| !waits_in_vain(decision)) {
                Some(decision) => {
                    decided.wanted.push(wanted.clone());
                    decided.decisions.push(decision);
                }
                None => decided.partial = true,
            }
        }
        if !selection.only.is_empty() && decided.wanted.is_empty() {
            return Err(Error::new(
                Exit::Usage,
                format!("no job matches --only {}", selection.only.join(" --only ")),
            )
            .money("not charged"));
        }
        Ok(decided)
    }

    /// The decisions beside all that is wanted and known.
    #[must_use]
    pub(super) fn scene<'a>(&'a self, loaded: &'a Loaded, known: &'a Known) -> Scene<'a> {
        Scene { wanted: &self.wanted, decisions: &self.decisions, all: &loaded.wanted, known }
    }

    /// To be shown.
    #[must_use]
    pub(super) fn plan<'a>(&'a self, manifest: &'a Manifest, loaded: &'a Loaded) -> Plan<'a> {
        let models: BTreeSet<&ModelName> = self.wanted.iter().map(|wanted| &wanted.request.model).collect();
        let at_once =
            models.into_iter().filter_map(|model| Some((model.clone(), at_once(manifest, loaded, model)?)));
        Plan {
            project: &manifest.project,
            jobs: self.wanted.iter().zip(&self.decisions).collect(),
            dropped: &loaded.dropped,
            cards: &loaded.cards,
            at_once: at_once.collect::<BTreeMap<_, _>>(),
        }
    }

    /// Changed jobs, field by field, a line each.
    pub(super) fn changes(&self) -> impl Iterator<Item = String> {
        self.wanted.iter().zip(&self.decisions).filter_map(|(wanted, decision)| match decision {
            Decision::Changed { fields, .. } => {
                let fields: Vec<_> = fields.iter().map(change_line).collect();
                Some(format!("{}  {}", wanted.key, fields.join("; ")))
            }
            _ => None,
        })
    }
}

fn at_once(manifest: &Manifest, loaded: &Loaded, model: &ModelName) -> Option<usize> {
    let card = loaded.cards.get(model)?;
    let provider = provider::find(&model.provider)?;
    let limits =
        manifest.providers.get(&model.provider).map(|config| config.value.limits).unwrap_or_default();
    Some(Lane::new(Some(card), provider, &limits).width())
}

/// Whether a job is named by one of the patterns: by its key or its item. No pattern names all.
pub(super) fn matcher(patterns: &[String]) -> Result<impl Fn(&JobKey) -> bool, Error> {
    let wrong = |error: globset::Error| Error::new(Exit::Usage, format!("--only: {error}"));
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(Glob::new(pattern).map_err(wrong)?);
    }
    let set = set.build().map_err(wrong)?;
    Ok(move |key: &JobKey| set.is_empty() || set.is_match(key.to_string()) || set.is_match(&key.item))
}

/// The request as it would be sent, as one line of JSON; its request id is made at the moment of sending.
fn request(cards: &Cards, wanted: &Wanted) -> serde_json::Value {
    let model = &wanted.request.model;
    let (Some(provider), Some(card)) = (provider::find(&model.provider), cards.get(model)) else {
        return serde_json::Value::Null;
    };
    let call = provider.submit(card, &wanted.request, &RequestId("(new for each attempt)".to_owned())).0;
    let body = call.body.as_ref().map(crate::wire::Body::shown).unwrap_or_default();
    serde_json::json!({
        "job": wanted.key.to_string(),
        "method": "POST",
        "url": format!("{}{}", provider.profile().base_url, call.path),
        "body": serde_json::from_str::<serde_json::Value>(&body).unwrap_or(serde_json::Value::String(body)),
        "price_usd": wanted.price.map(crate::domain::money::Usd::plain),
    })
}
