//! Contents of clips with pictures, as ffmpeg decodes them, and the defects that can be ordered.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{ImageFormat, Rgb, RgbImage};
use reqwest::Method;
use serde_json::{Value, json};
use shotlist::sandbox::{ClipDetail, Defect, Fault, Limits};

use super::server::{IMAGE, TestSandbox, with};

const SIZE: (u32, u32) = (720, 480);
/// 4 seconds at 24 frames.
const FRAMES: usize = 96;

/// Returns whether ffmpeg is on the path, and prints it where it is not.
fn there_is_ffmpeg() -> bool {
    let mut command = Command::new("ffmpeg");
    let found = command
        .arg("-version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success());
    if !found {
        #[expect(clippy::print_stdout, reason = "the report of the tests says what was left out")]
        {
            println!("SKIPPED(no ffmpeg)");
        }
    }
    found
}

/// All frames of a clip, at a quarter of their size. Nothing may be wrong with the clip.
fn decoded(clip: &[u8]) -> Vec<RgbImage> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clip.mp4");
    #[expect(clippy::disallowed_methods, reason = "a file for another program to read")]
    std::fs::write(&path, clip).unwrap();
    let (width, height) = (SIZE.0 / 4, SIZE.1 / 4);
    let output = Command::new("ffmpeg")
        .args(["-v", "warning", "-nostdin", "-i"])
        .arg(&path)
        .args([
            "-vf",
            &format!("scale={width}:{height}:flags=area"),
            "-pix_fmt",
            "rgb24",
            "-f",
            "rawvideo",
            "-",
        ])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "ffmpeg finds fault with the clip");
    let frames = output.stdout.chunks_exact((width * height * 3) as usize);
    frames.map(|bytes| RgbImage::from_raw(width, height, bytes.to_vec()).unwrap()).collect()
}

/// A disc of this colour left of the middle, on a pale ground.
fn shot(disc: [u8; 3]) -> RgbImage {
    let (width, height) = SIZE;
    RgbImage::from_fn(width, height, |x, y| {
        let (dx, dy) = (x.abs_diff(width * 2 / 5), y.abs_diff(height / 3));
        Rgb(if dx * dx + dy * dy < 120 * 120 { disc } else { [226, 222, 214] })
    })
}

fn data_uri(picture: &RgbImage) -> String {
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png).unwrap();
    format!("data:image/png;base64,{}", STANDARD.encode(png.into_inner()))
}

fn small(picture: &RgbImage) -> RgbImage {
    image::imageops::thumbnail(picture, SIZE.0 / 4, SIZE.1 / 4)
}

/// The mean difference of two frames' parts, above this line.
fn difference(one: &RgbImage, other: &RgbImage, lines: u32) -> f64 {
    let bytes = (one.width() * lines * 3) as usize;
    let parts = one.as_raw()[..bytes].iter().zip(other.as_raw());
    let sum: u32 = parts.map(|(one, other)| u32::from(one.abs_diff(*other))).sum();
    f64::from(sum) / f64::from(one.width() * lines * 3)
}

/// The hue in the middle of the disc, in degrees.
fn hue(frame: &RgbImage) -> f64 {
    let Rgb(parts) = *frame.get_pixel(SIZE.0 / 10, SIZE.1 / 12);
    let [red, green, blue] = parts.map(f64::from);
    (3_f64.sqrt() * (green - blue)).atan2(2.0 * red - green - blue).to_degrees()
}

fn turned(one: f64, other: f64) -> f64 {
    let turned = (one - other).abs() % 360.0;
    turned.min(360.0 - turned)
}

async fn full(rules: Value) -> TestSandbox {
    TestSandbox::with(|options| {
        options.clips = ClipDetail::Full;
        options.limits = Limits::Unlimited;
        options.faults = serde_json::from_value(rules).unwrap();
    })
    .await
}

/// The clip of an order.
async fn clip(sandbox: &TestSandbox, body: &Value) -> Vec<u8> {
    let (_, link) = sandbox.ready(body).await;
    sandbox.get(&link, &[]).await.bytes().await.unwrap().to_vec()
}

fn order(prompt: &str) -> Value {
    let image = data_uri(&shot([190, 40, 30]));
    json!({ "model": "vidu2-image", "image_url": image, "prompt": prompt, "size": "720x480" })
}

#[tokio::test]
async fn a_clip_begins_with_its_picture_moves_in_and_shows_a_card() {
    if !there_is_ffmpeg() {
        return;
    }
    let sandbox = full(json!([])).await;
    let bytes = clip(&sandbox, &order("sound")).await;
    let frames = decoded(&bytes);
    assert_eq!(frames.len(), FRAMES);
    let picture = small(&shot([190, 40, 30]));
    // The first half second is the whole picture.
    assert!(difference(&frames[0], &picture, 120) < 4.0, "{}", difference(&frames[0], &picture, 120));
    assert!(difference(&frames[12], &picture, 120) < 8.0);
    // Then the lower edge is the card, and above it the picture has come nearer.
    let last = &frames[FRAMES - 1];
    assert!(last.rows().next_back().unwrap().all(|Rgb([red, ..])| *red < 80), "no card");
    let moved = difference(last, &frames[0], 80);
    assert!((1.0..12.0).contains(&moved), "{moved}");
    for pair in frames.windows(2) {
        let step = difference(&pair[1], &pair[0], 80);
        assert!(step < 1.5, "a jump of {step}");
    }

    // The picture is there after a restart.
    let (_, link) = sandbox.ready(&order("again")).await;
    let before = sandbox.get(&link, &[]).await.bytes().await.unwrap();
    let sandbox = sandbox.restart(|options| options.clips = ClipDetail::Full).await;
    assert_eq!(sandbox.get(&link, &[]).await.bytes().await.unwrap(), before);
}

#[tokio::test]
async fn a_clip_ends_with_the_last_picture_that_was_ordered() {
    if !there_is_ffmpeg() {
        return;
    }
    let sandbox = full(json!([])).await;
    let (first, last) = (shot([190, 40, 30]), shot([30, 60, 180]));
    let images = json!([data_uri(&first), data_uri(&last)]);
    let body = json!({ "model": "vidu2-start-end", "image_url": images, "size": "720x480" });
    let frames = decoded(&clip(&sandbox, &body).await);
    assert!(difference(&frames[0], &small(&first), 120) < 4.0);
    let end = difference(&frames[FRAMES - 1], &small(&last), 120);
    assert!(end < 4.0, "{end}");
    // To keep to several pictures is not to end with the second.
    let body = json!({ "model": "vidu2-reference", "image_url": images, "size": "720x480" });
    let frames = decoded(&clip(&sandbox, &body).await);
    assert!(difference(&frames[FRAMES - 1], &small(&last), 80) > 10.0);
}

#[tokio::test]
async fn a_picture_by_address_is_an_invented_one_the_same_for_the_same_address() {
    if !there_is_ffmpeg() {
        return;
    }
    let sandbox = full(json!([])).await;
    let mut firsts = Vec::new();
    for image in [IMAGE, IMAGE, "https://example.com/other.png"] {
        let frames = decoded(&clip(&sandbox, &with(order("x"), "image_url", image)).await);
        firsts.push(frames[0].clone());
    }
    assert!(difference(&firsts[0], &firsts[1], 120) < 0.01);
    assert!(difference(&firsts[0], &firsts[2], 120) > 6.0);
}

#[tokio::test]
async fn each_defect_can_be_measured_and_a_sound_clip_has_none() {
    if !there_is_ffmpeg() {
        return;
    }
    let names = ["recoloured", "wrong_product", "frozen", "black", "letterboxed", "cut"];
    let rule = |name: &&str| json!({ "on": "submit", "when": { "prompt_contains": name }, "do": { "defect": name } });
    let sandbox = full(names.iter().map(rule).collect()).await;
    let picture = small(&shot([190, 40, 30]));
    // What is measured of a clip, by the name of the defect that it shows.
    let measured = |frames: &[RgbImage]| -> Vec<&'static str> {
        let (first, last) = (&frames[0], &frames[FRAMES - 1]);
        let dark =
            |line: u32| (0..first.width()).all(|x| first.get_pixel(x, line).0.iter().all(|part| *part < 12));
        let is_black = (0..first.height()).all(dark);
        let cut = frames.windows(2).any(|pair| difference(&pair[1], &pair[0], 80) > 15.0);
        let (bars, off) = (dark(0) && dark(7) && dark(first.height() - 8), difference(first, &picture, 120));
        let found = [
            ("recoloured", !is_black && !bars && off < 60.0 && turned(hue(first), hue(&picture)) >= 40.0),
            ("wrong_product", !is_black && !bars && off > 20.0),
            ("frozen", !is_black && difference(first, last, 120) < 0.01),
            ("black", is_black && difference(first, last, 120) < 0.01),
            ("letterboxed", bars && !is_black),
            ("cut", cut),
        ];
        found.into_iter().filter(|(_, is)| *is).map(|(name, _)| name).collect()
    };
    assert_eq!(measured(&decoded(&clip(&sandbox, &order("sound")).await)), [""; 0]);
    for name in names {
        let frames = decoded(&clip(&sandbox, &order(name)).await);
        assert_eq!(frames.len(), FRAMES);
        let found = measured(&frames);
        // Another product has another hue, and one of another hue is another picture.
        let expected = |found: &&str| *found == name || ["recoloured", "wrong_product"].contains(found);
        assert!(found.contains(&name) && found.iter().all(expected), "{name}: {found:?}");
    }
}

#[tokio::test]
async fn a_drawn_clip_has_the_defects_that_need_no_picture() {
    if !there_is_ffmpeg() {
        return;
    }
    let names = ["recoloured", "frozen", "black", "letterboxed", "cut"];
    let rule = |name: &&str| json!({ "on": "submit", "when": { "prompt_contains": name }, "do": { "defect": name } });
    let sandbox = full(names.iter().map(rule).collect()).await;
    let mut seen = BTreeMap::new();
    for name in names {
        let body = json!({ "model": "cogvideox-3", "prompt": name, "size": "1280x720", "duration": 5 });
        seen.insert(name, decoded(&clip(&sandbox, &body).await));
    }
    let count = seen["cut"].len();
    let jump = |frames: &[RgbImage], index: usize| difference(&frames[index], &frames[index - 1], 120);
    assert!(jump(&seen["cut"], count / 2) > 20.0 && jump(&seen["recoloured"], count / 2) < 5.0);
    assert!(difference(&seen["frozen"][0], &seen["frozen"][count - 1], 120) < 0.01);
    let is_dark = |frame: &RgbImage, line: u32| {
        (0..frame.width()).all(|x| frame.get_pixel(x, line).0.iter().all(|part| *part < 12))
    };
    assert!((0..120).all(|line| is_dark(&seen["black"][count / 2], line)));
    let boxed = &seen["letterboxed"][count / 2];
    assert!(is_dark(boxed, 7) && is_dark(boxed, 112) && !is_dark(boxed, 30));
    assert!(!is_dark(&seen["recoloured"][0], 7), "a clip without a picture cannot be recoloured");
    let requests = sandbox.sandbox.requests();
    let struck: Vec<_> = requests.iter().map(|request| request.fault.is_some()).collect();
    assert_eq!(struck, [false, true, true, true, true]);
}

/// Which orders get which defect by shares of them.
async fn struck(prompts: impl Iterator<Item = u32>) -> BTreeMap<String, Defect> {
    let names = ["recoloured", "wrong_product", "frozen", "black", "letterboxed", "cut"];
    let rule = |name: &&str| json!({ "on": "submit", "when": { "share": 0.05 }, "do": { "defect": name } });
    let rules = names.iter().map(rule).collect();
    let sandbox = TestSandbox::with(|options| {
        options.limits = Limits::Unlimited;
        options.faults = serde_json::from_value(rules).unwrap();
    })
    .await;
    for (index, prompt) in prompts.enumerate() {
        let prompt = format!("product {prompt}");
        let body = json!({ "model": "vidu2-image", "image_url": IMAGE, "prompt": prompt, "size": "720x480" });
        sandbox.accepted(&with(body, "request_id", format!("order-{index}"))).await;
    }
    let (_, listed) = sandbox.admin(Method::GET, "requests", Value::Null).await;
    let defects = |request: &Value| {
        let defect = request["fault"]["defect"].as_str()?;
        Some((request["body"]["prompt"].as_str()?.to_owned(), defect.to_owned()))
    };
    let listed: BTreeMap<_, _> = listed.as_array().unwrap().iter().filter_map(defects).collect();
    let requests = sandbox.sandbox.requests();
    let found = requests.iter().filter_map(|request| match request.fault {
        Some(Fault::Defect(defect)) => Some((request.body["prompt"].as_str()?.to_owned(), defect)),
        _ => None,
    });
    let found: BTreeMap<_, _> = found.collect();
    let words = found.iter().map(|(prompt, defect)| {
        (prompt.clone(), serde_json::to_value(defect).unwrap().as_str().unwrap().to_owned())
    });
    assert_eq!(words.collect::<BTreeMap<_, _>>(), listed, "the admin's list tells the same");
    found
}

#[tokio::test]
async fn shares_strike_the_same_orders_whenever_they_come_in() {
    let forwards = struck(0..200).await;
    assert_eq!(struck((0..200).rev()).await, forwards);
    assert!((40..=80).contains(&forwards.len()), "{} of 200", forwards.len());
    let mut counts = BTreeMap::new();
    for defect in forwards.values() {
        *counts.entry(format!("{defect:?}")).or_insert(0) += 1;
    }
    assert!(counts.len() == 6 && counts.values().all(|count| *count >= 3), "{counts:?}");
}

#[tokio::test]
async fn an_impossible_share_is_refused() {
    let sandbox = TestSandbox::start().await;
    for (on, share) in [("submit", 1.5), ("submit", -0.1), ("poll", 0.5)] {
        let rule = json!({ "on": on, "when": { "share": share }, "do": { "delay": { "ms": 1 } } });
        let (status, answer) = sandbox.admin(Method::POST, "faults", rule).await;
        assert_eq!(status, 400, "{on} {share}");
        assert!(answer["error"].as_str().unwrap().contains("share"), "{answer}");
    }
    let rule = json!({ "on": "download", "do": { "defect": "black" } });
    assert_eq!(sandbox.admin(Method::POST, "faults", rule).await.0, 400);
}
