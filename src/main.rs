//! The `shotlist` program.

fn main() {}
