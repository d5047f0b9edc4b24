//! A provider that is in no release, made as an exercise: its files are all that adding one takes.

pub(crate) mod vidu;
