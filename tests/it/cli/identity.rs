//! `image_identity`: which changes of a picture buy a clip again.

use crate::snapshot::assert_whole;
use crate::support::{Project, until};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ExtendedColorType, ImageEncoder as _, ImageFormat, Rgb, RgbImage};
use std::io::Cursor;

const SHOP: &str = r#"version: 1
project: shop
items: { from: products.csv }
image_identity: bytes
shots:
  hero:
    model: zai/vidu2-image
    image: "{{ item.image }}"
    prompt: "A slow turn around {{ item.title }}"
output: "renders/{{ item.id }}_{{ shot }}.mp4"
"#;

/// A mug of that colour.
fn mug(color: [u8; 3]) -> RgbImage {
    RgbImage::from_fn(400, 300, |x, y| {
        let is_mug = (120..260).contains(&x) && (80..240).contains(&y);
        if is_mug { Rgb(color) } else { Rgb([240, 236, u8::try_from(200 + y / 8).unwrap()]) }
    })
}

fn png(pixels: &RgbImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    pixels.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn jpeg(pixels: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    encoder.write_image(pixels, pixels.width(), pixels.height(), ExtendedColorType::Rgb8).unwrap();
    bytes
}

/// Two mugs with a picture each.
fn shop(identity: &str) -> Project {
    let project = Project::empty(|_| {});
    project.manifest(SHOP);
    set(&project, identity);
    project.write("products.csv", "id,title,image\nred,red mug,red.png\nblue,blue mug,blue.png\n");
    project.write("red.png", png(&mug([200, 30, 30])));
    project.write("blue.png", png(&mug([30, 40, 190])));
    project
}

fn set(project: &Project, identity: &str) {
    let text = std::fs::read_to_string(project.path("shotlist.yaml")).unwrap();
    let old = text.lines().find(|line| line.starts_with("image_identity")).unwrap();
    project.edit("shotlist.yaml", old, &format!("image_identity: {identity}"));
}

/// The decisions about the red mug and the blue one.
fn planned(project: &Project) -> Vec<String> {
    // Warnings come first.
    let plan = project.run(&["plan", "--json"]).expect(0).lines().pop().unwrap();
    let jobs = plan["jobs"].as_array().unwrap().iter();
    jobs.map(|job| job["decision"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_re_encoded_picture_buys_nothing_under_pixels_and_an_edited_one_does() {
    let project = shop("pixels");
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(planned(&project), ["unchanged", "unchanged"]);
    project.write("red.png", jpeg(&mug([200, 30, 30]), 85));
    assert_eq!(planned(&project), ["unchanged", "unchanged"]);
    project.write("blue.png", jpeg(&mug([30, 60, 190]), 85));
    assert_eq!(planned(&project), ["unchanged", "changed"]);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.charges().len(), 3);
    assert_eq!(planned(&project), ["unchanged", "unchanged"]);
    // Scaled, and in another format: still compared with the picture that was sent.
    let scaled = DynamicImage::from(mug([200, 30, 30])).resize_exact(360, 270, image::imageops::Triangle);
    project.write("red.png", png(&scaled.into_rgb8()));
    assert_whole!(project.run(&["run"]).expect(0));
    assert_eq!(project.charges().len(), 3);
}

#[test]
fn switching_the_setting_buys_nothing_in_either_direction() {
    let project = shop("bytes");
    project.run(&["run", "--yes"]).expect(0);
    // On: nothing changed, and the pictures are known from now on.
    set(&project, "pixels");
    assert_whole!(project.run(&["run"]).expect(0));
    project.write("red.png", jpeg(&mug([200, 30, 30]), 80));
    assert_eq!(planned(&project), ["unchanged", "unchanged"]);
    // A plan notes nothing: without a run, the bytes differ.
    set(&project, "bytes");
    assert_eq!(planned(&project), ["changed", "unchanged"]);
    set(&project, "pixels");
    assert_whole!(project.run(&["run"]).expect(0));
    for identity in ["bytes", "url", "url_without_query", "pixels", "bytes"] {
        set(&project, identity);
        assert_eq!(planned(&project), ["unchanged", "unchanged"], "{identity}");
        assert_whole!(project.run(&["run"]).expect(0));
    }
    // The picture of the finished clip comes back.
    project.write("red.png", png(&mug([200, 30, 30])));
    assert_eq!(planned(&project), ["unchanged", "unchanged"]);
    assert_eq!(project.charges().len(), 2);
}

#[test]
fn a_picture_of_which_nothing_is_known_is_compared_by_its_bytes() {
    let project = shop("bytes");
    project.run(&["run", "--yes"]).expect(0);
    project.write("red.png", jpeg(&mug([200, 30, 30]), 80));
    set(&project, "pixels");
    assert_eq!(planned(&project), ["changed", "unchanged"]);
    // A picture that cannot be decoded is sent as it is, and compared by its bytes.
    let mut damaged = png(&mug([200, 30, 30]));
    damaged[50..60].fill(0);
    project.write("red.png", &damaged);
    project.run(&["run", "--yes"]).expect(0);
    damaged[61] ^= 1;
    project.write("red.png", &damaged);
    assert_eq!(planned(&project), ["changed", "unchanged"]);
}

#[test]
fn a_link_with_another_query_buys_nothing_without_queries() {
    let rows = |red: &str, blue: &str| {
        let link = |path: &str| format!("https://shop.example/{path}");
        format!("id,title,image\nred,red mug,{}\nblue,blue mug,{}\n", link(red), link(blue))
    };
    let project = shop("url_without_query");
    project.write("products.csv", rows("red.jpg?v=1", "blue.jpg?v=1"));
    project.run(&["run", "--yes"]).expect(0);
    project.write("products.csv", rows("red.jpg?v=2", "blue-2.jpg?v=1"));
    assert_eq!(planned(&project), ["unchanged", "changed"]);
    set(&project, "url");
    assert_eq!(planned(&project), ["changed", "changed"]);
    project.write("products.csv", rows("red.jpg?v=2", "blue.jpg?v=1"));
    set(&project, "url_without_query");
    assert_whole!(project.run(&["run"]).expect(0));
    for identity in ["url", "bytes", "pixels"] {
        set(&project, identity);
        assert_eq!(planned(&project), ["unchanged", "unchanged"], "{identity}");
    }
    assert_eq!(project.charges().len(), 2);
    set(&project, "bytes");
    assert_whole!(project.run(&["plan"]).expect(0));
    set(&project, "pixels");
    assert_whole!(project.run(&["plan"]).expect(0));
}

#[test]
fn a_clip_in_flight_is_not_ordered_again_for_an_equal_picture() {
    let project = shop("pixels");
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("all tasks are known", || project.takes("running") == 2);
    run.kill();
    project.write("red.png", jpeg(&mug([200, 30, 30]), 85));
    project.clear_faults();
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.charges().len(), 2);
    set(&project, "bytes");
    assert_eq!(planned(&project), ["unchanged", "unchanged"]);
}

#[test]
fn another_word_is_refused_with_the_four_that_there_are() {
    let project = shop("looks");
    assert_whole!(project.run(&["validate"]).expect(4));
}
