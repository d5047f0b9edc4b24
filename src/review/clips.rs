//! Serves the files of a review: clips, posters and source pictures, each by the id of its rendering.
//!
//! No path comes from a request. The files of a rendering that the page does not show are not served.

use super::range::{ByteRange, part};
use crate::app::gallery::Gallery;
use crate::domain::key::TakeId;
use crate::domain::lifecycle::{ClipFile, State};
use crate::domain::request::Media;
use crate::files::open_below;
use axum::body::Body;
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::UNIX_EPOCH;
use tokio::io::AsyncReadExt as _;
use tokio_util::io::ReaderStream;

/// Number of bytes of a file that are read and sent at once.
const CHUNK: usize = 64 * 1024;

/// Folder of the posters (preview pictures of clips), inside the state folder.
const POSTERS: &str = "posters";

/// Number of bytes at the start of a file that show its format.
const HEAD: usize = 12;

/// The files of a rendering that a review may serve.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// Path of the clip below the output folder, and the size and hash of the clip; `None` without a clip.
    clip: Option<(String, ClipFile)>,
    /// Path of the source picture below the manifest's folder; `None` if the picture is not a file.
    source: Option<String>,
}

impl Files {
    /// Returns the files of every rendering that the review shows, by the id of the rendering.
    pub(super) fn of_all(gallery: &Gallery) -> HashMap<TakeId, Self> {
        let mut all: HashMap<TakeId, Self> = HashMap::new();
        for take in gallery.jobs.iter().flat_map(|job| &job.record.takes).map(|record| &record.take) {
            let clip = match take.state {
                State::Done { file, .. } if !take.path.is_empty() => Some((take.path.clone(), file)),
                _ => None,
            };
            let source = match &take.request.image {
                Some(Media::File(file)) => Some(file.path.clone()),
                _ => None,
            };
            all.insert(take.id.clone(), Self { clip, source });
        }
        // The current clip of a job may come from another job, which may not be shown.
        for filed in gallery.jobs.iter().filter_map(|job| job.record.filed.as_ref()) {
            all.entry(filed.take.clone()).or_default().clip = Some((filed.path.clone(), filed.file));
        }
        all
    }

    /// Opens the clip if it still has the size that it had when it was saved.
    ///
    /// A file of another size is not the rendered clip, and a person must not decide about it.
    pub(super) fn open_clip(&self, out: &Path) -> io::Result<Found> {
        let (path, file) = self.clip.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let found = Found::of(open_below(out, path)?)?;
        if found.size == file.size { Ok(found) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    /// Opens the poster of the clip, if the checks have made one.
    pub(super) fn open_poster(&self, state: &Path) -> io::Result<Found> {
        let (_, file) = self.clip.as_ref().ok_or(io::ErrorKind::NotFound)?;
        Found::of(open_below(&state.join(POSTERS), &format!("{}.webp", file.sha256))?)
    }

    /// Opens the source picture of the rendering.
    pub(super) fn open_source(&self, folder: &Path) -> io::Result<Found> {
        let path = self.source.as_ref().ok_or(io::ErrorKind::NotFound)?;
        Found::of(open_below(folder, path)?)
    }
}

/// An open file that may be served.
pub(super) struct Found {
    file: File,
    size: u64,
    /// Media type of the file, detected from its first bytes and never from its name.
    kind: &'static str,
    /// HTTP entity tag of the file, which changes whenever the file is written.
    tag: String,
}

impl Found {
    /// Prepares an open file for an answer: finds the file's size, media type and HTTP entity tag. A file that is
    /// neither a clip nor a picture is an error.
    fn of(mut file: File) -> io::Result<Self> {
        let mut head = Vec::new();
        (&mut file).take(HEAD as u64).read_to_end(&mut head)?;
        let kind = kind(&head).ok_or(io::ErrorKind::InvalidData)?;
        let metadata = file.metadata()?;
        let written = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let size = metadata.len();
        Ok(Self { file, size, kind, tag: format!("\"{size}-{}\"", written.as_nanos()) })
    }

    /// Returns the answer to a request for the file, or for a part of it.
    pub(super) fn response(self, method: &Method, headers: &HeaderMap) -> io::Result<Response> {
        let Self { mut file, size, kind, tag } = self;
        let (status, bytes) = match part(method, headers, size, &tag) {
            ByteRange::Whole => (StatusCode::OK, 0..size),
            ByteRange::Bytes(bytes) => (StatusCode::PARTIAL_CONTENT, bytes),
            ByteRange::Nothing => {
                let length = [(CONTENT_RANGE, format!("bytes */{size}"))];
                return Ok((StatusCode::RANGE_NOT_SATISFIABLE, length).into_response());
            }
        };
        file.seek(SeekFrom::Start(bytes.start))?;
        let length = bytes.end - bytes.start;
        let body = if method == Method::HEAD {
            Body::empty()
        } else {
            let file = tokio::fs::File::from_std(file).take(length);
            Body::from_stream(ReaderStream::with_capacity(file, CHUNK))
        };
        let own = [
            (CONTENT_TYPE, kind.to_owned()),
            (CONTENT_LENGTH, length.to_string()),
            (ACCEPT_RANGES, "bytes".to_owned()),
            (ETAG, tag),
        ];
        let mut response = (status, own, body).into_response();
        if status == StatusCode::PARTIAL_CONTENT {
            let range = format!("bytes {}-{}/{size}", bytes.start, bytes.end - 1);
            let range = range.try_into().map_err(io::Error::other)?;
            response.headers_mut().insert(CONTENT_RANGE, range);
        }
        Ok(response)
    }
}

/// Returns the media type of a file that begins with these bytes; `None` if such files are never served.
fn kind(head: &[u8]) -> Option<&'static str> {
    match head {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P'] => Some("image/webp"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some("video/mp4"),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
