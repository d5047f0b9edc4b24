//! Reads properties of pictures and clips from the headers and boxes of their files. Only [`signature`] and [`frames`]
//! read pixels.

mod exif;
pub mod frames;
pub mod image;
pub mod mp4;
pub mod signature;
pub mod thumbnail;
