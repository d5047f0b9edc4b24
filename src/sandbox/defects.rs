//! Defines the visual defects that a clip can have if a test asks for them.

use serde::{Deserialize, Serialize};

/// A visual defect of a clip whose file is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Defect {
    /// The colours are wrong: from the first frame on, the hue is turned by 80 degrees, and a picture with almost no
    /// colour is tinted. Only a clip made from a picture can have this defect.
    Recoloured,
    /// From the first frame on, the clip shows another product than the picture. Only a clip made from a picture can
    /// have this defect.
    WrongProduct,
    /// The clip does not move: all its frames equal the first frame.
    Frozen,
    /// All frames of the clip are black.
    Black,
    /// The clip has black bars at the upper and the lower edge, each about an eighth of the height.
    Letterboxed,
    /// The scene changes in the middle of the clip, from one frame to the next.
    Cut,
}

impl Defect {
    /// Returns true if only a clip made from a picture can have this defect.
    pub(super) fn needs_picture(self) -> bool {
        matches!(self, Self::Recoloured | Self::WrongProduct)
    }

    /// Returns the number of black rows at the upper edge of a frame with `rows` rows. The lower edge has as many.
    pub(super) fn bar(self, rows: usize) -> usize {
        if self == Self::Letterboxed { (rows / 8).max(1) } else { 0 }
    }
}
