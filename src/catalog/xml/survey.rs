//! Examines the start of an XML document to find the element that holds a product, and texts that are encoded twice.

use crate::catalog::words;
use crate::domain::text::decode_entities;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::collections::BTreeMap;

/// Names of elements that hold a product, in lower case. RSS, Atom, Yandex, Heureka, Shoptet and many other formats use
/// them.
const KNOWN: [&str; 6] = ["item", "entry", "offer", "shopitem", "product", "produkt"];

/// Names of values that identify items, in lower case.
const IDS: [&str; 9] = ["id", "item_id", "sku", "code", "guid", "handle", "reference", "product_id", "ean"];

/// Least number of values in an element that is likely to hold a product.
const LEAST: usize = 2;

/// Reports whether an element of this name holds a product in most documents.
pub(super) fn is_known(name: &str) -> bool {
    KNOWN.contains(&local(name).to_lowercase().as_str())
}

/// Returns the name of an element or attribute without its namespace prefix.
pub(in crate::catalog) fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// The elements and texts at the start of a document.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// The names of the elements that may hold a product, each once, in the order of the document.
    pub(super) candidates: Vec<String>,
    /// The names of all elements at the start of the document, each once, in the order of the document.
    pub(super) names: Vec<String>,
    /// The names of repeated elements with values in them, the likeliest to be products first.
    pub(super) repeated: Vec<String>,
    /// Three numbers for each element that may hold a product.
    ///
    /// The first is the number of its occurrences. The second is the highest number of the fields id, title and picture
    /// (0 to 3) in one occurrence. The third is its place in the order in which these elements first end.
    likely: BTreeMap<String, (usize, usize, usize)>,
    /// Two flags, each true if texts are encoded twice: the first for texts within CDATA, the second for other texts.
    ///
    /// A flag is `None` before the first text that shows it.
    pub(super) is_twice: [Option<bool>; 2],
}

/// An element whose end tag has not been reached yet.
#[derive(Debug, Default)]
struct Open {
    path: String,
    has_id: bool,
    /// Three flags, which tell whether the element contains an id, a title or a picture, in this order.
    fits: [bool; 3],
    values: usize,
    has_children: bool,
    text: String,
    is_cdata: bool,
}

/// Examines the start of a document, which may be incomplete.
pub(super) fn survey(start: &[u8]) -> Survey {
    let mut reader = Reader::from_reader(start);
    let mut buffer = Vec::new();
    let mut survey = Survey::default();
    let mut open: Vec<Open> = Vec::new();
    let mut found: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(event @ (Event::Start(_) | Event::Empty(_))) => {
                let (Event::Start(start) | Event::Empty(start)) = &event else { continue };
                survey.open(&mut open, start);
                if matches!(event, Event::Empty(_)) {
                    survey.close(&mut open, &mut found);
                }
            }
            Ok(Event::Text(text)) => add(&mut open, &text.xml10_content(), false),
            Ok(Event::CData(text)) => add(&mut open, &text.xml10_content(), true),
            Ok(Event::GeneralRef(name)) => add(&mut open, &decode_entities(&format!("&{};", &*name)), false),
            Ok(Event::End(_)) => survey.close(&mut open, &mut found),
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    let mut repeated: Vec<_> = survey.likely.iter().filter(|(_, (times, _, _))| *times > 1).collect();
    repeated.sort_by_key(|(_, (_, fits, at))| (std::cmp::Reverse(*fits), *at));
    survey.repeated = repeated.into_iter().map(|(name, _)| name.clone()).collect();
    // The start may end within the first product.
    for element in open.iter().skip(1).filter(|element| element.has_id && element.values > 0) {
        if is_known(last(&element.path)) {
            found.entry(element.path.clone()).or_insert((usize::MAX, 0)).1 += 1;
        }
    }
    let is_one = |path: &str, times: usize| times > 1 || is_known(last(path));
    let mut all: Vec<(usize, &String)> = found
        .iter()
        .filter(|(path, (_, times))| is_one(path, *times))
        .map(|(path, (at, _))| (*at, path))
        .collect();
    all.sort();
    let is_within = |path: &str| all.iter().any(|(_, outer)| path.starts_with(&format!("{outer}/")));
    for (_, path) in all.iter().filter(|(_, path)| !is_within(path)) {
        let name = last(path).to_owned();
        if !survey.candidates.contains(&name) {
            survey.candidates.push(name);
        }
    }
    survey
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn add(open: &mut [Open], text: &str, is_cdata: bool) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
        element.is_cdata |= is_cdata;
    }
}

impl Open {
    fn note_name(&mut self, name: &str) {
        for (fits, field) in self.fits.iter_mut().zip(["id", "title", "image"]) {
            *fits |= words::fit(field, name).is_some();
        }
    }
}

impl Survey {
    fn open(&mut self, open: &mut Vec<Open>, start: &BytesStart<'_>) {
        let name = start.name();
        let name = name.as_ref();
        if !self.names.iter().any(|known| known == name) && self.names.len() < 100 {
            self.names.push(name.to_owned());
        }
        let path = match open.last_mut() {
            Some(outer) => {
                outer.has_children = true;
                format!("{}/{name}", outer.path)
            }
            None => name.to_owned(),
        };
        let mut element = Open { path, ..Open::default() };
        for attribute in start.attributes().flatten() {
            element.note_name(local(attribute.key.as_ref()));
            element.has_id |= IDS.contains(&local(attribute.key.as_ref()).to_lowercase().as_str());
        }
        open.push(element);
    }

    fn close(&mut self, open: &mut Vec<Open>, found: &mut BTreeMap<String, (usize, usize)>) {
        let Some(element) = open.pop() else { return };
        if !element.has_children {
            self.weigh(&element);
            if let Some(outer) = open.last_mut() {
                outer.values += 1;
                outer.note_name(local(last(&element.path)));
                outer.has_id |= IDS.contains(&local(last(&element.path)).to_lowercase().as_str());
            }
            return;
        }
        if !open.is_empty() && (element.values >= LEAST || element.fits.contains(&true)) {
            let at = self.likely.len();
            let likely = self.likely.entry(last(&element.path).to_owned()).or_insert((0, 0, at));
            likely.0 += 1;
            likely.1 = likely.1.max(element.fits.iter().filter(|fits| **fits).count());
        }
        if !open.is_empty() && element.has_id && element.values >= LEAST {
            let at = found.len();
            found.entry(element.path).or_insert((at, 0)).1 += 1;
        }
    }

    /// Records whether the text of an element shows that texts are encoded twice.
    ///
    /// A text with tags is no evidence, because HTML normally contains entities.
    fn weigh(&mut self, element: &Open) {
        let text = element.text.as_str();
        let known = &mut self.is_twice[usize::from(!element.is_cdata)];
        if known.is_none() && text.contains('&') && !text.contains('<') {
            *known = Some(decode_entities(text) != text);
        }
    }
}
