//! The folder tree: downloads, placing, sidecars.
