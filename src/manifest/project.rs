//! Finds the name of a project: the manifest's key `project`, or else the manifest's file name.

use super::decode::Decoder;
use super::yaml::Node;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::path::Path;

/// The keys of a manifest that are enough to find the name of its project.
#[derive(Deserialize)]
struct Head {
    project: Option<String>,
    shots: Option<IgnoredAny>,
}

/// Returns the project name of a file: `Ok(None)` if the file is not a manifest, an error if it is not valid YAML.
pub fn project_of(file: &str, text: &str) -> Result<Option<String>, String> {
    let head: Head = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    let named = head.project.map(|name| name.trim().to_owned());
    Ok(head.shots.map(|_| named.unwrap_or_else(|| called_after(file))))
}

fn called_after(file: &str) -> String {
    let stem = Path::new(file).file_stem().and_then(|stem| stem.to_str());
    stem.unwrap_or("shotlist").to_owned()
}

/// Reads the project's name. Without the key, the project is named after the file. Returns `None` after a problem.
pub(super) fn project(decoder: &mut Decoder, file: &str, node: Option<&Node>) -> Option<String> {
    let Some(node) = node else {
        return Some(called_after(file));
    };
    decoder.parsed(node, "project", |text| match text.trim() {
        "" => Err("write a name that never changes, such as `spring-catalog`".into()),
        name if name.chars().any(char::is_control) => Err("write the name on one line".into()),
        name => Ok(name.to_owned()),
    })
}
