//! `validate --check-images`: the beginnings of pictures that providers are to fetch by themselves.
//!
//! Nothing else looks at them: a plan must not depend on a network. What is found out is kept beside the state for a
//! day, so that a catalog of thousands is asked for once.

use super::places::Places;
use super::setup::settings;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::domain::request::{PictureFormat, Seen};
use crate::engine::clock::Clock;
use crate::files::atomic_write;
use crate::load::Loaded;
use crate::media::image;
use crate::plan::order::{LinkBook, Unseen};
use crate::report::terminal::Terminal;
use crate::store::Folder;
use crate::transport::{Download, FetchFaultKind, FreeClient};
use futures::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Pictures asked for at once: they come from one shop's server, more often than not.
const AT_ONCE: usize = 8;

/// How long what was found out holds.
const FRESH: SignedDuration = SignedDuration::from_hours(24);

/// Looks at every picture that the manifest links.
pub(crate) async fn look(terminal: &Terminal, places: &Places, loaded: &Loaded) -> Result<LinkBook, Error> {
    let now = Clock::system().now();
    let mut cache = Cache::read(places);
    let client = FreeClient::new(&settings()?).map_err(|error| Error::new(Exit::Local, error.to_string()))?;
    let unknown: Vec<&String> = loaded.links.iter().filter(|link| !cache.knows(link, now)).collect();
    if !unknown.is_empty() {
        terminal.say(format_args!("asking for the first bytes of {} linked pictures", unknown.len()));
    }
    let mut book = LinkBook::new();
    let asked = unknown.into_iter().map(async |link| (link, peek(&client, link).await));
    let mut answers = stream::iter(asked).buffer_unordered(AT_ONCE);
    while let Some((link, answer)) = answers.next().await {
        match answer {
            Ok(seen) => cache.learn(link, &seen, now),
            Err(unseen) => drop(book.insert(link.clone(), Err(unseen))),
        }
    }
    for link in &loaded.links {
        if let Some(seen) = cache.seen(link) {
            book.insert(link.clone(), Ok(seen));
        }
    }
    cache.write();
    Ok(book)
}

/// The picture as far as its first bytes tell.
async fn peek(client: &FreeClient, link: &str) -> Result<Seen, Unseen> {
    let Download { head, mut bytes } =
        client.peek(link, image::HEAD as u64).await.map_err(|fault| match fault.kind {
            FetchFaultKind::Dead => Unseen::Gone(fault.said.to_string()),
            _ => Unseen::Unreachable(fault.said.to_string()),
        })?;
    let mut beginning = Vec::new();
    // The size stands in the first bytes of almost every picture: what it does not need is not fetched.
    while let Some(chunk) = bytes.next().await {
        let chunk = chunk.map_err(|fault| Unseen::Unreachable(fault.said.to_string()))?;
        beginning.extend_from_slice(&chunk);
        if image::beginning(&beginning).is_ok() || beginning.len() >= image::HEAD {
            break;
        }
    }
    let (format, width, height) = image::beginning(&beginning)
        .map_err(|fault| Unseen::Broken { why: fault.to_string(), remedy: fault.remedy().to_owned() })?;
    // `bytes 0-99/1234`, where the server knows ranges; else the length of the whole.
    let total = match head.content_range.as_deref().and_then(|range| range.rsplit_once('/')) {
        Some((_, total)) => total.parse().ok(),
        None => head.content_length,
    };
    Ok(Seen { format, bytes: total, width, height })
}

/// What was found out in the last day.
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
}

impl Cache {
    /// What cannot be read is asked for again.
    fn read(places: &Places) -> Self {
        let path = places.state.join("links.json");
        let text = std::fs::read(&path).unwrap_or_default();
        Self { path, links: serde_json::from_slice(&text).unwrap_or_default() }
    }

    fn knows(&self, link: &str, now: Timestamp) -> bool {
        let at = self.links.get(link).and_then(|kept| kept.at.parse::<Timestamp>().ok());
        at.is_some_and(|at| now.duration_since(at).abs() < FRESH) && self.seen(link).is_some()
    }

    fn seen(&self, link: &str) -> Option<Seen> {
        let kept = self.links.get(link)?;
        let format = PictureFormat::ALL.into_iter().find(|format| format.name() == kept.format)?;
        Some(Seen { format, bytes: kept.bytes, width: kept.width, height: kept.height })
    }

    fn learn(&mut self, link: &str, seen: &Seen, now: Timestamp) {
        let &Seen { format, bytes, width, height } = seen;
        let kept = Kept { at: now.to_string(), format: format.name().to_owned(), bytes, width, height };
        self.links.insert(link.to_owned(), kept);
    }

    /// A cache that cannot be kept costs the next check its time, and nothing else.
    fn write(&self) {
        if let (Ok(json), Some(folder)) = (serde_json::to_vec(&self.links), self.path.parent())
            && Folder::make(folder).is_ok()
        {
            let _ = atomic_write(&self.path, &json, 0o600);
        }
    }
}
