//! Any bytes as a manifest: no panic, no hang, and without a manifest there is a reason.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shotlist::manifest::read;

fuzz_target!(|bytes: &[u8]| {
    let (manifest, problems) = read("shotlist.yaml", bytes);
    assert!(manifest.is_some() || problems.iter().any(|problem| problem.is_error()));
});
