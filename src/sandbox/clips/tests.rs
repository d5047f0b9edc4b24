use std::io::Cursor;

use image::codecs::png::PngEncoder;
use image::{ImageEncoder, ImageFormat, Rgb, RgbImage};
use sha2::{Digest, Sha256};
use shiguredo_mp4::boxes::SampleEntry;
use shiguredo_mp4::demux::{Input, Mp4FileDemuxer};

use super::super::images::hex;
use super::photo::Photo;
use super::*;

fn picture((width, height): (u32, u32), seconds: u32, fps: u32) -> Picture {
    Picture {
        task: "1700000000000000001".to_owned(),
        subject: "MUG-0042".to_owned(),
        model: "cogvideox-3".to_owned(),
        prompt: "Slow push-in on the stoneware mug on an oak table, steam rising, soft window light from the \
                 left, shallow depth of field; the crème glaze glows, the camera stops when the handle fills a third."
            .to_owned(),
        caption: Some(Caption {
            item: "MUG-0042".to_owned(),
            title: "Stoneware mug “Café crème”, 350 ml".to_owned(),
            shot: "hero".to_owned(),
        }),
        width,
        height,
        seconds,
        fps: NonZeroU32::new(fps).unwrap(),
        first: None,
        last: None,
        defect: None,
    }
}

/// Returns the parts of a clip that an MP4 reader finds: the width and height, the frame rate, and the bytes of each
/// frame.
fn read(file: &[u8]) -> ((u32, u32), u32, Vec<Vec<u8>>) {
    let mut demuxer = Mp4FileDemuxer::new();
    demuxer.handle_input(Input { position: 0, data: file });
    let track = demuxer.tracks().unwrap()[0].clone();
    let (mut size, mut samples) = ((0, 0), Vec::new());
    while let Some(sample) = demuxer.next_sample().unwrap() {
        assert_eq!(sample.keyframe, samples.is_empty());
        assert_eq!(sample.duration, 1);
        if let Some(SampleEntry::Avc1(entry)) = sample.sample_entry {
            size = (entry.visual.width.into(), entry.visual.height.into());
        }
        let start = usize::try_from(sample.data_offset).unwrap();
        samples.push(file[start..start + sample.data_size].to_vec());
    }
    assert_eq!(track.duration, samples.len() as u64);
    (size, track.timescale.get(), samples)
}

#[test]
fn a_clip_has_the_ordered_size_rate_and_duration_and_few_bytes() {
    let table = [
        ((64, 64), 10, 1, 6_000),
        ((720, 480), 4, 24, 100_000),
        ((1280, 720), 4, 24, 120_000),
        ((720, 1280), 4, 24, 100_000),
        ((1024, 1024), 5, 30, 200_000),
        ((1920, 1080), 5, 24, 200_000),
        ((3250, 1080), 5, 60, 400_000),
        ((3840, 2160), 10, 24, 600_000),
    ];
    for (size, seconds, fps, most) in table {
        let clip = clip(&picture(size, seconds, fps));
        let (read, rate, samples) = read(&clip);
        assert_eq!((read, rate, samples.len()), (size, fps, (seconds * fps) as usize));
        assert!(clip.len() < most, "{size:?} for {seconds} s takes {} bytes", clip.len());
        let (index, frames) = (position(&clip, *b"moov"), position(&clip, *b"mdat"));
        assert!(index < frames, "{size:?}: the index is at {index:?}, the frames at {frames:?}");
    }
}

fn position(file: &[u8], kind: [u8; 4]) -> Option<usize> {
    file.windows(4).position(|window| window == kind)
}

#[test]
fn every_frame_shows_a_change() {
    for (size, fps) in [((64, 64), 1), ((1280, 720), 24)] {
        let (_, _, samples) = read(&clip(&picture(size, 5, fps)));
        // A slice without changes has only a few bytes: the header and one count.
        assert!(samples.iter().all(|sample| sample.len() > 16), "{size:?}");
        let scene = Scene::new(&picture(size, 5, fps), size.1);
        let frames = [scene.frame(0, 5 * fps), scene.frame(5 * fps - 1, 5 * fps)];
        let differs = |row| frames[0].band(row) != frames[1].band(row);
        assert!((0..frames[0].rows).any(differs), "{size:?}: the last frame is the first");
    }
}

#[test]
fn what_a_clip_shows_decides_its_bytes_and_each_part_of_it_counts() {
    let size = (1280, 720);
    let first = clip(&picture(size, 4, 24));
    assert_eq!(clip(&picture(size, 4, 24)), first);
    let usual = || picture(size, 4, 24);
    let others = [
        Picture { task: "1700000000000000002".to_owned(), ..usual() },
        Picture { model: "viduq1-text".to_owned(), ..usual() },
        Picture { prompt: "Slow pull-out".to_owned(), ..usual() },
        Picture { caption: None, ..usual() },
        Picture { subject: "MUG-0043".to_owned(), ..usual() },
    ];
    for (index, other) in others.iter().enumerate() {
        assert_ne!(clip(other), first, "change {index} makes no difference");
    }
}

#[test]
fn an_accidental_change_of_the_bytes_shows() {
    let start = |bytes: &[u8]| hex(&Sha256::digest(bytes)[..8]);
    let table = [
        (clip(&picture((64, 64), 4, 1)), "99b63239fe130f57"),
        (clip(&picture((720, 480), 1, 24)), "8ac9133b45b559ce"),
        (cover(&picture((720, 480), 1, 24)), "264894a1338959c2"),
    ];
    // After an intended change, look at a clip, compare it in another decoder, and write the new digests here.
    assert_eq!(table.each_ref().map(|(file, _)| start(file)), table.each_ref().map(|(_, digest)| *digest));
}

#[test]
fn a_cover_is_a_small_png_in_the_shape_of_the_clip() {
    for (size, expected) in [((1280, 720), (320, 180)), ((1080, 1920), (135, 240)), ((64, 64), (16, 16))] {
        let cover = cover(&picture(size, 4, 24));
        let read = imagesize::blob_size(&cover).unwrap();
        assert_eq!((read.width, read.height), expected);
        assert!(cover.len() < 24_000, "{size:?} takes {} bytes", cover.len());
    }
}

#[test]
fn the_level_is_the_lowest_that_takes_the_frames() {
    let table =
        [(16, 1, 10), (3600, 24, 31), (8160, 24, 40), (8160, 60, 42), (32_400, 24, 51), (32_400, 60, 52)];
    for (macroblocks, fps, expected) in table {
        assert_eq!(h264::level(macroblocks, fps), expected, "{macroblocks} at {fps}");
    }
}

/// Returns a picture like a product photo: a red disc on a pale background, a little left of the centre.
fn shot((width, height): (u32, u32)) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (dx, dy) = (x.abs_diff(width * 2 / 5), y.abs_diff(height / 2));
        Rgb(if dx * dx + dy * dy < height * height / 9 { [190, 40, 30] } else { [226, 222, 214] })
    })
}

fn file(picture: &RgbImage) -> Source {
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png).unwrap();
    Source::File(png.into_inner())
}

fn pictured(size: (u32, u32), seconds: u32, fps: u32) -> Picture {
    Picture { first: Some(file(&shot((800, 600)))), ..picture(size, seconds, fps) }
}

/// Returns the mean difference of all colour values of two pictures.
fn difference(one: &RgbImage, other: &RgbImage) -> u64 {
    assert_eq!(one.dimensions(), other.dimensions());
    let parts = one.as_raw().iter().zip(other.as_raw());
    parts.map(|(one, other)| u64::from(one.abs_diff(*other))).sum::<u64>() / one.as_raw().len() as u64
}

#[test]
fn a_clip_with_a_picture_has_the_ordered_size_rate_and_duration_and_few_bytes() {
    let table = [
        ((64, 64), 4, 1, 4_000),
        ((1280, 720), 4, 24, 300_000),
        ((720, 1280), 4, 24, 300_000),
        ((1920, 1080), 5, 24, 700_000),
        ((1440, 1080), 5, 30, 700_000),
    ];
    for (size, seconds, fps, most) in table {
        let clip = clip(&pictured(size, seconds, fps));
        let (read, rate, samples) = read(&clip);
        assert_eq!((read, rate, samples.len()), (size, fps, (seconds * fps) as usize));
        assert!(clip.len() < most, "{size:?} for {seconds} s takes {} bytes", clip.len());
    }
}

#[test]
fn the_cover_of_a_clip_with_a_picture_is_that_picture_cropped_around_its_middle() {
    // The second picture has extra rows above and below, which must be cropped.
    let whole = shot((640, 360));
    let tall = RgbImage::from_fn(640, 480, |x, y| match y.checked_sub(60) {
        Some(y) if y < 360 => *whole.get_pixel(x, y),
        _ => Rgb([0, 0, 255]),
    });
    let cover = |first| cover(&Picture { first: Some(first), ..picture((1280, 720), 4, 24) });
    let cover = |first| image::load_from_memory(&cover(first)).unwrap().into_rgb8();
    let expected = image::imageops::thumbnail(&whole, 320, 180);
    for first in [&whole, &tall] {
        let shown = cover(file(first));
        assert!(difference(&shown, &expected) < 6, "{}", difference(&shown, &expected));
    }
    // A file that cannot be decoded, or an address, gives a product that depends on the bytes or the address.
    let broken = |byte| cover(Source::File(vec![byte; 9]));
    let address = |name: &str| cover(Source::Address(format!("https://shop.test/{name}.jpg")));
    assert_eq!((broken(1), address("a")), (broken(1), address("a")));
    assert!(difference(&broken(1), &broken(2)) > 6);
    assert!(difference(&address("a"), &address("b")) > 6);
}

#[test]
fn transparent_parts_are_white_and_sixteen_bits_and_grey_are_taken() {
    let mut png = Vec::new();
    let clear = [9_u8, 9, 9, 0].repeat(16 * 16);
    PngEncoder::new(&mut png).write_image(&clear, 16, 16, image::ExtendedColorType::Rgba8).unwrap();
    let white = Source::File(png).picture((8, 8));
    assert!(white.as_raw().iter().all(|part| *part == 255));
    let mut png = Vec::new();
    let grey: Vec<u8> = std::iter::repeat_n(0x8000_u16.to_ne_bytes(), 16 * 16).flatten().collect();
    PngEncoder::new(&mut png).write_image(&grey, 16, 16, image::ExtendedColorType::L16).unwrap();
    let grey = Source::File(png).picture((8, 8));
    assert!(grey.as_raw().iter().all(|part| part.abs_diff(128) <= 1));
}

#[test]
fn the_photo_of_a_picture_is_that_picture() {
    let drawn = shot((320, 184));
    let mut photo = Photo::black(40, 23);
    photo.put(&drawn, 0..23);
    let shown = photo.small((640, 368), 320);
    assert!(difference(&shown, &drawn) < 3, "{}", difference(&shown, &drawn));
    let mut turned = photo.clone();
    turned.recolour();
    assert!(difference(&turned.small((640, 368), 320), &drawn) > 10);
}

#[test]
fn the_same_order_without_and_with_each_defect_has_other_bytes() {
    let sound = clip(&pictured((320, 180), 2, 24));
    assert_eq!(clip(&pictured((320, 180), 2, 24)), sound);
    let flawed = |defect| Picture { defect: Some(defect), ..pictured((320, 180), 2, 24) };
    let clips = DEFECTS.map(|defect| clip(&flawed(defect)));
    for (index, flawed) in clips.iter().enumerate() {
        assert!(*flawed != sound && !clips[..index].contains(flawed), "{:?}", DEFECTS[index]);
        assert_eq!(read(flawed).2.len(), 48);
    }
}

const DEFECTS: [Defect; 6] = [
    Defect::Recoloured,
    Defect::WrongProduct,
    Defect::Frozen,
    Defect::Black,
    Defect::Letterboxed,
    Defect::Cut,
];

#[test]
fn a_frozen_clip_holds_nothing_after_its_first_frame() {
    for first in [None, Some(file(&shot((640, 360))))] {
        let is_pictured = first.is_some();
        let frozen = Picture { defect: Some(Defect::Frozen), first, ..picture((640, 360), 2, 24) };
        let (_, _, samples) = read(&clip(&frozen));
        assert!(samples[1..].iter().all(|sample| sample.len() < 16), "with a picture: {is_pictured}");
        assert!(samples[0].len() > 1_000);
    }
}
