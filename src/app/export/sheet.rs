//! Exports the user's own product file with four new columns at the end.

use super::address::Base;
use super::choice::{ChosenClips, Reason};
use super::output::{place, refuse_source, write as write_file};
use super::{ExportReport, ExportRequest, as_index, next};
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::gallery::GalleryJob;
use crate::app::places::Places;
use crate::app::project::Project;
pub(super) use crate::catalog::defused;
use crate::catalog::{Layout, NewColumns, Refused, append};
use crate::domain::text::count;
use crate::load::{Loaded, ProductFile, each_item};
use std::collections::HashMap;
use std::path::Path;

/// Names of the columns that the export adds to the product file.
pub(super) const COLUMNS: [&str; 4] = ["shotlist_status", "shotlist_file", "shotlist_url", "shotlist_error"];

/// Separator between the entries of several clips in one cell.
const BETWEEN: &str = " | ";

/// The texts for the new cells of a row; each cell has one text for each clip of the row's item.
#[derive(Default)]
struct Texts {
    statuses: Vec<String>,
    files: Vec<String>,
    urls: Vec<String>,
    errors: Vec<String>,
}

impl Texts {
    /// Returns the new cells of the row, in the order of the added columns.
    ///
    /// If all clips of the row have the same status, the status cell has the word only once.
    fn into_cells(mut self) -> Vec<String> {
        if self.statuses.windows(2).all(|pair| pair[0] == pair[1]) {
            self.statuses.truncate(1);
        }
        [self.statuses, self.files, self.urls, self.errors].map(|texts| texts.join(BETWEEN)).into()
    }
}

/// Writes a copy of the product file, with the columns about clips added.
pub(super) fn write(
    project: &Project,
    request: &ExportRequest,
    loaded: &mut Loaded,
    clips: &ChosenClips<'_>,
    base: Option<&Base>,
) -> Result<ExportReport, Error> {
    let places = &project.places;
    let mut rows: HashMap<String, u64> = HashMap::new();
    let file = each_item(loaded, &|_| {}, &mut |item| {
        rows.entry(item.id.clone()).or_insert_with(|| item.line());
    });
    let wrong = project.take_problems(loaded)?;
    let file = file.ok_or_else(|| no_sheet(places, request))?;
    let (texts, gone) = texts(clips, base, &rows);
    let cells = texts.into_iter().map(|(row, texts)| (row, texts.into_cells())).collect();
    let columns = NewColumns { names: &COLUMNS, rows: cells };
    let wanted = columns.rows.len();
    let (bytes, layout) = (
        read(places, request, &file)?,
        file.layout.as_ref().ok_or_else(|| unfit(places, request, &file, "it has no rows"))?,
    );
    let appended = append(&bytes, layout, file.encoding, &columns).map_err(|refused| match refused {
        Refused::Taken(column) => taken(places, request, &file, &column),
        Refused::Unfit(why) => unfit(places, request, &file, &why),
    })?;
    if appended.rows != wanted {
        let why = format!(
            "only {} of {wanted} rows with clips were found again, because the file was changed just now",
            appended.rows
        );
        return Err(unfit(places, request, &file, &why));
    }
    let output = place(places, request, &name(&file.path))?;
    refuse_source(places, request, output.named(), &file.path)?;
    write_file(places, &output, &appended.bytes)?;
    let mut notes: Vec<String> = wrong.into_iter().collect();
    if gone > 0 {
        notes.push(format!("{} belong to items that {} no longer has", count(gone, "job"), file.shown));
    }
    if !appended.untouched.is_empty() {
        let rows = count(appended.untouched.len(), "row");
        notes.push(format!(
            "{rows} with more cells than the header stay as they are, without the new columns"
        ));
    }
    if appended.replaced > 0 {
        let letters = count(appended.replaced, "character");
        notes.push(format!(
            "{letters} that the encoding {} lacks are written as `?`; addresses are in ASCII",
            file.encoding
        ));
    }
    if base.is_none() {
        notes.push("shotlist_url is empty: set the web address of the clips with `--base-url`".to_owned());
    }
    if matches!(layout, Layout::Sheet { .. }) && clips.handed.len() > wanted {
        notes.push(
            "several clips of a row are joined by ` | `; `--shot NAME` writes the clips of one shot only"
                .to_owned(),
        );
    }
    let next = next(places, clips);
    Ok(ExportReport {
        written: vec![output.named().to_owned()],
        rows: wanted,
        notes,
        next,
        ..ExportReport::of(request, clips)
    })
}

/// Returns the texts of the new columns for each row of the product file, and the number of jobs whose items the file
/// lacks.
///
/// The texts are the review status, path and web address of each exported clip, or the reason why a job has none. Web
/// addresses begin with `base` and are missing without it. `rows` has the row number of each item in the file.
fn texts(
    clips: &ChosenClips<'_>,
    base: Option<&Base>,
    rows: &HashMap<String, u64>,
) -> (HashMap<u64, Texts>, usize) {
    let (mut texts, mut gone): (HashMap<u64, Texts>, usize) = (HashMap::new(), 0);
    let mut of = |job: &GalleryJob, fill: &dyn Fn(&mut Texts)| match rows.get(job.key().item.raw()) {
        Some(row) => fill(texts.entry(*row).or_default()),
        None => gone += 1,
    };
    for handed in &clips.handed {
        of(handed.job, &|texts| {
            texts.statuses.push(handed.job.standing.name().to_owned());
            texts.files.push(handed.filed.path.clone());
            texts.urls.extend(base.map(|base| base.of(&handed.filed.path)));
        });
    }
    for (job, reason) in &clips.others {
        of(job, &|texts| {
            texts.statuses.push(reason.word().to_owned());
            texts.errors.extend(error(job, *reason));
        });
    }
    (texts, gone)
}

/// Returns the text for the error column, which says why a job's clip is not exported.
///
/// It is `None` if the clip only waits for a review, or if no reason is recorded.
fn error(job: &GalleryJob, reason: Reason) -> Option<String> {
    let key = job.key();
    let name =
        if key.variant.is_empty() { key.shot.clone() } else { format!("{} {}", key.shot, key.variant) };
    let why = match reason {
        Reason::Undecided | Reason::Outdated => return None,
        Reason::Rejected => {
            let review = job.record.review.as_ref()?;
            let words: Vec<&str> = review.reasons.iter().map(|reason| reason.words()).collect();
            let note = review.note.as_deref().unwrap_or_default();
            [words.join(", ").as_str(), note]
                .iter()
                .filter(|part| !part.is_empty())
                .copied()
                .collect::<Vec<_>>()
                .join(": ")
        }
        Reason::SharesRejected => "another job has the same clip, and it was rejected there".to_owned(),
        Reason::Missing => "the clip is missing".to_owned(),
        Reason::Unfit => "a destination does not accept it".to_owned(),
        Reason::Altered => "the clip was changed since it was saved".to_owned(),
        Reason::NoClip(_) => {
            let said = job.record.decisive().and_then(|take| take.said.as_ref())?;
            said.to_string()
        }
    };
    let why: String = why.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    (!why.is_empty()).then(|| format!("{name}: {why}"))
}

/// Returns the file name of the exported copy of a product file, such as `products.shotlist.csv` for `products.csv`.
fn name(path: &Path) -> String {
    let part = |part: Option<&std::ffi::OsStr>| part.map(|part| part.to_string_lossy().into_owned());
    let stem = part(path.file_stem()).filter(|stem| stem != "-").unwrap_or_else(|| "products".to_owned());
    match part(path.extension()) {
        Some(ending) => format!("{stem}.shotlist.{ending}"),
        None => format!("{stem}.shotlist"),
    }
}

fn read(places: &Places, request: &ExportRequest, file: &ProductFile) -> Result<Vec<u8>, Error> {
    file.bytes().map_err(|why| unfit(places, request, file, &why))
}

fn unfit(places: &Places, request: &ExportRequest, file: &ProductFile, why: &str) -> Error {
    let what = format!("columns cannot be added to {}: {why}; nothing was written", file.shown);
    Error::new(Exit::Invalid, what).money("not charged").hint(as_index(places, request))
}

fn taken(places: &Places, request: &ExportRequest, file: &ProductFile, column: &str) -> Error {
    let what = format!(
        "{} already has a column `{column}`; remove its columns that begin with `shotlist_`, or name the original file \
         from the shop under `items:`; nothing was written",
        file.shown
    );
    Error::new(Exit::Invalid, what).money("not charged").hint(as_index(places, request))
}

fn no_sheet(places: &Places, request: &ExportRequest) -> Error {
    let what = format!(
        "the items are listed in {}, so there is no product file to add columns to; nothing was written",
        places.shown
    );
    Error::new(Exit::Usage, what).money("not charged").hint(as_index(places, request))
}
