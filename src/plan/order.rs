//! Turns a draft (a request whose pictures were not read yet) into a request: adds the properties of the pictures,
//! checks the request against the model's card (its built-in description), and computes its price.

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

/// A function that reads the properties of a local picture by its path. It is called for every job that has the
/// picture.
pub type Look<'a> = dyn FnMut(&str) -> Result<PictureFacts, Unusable> + 'a;

/// The results of checking linked pictures, by their links. Links that were not checked are missing.
pub type LinkBook = HashMap<String, Result<Seen, Unseen>>;

/// The reason why a linked picture could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unseen {
    /// The server answered that the picture does not exist, or is not public.
    Gone(String),
    /// The link does not lead to a picture that a model accepts.
    Broken {
        /// The reason as a clause, such as `its data is incomplete`.
        why: String,
        /// A hint that says how to correct the picture or its link.
        remedy: String,
    },
    /// The picture could not be fetched. That proves nothing, because a provider may still reach it.
    Unreachable(String),
}

/// The reason why a local picture cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// The reason as a clause, such as `its data is incomplete`.
    pub why: String,
    /// A hint that says how to correct the picture or its path.
    pub remedy: String,
    /// An existing file whose name is similar to that of the missing file.
    pub near: Option<String>,
}

pub(super) fn is_link(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

/// A problem of a request. If a text is too long, it comes with the column that must be shortened.
pub(super) type RequestProblem = (Problem, Option<Cut>);

/// Turns a draft (a request whose pictures were not read yet) into a job. Adds all problems of the request to `wrongs`.
/// Returns `None` if the request has an error.
pub(super) fn order(
    draft: Draft,
    values: &Values<'_>,
    cards: &Cards,
    links: &LinkBook,
    look: &mut Look<'_>,
    wrongs: &mut Vec<RequestProblem>,
) -> Option<Wanted> {
    let mut problems = Vec::new();
    let mut request = draft.request;
    let mut seen = |text: &String, field: Field| match media(text, look) {
        Ok(media) => Some(media),
        Err(Unusable { why, remedy, near }) => {
            let message = format!("the picture in `{}` cannot be used: {why}", field.name());
            // A column has many cells, and each may be similar to another name.
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
    // An invalid setting is already reported, and must not be reported as missing as well.
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
            // Part of a request does not show which other models accept it.
            problem.notes.clear();
        }
        if let Some(cut) = &cut {
            problem.place = cut.place.clone();
            problem.examples = vec![format!("{}: {detail}", cut.example)];
            // The exact hint follows once all items are known.
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

/// Returns the request `fuller` with its pictures. Unlike `order`, this request also has the optional fields that the
/// model does not have.
///
/// Each picture is taken from `order` or, if `order` does not have the picture, read from its text in `pictures`.
/// Pictures that cannot be used are left out.
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

/// Adds a problem for each linked picture that could not be fetched or used.
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
                .problem(name, format!("the picture linked in `{name}` cannot be used: {why}"), Some(link))
                .hint(remedy),
            Unseen::Unreachable(why) => {
                let message = format!("the picture in `{name}` could not be checked: {why}");
                let problem = values.problem(name, message, Some(link));
                Problem { severity: Severity::Warning, ..problem }
                    .hint("the provider may still reach the picture; check whether a browser shows it")
            }
        });
    }
}

/// Returns the size of the request's body in bytes; `None` if the model has no limit for it.
fn body_length(providers: &Registry, card: &ModelCard, request: &Request) -> Option<u64> {
    card.pictures.as_ref()?.max_body_megabytes?;
    let key = RequestId("sl-00000000000000000000000000".to_owned());
    let call = providers.find(&card.name.provider)?.submit(card, request, &key);
    Some(call.0.body?.len())
}

/// The problems of all requests, grouped by their causes.
#[derive(Default)]
pub(super) struct RequestProblems {
    causes: Causes,
    /// The columns with a text that is too long. The key is the position of the problem about it in `causes`.
    cuts: HashMap<usize, Cut>,
    /// The number of characters to which a column must be cut so that the texts of all items fit, by message and
    /// column. The flag is true if any cell of the column contains HTML.
    least: HashMap<(String, String), (usize, bool)>,
}

impl RequestProblems {
    pub(super) fn add(&mut self, (problem, cut): RequestProblem) {
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

    /// Returns all problems. For a text that is too long, the hint is a template that shortens the text enough for
    /// every item.
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
        return Err(unusable("addresses of this kind are not supported", remedy));
    }
    let facts = look(text)?;
    Ok(Media::File(MediaFile { path: text.to_owned(), facts }))
}
