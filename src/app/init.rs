//! Writes a first manifest, and the JSON Schema with which editors check and complete it.

mod draft;

use super::catalog::{is_invalid, read};
use super::error::Error;
use super::exit::Exit;
use super::obstacles::own_folder;
use super::places::{MANIFEST, Places, STATE};
use super::schema;
use crate::app::words::Words;
use crate::catalog::{self, About};
use crate::domain::item::{OnePer, Reading};
use crate::domain::key::ModelName;
use crate::domain::money::Usd;
use crate::domain::problem::{Place, Problem, Severity};
use crate::files::atomic_write;
use crate::load::{folder_of, manifests_in};
use crate::store;
use draft::{Draft, Pictures};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Sample manifest for products without images.
const SAMPLE: &str = include_str!("init/sample.yaml");
/// Sample manifest for a film in scenes.
const SCENES: &str = include_str!("init/scenes.yaml");

/// A request to write a first manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitRequest {
    /// Path of the new manifest; by default `shotlist.yaml` in the current folder.
    pub manifest: Option<PathBuf>,
    /// Items that the manifest makes clips of: sample products, scenes or the products of a file.
    pub subject: Subject,
    /// True to replace an existing manifest.
    pub force: bool,
}

/// The kind of items for which a first manifest is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A few sample products.
    Sample,
    /// The scenes of a film.
    Scenes,
    /// The products of a product file.
    File {
        /// Path of the product file; `-` for standard input.
        file: PathBuf,
        /// Options for reading the product file, such as the shop system that wrote it and the columns to use.
        reading: Reading,
    },
}

/// The result of a request to write a first manifest.
#[derive(Debug)]
pub enum InitReport {
    /// The manifest and the schema were written.
    Written(Box<Written>),
    /// The product file has errors; nothing was written.
    Invalid {
        /// All problems of the product file.
        problems: Vec<Problem>,
        /// Command to type next.
        next: String,
    },
}

/// The written manifest and schema.
#[derive(Debug)]
pub struct Written {
    /// Name of the manifest in messages.
    pub manifest: String,
    /// Name of the schema in messages.
    pub schema: String,
    /// Product file that the manifest was written for; `None` for a sample manifest.
    pub products: Option<Products>,
    /// Command to type next.
    pub next: String,
}

/// A product file for which a manifest was written.
#[derive(Debug)]
pub struct Products {
    /// Name of the file in messages.
    pub shown: String,
    /// Path of the product file as the manifest names it.
    pub file: String,
    /// Facts about the file, such as its format and columns.
    pub about: About,
    /// Unit that gets one clip: a product, a variant or an image.
    pub one_per: OnePer,
    /// Model that the manifest uses.
    pub model: ModelName,
    /// Number of clips that the manifest makes.
    pub clips: usize,
    /// Price of all clips.
    pub total: Usd,
    /// Other values of `one_per` with the clips and the price that they give, such as `variant (12 clips, $2.40)`. The
    /// text is empty if there is no other value.
    pub choices: String,
    /// Number of items without a usable picture, in words; `None` if every item can be rendered.
    pub unusable: Option<String>,
    /// Columns of the product file that hold pictures.
    pub pictures: catalog::Pictures,
    /// Warnings and notes about the file.
    pub problems: Vec<Problem>,
}

impl InitReport {
    /// Returns the exit code: the one for invalid input if the product file has errors, otherwise success.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Written(_) => Exit::Done,
            Self::Invalid { .. } => Exit::Invalid,
        }
    }
}

/// Writes a first manifest and its schema.
///
/// It asks no question, and replaces an existing manifest only with `force`.
pub fn init(request: &InitRequest) -> Result<InitReport, Error> {
    let manifest = request.manifest.as_deref().unwrap_or(Path::new(MANIFEST));
    check_place(manifest, request)?;
    let folder = folder_of(manifest);
    let (text, products, pipe) = match &request.subject {
        Subject::Sample => (SAMPLE.to_owned(), None, ""),
        Subject::Scenes => (SCENES.to_owned(), None, ""),
        Subject::File { file, reading } => match draft(request, manifest, file, reading)? {
            Ok((text, products)) => {
                (text, Some(products), if file == Path::new("-") { " < FILE" } else { "" })
            }
            Err(problems) => return Ok(InitReport::Invalid { problems, next: typed(request, manifest) }),
        },
    };
    let text = if is_alone(&folder, manifest) { text } else { with_own_folder(text, manifest) };
    write(&folder, manifest, &text)?;
    let places = Places::find(Some(manifest), None, false)?;
    Ok(InitReport::Written(Box::new(Written {
        manifest: manifest.display().to_string(),
        schema: folder.strip_prefix(".").unwrap_or(&folder).join(schema::PLACE).display().to_string(),
        products,
        next: format!("{}{pipe}", places.typed("plan")),
    })))
}

/// Returns whether the folder has no manifest besides this one.
fn is_alone(folder: &Path, manifest: &Path) -> bool {
    manifests_in(folder).iter().all(|other| other.file_name() == manifest.file_name())
}

/// Returns the text of a manifest with an output folder of its own, named after the manifest.
///
/// Two manifests of a folder share their output folder, and their clips may have the same names below it.
fn with_own_folder(text: String, manifest: &Path) -> String {
    const OUTPUT: &str = "output: \"renders/";
    let name = manifest.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    match own_folder("renders/", name) {
        Some(folder) => text.replacen(OUTPUT, &format!("output: \"{folder}"), 1),
        None => text,
    }
}

fn refused(what: impl Into<String>) -> Error {
    Error::new(Exit::Usage, what).money("nothing was written")
}

/// Refuses the path of a folder, of an existing manifest without `force`, and of a file that is not `.yaml` or `.yml`.
///
/// A path with another extension is probably a product file.
fn check_place(manifest: &Path, request: &InitRequest) -> Result<(), Error> {
    let shown = manifest.display();
    if manifest.is_dir() {
        let inside = manifest.join(MANIFEST);
        return Err(refused(format!("{shown} is a folder, not a manifest")).hint(typed(request, &inside)));
    }
    if !manifest.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
        let what =
            format!("{shown} cannot be a manifest, which ends in .yaml; to read a product file, use --from");
        let next = Words::new("shotlist init").option("--from", [shown]).flag("--force", request.force);
        return Err(refused(what).hint(next.build()));
    }
    // A broken link also occupies the name.
    if !request.force && fs::symlink_metadata(manifest).is_ok() {
        let what = format!(
            "{shown} already exists, and init replaces it only with --force; for a second manifest, write its name \
             after `init`"
        );
        let plan = Words::new("shotlist plan");
        let plan = if manifest == Path::new(MANIFEST) { plan } else { plan.argument(&shown.to_string()) };
        return Err(refused(what).hint(plan.build()));
    }
    Ok(())
}

/// Returns the command that repeats the request for the manifest at this path.
fn typed(request: &InitRequest, manifest: &Path) -> String {
    let InitRequest { manifest: _, subject, force } = request;
    let words = begun(manifest);
    let words = match subject {
        Subject::Sample => words,
        Subject::Scenes => words.flag("--scenes", true),
        Subject::File { file, reading } => words.option("--from", [file.display()]).reading(reading),
    };
    words.flag("--force", *force).build()
}

/// Returns the beginning of a command that writes the manifest at this path.
fn begun(manifest: &Path) -> Words {
    let words = Words::new("shotlist init");
    if manifest == Path::new(MANIFEST) { words } else { words.argument(&manifest.display().to_string()) }
}

/// Returns the text of a manifest for a product file, with facts about the file.
///
/// If the file cannot be used, it returns the file's problems instead.
fn draft(
    request: &InitRequest,
    manifest: &Path,
    file: &Path,
    reading: &Reading,
) -> Result<Result<(String, Products), Vec<Problem>>, Error> {
    let folder = &folder_of(manifest);
    let from = |file: &str, reading: &Reading| {
        begun(manifest).option("--from", [file]).reading(reading).flag("--force", request.force).build()
    };
    let catalog = read(file, reading)
        .map_err(|error| error.money("nothing was written").hint(from("PATH/TO/FILE.csv", reading)))?;
    let is_wrong = is_invalid(&catalog);
    let (items, mut problems) = (catalog.items, catalog.problems);
    let Some(about) = catalog.about.filter(|_| !is_wrong) else { return Ok(Err(problems)) };
    make_folder(folder)?;
    let seen = seen_from(folder, file)?;
    let parent = seen.rfind('/').map_or("", |end| &seen[..=end]);
    let pictures = Pictures::of(&items, parent, |path| folder.join(path).is_file());
    let has_pictures = pictures.is_some();
    let draft = Draft { from: &seen, reading, about: &about, items: &items, pictures };
    let shown = file.display().to_string();
    if !has_pictures {
        problems.extend(catalog.pictures.passed_over(&shown));
    }
    if draft.is_untitled() {
        let says =
            items.first().map_or("the product", |item| if has_pictures { "the product" } else { &item.id });
        let named = |column: &String| {
            let mut reading = reading.clone();
            reading.columns.insert("title".to_owned(), vec![column.clone()]);
            from(&shown, &reading)
        };
        let problem = untitled(&shown, &about, says, named);
        if !has_pictures {
            problems.push(problem);
            return Ok(Err(problems));
        }
        problems.push(Problem { severity: Severity::Warning, ..problem });
    }
    let products = Products {
        shown,
        file: seen.clone(),
        pictures: catalog.pictures,
        one_per: reading.one_per,
        model: draft.model().name.clone(),
        clips: items.len(),
        total: draft.total(),
        choices: draft.choices(),
        unusable: draft.unusable(),
        about: about.clone(),
        problems,
    };
    Ok(Ok((draft.text(), products)))
}

/// Returns the problem that no column of the product file has the titles of the products.
///
/// `says` is the text that a prompt would have in place of a title. `named` returns the command that reads the titles
/// from a column.
fn untitled(shown: &str, about: &About, says: &str, named: impl Fn(&String) -> String) -> Problem {
    let message =
        format!("no column has the titles of the products: a prompt would be `Slow push-in on {says}`");
    let problem = Problem::error(Place::File(shown.to_owned()), message);
    let typed = |column: &String| format!("`{}`", named(column));
    match about.titles.split_first() {
        Some((first, others)) => {
            let problem = problem.hint(format!("name the column that has the titles: {}", typed(first)));
            others.iter().fold(problem, |problem, other| problem.note(format!("or {}", typed(other))))
        }
        None => problem.hint("add a column `title` to the file, with the name of each product"),
    }
}

/// Returns the relative path from a folder to a file, as a manifest writes it.
///
/// The folder and the file's folder must exist.
fn seen_from(folder: &Path, file: &Path) -> Result<String, Error> {
    if file == Path::new("-") {
        return Ok("-".to_owned());
    }
    let real = |path: &Path| {
        path.canonicalize()
            .map_err(|error| Error::new(Exit::Local, format!("{} cannot be found: {error}", path.display())))
    };
    let (folder, home) = (real(folder)?, real(&folder_of(file))?);
    let shared = folder.components().zip(home.components()).take_while(|(a, b)| a == b).count();
    let up = folder.components().skip(shared).map(|_| Component::ParentDir);
    let way = up.chain(home.components().skip(shared)).chain(file.file_name().map(Component::Normal));
    let parts: Option<Vec<&str>> = way.map(|part| part.as_os_str().to_str()).collect();
    parts.map(|parts| parts.join("/")).ok_or_else(|| {
        refused(format!("the name of {} is not valid Unicode; rename the file", file.display()))
    })
}

fn make_folder(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(|error| unwritten(folder, &error))
}

/// Writes the schema, then the manifest, so a manifest never names a schema that does not exist.
fn write(folder: &Path, manifest: &Path, text: &str) -> Result<(), Error> {
    make_folder(folder)?;
    let state = folder.join(STATE);
    store::make_folder(&state).map_err(|error| unwritten(&state, &error))?;
    let schema = folder.join(schema::PLACE);
    let document = schema::document() + "\n";
    atomic_write(&schema, document.as_bytes(), 0o600).map_err(|error| unwritten(&schema, &error))?;
    atomic_write(manifest, text.as_bytes(), 0o666).map_err(|error| unwritten(manifest, &error))
}

fn unwritten(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::new(Exit::Local, format!("{} cannot be written: {error}", path.display())).money("not charged")
}

#[cfg(test)]
mod tests;
