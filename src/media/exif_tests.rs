use super::*;

/// Returns a block of EXIF data with one entry before the orientation.
fn block(is_little: bool, value: u16) -> Vec<u8> {
    let short = |number: u16| if is_little { number.to_le_bytes() } else { number.to_be_bytes() };
    let long = |number: u32| if is_little { number.to_le_bytes() } else { number.to_be_bytes() };
    let mut bytes = if is_little { b"II*\0".to_vec() } else { b"MM\0*".to_vec() };
    bytes.extend(long(10));
    bytes.extend(b"..");
    bytes.extend(short(2));
    for (tag, value) in [(0x0100, 640), (ORIENTATION, value)] {
        bytes.extend([short(tag), short(SHORT)].concat());
        bytes.extend(long(1));
        bytes.extend([short(value), short(0)].concat());
    }
    bytes.extend(long(0));
    bytes
}

fn jpeg(exif: &[u8], bits: u8, components: u8) -> Vec<u8> {
    let mut bytes = b"\xff\xd8".to_vec();
    let mut segment = |marker: u8, data: &[u8]| {
        bytes.extend([0xff, marker]);
        bytes.extend(u16::try_from(data.len() + 2).unwrap().to_be_bytes());
        bytes.extend(data);
    };
    segment(0xe0, b"JFIF\0");
    if !exif.is_empty() {
        segment(0xe1, &[PREFIX, exif].concat());
    }
    segment(0xc4, b"\x10\0\0\0\0\x04");
    segment(0xc2, &[bits, 0, 8, 0, 8, components]);
    bytes.extend(b"\xff\xda");
    bytes
}

fn png(depth: u8, chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x08\0\0\0\x08".to_vec();
    bytes.extend([depth, 2, 0, 0, 0, 0, 0, 0, 0]);
    for (name, data) in chunks {
        bytes.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        bytes.extend(*name);
        bytes.extend(*data);
        bytes.extend([0; 4]);
    }
    bytes
}

fn webp(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut bytes = b"RIFF....WEBP".to_vec();
    for (name, data) in chunks {
        bytes.extend(*name);
        bytes.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        bytes.extend(*data);
        bytes.resize(bytes.len().next_multiple_of(2), 0);
    }
    bytes
}

fn turned(format: PictureFormat, bytes: &[u8]) -> u8 {
    let (orientation, traits) = read(format, bytes, &[]);
    assert_eq!(traits.turned, orientation != 1);
    orientation
}

#[test]
fn the_orientation_is_read_in_both_byte_orders_and_in_each_format() {
    for value in 1..=8 {
        for is_little in [true, false] {
            let exif = block(is_little, value.into());
            assert_eq!(turned(PictureFormat::Jpeg, &jpeg(&exif, 8, 3)), value);
            assert_eq!(turned(PictureFormat::Png, &png(8, &[(b"eXIf", &exif)])), value);
            assert_eq!(turned(PictureFormat::Png, &png(8, &[(b"IDAT", b"odd"), (b"eXIf", &exif)])), value);
            let chunks: [(&[u8; 4], &[u8]); 3] = [(b"VP8X", b"odd"), (b"VP8 ", b"...."), (b"EXIF", &exif)];
            assert_eq!(turned(PictureFormat::Webp, &webp(&chunks)), value);
            let prefixed = [PREFIX, &exif].concat();
            assert_eq!(turned(PictureFormat::Webp, &webp(&[(b"EXIF", &prefixed)])), value);
        }
    }
}

#[test]
fn exif_data_after_a_large_picture_is_found_in_its_last_bytes() {
    let exif = block(true, 6);
    for (format, bytes) in [
        (PictureFormat::Webp, webp(&[(b"VP8 ", b"...."), (b"EXIF", &exif)])),
        (PictureFormat::Png, png(8, &[(b"IDAT", b"...."), (b"eXIf", &exif)])),
    ] {
        assert_eq!(read(format, &bytes[..30], &bytes[20..]).0, 6);
        assert_eq!(read(format, &bytes[..30], &[]).0, 1);
    }
}

#[test]
fn a_picture_without_a_defined_orientation_is_shown_as_it_is() {
    for exif in
        [&block(true, 0)[..], &block(true, 9), &block(true, 6)[..30], b"II*\0\xff\xff\xff\xff", b"II*\0"]
    {
        assert_eq!(turned(PictureFormat::Jpeg, &jpeg(exif, 8, 3)), 1);
    }
    assert_eq!(turned(PictureFormat::Jpeg, &jpeg(&[], 8, 3)), 1);
    assert_eq!(turned(PictureFormat::Jpeg, b"\xff\xd8\xff\xff\xff"), 1);
}

#[test]
fn four_colours_and_more_than_eight_bits_are_seen() {
    let traits = |format, bytes: &[u8]| read(format, bytes, &[]).1;
    let plain = PictureTraits::default();
    assert_eq!(traits(PictureFormat::Jpeg, &jpeg(&[], 8, 3)), plain);
    assert_eq!(traits(PictureFormat::Jpeg, &jpeg(&[], 8, 4)), PictureTraits { cmyk: true, ..plain });
    assert_eq!(traits(PictureFormat::Jpeg, &jpeg(&[], 12, 3)), PictureTraits { deep: true, ..plain });
    assert_eq!(traits(PictureFormat::Png, &png(8, &[])), plain);
    assert_eq!(traits(PictureFormat::Png, &png(16, &[])), PictureTraits { deep: true, ..plain });
}
