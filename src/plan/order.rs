//! A draft becomes an order: pictures with their facts, everything checked against the model's card, priced.

use super::draft::{Draft, Pictures};
use super::fingerprint::{fingerprint, likeness};
use super::values::{self, Cut, Values};
use crate::domain::item::Item;
use crate::domain::key::RequestId;
use crate::domain::problem::{Causes, Problem, Severity};
use crate::domain::request::{Field, Media, MediaFile, PictureFacts, Request, Seen};
use crate::domain::take::Wanted;
use crate::media::image;
use crate::provider::Registry;
use crate::provider::card::ModelCard;
use crate::provider::cards::Cards;
use crate::provider::check;
use std::collections::HashMap;

/// Looks at a local picture, by its text. Asked once for every job that names it.
pub type Look<'a> = dyn FnMut(&str) -> Result<PictureFacts, Unusable> + 'a;

/// What is known of linked pictures, by their links; those that nobody looked at are not in it.
pub type LinkBook = HashMap<String, Result<Seen, Unseen>>;

/// Why a linked picture is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unseen {
    /// Its server says that it is not there, or not for everybody.
    Gone(String),
    /// It is no picture that a model takes.
    Broken {
        /// A clause about it.
        why: String,
        /// What to do about it.
        remedy: String,
    },
    /// Nothing is proved: a provider may reach it all the same.
    Unreachable(String),
}

/// Why a picture cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// A clause about it, such as `its end is missing`.
    pub why: String,
    /// What to do about it.
    pub remedy: String,
    /// A file that is there and has a name much like it.
    pub near: Option<String>,
}

pub(super) fn is_link(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

/// What is wrong with an order, with the column to cut where a text is too long.
pub(super) type Wrong = (Problem, Option<Cut>);

/// Makes an order of a draft; none where something is wrong, which is added.
pub(super) fn order(
    draft: Draft,
    values: &Values<'_>,
    cards: &Cards,
    links: &LinkBook,
    look: &mut Look<'_>,
    wrongs: &mut Vec<Wrong>,
) -> Option<Wanted> {
    let mut problems = Vec::new();
    let mut request = draft.request;
    let mut seen = |text: &String, field: Field| match media(text, look) {
        Ok(media) => Some(media),
        Err(Unusable { why, remedy, near }) => {
            let message = format!("the picture in `{}` cannot be used: {why}", field.name());
            // Cells are many, and each may be near another name.
            let near = near.filter(|_| !values.is_from_cell(field.name()));
            let hint = near.map_or(remedy, |near| format!("did you mean `{near}`?"));
            problems.push(values.problem(field.name(), message, Some(text)).hint(hint));
            None
        }
    };
    request.image = draft.pictures.image.as_ref().and_then(|text| seen(text, Field::Image));
    request.last_image = draft.pictures.last_image.as_ref().and_then(|text| seen(text, Field::LastImage));
    let references = draft.pictures.reference_images.iter();
    request.reference_images = references.filter_map(|text| seen(text, Field::ReferenceImages)).collect();
    // What is missing because it is wrong is told already.
    let is_whole = draft.whole && problems.is_empty();
    let findings = if is_whole {
        check::check(cards, &draft.card, &request)
    } else {
        check::check_each(cards, &draft.card, &request)
    };
    unseen(values, &request, links, &mut problems);
    let mut is_right = !problems.iter().any(Problem::is_error);
    wrongs.extend(problems.into_iter().map(|problem| (problem, None)));
    let seen = |link: &str| links.get(link).and_then(|seen| seen.as_ref().ok()).copied();
    let linked = check::check_links(&draft.card, &request, seen);
    let too_large = is_whole.then(|| body_length(cards.providers(), &draft.card, &request)).flatten();
    let too_large = too_large.and_then(|bytes| check::check_body(&draft.card, &request, bytes));
    for finding in findings.into_iter().chain(linked).chain(too_large) {
        let excess = finding.excess.filter(|_| finding.field == Field::Prompt.name());
        let cut = excess.zip(request.prompt.as_deref());
        let cut = cut.and_then(|(excess, prompt)| values.cut(&finding.field, prompt, excess));
        let detail = finding.detail.clone().unwrap_or_default();
        let mut problem = values::problem(values, finding);
        if !is_whole {
            // What other models take cannot be told from a part of an order.
            problem.notes.clear();
        }
        if let Some(cut) = &cut {
            problem.place = cut.place.clone();
            problem.examples = vec![format!("{}: {detail}", cut.example)];
            // Known when all are.
            problem.hint = Some(format!("cut {}", cut.spelled));
            problem.of_item = true;
        }
        is_right &= !problem.is_error();
        wrongs.push((problem, cut));
    }
    if !draft.whole || !is_right {
        return None;
    }
    let likeness = match draft.fuller {
        Some((fuller, pictures)) => likeness(&with_pictures(fuller, &pictures, &request, look)),
        None => likeness(&request),
    };
    let price = draft.card.price.as_ref().map(|price| price.of(&request, draft.card.seconds()));
    let fingerprint = fingerprint(&request);
    Some(Wanted {
        key: draft.key,
        title: Item::title(values.item()).into(),
        tags: Item::tags(values.item()),
        fingerprint,
        likeness: Some(likeness).filter(|likeness| *likeness != fingerprint),
        request,
        price,
        path: draft.path,
    })
}

/// Adds the pictures to an order that has what the model lacks; one that cannot be used makes no difference yet.
fn with_pictures(fuller: Request, pictures: &Pictures, order: &Request, look: &mut Look<'_>) -> Request {
    let mut seen = |text: &String| media(text, look).ok();
    Request {
        image: order.image.clone().or_else(|| pictures.image.as_ref().and_then(&mut seen)),
        last_image: order.last_image.clone().or_else(|| pictures.last_image.as_ref().and_then(&mut seen)),
        reference_images: if order.reference_images.is_empty() {
            pictures.reference_images.iter().filter_map(&mut seen).collect()
        } else {
            order.reference_images.clone()
        },
        ..fuller
    }
}

/// Linked pictures that were asked for and are not to be had.
fn unseen(values: &Values<'_>, request: &Request, links: &LinkBook, problems: &mut Vec<Problem>) {
    for (field, media) in request.pictures() {
        let Media::Url(link) = media else { continue };
        let Some(Err(unseen)) = links.get(link) else { continue };
        let name = field.name();
        problems.push(match unseen {
            Unseen::Gone(why) => values
                .problem(name, format!("the picture in `{name}` cannot be fetched: {why}"), Some(link))
                .hint("open the link in a browser that is not logged in anywhere, and correct it"),
            Unseen::Broken { why, remedy } => values
                .problem(name, format!("what `{name}` links cannot be used: {why}"), Some(link))
                .hint(remedy),
            Unseen::Unreachable(why) => {
                let message = format!("the picture in `{name}` could not be looked at: {why}");
                let problem = values.problem(name, message, Some(link));
                Problem { severity: Severity::Warning, ..problem }
                    .hint("the provider may reach it all the same; see whether a browser shows it")
            }
        });
    }
}

/// Bytes of the request on the wire, where its model has a limit for them.
fn body_length(providers: &Registry, card: &ModelCard, request: &Request) -> Option<u64> {
    card.pictures.as_ref()?.max_body_megabytes?;
    let key = RequestId("sl-00000000000000000000000000".to_owned());
    let call = providers.find(&card.name.provider)?.submit(card, request, &key);
    Some(call.0.body?.len())
}

/// What is wrong with all orders, joined by its causes.
#[derive(Default)]
pub(super) struct Wrongs {
    causes: Causes,
    /// Of causes that are texts too long, by their place: the column to cut.
    cuts: HashMap<usize, Cut>,
    /// By message and column: the length that fits every item, and whether one is HTML.
    least: HashMap<(String, String), (usize, bool)>,
}

impl Wrongs {
    /// Adds what is wrong with an order.
    pub(super) fn add(&mut self, (problem, cut): Wrong) {
        let Some(cut) = cut else {
            self.causes.add(problem);
            return;
        };
        let cause = (problem.message.clone(), cut.column.clone());
        let (room, has_markup) = self.least.entry(cause).or_insert((cut.room, false));
        *room = cut.room.min(*room);
        *has_markup |= cut.has_markup;
        if let Some(at) = self.causes.add(problem) {
            self.cuts.entry(at).or_insert(cut);
        }
    }

    /// All that is wrong. Of texts that are too long it says what to write, so that it is short enough for every item.
    pub(super) fn finish(self) -> Vec<Problem> {
        let mut problems = self.causes.finish();
        for (at, cut) in self.cuts {
            let problem = &mut problems[at];
            let Some((room, has_markup)) = self.least.get(&(problem.message.clone(), cut.column)) else {
                continue;
            };
            let strip = if *has_markup { " | strip_html" } else { "" };
            problem.hint = Some(format!("write `{{{{ {}{strip} | truncate({room}) }}}}`", cut.spelled));
        }
        problems
    }
}

fn media(text: &str, look: &mut Look<'_>) -> Result<Media, Unusable> {
    let unusable =
        |why: &str, remedy: &str| Unusable { why: why.to_owned(), remedy: remedy.to_owned(), near: None };
    if text.starts_with("data:") {
        let facts = image::data_uri(text).map_err(|fault| unusable(&fault.to_string(), fault.remedy()))?;
        return Ok(Media::Inline { uri: text.to_owned(), facts });
    }
    if is_link(text) {
        return Ok(Media::Url(text.to_owned()));
    }
    if text.contains("://") {
        let remedy = "write an `https://` address, or the path of a file";
        return Err(unusable("nothing fetches such an address", remedy));
    }
    let facts = look(text)?;
    Ok(Media::File(MediaFile { path: text.to_owned(), facts }))
}
