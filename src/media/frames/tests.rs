//! Tests the measurements of clips with drawn clips that have one defect each, or nearly have one.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a drawn frame is small, and a wrapped level is as good as another"
)]

use super::*;
use ::image::{DynamicImage, ImageFormat, RgbImage};
use std::io::Cursor;

const FPS: f64 = 24.0;
const CUT: f64 = 10.0;

/// Returns one pixel of a drawn picture with large and small coloured shapes.
fn scene(column: usize, row: usize) -> [u8; 3] {
    let wave = |at: usize, long: f64| ((at as f64 / long).sin() * 50.0 + 120.0) as u8;
    let is_product = column.abs_diff(70) < 25 && row.abs_diff(50) < 22;
    if is_product { [200, 60, wave(row, 9.0)] } else { [wave(column, 31.0), wave(column + row, 17.0), 150] }
}

fn moved(by: usize) -> Frame {
    Frame::drawn(|column, row| scene((column + by).min(WIDTH - 1), row))
}

fn measured(frames: impl IntoIterator<Item = Frame>) -> Measures {
    let mut measuring = Measuring::new(FPS, CUT);
    frames.into_iter().for_each(|frame| measuring.add(frame));
    measuring.finish().unwrap()
}

/// Returns the frames of five seconds in which the picture moves sideways by one column every three frames.
fn panning() -> impl Iterator<Item = Frame> {
    (0..120).map(|at| moved(at / 3))
}

fn grey(level: u8) -> Frame {
    Frame::drawn(|_, _| [level; 3])
}

#[test]
fn a_frame_has_its_size_and_a_clip_without_frames_has_no_measures() {
    assert!(Frame::new(vec![0; BYTES - 1]).is_none());
    assert_eq!(Frame::new(vec![0; BYTES]), Some(grey(0)));
    assert!(Measuring::new(FPS, CUT).finish().is_none());
}

#[test]
fn a_moving_clip_shows_no_defect() {
    let measures = measured(panning());
    assert_eq!((measures.black, measures.still, measures.is_wholly_still), (0.0, 0.0, false));
    assert_eq!(measures.cuts, []);
    assert_eq!(measures.edges, Edge::default());
    assert!(measures.flicker.unwrap() < 0.8, "{:?}", measures.flicker);
    assert!((measures.seconds - 5.0).abs() < 1e-9);
    assert_eq!(measures.firsts, [moved(0), moved(2), moved(4)]);
    assert_eq!(measures.lasts, [moved(39), moved(37), moved(35)]);
}

#[test]
fn black_frames_are_counted_and_dark_ones_are_not() {
    let black = measured(panning().take(60).chain((0..60).map(|_| grey(20))));
    assert!((black.black - 2.5).abs() < 1e-9 && (black.black_share - 0.5).abs() < 1e-9);
    let dark = measured((0..48).map(|_| grey(26)));
    assert_eq!((dark.black, dark.black_share), (0.0, 0.0));
    // A light detail of three hundredths of the picture is enough.
    let lit = Frame::drawn(|column, row| if column < 16 && row < 30 { [200; 3] } else { [0; 3] });
    assert!(measured((0..24).map(|_| lit.clone())).black.abs() < f64::EPSILON);
    assert!((lit.dark_share() - 0.966_666).abs() < 1e-3);
}

#[test]
fn a_picture_that_stands_still_is_told_from_one_that_moves_slowly() {
    let frozen = measured((0..120).map(|_| moved(0)));
    assert!(frozen.is_wholly_still && frozen.still >= 4.5, "{}", frozen.still);
    // Noise of two levels does not count as movement.
    let noisy = |at: usize| {
        Frame::drawn(|column, row| scene(column, row).map(|part| part + ((at + column) % 3) as u8))
    };
    assert!(measured((0..120).map(noisy)).is_wholly_still);
    let half = measured((0..60).map(|_| moved(0)).chain((0..60).map(|at| moved(at / 2))));
    assert!(!half.is_wholly_still && (2.0..=3.0).contains(&half.still), "{}", half.still);
    // The picture moves by a column in half a second.
    assert!(measured((0..120).map(|at| moved(at / 12))).still.abs() < f64::EPSILON);
    // A small dark product on a dark ground: too few pixels change in half a second, but enough in a whole one.
    let dark = |by: usize| {
        Frame::drawn(
            |column, row| if (20 + by..60 + by).contains(&column) && row < 30 { [60; 3] } else { [24; 3] },
        )
    };
    let slow = measured((0..120).map(|at| dark(at / 12)));
    assert!(!slow.is_wholly_still && slow.still <= 0.5, "{}", slow.still);
    // The picture is still for two seconds.
    let rests = measured((0..120).map(|at| dark(at.min(72) / 12)));
    assert!((2.0..=2.5).contains(&rests.still), "{}", rests.still);
    // Only the end moves, after the last sample.
    let late = measured((0..119).map(|_| moved(0)).chain([moved(30)]));
    assert!(!late.is_wholly_still);
}

#[test]
fn bars_are_found_where_the_picture_has_none() {
    let boxed = |level: u8, rows: usize| {
        move |at: usize| {
            Frame::drawn(|column, row| {
                let is_bar = row < rows || row >= HEIGHT - rows;
                if is_bar { [level; 3] } else { scene((column + at / 3).min(WIDTH - 1), row) }
            })
        }
    };
    let letterboxed = measured((0..48).map(boxed(2, 6)));
    assert_eq!(letterboxed.edges.black, Bars { top: 6, bottom: 6, left: 0, right: 0 });
    assert!((letterboxed.edges.black.share() - 12.0 / 90.0).abs() < 1e-9);
    assert_eq!(measured((0..48).map(boxed(250, 9))).edges.white.top, 9);
    // A dark grey is a colour of the picture.
    assert_eq!(measured((0..48).map(boxed(45, 6))).edges, Edge::default());
    // One bar alone is part of the picture.
    let floor = |at: usize| {
        Frame::drawn(|column, row| if row > 80 { [0; 3] } else { scene((column + at).min(WIDTH - 1), row) })
    };
    assert_eq!(measured((0..48).map(floor)).edges, Edge::default());
    // A picture that gets darker towards its edges has no line.
    let vignette = |_| Frame::drawn(|_, row| [u8::try_from(row.min(HEIGHT - 1 - row) * 4).unwrap(); 3]);
    assert_eq!(measured((0..48).map(vignette)).edges.black, Bars::default());
    // Bars that exist only part of the time are part of the scene.
    assert_eq!(measured((0..48).map(boxed(2, 6)).chain(panning())).edges, Edge::default());
}

#[test]
fn what_is_between_bars_fills_a_frame() {
    let bars = Bars { top: 9, bottom: 9, left: 0, right: 0 };
    let inside = Frame::drawn(|_, row| if (9..81).contains(&row) { [90; 3] } else { [0; 3] }).without(bars);
    assert_eq!(inside, grey(90));
}

#[test]
fn a_cut_is_told_from_a_fast_pan() {
    let other =
        Frame::drawn(|column, row| scene(WIDTH - 1 - column, HEIGHT - 1 - row).map(|part| 255 - part));
    let cut = measured(panning().take(60).chain((0..60).map(|_| other.clone())));
    assert_eq!(cut.cuts.len(), 1, "{:?}", cut.cuts);
    assert!((cut.cuts[0].at - 2.5).abs() < 1e-9);
    assert_eq!(measured((0..40).map(|at| moved(at * 2))).cuts, []);
    // The clip fades within one second.
    let fade = (0..24).map(|at| {
        Frame::drawn(|column, row| scene(column, row).map(|part| (usize::from(part) * at / 24) as u8))
    });
    assert_eq!(measured(fade).cuts, []);
}

#[test]
fn flicker_is_told_from_a_fade() {
    let lit = |percent: usize| {
        Frame::drawn(|column, row| scene(column, row).map(|part| (usize::from(part) * percent / 100) as u8))
    };
    let flickering = measured((0..48).map(|at| lit(if at % 2 == 0 { 97 } else { 100 })));
    assert!(flickering.flicker.unwrap() >= 0.8, "{:?}", flickering.flicker);
    let fading = measured((0..48).map(|at| lit(50 + at)));
    assert!(fading.flicker.unwrap() < 0.8, "{:?}", fading.flicker);
    assert_eq!(measured([moved(0), moved(1)]).flicker, None);
}

#[test]
fn a_hash_tells_another_and_a_mirrored_picture_from_a_push_in() {
    let source = moved(0);
    let distance = |frame: &Frame| hash_distance(&source, frame);
    assert_eq!(distance(&source), 0);
    // The picture is three per cent closer, and a little lighter.
    let pushed =
        Frame::drawn(|column, row| scene(2 + column * 97 / 100, 1 + row * 97 / 100).map(|part| part + 6));
    assert!(distance(&pushed) <= 12, "{}", distance(&pushed));
    assert!(distance(&source.mirrored()) > 12, "{}", distance(&source.mirrored()));
    let other = Frame::drawn(|column, row| {
        [(column * row / 60) as u8, ((column / 20 + row / 20) % 2 * 200) as u8, 40]
    });
    assert!(distance(&other) > 12, "{}", distance(&other));
}

/// Tests a symmetric picture, in whose perceptual hash about half of the bits depend on noise alone.
#[test]
fn a_symmetric_picture_with_noise_is_the_picture() {
    let vase = |noise: usize| {
        Frame::drawn(move |column, row| {
            let inside = (column.abs_diff(80) * 2 + row.abs_diff(45)) < 60;
            let noise = ((column * 31 + row * 17) * noise % 7) as u8;
            if inside { [60 + noise; 3] } else { [235 - noise; 3] }
        })
    };
    assert_eq!(hash_distance(&vase(0), &vase(3)), 0);
}

#[test]
fn a_recoloured_product_is_told_from_another_light() {
    let source = moved(0);
    let recoloured = Frame::drawn(|column, row| {
        let [red, green, blue] = scene(column, row);
        [blue, red, green]
    });
    assert!(colour_difference(&source, &recoloured).unwrap() >= 6.0);
    let darker =
        Frame::drawn(|column, row| scene(column, row).map(|part| (usize::from(part) * 85 / 100) as u8));
    let difference = colour_difference(&source, &darker).unwrap();
    assert!(difference < 6.0, "{difference}");
    assert_eq!(colour_difference(&grey(90), &grey(180)), None);
}

/// Uses the pairs of colours and their differences in the test data of Sharma, Wu and Dalal (2005).
#[test]
fn the_difference_of_colours_is_that_of_the_standard() {
    let pairs = [
        ([50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485], 2.0425),
        ([50.0, -1.3802, -84.2814], [50.0, 0.0, -82.7485], 1.0000),
        ([50.0, 0.0, 0.0], [50.0, -1.0, 2.0], 2.3669),
        ([50.0, 2.49, -0.001], [50.0, -2.49, 0.0009], 7.1792),
        ([50.0, 2.5, 0.0], [73.0, 25.0, -18.0], 27.1492),
        ([60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644),
        ([2.0776, 0.0795, -1.135], [0.9033, -0.0636, -0.5514], 0.9082),
    ];
    for (one, other, difference) in pairs {
        assert!((ciede2000(one, other) - difference).abs() < 1e-4, "{one:?} {other:?}");
        assert!((ciede2000(other, one) - difference).abs() < 1e-4, "{other:?} {one:?}");
    }
    let white = lab([255.0; 3]);
    assert!((white[0] - 100.0).abs() < 0.01 && white[1].abs() < 0.01 && white[2].abs() < 0.01, "{white:?}");
}

#[test]
fn a_picture_is_fitted_whole_and_by_its_middle() {
    // The picture is wide: red, a green middle, blue.
    let wide = RgbImage::from_fn(640, 160, |column, _| {
        ::image::Rgb(if column < 240 {
            [200, 0, 0]
        } else if column < 400 {
            [0, 200, 0]
        } else {
            [0, 0, 200]
        })
    });
    let mut png = Vec::new();
    DynamicImage::ImageRgb8(wide).write_to(&mut Cursor::new(&mut png), ImageFormat::Png).unwrap();
    let picture = Picture::decode(&png, (1080, 1080)).unwrap();
    assert_eq!(picture.whole.pixel(2, 45), [200, 0, 0]);
    assert_eq!([2, 80, 157].map(|column| picture.covering.pixel(column, 45)), [[0, 200, 0]; 3]);
    assert!(Picture::decode(b"no picture", (16, 9)).is_none());
}
