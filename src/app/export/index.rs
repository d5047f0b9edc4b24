//! Exports an index of the clips as CSV and as JSON, for importers and programs.

use super::choice::{ChosenClips, ExportClip};
use super::feeds::written;
use super::output::{place, place_beside, write};
use super::products::Products;
use super::sheet::defused;
use super::{ExportReport, ExportRequest, next};
use crate::app::error::Error;
use crate::app::project::Project;
use crate::domain::take::SOURCE_TYPE;
use crate::media::mp4::{ClipFacts, inspect};
use serde_json::{Map, Value, json};
use std::fs::File;
use std::path::Path;

/// Columns of the CSV index, which are also the keys of each clip in the JSON index.
const COLUMNS: [&str; 18] = [
    "key",
    "handle",
    "sku",
    "shot",
    "file",
    "poster",
    "url",
    "sha256",
    "bytes",
    "width",
    "height",
    "seconds",
    "model",
    "cost_usd",
    "state",
    "decision",
    "verdict",
    "digital_source_type",
];

pub(super) fn index(
    project: &Project,
    request: &ExportRequest,
    products: &Products,
    clips: &ChosenClips<'_>,
    base: Option<&super::address::Base>,
    excel: bool,
) -> Result<ExportReport, Error> {
    let places = &project.places;
    let sheet = place(places, request, "index.csv")?;
    let json_file = place_beside(places, request, &sheet, "json")?;
    let mut rows = vec![COLUMNS.map(str::to_owned).to_vec()];
    let mut objects = Vec::new();
    for handed in &clips.handed {
        let values = values(handed, clips, products, base);
        rows.push(values.iter().map(cell).collect());
        let object: Map<String, Value> = COLUMNS.iter().map(|name| (*name).to_owned()).zip(values).collect();
        objects.push(Value::Object(object));
    }
    let mut bytes = if excel { b"\xEF\xBB\xBF".to_vec() } else { Vec::new() };
    bytes.extend(written(b',', rows));
    let document = json!({ "schema": "shotlist.index/1", "sandbox": places.sandbox, "clips": objects });
    let document = serde_json::to_vec_pretty(&document).map_err(Error::local)?;
    write(places, &sheet, &bytes)?;
    write(places, &json_file, &[document.as_slice(), b"\n"].concat())?;
    Ok(ExportReport {
        written: vec![sheet.named().to_owned(), json_file.named().to_owned()],
        rows: clips.handed.len(),
        next: next(places, clips),
        ..ExportReport::of(request, clips)
    })
}

/// Returns the values of a clip's row, in the order of the columns.
fn values(
    handed: &ExportClip<'_>,
    clips: &ChosenClips<'_>,
    products: &Products,
    base: Option<&super::address::Base>,
) -> [Value; COLUMNS.len()] {
    let ExportClip { job, filed } = handed;
    let key = job.key();
    let product = products.of(key.item.raw());
    let facts = facts(&clips.folder.join(&filed.path));
    let take = clips.take(handed);
    let model = take.map(|take| take.take.request.model.to_string());
    // A clip that two jobs share was paid for once, for the job that rendered it.
    let cost = job.current().map(|take| take.take.cost().plain());
    [
        key.to_string().into(),
        product.map(|product| product.handle.clone()).into(),
        product.and_then(|product| product.sku.clone()).into(),
        key.shot.clone().into(),
        filed.path.clone().into(),
        poster(&clips.folder, &filed.path).into(),
        base.map(|base| base.of(&filed.path)).into(),
        filed.file.sha256.to_string().into(),
        filed.file.size.into(),
        facts.map(|facts| facts.width).into(),
        facts.map(|facts| facts.height).into(),
        facts.map(|facts| (facts.duration.as_secs_f64() * 1000.0).round() / 1000.0).into(),
        model.into(),
        cost.into(),
        job.bucket.name().into(),
        job.standing.name().into(),
        take.and_then(|take| take.checked.as_ref()).map(|checked| checked.verdict().name()).into(),
        SOURCE_TYPE.into(),
    ]
}

fn facts(path: &Path) -> Option<ClipFacts> {
    inspect(&mut File::open(path).ok()?).ok()
}

/// Returns the path of the clip's still picture: an image file of the same name in the same folder; `None` if none.
fn poster(folder: &Path, path: &str) -> Option<String> {
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    let names = ["jpg", "webp", "png"].map(|ending| format!("{stem}.{ending}"));
    names.into_iter().find(|name| folder.join(name).is_file())
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => defused(text),
        other => other.to_string(),
    }
}
