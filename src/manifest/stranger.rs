//! Recognises files that are not manifests: product files and plans that the user gave in place of a manifest.

use crate::domain::problem::{Place, Problem};
use serde_json::Value as Json;
use std::path::Path;

/// The file name extensions of product files. A JSON file may be a manifest, so its keys decide.
const PRODUCT_FILES: [&str; 5] = ["csv", "tsv", "xlsx", "xls", "xml"];

/// The first bytes of an XLSX workbook, which is a ZIP archive.
const WORKBOOK: &[u8] = b"PK\x03\x04";

/// The keys that every plan has and no manifest has.
const OF_PLAN: [&str; 3] = ["format", "to_render", "jobs"];

/// Returns the error for a file that is a product file or a plan; `None` if the file may be a manifest.
pub(super) fn problem(file: &str, bytes: &[u8]) -> Option<Problem> {
    let ending = Path::new(file).extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let ending = ending.to_ascii_lowercase();
    let is_json = ending == "json";
    let starts_as_json = || matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'['));
    if bytes.starts_with(WORKBOOK) || (PRODUCT_FILES.contains(&ending.as_str()) && !has_shots(bytes)) {
        return Some(product_file(file));
    }
    if !is_json && !starts_as_json() {
        return None;
    }
    match serde_json::from_slice::<Json>(bytes).ok()? {
        Json::Object(keys) if OF_PLAN.iter().all(|key| keys.contains_key(*key)) => Some(plan(file)),
        Json::Object(keys) if is_json && !keys.contains_key("shots") && !keys.contains_key("version") => {
            Some(product_file(file))
        }
        Json::Array(_) if is_json => Some(product_file(file)),
        _ => None,
    }
}

/// Returns whether a line of the file begins with the manifest's key `shots`.
fn has_shots(bytes: &[u8]) -> bool {
    bytes.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"shots:"))
}

fn product_file(file: &str) -> Problem {
    let message = format!("`{file}` is a product file, not a manifest");
    Problem::error(Place::File(file.to_owned()), message)
        .hint(format!("to make a manifest from it, type `shotlist init --from {}`", quoted(file)))
}

fn plan(file: &str) -> Problem {
    let message = format!("`{file}` is a plan, not a manifest");
    Problem::error(Place::File(file.to_owned()), message)
        .hint(format!("to run it, add `--plan {}` to `run`, and name the manifest as before", quoted(file)))
}

/// Returns a file name as a word of a command line, in quotes if a shell needs them.
fn quoted(file: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "/._-".contains(letter);
    if file.chars().all(is_plain) { file.to_owned() } else { format!("'{}'", file.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests;
