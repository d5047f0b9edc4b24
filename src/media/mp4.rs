//! Checks whether an MP4 clip is complete, and reads its duration and picture size.
//!
//! An MP4 file consists of boxes, which are blocks of data with a name and a size.
//!
//! A download that was cut off often looks like a clip, because the announced length may be missing or wrong. So every
//! box must end where the next begins, the last one at the end of the file. Every sample in the tables of a track must
//! be inside the file; those of fragments are not checked.

use shiguredo_mp4::Decode;
use shiguredo_mp4::aux::SampleTableAccessor;
use shiguredo_mp4::boxes::{HdlrBox, MoofBox, MoovBox, TrakBox};
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::num::NonZeroU32;
use std::time::Duration;

/// The maximum size in bytes of an MP4 box (a named block of the file) that is read into memory; a larger box is an
/// error. In a four-hour clip, the box with the positions of all frames has about 20 MiB.
const LARGEST_TABLE: u64 = 64 << 20;

/// The largest number of MP4 boxes (named blocks) in a file. A clip has a handful; a clip that is stored in many
/// fragments has some hundreds.
const MOST_BOXES: usize = 100_000;

/// The properties of a complete clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClipFacts {
    /// The playing time of the clip.
    pub duration: Duration,
    /// The width of the clip in pixels.
    pub width: u32,
    /// The height of the clip in pixels.
    pub height: u32,
    /// The number of frames in the video track.
    pub frames: u64,
    /// True if the clip has an audio track.
    pub has_audio: bool,
}

impl ClipFacts {
    /// Returns the frames per second; `None` if the clip has no duration.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "no clip has 2^53 frames")]
    pub fn fps(&self) -> Option<f64> {
        (!self.duration.is_zero()).then(|| self.frames as f64 / self.duration.as_secs_f64())
    }
}

/// The reason why a file is not a complete clip.
#[derive(Debug, thiserror::Error)]
pub enum ClipFault {
    /// The file has no bytes.
    #[error("the file is empty")]
    Empty,
    /// The file contains markup, such as a web page.
    #[error("the file is a web page, not a clip")]
    WebPage,
    /// The file contains JSON, such as an error message.
    #[error("the file is a JSON answer, not a clip")]
    Json,
    /// The file is in another format, or in none that is known.
    #[error("the file is not an MP4 clip")]
    NotMp4,
    /// The end of the clip is missing; the text says what is cut off.
    #[error("the clip is incomplete: {0}")]
    CutOff(String),
    /// The boxes (named blocks) of the MP4 file contradict each other, as the text describes.
    #[error("the clip is damaged: {0}")]
    Damaged(String),
    /// The file cannot be read because of the disk; the clip may be complete.
    #[error("the clip cannot be read from disk: {0}")]
    Disk(#[from] io::Error),
}

/// The largest number of samples (frames or pieces of sound) that the fragments of an MP4 file may claim to contain. A
/// million samples are enough for hours. A block of twenty bytes can claim millions, for which the decoder would
/// allocate half a gigabyte.
const MOST_SAMPLES: u64 = 1 << 20;

/// The four characters that name the kind of an MP4 box (a block of the file), such as `moov`.
type Kind = [u8; 4];

/// The kind of an MP4 box and its position in the file.
struct Extent {
    kind: Kind,
    at: u64,
    end: u64,
}

/// Reads the boxes of a file, and checks that it is a complete clip.
pub fn inspect(file: &mut (impl Read + Seek)) -> Result<ClipFacts, ClipFault> {
    let length = file.seek(SeekFrom::End(0))?;
    let boxes = tiles(file, length)?;
    let first = |kind: &Kind| boxes.iter().find(|tile| tile.kind == *kind);
    let missing = |name: &str| ClipFault::CutOff(format!("it has no `{name}` box"));
    let tables = first(b"moov").ok_or_else(|| missing("moov"))?;
    first(b"mdat").ok_or_else(|| missing("mdat"))?;

    let tables: MoovBox = decode(file, tables)?;
    for track in &tables.trak_boxes {
        samples_inside(track, length)?;
    }
    let is_video = |track: &&TrakBox| track.mdia_box.hdlr_box.handler_type == HdlrBox::HANDLER_TYPE_VIDE;
    let video = tables.trak_boxes.iter().find(is_video);
    let video = video.ok_or_else(|| ClipFault::Damaged("it has no video track".into()))?;

    let is_audio = |track: &TrakBox| track.mdia_box.hdlr_box.handler_type == HdlrBox::HANDLER_TYPE_SOUN;
    let has_audio = tables.trak_boxes.iter().any(is_audio);
    let samples = SampleTableAccessor::new(&video.mdia_box.minf_box.stbl_box);
    let mut frames = samples.map_or(0, |samples| u64::from(samples.sample_count()));
    let mut ticks = video.mdia_box.mdhd_box.duration;
    if ticks == 0 {
        // A fragmented clip stores the times of its frames in the fragments.
        let mut samples = 0u64;
        for fragment in boxes.iter().filter(|tile| tile.kind == *b"moof") {
            let bytes = content(file, fragment)?;
            // The samples are counted before the decoder allocates an entry for each.
            samples = samples.saturating_add(claimed(&bytes, &[*b"moof", *b"traf", *b"trun"]));
            if samples > MOST_SAMPLES {
                return Err(ClipFault::Damaged(format!("its fragments claim {samples} frames")));
            }
            let (of_fragment, count) = fragment_ticks(&decoded(fragment, &bytes)?, video, &tables);
            ticks = ticks.saturating_add(of_fragment);
            frames = frames.saturating_add(count);
        }
    }
    if ticks == 0 {
        return Err(ClipFault::Damaged("its video track has no frames".into()));
    }
    let header = &video.tkhd_box;
    Ok(ClipFacts {
        duration: seconds(ticks, video.mdia_box.mdhd_box.timescale),
        width: u32::try_from(header.width.integer).unwrap_or_default(),
        height: u32::try_from(header.height.integer).unwrap_or_default(),
        frames,
        has_audio,
    })
}

/// Returns the top-level boxes (named blocks) of an MP4 file. Returns an error unless the boxes cover the file without
/// a gap.
fn tiles(file: &mut (impl Read + Seek), length: u64) -> Result<Vec<Extent>, ClipFault> {
    let mut boxes: Vec<Extent> = Vec::new();
    let mut at = 0;
    while at < length {
        let tile = header(file, at, length)?;
        if boxes.is_empty() && tile.as_ref().is_none_or(|tile| tile.kind != *b"ftyp") {
            return Err(instead_of_a_clip(file)?);
        }
        let cut = |what: String| ClipFault::CutOff(format!("{what} at byte {at} of {length}"));
        let tile = tile.ok_or_else(|| cut("the header of an MP4 box is incomplete".into()))?;
        let name = tile.kind.escape_ascii().to_string();
        if tile.end > length {
            return Err(cut(format!("{} bytes are missing from the MP4 box `{name}`", tile.end - length)));
        }
        if tile.end <= at || boxes.len() == MOST_BOXES {
            return Err(ClipFault::Damaged(format!("the `{name}` box at byte {at} has an impossible size")));
        }
        at = tile.end;
        boxes.push(tile);
    }
    if boxes.is_empty() { Err(ClipFault::Empty) } else { Ok(boxes) }
}

/// Reads the header of the MP4 box (a named block of the file) that starts at the byte `at`; `None` if the file ends
/// within the header.
fn header(file: &mut (impl Read + Seek), at: u64, length: u64) -> Result<Option<Extent>, ClipFault> {
    let mut bytes = [0; 16];
    let there = usize::try_from(length - at).unwrap_or(usize::MAX).min(bytes.len());
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut bytes[..there])?;
    let number = |bytes: &[u8]| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
    let (size, own) = match number(&bytes[..4]) {
        _ if there < 8 => return Ok(None),
        // The next eight bytes contain the size.
        1 if there < 16 => return Ok(None),
        1 => (number(&bytes[8..]), 16),
        // The box extends to the end of the file.
        0 => (length - at, 8),
        size => (size, 8),
    };
    // A box smaller than its own header gets an empty extent, which the caller refuses.
    let end = if size < own { at } else { at.saturating_add(size) };
    Ok(Some(Extent { kind: [bytes[4], bytes[5], bytes[6], bytes[7]], at, end }))
}

/// Returns the fault of a file that does not begin like a clip, judged by its first bytes.
fn instead_of_a_clip(file: &mut (impl Read + Seek)) -> Result<ClipFault, ClipFault> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(64).read_to_end(&mut head)?;
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head);
    Ok(match head.trim_ascii_start().first() {
        Some(b'<') => ClipFault::WebPage,
        Some(b'{' | b'[') => ClipFault::Json,
        // Every MP4 begins with `ftyp`; a shorter file may be the start of one.
        _ if b"ftyp".starts_with(head.get(4..8.min(head.len())).unwrap_or_default()) => {
            ClipFault::CutOff("only its first bytes exist".into())
        }
        _ => ClipFault::NotMp4,
    })
}

fn decode<T: Decode>(file: &mut (impl Read + Seek), tile: &Extent) -> Result<T, ClipFault> {
    decoded(tile, &content(file, tile)?)
}

/// Reads all bytes of an MP4 box (a named block of the file). Returns an error if the box is larger than
/// [`LARGEST_TABLE`].
fn content(file: &mut (impl Read + Seek), tile: &Extent) -> Result<Vec<u8>, ClipFault> {
    let name = tile.kind.escape_ascii();
    if tile.end - tile.at > LARGEST_TABLE {
        return Err(ClipFault::Damaged(format!("its `{name}` box is larger than 64 MiB")));
    }
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(tile.at))?;
    file.take(tile.end - tile.at).read_to_end(&mut bytes)?;
    // A box that extends to the end of the file has the size 0; the decoder needs the actual size.
    if bytes.first_chunk() == Some(&[0; 4])
        && let Ok(size) = u32::try_from(bytes.len())
    {
        bytes[..4].copy_from_slice(&size.to_be_bytes());
    }
    Ok(bytes)
}

fn decoded<T: Decode>(tile: &Extent, bytes: &[u8]) -> Result<T, ClipFault> {
    let name = tile.kind.escape_ascii();
    let damaged = |error: shiguredo_mp4::Error| ClipFault::Damaged(format!("its `{name}` box says: {error}"));
    T::decode(bytes).map(|(decoded, _)| decoded).map_err(damaged)
}

/// Returns the total number of samples that the boxes at the end of `path`, such as `moof`, `traf`, `trun`, claim to
/// contain.
fn claimed(mut boxes: &[u8], path: &[Kind]) -> u64 {
    let Some((kind, deeper)) = path.split_first() else {
        // Version and flags precede the count.
        let count = boxes.get(4..).and_then(|rest| rest.first_chunk());
        return count.map_or(0, |count| u64::from(u32::from_be_bytes(*count)));
    };
    let mut samples = 0u64;
    while let Ok(Some(tile)) = header(&mut Cursor::new(boxes), 0, boxes.len() as u64) {
        // The decoder refuses a box that ends outside.
        let end = usize::try_from(tile.end).unwrap_or(usize::MAX);
        let own = if boxes.starts_with(&[0, 0, 0, 1]) { 16 } else { 8 };
        let Some(inside) = boxes.get(own..end) else { break };
        if tile.kind == *kind {
            samples = samples.saturating_add(claimed(inside, deeper));
        }
        boxes = &boxes[end..];
    }
    samples
}

/// Checks that the data of every sample of a track are inside the file.
fn samples_inside(track: &TrakBox, length: u64) -> Result<(), ClipFault> {
    let damaged = |error| ClipFault::Damaged(format!("its sample tables disagree: {error}"));
    let samples = SampleTableAccessor::new(&track.mdia_box.minf_box.stbl_box).map_err(damaged)?;
    let mut last = 0u32;
    for chunk in samples.chunks() {
        // The samples of a chunk are contiguous: the chunk ends with its last sample.
        last = last.saturating_add(chunk.sample_count());
        let Some(sample) = NonZeroU32::new(last).and_then(|index| samples.get_sample(index)) else {
            continue;
        };
        let end = sample.data_offset().saturating_add(u64::from(sample.data_size()));
        if end > length {
            return Err(ClipFault::CutOff(format!("a frame ends {} bytes after the file", end - length)));
        }
    }
    Ok(())
}

/// Returns the duration of the video in a fragment, in the track's time units, and its number of frames.
fn fragment_ticks(fragment: &MoofBox, video: &TrakBox, tables: &MoovBox) -> (u64, u64) {
    let track = video.tkhd_box.track_id;
    let defaults = tables.mvex_box.iter().flat_map(|extension| &extension.trex_boxes);
    let default =
        defaults.filter(|default| default.track_id == track).map(|it| it.default_sample_duration).next();
    let (mut ticks, mut frames) = (0u64, 0);
    for run in fragment.traf_boxes.iter().filter(|run| run.tfhd_box.track_id == track) {
        let default = run.tfhd_box.default_sample_duration.or(default).unwrap_or_default();
        for sample in run.trun_boxes.iter().flat_map(|run| &run.samples) {
            ticks = ticks.saturating_add(u64::from(sample.duration.unwrap_or(default)));
            frames += 1;
        }
    }
    (ticks, frames)
}

fn seconds(ticks: u64, per_second: NonZeroU32) -> Duration {
    let whole = u64::from(per_second.get());
    // The remainder is less than a second, so the sum cannot overflow.
    Duration::from_secs(ticks / whole) + Duration::from_secs(ticks % whole) / per_second.get()
}

#[cfg(test)]
#[path = "mp4_tests.rs"]
mod tests;
