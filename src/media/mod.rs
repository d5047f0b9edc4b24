//! Facts read from the bytes of pictures and clips: headers and boxes only, never a full decode.
