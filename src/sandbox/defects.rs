//! Defects: what the picture of a clip can have wrong, on demand.

use serde::{Deserialize, Serialize};

/// What is wrong in the picture of a clip. The file is flawless.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Defect {
    /// The hue is turned by 80 degrees from the first frame on; what is grey is tinted. Only with a picture.
    Recoloured,
    /// Another product than that of the picture, from the first frame on. Only with a picture.
    WrongProduct,
    /// All frames are the first one.
    Frozen,
    /// All frames are black.
    Black,
    /// Black bars at the upper and the lower edge, each about an eighth of the height.
    Letterboxed,
    /// In the middle the scene changes from one frame to the next.
    Cut,
}

impl Defect {
    /// Returns whether only a clip with a picture can have it.
    pub(super) fn needs_picture(self) -> bool {
        matches!(self, Self::Recoloured | Self::WrongProduct)
    }

    /// Returns how many of these rows of a frame are black at the upper edge, and as many at the lower one.
    pub(super) fn bar(self, rows: usize) -> usize {
        if self == Self::Letterboxed { (rows / 8).max(1) } else { 0 }
    }
}
