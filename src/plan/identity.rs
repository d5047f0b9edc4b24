//! Finds pictures that count as equal by the manifest's setting `image_identity`, although their bytes or links differ.

use crate::domain::digest::Sha256;
use crate::domain::request::{Media, Request};
use crate::domain::signature::Signature;
use crate::manifest::ImageIdentity;

/// A function that returns the signature of a picture, which describes its pixels, for the hash of the picture's bytes.
pub type Signatures<'a, E> = &'a mut dyn FnMut(Sha256) -> Result<Option<Signature>, E>;

/// Returns a copy of the request `new` in which each picture that equals its counterpart in `old`, by the rule
/// `identity`, is replaced by the counterpart. Returns `None` if no picture is replaced.
pub fn restored<E>(
    identity: ImageIdentity,
    old: &Request,
    new: &Request,
    signatures: Signatures<'_, E>,
) -> Result<Option<Request>, E> {
    let mut restored = new.clone();
    // This pattern has no `..`, so that a new field does not compile before it is decided whether it contains pictures.
    let Request {
        image,
        last_image,
        reference_images,
        model: _,
        prompt: _,
        duration: _,
        aspect_ratio: _,
        size: _,
        seed: _,
        audio: _,
        style: _,
        motion: _,
        params: _,
    } = &mut restored;
    let mut pairs: Vec<(&Media, &mut Media)> = Vec::new();
    pairs.extend(old.image.as_ref().zip(image.as_mut()));
    pairs.extend(old.last_image.as_ref().zip(last_image.as_mut()));
    if old.reference_images.len() == reference_images.len() {
        pairs.extend(old.reference_images.iter().zip(reference_images));
    }
    let mut is_any = false;
    for (old, new) in pairs {
        if are_equal(identity, old, new, signatures)? {
            *new = old.clone();
            is_any = true;
        }
    }
    Ok(is_any.then_some(restored))
}

/// Checks whether two pictures with different bytes or links count as the same picture.
fn are_equal<E>(
    identity: ImageIdentity,
    old: &Media,
    new: &Media,
    signatures: Signatures<'_, E>,
) -> Result<bool, E> {
    match (identity, old, new) {
        (ImageIdentity::UrlWithoutQuery, Media::Url(old), Media::Url(new)) => {
            Ok(old != new && without_query(old) == without_query(new))
        }
        (ImageIdentity::Pixels, old, new) => {
            let (Some(old), Some(new)) = (old.facts(), new.facts()) else { return Ok(false) };
            if old.sha256 == new.sha256 {
                return Ok(false);
            }
            let (old, new) = (signatures(old.sha256)?, signatures(new.sha256)?);
            Ok(old.zip(new).is_some_and(|(old, new)| old.is_same(&new)))
        }
        (ImageIdentity::Bytes | ImageIdentity::Url | ImageIdentity::UrlWithoutQuery, _, _) => Ok(false),
    }
}

/// File name endings of programs on web servers. In a link such as `image.php?id=7` the query selects the picture.
const PROGRAMS: [&str; 9] = ["ashx", "asp", "aspx", "cfm", "cgi", "do", "jsp", "php", "pl"];

/// Splits a link into its address, without the query (the part after `?`), and its fragment (the part after `#`). In a
/// link to a program, such as `image.php?id=7`, the query selects the picture, so the address keeps the query.
fn without_query(link: &str) -> (&str, &str) {
    let (link, fragment) = link.split_once('#').unwrap_or((link, ""));
    let path = link.split_once('?').map_or(link, |(path, _)| path);
    let ending = path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending);
    let is_program =
        ending.is_some_and(|ending| PROGRAMS.iter().any(|program| ending.eq_ignore_ascii_case(program)));
    (if is_program { link } else { path }, fragment)
}

#[cfg(test)]
#[path = "identity_tests.rs"]
mod tests;
