use super::*;
use image::{ImageFormat, Rgba, RgbaImage};
use std::io::Cursor;

fn png(width: u32, height: u32, colour: [u8; 4]) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = RgbaImage::from_pixel(width, height, Rgba(colour));
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn size(bytes: &[u8]) -> (u32, u32) {
    let picture = image::load_from_memory(bytes).unwrap();
    (picture.width(), picture.height())
}

#[test]
fn copies_cover_their_boxes_and_keep_the_shape() {
    let cases = [
        ((1280, 720), (320, 180), (96, 54)),
        ((1000, 1000), (320, 320), (96, 96)),
        ((600, 1200), (320, 640), (96, 192)),
        ((40, 30), (40, 30), (40, 30)),
    ];
    for ((width, height), large, small) in cases {
        let made = thumbnails(&png(width, height, [200, 30, 30, 255])).unwrap();
        assert_eq!((size(&made.large), size(&made.small)), (large, small), "{width}x{height}");
    }
}

#[test]
fn what_is_transparent_is_white() {
    let made = thumbnails(&png(64, 64, [0, 0, 0, 0])).unwrap();
    let pixel = image::load_from_memory(&made.large).unwrap().to_rgb8().get_pixel(32, 32).0;
    assert!(pixel.iter().all(|level| *level > 250), "{pixel:?}");
}

#[test]
fn what_is_no_picture_has_no_copies() {
    assert_eq!(thumbnails(b"<html>"), None);
}
