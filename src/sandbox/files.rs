//! Serves clips and their covers (a PNG of the first frame) by signed links that expire. Clients may request ranges of
//! bytes, and fault rules may damage or delay downloads.

use std::collections::VecDeque;
use std::io;
use std::num::{NonZeroU32, NonZeroU64};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::time::sleep;

use super::clips::{self, Picture};
use super::connection::{Connection, Cut, Peer};
use super::counts::Counts;
use super::defects::Defect;
use super::dialect::{Dialect, Link, authenticate};
use super::faults::{Fault, On};
use super::images::hex;
use super::tasks::Task;
use super::{ClipDetail, Inner, Shared, held, reply};

/// Returns the links to a task's clip and to the cover of the clip. Both are valid for the sandbox's `link_life` from
/// now.
pub(super) fn link(shared: &Shared, task: &str, now: Timestamp) -> Link {
    let life = SignedDuration::try_from(shared.link_life).unwrap_or(SignedDuration::MAX);
    let expires = now.checked_add(life).unwrap_or(Timestamp::MAX).as_millisecond();
    let signature = sign(shared, task, expires);
    let at = |ending| {
        format!("http://{}/files/{task}.{ending}?expires={expires}&signature={signature}", shared.address)
    };
    Link { video: at("mp4"), cover: at("png") }
}

fn sign(shared: &Shared, task: &str, expires: i64) -> String {
    hex(&Sha256::digest(format!("{} {task} {expires}", shared.key)))
}

/// The query parameters of a signed link.
#[derive(Default, Deserialize)]
pub(super) struct Signed {
    #[serde(default)]
    expires: i64,
    #[serde(default)]
    signature: String,
}

/// A cache of drawn clips by task id, the newest last, so that a resumed download does not draw its clip again.
#[derive(Default)]
pub(super) struct Cache(VecDeque<(String, Clip)>);

#[derive(Clone)]
struct Clip {
    bytes: Bytes,
    etag: String,
}

impl Cache {
    const BYTES: usize = 64 * 1024 * 1024;

    fn find(&self, task: &str) -> Option<Clip> {
        self.0.iter().find(|(id, _)| id == task).map(|(_, clip)| clip.clone())
    }

    /// Adds a clip, and removes the oldest clips until at most [`Self::BYTES`] are cached.
    fn keep(&mut self, task: &str, clip: Clip) {
        self.0.push_back((task.to_owned(), clip));
        let mut held: usize = self.0.iter().map(|(_, clip)| clip.bytes.len()).sum();
        while held > Self::BYTES
            && let Some((_, oldest)) = self.0.pop_front()
        {
            held -= oldest.bytes.len();
        }
    }
}

/// Handles `GET /files/{task}.mp4` (a clip) and `GET /files/{task}.png` (its cover).
pub(super) async fn fetch(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(Peer(connection)): ConnectInfo<Peer>,
    Path(name): Path<String>,
    Query(signed): Query<Signed>,
    headers: HeaderMap,
) -> Response {
    let shows_key = headers.contains_key(header::AUTHORIZATION);
    if shows_key && !held(&shared.inner).denied.contains(&signed.signature) {
        Counts::add(&shared.counts.authorized_downloads);
    }
    let (id, ending) = name.rsplit_once('.').unwrap_or((&name, ""));
    let counter = if ending == "png" { &shared.counts.covers } else { &shared.counts.downloads };
    Counts::add(counter);
    let Admitted { dialect, task, request, defect, fault } = match admit(&shared, id, ending, &signed) {
        Ok(admitted) => admitted,
        Err(refused) => {
            note_denial(&shared, &signed, refused.0, shows_key);
            return refused.into_response();
        }
    };
    let failed = |error: io::Error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response();
    let ready_at = task.ready_at;
    let order = Drawn { dialect: Arc::clone(&dialect), task, request, defect };
    if ending == "png" {
        let cover = draw(&shared, order, clips::cover).await;
        return cover
            .map_or_else(failed, |cover| ([(header::CONTENT_TYPE, "image/png")], cover).into_response());
    }
    if matches!(fault, Some(Fault::NeedsKey))
        && let Err(refusal) = authenticate(&shared.key, &*dialect, &headers)
    {
        note_denial(&shared, &signed, refusal.http, shows_key);
        return refusal.into_response();
    }
    let usual = match clip(&shared, id, order).await {
        Ok(clip) => serve(&clip, ready_at, &headers, fault.as_ref(), &connection),
        Err(error) => failed(error),
    };
    reply::send(&*dialect, fault.as_ref(), &connection, usual).await
}

/// Records that a link was refused to a client that sent no key. The client is allowed to repeat the request with the
/// key.
fn note_denial(shared: &Shared, signed: &Signed, status: StatusCode, shows_key: bool) {
    if !shows_key && matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        held(&shared.inner).denied.insert(signed.signature.clone());
    }
}

/// An accepted request for an existing clip or cover, with the data from which the clip or cover is drawn.
struct Admitted {
    dialect: Arc<dyn Dialect>,
    task: Task,
    /// The parameters of the request that created the task.
    request: Value,
    /// The visual defect that the clip has, if any.
    defect: Option<Defect>,
    /// The fault of this download, if any.
    fault: Option<Fault>,
}

fn admit(
    shared: &Shared,
    id: &str,
    ending: &str,
    signed: &Signed,
) -> Result<Admitted, (StatusCode, &'static str)> {
    const EXPIRED: (StatusCode, &str) = (StatusCode::FORBIDDEN, "this link has expired or is not signed");
    let now = (shared.now)();
    if signed.signature != sign(shared, id, signed.expires) || now.as_millisecond() > signed.expires {
        return Err(EXPIRED);
    }
    let mut inner = held(&shared.inner);
    let Inner { book, faults, dice, expired, .. } = &mut *inner;
    let found = book.find_any(id).and_then(|request| Some((request, request.task_and_call()?)));
    let found = found.filter(|(_, (task, _))| now >= task.ready_at && !task.cancelled);
    let found = found.and_then(|found| Some((found, shared.dialects.get(found.1.0.provider.as_str())?)));
    let (Some(((request, (task, call)), dialect)), "mp4" | "png") = (found, ending) else {
        return Err((StatusCode::NOT_FOUND, "there is no such file"));
    };
    let admitted = |fault| Admitted {
        dialect: Arc::clone(dialect),
        task: task.clone(),
        request: request.parameters().clone(),
        defect: request.defect(),
        fault,
    };
    if expired.contains(&signed.signature) {
        return Err(EXPIRED);
    }
    if ending == "png" {
        return Ok(admitted(None));
    }
    match faults.pick(On::Download, call, dice) {
        Some(Fault::Expire) => {
            expired.insert(signed.signature.clone());
            Err(EXPIRED)
        }
        fault => Ok(admitted(fault)),
    }
}

/// The data from which a clip or a cover is drawn.
struct Drawn {
    dialect: Arc<dyn Dialect>,
    task: Task,
    request: Value,
    defect: Option<Defect>,
}

async fn clip(shared: &Arc<Shared>, id: &str, order: Drawn) -> io::Result<Clip> {
    if let Some(clip) = held(&shared.cache).find(id) {
        return Ok(clip);
    }
    let drawn = draw(shared, order, |picture| {
        let bytes = Bytes::from(clips::clip(picture));
        let etag = format!("\"{}\"", hex(&Sha256::digest(&bytes)[..16]));
        Clip { bytes, etag }
    });
    let clip = drawn.await?;
    held(&shared.cache).keep(id, clip.clone());
    Ok(clip)
}

/// Draws a clip or a cover. This is done on a thread that may block, because the captions may be read from a disk.
async fn draw<T: Send + 'static>(
    shared: &Arc<Shared>,
    order: Drawn,
    draw: impl FnOnce(&Picture) -> T + Send + 'static,
) -> io::Result<T> {
    let holder = Arc::clone(shared);
    let drawing = shared.tasks.spawn_blocking(move || draw(&picture(&holder, order)));
    drawing.await.map_err(io::Error::other)
}

fn picture(shared: &Shared, Drawn { dialect, task, request, defect }: Drawn) -> Picture {
    let caption = shared.captions.as_ref().and_then(|captions| captions(&task));
    let subject = caption.as_ref().map_or(&task.request_id, |caption| &caption.item).clone();
    let ordered = request.get("fps").and_then(Value::as_u64).and_then(|fps| u32::try_from(fps).ok());
    let fps = ordered.unwrap_or_else(|| dialect.fps(&task.model));
    let (width, height, fps) = match shared.clips {
        ClipDetail::Full => {
            (task.size.width, task.size.height, NonZeroU32::new(fps).unwrap_or(NonZeroU32::MIN))
        }
        ClipDetail::Tiny => (64, 64, NonZeroU32::MIN),
    };
    let prompt = request.get("prompt").and_then(Value::as_str).unwrap_or_default().to_owned();
    let (seconds, model) = (task.seconds, task.model);
    let [first, last] = dialect
        .frames(&model, &request)
        .map(|picture| picture.and_then(|logged| shared.pictures.find(logged)));
    Picture {
        task: task.id,
        subject,
        model,
        prompt,
        caption,
        width,
        height,
        seconds,
        fps,
        first,
        last,
        defect,
    }
}

fn serve(
    clip: &Clip,
    ready_at: Timestamp,
    headers: &HeaderMap,
    fault: Option<&Fault>,
    connection: &Arc<Connection>,
) -> Response {
    let modified = httpdate::fmt_http_date(
        SystemTime::try_from(ready_at)
            .expect("a system time counts 64 bits of seconds, a timestamp ends in the year 9999"),
    );
    let mut bytes = clip.bytes.clone();
    let mut asked = range(headers, &clip.etag, &modified, bytes.len());
    let mut shift = 0;
    match fault {
        Some(Fault::Html) => {
            let page = "<!doctype html><title>Gateway</title><p>The file cannot be shown at the moment.</p>";
            return ([(header::CONTENT_TYPE, "text/html")], page).into_response();
        }
        Some(Fault::IgnoreRange) => asked = Asked::Whole,
        Some(Fault::WrongRange) => shift = 1,
        Some(Fault::WrongLength) => bytes.truncate(bytes.len() / 10 * 9),
        Some(Fault::Flip) => {
            let mut wrong = bytes.to_vec();
            let middle = wrong.len() / 2;
            wrong[middle] = !wrong[middle];
            bytes = Bytes::from(wrong);
        }
        _ => {}
    }
    let whole = clip.bytes.len();
    let (status, part) = match &asked {
        Asked::Whole => (StatusCode::OK, bytes),
        Asked::Part(part) => {
            (StatusCode::PARTIAL_CONTENT, bytes.slice(part.start.min(bytes.len())..part.end.min(bytes.len())))
        }
        Asked::Beyond => {
            let nothing = [(header::CONTENT_RANGE, format!("bytes */{whole}"))];
            return (StatusCode::RANGE_NOT_SATISFIABLE, nothing).into_response();
        }
    };
    let length = part.len();
    let mut answer = Response::new(body(part, fault, connection));
    *answer.status_mut() = status;
    let mut set = |name: HeaderName, value: &str| {
        let value = HeaderValue::from_str(value).expect("digits, dates and hexadecimal are header text");
        answer.headers_mut().insert(name, value);
    };
    set(header::CONTENT_TYPE, "video/mp4");
    // No client may use this name, because the manifest decides where clips are saved.
    set(header::CONTENT_DISPOSITION, FOREIGN_NAME);
    set(header::ACCEPT_RANGES, "bytes");
    set(header::ETAG, &clip.etag);
    set(header::LAST_MODIFIED, &modified);
    if let Asked::Part(part) = asked {
        set(header::CONTENT_RANGE, &format!("bytes {}-{}/{whole}", part.start + shift, part.end - 1));
    }
    if matches!(fault, Some(Fault::Truncate { announce: false, .. })) {
        // An HTTP/1.0 answer without a length ends with its connection, at any byte.
        *answer.version_mut() = Version::HTTP_10;
    } else {
        set(header::CONTENT_LENGTH, &length.to_string());
    }
    answer
}

/// A hostile file name that is sent with each clip, and that no client may use.
const FOREIGN_NAME: &str = "attachment; filename=\"../../named-by-the-host.mp4\"";

/// The part of a file that the headers of a request ask for.
enum Asked {
    Whole,
    Part(Range<usize>),
    Beyond,
}

/// Returns the part of a file that a request asks for. Several ranges at once are ignored, which HTTP allows.
fn range(headers: &HeaderMap, etag: &str, modified: &str, length: usize) -> Asked {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let unchanged = text(header::IF_RANGE).is_none_or(|seen| seen == etag || seen == modified);
    let Some((first, last)) = text(header::RANGE)
        .filter(|_| unchanged)
        .and_then(|range| range.strip_prefix("bytes="))
        .and_then(|range| range.split_once('-'))
    else {
        return Asked::Whole;
    };
    let part = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(length),
        (Ok(first), Err(_)) if last.is_empty() => first..length,
        (Err(_), Ok(count)) if first.is_empty() => length.saturating_sub(count)..length,
        _ => return Asked::Whole,
    };
    if part.is_empty() { Asked::Beyond } else { Asked::Part(part) }
}

fn body(part: Bytes, fault: Option<&Fault>, connection: &Arc<Connection>) -> Body {
    match fault {
        Some(Fault::Slow { bytes_per_second }) => slow(part, *bytes_per_second),
        Some(Fault::Truncate { at, announce }) => {
            let sent = part.slice(..fraction(part.len(), *at));
            let connection = Arc::clone(connection);
            let end = async move {
                // Without this wait, the server would drop bytes that it has not written yet.
                connection.flushed().await;
                connection.cut(Cut::Close);
                Err(io::Error::from(io::ErrorKind::UnexpectedEof))
            };
            let start = stream::iter([Ok(sent)]);
            if *announce {
                Body::from_stream(start.chain(stream::once(end)))
            } else {
                Body::from_stream(start)
            }
        }
        _ => Body::from(part),
    }
}

/// Returns a body that is sent at a limited speed, in pieces of a tenth of a second.
fn slow(part: Bytes, bytes_per_second: NonZeroU64) -> Body {
    let step = usize::try_from(bytes_per_second.get() / 10).unwrap_or(usize::MAX).max(1);
    let pause = Duration::from_millis(if bytes_per_second.get() < 10 { 1000 } else { 100 });
    Body::from_stream(stream::unfold(part, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        sleep(pause).await;
        let chunk = rest.split_to(step.min(rest.len()));
        Some((Ok::<_, io::Error>(chunk), rest))
    }))
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a clip is far below 2^52 bytes and the fraction lies between 0 and 1"
)]
fn fraction(length: usize, at: f64) -> usize {
    ((length as f64 * at) as usize).min(length)
}
