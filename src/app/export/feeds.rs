//! Supplemental feeds: lists that add the addresses of clips to products which a shop already has.

use super::address::Base;
use super::choice::{Clips, Handed};
use super::output::{place, write};
use super::products::Products;
use super::sheet::defused;
use super::{ExportReport, ExportRequest, Form, next, typed};
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::places::Places;
use crate::app::project::Project;
use crate::domain::text::count;
use csv::{Terminator, WriterBuilder};
use std::collections::HashMap;

/// Most clips of a product in Google's feed (Merchant Center help, 15216925).
const GOOGLE_CLIPS: usize = 10;
/// Most characters of an address there.
const GOOGLE_ADDRESS: usize = 2_000;

/// A product with its clips, in the order of the manifest.
struct Offered<'a> {
    ids: Vec<String>,
    clips: Vec<&'a Handed<'a>>,
}

/// Writes a feed.
pub(super) fn feed(
    project: &Project,
    request: &ExportRequest,
    products: &Products,
    clips: &Clips<'_>,
    base: Option<&Base>,
) -> Result<ExportReport, Error> {
    let places = &project.places;
    let base = base.ok_or_else(|| no_base(places, request))?;
    let mut notes = Vec::new();
    let offered = offered(products, clips, &request.form, &mut notes);
    let (name, bytes, rows) = match &request.form {
        Form::Google => ("google.tsv", google(places, &offered, base)?, ids(&offered)),
        Form::Meta => ("meta.csv", meta(&offered, base), ids(&offered)),
        _ => ("woocommerce.csv", woocommerce(&offered, base, request), ids(&offered)),
    };
    if rows == 0 {
        let what = format!("{}; nothing was written", notes.join("; "));
        return Err(Error::new(Exit::Invalid, what).money("not charged").hint(places.typed("export index")));
    }
    match &request.form {
        Form::Google | Form::Meta => notes.push(
            "the ids are those of the product file; the main feed must have the same ones".to_owned(),
        ),
        _ => notes.push(
            "in WooCommerce's importer, choose `Update existing products`; the theme or a plug-in must show the field"
                .to_owned(),
        ),
    }
    let project_name = clips.project.as_deref().unwrap_or("shotlist");
    let path = place(places, request, &format!("{project_name}.{name}"))?;
    write(places, &path, &bytes)?;
    Ok(ExportReport {
        written: vec![path],
        rows,
        notes,
        next: next(places, clips),
        ..ExportReport::of(request, clips)
    })
}

/// Returns the clips of each product, under the ids by which the form knows it.
fn offered<'a>(
    products: &Products,
    clips: &'a Clips<'a>,
    form: &Form,
    notes: &mut Vec<String>,
) -> Vec<Offered<'a>> {
    let mut offered: Vec<Offered<'a>> = Vec::new();
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
        offered.push(Offered { ids, clips: vec![handed] });
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

fn ids(offered: &[Offered<'_>]) -> usize {
    offered.iter().map(|offered| offered.ids.len()).sum()
}

/// Returns Google's feed: `video_link` holds the addresses with commas between them.
fn google(places: &Places, offered: &[Offered<'_>], base: &Base) -> Result<Vec<u8>, Error> {
    let mut rows = vec![vec!["id".to_owned(), "video_link".to_owned()]];
    for Offered { ids, clips } in offered {
        let refused = |why: String| {
            let key = clips.first().map(|clip| clip.job.key().to_string()).unwrap_or_default();
            let error = Error::new(Exit::Invalid, format!("{key}: {why}; nothing was written"));
            error.money("not charged")
        };
        if clips.len() > GOOGLE_CLIPS {
            let why = format!("the product has {} clips, and Google takes {GOOGLE_CLIPS}", clips.len());
            return Err(refused(format!("{why}; `--shot NAME` takes those of one shot"))
                .hint(places.typed("export google --help")));
        }
        let addresses: Vec<String> = clips.iter().map(|clip| address(base, clip)).collect();
        if let Some(long) = addresses.iter().find(|address| address.len() > GOOGLE_ADDRESS) {
            let why = format!("its address has {} characters, and Google takes {GOOGLE_ADDRESS}", long.len());
            return Err(
                refused(format!("{why}; write a shorter `output:`")).hint(places.typed("export index"))
            );
        }
        rows.extend(ids.iter().map(|id| vec![id.clone(), addresses.join(",")]));
    }
    Ok(written(b'\t', rows))
}

/// Returns Meta's feed: two columns for each clip that some product has.
fn meta(offered: &[Offered<'_>], base: &Base) -> Vec<u8> {
    let most = offered.iter().map(|offered| offered.clips.len()).max().unwrap_or(0);
    let names = (0..most).flat_map(|at| [format!("video[{at}].url"), format!("video[{at}].tag[0]")]);
    let mut rows = vec![std::iter::once("id".to_owned()).chain(names).collect::<Vec<_>>()];
    for Offered { ids, clips } in offered {
        let mut cells: Vec<String> =
            clips.iter().flat_map(|clip| [address(base, clip), defused(&clip.job.key().shot)]).collect();
        cells.resize(2 * most, String::new());
        rows.extend(ids.iter().map(|id| std::iter::once(id.clone()).chain(cells.clone()).collect()));
    }
    written(b',', rows)
}

/// Returns the list for `WooCommerce`: a field of the product for each of its clips.
fn woocommerce(offered: &[Offered<'_>], base: &Base, request: &ExportRequest) -> Vec<u8> {
    let Form::Woocommerce { meta } = &request.form else { return Vec::new() };
    let most = offered.iter().map(|offered| offered.clips.len()).max().unwrap_or(0);
    let name = |at: usize| if at == 0 { format!("Meta: {meta}") } else { format!("Meta: {meta}_{}", at + 1) };
    let mut rows = vec![std::iter::once("SKU".to_owned()).chain((0..most).map(name)).collect::<Vec<_>>()];
    for Offered { ids, clips } in offered {
        let mut cells: Vec<String> = clips.iter().map(|clip| address(base, clip)).collect();
        cells.resize(most, String::new());
        rows.extend(ids.iter().map(|id| std::iter::once(id.clone()).chain(cells.clone()).collect()));
    }
    written(b',', rows)
}

/// Returns the address of a clip; a comma in it would end it in a list.
fn address(base: &Base, clip: &Handed<'_>) -> String {
    base.of(&clip.filed.path).replace(',', "%2C")
}

/// Returns rows as a sheet with a line feed behind each.
pub(super) fn written(delimiter: u8, rows: Vec<Vec<String>>) -> Vec<u8> {
    let mut writer =
        WriterBuilder::new().delimiter(delimiter).terminator(Terminator::Any(b'\n')).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).expect("a vector takes every byte, and all records have the same fields");
    }
    writer.into_inner().expect("a vector takes every byte")
}

/// Returns the error for a feed without an address.
pub(super) fn no_base(places: &Places, request: &ExportRequest) -> Error {
    let what = format!(
        "`export {}` hands clips over by their addresses, and `--base-url` is missing; nothing was written",
        request.form.name()
    );
    let hint = typed(places, request, " --base-url https://YOUR-SHOP/clips");
    Error::new(Exit::Usage, what).money("not charged").hint(hint)
}
