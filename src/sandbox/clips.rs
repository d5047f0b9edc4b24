//! The pictures that the fake tasks make: a coloured clip with a moving block, and a cover in the same colour.
//!
//! Frames are uncompressed (H.264 `I_PCM`), so there are few of them: one a second, fewer where they are large.

use std::num::NonZeroU32;

use less_avc::LessEncoder;
use less_avc::nal_unit::NalUnit;
use less_avc::ycbcr_image::{DataPlane, Planes, YCbCrImage};
use sha2::{Digest, Sha256};
use shiguredo_mp4::boxes::{Avc1Box, AvccBox, SampleEntry, VisualSampleEntryFields};
use shiguredo_mp4::mux::{Mp4FileMuxer, Mp4FileMuxerOptions, Sample, estimate_maximum_moov_box_size};
use shiguredo_mp4::{TrackKind, Uint};

/// What to draw.
pub(super) struct Picture {
    /// The colour follows from this.
    pub(super) task: String,
    /// Pixels, even.
    pub(super) width: u32,
    /// Pixels, even.
    pub(super) height: u32,
    pub(super) seconds: u32,
}

/// Frames of a clip together, unless one alone is larger.
const FRAME_BYTES: u32 = 8 * 1024 * 1024;
const TIMESCALE: NonZeroU32 = NonZeroU32::new(1000).expect("1000 is not zero");

/// An MP4 with its index in front. The same picture always gives the same bytes.
pub(super) fn clip(picture: &Picture) -> Vec<u8> {
    let mut canvas = Canvas::new(picture);
    let frame_bytes = picture.width * picture.height * 3 / 2;
    let count = (FRAME_BYTES / frame_bytes).clamp(1, picture.seconds);
    let (first, mut encoder) =
        LessEncoder::new(&canvas.frame(0, count)).expect("an even size and planes of whole macroblocks");
    let mut entry = Some(sample_entry(picture, &first.sps, &first.pps));
    let mut muxer = Mp4FileMuxer::with_options(Mp4FileMuxerOptions {
        reserved_moov_box_size: estimate_maximum_moov_box_size(&[count as usize]),
        ..Mp4FileMuxerOptions::default()
    })
    .expect("the reserved size is small");
    let mut file = muxer.initial_boxes_bytes().to_vec();
    let mut frame = first.frame;
    for index in 0..count {
        if index > 0 {
            frame = encoder.encode(&canvas.frame(index, count)).expect("all frames have one size");
        }
        let unit = frame.to_nal_unit();
        let start = file.len();
        file.extend(u32::try_from(unit.len()).expect("a frame is below 4 GiB").to_be_bytes());
        file.extend(&unit);
        let at = |index: u32| index * picture.seconds * TIMESCALE.get() / count;
        let sample = Sample {
            track_kind: TrackKind::Video,
            sample_entry: entry.take(),
            keyframe: true,
            timescale: TIMESCALE,
            duration: at(index + 1) - at(index),
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

fn sample_entry(picture: &Picture, sps: &NalUnit, pps: &NalUnit) -> SampleEntry {
    let side = |pixels: u32| u16::try_from(pixels).expect("no order is wider or higher than 4096");
    let sps = sps.to_nal_unit();
    SampleEntry::Avc1(Avc1Box {
        visual: VisualSampleEntryFields {
            data_reference_index: VisualSampleEntryFields::DEFAULT_DATA_REFERENCE_INDEX,
            width: side(picture.width),
            height: side(picture.height),
            horizresolution: VisualSampleEntryFields::DEFAULT_HORIZRESOLUTION,
            vertresolution: VisualSampleEntryFields::DEFAULT_VERTRESOLUTION,
            frame_count: VisualSampleEntryFields::DEFAULT_FRAME_COUNT,
            compressorname: VisualSampleEntryFields::NULL_COMPRESSORNAME,
            depth: VisualSampleEntryFields::DEFAULT_DEPTH,
        },
        avcc_box: AvccBox {
            // The three bytes after the unit's own header byte.
            avc_profile_indication: sps[1],
            profile_compatibility: sps[2],
            avc_level_indication: sps[3],
            length_size_minus_one: Uint::new(3),
            sps_list: vec![sps],
            pps_list: vec![pps.to_nal_unit()],
            chroma_format: None,
            bit_depth_luma_minus8: None,
            bit_depth_chroma_minus8: None,
            sps_ext_list: vec![],
        },
        unknown_boxes: vec![],
    })
}

/// The three planes of a frame, as wide and high as whole macroblocks of 16 pixels.
struct Canvas {
    width: u32,
    height: u32,
    stride: usize,
    rows: usize,
    colour: Colour,
    luma: Vec<u8>,
    blue: Vec<u8>,
    red: Vec<u8>,
}

impl Canvas {
    fn new(picture: &Picture) -> Self {
        let stride = picture.width.next_multiple_of(16) as usize;
        let rows = picture.height.next_multiple_of(16) as usize;
        let colour = Colour::of(&picture.task);
        Self {
            width: picture.width,
            height: picture.height,
            stride,
            rows,
            luma: vec![colour.luma; stride * rows],
            blue: vec![colour.blue; stride * rows / 4],
            red: vec![colour.red; stride * rows / 4],
            colour,
        }
    }

    /// A bright block in the middle of the height; it crosses the width once in the course of the clip.
    fn frame(&mut self, index: u32, count: u32) -> YCbCrImage<'_> {
        let side = self.width.min(self.height) / 4;
        let left = (self.width - side) * index / count.saturating_sub(1).max(1);
        let top = (self.height - side) / 2;
        self.luma.fill(self.colour.luma);
        for row in
            self.luma.chunks_exact_mut(self.stride).take(self.rows).skip(top as usize).take(side as usize)
        {
            row[left as usize..(left + side) as usize].fill(235);
        }
        let plane = |data, stride| DataPlane { data, stride, bit_depth: less_avc::BitDepth::Depth8 };
        YCbCrImage {
            planes: Planes::YCbCr((
                plane(&self.luma, self.stride),
                plane(&self.blue, self.stride / 2),
                plane(&self.red, self.stride / 2),
            )),
            width: self.width,
            height: self.height,
        }
    }
}

struct Colour {
    luma: u8,
    blue: u8,
    red: u8,
}

impl Colour {
    /// Neither too dark nor as bright as the block.
    fn of(task: &str) -> Self {
        let dice = Sha256::digest(task);
        Self { luma: 80 + dice[0] % 80, blue: 64 + dice[1] % 128, red: 64 + dice[2] % 128 }
    }

    /// Red, green and blue, by the integer form of BT.601.
    fn rgb(&self) -> [u8; 3] {
        let luma = 298 * (i32::from(self.luma) - 16) + 128;
        let (blue, red) = (i32::from(self.blue) - 128, i32::from(self.red) - 128);
        let channel = |sum: i32| u8::try_from((sum >> 8).clamp(0, 255)).expect("clamped to a byte");
        [channel(luma + 409 * red), channel(luma - 100 * blue - 208 * red), channel(luma + 516 * blue)]
    }
}

/// A PNG of 16 × 9 pixels in the clip's colour.
pub(super) fn cover(picture: &Picture) -> Vec<u8> {
    const WIDTH: u8 = 16;
    const HEIGHT: u8 = 9;
    // Per row: no filter, then one byte per pixel, all of them the first colour of the palette.
    let pixels = vec![0; usize::from(HEIGHT) * (1 + usize::from(WIDTH))];
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    // Width, height, 8 bits, palette, and the only methods there are.
    chunk(&mut png, *b"IHDR", &[0, 0, 0, WIDTH, 0, 0, 0, HEIGHT, 8, 3, 0, 0, 0]);
    chunk(&mut png, *b"PLTE", &Colour::of(&picture.task).rgb());
    chunk(&mut png, *b"IDAT", &stored(&pixels));
    chunk(&mut png, *b"IEND", &[]);
    png
}

fn chunk(png: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    png.extend(u32::try_from(data.len()).expect("a cover's chunks are small").to_be_bytes());
    let start = png.len();
    png.extend(kind);
    png.extend(data);
    let crc = !png[start..].iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
    });
    png.extend(crc.to_be_bytes());
}

/// A zlib stream of one stored block, which holds at most 65,535 bytes.
fn stored(data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).expect("a cover's pixels fit one block");
    let mut stream = vec![0x78, 0x01, 0x01];
    stream.extend(length.to_le_bytes());
    stream.extend((!length).to_le_bytes());
    stream.extend(data);
    let (low, high) = data.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    stream.extend((high << 16 | low).to_be_bytes());
    stream
}
