//! Makes jobs from the items of a manifest, one item at a time.

mod rows;

pub use rows::{ProductFile, each_item};

use super::Loaded;
use super::join::Joined;
use super::shown::Shown;
use super::source::{is_standard_input, near, shown, source};
use crate::catalog::{self, Catalog, Reading, RowsApart};
use crate::domain::digest::Sha256;
use crate::domain::item::Item;
use crate::domain::problem::{Place, Problem, meant_or_all};
use crate::domain::request::PictureFacts;
use crate::domain::signature::Signature;
use crate::domain::take::Wanted;
use crate::files::{self, ImageCache, PictureTrouble};
use crate::manifest::{FileReading, Items, ListItem, Located, Manifest, OnBadItem};
use crate::plan::expand::{Expanded, Expansion, Placed, excuse, is_own_fault};
use crate::plan::order::{LinkBook, Unusable};
use crate::plan::values::Subject;
use crate::store::PlanTables;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

/// A receiver of jobs, one at a time.
pub trait Jobs {
    /// Discards all jobs received so far, because the items are read again from the start. It is called before the
    /// first reading, too.
    fn begin(&mut self);

    /// Receives a valid job, with its priority and its template in `placed`. Jobs of equal priority keep their order.
    fn take(&mut self, wanted: Wanted, placed: Placed);

    /// Receives a picture of a job: the digest of its file, and a function that computes the signature of its pixels.
    ///
    /// This method is called only if the manifest compares pictures by their pixels.
    fn picture(&mut self, sha256: Sha256, signature: &mut dyn FnMut() -> Option<Signature>);
}

impl Jobs for &PlanTables {
    fn begin(&mut self) {
        self.lock().clear();
    }

    fn take(&mut self, wanted: Wanted, placed: Placed) {
        self.lock().take(&wanted, placed);
    }

    fn picture(&mut self, sha256: Sha256, signature: &mut dyn FnMut() -> Option<Signature>) {
        self.lock().picture(sha256, signature);
    }
}

/// Makes the jobs of an opened manifest, passes the valid ones to `jobs`, and records all problems.
///
/// `links` holds the facts (such as size and digest) about linked pictures, `pictures` those about pictures on this
/// computer. If `with_links` is true, every link is kept in [`Loaded::links`]. The jobs may be carried out only if
/// [`Loaded::is_invalid`] returns false.
pub fn jobs(
    loaded: &mut Loaded,
    links: &LinkBook,
    pictures: &mut ImageCache,
    with_links: bool,
    jobs: &mut dyn Jobs,
) {
    let Some(manifest) = loaded.manifest.take() else { return };
    let source = Source::of(&loaded.folder, &manifest, &mut loaded.problems);
    let mut pictures = Pictures { folder: &loaded.folder, image_cache: pictures, known: HashMap::new() };
    let mut look = |text: &str| pictures.look(text);
    let mut shown = Shown::of(&manifest, &loaded.folder);
    let skips = manifest.on_bad_item == OnBadItem::Skip;
    let mut is_gathered = false;
    // If several items have the same id, all of them are left out: any of them may be the wrong one.
    let mut doubled = BTreeSet::new();
    let (mut problems, mut expanded) = loop {
        jobs.begin();
        let mut expansion = Expansion::new(&manifest, &loaded.cards, links, &mut look);
        if with_links {
            expansion = expansion.with_links();
        }
        let mut take = |subject: &Subject<'_>| {
            if doubled.contains(&subject.item.id) {
                expansion.leave_out(&subject.item);
            } else {
                expansion.item(subject, &mut |wanted, placed| {
                    if let Some(shown) = &mut shown {
                        shown.hand_on(&wanted, jobs);
                    }
                    jobs.take(wanted, placed);
                });
            }
        };
        match source.read(is_gathered, &mut take) {
            Ok(read) if skips && read.doubled != doubled => doubled = read.doubled,
            Ok(read) => {
                loaded.makes = read.makes;
                let expanded = expansion.finish();
                let mut problems = read.problems;
                if let Source::File(file) = &source {
                    let picture = if expanded.has_pictures {
                        read.pictures.note(&file.shown)
                    } else {
                        read.pictures.passed_over(&file.shown).filter(|_| !manifest.sets_pictures())
                    };
                    problems.extend(picture.filter(|_| expanded.drafts > 0));
                }
                break (problems, expanded);
            }
            Err(RowsApart) => is_gathered = true,
        }
    };
    if skips {
        let bad = problems.iter().filter(|problem| is_own_fault(problem));
        expanded.left_out.nameless = bad.map(|problem| problem.count.max(1)).sum();
        problems.iter_mut().for_each(excuse);
        problems.extend(left_out(&loaded.shown, &expanded));
    }
    loaded.problems.extend(problems);
    loaded.problems.extend(shown.and_then(|shown| shown.without_effect(&loaded.shown)));
    let Expanded { problems, links, dropped, left_out, jobs, drafts: _, has_pictures: _ } = expanded;
    loaded.problems.extend(problems);
    (loaded.links, loaded.dropped, loaded.left_out) = (links, dropped, left_out);
    loaded.jobs = jobs;
    loaded.manifest = Some(manifest);
}

/// Returns a warning that items were skipped because of their problems; `None` if no item was skipped. If no job
/// remains, the returned problem is an error instead.
fn left_out(shown: &str, expanded: &Expanded) -> Option<Problem> {
    let place = Place::File(shown.to_owned());
    let (items, are) = match expanded.left_out.count() {
        0 => return None,
        1 => ("1 item".to_owned(), "is"),
        count => (format!("{count} items"), "are"),
    };
    if expanded.jobs == 0 {
        let message =
            format!("{items} {are} left out (`on_bad_item: skip`), and nothing remains to be rendered");
        return Some(Problem::error(place, message).hint("fix the problems reported for these items"));
    }
    let message = format!("{items} {are} left out (`on_bad_item: skip`); the other items are kept");
    Some(
        Problem::warning(place, message)
            .hint("fix the problems reported for these items, and the next run makes their clips"),
    )
}

/// Reads the product file `from` only to report its problems, because the manifest itself is invalid.
pub(super) fn look(
    folder: &Path,
    from: &Located<String>,
    reading: &FileReading,
    problems: &mut Vec<Problem>,
) {
    if let Some(file) = File::of(folder, from, reading, problems) {
        let read = file.read(false, &mut |_| {}).or_else(|RowsApart| file.read(true, &mut |_| {}));
        problems.extend(read.map(|read| read.problems).unwrap_or_default());
    }
}

/// The facts (format, size and digest) about local pictures, kept for jobs with the same picture.
struct Pictures<'a> {
    folder: &'a Path,
    image_cache: &'a mut ImageCache,
    known: HashMap<String, Result<PictureFacts, Unusable>>,
}

/// Limit on the number of pictures whose facts are kept. A picture that many jobs share is examined only once.
const REMEMBERED: usize = 20_000;

impl Pictures<'_> {
    /// Returns the facts about a local picture, or the reason why it cannot be used.
    fn look(&mut self, text: &str) -> Result<PictureFacts, Unusable> {
        if let Some(known) = self.known.get(text) {
            return known.clone();
        }
        let found = self.image_cache.look(text).map_err(|trouble| Unusable {
            near: matches!(trouble, PictureTrouble::Missing)
                .then(|| near(self.folder, text))
                .flatten()
                .filter(|near| files::inspect(self.folder, near).is_ok()),
            why: trouble.to_string(),
            remedy: match trouble {
                PictureTrouble::Missing | PictureTrouble::Outside => without_host(text),
                _ => None,
            }
            .unwrap_or_else(|| trouble.remedy().to_owned()),
        });
        if self.known.len() == REMEMBERED {
            self.known.clear();
        }
        self.known.insert(text.to_owned(), found.clone());
        found
    }
}

/// Returns a hint about a missing picture whose text in the manifest looks like a web address without its host or its
/// scheme. Returns `None` for any other text.
fn without_host(text: &str) -> Option<String> {
    let is_host = |first: &str| {
        let (name, last) = first.rsplit_once('.').unwrap_or_default();
        !name.is_empty() && last.len() > 1 && last.chars().all(|letter| letter.is_ascii_alphabetic())
    };
    let (lacks, start) = if text.starts_with('/') {
        ("host", "https://YOUR-SHOP")
    } else {
        text.split_once('/').filter(|(first, _)| is_host(first))?;
        ("`https://`", "https://")
    };
    Some(format!(
        "if it is an address without its {lacks}, write `image: \"{start}{{{{ item.image }}}}\"`; if it is a file, write \
         its path from the manifest's folder"
    ))
}

/// The source of the items of a manifest.
enum Source<'a> {
    Manifest(&'a [ListItem]),
    File(Box<File>),
    /// A product file that cannot be read; its problem is already recorded.
    Nothing,
}

impl<'a> Source<'a> {
    fn of(folder: &Path, manifest: &'a Manifest, problems: &mut Vec<Problem>) -> Self {
        match &manifest.items {
            Items::List(entries) => Self::Manifest(entries),
            Items::File { from, reading, .. } => File::of(folder, from, reading, problems)
                .map_or(Self::Nothing, |file| Self::File(Box::new(file))),
        }
    }

    /// Passes every item to `take`, and returns a catalog with the problems of the source. Fails with [`RowsApart`] if
    /// the rows of a product are not next to each other. The caller must then read again with `is_gathered` set to
    /// true.
    fn read(&self, is_gathered: bool, take: &mut dyn FnMut(&Subject<'_>)) -> Result<Catalog, RowsApart> {
        match self {
            Self::Manifest(entries) => {
                for entry in *entries {
                    take(&Subject { item: Arc::clone(&entry.item), own: Some(&entry.own) });
                }
                Ok(Catalog::default())
            }
            Self::File(file) => file.read(is_gathered, &mut |item| take(&Subject { item, own: None })),
            Self::Nothing => Ok(Catalog::default()),
        }
    }
}

/// A product file and the options for reading it.
struct File {
    path: PathBuf,
    shown: String,
    how: Reading,
    /// The user's own sheet that is joined to the product file, if there is one.
    joined: Option<Joined>,
}

/// Number of items in a batch that the reading thread passes to the thread that makes jobs. `AHEAD` is the number of
/// batches that may wait between them.
///
/// Both numbers are large enough that neither thread waits for the other, and small enough to need little memory.
const BATCH: usize = 512;
const AHEAD: usize = 4;

impl File {
    /// Returns the product file that a manifest names. Returns `None` after adding a problem to `problems`.
    fn of(
        folder: &Path,
        from: &Located<String>,
        reading: &FileReading,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        if let Some(unknown) = reading.dialect.as_ref().and_then(unknown_dialect) {
            problems.push(unknown);
            return None;
        }
        let how = reading.how.clone();
        let before = problems.len();
        let joined = reading.join.as_ref().and_then(|join| Joined::read(folder, join, problems));
        if problems[before..].iter().any(Problem::is_error) {
            return None;
        }
        let is_input = is_standard_input(Path::new(&from.value));
        let path = if is_input { PathBuf::from("-") } else { files::find(folder, &from.value) };
        match source(&path) {
            Ok(_) => Some(Self { shown: shown(&path), path, how, joined }),
            Err(reason) => {
                let message = format!("the product file `{}` cannot be read: {reason}", from.value);
                let hint = match near(folder, &from.value) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "write its path relative to the manifest's folder".to_owned(),
                };
                problems.push(Problem::error(from.place(), message).hint(hint));
                None
            }
        }
    }

    /// Reads the file and passes every item to `take`, while a second thread reads ahead. Fails with [`RowsApart`] if
    /// the rows of a product are not next to each other. The caller must then read again with `is_gathered` set to
    /// true.
    fn read(&self, is_gathered: bool, take: &mut dyn FnMut(Arc<Item>)) -> Result<Catalog, RowsApart> {
        let Self { path, shown, how, joined } = self;
        let source = match source(path) {
            Ok(source) => source,
            // The file could still be opened when its path was resolved.
            Err(reason) => {
                let message = format!("the product file can no longer be read: {reason}");
                let problem = Problem::error(Place::File(shown.clone()), message).hint("try again");
                return Ok(Catalog { problems: vec![problem], ..Catalog::default() });
            }
        };
        let (send, received) = sync_channel::<Vec<Arc<Item>>>(AHEAD);
        std::thread::scope(|scope| {
            let reader = scope.spawn(move || {
                let mut batch = Vec::with_capacity(BATCH);
                let mut joining = joined.as_ref().map(Joined::begin);
                let mut hand_on = |item| {
                    let item = match &mut joining {
                        Some(joining) => joining.join(item),
                        None => item,
                    };
                    batch.push(Arc::new(item));
                    if batch.len() == BATCH {
                        // The receiver accepts batches until this thread ends.
                        let _ = send.send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)));
                    }
                };
                let read = if is_gathered {
                    Ok(catalog::gather(shown, source, how, &mut hand_on))
                } else {
                    catalog::stream(shown, source, how, &mut hand_on)
                };
                let _ = send.send(batch);
                read.map(|mut catalog| {
                    catalog.problems.extend(joining.and_then(|joining| joining.finish(shown)));
                    catalog
                })
            });
            for batch in received {
                batch.into_iter().for_each(&mut *take);
            }
            reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}

fn unknown_dialect(dialect: &Located<String>) -> Option<Problem> {
    let known = catalog::dialects();
    if known.contains(&dialect.value.as_str()) {
        return None;
    }
    let problem = Problem::error(dialect.place(), format!("`{}` is not a known dialect", dialect.value));
    Some(problem.hint(meant_or_all(&dialect.value, known, "the dialects are")))
}

/// Reads a product file, or standard input if the path is `-`.
///
/// The error is the reason why the file cannot be opened.
pub fn product_file(path: &Path, reading: &Reading) -> Result<Catalog, String> {
    Ok(catalog::read(&shown(path), source(path)?, reading))
}
