//! Every reader of foreign bytes takes the files that a fuzzer found or that brought it down before.

#[path = "../fuzz/targets.rs"]
#[expect(
    clippy::disallowed_methods,
    clippy::format_push_string,
    reason = "it writes what is read afterwards"
)]
mod targets;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// Largest size of all files together: they are part of every checkout.
const MOST: usize = 200_000;

fn folder(name: &str) -> PathBuf {
    PathBuf::from(format!("{}/tests/fuzz/{name}", env!("CARGO_MANIFEST_DIR")))
}

fn names(name: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(folder(name)).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn each_reader_takes_the_files_that_were_found_for_it() {
    let mut size = 0;
    for (name, target) in targets::ALL {
        let files = names(&format!("corpus/{name}"));
        assert!(!files.is_empty(), "{name}");
        for file in files {
            let bytes = fs::read(folder("corpus").join(name).join(&file)).unwrap();
            size += bytes.len();
            // A panic names no file: what is printed before it does.
            println!("{name}/{file}");
            target(&bytes);
        }
    }
    assert!(size <= MOST, "{size} bytes");
}

#[test]
fn each_reader_has_a_folder_and_a_program() {
    let readers: BTreeSet<String> = targets::ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names("corpus"), readers);
    assert_eq!(names("programs"), readers.iter().map(|name| format!("{name}.rs")).collect());
    let built = fs::read_to_string(folder("Cargo.toml")).unwrap();
    for name in readers {
        assert!(built.contains(&format!("name = \"{name}\"\npath = \"programs/{name}.rs\"")), "{name}");
    }
}
