//! The plan of a project of which nothing is known, added up while the product file is read: no job is held.

use super::args::Selection;
use super::decided::{at_once, unmatched};
use super::exit::Error;
use super::plan::matcher;
use crate::domain::key::JobKey;
use crate::domain::money::Usd;
use crate::domain::take::Wanted;
use crate::load::{Jobs, Loaded};
use crate::manifest::{Manifest, Reuse};
use crate::plan::guards::Watch;
use crate::plan::known::Known;
use crate::plan::newcomers;
use crate::report::budget::Level;
use crate::report::plan::{Plan, Sum};
use std::collections::BTreeMap;

/// Takes the jobs and adds them up.
pub(super) struct Newcomers<'a> {
    selection: &'a Selection,
    named: Box<dyn Fn(&JobKey) -> bool>,
    /// By shot.
    reuse: BTreeMap<String, Reuse>,
    known: &'a Known,
    levels: Vec<Level>,
    count: Count<'a>,
}

/// What came of the jobs so far.
struct Count<'a> {
    orders: newcomers::Newcomers,
    /// How many more may be ordered.
    left: usize,
    sum: Sum,
    watch: Watch<'a>,
}

impl<'a> Newcomers<'a> {
    /// Begins; `known` is empty, and the budgets are so full.
    pub(super) fn new(
        manifest: &Manifest,
        selection: &'a Selection,
        known: &'a Known,
        levels: Vec<Level>,
    ) -> Result<Self, Error> {
        let shots = manifest.shots.iter().map(|shot| shot.name.value.clone());
        let reuse = shots.map(|shot| (shot.clone(), manifest.rules(&shot).reuse)).collect();
        let named = Box::new(matcher(&selection.only)?);
        let count = Count::new(selection, known, &levels);
        Ok(Self { selection, named, reuse, known, levels, count })
    }

    /// What came of it, to be shown.
    pub(super) fn plan(self, manifest: &'a Manifest, loaded: &'a Loaded) -> Result<Plan<'a>, Error> {
        let Count { sum, watch, .. } = self.count;
        if sum.jobs == 0 && !self.selection.only.is_empty() {
            return Err(unmatched(self.selection));
        }
        Ok(Plan {
            project: &manifest.project,
            at_once: at_once(manifest, loaded, &sum),
            sum,
            dropped: &loaded.dropped,
            cards: &loaded.cards,
            gone: Vec::new(),
            asking: Usd::ZERO,
            trips: watch.trips(&manifest.guards, &[]),
        })
    }
}

impl<'a> Count<'a> {
    fn new(selection: &Selection, known: &'a Known, levels: &[Level]) -> Self {
        Self {
            orders: newcomers::Newcomers::default(),
            left: selection.limit.unwrap_or(usize::MAX),
            sum: Sum::new(levels.to_vec()),
            watch: Watch::new(known),
        }
    }
}

impl Jobs for Newcomers<'_> {
    fn begin(&mut self) {
        self.count = Count::new(self.selection, self.known, &self.levels);
    }

    fn take(&mut self, wanted: Wanted) {
        if !(self.named)(&wanted.key) {
            return;
        }
        let Count { orders, left, sum, watch } = &mut self.count;
        let reuse = self.reuse.get(&wanted.key.shot).copied().unwrap_or_default();
        // Beyond the limit nothing is ordered, and nothing waits for what is not.
        let Some(decision) = orders.decide(&wanted, reuse, *left > 0) else { return };
        *left -= usize::from(decision.costs());
        sum.add(&wanted, &decision);
        watch.see(&wanted, &decision);
    }
}
