//! Checks the pictures of a request against the rules of the model's card. Properties that are unknown, such as those
//! of a link that was not fetched, are not checked.

use super::super::card::{ModelCard, Pictures};
use super::links::{self, Unreachable};
use super::{Finding, readable};
use crate::domain::request::{Field, Media, PictureFormat, PictureTraits, Request, Seen, Setting};

/// The largest width or height, in pixels, of a picture that is sent. No provider documents a limit; decoders fail
/// beyond this one.
const LONGEST_SIDE: u32 = 16_384;

/// The hint for a picture that must be sent as a link, because the provider accepts only links.
const PUBLISH: &str =
    "put the picture on a public server, such as your shop's own, and write its `https://` address";

/// The file name extensions of picture formats that no model accepts.
const OTHER_FORMATS: [&str; 22] = [
    "avif", "bmp", "eps", "gif", "heic", "heif", "ico", "jp2", "jxl", "pdf", "psd", "svg", "svgz", "tif",
    "tiff", "avi", "m4v", "mkv", "mov", "mp4", "ogv", "webm",
];

/// Adds the findings about each picture on its own, without comparing pictures.
pub(super) fn check_each(card: &ModelCard, request: &Request, findings: &mut Vec<Finding>) {
    let Some(rules) = &card.pictures else { return };
    let model = card.name.model.as_str();
    for (field, setting) in request.fields() {
        let (Some(rule), Setting::Pictures(pictures)) = (card.field(field), setting) else { continue };
        let count = u32::try_from(pictures.len()).unwrap_or(u32::MAX);
        let (min, max) = (rule.min.unwrap_or(1), rule.max.unwrap_or(1));
        if !(min..=max).contains(&count) {
            let message = format!("{model} takes {min} to {max} pictures as `{}`", field.name());
            let hint = format!("remove all but {max} of the pictures");
            findings
                .push(Finding::error(field.name(), message).hint(hint).detail(format!("{count} pictures")));
        }
        for picture in pictures {
            match picture {
                Media::Url(url) => {
                    readable(field.name(), url, findings);
                    findings.extend(address(rules, field.name(), url));
                }
                Media::File(_) | Media::Inline { .. } if rules.links_only => {
                    findings.push(unlinked(model, field, picture));
                }
                Media::File(file) => {
                    measured(model, rules, field, &file.path, (&file.facts).into(), findings);
                }
                Media::Inline { uri, facts } => {
                    readable(field.name(), uri, findings);
                    measured(model, rules, field, "the data URI", facts.into(), findings);
                }
            }
        }
    }
}

/// Returns the finding about a link to a picture that the provider cannot fetch; `None` if it can.
fn address(rules: &Pictures, field: &str, url: &str) -> Option<Finding> {
    let message = match links::reach(url) {
        Ok(()) => return None,
        Err(Unreachable::NoLink) => format!("`{field}` is not a link that a provider can fetch"),
        Err(Unreachable::Private(host)) => format!("the provider cannot fetch a picture from {host}"),
    };
    let hint = if rules.links_only {
        PUBLISH
    } else {
        "write a path: a local picture is sent along with the request"
    };
    Some(Finding::error(field, message).hint(hint).detail(url))
}

fn measured(
    model: &str,
    rules: &Pictures,
    field: Field,
    name: &str,
    seen: Seen,
    findings: &mut Vec<Finding>,
) {
    let (field, Seen { format, bytes, width, height, traits }) = (field.name(), seen);
    let wrong =
        |message: String, hint: &str, detail: &str| Finding::error(field, message).hint(hint).detail(detail);
    let measures = format!("{name} is {width}x{height}");
    if !rules.formats.is_empty() && !rules.formats.contains(&format) {
        let message = format!("{model} takes {} pictures, not {}", listed(&rules.formats), format.name());
        let hint =
            format!("save the picture as {}", rules.formats.first().map_or("png", |format| format.name()));
        findings.push(wrong(message, &hint, name));
    }
    if let (Some(megabytes), Some(bytes)) = (rules.max_megabytes, bytes) {
        let hint = "make the picture smaller, or save it as JPEG";
        let finding = too_large(field, "picture", bytes, megabytes, model, hint);
        findings.extend(finding.map(|finding| finding.detail(format!("{name} has {bytes} bytes"))));
    }
    if width.min(height) < rules.min_side {
        let side = rules.min_side;
        let message = format!("the picture is smaller than the {side}x{side} pixels that {model} needs");
        findings.push(wrong(message, "use a larger picture", &measures));
    }
    if width.max(height) > LONGEST_SIDE {
        let message = format!(
            "the picture is longer than {LONGEST_SIDE} pixels on one side, the most that shotlist sends"
        );
        findings.push(wrong(message, "make the picture smaller", &measures));
    }
    let too_long = |most: u64| u64::from(width.max(height)) > most * u64::from(width.min(height));
    if let Some(most) = rules.max_aspect.filter(|most| too_long((*most).into())) {
        let message =
            format!("the picture's shape is outside the range 1:{most} to {most}:1 that {model} takes");
        findings.push(wrong(message, "crop the picture, or put it on a wider background", &measures));
    }
    findings.extend(peculiar(field, traits).map(|finding| finding.detail(&measures)));
}

/// Returns a warning for each trait of a picture that a model may handle wrongly, such as an EXIF orientation or CMYK
/// colours.
fn peculiar(field: &str, traits: PictureTraits) -> impl Iterator<Item = Finding> {
    let PictureTraits { turned, cmyk, deep } = traits;
    let reported = [
        (
            turned,
            "the picture is turned by its EXIF orientation, which a model may ignore",
            "save the picture upright, without EXIF orientation, or check how the first clip looks",
        ),
        (
            cmyk,
            "the picture has the four colours of a print (CMYK), which a model may show wrongly",
            "save the picture in RGB, or check how the first clip looks",
        ),
        (
            deep,
            "the picture has more than 8 bits a colour, which a model may refuse",
            "save the picture with 8 bits a colour, or check how the first clip looks",
        ),
    ];
    let reported = reported.into_iter().filter(|(is_so, ..)| *is_so);
    reported.map(move |(_, message, hint)| Finding::warning(field, message).hint(hint))
}

/// Checks a link to a picture that was not fetched. Returns a finding if the file extension in the link belongs to a
/// format that the model does not accept.
fn named(model: &str, rules: &Pictures, field: &str, url: &str) -> Option<Finding> {
    let ending = links::ending(url)?;
    let known: Vec<PictureFormat> =
        if rules.formats.is_empty() { PictureFormat::ALL.to_vec() } else { rules.formats.clone() };
    let format = match ending.as_str() {
        "png" => PictureFormat::Png.name(),
        "jpg" | "jpeg" | "jpe" | "jfif" => PictureFormat::Jpeg.name(),
        "webp" => PictureFormat::Webp.name(),
        other => OTHER_FORMATS.into_iter().find(|format| *format == other)?,
    };
    if known.iter().any(|known| known.name() == format) {
        return None;
    }
    let message = format!("{model} takes {} pictures, not {format}", listed(&known));
    let hint = format!("write a link to a {} picture", known.first().map_or("png", |format| format.name()));
    Some(Finding::error(field, message).hint(hint).detail(url))
}

/// Compares a size in bytes with a limit in MB. The documents do not define MB: more than the limit times 2²⁰ bytes is
/// an error, and more than the limit times a million bytes is a warning.
fn too_large(
    field: &str,
    what: &str,
    bytes: u64,
    megabytes: u32,
    model: &str,
    hint: &str,
) -> Option<Finding> {
    let (megabytes, shown) = (u64::from(megabytes), megabytes);
    if bytes > megabytes << 20 {
        let message = format!("the {what} is larger than the {shown} MB that {model} takes");
        return Some(Finding::error(field, message).hint(hint));
    }
    (bytes > megabytes * 1_000_000).then(|| {
        let message = format!("the {what} may be larger than the {shown} MB that {model} takes");
        Finding::warning(field, message)
            .note("the provider's documents do not say how many bytes a megabyte has")
    })
}

/// Checks the size of the request's body against the provider's limit. Only pictures can make a body so large.
#[must_use]
pub fn check_body(card: &ModelCard, request: &Request, bytes: u64) -> Option<Finding> {
    let megabytes = card.pictures.as_ref()?.max_body_megabytes?;
    let field = request.pictures().next()?.0.name();
    let hint = "make the picture smaller, or write a link to it: the provider then fetches the picture";
    let finding = too_large(field, "request with its picture", bytes, megabytes, &card.name.model, hint)?;
    Some(finding.detail(format!("{bytes} bytes in Base64")))
}

/// Returns the finding about a local picture or data URI for a model that accepts only links.
fn unlinked(model: &str, field: Field, picture: &Media) -> Finding {
    let message =
        format!("{model} takes only a link as `{}`; the picture itself cannot be sent", field.name());
    let what = match picture {
        Media::File(file) => file.path.as_str(),
        Media::Inline { .. } | Media::Url(_) => "a data URI",
    };
    Finding::error(field.name(), message).hint(PUBLISH).detail(what)
}

/// Compares the aspect ratios and the sizes of the first and the last frame.
///
/// The provider's documents limit the difference in "resolution". Aspect ratios that differ too much are an error.
/// Sizes that differ too much, with similar aspect ratios, are a warning.
pub(super) fn check_frames(card: &ModelCard, request: &Request, findings: &mut Vec<Finding>) {
    let facts = |media: &Option<Media>| media.as_ref().and_then(Media::facts).map(Seen::from);
    compare(card, facts(&request.image), facts(&request.last_image), findings);
}

/// Returns the findings about each linked picture, and about the difference between the first and the last frame.
/// `seen` returns the properties of a fetched picture. For a picture that was not fetched, only the file extension is
/// checked.
#[must_use]
pub fn check_links(card: &ModelCard, request: &Request, seen: impl Fn(&str) -> Option<Seen>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(rules) = &card.pictures else { return findings };
    let any = |media: &Media| match media {
        Media::Url(url) => seen(url),
        Media::File(_) | Media::Inline { .. } => media.facts().map(Seen::from),
    };
    for (field, picture) in request.pictures() {
        match (picture, any(picture)) {
            (Media::Url(url), Some(seen)) => {
                measured(&card.name.model, rules, field, url, seen, &mut findings);
            }
            (Media::Url(url), None) => findings.extend(named(&card.name.model, rules, field.name(), url)),
            (Media::File(_) | Media::Inline { .. }, _) => {}
        }
    }
    // Two local pictures were already compared.
    let frames = [request.image.as_ref(), request.last_image.as_ref()];
    if frames.into_iter().flatten().any(|media| matches!(media, Media::Url(_))) {
        let [first, last] = frames.map(|media| media.and_then(any));
        compare(card, first, last, &mut findings);
    }
    findings
}

fn compare(card: &ModelCard, first: Option<Seen>, last: Option<Seen>, findings: &mut Vec<Finding>) {
    let (Some(rules), model) = (&card.pictures, &card.name.model) else { return };
    let (Some([numerator, denominator]), Some(first), Some(last)) = (rules.max_difference, first, last)
    else {
        return;
    };
    let (up, down) = (u128::from(numerator), u128::from(denominator));
    let alike = |a: u128, b: u128| a * down <= b * up && b * down <= a * up;
    let size = |seen: Seen| (u128::from(seen.width), u128::from(seen.height));
    let ((first_width, first_height), (last_width, last_height)) = (size(first), size(last));
    let sizes = format!("{first_width}x{first_height} and {last_width}x{last_height}");
    let field = Field::LastImage.name();
    let hint = "crop or scale one of the two pictures to the size of the other";
    if !alike(first_width * last_height, last_width * first_height) {
        let message = format!("first and last frame differ too much in shape for {model}");
        findings.push(Finding::error(field, message).hint(hint).detail(sizes));
    } else if !alike(first_width, last_width) || !alike(first_height, last_height) {
        let message =
            format!("first and last frame differ in size by more than the documents of {model} advise");
        findings.push(Finding::warning(field, message).hint(hint).detail(sizes));
    }
}

fn listed(formats: &[PictureFormat]) -> String {
    formats.iter().map(|format| format.name()).collect::<Vec<_>>().join(", ")
}
