//! Facts read from the bytes of pictures and clips: headers and boxes.

mod exif;
pub mod image;
pub mod mp4;
