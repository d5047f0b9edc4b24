//! Facts read from the bytes of pictures and clips: headers and boxes only, never a full decode.

pub mod image;
pub mod mp4;
