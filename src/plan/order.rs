//! Drafts become orders: pictures with their facts, everything checked against the model's card, priced.

use super::expand::{Draft, Source, Values};
use super::fingerprint::fingerprint;
use crate::domain::item::Item;
use crate::domain::problem::Problem;
use crate::domain::request::{Field, Media, MediaFile, PictureFacts};
use crate::domain::take::Wanted;
use crate::manifest::Manifest;
use crate::media::image;
use crate::provider::check::{self, Finding};
use std::collections::{BTreeSet, HashMap};

/// What is known of local pictures, by their text: facts, or what is wrong with them in words.
pub type PictureBook = HashMap<String, Result<PictureFacts, String>>;

/// The local files that these drafts name, each once.
#[must_use]
pub fn local_pictures(drafts: &[Draft]) -> BTreeSet<&str> {
    drafts
        .iter()
        .flat_map(|draft| draft.pictures.all())
        .map(String::as_str)
        .filter(|text| is_local(text))
        .collect()
}

fn is_local(text: &str) -> bool {
    !text.starts_with("data:") && !text.contains("://")
}

/// Makes orders of drafts; those with an error make none.
#[must_use]
pub fn orders(
    manifest: &Manifest,
    source: &Source<'_>,
    drafts: &[Draft],
    book: &PictureBook,
) -> (Vec<Wanted>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut wanted = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let values = Values::of(manifest, source, draft);
        let before = problems.len();
        let mut request = draft.request.clone();
        let mut look = |text: &String, field: Field| match media(text, book) {
            Ok(media) => Some(media),
            Err(reason) => {
                let mut problem = Problem::error(
                    values.place(field.name()),
                    format!("a picture of `{}` cannot be used", field.name()),
                )
                .hint("correct the path or the file; paths are seen from the manifest's folder");
                let shown = crate::domain::fault::printable(text);
                problem.examples = vec![format!("{}: {shown}: {reason}", values.example())];
                problems.push(problem);
                None
            }
        };
        request.image = draft.pictures.image.as_ref().and_then(|text| look(text, Field::Image));
        request.last_image = draft.pictures.last_image.as_ref().and_then(|text| look(text, Field::LastImage));
        let references = draft.pictures.reference_images.iter();
        request.reference_images = references.filter_map(|text| look(text, Field::ReferenceImages)).collect();
        if problems.len() == before {
            problems.extend(
                check::check(draft.card, &request).into_iter().map(|finding| problem(&values, finding)),
            );
        }
        if problems[before..].iter().any(Problem::is_error) {
            continue;
        }
        let price = manifest
            .prices
            .get(&request.model)
            .map(|price| &price.value)
            .or(draft.card.price.as_ref())
            .map(|price| price.of(&request, draft.card.seconds()));
        wanted.push(Wanted {
            key: draft.key.clone(),
            title: Item::title(&draft.item).to_owned(),
            fingerprint: fingerprint(&request),
            request,
            price,
            path: draft.path.clone(),
        });
    }
    (wanted, problems)
}

fn media(text: &str, book: &PictureBook) -> Result<Media, String> {
    if text.starts_with("data:") {
        let facts = image::data_uri(text).map_err(|fault| fault.to_string())?;
        return Ok(Media::Inline { uri: text.to_owned(), facts });
    }
    if text.starts_with("https://") || text.starts_with("http://") {
        return Ok(Media::Url(text.to_owned()));
    }
    if !is_local(text) {
        return Err("only https:// and http:// addresses, data: URIs and files can be used".to_owned());
    }
    match book.get(text) {
        Some(Ok(facts)) => Ok(Media::File(MediaFile { path: text.to_owned(), facts: facts.clone() })),
        Some(Err(reason)) => Err(reason.clone()),
        None => Err("it was not looked at".to_owned()),
    }
}

/// A finding of the model's card as a problem of the manifest, with the item as its example.
pub(super) fn problem(values: &Values<'_>, finding: Finding) -> Problem {
    let mut problem = values.problem(values.place(&finding.field), finding.message);
    problem.severity = finding.severity;
    problem.hint = finding.hint;
    problem.notes = finding.notes;
    problem
}
