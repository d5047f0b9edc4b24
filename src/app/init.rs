//! `shotlist init`: a first manifest, and the schema with which editors complete it.

mod draft;

use super::catalog::facts;
use super::error::Error;
use super::exit::Exit;
use super::places::{MANIFEST, Places, STATE, quoted};
use super::schema;
use crate::cli::args::InitArgs;
use crate::domain::problem::{Problem, Severity};
use crate::domain::text::count;
use crate::files::atomic_write;
use crate::load::{folder_of, product_file};
use crate::report::terminal::Terminal;
use crate::store;
use draft::{Draft, Pictures};
use serde_json::{Value as Json, json};
use std::fmt::Write as _;
use std::fs;
use std::path::{Component, Path};

/// Products made of words alone.
const SAMPLE: &str = include_str!("init/sample.yaml");
/// A film.
const SCENES: &str = include_str!("init/scenes.yaml");

/// What is to be written, and what programs are told of the product file.
struct First {
    text: String,
    data: Option<Json>,
}

/// Writes a manifest and the schema beside it. Asks nothing, and replaces a manifest only if told so.
pub(crate) fn init(file: Option<&Path>, terminal: &Terminal, args: &InitArgs) -> Result<Exit, Error> {
    let named = args.manifest.manifest.as_deref().or(file);
    let manifest = named.unwrap_or(Path::new(MANIFEST));
    check_place(manifest, args)?;
    let folder = folder_of(manifest);
    let first = match &args.from {
        Some(from) => match from_file(terminal, &folder, from, args)? {
            Some(first) => first,
            None => return Ok(Exit::Invalid),
        },
        None if !args.reading.is_empty() => {
            let what =
                "--one-per, --dialect, --sheet and --all say how a product file is read, and none is named";
            return Err(refused(what).hint("shotlist init --from FILE"));
        }
        None => First { text: if args.scenes { SCENES } else { SAMPLE }.to_owned(), data: None },
    };
    write(&folder, manifest, &first.text)?;
    let shown = manifest.display().to_string();
    let schema = folder.strip_prefix(".").unwrap_or(&folder).join(schema::PLACE).display().to_string();
    if terminal.json {
        let mut data = json!({ "format": 1, "manifest": shown, "schema": schema });
        if let Some(file) = first.data {
            data["from"] = file;
        }
        terminal.data(data);
        return Ok(Exit::Done);
    }
    let width = shown.chars().count().max(schema.chars().count());
    terminal.say(format_args!("Wrote {shown:<width$}  settings, with comments"));
    terminal.say(format_args!("Wrote {schema:<width$}  completion for editors"));
    let places = Places::find(Some(manifest), None, false)?;
    let pipe = if args.from.as_deref() == Some(Path::new("-")) { " < FILE" } else { "" };
    terminal.say(format_args!("Look at the prompt in {shown}."));
    terminal.next(format_args!("{}{pipe}", places.typed("plan")));
    Ok(Exit::Done)
}

fn refused(what: impl Into<String>) -> Error {
    Error::new(Exit::Usage, what).money("nothing was written")
}

/// Refuses a manifest that is there, and a name that is none of a manifest: most likely that of a product file.
fn check_place(manifest: &Path, args: &InitArgs) -> Result<(), Error> {
    let shown = manifest.display();
    if manifest.is_dir() {
        let inside = manifest.join(MANIFEST);
        return Err(refused(format!("{shown} is a folder")).hint(typed(args, &inside, "")));
    }
    if !manifest.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
        let what = format!(
            "{shown} is no name of a manifest, which ends in .yaml; a product file goes behind --from"
        );
        let next = format!("shotlist init --from {}", quoted(&shown.to_string()));
        return Err(refused(what).hint(next));
    }
    // A link that leads nowhere is there, too.
    if !args.force && fs::symlink_metadata(manifest).is_ok() {
        let what = format!(
            "{shown} is there already, and init replaces it only with --force; for a second manifest, write its name \
             behind `init`"
        );
        return Err(refused(what).hint(typed(args, manifest, " --force")));
    }
    Ok(())
}

/// The command once more, for this manifest.
fn typed(args: &InitArgs, manifest: &Path, more: &str) -> String {
    let mut command = "shotlist init".to_owned();
    if manifest != Path::new(MANIFEST) {
        let _ = write!(command, " {}", quoted(&manifest.display().to_string()));
    }
    if let Some(from) = &args.from {
        let _ = write!(command, " --from {}", quoted(&from.display().to_string()));
    }
    if args.scenes {
        command += " --scenes";
    }
    command + more
}

/// A manifest for a product file; nothing where the file is wrong, which is told.
fn from_file(
    terminal: &Terminal,
    folder: &Path,
    from: &Path,
    args: &InitArgs,
) -> Result<Option<First>, Error> {
    let shown = from.display().to_string();
    let reading = args.reading.reading();
    let catalog = product_file(from, &reading).map_err(|reason| {
        Error::new(Exit::Invalid, format!("{shown} cannot be read: {reason}"))
            .money("nothing was written")
            .hint("shotlist init --from PATH/TO/FILE.csv")
    })?;
    let is_wrong = catalog.problems.iter().any(Problem::is_error);
    let Some(about) = catalog.about.filter(|_| !is_wrong) else {
        let tally = terminal.problems(catalog.problems);
        terminal.say(format_args!("{tally}. Nothing was written."));
        terminal.next(format_args!("shotlist catalog {}", quoted(&shown)));
        return Ok(None);
    };
    make_folder(folder)?;
    let from = seen_from(folder, from)?;
    let beside = from.rfind('/').map_or("", |end| &from[..=end]);
    let pictures = Pictures::of(&catalog.items, beside, |path| folder.join(path).is_file());
    let draft = Draft { from: &from, reading: &reading, about: &about, items: &catalog.items, pictures };
    if !terminal.json {
        terminal.say(format_args!("Read {}", facts(&shown, &about, reading.one_per).join("\n")));
        for line in prospect(&draft) {
            terminal.say(format_args!("  {line}"));
        }
        // What is left out is told already, and stands in the manifest.
        let is_told = |problem: &Problem| problem.severity == Severity::Note;
        terminal.problems(catalog.problems.into_iter().filter(|problem| !is_told(problem)).collect());
    }
    let data = json!({
        "file": from,
        "dialect": about.dialect,
        "model": draft.model().name.to_string(),
        "clips": catalog.items.len(),
        "total_usd": draft.total().plain(),
        "unusable": draft.unusable(),
    });
    Ok(Some(First { text: draft.text(), data: Some(data) }))
}

/// What the manifest would make, cost, and not make.
fn prospect(draft: &Draft<'_>) -> Vec<String> {
    let clips = count(draft.items.len(), "clip");
    let mut lines = vec![format!("{clips} with {}: {}", draft.model().name, draft.total())];
    let choices = draft.choices();
    if !choices.is_empty() {
        lines.push(format!("other choices of one_per: {choices}"));
    }
    lines.extend(draft.unusable().map(|unusable| format!("{unusable}: `plan` says where")));
    lines
}

/// The way from a folder to a file, both of which are there, as a manifest writes it.
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
    parts
        .map(|parts| parts.join("/"))
        .ok_or_else(|| refused(format!("{} has a name that is no Unicode; rename the file", file.display())))
}

fn make_folder(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(|error| unwritten(folder, &error))
}

/// Writes the schema first: a manifest that is there is whole, and so is what its first line names.
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
mod tests {
    use super::*;
    use crate::provider::Registry;

    #[test]
    fn the_samples_begin_with_the_line_for_editors_and_name_the_prices_of_the_cards() {
        for sample in [SAMPLE, SCENES] {
            assert!(sample.starts_with(schema::MODELINE));
            let models = sample.lines().filter_map(|line| line.split_once("model: ")?.1.split_once(" # "));
            assert!(models.clone().count() > 1);
            for (model, says) in models {
                let price =
                    Registry::built_in().card(&model.parse().unwrap()).unwrap().price.clone().unwrap();
                assert!(says.ends_with(&format!(", {price}")), "{model}: {says}");
            }
        }
    }
}
