//! The folder tree on a real disk.
