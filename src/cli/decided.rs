//! What is wanted, against what is known: the jobs of a plan or a run with what is to be done about each.

use super::args::Selection;
use super::exit::{Error, Exit};
use super::plan::matcher;
use super::terminal::Terminal;
use crate::domain::key::{JobKey, ModelName};
use crate::domain::money::Usd;
use crate::domain::take::Wanted;
use crate::engine::lane::Lane;
use crate::load::Loaded;
use crate::manifest::{Manifest, OnAmbiguous, OnChange};
use crate::plan::approval::Approval;
use crate::plan::decide::{Decision, Scope, decide};
use crate::plan::filing::Scene;
use crate::plan::fingerprint::Change;
use crate::plan::guards::{Watch, gone, is_in_place};
use crate::plan::known::Known;
use crate::provider;
use crate::report::budget::Level;
use crate::report::plan::{Plan, Sum, change_line};
use crate::report::text::count;
use std::collections::{BTreeMap, HashSet};

/// Which jobs a plan or a run is about, and what was agreed to.
#[derive(Clone, Copy)]
pub(super) struct Choice<'a> {
    /// What is named on the command line.
    pub(super) selection: &'a Selection,
    /// The approved plan: its jobs, and no others.
    pub(super) approved: Option<&'a Approval>,
    /// Whether clips that ask before they are rendered anew have their answer.
    pub(super) accepted: bool,
}

/// The selected jobs with what is to be done about each.
pub(super) struct Decided {
    /// The selected jobs.
    pub(super) wanted: Vec<Wanted>,
    /// One for each.
    pub(super) decisions: Vec<Decision>,
    /// Whether some jobs were left out by the selection.
    pub(super) partial: bool,
    /// What it costs beside all else to render anew what asks first.
    asking: Usd,
}

impl Decided {
    /// No job, of all that there are.
    #[must_use]
    pub(super) fn nothing() -> Self {
        Self { wanted: Vec::new(), decisions: Vec::new(), partial: true, asking: Usd::ZERO }
    }

    /// Decides for the jobs that are named, as far as the limit goes.
    pub(super) fn of(
        manifest: &Manifest,
        loaded: &Loaded,
        known: &Known,
        choice: Choice<'_>,
    ) -> Result<Self, Error> {
        let Choice { selection, approved, accepted } = choice;
        let named = matcher(&selection.only)?;
        let selected = |key: &JobKey| named(key) && approved.is_none_or(|plan| plan.has(key));
        let resubmit = match manifest.on_ambiguous {
            OnAmbiguous::Resubmit { max_extra_spend } => Some(max_extra_spend),
            OnAmbiguous::Hold => None,
        };
        let rules = |key: &JobKey| {
            let mut rules = manifest.rules(&key.shot);
            if accepted && rules.on_change == OnChange::Ask {
                rules.on_change = OnChange::Render;
            }
            rules
        };
        let left_out = |key: &JobKey| loaded.left_out.may_have(&key.item);
        let scope = Scope { selected: &selected, resubmit, rules: &rules, left_out: &left_out };
        let mut decisions = decide(&loaded.wanted, known, scope);
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
        let mut decided =
            Self { wanted: Vec::new(), decisions: Vec::new(), partial: false, asking: Usd::ZERO };
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
            return Err(unmatched(selection));
        }
        if decided.asks().next().is_some() {
            let agreed = Self::of(manifest, loaded, known, Choice { accepted: true, ..choice })?;
            decided.asking = agreed.price() - decided.price();
        }
        Ok(decided)
    }

    /// What carrying it out costs.
    fn price(&self) -> Usd {
        let costly = self.wanted.iter().zip(&self.decisions).filter(|(_, decision)| decision.costs());
        costly.filter_map(|(wanted, _)| wanted.price).sum()
    }

    /// The clips that are kept until somebody agrees, with what changed of each.
    fn asks(&self) -> impl Iterator<Item = (&Wanted, &[Change])> {
        self.wanted.iter().zip(&self.decisions).filter_map(|(wanted, decision)| match decision {
            Decision::Kept { asks: true, fields, .. } => Some((wanted, fields.as_slice())),
            _ => None,
        })
    }

    /// Whether somebody at the terminal agrees that what asks first is rendered anew.
    #[must_use]
    pub(super) fn may_render_anew(&self, terminal: &Terminal) -> bool {
        let asking = self.asks().count();
        if asking == 0 || !terminal.interactive {
            return false;
        }
        tell_changes(terminal, self.asks());
        let clips = count(asking, "finished clip");
        terminal.ask(&format!("The input of {clips} changed. Render anew for about {}?", self.asking))
    }

    /// The jobs, each with what is to be done about it.
    #[must_use]
    pub(super) fn jobs(&self) -> Vec<(&Wanted, &Decision)> {
        self.wanted.iter().zip(&self.decisions).collect()
    }

    /// The decisions beside all that is wanted and known.
    #[must_use]
    pub(super) fn scene<'a>(&'a self, loaded: &'a Loaded, known: &'a Known) -> Scene<'a> {
        let (wanted, decisions) = (self.wanted.as_slice(), self.decisions.as_slice());
        Scene { wanted, decisions, all: &loaded.wanted, left_out: &loaded.left_out, known }
    }

    /// To be shown, beside budgets that are so full.
    #[must_use]
    pub(super) fn plan<'a>(
        &'a self,
        manifest: &'a Manifest,
        loaded: &'a Loaded,
        known: &'a Known,
        levels: Vec<Level>,
    ) -> Plan<'a> {
        let sum = Sum::of(&self.jobs(), levels);
        // Of a part nobody can tell what is gone.
        let mut gone = if self.partial { Vec::new() } else { gone(&loaded.wanted, &self.decisions, known) };
        gone.retain(|job| !loaded.left_out.has(&job.key.item));
        let mut watch = Watch::new(known);
        self.jobs().iter().for_each(|(wanted, decision)| watch.see(wanted, decision));
        let trips = watch.trips(&manifest.guards, &gone);
        gone.retain(|job| is_in_place(job) && !loaded.left_out.may_have(&job.key.item));
        Plan {
            project: &manifest.project,
            at_once: at_once(manifest, loaded, &sum),
            sum,
            dropped: &loaded.dropped,
            cards: &loaded.cards,
            gone,
            asking: self.asking,
            trips,
        }
    }

    /// Says of changed jobs what changed, field by field.
    pub(super) fn tell_changes(&self, terminal: &Terminal) {
        let changed =
            self.wanted.iter().zip(&self.decisions).filter_map(|(wanted, decision)| match decision {
                Decision::Changed { fields, .. } | Decision::Kept { fields, .. } => {
                    Some((wanted, fields.as_slice()))
                }
                _ => None,
            });
        tell_changes(terminal, changed);
    }
}

/// Jobs whose changes are told field by field.
const TOLD: usize = 10;

fn tell_changes<'a>(terminal: &Terminal, mut changed: impl Iterator<Item = (&'a Wanted, &'a [Change])>) {
    for (wanted, fields) in changed.by_ref().take(TOLD) {
        let fields: Vec<String> = fields.iter().map(change_line).collect();
        terminal.tell(&format!("{}  {}", wanted.key, fields.join("; ")), 2);
    }
    let more = changed.count();
    if more > 0 {
        terminal.say(format_args!("… and {more} more"));
    }
}

/// Submissions at once, by model.
pub(super) fn at_once(manifest: &Manifest, loaded: &Loaded, sum: &Sum) -> BTreeMap<ModelName, usize> {
    let width = |model: &ModelName| {
        let card = loaded.cards.get(model)?;
        let provider = provider::find(&model.provider)?;
        let limits = manifest.providers.get(&model.provider).map(|config| config.value.limits);
        Some((model.clone(), Lane::new(Some(card), provider, &limits.unwrap_or_default()).width()))
    };
    sum.models().filter_map(width).collect()
}

/// The command line names jobs of which there is none.
pub(super) fn unmatched(selection: &Selection) -> Error {
    Error::new(Exit::Usage, format!("no job matches --only {}", selection.only.join(" --only ")))
        .money("not charged")
}
