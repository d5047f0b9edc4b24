use super::*;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{ExtendedColorType, ImageEncoder as _, ImageFormat, Rgb, RgbImage, RgbaImage};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::io::Cursor;

/// The number of test pictures, each of which is compared with its own encodings and with an edited copy.
const PICTURES: u64 = 12;

/// A product on a soft background: a few shapes of strong colours, a texture, and a label of letters.
struct Scene {
    pixels: RgbImage,
    /// The shape that an edit may recolour: its left, top, width and height in pixels.
    shape: (u32, u32, u32, u32),
    label: (u32, u32),
    color: Rgb<u8>,
}

const SIZES: [(u32, u32); 5] = [(640, 480), (480, 640), (500, 500), (721, 403), (360, 480)];

fn scene(seed: u64) -> Scene {
    let mut random = StdRng::seed_from_u64(seed);
    let (width, height) = SIZES[usize::try_from(seed).unwrap() % SIZES.len()];
    let mut any = |from: u32, to: u32| random.random_range(from..to);
    let corner: [u32; 3] = [any(120, 256), any(120, 256), any(120, 256)];
    let (slope, grain) = (any(0, 90), any(1, 14));
    let mut pixels = RgbImage::from_fn(width, height, |x, y| {
        let shade = slope * (x + y) / (width + height);
        Rgb(corner.map(|part| u8::try_from((part - shade.min(part)).min(255)).unwrap()))
    });
    for (x, y, pixel) in pixels.enumerate_pixels_mut() {
        let noise = ((x * 7919) ^ (y * 10_473)).wrapping_mul(2_654_435_761) >> 16;
        *pixel = Rgb(pixel.0.map(|part| part.saturating_sub(u8::try_from(noise % grain).unwrap())));
    }
    let mut color = Rgb([0; 3]);
    let mut shape = (0, 0, 0, 0);
    for _ in 0..6 {
        shape = (any(0, width * 3 / 4), any(0, height / 2), any(24, width / 4), any(24, height / 4));
        color = Rgb([any(0, 256), any(0, 256), any(0, 256)].map(|part| u8::try_from(part).unwrap()));
        fill(&mut pixels, shape, color);
    }
    let label = (any(8, width / 3), height * 4 / 5);
    write(&mut pixels, label, "4711", Rgb([20, 20, 24]));
    Scene { pixels, shape, label, color }
}

fn fill(pixels: &mut RgbImage, (left, top, width, height): (u32, u32, u32, u32), color: Rgb<u8>) {
    for y in top..(top + height).min(pixels.height()) {
        for x in left..(left + width).min(pixels.width()) {
            pixels.put_pixel(x, y, color);
        }
    }
}

/// Draws digits of three by five squares, each of five pixels.
fn write(pixels: &mut RgbImage, (left, top): (u32, u32), text: &str, color: Rgb<u8>) {
    for (number, digit) in (0..).zip(text.bytes()) {
        let rows: [u8; 5] = match digit {
            b'1' => [2, 6, 2, 2, 7],
            b'4' => [5, 5, 7, 1, 1],
            b'7' => [7, 1, 2, 2, 2],
            b'8' => [7, 5, 7, 5, 7],
            _ => [7; 5],
        };
        for (y, row) in (0..).zip(rows) {
            for x in (0..3).filter(|x| row & (4 >> x) != 0) {
                fill(pixels, (left + number * 20 + x * 5, top + y * 5, 5, 5), color);
            }
        }
    }
}

fn png(pixels: &RgbImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    pixels.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn webp(pixels: &RgbImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    pixels.write_to(&mut bytes, ImageFormat::WebP).unwrap();
    bytes.into_inner()
}

fn jpeg(pixels: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    encoder.write_image(pixels, pixels.width(), pixels.height(), ExtendedColorType::Rgb8).unwrap();
    bytes
}

fn scaled(pixels: &RgbImage, percent: u32) -> RgbImage {
    let [width, height] = [pixels.width(), pixels.height()].map(|side| (side * percent + 50) / 100);
    DynamicImage::from(pixels.clone()).resize_exact(width, height, FilterType::Lanczos3).into_rgb8()
}

/// Returns the picture in five other encodings, as shops and their tools make them.
fn encodings(pixels: &RgbImage) -> [Vec<u8>; 5] {
    [
        jpeg(pixels, 90),
        jpeg(pixels, 75),
        webp(pixels),
        jpeg(&scaled(pixels, 90), 85),
        png(&scaled(pixels, 120)),
    ]
}

/// Returns the picture after an edit that would require a new clip.
fn edited(Scene { pixels, shape, label, color }: &Scene, number: u64) -> RgbImage {
    let mut edited = pixels.clone();
    let Rgb([red, green, blue]) = *color;
    match number % 6 {
        0 => fill(&mut edited, *shape, Rgb([blue.wrapping_add(60), red, green.wrapping_add(90)])),
        // A detail of twelve pixels.
        1 => fill(&mut edited, (shape.0 + 6, shape.1 + 6, 12, 12), Rgb([255 - red, green, 255 - blue])),
        2 => fill(&mut edited, (label.0 + 90, label.1 - 30, 14, 14), Rgb([200, 20, 30])),
        3 => write(&mut edited, *label, "4781", Rgb([20, 20, 24])),
        4 => {
            let (width, height) = (pixels.width() * 24 / 25, pixels.height() * 24 / 25);
            edited = image::imageops::crop_imm(pixels, 0, 0, width, height).to_image();
        }
        _ => image::imageops::flip_horizontal_in_place(&mut edited),
    }
    edited
}

/// Compares the signature of a test picture with those of its five encodings and of its edited copy.
///
/// Each result has the greatest difference in a cell, and the greatest sum of differences in a plane (the values of one
/// property, such as the brightness, in all cells).
fn compared(number: u64) -> ([(u8, u32); 5], (u8, u32)) {
    let scene = scene(number);
    let own = signature(&jpeg(&scene.pixels, 95)).unwrap();
    let compare = |bytes: &[u8], is_same: bool| {
        let other = signature(bytes).unwrap();
        let difference = own.difference(&other).unwrap();
        assert_eq!(own.is_same(&other), is_same, "picture {number}: {difference:?}");
        difference
    };
    let encodings = encodings(&scene.pixels).map(|bytes| compare(&bytes, true));
    (encodings, compare(&jpeg(&edited(&scene, number), 95), false))
}

#[test]
fn re_encoded_pictures_are_alike_and_edited_ones_are_not() {
    let half = |start: u64| move || (start..PICTURES).step_by(2).map(compared).collect::<Vec<_>>();
    let threads = [0, 1].map(half).map(std::thread::spawn);
    let compared = threads.into_iter().flat_map(|thread| thread.join().unwrap());
    let (mut cell, mut sums, mut least) = (0, 0, u8::MAX);
    for (encodings, edit) in compared {
        for (greatest, sum) in encodings {
            (cell, sums) = (cell.max(greatest), sums.max(sum));
        }
        least = least.min(edit.0);
    }
    // These figures justify the thresholds.
    assert!(cell <= 4 && sums < 1024 && least >= 12, "{cell}, {sums}, {least}");
}

#[test]
fn a_picture_that_becomes_a_little_darker_all_over_is_edited() {
    let Scene { pixels, .. } = scene(3);
    let darker = DynamicImage::from(pixels.clone()).brighten(-6).into_rgb8();
    let [one, two] = [&pixels, &darker].map(|pixels| signature(&png(pixels)).unwrap());
    assert!(!one.is_same(&two), "{:?}", one.difference(&two));
}

#[test]
fn a_turned_picture_is_the_same_as_one_that_is_stored_as_it_is_shown() {
    let Scene { pixels, .. } = scene(4);
    let upright = signature(&png(&pixels)).unwrap();
    for (orientation, stored) in [
        (6, image::imageops::rotate270(&pixels)),
        (8, image::imageops::rotate90(&pixels)),
        (3, image::imageops::rotate180(&pixels)),
        (2, image::imageops::flip_horizontal(&pixels)),
    ] {
        let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
        exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
        let plain = jpeg(&stored, 95);
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        let turned = [&b"\xff\xd8\xff\xe1"[..], &length, &exif, &plain[2..]].concat();
        assert!(upright.is_same(&signature(&turned).unwrap()), "{orientation}");
        // Without its EXIF data the picture is displayed differently.
        assert!(!upright.is_same(&signature(&plain).unwrap()), "{orientation}");
    }
}

#[test]
fn opacity_counts_and_an_opaque_channel_does_not() {
    let Scene { pixels, .. } = scene(5);
    let encoded = |pixels: &RgbaImage| {
        let mut bytes = Cursor::new(Vec::new());
        pixels.write_to(&mut bytes, ImageFormat::Png).unwrap();
        signature(&bytes.into_inner()).unwrap()
    };
    let opaque = DynamicImage::from(pixels.clone()).into_rgba8();
    let plain = signature(&png(&pixels)).unwrap();
    assert!(plain.is_same(&encoded(&opaque)));
    let mut clear = opaque.clone();
    clear.pixels_mut().take(20_000).for_each(|pixel| pixel.0[3] = 0);
    assert!(!plain.is_same(&encoded(&clear)));
    // White must differ from transparent.
    let mut white = clear.clone();
    white.pixels_mut().take(10_000).for_each(|pixel| pixel.0 = [255; 4]);
    assert!(!encoded(&white).is_same(&encoded(&clear)));
    assert!(encoded(&clear).is_same(&encoded(&clear)));
}

#[test]
fn what_cannot_be_decoded_has_no_signature() {
    let whole = png(&scene(6).pixels);
    assert!(signature(&whole).is_some());
    let mut damaged = whole.clone();
    damaged[60..80].fill(0);
    assert_eq!(signature(&damaged), None);
    assert_eq!(signature(&whole[..whole.len() / 2]), None);
    assert_eq!(signature(b"GIF89a"), None);
    assert_eq!(signature(&png(&RgbImage::new(31, 400))), None);
}
