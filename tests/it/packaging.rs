//! The tree can be checked out on every system.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Names that Windows keeps for devices, whatever ending follows.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// Returns whether Windows refuses a file of this name.
fn is_refused(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let port = stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt"));
    let port =
        port.is_some_and(|number| number.len() == 1 && number.bytes().all(|digit| digit.is_ascii_digit()));
    let letters = name.chars().any(|letter| letter.is_control() || "<>:\"/\\|?*".contains(letter));
    DEVICES.contains(&stem.as_str()) || port || letters || name.ends_with(['.', ' '])
}

/// Adds what lies in a folder, but for what git ignores, by its name without upper and lower case.
fn walk(folder: &Path, found: &mut BTreeMap<String, Vec<String>>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let below = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_str().unwrap().to_owned();
        let name = path.file_name().unwrap().to_str().unwrap();
        let ignored = ["target", ".git", ".shotlist"].contains(&name)
            || ["manifests/sandbox", "manifests/renders"].contains(&below.as_str());
        if ignored {
            continue;
        }
        if path.is_dir() {
            walk(&path, found);
        }
        found.entry(below.to_lowercase()).or_default().push(below);
    }
}

#[test]
fn no_file_has_a_name_that_windows_refuses_or_takes_for_another() {
    for refused in ["nul.yaml", "NUL", "con", "aux.tar.gz", "com1.txt", "LPT9", "a:b", "end.", "end ", "a?"] {
        assert!(is_refused(refused), "{refused}");
    }
    for fine in ["null.yaml", "console.rs", "com.rs", "com10", ".gitignore", "a b.md"] {
        assert!(!is_refused(fine), "{fine}");
    }
    let mut found = BTreeMap::new();
    walk(Path::new(env!("CARGO_MANIFEST_DIR")), &mut found);
    let wrong: Vec<_> = found
        .values()
        .filter(|names| {
            names.len() > 1
                || names.iter().any(|name| is_refused(Path::new(name).file_name().unwrap().to_str().unwrap()))
        })
        .collect();
    assert!(found.len() > 500, "the whole tree was looked at");
    assert!(wrong.is_empty(), "{wrong:?}");
}
