//! Checks linked images, which providers download themselves: `validate --check-images` reads their first bytes.
//!
//! No other command reads linked images, because a plan must not depend on a network. The results are kept in the state
//! folder for a day, so each image of a large catalog is requested only once.

use super::error::Error;
use super::places::Places;
use super::project::Project;
use super::reporter::News;
use super::setup::settings;
use crate::domain::request::{PictureFormat, PictureTraits, Seen};
use crate::files::{atomic_write, read_regular};
use crate::load::Loaded;
use crate::media::image::{self, Header};
use crate::plan::order::{LinkBook, Unseen};
use crate::store::Folder;
use crate::transport::{Download, FetchFaultKind, FreeClient};
use futures::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Maximum number of images requested concurrently; it is low because most images come from one shop's server.
const AT_ONCE: usize = 8;

/// Time after which a cached image is requested again; an image whose request failed is requested by the next check.
const FRESH: SignedDuration = SignedDuration::from_hours(24);

/// Returns the facts about every image to which the manifest links, such as the format and the size.
///
/// They come from the first bytes of the image, or from the cache. For an image that cannot be read, the result has the
/// reason.
pub(crate) async fn look(project: &Project, loaded: &Loaded) -> Result<LinkBook, Error> {
    let now = project.clock.now();
    let mut cache = Cache::read(&project.places);
    let client = FreeClient::new(&settings()?)?;
    let unknown: Vec<&String> = loaded.links.iter().filter(|link| !cache.knows(link, now)).collect();
    if !unknown.is_empty() {
        let note = format!("reading the first bytes of {} linked pictures", unknown.len());
        project.tell(&News::Note(&note));
    }
    let mut links = LinkBook::new();
    let asked = unknown.into_iter().map(async |link| (link, peek(&client, link).await));
    let mut answers = stream::iter(asked).buffer_unordered(AT_ONCE);
    while let Some((link, answer)) = answers.next().await {
        match answer {
            Ok(seen) => cache.learn(link, &seen, now),
            Err(unseen) => drop(links.insert(link.clone(), Err(unseen))),
        }
    }
    for link in &loaded.links {
        // An image that cannot be read any more is not what it was a day ago.
        if !links.contains_key(link)
            && let Some(seen) = cache.seen(link)
        {
            links.insert(link.clone(), Ok(seen));
        }
    }
    cache.write();
    Ok(links)
}

/// Returns the format, size and dimensions of a linked image from its first bytes.
async fn peek(client: &FreeClient, link: &str) -> Result<Seen, Unseen> {
    let Download { head, mut bytes } =
        client.peek(link, image::HEAD as u64).await.map_err(|fault| match fault.kind {
            FetchFaultKind::Dead => Unseen::Gone(fault.said.to_string()),
            _ => Unseen::Unreachable(fault.said.to_string()),
        })?;
    let mut beginning = Vec::new();
    // The size is in the first bytes of almost every image, so the rest is not downloaded.
    while let Some(chunk) = bytes.next().await {
        let chunk = chunk.map_err(|fault| Unseen::Unreachable(fault.said.to_string()))?;
        beginning.extend_from_slice(&chunk);
        if image::beginning(&beginning).is_ok() || beginning.len() >= image::HEAD {
            break;
        }
    }
    let Header { format, width, height, traits, .. } = image::beginning(&beginning)
        .map_err(|fault| Unseen::Broken { why: fault.to_string(), remedy: fault.remedy().to_owned() })?;
    // The header has the form `bytes 0-99/1234` if the server supports ranges; otherwise the content length is the
    // total.
    let total = match head.content_range.as_deref().and_then(|range| range.rsplit_once('/')) {
        Some((_, total)) => total.parse().ok(),
        None => head.content_length,
    };
    Ok(Seen { format, bytes: total, width, height, traits })
}

/// The facts about linked images, such as format and size, kept in a file; after a day an image is requested again.
struct Cache {
    path: PathBuf,
    links: BTreeMap<String, Kept>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    at: String,
    format: String,
    bytes: Option<u64>,
    width: u32,
    height: u32,
    turned: bool,
    cmyk: bool,
    deep: bool,
}

impl Cache {
    /// Reads the cache file with the facts about linked images.
    ///
    /// Images whose entries cannot be read are requested again.
    fn read(places: &Places) -> Self {
        let path = places.state.join("links.json");
        let text = read_regular(&path).unwrap_or_default();
        Self { path, links: serde_json::from_slice(&text).unwrap_or_default() }
    }

    fn knows(&self, link: &str, now: Timestamp) -> bool {
        let at = self.links.get(link).and_then(|kept| kept.at.parse::<Timestamp>().ok());
        at.is_some_and(|at| now.duration_since(at).abs() < FRESH) && self.seen(link).is_some()
    }

    fn seen(&self, link: &str) -> Option<Seen> {
        let kept = self.links.get(link)?;
        let format = PictureFormat::ALL.into_iter().find(|format| format.name() == kept.format)?;
        let &Kept { bytes, width, height, turned, cmyk, deep, .. } = kept;
        Some(Seen { format, bytes, width, height, traits: PictureTraits { turned, cmyk, deep } })
    }

    fn learn(&mut self, link: &str, seen: &Seen, now: Timestamp) {
        let &Seen { format, bytes, width, height, traits: PictureTraits { turned, cmyk, deep } } = seen;
        let (at, format) = (now.to_string(), format.name().to_owned());
        let kept = Kept { at, format, bytes, width, height, turned, cmyk, deep };
        self.links.insert(link.to_owned(), kept);
    }

    /// Writes the cache file with the facts about linked images.
    ///
    /// If this fails, the next check requests the images again.
    fn write(&self) {
        if let (Ok(json), Some(folder)) = (serde_json::to_vec(&self.links), self.path.parent())
            && Folder::make(folder).is_ok()
        {
            let _ = atomic_write(&self.path, &json, 0o600);
        }
    }
}
