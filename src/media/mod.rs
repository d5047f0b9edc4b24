//! Facts read from the bytes of pictures and clips: headers and boxes. Only [`signature`] decodes a picture.

mod exif;
pub mod image;
pub mod mp4;
pub mod signature;
pub mod thumbnail;
