//! Exports approved clips in the form that a shop accepts.
//!
//! An export sends nothing and changes no clip. It never contains a rejected clip, nor another clip with the same
//! bytes.

mod address;
mod choice;
pub mod destinations;
mod feeds;
mod fit;
mod flat;
mod index;
mod last;
mod limits;
mod output;
mod products;
mod sheet;

pub use choice::{Choice, LeftOut, Reason};
pub(crate) use fit::Fit;
pub(crate) use last::LastExport;

use super::error::Error;
use super::exit::Exit;
use super::places::Places;
use super::project::Project;
use crate::app::words::Words;
use crate::domain::problem::Problem;
use crate::domain::text::count;
use crate::load::{Loaded, open};
use address::Base;
use choice::ChosenClips;
use destinations::Destination;
use products::Products;
use std::path::PathBuf;

/// Name of the command with which a person reviews clips.
const LOOK: &str = "review";

/// The format of an export, such as a product file with new columns or a folder of clips.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// The user's own product file, with additional columns that name the clips.
    Sheet,
    /// A list for Google that adds clips to products that Google already has (a supplemental feed).
    Google,
    /// A list for Meta that adds clips to products that Meta already has (a supplemental feed).
    Meta,
    /// A folder of clips for Shopify, with two lists that assign the clips to products.
    Shopify,
    /// A list for the product importer of `WooCommerce`.
    Woocommerce {
        /// Name of the product field (`Meta: NAME`) that gets the web address of the clip.
        meta: String,
    },
    /// A folder with all clips under plain file names.
    Flat,
    /// An index of the clips as CSV and as JSON.
    Index {
        /// True if the CSV begins with a byte-order mark, by which Excel recognises UTF-8.
        excel: bool,
    },
}

impl Form {
    /// Returns the name of the form on the command line, such as `sheet`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sheet => "sheet",
            Self::Google => "google",
            Self::Meta => "meta",
            Self::Shopify => "shopify",
            Self::Woocommerce { .. } => "woocommerce",
            Self::Flat => "flat",
            Self::Index { .. } => "index",
        }
    }
}

/// A request to export clips.
#[derive(Debug, Clone)]
pub struct ExportRequest {
    /// Format of the export.
    pub form: Form,
    /// Approved clips only, or all clips that were not rejected.
    pub choice: Choice,
    /// Keys, items or patterns of the jobs to export; empty for all jobs.
    pub only: Vec<String>,
    /// Names of the shots to export; empty for all shots.
    pub shots: Vec<String>,
    /// Path of the file or folder to write; `None` for the default name next to the manifest.
    pub out: Option<PathBuf>,
    /// True to replace existing files of the same names.
    pub force: bool,
    /// Web address at which the output folder's clips will be available; `None` if it is not known.
    pub base_url: Option<String>,
    /// Names of shops or platforms (destinations) whose limits are compared with each clip.
    pub destinations: Vec<String>,
}

/// The result of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportReport {
    /// Name of the form on the command line, such as `sheet`.
    pub form: &'static str,
    /// Files or folders that were written.
    pub written: Vec<PathBuf>,
    /// Number of exported clips.
    pub clips: usize,
    /// Number of written rows that name a clip or say why there is none.
    pub rows: usize,
    /// Number of clips that were left out, by reason.
    pub left_out: LeftOut,
    /// Notes about the written files, each in a sentence.
    pub notes: Vec<String>,
    /// True if the clips come from a rehearsal with fake providers.
    pub sandbox: bool,
    /// Command to type next.
    pub next: String,
}

impl ExportReport {
    /// Returns the report of an export before it has written a file.
    fn of(request: &ExportRequest, clips: &ChosenClips<'_>) -> Self {
        Self {
            form: request.form.name(),
            written: Vec::new(),
            clips: clips.handed.len(),
            rows: 0,
            left_out: clips.left_out.clone(),
            notes: Vec::new(),
            sandbox: false,
            next: String::new(),
        }
    }

    /// Returns the exit code: 3 if a clip exceeds the limits of a shop or platform, otherwise 0.
    #[must_use]
    pub fn exit(&self) -> Exit {
        if self.left_out.count(Reason::Unfit) > 0 { Exit::SomeFailed } else { Exit::Done }
    }
}

impl Project {
    /// Writes the clips that may be exported, as a file for a shop or as the user's own product file with new columns.
    ///
    /// # Errors
    ///
    /// Returns an error if no clip may be exported, or if a file of the user would be replaced. It also returns an
    /// error if the form of the export is not possible, for example a feed without a web address for the clips. Then
    /// nothing is written.
    pub async fn export(&self, request: &ExportRequest) -> Result<ExportReport, Error> {
        let places = &self.places;
        let base = request.base_url.as_deref().map(Base::read).transpose()?;
        let is_feed = matches!(request.form, Form::Google | Form::Meta | Form::Woocommerce { .. });
        if is_feed && base.is_none() {
            return Err(feeds::no_base(places, request));
        }
        let mut loaded = open(&places.manifest, &self.registry);
        refuse_invalid(places, &mut loaded)?;
        let gallery = self.gallery().await?;
        let destinations = destinations(request)?;
        let mut clips = ChosenClips::of(&gallery, request)?;
        let refused = limits::leave_out(&mut clips, &destinations);
        if clips.handed.is_empty() {
            return Err(nothing(places, request, &clips.left_out, &refused));
        }
        let mut report = match &request.form {
            Form::Sheet => sheet::write(self, request, &mut loaded, &clips, base.as_ref())?,
            form => {
                let products = Products::read(self, &mut loaded)?;
                match form {
                    Form::Shopify | Form::Flat => flat::folder(self, request, &products, &clips)?,
                    Form::Index { excel } => {
                        index::index(self, request, &products, &clips, base.as_ref(), *excel)?
                    }
                    _ => feeds::feed(self, request, &products, &clips, base.as_ref())?,
                }
            }
        };
        report.notes.splice(0..0, refused);
        report.sandbox = places.sandbox;
        LastExport::keep(places, request, &gallery);
        Ok(report)
    }

    /// Removes the problems from `loaded`, and returns a note about the rows that cannot be used; `None` if there are
    /// none.
    ///
    /// Warnings are dropped, because the plan has reported them already.
    ///
    /// # Errors
    ///
    /// Returns an error if the file as a whole cannot be read.
    fn take_problems(&self, loaded: &mut Loaded) -> Result<Option<String>, Error> {
        let problems = std::mem::take(&mut loaded.problems).into_iter().filter(Problem::is_error);
        let (of_items, wrong): (Vec<Problem>, Vec<Problem>) = problems.partition(|problem| problem.of_item);
        if !wrong.is_empty() {
            let error = Error::new(Exit::Invalid, "the product file cannot be read; nothing was written");
            return Err(error.problems(wrong).money("not charged").hint(self.places.typed("validate")));
        }
        let rows: usize = of_items.iter().map(|problem| problem.count.max(1)).sum();
        let reported = format!(
            "{} of the product file cannot be used; `{}` shows the mistakes",
            count(rows, "row"),
            self.places.typed("validate")
        );
        Ok((rows > 0).then_some(reported))
    }
}

fn refuse_invalid(places: &Places, loaded: &mut Loaded) -> Result<(), Error> {
    if !loaded.is_invalid() {
        return Ok(());
    }
    let error = Error::new(Exit::Invalid, "the manifest has errors; nothing was written");
    let problems = std::mem::take(&mut loaded.problems);
    Err(error.problems(problems).money("not charged").hint(places.typed("validate")))
}

/// Returns the error for an export that would contain no clip, with the reasons.
fn nothing(places: &Places, request: &ExportRequest, left_out: &LeftOut, refused: &[String]) -> Error {
    let what = match request.choice {
        // Approved clips that a destination refuses still count as approved.
        Choice::Approved if left_out.count(Reason::Unfit) == 0 => "no clip is approved",
        Choice::Approved | Choice::All => "no clip can be exported",
    };
    let parts = left_out.parts();
    let parts = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(" · ")) };
    let refused = refused.iter().fold(String::new(), |text, refused| text + "; " + refused);
    let (exit, hint) = if left_out.count(Reason::Unfit) > 0 {
        let to = destinations(request).unwrap_or_default();
        let to = to.iter().fold(String::new(), |text, to| text + " --for " + &to.name);
        (Exit::SomeFailed, format!("plan{to}"))
    } else if left_out.undecided() > 0 {
        (Exit::WorkRemains, LOOK.to_owned())
    } else {
        (Exit::SomeFailed, "status".to_owned())
    };
    let error = Error::new(exit, format!("{what}{parts}{refused}; nothing was written"));
    error.money("not charged").hint(places.typed(&hint))
}

/// Returns the shops and platforms whose limits are checked: those that the request names, and the one of its format.
fn destinations(request: &ExportRequest) -> Result<Vec<&'static Destination>, Error> {
    let of_form = match request.form {
        Form::Google | Form::Meta | Form::Shopify | Form::Woocommerce { .. } => Some(request.form.name()),
        Form::Sheet | Form::Flat | Form::Index { .. } => None,
    };
    let wanted = request.destinations.iter().map(String::as_str);
    let mut names: Vec<&str> = wanted.chain(of_form).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(Destination::named).collect()
}

/// Returns the command to type after the export: `review` if a clip still needs a review, otherwise `status`.
fn next(places: &Places, clips: &ChosenClips<'_>) -> String {
    if clips.left_out.undecided() > 0 { places.typed(LOOK) } else { places.typed("status") }
}

/// Returns the command that exports the same clips as an index, to the index's own file.
fn as_index(places: &Places, request: &ExportRequest) -> String {
    let form = Form::Index { excel: false };
    typed(places, &ExportRequest { form, out: None, force: false, ..request.clone() }, "")
}

/// Returns the command that repeats the export with the additional words `more`.
///
/// If `more` names a file or folder with `--out`, the request's own `--out` and `--force` are left out.
fn typed(places: &Places, request: &ExportRequest, more: &str) -> String {
    places.typed(&typed_words(request, more))
}

/// Returns the words of the command that repeats the export, without the flags that name the project's paths.
fn typed_words(request: &ExportRequest, more: &str) -> String {
    let ExportRequest { form, choice, only, shots, out, force, base_url, destinations } = request;
    let mut words = Words::new(&format!("export {}", form.name()));
    let is_elsewhere = more.contains(" --out");
    let out = out.as_ref().filter(|_| !is_elsewhere && *form != Form::Flat).map(|out| out.display());
    match form {
        Form::Sheet | Form::Google | Form::Meta | Form::Shopify | Form::Flat => {}
        Form::Woocommerce { meta } => words = words.option("--meta", Some(meta)),
        Form::Index { excel } => words = words.flag("--excel", *excel),
    }
    let words = words
        .flag("--all", *choice == Choice::All)
        .option("--only", only)
        .option("--shot", shots)
        .option("--base-url", base_url)
        .option("--for", destinations)
        .option("--out", out)
        .flag("--force", *force && !is_elsewhere);
    words.build() + more
}

#[cfg(test)]
#[path = "export_tests.rs"]
mod tests;
