//! Checks output paths, so that a path means the same on every system.

use crate::domain::ident::invisible;
use unicode_normalization::UnicodeNormalization as _;

/// The names that Windows reserves for devices, with any extension (Microsoft, "Naming Files, Paths, and Namespaces").
const RESERVED: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// The maximum length of a folder or file name in a path, in bytes. File systems allow 255, but unfinished downloads
/// and older clips need a longer name.
const LONGEST_PART: usize = 200;

/// The name of the state folder, where this program keeps its own files next to the manifest.
const OWN_FOLDER: &str = ".shotlist";

/// The reason why a path cannot be used for a clip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The reason as a clause that follows the path in a message, such as ``holds `:`, which Windows cannot store``.
    pub why: String,
    /// The hint that tells the user how to correct the path.
    pub hint: &'static str,
    /// An example of an `output:` line that avoids the problem; `None` if the hint is enough.
    pub line: Option<&'static str>,
}

/// A hint on how to correct a path, and an example of an `output:` line that follows the hint.
type PathHint = (&'static str, Option<&'static str>);

/// The remedy for characters that file systems refuse.
const USE_SLUG: PathHint = (
    "use `slug`, which keeps letters and digits and replaces all else by `-`",
    Some("renders/{{ item.id | slug }}_{{ shot }}.mp4"),
);
const STAY_BELOW: PathHint = (
    "begin the path with a folder; `--out DIR` chooses another output folder",
    Some("renders/{{ item.id }}_{{ shot }}.mp4"),
);

/// Checks the output path that a template produced. It must be relative to the output folder, use `/`, be valid on
/// every system, and end in `.mp4`.
///
/// Returns the path in Unicode's composed form (NFC).
pub fn check_path(rendered: &str) -> Result<String, Refused> {
    let refused = |why: &str, (hint, line): PathHint| Err(Refused { why: why.to_owned(), hint, line });
    let path: String = if rendered.is_ascii() { rendered.to_owned() } else { rendered.nfc().collect() };
    if path.trim().is_empty() {
        return refused("is empty", STAY_BELOW);
    }
    if let Some(character) = path.chars().find(|character| character.is_control()) {
        let why = format!("holds the control character U+{:04X}", u32::from(character));
        return refused(&why, USE_SLUG);
    }
    if let Some(character) = invisible(&path) {
        let why = format!("holds the invisible character U+{:04X}", u32::from(character));
        return refused(&why, USE_SLUG);
    }
    if path.contains('\\') {
        return refused("holds `\\`", ("write `/` between folders", None));
    }
    if path.starts_with('/') {
        return refused("begins with `/`; it must begin with a folder, such as `renders/`", STAY_BELOW);
    }
    if path.starts_with('~') {
        return refused("begins with `~`; it must begin with a folder, such as `renders/`", STAY_BELOW);
    }
    for part in path.split('/') {
        check_part(part)?;
    }
    let first = path.split('/').next().unwrap_or_default();
    if fold(first) == OWN_FOLDER {
        let why = format!("is in `{OWN_FOLDER}`, where shotlist keeps its own files");
        return refused(&why, ("choose another folder, such as `renders/`", None));
    }
    match path.strip_suffix(".mp4") {
        Some(stem) if !stem.is_empty() && !stem.ends_with('/') => Ok(path),
        Some(_) => refused(
            "has no name before `.mp4`",
            ("write a name there", Some("renders/{{ item.id }}_{{ shot }}.mp4")),
        ),
        None => refused("does not end in `.mp4`", ("clips are MP4 files: end the path in `.mp4`", None)),
    }
}

/// Returns whether a folder or file name in a path is too long for a file system, including the suffix of a partial
/// file.
#[must_use]
pub fn has_long_part(path: &str) -> bool {
    path.split('/').any(|part| part.len() > LONGEST_PART)
}

fn check_part(part: &str) -> Result<(), Refused> {
    let refused = |why: &str, (hint, line): PathHint| Err(Refused { why: why.to_owned(), hint, line });
    if part.is_empty() {
        let hint = "remove the extra `/`, or fill the column that is empty there";
        return refused("has an empty part: two `/` in a row, or one at the end", (hint, None));
    }
    if part == ".." || part == "." {
        let why = format!("has the part `{part}`; it must stay under the output folder");
        return refused(&why, STAY_BELOW);
    }
    if let Some(character) = part.chars().find(|character| ":?*|<>\"".contains(*character)) {
        return refused(&format!("holds `{character}`, which Windows cannot store"), USE_SLUG);
    }
    if part.ends_with(['.', ' ']) {
        return refused("has a part that ends in a dot or a space, which Windows drops", USE_SLUG);
    }
    let stem = part.split('.').next().unwrap_or(part).trim_end().to_lowercase();
    let is_port = (stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt"))).is_some_and(|number| {
        matches!(number, "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³")
    });
    if is_port || RESERVED.contains(&stem.as_str()) {
        let why = "holds a name that Windows reserves, such as `CON` or `nul`";
        let line = "renders/sku-{{ item.id }}_{{ shot }}.mp4";
        return refused(why, ("put other text before the name", Some(line)));
    }
    if part.len() > LONGEST_PART {
        let why = format!("has a folder or file name of more than {LONGEST_PART} bytes");
        return refused(
            &why,
            ("shorten this name", Some("renders/{{ item.id | truncate(60) }}_{{ shot }}.mp4")),
        );
    }
    Ok(())
}

/// Returns a form of the path that is equal for all paths that macOS or Windows treats as the same file. The form is in
/// lower case and in composed Unicode (NFC).
#[must_use]
pub fn fold(path: &str) -> String {
    if path.is_ascii() {
        return path.to_ascii_lowercase();
    }
    // The step through upper case makes `ß` equal to `ss`, and `ς` to `σ`.
    path.nfc().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfc().collect()
}

#[cfg(test)]
mod tests;
