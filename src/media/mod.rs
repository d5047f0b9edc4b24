//! Reads properties of pictures and clips from the headers of their files. Only [`signature`], [`thumbnail`] and
//! [`frames`] use the pixels.

mod exif;
pub mod frames;
pub mod image;
pub mod mp4;
pub mod signature;
pub mod thumbnail;
