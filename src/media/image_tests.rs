use super::*;
use base64::engine::general_purpose::STANDARD as BASE64;
use proptest::prelude::*;

/// Returns a PNG of that size with noise as pixel data, which these tests do not decode.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend(b"\x08\x02\0\0\0\0\0\0\0\0\0\0\x08IDATnoise..!\0\0\0\0");
    bytes.extend(PNG_END);
    bytes
}

/// Returns a JPEG of that size with a preview in its header, as cameras write it.
fn jpeg(width: u16, height: u16) -> Vec<u8> {
    let preview = b"\xff\xd8tiny preview\xff\xd9";
    let mut bytes = b"\xff\xd8\xff\xe1".to_vec();
    bytes.extend(u16::try_from(preview.len() + 2).unwrap().to_be_bytes());
    bytes.extend(preview);
    bytes.extend(b"\xff\xc0\0\x11\x08");
    bytes.extend(height.to_be_bytes());
    bytes.extend(width.to_be_bytes());
    bytes.extend(b"\x03\x01\x22\0\x02\x11\x01\x03\x11\x01");
    bytes.extend(b"\xff\xda\0\x0c\x03\x01\0\x02\x11\x03\x11\0\x3f\0");
    bytes.extend([0x5a; 300]);
    bytes.extend(JPEG_END);
    bytes
}

/// Returns a lossless WebP of that size.
fn webp(width: u32, height: u32) -> Vec<u8> {
    let mut chunk = b"VP8L\x05\0\0\0\x2f".to_vec();
    chunk.extend(((width - 1) | ((height - 1) << 14)).to_le_bytes());
    chunk.push(0);
    let mut bytes = b"RIFF".to_vec();
    bytes.extend(u32::try_from(chunk.len() + 4).unwrap().to_le_bytes());
    bytes.extend(b"WEBP");
    bytes.extend(chunk);
    bytes
}

fn read(bytes: &[u8]) -> Result<(PictureFormat, u32, u32), PictureFault> {
    let head = &bytes[..bytes.len().min(HEAD)];
    let tail = &bytes[bytes.len().saturating_sub(TAIL)..];
    let header = picture(head, tail, bytes.len() as u64)?;
    Ok((header.format, header.width, header.height))
}

#[test]
fn format_and_size_are_read_from_the_bytes() {
    assert_eq!(read(&png(640, 480)), Ok((PictureFormat::Png, 640, 480)));
    assert_eq!(read(&jpeg(1920, 1080)), Ok((PictureFormat::Jpeg, 1920, 1080)));
    assert_eq!(read(&webp(300, 200)), Ok((PictureFormat::Webp, 300, 200)));
}

#[test]
fn i30_a_picture_cut_anywhere_is_refused() {
    for whole in [png(64, 64), jpeg(64, 64), webp(64, 64)] {
        for length in 0..whole.len() {
            assert!(read(&whole[..length]).is_err(), "{length} of {} bytes", whole.len());
        }
    }
    assert_eq!(read(&jpeg(64, 64)[..200]), Err(PictureFault::CutOff));
    assert_eq!(read(&png(64, 64)[..45]), Err(PictureFault::CutOff));
}

#[test]
fn what_an_editor_appends_to_a_picture_does_no_harm() {
    for mut whole in [png(64, 64), jpeg(64, 64), webp(64, 64)] {
        whole.extend(b"\0\0\0appended by a camera");
        assert!(read(&whole).is_ok());
    }
}

#[test]
fn the_end_of_a_large_jpeg_is_found_in_its_last_bytes() {
    let mut large = jpeg(4000, 3000);
    large.truncate(large.len() - 2);
    large.resize(3 * HEAD, 0x11);
    assert_eq!(read(&large), Err(PictureFault::CutOff));
    large.extend(JPEG_END);
    assert_eq!(read(&large), Ok((PictureFormat::Jpeg, 4000, 3000)));
}

#[test]
fn what_is_no_picture_is_named() {
    assert_eq!(read(b""), Err(PictureFault::Empty));
    assert_eq!(read(b" \n<!DOCTYPE html><p>Sign in"), Err(PictureFault::WebPage));
    assert_eq!(read(b"{\"error\":\"not found\"}"), Err(PictureFault::WebPage));
    assert_eq!(
        read(b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        Err(PictureFault::OtherFormat("SVG".into()))
    );
    assert_eq!(read(b"<?xml version='1.0'?><Error>AccessDenied</Error>"), Err(PictureFault::WebPage));
    assert_eq!(read(b"GIF89a\x01\0\x01\0\0\0\0;"), Err(PictureFault::OtherFormat("GIF".into())));
    assert_eq!(read(b"no picture at all, just text"), Err(PictureFault::NoPicture));
}

#[test]
fn i32_a_picture_of_monstrous_size_is_only_measured() {
    assert_eq!(read(&png(100_000, 100_000)), Ok((PictureFormat::Png, 100_000, 100_000)));
    assert_eq!(read(&png(0, 100)), Err(PictureFault::Damaged));
}

#[test]
fn a_data_uri_gives_the_facts_of_its_bytes() {
    let bytes = png(32, 16);
    let facts = data_uri(&format!("data:image/png;base64,{}", BASE64.encode(&bytes))).unwrap();
    assert_eq!((facts.format, facts.width, facts.height), (PictureFormat::Png, 32, 16));
    assert_eq!((facts.bytes, facts.sha256), (bytes.len() as u64, Sha256::of(&bytes)));

    let unpadded = BASE64.encode(&bytes).trim_end_matches('=').to_owned();
    assert_eq!(data_uri(&format!("data:image/png;base64, {unpadded}")), Ok(facts));
    let jpg = data_uri(&format!("DATA:image/jpg;base64,{}", BASE64.encode(jpeg(8, 8))));
    assert_eq!(jpg.map(|facts| facts.format), Ok(PictureFormat::Jpeg));
}

#[test]
fn a_data_uri_that_does_not_hold_what_it_says_is_refused() {
    let png = BASE64.encode(png(8, 8));
    assert_eq!(data_uri(&format!("data:image/png,{png}")), Err(PictureFault::NoDataUri));
    assert_eq!(data_uri("data:text/plain;base64,aGk="), Err(PictureFault::NoDataUri));
    assert_eq!(data_uri("data:image/png;base64,%%%"), Err(PictureFault::NoBase64));
    assert_eq!(data_uri("data:image/png;base64,"), Err(PictureFault::Empty));
    let mislabelled = PictureFault::Mislabelled { said: "image/webp".into(), is: PictureFormat::Png };
    assert_eq!(data_uri(&format!("data:image/webp;base64,{png}")), Err(mislabelled));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes);
    }

    #[test]
    fn damaged_pictures_are_read_without_a_panic(at in 0..90usize, byte in any::<u8>(), cut in 0..400usize) {
        for mut bytes in [png(64, 64), jpeg(64, 64), webp(64, 64)] {
            let at = at % bytes.len();
            bytes[at] = byte;
            bytes.truncate(cut);
            let _ = read(&bytes);
        }
    }

    #[test]
    fn any_text_is_read_as_a_data_uri_without_a_panic(text in "(data:image/(png|jpeg)(;base64)?,)?\\PC{0,60}") {
        let _ = data_uri(&text);
    }
}

#[test]
fn a_picture_of_more_pixels_than_memory_is_given_for_is_not_decoded() {
    let mut bytes = Vec::new();
    let picture = image::DynamicImage::new_luma8(30, 20);
    picture.write_to(&mut std::io::Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
    assert!(decode(&bytes, 600).is_some());
    assert!(decode(&bytes, 599).is_none());
}
