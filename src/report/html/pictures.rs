//! Reads the posters of clips and makes small source pictures for the report page.

use crate::app::gallery::Gallery;
use crate::app::places::Places;
use crate::domain::digest::Sha256;
use crate::domain::lifecycle::State;
use crate::domain::request::Media;
use crate::files::posters::make as make_posters;
use crate::files::{atomic_write, picture, read_regular};
use crate::media::image::content;
use crate::media::thumbnail::{Thumbnails, thumbnails};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

/// The folder next to the page for pictures that are not embedded in it.
pub const FOLDER: &str = "report_files";

/// The folder of the posters, inside the state folder.
const POSTERS: &str = "posters";

/// The posters and source pictures of a page.
#[derive(Debug, Default)]
pub struct Pictures {
    addresses: Vec<String>,
    numbers: HashMap<Sha256, usize>,
    /// The name and content of each file to write into [`FOLDER`]; empty if the page contains all pictures.
    pub files: Vec<(String, Vec<u8>)>,
}

impl Pictures {
    /// Reads the posters (preview pictures of clips) that the checks made, and makes small source pictures.
    ///
    /// The page contains large copies if they all fit into `room` bytes, or else small copies if these fit. Otherwise
    /// each large copy becomes a file in [`FOLDER`]. Source pictures are stored in the folder of the posters, so that
    /// the next report is fast.
    #[must_use]
    pub fn gather(gallery: &Gallery, places: &Places, room: usize) -> Self {
        let folder = places.state.join(POSTERS);
        let mut found: Vec<Found> = Vec::new();
        let mut known: HashMap<Sha256, usize> = HashMap::new();
        for take in gallery.jobs.iter().flat_map(|job| &job.record.takes) {
            if let State::Done { file, .. } = &take.take.state {
                known.entry(file.sha256).or_insert_with(|| {
                    found.push(Found::poster(&folder, file.sha256));
                    found.len() - 1
                });
            }
            if let Some((sha256, media)) = take.take.request.image.as_ref().and_then(named) {
                known.entry(sha256).or_insert_with(|| {
                    found.push(Found::source(&folder, sha256, || bytes(&places.folder, media)));
                    found.len() - 1
                });
            }
        }
        let bytes = |size: fn(&Found) -> &Option<Small>| -> usize {
            found.iter().filter_map(|found| size(found).as_ref()).map(|it| it.bytes.len() * 4 / 3 + 40).sum()
        };
        let (size, inline): (fn(&Found) -> &Option<Small>, bool) = if bytes(|it| &it.large) <= room {
            (|it| &it.large, true)
        } else if bytes(|it| &it.small) <= room {
            (|it| &it.small, true)
        } else {
            (|it| &it.large, false)
        };
        let mut pictures = Self::default();
        let mut known: Vec<(Sha256, usize)> = known.into_iter().collect();
        known.sort_by_key(|(_, at)| *at);
        for (sha256, at) in known {
            let Some(small) = size(&found[at]) else { continue };
            let address = if inline {
                format!("data:{};base64,{}", small.mime, STANDARD.encode(&small.bytes))
            } else {
                let name = format!("{sha256}.{}", small.mime.trim_start_matches("image/"));
                let address = format!("{FOLDER}/{name}");
                pictures.files.push((name, small.bytes.clone()));
                address
            };
            pictures.numbers.insert(sha256, pictures.addresses.len());
            pictures.addresses.push(address);
        }
        pictures
    }

    /// Returns the index of a clip's poster in the list of picture addresses; `None` if the clip has no poster.
    #[must_use]
    pub fn poster(&self, clip: &Sha256) -> Option<usize> {
        self.numbers.get(clip).copied()
    }

    /// Returns the index of a source picture in the list of picture addresses; `None` if the list lacks the picture.
    #[must_use]
    pub fn source(&self, media: &Media) -> Option<usize> {
        self.numbers.get(&named(media)?.0).copied()
    }

    /// Returns the addresses of all pictures, in the order of their indices.
    #[must_use]
    pub fn into_addresses(self) -> Vec<String> {
        self.addresses
    }
}

/// The large and the small copy of a picture, read from files or made from the picture; `None` for a missing copy.
struct Found {
    large: Option<Small>,
    small: Option<Small>,
}

struct Small {
    mime: &'static str,
    bytes: Vec<u8>,
}

impl Found {
    fn poster(folder: &Path, clip: Sha256) -> Self {
        let read = |name: String| Small::read(&folder.join(name), "image/webp");
        let (large, small) = (read(format!("{clip}.webp")), read(format!("{clip}-s.webp")));
        Self { large, small }
    }

    fn source(folder: &Path, sha256: Sha256, bytes: impl FnOnce() -> Option<Vec<u8>>) -> Self {
        let path = |size: &str| -> PathBuf { folder.join(format!("source-{sha256}{size}.jpeg")) };
        let (large, small) = (path(""), path("-s"));
        let read = |path: &Path| Small::read(path, "image/jpeg");
        if let (Some(large), Some(small)) = (read(&large), read(&small)) {
            return Self { large: Some(large), small: Some(small) };
        }
        let Some(Thumbnails { large: wide, small: narrow }) = bytes().and_then(|bytes| thumbnails(&bytes))
        else {
            return Self { large: None, small: None };
        };
        // Writing may fail: these files only save time, and the next report makes them again.
        let _ = folder
            .parent()
            .map_or_else(|| Err(io::ErrorKind::NotFound.into()), make_posters)
            .and_then(|_| atomic_write(&large, &wide, 0o600))
            .and_then(|()| atomic_write(&small, &narrow, 0o600));
        let made = |bytes: Vec<u8>| Some(Small { mime: "image/jpeg", bytes });
        Self { large: made(wide), small: made(narrow) }
    }
}

impl Small {
    fn read(path: &Path, mime: &'static str) -> Option<Self> {
        Some(Self { mime, bytes: read_regular(path).ok().filter(|bytes| !bytes.is_empty())? })
    }
}

/// Returns a picture with the hash of its content; `None` if the content was never read.
fn named(media: &Media) -> Option<(Sha256, &Media)> {
    Some((media.facts()?.sha256, media))
}

/// Reads the bytes of a picture. Returns `None` for a web address, or if the file has changed since the request.
fn bytes(root: &Path, media: &Media) -> Option<Vec<u8>> {
    match media {
        Media::Url(_) => None,
        Media::File(file) => picture(root, file).ok(),
        Media::Inline { uri, .. } => Some(content(uri).ok()?.1),
    }
}
