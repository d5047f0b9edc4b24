//! Exports a folder with all clips under plain file names that every importer accepts.

use super::choice::{ChosenClips, ExportClip};
use super::feeds::written;
use super::output::{place_list, write};
use super::products::Products;
use super::sheet::defused;
use super::{ExportReport, ExportRequest, Form, as_index, next, typed};
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::places::{Places, quoted};
use crate::app::project::Project;
use crate::domain::digest::Sha256;
use crate::domain::text::count;
use crate::files::{Output, head};
use serde_json::json;
use sha2::Digest as _;
use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

/// The headings of the list of files for Shopify.
const LIST_COLUMNS: [&str; 3] = ["handle", "file", "alt"];

/// Writes the folder of clips; for Shopify, also two lists that assign the clips to products.
pub(super) fn folder(
    project: &Project,
    request: &ExportRequest,
    products: &Products,
    clips: &ChosenClips<'_>,
) -> Result<ExportReport, Error> {
    let places = &project.places;
    let name = format!("{}.{}", clips.project.as_deref().unwrap_or("shotlist"), request.form.name());
    let parent = if places.sandbox { &places.out } else { &places.folder };
    let parent = parent.strip_prefix(".").unwrap_or(parent).join(name);
    let folder = request.out.clone().unwrap_or(parent);
    let named = named(places, request, clips)?;
    let copies = obstacles(places, request, &folder, &named)?;
    let list = |name: &str, is_own| place_list(places, request, &folder.join(name), is_own);
    let lists_files = match request.form {
        Form::Shopify => Some([list("files.csv", is_sheet)?, list("media.jsonl", is_media)?]),
        _ => None,
    };
    let local = |path: &Path, error: &io::Error| {
        Error::new(Exit::Local, format!("{}: {error}", path.display())).money("not charged")
    };
    fs::create_dir_all(&folder).map_err(|error| local(&folder, &error))?;
    for (name, handed) in &copies {
        let (from, to) = (clips.folder.join(&handed.filed.path), folder.join(name));
        if copy(&from, &to, handed.filed.file.sha256).map_err(|error| local(&to, &error))? {
            continue;
        }
        let what = format!("{} was changed since it was saved; it was not exported", from.display());
        return Err(Error::new(Exit::Local, what).money("not charged").hint(places.typed("verify --repair")));
    }
    let mut written = vec![folder.clone()];
    let mut notes = Vec::new();
    if copies.len() < named.len() {
        notes.push(format!("{} already in the folder", count(named.len() - copies.len(), "clip")));
    }
    notes.extend(leftovers(&folder, &named).map_err(|error| local(&folder, &error))?);
    if let Some(files) = lists_files {
        lists(places, &files, &named, products)?;
        written.extend(files.iter().map(|file| file.named().to_owned()));
        notes.push(
            "nothing was sent to the shop. Upload each file with `stagedUploadsCreate`, and write its `resourceUrl` in \
             place of the file name in media.jsonl. If the `id` of a line is null, look up the product by the handle \
             in files.csv, and write its id there. Then call `productUpdate` for each line, with the line as its \
             variables"
                .to_owned(),
        );
    }
    Ok(ExportReport {
        written,
        rows: named.len(),
        notes,
        next: next(places, clips),
        ..ExportReport::of(request, clips)
    })
}

/// Returns a note about other MP4 files in the folder, such as clips that were rejected after an earlier export; `None`
/// if there are none.
fn leftovers(folder: &Path, named: &[(String, &ExportClip<'_>)]) -> io::Result<Option<String>> {
    let known: HashSet<&str> = named.iter().map(|(name, _)| name.as_str()).collect();
    let mut others = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.to_lowercase().ends_with(".mp4") && !known.contains(name.as_str()) {
            others.push(name);
        }
    }
    others.sort();
    Ok(others.first().map(|first| {
        let such = if others.len() == 1 { first.clone() } else { format!("such as {first}") };
        format!(
            "the folder also has {} that {} not part of this export ({such}): delete what must not be uploaded",
            count(others.len(), "other clip"),
            if others.len() == 1 { "is" } else { "are" },
        )
    }))
}

/// Returns each clip with its file name in the folder, or an error if two clips would have the same name.
fn named<'a>(
    places: &Places,
    request: &ExportRequest,
    clips: &'a ChosenClips<'a>,
) -> Result<Vec<(String, &'a ExportClip<'a>)>, Error> {
    let mut known: HashMap<String, &ExportClip<'_>> = HashMap::new();
    let mut named = Vec::new();
    for handed in &clips.handed {
        let key = handed.job.key();
        let ending = handed.filed.path.rsplit_once('.').map_or("mp4", |(_, ending)| ending);
        let parts = [key.item.raw(), &key.shot, &key.variant];
        let parts: Vec<String> =
            parts.iter().filter(|part| !part.is_empty()).map(|part| safe(part)).collect();
        let name = format!("{}.{ending}", parts.join("_"));
        // Importers and some file systems treat `A` and `a` as the same.
        if let Some(other) = known.insert(name.to_lowercase(), handed) {
            let what = format!(
                "{} and {key} would both be called `{name}`: file names here hold only A-Z, a-z, 0-9, `.`, `_` and `-`; name a column with plain ids \
                 under `items.columns.id`; nothing was written",
                other.job.key()
            );
            return Err(Error::new(Exit::Invalid, what).money("not charged").hint(as_index(places, request)));
        }
        named.push((name, handed));
    }
    Ok(named)
}

/// Returns a part of a file name with every unusual character replaced by `-`.
pub(super) fn safe(part: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    let safe: String = part.chars().map(|letter| if plain(letter) { letter } else { '-' }).collect();
    // A file whose name begins with a full stop is hidden.
    match safe.strip_prefix('.') {
        Some(rest) => format!("-{rest}"),
        None => safe,
    }
}

/// Returns the clips that must still be copied to the folder, each with its file name.
///
/// A clip that is there already is left out. It is an error if another file has the name of a clip, unless the request
/// replaces files.
fn obstacles<'a>(
    places: &Places,
    request: &ExportRequest,
    folder: &Path,
    named: &[(String, &'a ExportClip<'a>)],
) -> Result<Vec<(String, &'a ExportClip<'a>)>, Error> {
    let mut copies = Vec::new();
    for (name, handed) in named {
        let path = folder.join(name);
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Ok(facts)
                if facts.is_file()
                    && facts.len() == handed.filed.file.size
                    && hash(&path).is_ok_and(|hash| hash == handed.filed.file.sha256) =>
            {
                continue;
            }
            _ if request.force => {}
            _ => {
                let what =
                    format!("{} already exists with other content; nothing was written", path.display());
                let flag = if request.form == Form::Flat { "" } else { " --out" };
                let more = format!("{flag} {} --force", quoted(&folder.display().to_string()));
                let error = Error::new(Exit::Usage, what).money("not charged");
                return Err(error.hint(typed(places, request, &more)));
            }
        }
        copies.push((name.clone(), *handed));
    }
    Ok(copies)
}

/// Copies a clip completely or not at all, and returns true if the copied bytes have the expected hash.
///
/// If the hash differs, nothing is copied.
fn copy(from: &Path, to: &Path, expected: Sha256) -> io::Result<bool> {
    let folder = to.parent().unwrap_or(Path::new("."));
    let mut staged = tempfile::NamedTempFile::new_in(folder)?;
    let source = File::open(from)?;
    if hashed(&source, &mut staged)? != expected {
        return Ok(false);
    }
    staged.as_file().set_permissions(source.metadata()?.permissions())?;
    staged.as_file().sync_all()?;
    staged.persist(to).map_err(|error| error.error)?;
    Ok(true)
}

fn hash(path: &Path) -> io::Result<Sha256> {
    hashed(&File::open(path)?, &mut io::sink())
}

/// Copies a file and returns the hash of the copy.
fn hashed(mut from: &File, to: &mut impl io::Write) -> io::Result<Sha256> {
    let (mut hash, mut buffer) = (sha2::Sha256::new(), vec![0; 256 * 1024]);
    loop {
        let length = from.read(&mut buffer)?;
        if length == 0 {
            return Ok(Sha256(hash.finalize().into()));
        }
        hash.update(&buffer[..length]);
        to.write_all(&buffer[..length])?;
    }
}

/// Writes the lists for Shopify: a CSV file of product handles and file names, and JSON lines with each product's
/// media.
fn lists(
    places: &Places,
    [sheet, json]: &[Output; 2],
    named: &[(String, &ExportClip<'_>)],
    products: &Products,
) -> Result<(), Error> {
    let mut rows = vec![LIST_COLUMNS.map(str::to_owned).to_vec()];
    let mut media: Vec<serde_json::Value> = Vec::new();
    let mut lines: HashMap<String, usize> = HashMap::new();
    for (name, handed) in named {
        let item = handed.job.key().item.raw();
        let product = products.of(item);
        let handle = product.map_or(item, |product| &product.handle).to_owned();
        let alt = handed.job.record.title.raw().to_owned();
        rows.push(vec![handle.clone(), name.clone(), defused(&alt)]);
        let entry = json!({ "originalSource": name, "mediaContentType": "VIDEO", "alt": alt });
        if let Some(line) = lines.get(&handle).and_then(|at| media.get_mut(*at)) {
            line["media"].as_array_mut().into_iter().for_each(|all| all.push(entry.clone()));
            continue;
        }
        let id = product.and_then(|product| product.shop_id.as_deref());
        let id = id.map(|id| {
            let is_number = id.bytes().all(|byte| byte.is_ascii_digit());
            if is_number { format!("gid://shopify/Product/{id}") } else { id.to_owned() }
        });
        media.push(json!({ "handle": handle, "product": { "id": id }, "media": [entry] }));
        lines.insert(handle, media.len() - 1);
    }
    let mut lines = media.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    lines.push('\n');
    write(places, sheet, &written(b',', rows))?;
    write(places, json, lines.as_bytes())
}

fn is_sheet(file: &File) -> bool {
    head(file).lines().next() == Some(LIST_COLUMNS.join(",").as_str())
}

fn is_media(file: &File) -> bool {
    head(file).starts_with("{\"handle\":")
}
