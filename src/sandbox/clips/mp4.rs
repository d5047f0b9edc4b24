//! Packs frames as an MP4 file with its index at the front.

use std::num::NonZeroU32;

use shiguredo_mp4::boxes::{Avc1Box, AvccBox, SampleEntry, VisualSampleEntryFields};
use shiguredo_mp4::mux::{Mp4FileMuxer, Mp4FileMuxerOptions, Sample, estimate_maximum_moov_box_size};
use shiguredo_mp4::{TrackKind, Uint};

use super::h264;

/// Packs frames, each of one or more NAL units. There must be at least one frame, and only the first is a key frame.
///
/// Width and height are even numbers of pixels up to 4,096.
pub(super) fn pack(size: (u32, u32), fps: NonZeroU32, frames: &[Vec<Vec<u8>>]) -> Vec<u8> {
    let mut entry = Some(sample_entry(size, fps));
    let mut muxer = Mp4FileMuxer::with_options(Mp4FileMuxerOptions {
        reserved_moov_box_size: estimate_maximum_moov_box_size(&[frames.len()]),
        ..Mp4FileMuxerOptions::default()
    })
    .expect("the reserved size is small");
    let mut file = muxer.initial_boxes_bytes().to_vec();
    for (index, units) in frames.iter().enumerate() {
        let start = file.len();
        for unit in units {
            file.extend(u32::try_from(unit.len()).expect("a frame is below 4 GiB").to_be_bytes());
            file.extend(unit);
        }
        let sample = Sample {
            track_kind: TrackKind::Video,
            sample_entry: entry.take(),
            keyframe: index == 0,
            timescale: fps,
            duration: 1,
            composition_time_offset: None,
            data_offset: start as u64,
            data_size: file.len() - start,
        };
        muxer.append_sample(&sample).expect("samples follow each other without a gap");
    }
    let boxes = muxer.finalize().expect("there is at least one sample");
    for (offset, bytes) in boxes.offset_and_bytes_pairs() {
        let offset = usize::try_from(offset).expect("the file is in memory");
        let end = offset + bytes.len();
        if file.len() < end {
            file.resize(end, 0);
        }
        file[offset..end].copy_from_slice(bytes);
    }
    file
}

/// Returns the description of the video track that a player needs before the first frame.
fn sample_entry((width, height): (u32, u32), fps: NonZeroU32) -> SampleEntry {
    let sequence = h264::sequence((width, height), fps.get());
    let side = |pixels: u32| u16::try_from(pixels).expect("no order is wider or higher than 4096");
    SampleEntry::Avc1(Avc1Box {
        visual: VisualSampleEntryFields {
            data_reference_index: VisualSampleEntryFields::DEFAULT_DATA_REFERENCE_INDEX,
            width: side(width),
            height: side(height),
            horizresolution: VisualSampleEntryFields::DEFAULT_HORIZRESOLUTION,
            vertresolution: VisualSampleEntryFields::DEFAULT_VERTRESOLUTION,
            frame_count: VisualSampleEntryFields::DEFAULT_FRAME_COUNT,
            compressorname: VisualSampleEntryFields::NULL_COMPRESSORNAME,
            depth: VisualSampleEntryFields::DEFAULT_DEPTH,
        },
        avcc_box: AvccBox {
            avc_profile_indication: h264::PROFILE,
            profile_compatibility: h264::CONSTRAINTS,
            // The unit's header byte, the profile and the constraints come first.
            avc_level_indication: sequence[3],
            length_size_minus_one: Uint::new(3),
            sps_list: vec![sequence],
            pps_list: vec![h264::picture()],
            chroma_format: None,
            bit_depth_luma_minus8: None,
            bit_depth_chroma_minus8: None,
            sps_ext_list: vec![],
        },
        unknown_boxes: vec![],
    })
}
