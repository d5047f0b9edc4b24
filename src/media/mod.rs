//! Facts read from the bytes of pictures and clips: headers and boxes. Only [`signature`] and [`frames`] look at pixels.

mod exif;
pub mod frames;
pub mod image;
pub mod mp4;
pub mod signature;
pub mod thumbnail;
