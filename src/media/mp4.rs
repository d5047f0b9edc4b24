//! Clips: whether the boxes of an MP4 file tile it.

use std::io::{Read, Seek, SeekFrom};
use std::time::Duration;

/// What a clip is.
#[derive(Debug, Clone, PartialEq)]
pub struct ClipFacts {
    /// How long it plays.
    pub duration: Duration,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// Why the bytes are no whole clip.
#[derive(Debug, thiserror::Error)]
pub enum ClipFault {
    /// The boxes do not tile the file.
    #[error("its boxes do not add up to a whole file")]
    Boxes,
    /// It could not be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] std::io::Error),
}

/// Walks the top-level boxes.
pub fn inspect(mut file: impl Read + Seek) -> Result<ClipFacts, ClipFault> {
    let total = file.seek(SeekFrom::End(0))?;
    let (mut at, mut kinds) = (0, Vec::new());
    while at < total {
        let mut header = [0; 8];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut header).map_err(|_| ClipFault::Boxes)?;
        let [a, b, c, d, kind @ ..] = header;
        let size = match u32::from_be_bytes([a, b, c, d]) {
            1 => {
                let mut long = [0; 8];
                file.read_exact(&mut long).map_err(|_| ClipFault::Boxes)?;
                u64::from_be_bytes(long)
            }
            size => u64::from(size),
        };
        if size < 8 {
            return Err(ClipFault::Boxes);
        }
        kinds.push(kind);
        at = at.checked_add(size).ok_or(ClipFault::Boxes)?;
    }
    if at == total && kinds.contains(b"moov") && kinds.contains(b"mdat") {
        Ok(ClipFacts { duration: Duration::ZERO, width: 0, height: 0 })
    } else {
        Err(ClipFault::Boxes)
    }
}
