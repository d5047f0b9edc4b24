#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a drawn frame is small, and a wrapped level is as good as another"
)]
use super::*;
use crate::media::frames::{HEIGHT, Measuring, WIDTH};

/// Returns the colour of a pixel in the test picture, which shows a coloured product on a coloured background.
fn scene(column: usize, row: usize) -> [u8; 3] {
    let wave = |at: usize, long: f64| ((at as f64 / long).sin() * 50.0 + 120.0) as u8;
    let is_product = column.abs_diff(70) < 25 && row.abs_diff(50) < 22;
    if is_product { [200, 60, wave(row, 9.0)] } else { [wave(column, 31.0), wave(column + row, 17.0), 150] }
}

fn picture(mut pixel: impl FnMut(usize, usize) -> [u8; 3]) -> Picture {
    let frame = Frame::drawn(&mut pixel);
    Picture { whole: frame.clone(), covering: frame }
}

fn moving(pixel: impl Fn(usize, usize) -> [u8; 3]) -> impl Iterator<Item = Frame> {
    (0..96).map(move |at| Frame::drawn(|column, row| pixel((column + at / 4).min(WIDTH - 1), row)))
}

fn found_by(
    settings: &Checks,
    frames: impl IntoIterator<Item = Frame>,
    first: Option<Picture>,
) -> Vec<Finding> {
    let mut measuring = Measuring::new(24.0, settings.cut);
    frames.into_iter().for_each(|frame| measuring.add(frame));
    findings(settings, &measuring.finish().unwrap(), &Sources { first, last: None })
}

fn found(frames: impl IntoIterator<Item = Frame>, first: Option<Picture>) -> Vec<(Verdict, String)> {
    let findings = found_by(&Checks::default(), frames, first);
    findings.into_iter().map(|finding| (finding.verdict, finding.check)).collect()
}

fn verdict(verdict: Verdict, check: &str) -> [(Verdict, String); 1] {
    [(verdict, check.to_owned())]
}

#[test]
fn a_good_clip_of_its_picture_passes() {
    assert_eq!(found(moving(scene), Some(picture(scene))), []);
    assert_eq!(found(moving(scene), None), []);
}

#[test]
fn a_black_clip_fails_but_not_one_of_a_black_product() {
    let black = || (0..48).map(|_| Frame::drawn(|_, _| [3; 3]));
    assert_eq!(found(black(), Some(picture(scene))), verdict(Verdict::Fail, "black"));
    assert_eq!(found(black(), None), verdict(Verdict::Fail, "black"));
    let dark = |column: usize, row: usize| if column < 10 && row < 90 { [90; 3] } else { [4; 3] };
    assert_eq!(found(black(), Some(picture(dark))), []);
    // The clip is black for a second, and then for a quarter of a second.
    let begins = |frames| (0..frames).map(|_| Frame::drawn(|_, _| [3; 3])).chain(moving(scene).skip(frames));
    assert!(found(begins(24), None).contains(&(Verdict::Warn, "black".to_owned())));
    assert!(!found(begins(6), None).contains(&(Verdict::Warn, "black".to_owned())));
}

#[test]
fn a_clip_that_stands_still_fails_and_a_pause_warns() {
    let still = |frames: usize| (0..frames).map(|_| Frame::drawn(scene));
    assert_eq!(found(still(96), Some(picture(scene))), verdict(Verdict::Fail, "frozen"));
    assert_eq!(found(still(48).chain(moving(scene)), None), verdict(Verdict::Warn, "frozen"));
    let patient = Checks { frozen: 5.0, ..Checks::default() };
    assert_eq!(found_by(&patient, still(96), None), []);
}

#[test]
fn bars_warn_unless_the_picture_has_them_and_are_left_out_of_the_comparison() {
    let boxed = |level: u8| {
        move |column: usize, row: usize| {
            if (12..78).contains(&row) { scene(column, (row - 12) * HEIGHT / 66) } else { [level; 3] }
        }
    };
    assert_eq!(found(moving(boxed(0)), Some(picture(scene))), verdict(Verdict::Warn, "bars"));
    assert_eq!(found(moving(boxed(255)), Some(picture(scene))), verdict(Verdict::Warn, "bars"));
    for level in [0, 255] {
        assert_eq!(found(moving(boxed(level)), Some(picture(boxed(level)))), []);
    }
    // White paper without a picture to compare with.
    assert_eq!(found(moving(boxed(255)), None), []);
}

#[test]
fn another_product_is_told_from_a_recoloured_and_a_mirrored_one() {
    let checks = |pixel: fn(usize, usize) -> [u8; 3]| {
        found_by(&Checks::default(), moving(pixel), Some(picture(scene)))
    };
    let other =
        checks(|column, row| [(column * row / 60) as u8, ((column / 20 + row / 20) % 2 * 200) as u8, 40]);
    assert_eq!(other.len(), 1, "{other:?}");
    assert!(other[0].check == "product" && other[0].reason.contains("something other"), "{other:?}");
    let recoloured = checks(|column, row| {
        let [red, green, blue] = scene(column, row);
        [blue, red, green]
    });
    let names: Vec<&str> = recoloured.iter().map(|finding| finding.check.as_str()).collect();
    assert!(names == ["colour"] || names == ["product"], "{recoloured:?}");
    let mirrored = checks(|column, row| scene(WIDTH - 1 - column, row));
    assert!(mirrored[0].reason.contains("mirrored"), "{mirrored:?}");
    // Another lamp changes the light a little.
    assert_eq!(checks(|column, row| scene(column, row).map(|part| part - part / 8)), []);
}

#[test]
fn the_best_of_the_first_frames_counts() {
    let fading = (0..96).map(|at: usize| {
        let light = at.min(12) * 100 / 12;
        Frame::drawn(|column, row| {
            scene((column + at / 4).min(WIDTH - 1), row).map(|part| (usize::from(part) * light / 100) as u8)
        })
    });
    assert_eq!(found(fading, Some(picture(scene))), []);
}

#[test]
fn the_end_is_compared_with_the_last_image() {
    let mut measuring = Measuring::new(24.0, 10.0);
    moving(scene).for_each(|frame| measuring.add(frame));
    let measures = measuring.finish().unwrap();
    let last = |picture| Sources { first: None, last: Some(picture) };
    let end = picture(|column, row| scene((column + 23).min(WIDTH - 1), row));
    assert_eq!(findings(&Checks::default(), &measures, &last(end)), []);
    let other = picture(|column, row| [(column * row / 60) as u8, 90, 40]);
    assert_eq!(findings(&Checks::default(), &measures, &last(other))[0].check, "last");
}

#[test]
fn a_flicker_is_no_cut() {
    let flickering = moving(scene).enumerate().map(|(at, frame)| {
        if at % 2 == 0 {
            frame
        } else {
            Frame::drawn(|column, row| frame.pixel(column, row).map(|part| part - part / 6))
        }
    });
    assert_eq!(found(flickering, None), verdict(Verdict::Warn, "flicker"));
    let cut = moving(scene)
        .take(48)
        .chain(moving(|column, row| scene(column, row).map(|part| 255 - part)).skip(48));
    let findings = found_by(&Checks::default(), cut, None);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].reason.starts_with("the scene changes at 2.0 s"), "{findings:?}");
}
