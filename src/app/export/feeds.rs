//! Supplemental feeds: lists that add the web addresses of clips to products that a shop already has.

use super::address::Base;
use super::choice::{ChosenClips, ExportClip};
use super::output::{place, write};
use super::products::Products;
use super::sheet::defused;
use super::{ExportReport, ExportRequest, Form, as_index, next, typed};
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::places::Places;
use crate::app::project::Project;
use crate::domain::text::count;
use csv::{Terminator, WriterBuilder};
use std::collections::HashMap;

/// Maximum number of clips of a product in Google's feed (page 15216925 of the Merchant Center help).
const GOOGLE_CLIPS: usize = 10;
/// Maximum number of characters of an address in Google's feed (page 15216925 of the Merchant Center help).
const GOOGLE_ADDRESS: usize = 2_000;

/// A product with its clips to export, in the order of the manifest.
struct ExportProduct<'a> {
    ids: Vec<String>,
    clips: Vec<&'a ExportClip<'a>>,
}

/// Writes the feed for Google, Meta or `WooCommerce`: a list that adds clips to the shop's products.
pub(super) fn feed(
    project: &Project,
    request: &ExportRequest,
    products: &Products,
    clips: &ChosenClips<'_>,
    base: Option<&Base>,
) -> Result<ExportReport, Error> {
    let places = &project.places;
    let base = base.ok_or_else(|| no_base(places, request))?;
    let mut notes = Vec::new();
    let offered = offered(products, clips, &request.form, &mut notes);
    let (name, bytes, rows) = match &request.form {
        Form::Google => ("google.tsv", google(places, request, &offered, base)?, ids(&offered)),
        Form::Meta => ("meta.csv", meta(&offered, base), ids(&offered)),
        _ => ("woocommerce.csv", woocommerce(&offered, base, request), ids(&offered)),
    };
    if rows == 0 {
        let what = format!("{}; nothing was written", notes.join("; "));
        return Err(Error::new(Exit::Invalid, what).money("not charged").hint(as_index(places, request)));
    }
    match &request.form {
        Form::Google | Form::Meta => notes.push(
            "the feed has the ids of the product file; the shop's main feed must have the same ids".to_owned(),
        ),
        _ => notes.push(
            "in WooCommerce's importer, choose `Update existing products`; the theme or a plug-in must show the field"
                .to_owned(),
        ),
    }
    let project_name = clips.project.as_deref().unwrap_or("shotlist");
    let file = place(places, request, &format!("{project_name}.{name}"))?;
    write(places, &file, &bytes)?;
    Ok(ExportReport {
        written: vec![file.named().to_owned()],
        rows,
        notes,
        next: next(places, clips),
        ..ExportReport::of(request, clips)
    })
}

/// Returns each product with its clips and with the ids by which the shop knows it.
///
/// Clips whose product has no such id or is not in the product file are left out, and a note about them is added.
fn offered<'a>(
    products: &Products,
    clips: &'a ChosenClips<'a>,
    form: &Form,
    notes: &mut Vec<String>,
) -> Vec<ExportProduct<'a>> {
    let mut offered: Vec<ExportProduct<'a>> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let (mut gone, mut nameless) = (0, 0);
    for handed in &clips.handed {
        let item = handed.job.key().item.raw();
        if let Some(known) = places.get(item).and_then(|at| offered.get_mut(*at)) {
            known.clips.push(handed);
            continue;
        }
        let Some(product) = products.of(item) else {
            gone += 1;
            continue;
        };
        let ids = match form {
            Form::Woocommerce { .. } => product.sku.iter().cloned().collect(),
            _ => product.offers.clone(),
        };
        if ids.is_empty() {
            nameless += 1;
            continue;
        }
        places.insert(item, offered.len());
        offered.push(ExportProduct { ids, clips: vec![handed] });
    }
    if gone > 0 {
        notes.push(format!("{} left out: the product file no longer has their items", count(gone, "clip")));
    }
    if nameless > 0 {
        notes.push(format!(
            "{} left out: their products have no SKU, by which WooCommerce finds them",
            count(nameless, "clip")
        ));
    }
    offered
}

fn ids(offered: &[ExportProduct<'_>]) -> usize {
    offered.iter().map(|offered| offered.ids.len()).sum()
}

/// Returns Google's feed, in which the column `video_link` holds a product's addresses, separated by commas.
fn google(
    places: &Places,
    request: &ExportRequest,
    offered: &[ExportProduct<'_>],
    base: &Base,
) -> Result<Vec<u8>, Error> {
    let mut rows = vec![vec!["id".to_owned(), "video_link".to_owned()]];
    for ExportProduct { ids, clips } in offered {
        let refused = |why: String| {
            let key = clips.first().map(|clip| clip.job.key().to_string()).unwrap_or_default();
            let error = Error::new(Exit::Invalid, format!("{key}: {why}; nothing was written"));
            error.money("not charged")
        };
        if clips.len() > GOOGLE_CLIPS {
            let why =
                format!("the product has {} clips, but Google accepts at most {GOOGLE_CLIPS}", clips.len());
            return Err(refused(format!("{why}; `--shot NAME` exports the clips of one shot"))
                .hint(places.typed("export google --help")));
        }
        let addresses: Vec<String> = clips.iter().map(|clip| address(base, clip)).collect();
        if let Some(long) = addresses.iter().find(|address| address.len() > GOOGLE_ADDRESS) {
            let why = format!(
                "its address has {} characters, but Google accepts at most {GOOGLE_ADDRESS}",
                long.len()
            );
            return Err(refused(format!("{why}; write a shorter `output:`")).hint(as_index(places, request)));
        }
        rows.extend(ids.iter().map(|id| vec![id.clone(), addresses.join(",")]));
    }
    Ok(written(b'\t', rows))
}

/// Returns Meta's feed, with two columns (address and tag) for each clip.
///
/// The product with the most clips determines the number of columns.
fn meta(offered: &[ExportProduct<'_>], base: &Base) -> Vec<u8> {
    let most = offered.iter().map(|offered| offered.clips.len()).max().unwrap_or(0);
    let names = (0..most).flat_map(|at| [format!("video[{at}].url"), format!("video[{at}].tag[0]")]);
    let mut rows = vec![std::iter::once("id".to_owned()).chain(names).collect::<Vec<_>>()];
    for ExportProduct { ids, clips } in offered {
        let mut cells: Vec<String> =
            clips.iter().flat_map(|clip| [address(base, clip), defused(&clip.job.key().shot)]).collect();
        cells.resize(2 * most, String::new());
        rows.extend(ids.iter().map(|id| std::iter::once(id.clone()).chain(cells.clone()).collect()));
    }
    written(b',', rows)
}

/// Returns the list for `WooCommerce`, with a column for each clip.
///
/// The product with the most clips determines the number of columns.
fn woocommerce(offered: &[ExportProduct<'_>], base: &Base, request: &ExportRequest) -> Vec<u8> {
    let Form::Woocommerce { meta } = &request.form else { return Vec::new() };
    let most = offered.iter().map(|offered| offered.clips.len()).max().unwrap_or(0);
    let name = |at: usize| if at == 0 { format!("Meta: {meta}") } else { format!("Meta: {meta}_{}", at + 1) };
    let mut rows = vec![std::iter::once("SKU".to_owned()).chain((0..most).map(name)).collect::<Vec<_>>()];
    for ExportProduct { ids, clips } in offered {
        let mut cells: Vec<String> = clips.iter().map(|clip| address(base, clip)).collect();
        cells.resize(most, String::new());
        rows.extend(ids.iter().map(|id| std::iter::once(id.clone()).chain(cells.clone()).collect()));
    }
    written(b',', rows)
}

/// Returns the web address of a clip with its commas escaped, because the lists separate addresses by commas.
fn address(base: &Base, clip: &ExportClip<'_>) -> String {
    base.of(&clip.filed.path).replace(',', "%2C")
}

/// Returns rows as a CSV file with this delimiter and a line feed after each row.
pub(super) fn written(delimiter: u8, rows: Vec<Vec<String>>) -> Vec<u8> {
    let mut writer =
        WriterBuilder::new().delimiter(delimiter).terminator(Terminator::Any(b'\n')).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).expect("a vector takes every byte, and all records have the same fields");
    }
    writer.into_inner().expect("a vector takes every byte")
}

/// Returns the error for an export that needs web addresses but has no `--base-url`.
pub(super) fn no_base(places: &Places, request: &ExportRequest) -> Error {
    let what = format!(
        "`export {}` needs the web address of the clips, but `--base-url` is missing; nothing was written",
        request.form.name()
    );
    let hint = typed(places, request, " --base-url https://YOUR-SHOP/clips");
    Error::new(Exit::Usage, what).money("not charged").hint(hint)
}
