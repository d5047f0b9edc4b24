//! The folder tree on a real disk.

use crate::snapshot::stable;
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use shiguredo_mp4::TrackKind;
use shiguredo_mp4::boxes::{Avc1Box, AvccBox, SampleEntry, VisualSampleEntryFields};
use shiguredo_mp4::mux::{Mp4FileMuxer, Sample};
use shotlist::domain::digest::Sha256;
use shotlist::domain::key::TakeId;
use shotlist::domain::lifecycle::ClipFile;
use shotlist::domain::request::{MediaFile, PictureFormat};
use shotlist::files::{
    Obstacle, ObstacleSearch, Older, PartialDownload, PictureTrouble, PlaceFault, Placement, ReceiveFault,
    Received, Refile, Resumed, SaveQueues, Steps, Tree, assemble, atomic_write, free_space, inspect,
};
use shotlist::wire::{Body, ClipHead, Span, marker};
use std::collections::HashSet;
use std::fs;
use std::num::NonZeroU32;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

const MIB: usize = 1024 * 1024;

/// A whole MP4 with one track, blown up by a box that players skip; `fill` tells two clips apart.
pub(crate) fn clip(fill: u8, padding: usize) -> Vec<u8> {
    let mut muxer = Mp4FileMuxer::new().unwrap();
    let mut bytes = muxer.initial_boxes_bytes().to_vec();
    let frame = vec![fill; 1024];
    let visual = VisualSampleEntryFields {
        data_reference_index: VisualSampleEntryFields::DEFAULT_DATA_REFERENCE_INDEX,
        width: 1280,
        height: 720,
        horizresolution: VisualSampleEntryFields::DEFAULT_HORIZRESOLUTION,
        vertresolution: VisualSampleEntryFields::DEFAULT_VERTRESOLUTION,
        frame_count: VisualSampleEntryFields::DEFAULT_FRAME_COUNT,
        compressorname: VisualSampleEntryFields::NULL_COMPRESSORNAME,
        depth: VisualSampleEntryFields::DEFAULT_DEPTH,
    };
    let avcc_box = AvccBox {
        avc_profile_indication: 66,
        profile_compatibility: 0,
        avc_level_indication: 30,
        length_size_minus_one: shiguredo_mp4::Uint::new(3),
        sps_list: vec![],
        pps_list: vec![],
        chroma_format: None,
        bit_depth_luma_minus8: None,
        bit_depth_chroma_minus8: None,
        sps_ext_list: vec![],
    };
    let sample = Sample {
        track_kind: TrackKind::Video,
        sample_entry: Some(SampleEntry::Avc1(Avc1Box { visual, avcc_box, unknown_boxes: vec![] })),
        keyframe: true,
        timescale: NonZeroU32::MIN,
        duration: 5,
        composition_time_offset: None,
        data_offset: bytes.len() as u64,
        data_size: frame.len(),
    };
    bytes.extend(&frame);
    muxer.append_sample(&sample).unwrap();
    for (offset, boxed) in muxer.finalize().unwrap().offset_and_bytes_pairs() {
        let at = usize::try_from(offset).unwrap();
        bytes.resize(bytes.len().max(at + boxed.len()), 0);
        bytes[at..at + boxed.len()].copy_from_slice(boxed);
    }
    bytes.extend(u32::try_from(padding + 8).unwrap().to_be_bytes());
    bytes.extend(b"free");
    bytes.resize(bytes.len() + padding, fill);
    bytes
}

fn facts(bytes: &[u8]) -> ClipFile {
    ClipFile { size: bytes.len() as u64, sha256: Sha256::of(bytes) }
}

fn take(id: &str) -> TakeId {
    TakeId(format!("01JQZK3NDEKTSV4R{id:0>10}"))
}

/// An output folder and a state folder.
struct Place {
    folder: TempDir,
    tree: Tree,
    save_queues: SaveQueues,
}

impl Place {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let tree = Tree::open(&folder.path().join("state"), &folder.path().join("out")).unwrap();
        Self { folder, save_queues: SaveQueues::new(tree.clone()), tree }
    }

    fn out(&self, path: &str) -> PathBuf {
        self.folder.path().join("out").join(path)
    }

    fn partial(&self) -> Vec<String> {
        let names = fs::read_dir(self.folder.path().join("state/partial")).unwrap();
        let mut names: Vec<String> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn put(&self, path: &str, bytes: &[u8]) {
        fs::create_dir_all(self.out(path).parent().unwrap()).unwrap();
        atomic_write(&self.out(path), bytes, 0o644).unwrap();
    }

    fn read(&self, path: &str) -> Option<Vec<u8>> {
        fs::read(self.out(path)).ok()
    }

    fn obstacle(&self, target: &str, may_stand: &[ClipFile]) -> Option<Obstacle> {
        ObstacleSearch::new(self.tree.clone()).obstacle(target, may_stand)
    }

    async fn part(&self, id: &str) -> PartialDownload {
        match self.save_queues.take_up(&take(id), "hero.mp4", source()).await.unwrap() {
            Resumed::Part(part) => part,
            Resumed::Whole(received) => panic!("already whole: {received:?}"),
        }
    }

    /// Downloads a clip in one piece.
    async fn fetch(&self, id: &str, target: &str, bytes: &[u8]) -> ClipFile {
        let Resumed::Part(part) = self.save_queues.take_up(&take(id), target, source()).await.unwrap() else {
            panic!("already whole")
        };
        receive(part, &head(bytes), &[bytes]).await.unwrap().file
    }

    fn place(&self, id: &str, target: &str, clip: &ClipFile, older: Option<Older>) -> Result<(), PlaceFault> {
        self.tree.place(&Placement { older, ..placement(id, target, clip) })
    }
}

fn placement(id: &str, target: &str, clip: &ClipFile) -> Placement {
    Placement { take: take(id), target: target.to_owned(), clip: *clip, sidecar: sidecar(id), older: None }
}

/// Returns the sidecar of a take, as far as the program reads it.
fn sidecar(id: &str) -> Vec<u8> {
    let sha256 = Sha256::of(b"");
    format!(r#"{{"bytes":1,"sha256":"{sha256}","take":"{id}"}}"#).into_bytes()
}

fn head(bytes: &[u8]) -> ClipHead {
    ClipHead {
        status: 200,
        content_length: Some(bytes.len() as u64),
        content_type: Some("video/mp4".into()),
        etag: Some("\"v1\"".into()),
        ..ClipHead::default()
    }
}

/// The address of every clip here, unless a test says otherwise.
fn source() -> Sha256 {
    Sha256::of(b"https://clips.example/hero.mp4")
}

fn rest(bytes: &[u8], from: usize) -> ClipHead {
    let range = format!("bytes {from}-{}/{}", bytes.len() - 1, bytes.len());
    ClipHead { status: 206, content_range: Some(range), ..head(&bytes[from..]) }
}

async fn receive(part: PartialDownload, head: &ClipHead, chunks: &[&[u8]]) -> Result<Received, ReceiveFault> {
    let chunks = chunks.iter().map(|chunk| Ok::<_, String>(Bytes::copy_from_slice(chunk)));
    part.receive(head, stream::iter(chunks), &CancellationToken::new()).await
}

/// Receives these bytes, then the connection breaks.
async fn break_off(part: PartialDownload, head: &ClipHead, bytes: &[u8]) -> ReceiveFault {
    let mut pieces: Vec<Result<Bytes, String>> =
        bytes.chunks(100_000).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
    pieces.push(Err("connection reset".into()));
    part.receive(head, stream::iter(pieces), &CancellationToken::new()).await.unwrap_err()
}

fn offset(part: &PartialDownload) -> u64 {
    match part.span() {
        Span::Whole => 0,
        Span::First(_) => panic!("a clip is wanted whole"),
        Span::From { offset, validator } => {
            assert_eq!(validator, "\"v1\"");
            offset
        }
    }
}

#[tokio::test]
async fn a_clip_goes_from_the_wire_to_its_name_with_a_sidecar_and_nothing_else_is_left() {
    let place = Place::new();
    let bytes = clip(1, 100);
    let file = place.fetch("A", "summer/hero.mp4", &bytes).await;
    assert_eq!(file, facts(&bytes));
    assert!(!place.tree.is_placed("summer/hero.mp4", &file));
    place.place("A", "summer/hero.mp4", &file, None).unwrap();
    assert!(place.tree.is_placed("summer/hero.mp4", &file));
    assert_eq!(place.read("summer/hero.mp4.json").unwrap(), sidecar("A"));
    let mut names: Vec<_> =
        fs::read_dir(place.out("summer")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["hero.mp4", "hero.mp4.json"]);
    assert_eq!(place.partial(), Vec::<String>::new());
}

#[tokio::test]
async fn p08_a_broken_download_goes_on_where_it_was_and_the_hash_is_that_of_the_whole() {
    let place = Place::new();
    let bytes = clip(2, 3 * MIB);
    let cut = 2 * MIB + 17;
    let fault = break_off(place.part("A").await, &head(&bytes), &bytes[..cut]).await;
    assert!(matches!(fault, ReceiveFault::Broken { progress: true, .. }), "{fault:?}");
    let part = place.part("A").await;
    assert_eq!(offset(&part), cut as u64);
    let received = receive(part, &rest(&bytes, cut), &[&bytes[cut..]]).await.unwrap();
    assert_eq!(received.file, facts(&bytes));
}

/// Receives these bytes, and dies before the end of the stream is told.
async fn die_after(part: PartialDownload, bytes: &[u8], came: usize) {
    let all_came = tokio::sync::Notify::new();
    let pieces = stream::iter(
        bytes[..came].chunks(100_000).map(|piece| Ok::<_, String>(Bytes::copy_from_slice(piece))),
    )
    .chain(stream::poll_fn(|_| {
        all_came.notify_one();
        std::task::Poll::Pending
    }));
    let (head, stop) = (head(bytes), CancellationToken::new());
    tokio::select! {
        () = all_came.notified() => {}
        _ = part.receive(&head, pieces, &stop) => panic!("the stream has no end"),
    }
}

#[tokio::test]
async fn p08_a_killed_download_goes_on_from_its_last_16_mebibytes() {
    let place = Place::new();
    let bytes = clip(3, 40 * MIB);
    die_after(place.part("A").await, &bytes, 35 * MIB).await;
    let part = place.part("A").await;
    let from = offset(&part);
    assert!((32 * MIB..33 * MIB).contains(&usize::try_from(from).unwrap()), "{from}");
    // What a power cut may leave beyond it is dropped, as bytes that no note vouches for.
    let path = place.folder.path().join("state/partial").join(format!("{}.part", take("A")));
    assert_eq!(fs::metadata(&path).unwrap().len(), from);
    let from = usize::try_from(from).unwrap();
    assert_eq!(receive(part, &rest(&bytes, from), &[&bytes[from..]]).await.unwrap().file, facts(&bytes));
}

#[tokio::test]
async fn a_download_that_arrives_in_one_go_leaves_no_notes_and_is_placed_after_a_crash() {
    let place = Place::new();
    let bytes = clip(4, 3 * MIB);
    let file = place.fetch("A", "hero.mp4", &bytes).await;
    assert_eq!(place.partial(), [format!("{}.part", take("A"))]);
    // Another process knows its size and hash from the record, and nothing else.
    let tree = Tree::open(&place.folder.path().join("state"), &place.out("")).unwrap();
    tree.place(&placement("A", "hero.mp4", &file)).unwrap();
    assert!(tree.is_placed("hero.mp4", &file));
    assert_eq!(place.partial(), Vec::<String>::new());
    // One that died before the record has nothing to go on with.
    place.fetch("B", "hero.mp4", &bytes).await;
    assert_eq!(place.part("B").await.span(), Span::Whole);
}

#[tokio::test]
async fn p09_a_clip_of_which_every_byte_came_is_whole_however_its_stream_ends() {
    let place = Place::new();
    let bytes = clip(4, 10);
    let pieces = [Ok(Bytes::copy_from_slice(&bytes)), Err("connection reset")];
    let stop = CancellationToken::new();
    let received = place.part("A").await.receive(&head(&bytes), stream::iter(pieces), &stop).await.unwrap();
    assert_eq!(received.file, facts(&bytes));
}

#[tokio::test]
async fn p09_a_clip_that_had_arrived_whole_is_not_fetched_again() {
    let place = Place::new();
    let mut bytes = clip(4, 16 * MIB);
    bytes = clip(4, 32 * MIB - bytes.len());
    assert_eq!(bytes.len(), 16 * MIB);
    die_after(place.part("A").await, &bytes, bytes.len()).await;
    match place.save_queues.take_up(&take("A"), "hero.mp4", source()).await.unwrap() {
        Resumed::Whole(received) => assert_eq!(received.file, facts(&bytes)),
        Resumed::Part(part) => panic!("{:?}", part.span()),
    }
    place.place("A", "hero.mp4", &facts(&bytes), None).unwrap();
    assert_eq!(place.partial(), Vec::<String>::new());
}

#[tokio::test]
async fn a_clip_without_an_announced_length_is_known_by_its_boxes() {
    let place = Place::new();
    let bytes = clip(4, 10);
    let endless = ClipHead { content_length: None, ..head(&bytes) };
    let fault = receive(place.part("A").await, &endless, &[&bytes[..bytes.len() - 5]]).await.unwrap_err();
    assert!(matches!(fault, ReceiveFault::NotAClip(_)), "n16: {fault:?}");
    let part = place.part("A").await;
    assert_eq!(part.span(), Span::Whole);
    assert_eq!(receive(part, &endless, &[&bytes]).await.unwrap().file, facts(&bytes));
}

#[tokio::test]
async fn n25_to_n28_an_answer_about_other_bytes_starts_the_download_over() {
    let place = Place::new();
    let bytes = clip(5, 1000);
    let cut = 700;
    let changed = ClipHead { etag: Some("\"v2\"".into()), ..rest(&bytes, cut) };
    let unsatisfiable = ClipHead { status: 416, ..ClipHead::default() };
    for (what, head) in [
        ("n25 wrong start", rest(&bytes, cut + 1)),
        (
            "n25 wrong total",
            ClipHead { content_range: Some(format!("bytes {cut}-999/1000")), ..rest(&bytes, cut) },
        ),
        ("n28 another version", changed),
        ("n28 a version that is not named", ClipHead { etag: None, ..rest(&bytes, cut) }),
        ("the rest does not exist", unsatisfiable),
    ] {
        break_off(place.part("A").await, &self::head(&bytes), &bytes[..cut]).await;
        let part = place.part("A").await;
        assert_eq!(offset(&part), cut as u64, "{what}");
        let fault = receive(part, &head, &[&bytes[cut..]]).await.unwrap_err();
        assert!(matches!(fault, ReceiveFault::Broken { progress: false, .. }), "{what}: {fault:?}");
        assert_eq!(place.part("A").await.span(), Span::Whole, "{what}");
    }
}

#[tokio::test]
async fn n28_a_part_is_continued_at_its_own_address_only_because_a_validator_holds_for_one() {
    let place = Place::new();
    let bytes = clip(5, 1000);
    let fresh = Sha256::of(b"https://clips.example/another.mp4");
    break_off(place.part("A").await, &head(&bytes), &bytes[..700]).await;
    assert_eq!(offset(&place.part("A").await), 700);
    let Resumed::Part(part) = place.save_queues.take_up(&take("A"), "hero.mp4", fresh).await.unwrap() else {
        panic!("whole")
    };
    assert_eq!(part.span(), Span::Whole, "nothing shows that both addresses have the same file");
    // The notes of older versions do not say where the bytes came from.
    drop(part);
    break_off(place.part("B").await, &head(&bytes), &bytes[..700]).await;
    let notes = place.folder.path().join(format!("state/partial/{}.part.json", take("B")));
    let mut known: serde_json::Value = serde_json::from_slice(&fs::read(&notes).unwrap()).unwrap();
    known.as_object_mut().unwrap().remove("source").unwrap();
    atomic_write(&notes, known.to_string().as_bytes(), 0o600).unwrap();
    assert_eq!(place.part("B").await.span(), Span::Whole);
}

#[tokio::test]
async fn n26_a_host_that_ignores_the_range_sends_the_clip_from_its_first_byte() {
    let place = Place::new();
    let (old, new) = (clip(6, 1000), clip(7, 2000));
    break_off(place.part("A").await, &head(&old), &old[..900]).await;
    let received = receive(place.part("A").await, &head(&new), &[&new]).await.unwrap();
    assert_eq!(received.file, facts(&new));
}

#[tokio::test]
async fn n26_a_part_that_is_the_whole_clip_is_a_clip() {
    let place = Place::new();
    let bytes = clip(7, 2000);
    let received = receive(place.part("A").await, &rest(&bytes, 0), &[&bytes]).await.unwrap();
    assert_eq!(received.file, facts(&bytes));
}

#[tokio::test]
async fn a_part_without_a_strong_validator_is_fetched_again_as_a_whole() {
    let place = Place::new();
    let bytes = clip(8, 1000);
    let weak = ClipHead { etag: Some("W/\"v1\"".into()), ..head(&bytes) };
    break_off(place.part("A").await, &weak, &bytes[..900]).await;
    assert_eq!(place.part("A").await.span(), Span::Whole);
}

#[tokio::test]
async fn damaged_clips_are_never_clips() {
    let place = Place::new();
    let bytes = clip(9, 1000);
    let mut torn = bytes.clone();
    torn.truncate(bytes.len() - 1);
    for (what, head, body) in [
        ("n17 cut with a length that fits", head(&torn), torn.as_slice()),
        ("n29 compressed", ClipHead { content_encoding: Some("gzip".into()), ..head(&bytes) }, &bytes),
        ("more than announced", head(&torn), &bytes),
    ] {
        let fault = receive(place.part("A").await, &head, &[body]).await.unwrap_err();
        assert!(matches!(fault, ReceiveFault::NotAClip(_)), "{what}: {fault:?}");
        assert_eq!(place.part("A").await.span(), Span::Whole, "{what}");
    }
}

#[tokio::test]
async fn n19_a_page_in_place_of_a_clip_is_told_with_its_words_and_not_saved() {
    let place = Place::new();
    let typed = |kind: &str, bytes: &[u8]| ClipHead { content_type: Some(kind.into()), ..head(bytes) };
    let html = b"<html>Access   denied</html>".as_slice();
    let json = b"{\"Code\":\"AccessDenied\"}".as_slice();
    let plain = b"Please come back later".as_slice();
    for (what, head, body, words) in [
        ("html by its bytes", head(html), html, "<html>Access denied</html>"),
        ("json by its bytes", head(json), json, "{\"Code\":\"AccessDenied\"}"),
        ("text by its type", typed("text/plain; charset=utf-8", plain), plain, "Please come back later"),
        ("nothing, as a page", typed("text/html", b""), b"".as_slice(), ""),
    ] {
        let fault = receive(place.part("A").await, &head, &[body]).await.unwrap_err();
        assert!(matches!(&fault, ReceiveFault::Page(told) if told == words), "{what}: {fault:?}");
        assert_eq!(place.part("A").await.span(), Span::Whole, "{what}");
    }
    // A host that calls its clips text hands out clips all the same.
    let bytes = clip(9, 1000);
    receive(place.part("A").await, &typed("text/plain", &bytes), &[&bytes]).await.unwrap();
}

#[tokio::test]
async fn a_clip_that_ends_early_is_kept_as_a_part() {
    let place = Place::new();
    let bytes = clip(9, 1000);
    let fault = receive(place.part("A").await, &head(&bytes), &[&bytes[..600]]).await.unwrap_err();
    assert!(matches!(fault, ReceiveFault::Broken { progress: false, .. }), "{fault:?}");
    assert_eq!(offset(&place.part("A").await), 600);
}

#[tokio::test]
async fn a_stop_keeps_what_came() {
    let place = Place::new();
    let bytes = clip(10, 1000);
    let stop = CancellationToken::new();
    let first = Bytes::copy_from_slice(&bytes[..800]);
    let asked = stop.clone();
    let pieces = stream::unfold(Some(first), move |next| {
        let asked = asked.clone();
        async move {
            if let Some(chunk) = next {
                return Some((Ok::<_, String>(chunk), None));
            }
            asked.cancel();
            std::future::pending().await
        }
    });
    let fault = place.part("A").await.receive(&head(&bytes), pieces, &stop).await.unwrap_err();
    assert!(matches!(fault, ReceiveFault::Stopped), "{fault:?}");
    assert_eq!(offset(&place.part("A").await), 800);
}

#[tokio::test]
async fn a_part_that_is_a_link_or_a_device_is_not_written_to() {
    let place = Place::new();
    let victim = place.folder.path().join("victim");
    atomic_write(&victim, b"mine", 0o600).unwrap();
    symlink(&victim, place.folder.path().join("state/partial").join(format!("{}.part", take("A")))).unwrap();
    let bytes = clip(11, 10);
    let fault = receive(place.part("A").await, &head(&bytes), &[&bytes]).await.unwrap_err();
    assert!(matches!(fault, ReceiveFault::Io(_) | ReceiveFault::Obstructed(_)), "{fault:?}");
    assert_eq!(fs::read(&victim).unwrap(), b"mine");
}

#[test]
fn p22_a_full_disk_or_quota_is_told_from_a_broken_disk() {
    let error = |code: rustix::io::Errno| std::io::Error::from(code);
    for full in [rustix::io::Errno::NOSPC, rustix::io::Errno::DQUOT, rustix::io::Errno::FBIG] {
        assert!(matches!(ReceiveFault::from(error(full)), ReceiveFault::NoSpace(_)));
        assert!(matches!(PlaceFault::from(error(full)), PlaceFault::NoSpace(_)));
    }
    assert!(matches!(ReceiveFault::from(error(rustix::io::Errno::IO)), ReceiveFault::Io(_)));
    assert!(matches!(PlaceFault::from(error(rustix::io::Errno::IO)), PlaceFault::Io(_)));
    let (here, nowhere) = (TempDir::new().unwrap(), Path::new("/nowhere/at/all"));
    assert!(free_space(here.path()).unwrap() > 0);
    assert!(free_space(nowhere).is_err());
}

#[tokio::test]
async fn p10_a_clip_that_already_stands_there_is_placed() {
    let place = Place::new();
    let bytes = clip(11, 10);
    let file = place.fetch("A", "hero.mp4", &bytes).await;
    place.place("A", "hero.mp4", &file, None).unwrap();
    // As after a crash between the rename and its record.
    place.place("A", "hero.mp4", &file, None).unwrap();
    assert!(place.tree.is_placed("hero.mp4", &file));
    assert!(!place.out("hero (1).mp4").exists());
}

#[tokio::test]
async fn p32_a_foreign_file_keeps_its_name_and_its_bytes() {
    let place = Place::new();
    place.put("hero.mp4", b"holiday");
    assert_eq!(
        place.obstacle("hero.mp4", &[]),
        Some(Obstacle {
            target: "hero.mp4".into(),
            what: "a file with that name already exists".into(),
            is_disk: false
        })
    );
    for free in ["other.mp4", "new/clip.mp4"] {
        assert_eq!(place.obstacle(free, &[]), None);
    }
    let bytes = clip(12, 10);
    let file = place.fetch("A", "hero.mp4", &bytes).await;
    let claim = Older { take: take("0"), clip: facts(&clip(13, 10)) };
    for older in [None, Some(claim)] {
        let fault = place.place("A", "hero.mp4", &file, older).unwrap_err();
        assert!(matches!(fault, PlaceFault::NameTaken(ref name) if name == "hero.mp4"), "{fault:?}");
    }
    assert_eq!(place.read("hero.mp4").unwrap(), b"holiday");
    assert_eq!(place.read("hero.mp4.json"), None);
}

#[test]
fn one_search_finds_the_obstacles_of_many_names_with_few_folders_opened() {
    let place = Place::new();
    for taken in ["a/b/1.mp4", "a/c/2.mp4", "a/d", "3.mp4"] {
        place.put(taken, b"holiday");
    }
    let mut search = ObstacleSearch::new(place.tree.clone());
    let before = Steps::of_this_thread();
    for (target, is_free) in [
        ("a/b/1.mp4", false),
        ("a/b/2.mp4", true),
        ("a/c/1.mp4", true),
        ("a/c/2.mp4", false),
        ("a/c/e/f/2.mp4", true),
        ("a/c/e/1.mp4", true),
        ("a/c/2.mp4", false),
        ("a/d/1.mp4", false),
        ("a/bb/1.mp4", true),
        ("3.mp4", false),
        ("4.mp4", true),
        ("../4.mp4", false),
        ("n/1.mp4", true),
        ("n/2.mp4", true),
        ("n/2/3.mp4", true),
    ] {
        assert_eq!(search.obstacle(target, &[]).is_none(), is_free, "{target}");
    }
    // The output folder, a, b, c, e, d, bb, and n once for its three names.
    assert_eq!(Steps::of_this_thread().opened - before.opened, 8);
}

#[tokio::test]
async fn an_older_take_is_kept_under_takes_and_replaced_in_one_step() {
    let place = Place::new();
    let (old, new) = (clip(14, 10), clip(15, 10));
    let first = place.fetch("AAAAAAAA", "s/hero.mp4", &old).await;
    place.place("AAAAAAAA", "s/hero.mp4", &first, None).unwrap();
    let second = place.fetch("B", "s/hero.mp4", &new).await;
    let older = Some(Older { take: take("AAAAAAAA"), clip: first });
    // Twice, as after a crash.
    place.place("B", "s/hero.mp4", &second, older.clone()).unwrap();
    place.place("B", "s/hero.mp4", &second, older).unwrap();
    assert!(place.tree.is_placed("s/hero.mp4", &second));
    assert_eq!(place.obstacle("s/hero.mp4", &[first, second]), None);
    let obstacle = place.obstacle("s/hero.mp4", &[first]).expect("another clip than that");
    insta::assert_snapshot!(obstacle.what, @"the existing file is not, or is no longer, the clip that shotlist saved there");
    assert!(place.tree.is_placed("s/_takes/hero.AAAAAAAA.mp4", &first));
    assert_eq!(place.read("s/_takes/hero.AAAAAAAA.mp4.json").unwrap(), sidecar("AAAAAAAA"));
    assert_eq!(place.read("s/hero.mp4.json").unwrap(), sidecar("B"));
}

#[tokio::test]
async fn a_lost_or_altered_part_is_noticed_before_anything_is_named() {
    let place = Place::new();
    let bytes = clip(16, 10);
    let file = place.fetch("A", "hero.mp4", &bytes).await;
    let part = place.folder.path().join("state/partial").join(format!("{}.part", take("A")));
    let mut altered = bytes.clone();
    altered[40] ^= 1;
    atomic_write(&part, &altered, 0o600).unwrap();
    assert!(matches!(place.place("A", "hero.mp4", &file, None), Err(PlaceFault::PartLost)));
    assert!(!part.exists());
    assert!(matches!(place.place("A", "hero.mp4", &file, None), Err(PlaceFault::PartLost)));
    assert_eq!(place.read("hero.mp4"), None);
    assert_eq!(place.read("hero.mp4.json"), None);
}

#[tokio::test]
async fn bytes_that_are_not_those_that_came_are_fetched_again() {
    let place = Place::new();
    let bytes = clip(17, 10);
    let file = place.fetch("A", "hero.mp4", &bytes).await;
    let part = |id| place.folder.path().join("state/partial").join(format!("{}.part", take(id)));
    let flip = |id| {
        let mut altered = fs::read(part(id)).unwrap();
        // In the picture: the boxes stay whole.
        altered[600] ^= 1;
        atomic_write(&part(id), &altered, 0o600).unwrap();
    };
    flip("A");
    assert!(matches!(place.place("A", "hero.mp4", &file, None), Err(PlaceFault::PartLost)));
    assert_eq!(offset(&place.part("A").await), 0, "what is on the disk is not taken for the clip");

    break_off(place.part("B").await, &head(&bytes), &bytes[..900]).await;
    flip("B");
    assert_eq!(offset(&place.part("B").await), 0, "nor for its beginning");
}

#[tokio::test]
async fn a_users_own_file_beside_a_clip_is_never_overwritten() {
    let place = Place::new();
    let file = place.fetch("A", "hero.mp4", &clip(18, 10)).await;
    for path in ["hero.mp4.json", "copy.mp4.json"] {
        place.put(path, b"{\"take\":3}");
    }
    let what = place.obstacle("hero.mp4", &[]).expect("it is told before anything is paid").what;
    insta::assert_snapshot!(what, @"hero.mp4.json already exists and is not a clip's sidecar");
    let fault = place.place("A", "hero.mp4", &file, None).unwrap_err();
    assert!(matches!(fault, PlaceFault::NameTaken(ref name) if name == "hero.mp4.json"), "{fault:?}");
    assert_eq!(place.read("hero.mp4"), None);

    place.place("A", "there.mp4", &file, None).unwrap();
    for how in [Refile::Copy, Refile::Move] {
        let fault = place.tree.refile("there.mp4", "copy.mp4", &file, how, None).unwrap_err();
        assert!(matches!(fault, PlaceFault::NameTaken(ref name) if name == "copy.mp4.json"), "{fault:?}");
    }
    // A file that came to stand where ours was stays there.
    place.put("there.mp4.json", b"mine");
    place.tree.refile("there.mp4", "moved.mp4", &file, Refile::Move, None).unwrap();
    assert_eq!((place.read("moved.mp4.json"), place.read("there.mp4")), (None, None));
    for path in ["hero.mp4.json", "copy.mp4.json"] {
        assert_eq!(place.read(path).unwrap(), b"{\"take\":3}");
    }
    assert_eq!(place.read("there.mp4.json").unwrap(), b"mine");
}

#[tokio::test]
async fn a_file_where_older_clips_are_kept_is_found_before_a_newer_one_is_paid() {
    let place = Place::new();
    let file = place.fetch("A", "s/hero.mp4", &clip(19, 10)).await;
    place.place("A", "s/hero.mp4", &file, None).unwrap();
    assert_eq!(place.obstacle("s/hero.mp4", &[file]), None);
    place.put("s/_takes", b"mine");
    let what = place.obstacle("s/hero.mp4", &[file]).expect("there is no room for the older clip").what;
    insta::assert_snapshot!(what, @"`_takes` must be a folder, but is a file or a symbolic link");
}

#[tokio::test]
async fn a_folder_that_another_program_holds_locked_is_waited_for_and_told() {
    let place = Place::new();
    let file = place.fetch("A", "hero.mp4", &clip(20, 10)).await;
    let folder = fs::File::open(place.out("")).unwrap();
    rustix::fs::flock(&folder, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let tree = place.tree.clone().patient(Duration::from_millis(50));
    let placed = placement("A", "hero.mp4", &file);
    let fault = tree.place(&placed).unwrap_err();
    assert!(matches!(fault, PlaceFault::Obstructed(_)), "{fault}");
    insta::assert_snapshot!(stable(&fault.to_string()), @"the clip's folder cannot be used: another program has held it locked for too long (flock)");
    drop(folder);
    tree.place(&placed).unwrap();
    assert!(tree.is_placed("hero.mp4", &file));
}

#[tokio::test]
async fn clips_that_are_placed_together_each_get_their_own_outcome() {
    let place = Place::new();
    let tree = place.tree.clone().patient(Duration::from_millis(50));
    let target = |n: usize| format!("s{}/{n}.mp4", n % 3);
    let mut placements = Vec::new();
    for n in 0..40 {
        let file = place.fetch(&format!("T{n}"), &target(n), &clip(30, n)).await;
        placements.push(placement(&format!("T{n}"), &target(n), &file));
    }
    place.put(&target(5), b"holiday");
    fs::remove_file(place.folder.path().join("state/partial").join(format!("{}.part", take("T6")))).unwrap();
    // Two takes with one name, in a folder that another program holds locked.
    fs::create_dir(place.out("s1")).unwrap();
    let folder = fs::File::open(place.out("s1")).unwrap();
    rustix::fs::flock(&folder, rustix::fs::FlockOperation::LockExclusive).unwrap();
    placements[39].target = target(3);
    let save_queues = SaveQueues::new(tree.clone());
    let placed = placements.iter().map(|placement| save_queues.place(placement.clone()));
    let placed = futures::future::join_all(placed).await;
    for (n, outcome) in placed.iter().enumerate() {
        let right = match n {
            5 | 39 => matches!(outcome, Err(PlaceFault::NameTaken(name)) if *name == placements[n].target),
            6 => matches!(outcome, Err(PlaceFault::PartLost)),
            n if n % 3 == 1 => matches!(outcome, Err(PlaceFault::Obstructed(_))),
            n => outcome.is_ok() && tree.is_placed(&target(n), &placements[n].clip),
        };
        assert!(right, "{n}: {outcome:?}");
    }
    drop(folder);
    for placement in placements.iter().skip(1).step_by(3) {
        save_queues.place(placement.clone()).await.unwrap();
    }
}

#[tokio::test]
async fn s11_a_symlinked_folder_is_refused_and_its_target_untouched() {
    let place = Place::new();
    let elsewhere = TempDir::new().unwrap();
    symlink(elsewhere.path(), place.out("summer")).unwrap();
    let obstacle = place.obstacle("summer/hero.mp4", &[]).expect("a link on the way");
    insta::assert_snapshot!(obstacle.what, @"`summer` must be a folder, but is a file or a symbolic link");
    let file = place.fetch("A", "hero.mp4", &clip(17, 10)).await;
    let fault = place.place("A", "summer/hero.mp4", &file, None).unwrap_err();
    assert!(matches!(fault, PlaceFault::Obstructed(_)), "{fault:?}");
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn i20_no_target_leaves_the_output_folder() {
    let place = Place::new();
    let file = place.fetch("A", "hero.mp4", &clip(17, 10)).await;
    for target in ["../hero.mp4", "/tmp/hero.mp4", "a//b.mp4", "a/./b.mp4", "a/..", ""] {
        assert!(place.place("A", target, &file, None).is_err(), "{target}");
        assert!(place.obstacle(target, &[]).is_some(), "{target}");
    }
    let odd = TakeId("../../x".into());
    assert!(place.save_queues.take_up(&odd, "hero.mp4", source()).await.is_err());
}

#[tokio::test]
async fn p24_nothing_is_written_where_the_output_disk_was_mounted() {
    let place = Place::new();
    let file = place.fetch("A", "hero.mp4", &clip(18, 10)).await;
    fs::rename(place.out(""), place.folder.path().join("unplugged")).unwrap();
    fs::create_dir(place.out("")).unwrap();
    let fault = place.place("A", "hero.mp4", &file, None).unwrap_err();
    insta::assert_snapshot!(stable(&fault.to_string()), @"the clip cannot be saved under its name: the output folder [home]/out is no longer the folder that the run began with: was its disk unmounted?");
    assert_eq!(fs::read_dir(place.out("")).unwrap().count(), 0);
}

#[tokio::test]
async fn p24_a_folder_in_the_output_folder_is_watched_like_it() {
    let place = Place::new();
    let (first, second) = (
        place.fetch("A", "s/t/hero.mp4", &clip(18, 10)).await,
        place.fetch("B", "s/t/b.mp4", &clip(19, 10)).await,
    );
    place.place("A", "s/t/hero.mp4", &first, None).unwrap();
    fs::rename(place.out("s/t"), place.folder.path().join("unplugged")).unwrap();
    fs::create_dir(place.out("s/t")).unwrap();
    let fault = place.place("B", "s/t/b.mp4", &second, None).unwrap_err();
    assert!(matches!(fault, PlaceFault::Io(_)), "{fault}");
    insta::assert_snapshot!(stable(&fault.to_string()), @"the clip cannot be saved under its name: the folder [home]/out/s/t is no longer the folder that the run began with: was its disk unmounted?");
    assert!(place.tree.refile("s/t/hero.mp4", "s/t/c.mp4", &first, Refile::Copy, None).is_err());
    let obstacle = place.obstacle("s/t/b.mp4", &[]).expect("another folder");
    assert!(obstacle.is_disk, "{obstacle:?}");
    assert_eq!(fs::read_dir(place.out("s/t")).unwrap().count(), 0);
    // A folder that a person removed is made again.
    fs::remove_dir(place.out("s/t")).unwrap();
    place.place("B", "s/t/b.mp4", &second, None).unwrap();
}

#[tokio::test]
async fn p24_a_folder_that_had_a_disk_of_its_own_gets_no_clip_without_it() {
    let place = Place::new();
    fs::create_dir(place.out("s")).unwrap();
    let disks = std::collections::BTreeSet::from(["s".to_owned()]);
    assert!(place.tree.mounted(&disks).unwrap().is_empty());
    let tree = place.tree.clone().on_disks(disks).unwrap();
    let file = place.fetch("A", "hero.mp4", &clip(18, 10)).await;
    for missing in [false, true] {
        let fault = tree.place(&placement("A", "s/hero.mp4", &file)).unwrap_err();
        insta::allow_duplicates! { insta::assert_snapshot!(stable(&fault.to_string()), @"the clip cannot be saved under its name: the folder [home]/out/s was on a separate disk when clips were saved there, and that disk is not mounted now. Mount it; or, if its clips were moved to the disk of the parent folder, confirm that with `run --accept-changes`"); }
        if !missing {
            fs::remove_dir(place.out("s")).unwrap();
        }
    }
    assert!(!place.out("s").exists());
    tree.place(&placement("A", "hero.mp4", &file)).unwrap();
}

#[tokio::test]
async fn s13_files_with_names_like_ours_keep_them() {
    let place = Place::new();
    let names = [".hero.mp4.tmp", "_takes/hero.mp4", ".hero.mp4.json.tmp", ".hero.mp4.part"];
    for name in names {
        place.put(name, b"holiday");
    }
    let file = place.fetch("A", "hero.mp4", &clip(12, 10)).await;
    place.place("A", "hero.mp4", &file, None).unwrap();
    let newer = place.fetch("B", "hero.mp4", &clip(13, 10)).await;
    place.place("B", "hero.mp4", &newer, Some(Older { take: take("A"), clip: file })).unwrap();
    place.tree.refile("hero.mp4", "other.mp4", &newer, Refile::Copy, None).unwrap();
    for name in names {
        assert_eq!(place.read(name).unwrap(), b"holiday", "{name}");
    }
    place.put("third.mp4.json", b"{}");
    assert!(place.obstacle("third.mp4", &[]).is_some());
}

#[tokio::test]
async fn a_clip_gets_the_mode_of_any_new_file_and_a_part_is_private() {
    let place = Place::new();
    let file = place.fetch("A", "hero.mp4", &clip(19, 10)).await;
    let part = place.folder.path().join("state/partial").join(format!("{}.part", take("A")));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&part), 0o600);
    assert_eq!(mode(part.parent().unwrap()), 0o700);
    place.place("A", "hero.mp4", &file, None).unwrap();
    // What the umask of this process makes of a new file.
    drop(fs::File::create(place.out("plain")).unwrap());
    assert_eq!(mode(&place.out("hero.mp4")), mode(&place.out("plain")));
    assert_eq!(mode(&place.out("hero.mp4.json")), mode(&place.out("plain")));
}

#[tokio::test]
async fn s12_a_folder_that_is_exchanged_for_a_link_at_any_moment_leads_no_clip_outside() {
    let place = Place::new();
    let elsewhere = TempDir::new().unwrap();
    fs::create_dir_all(place.out("summer")).unwrap();
    symlink(elsewhere.path(), place.out("link")).unwrap();
    let mut files = Vec::new();
    for id in ["A", "B", "C", "D", "E", "F", "G", "H"] {
        let target = format!("summer/{id}.mp4");
        files.push((id, place.fetch(id, &target, &clip(17, 10)).await, target));
    }
    let exchange = || {
        let (one, other) = (place.out("summer"), place.out("link"));
        let flags = rustix::fs::RenameFlags::EXCHANGE;
        rustix::fs::renameat_with(rustix::fs::CWD, one, rustix::fs::CWD, other, flags).unwrap();
    };
    exchange();
    let (id, file, target) = &files[0];
    place.place(id, target, file, None).expect_err("the folder is a link");
    let (over, mut missed) = (std::sync::atomic::AtomicBool::new(false), Vec::new());
    std::thread::scope(|scope| {
        let exchanging = scope.spawn(|| {
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                exchange();
            }
        });
        for (id, file, target) in &files {
            let placed = (0..10_000).any(|_| place.place(id, target, file, None).is_ok());
            if !placed {
                missed.push(target);
            }
        }
        over.store(true, std::sync::atomic::Ordering::Relaxed);
        exchanging.join().unwrap();
    });
    assert!(missed.is_empty(), "{missed:?} never met the folder");
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    if fs::symlink_metadata(place.out("summer")).unwrap().is_symlink() {
        exchange();
    }
    for (_, file, target) in &files {
        assert!(place.tree.is_placed(target, file), "{target}");
    }
}

#[tokio::test]
async fn two_parts_race_for_a_name_and_one_gets_it_whole() {
    for round in 0..20 {
        let place = Place::new();
        let (one, two) = (clip(20, 10), clip(21, 5000));
        let (first, second) =
            (place.fetch("A", "hero.mp4", &one).await, place.fetch("B", "hero.mp4", &two).await);
        let results = std::thread::scope(|scope| {
            let a = scope.spawn(|| place.place("A", "hero.mp4", &first, None));
            let b = scope.spawn(|| place.place("B", "hero.mp4", &second, None));
            [a.join().unwrap(), b.join().unwrap()]
        });
        let won: Vec<bool> = results.iter().map(Result::is_ok).collect();
        let (winner, sidecar) = match won[..] {
            [true, false] => (first, sidecar("A")),
            [false, true] => (second, sidecar("B")),
            _ => panic!("round {round}: {results:?}"),
        };
        assert!(place.tree.is_placed("hero.mp4", &winner), "round {round}");
        assert_eq!(place.read("hero.mp4.json").unwrap(), sidecar, "round {round}");
    }
}

#[test]
fn a_target_on_another_file_system_gets_its_part_beside_it() {
    // One thread for the disk, so that its steps can be counted.
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let place = Place::new();
        let Ok(shared) = TempDir::new_in("/dev/shm") else {
            println!("SKIPPED(no second file system)");
            return;
        };
        let state = place.folder.path().join("state");
        if fs::metadata(shared.path()).unwrap().dev() == fs::metadata(&state).unwrap().dev() {
            println!("SKIPPED(no second file system)");
            return;
        }
        let tree = Tree::open(&state, shared.path()).unwrap();
        let bytes = clip(22, 10);
        let Resumed::Part(part) =
            SaveQueues::new(tree.clone()).take_up(&take("A"), "s/hero.mp4", source()).await.unwrap()
        else {
            panic!("whole")
        };
        let file = receive(part, &head(&bytes), &[&bytes]).await.unwrap().file;
        // The part, and the folder in which its own was made.
        assert_eq!(tokio::task::spawn_blocking(Steps::of_this_thread).await.unwrap().synced, 2);
        let partial = shared.path().join("s").join(format!(".{}.part", take("A")));
        assert_eq!(fs::metadata(&partial).unwrap().len(), file.size);
        tree.place(&placement("A", "s/hero.mp4", &file)).unwrap();
        assert!(tree.is_placed("s/hero.mp4", &file) && !partial.exists());
    });
}

#[tokio::test]
async fn a_clip_is_refiled_with_its_sidecar_and_again_after_a_crash() {
    let place = Place::new();
    let file = place.fetch("A", "a/hero.mp4", &clip(23, 10)).await;
    place.place("A", "a/hero.mp4", &file, None).unwrap();
    for _ in 0..2 {
        place.tree.refile("a/hero.mp4", "b/hero.mp4", &file, Refile::Move, None).unwrap();
        assert!(place.tree.is_placed("b/hero.mp4", &file));
        assert_eq!(place.read("b/hero.mp4.json").unwrap(), sidecar("A"));
        assert_eq!((place.read("a/hero.mp4"), place.read("a/hero.mp4.json")), (None, None));
    }
    for _ in 0..2 {
        place.tree.refile("b/hero.mp4", "c/hero.mp4", &file, Refile::Copy, Some(&sidecar("2"))).unwrap();
        assert!(place.tree.is_placed("b/hero.mp4", &file) && place.tree.is_placed("c/hero.mp4", &file));
        assert_eq!(place.read("c/hero.mp4.json").unwrap(), sidecar("2"));
        assert_eq!(place.read("b/hero.mp4.json").unwrap(), sidecar("A"));
    }
    let inode = |path: &str| fs::metadata(place.out(path)).unwrap().ino();
    assert_ne!(inode("b/hero.mp4"), inode("c/hero.mp4"));
}

#[tokio::test]
async fn a_refiled_clip_replaces_nothing_and_takes_nothing_that_is_not_its_own() {
    let place = Place::new();
    let file = place.fetch("A", "a.mp4", &clip(24, 10)).await;
    place.place("A", "a.mp4", &file, None).unwrap();
    place.put("b.mp4", b"holiday");
    let fault = place.tree.refile("a.mp4", "b.mp4", &file, Refile::Move, None).unwrap_err();
    assert!(matches!(fault, PlaceFault::NameTaken(_)), "{fault:?}");
    let fault = place.tree.refile("b.mp4", "c.mp4", &file, Refile::Move, None).unwrap_err();
    assert!(matches!(fault, PlaceFault::PartLost), "{fault:?}");
    assert_eq!(place.read("b.mp4").unwrap(), b"holiday");
    assert!(place.tree.is_placed("a.mp4", &file));
}

#[tokio::test]
async fn leftovers_of_takes_that_no_longer_need_them_go_and_others_stay() {
    let place = Place::new();
    let bytes = clip(25, 1000);
    for id in ["A", "B"] {
        break_off(place.part(id).await, &head(&bytes), &bytes[..900]).await;
    }
    atomic_write(&place.folder.path().join("state/partial/README"), b"mine", 0o600).unwrap();
    assert_eq!(place.tree.sweep(&HashSet::from([take("B")])).unwrap(), 2);
    assert_eq!(
        place.partial(),
        [format!("{}.part", take("B")), format!("{}.part.json", take("B")), "README".into()]
    );
    place.tree.discard(&take("B"), "hero.mp4").unwrap();
    assert_eq!(place.partial(), ["README"]);
}

/// A PNG of one pixel by one, as small as they get.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\0\x05\0\x01\xff\x89\x99=\x1d\0\0\0\0IEND\xaeB`\x82";

#[test]
fn a_picture_is_looked_at_and_sent_exactly_as_it_was() {
    let folder = TempDir::new().unwrap();
    atomic_write(&folder.path().join("a.png"), PNG, 0o644).unwrap();
    let facts = inspect(folder.path(), "a.png").unwrap();
    assert_eq!((facts.format, facts.width, facts.height), (PictureFormat::Png, 1, 1));
    assert_eq!((facts.bytes, facts.sha256), (PNG.len() as u64, Sha256::of(PNG)));
    let file = MediaFile { path: "a.png".into(), facts };
    let body =
        Body::json(&serde_json::json!({ "image_url": marker(&file), "n": 1 }), std::slice::from_ref(&file));
    let bytes = assemble(folder.path(), &body).unwrap();
    assert_eq!(bytes.len() as u64, body.len());
    let sent: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let uri = sent["image_url"].as_str().unwrap().strip_prefix("data:image/png;base64,").unwrap();
    assert_eq!(base64::Engine::decode(&base64::engine::general_purpose::STANDARD, uri).unwrap(), PNG);

    for other in [[PNG, b"x"].concat(), PNG[1..].to_vec(), vec![0; PNG.len()]] {
        atomic_write(&folder.path().join("a.png"), &other, 0o644).unwrap();
        let changed = assemble(folder.path(), &body).unwrap_err().to_string();
        insta::allow_duplicates! { insta::assert_snapshot!(stable(&changed), @"the picture `a.png` has changed since it was checked. Run again to submit the picture as it is now"); }
    }
    fs::remove_file(folder.path().join("a.png")).unwrap();
    let gone = assemble(folder.path(), &body).unwrap_err().to_string();
    insta::assert_snapshot!(stable(&gone), @"the picture `a.png` can no longer be used: there is no such file. Put a picture there, then run again");
}

#[test]
fn i28_to_i34_what_is_no_picture_in_the_folder_is_refused_without_waiting() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("shop");
    fs::create_dir_all(root.join("dir.png")).unwrap();
    atomic_write(&folder.path().join("outside.png"), PNG, 0o644).unwrap();
    atomic_write(&root.join("inside.png"), PNG, 0o644).unwrap();
    atomic_write(&root.join("empty.png"), b"", 0o644).unwrap();
    atomic_write(&root.join("cut.png"), &PNG[..PNG.len() - 6], 0o644).unwrap();
    symlink("../outside.png", root.join("leads-out.png")).unwrap();
    symlink("inside.png", root.join("leads-in.png")).unwrap();
    let fifo = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, root.join("fifo.png"), fifo, 0o644.into(), 0).unwrap();
    let trouble = |written: &str| inspect(&root, written).unwrap_err();
    assert!(matches!(trouble("none.png"), PictureTrouble::Missing));
    assert!(matches!(trouble("inside.png/x.png"), PictureTrouble::Missing));
    assert!(matches!(trouble("empty.png"), PictureTrouble::Broken(_)));
    assert!(matches!(trouble("cut.png"), PictureTrouble::Broken(_)));
    assert!(matches!(trouble("leads-out.png"), PictureTrouble::LinkOutside));
    for outside in ["../outside.png", "/dev/zero"] {
        assert!(matches!(trouble(outside), PictureTrouble::Outside), "{outside}");
    }
    assert!(matches!(trouble("fifo.png"), PictureTrouble::NotAFile));
    assert!(matches!(trouble("dir.png"), PictureTrouble::Folder));
    assert!(inspect(&root, "leads-in.png").is_ok());
}

#[test]
fn a_file_is_replaced_whole_or_not_at_all() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("report.html");
    atomic_write(&path, b"one", 0o600).unwrap();
    atomic_write(&path, b"two", 0o600).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"two");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(atomic_write(&folder.path().join("none/report.html"), b"", 0o600).is_err());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
