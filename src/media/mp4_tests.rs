use super::*;
use proptest::prelude::*;
use shiguredo_mp4::TrackKind;
use shiguredo_mp4::Uint;
use shiguredo_mp4::boxes::{Avc1Box, AvccBox, SampleEntry, VisualSampleEntryFields};
use shiguredo_mp4::mux::{
    Fmp4SegmentMuxer, Mp4FileMuxer, Mp4FileMuxerOptions, Sample, estimate_maximum_moov_box_size,
};
use std::io::Cursor;

const FRAME: &[u8] = &[0x5a; 700];
const FRAMES: usize = 10;

fn avc(width: u16, height: u16) -> SampleEntry {
    SampleEntry::Avc1(Avc1Box {
        visual: VisualSampleEntryFields {
            data_reference_index: VisualSampleEntryFields::DEFAULT_DATA_REFERENCE_INDEX,
            width,
            height,
            horizresolution: VisualSampleEntryFields::DEFAULT_HORIZRESOLUTION,
            vertresolution: VisualSampleEntryFields::DEFAULT_VERTRESOLUTION,
            frame_count: VisualSampleEntryFields::DEFAULT_FRAME_COUNT,
            compressorname: VisualSampleEntryFields::NULL_COMPRESSORNAME,
            depth: VisualSampleEntryFields::DEFAULT_DEPTH,
        },
        avcc_box: AvccBox {
            avc_profile_indication: 66,
            profile_compatibility: 0,
            avc_level_indication: 30,
            length_size_minus_one: Uint::new(3),
            sps_list: Vec::new(),
            pps_list: Vec::new(),
            chroma_format: None,
            bit_depth_luma_minus8: None,
            bit_depth_chroma_minus8: None,
            sps_ext_list: Vec::new(),
        },
        unknown_boxes: Vec::new(),
    })
}

/// Returns an MP4 file of ten frames, two per second. The tables with the positions of the frames stand before the
/// frames if `tables_first` is true, and after the frames otherwise.
fn clip(tables_first: bool) -> Vec<u8> {
    let reserved = if tables_first { estimate_maximum_moov_box_size(&[FRAMES]) } else { 0 };
    let options = Mp4FileMuxerOptions { reserved_moov_box_size: reserved, ..Default::default() };
    let mut muxer = Mp4FileMuxer::with_options(options).unwrap();
    let mut bytes = muxer.initial_boxes_bytes().to_vec();
    for frame in 0..FRAMES {
        let sample = Sample {
            track_kind: TrackKind::Video,
            sample_entry: (frame == 0).then(|| avc(1280, 720)),
            keyframe: true,
            timescale: NonZeroU32::new(1000).unwrap(),
            duration: 500,
            composition_time_offset: None,
            data_offset: bytes.len() as u64,
            data_size: FRAME.len(),
        };
        bytes.extend(FRAME);
        muxer.append_sample(&sample).unwrap();
    }
    for (at, part) in muxer.finalize().unwrap().offset_and_bytes_pairs() {
        let at = usize::try_from(at).unwrap();
        bytes.resize(bytes.len().max(at + part.len()), 0);
        bytes[at..at + part.len()].copy_from_slice(part);
    }
    bytes
}

fn read(bytes: &[u8]) -> Result<ClipFacts, ClipFault> {
    inspect(&mut Cursor::new(bytes))
}

fn kinds(bytes: &[u8]) -> Vec<String> {
    let tiles = tiles(&mut Cursor::new(bytes), bytes.len() as u64).unwrap();
    tiles.iter().map(|tile| tile.kind.escape_ascii().to_string()).collect()
}

const FACTS: ClipFacts =
    ClipFacts { duration: Duration::from_secs(5), width: 1280, height: 720, frames: 10, has_audio: false };

#[test]
fn length_and_size_are_read_in_both_layouts() {
    for tables_first in [true, false] {
        let bytes = clip(tables_first);
        let at = |kind: &str| kinds(&bytes).iter().position(|it| it == kind).unwrap();
        assert_eq!(at("moov") < at("mdat"), tables_first, "{:?}", kinds(&bytes));
        assert_eq!(read(&bytes).unwrap(), FACTS);
    }
}

#[test]
fn n16_a_clip_cut_anywhere_is_refused() {
    for tables_first in [true, false] {
        let whole = clip(tables_first);
        for length in 0..whole.len() {
            let fault = read(&whole[..length]).unwrap_err();
            let known = matches!(fault, ClipFault::CutOff(_)) || length == 0;
            assert!(known, "{length} of {} bytes, tables first: {tables_first}: {fault}", whole.len());
        }
    }
}

#[test]
fn n17_frames_that_the_file_does_not_hold_are_missed_even_if_the_boxes_tile() {
    let mut bytes = clip(true);
    let tiles = tiles(&mut Cursor::new(&bytes), bytes.len() as u64).unwrap();
    let data = usize::try_from(tiles.iter().find(|tile| tile.kind == *b"mdat").unwrap().at).unwrap();
    // A size of 0 lets the box of the frames end at the end of the file.
    bytes[data..data + 4].copy_from_slice(&[0; 4]);
    assert_eq!(read(&bytes).unwrap(), FACTS);
    bytes.truncate(bytes.len() - 1);
    assert_eq!(
        read(&bytes).unwrap_err().to_string(),
        "the clip is incomplete: a frame ends 1 bytes after the file"
    );
}

#[test]
fn bytes_after_the_last_box_are_no_part_of_a_clip() {
    let mut bytes = clip(false);
    bytes.extend(b"<!-- injected -->");
    assert!(matches!(read(&bytes), Err(ClipFault::CutOff(_))));
}

#[test]
fn what_is_no_clip_is_named() {
    assert!(matches!(read(b""), Err(ClipFault::Empty)));
    assert!(matches!(read(b"<html><body>Access denied</body></html>"), Err(ClipFault::WebPage)));
    assert!(matches!(read(b"\n{\"error\":{\"code\":\"1214\"}}"), Err(ClipFault::Json)));
    assert!(matches!(read(b"\x1aE\xdf\xa3 a film in another container"), Err(ClipFault::NotMp4)));
    assert!(matches!(read(&[0; 64]), Err(ClipFault::NotMp4)));
}

#[test]
fn a_box_of_impossible_size_ends_the_walk() {
    let mut bytes = clip(false);
    // The second box claims to be smaller than its own header.
    let second = usize::try_from(u32::from_be_bytes(bytes[..4].try_into().unwrap())).unwrap();
    bytes[second..second + 4].copy_from_slice(&[0, 0, 0, 4]);
    assert!(matches!(read(&bytes), Err(ClipFault::Damaged(_))));
}

#[test]
fn a_clip_in_fragments_is_read_too() {
    let mut muxer = Fmp4SegmentMuxer::new().unwrap();
    let sample = |first: bool| Sample {
        track_kind: TrackKind::Video,
        sample_entry: first.then(|| avc(640, 360)),
        duration: 500,
        timescale: NonZeroU32::new(1000).unwrap(),
        keyframe: true,
        composition_time_offset: None,
        data_offset: 0,
        data_size: FRAME.len(),
    };
    let mut fragments = Vec::new();
    for part in 0..4 {
        fragments.extend(muxer.create_media_segment_metadata(&[sample(part == 0)]).unwrap());
        fragments.extend(FRAME);
    }
    let mut bytes = muxer.init_segment_bytes().unwrap();
    bytes.extend(&fragments);
    let facts =
        ClipFacts { duration: Duration::from_secs(2), width: 640, height: 360, frames: 4, has_audio: false };
    assert_eq!(read(&bytes).unwrap(), facts);
    assert!(matches!(read(&bytes[..bytes.len() - 1]), Err(ClipFault::CutOff(_))));
}

proptest! {
    #[test]
    fn a_damaged_clip_is_read_without_a_panic(
        tables_first in any::<bool>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = clip(tables_first);
        // Most bytes are frame data, which is not read, so only the boxes are damaged.
        let boxes: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != FRAME[0]).collect();
        for (at, byte) in flips {
            bytes[*at.get(&boxes)] = byte;
        }
        let _ = read(&bytes);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
        let _ = read(&[b"\0\0\0\x10ftypisom\0\0\0\0".as_slice(), &bytes].concat());
    }
}

#[test]
fn frames_that_a_fragment_claims_are_counted_before_they_are_decoded() {
    let boxed = |kind: &Kind, inside: &[u8]| {
        let size = u32::try_from(inside.len() + 8).unwrap();
        [&size.to_be_bytes(), kind.as_slice(), inside].concat()
    };
    let run = |count: u32| boxed(b"trun", &[[0; 4], count.to_be_bytes()].concat());
    let track = boxed(b"traf", &[run(1 << 24), boxed(b"tfhd", &[0; 8]), run(7)].concat());
    let fragment = boxed(b"moof", &[track.clone(), track].concat());
    let path = [*b"moof", *b"traf", *b"trun"];
    assert_eq!(claimed(&fragment, &path), 2 * ((1 << 24) + 7));
    // The decoder refuses a box that is cut off.
    assert_eq!(claimed(&fragment[..fragment.len() - 1], &path), 0);
    assert_eq!(claimed(b"", &path), 0);
}
