//! Compares planned requests with the limits of shops and platforms (destinations) before anything is paid.

use super::destinations::{Destination, pair};
use crate::domain::problem::{EXAMPLES, Place, Problem};
use crate::domain::request::{Field, Request, Value};
use crate::domain::take::Wanted;
use crate::provider::card::{Mode, ModelCard};
use crate::provider::cards::Cards;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Longest duration, in seconds, that a hint about suitable models considers. It applies to a model whose card (the
/// built-in description of the model) gives only a minimum and a maximum.
const LONGEST: u32 = 600;

/// Maximum number of other models that a hint names.
const NAMED: usize = 6;

/// A comparison of planned requests with the limits of shops and platforms, with the problems found so far.
pub(crate) struct Fit<'a> {
    destinations: Vec<&'static Destination>,
    cards: &'a Cards,
    /// Problems by message; each has an optional hint, a flag (true for an error), and the keys of its jobs.
    found: BTreeMap<String, (Option<String>, bool, Vec<String>)>,
    /// Number of planned clips of each item.
    clips: HashMap<String, usize>,
}

impl<'a> Fit<'a> {
    /// Returns a comparison with the limits of the named shops and platforms, before any request is compared.
    pub(crate) fn of(names: &[String], cards: &'a Cards) -> Result<Self, crate::app::error::Error> {
        let destinations = names.iter().map(|name| Destination::named(name)).collect::<Result<_, _>>()?;
        Ok(Self { destinations, cards, found: BTreeMap::new(), clips: HashMap::new() })
    }

    /// Discards the problems and counts found so far, so that the planned requests can be compared with the limits
    /// again.
    pub(crate) fn begin(&mut self) {
        self.found.clear();
        self.clips.clear();
    }

    /// Compares one planned request with the limits of each shop or platform.
    pub(crate) fn look(&mut self, wanted: &Wanted) {
        if self.destinations.is_empty() {
            return;
        }
        *self.clips.entry(wanted.key.item.raw().to_owned()).or_default() += 1;
        let Some(card) = self.cards.get(&wanted.request.model) else { return };
        for to in self.destinations.clone() {
            self.seconds(to, wanted, card);
            self.picture(to, wanted, card);
        }
    }

    fn note(&mut self, wanted: &Wanted, what: &str, hint: Option<String>, is_error: bool) {
        let message = format!("shot `{}` with {}: {what}", wanted.key.shot, wanted.request.model);
        let (_, _, jobs) = self.found.entry(message).or_insert_with(|| (hint, is_error, Vec::new()));
        jobs.push(wanted.key.to_string());
    }

    fn seconds(&mut self, to: &Destination, wanted: &Wanted, card: &ModelCard) {
        if to.seconds == (None, None) {
            return;
        }
        let seconds = wanted.request.duration.unwrap_or_else(|| card.seconds());
        if seconds == 0 {
            let what = format!(
                "the model's card does not say how long its clips are; {} requires {}",
                to.name,
                to.wanted_seconds()
            );
            self.note(wanted, &what, None, false);
        } else if let Some(limit) = to.against_seconds(f64::from(seconds)) {
            let what = format!("its clips last {seconds} s, but {limit}");
            let hint = self.models(wanted, |card| {
                let fit =
                    durations(card).into_iter().filter(|it| to.against_seconds(f64::from(*it)).is_none());
                stretch(&fit.collect::<Vec<_>>())
            });
            self.note(wanted, &what, hint, true);
        }
    }

    fn picture(&mut self, to: &Destination, wanted: &Wanted, card: &ModelCard) {
        let against = |size: &str| pair(size).map(|(width, height)| to.against_picture(width, height));
        let request = &wanted.request;
        let ratio = request
            .aspect_ratio
            .as_deref()
            .filter(|ratio| !to.ratios.is_empty() && !to.ratios.iter().any(|it| it == ratio));
        let size = request.size.as_deref().or_else(|| card.size().filter(|_| request.aspect_ratio.is_none()));
        let (what, limits) = match (size, ratio) {
            (Some(size), _) => (size.to_owned(), against(size).unwrap_or_default()),
            (None, Some(ratio)) => {
                (ratio.to_owned(), vec![format!("{} requires {}", to.name, to.ratios.join(", "))])
            }
            (None, None) => {
                if request.aspect_ratio.is_none() && !to.ratios.is_empty() {
                    let what = format!(
                        "the model's card does not say which aspect ratio its clips have; {} requires {}",
                        to.name,
                        to.ratios.join(", ")
                    );
                    self.note(wanted, &what, None, false);
                }
                return;
            }
        };
        for limit in limits {
            let hint = self.models(wanted, |card| shapes(card, to));
            self.note(wanted, &format!("its clips are {what}, but {limit}"), hint, true);
        }
    }

    /// Returns a hint on how to change a shot so that its clips stay within a limit of a shop or platform.
    ///
    /// `values` returns the setting with which a model stays within the limit, such as `duration: 6`, or `None` if the
    /// model cannot. The hint names this setting for the shot's own model or, if that model cannot, other models that
    /// take the same kind of input. If no model can, the result is `None`.
    fn models(&self, wanted: &Wanted, values: impl Fn(&ModelCard) -> Option<String>) -> Option<String> {
        let mode = mode(&wanted.request);
        let own = self.cards.get(&wanted.request.model);
        if let Some(values) = own.and_then(|card| values(card)) {
            return Some(format!("write {values} in the shot"));
        }
        let others = self.cards.for_sale().filter(|card| card.modes.contains(&mode));
        let mut named: Vec<(bool, String)> = others
            .filter_map(|card| {
                let is_other = card.name.provider != wanted.request.model.provider;
                Some((is_other, format!("{} ({})", card.name, values(card)?)))
            })
            .collect();
        // A model of the same provider needs no other key.
        named.sort_by_key(|(is_other, _)| *is_other);
        let others = match named.len().saturating_sub(NAMED) {
            0 => String::new(),
            others => format!(" and {others} more, see `shotlist models`"),
        };
        let named: Vec<String> = named.into_iter().take(NAMED).map(|(_, name)| name).collect();
        let named = named.join(", ");
        (!named.is_empty()).then(|| format!("models that fit: {named}{others}"))
    }

    /// Returns the problems that were found, each located in the manifest.
    pub(crate) fn problems(self, manifest: &str) -> Vec<Problem> {
        let place = || Place::File(manifest.to_owned());
        let mut problems = Vec::new();
        for (message, (hint, is_error, jobs)) in self.found {
            let problem =
                if is_error { Problem::error(place(), message) } else { Problem::warning(place(), message) };
            let problem = match hint {
                Some(hint) => problem.hint(hint),
                None if is_error => {
                    problem.hint("choose another model or destination: `shotlist models` shows all")
                }
                None => problem.hint("look at a clip of a rehearsal or of `run --limit 1` first"),
            };
            problems.push(Problem {
                count: jobs.len(),
                examples: jobs.into_iter().take(EXAMPLES).collect(),
                ..problem
            });
        }
        for to in self.destinations {
            let Some(most) = to.clips else { continue };
            let mut over: Vec<&String> =
                self.clips.iter().filter(|(_, clips)| **clips > most).map(|(item, _)| item).collect();
            over.sort_unstable();
            if let Some(item) = over.first() {
                let clips = self.clips[*item];
                let message =
                    format!("{item} has {clips} clips, but {} accepts {most} of one product", to.name);
                let problem = Problem::error(place(), message)
                    .hint("remove shots or variants of this item from the manifest");
                problems.push(Problem { count: over.len(), ..problem });
            }
        }
        problems
    }
}

/// Returns the kind of input that a request makes its clip from, such as text or image.
const fn mode(request: &Request) -> Mode {
    match (&request.image, &request.last_image) {
        (Some(_), Some(_)) => Mode::Frames,
        (Some(_), None) | (None, Some(_)) => Mode::Image,
        (None, None) if request.reference_images.is_empty() => Mode::Text,
        (None, None) => Mode::Reference,
    }
}

/// Returns the durations, in seconds, that can be requested from a model, in ascending order; only the fixed one if
/// there is no choice.
fn durations(card: &ModelCard) -> Vec<u32> {
    let Some(rule) = card.field(Field::Duration) else {
        return Some(card.seconds()).filter(|seconds| *seconds > 0).into_iter().collect();
    };
    if rule.values.is_empty() {
        return match (rule.min, rule.max) {
            (Some(least), Some(most)) => (least..=most.min(LONGEST)).collect(),
            _ => Some(card.seconds()).filter(|seconds| *seconds > 0).into_iter().collect(),
        };
    }
    let number = |value: &Value| match value {
        Value::Int(seconds) => u32::try_from(*seconds).ok(),
        Value::Text(text) => text.parse().ok(),
        Value::Bool(_) => None,
    };
    // A correction in the manifest may list them in any order.
    let ascending: BTreeSet<u32> = rule.values.iter().filter_map(number).collect();
    ascending.into_iter().collect()
}

/// Returns a text for a hint: the manifest's key `duration` with these values, which are in seconds.
///
/// The values must ascend. Three or more consecutive numbers become a range (6 to 16); other values are joined by "or".
/// Returns `None` if there are no values.
fn stretch(seconds: &[u32]) -> Option<String> {
    let (first, last) = (seconds.first()?, seconds.last()?);
    let is_row = seconds.len() > 2 && (last - first) as usize + 1 == seconds.len();
    if is_row {
        return Some(format!("`duration:` {first} to {last}"));
    }
    let all: Vec<String> = seconds.iter().map(u32::to_string).collect();
    Some(format!("`duration: {}`", all.join("` or `duration: ")))
}

/// Returns a manifest's setting, such as `size: 1280x720`, with a size or ratio that the model and the shop or platform
/// accept. Returns `None` if there is no such size or ratio.
fn shapes(card: &ModelCard, to: &Destination) -> Option<String> {
    let texts = |field: Field| -> Vec<String> {
        let values = card.field(field).map(|rule| rule.values.as_slice()).unwrap_or_default();
        values.iter().map(crate::provider::card::shown).collect()
    };
    let fits = |size: &String| {
        pair(size).is_some_and(|(width, height)| to.against_picture(width, height).is_empty())
    };
    let sizes: Vec<String> = texts(Field::Size).into_iter().filter(fits).collect();
    if let Some(size) = sizes.first() {
        return Some(format!("`size: {size}`"));
    }
    let ratios = texts(Field::AspectRatio);
    let ratio = to.ratios.iter().find(|ratio| ratios.contains(ratio))?;
    Some(format!("`aspect_ratio: \"{ratio}\"`"))
}
