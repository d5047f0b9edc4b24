//! Pictures: format and pixels from the header, wholeness from the trailer.

use crate::domain::request::PictureFormat;

/// Why the bytes are no usable picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureFault {
    /// Neither PNG, JPEG nor WebP.
    #[error("it is neither PNG, JPEG nor WebP")]
    Format,
    /// The end is missing.
    #[error("it is cut off: its end is missing")]
    Truncated,
}

/// Reads a picture's format, width and height from its first and last bytes.
pub fn picture(head: &[u8], tail: &[u8], total: u64) -> Result<(PictureFormat, u32, u32), PictureFault> {
    let (format, whole) = match imagesize::image_type(head) {
        Ok(imagesize::ImageType::Png) => (PictureFormat::Png, tail.ends_with(b"IEND\xae\x42\x60\x82")),
        Ok(imagesize::ImageType::Jpeg) => (PictureFormat::Jpeg, tail.ends_with(&[0xff, 0xd9])),
        Ok(imagesize::ImageType::Webp) => (PictureFormat::Webp, total > 12),
        _ => return Err(PictureFault::Format),
    };
    let size = imagesize::blob_size(head).map_err(|_| PictureFault::Truncated)?;
    let pixels = |side: usize| u32::try_from(side).map_err(|_| PictureFault::Format);
    if whole { Ok((format, pixels(size.width)?, pixels(size.height)?)) } else { Err(PictureFault::Truncated) }
}
