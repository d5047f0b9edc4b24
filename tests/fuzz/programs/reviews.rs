//! Feeds [`targets::reviews`] with bytes from a fuzzer.
#![no_main]
#![allow(dead_code, reason = "the file of all targets is shared")]

#[path = "../targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::reviews(bytes));
