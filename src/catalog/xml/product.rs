//! Builds a record of a product while its XML element is read.

use super::survey::{Survey, local};
use crate::catalog::records::Record;
use crate::catalog::{LONGEST_NAME, dialect};
use crate::domain::text::decode_entities;
use quick_xml::events::BytesStart;
use std::collections::HashSet;

/// Limit on the nesting of elements within a product.
pub(super) const DEEPEST: usize = 32;

/// A product whose XML element is being read.
pub(super) struct Product {
    pub(super) record: Record,
    /// The namespace prefix of the product's element.
    pub(super) prefix: Option<String>,
    /// The open elements, outermost first.
    pub(super) path: Vec<Open>,
    /// The names and values found so far in the product's child element that is being read.
    values: Vec<(String, String)>,
    /// The names of values that come from attributes; an element of the same name replaces such a value.
    weak: HashSet<String>,
    /// The names of values from elements with the prefix of Google's product fields, such as `g:title`. Such a value
    /// replaces the value of an element without that prefix, such as `title`.
    shop: HashSet<String>,
    /// The name of the first element with bytes that could not be decoded.
    pub(super) unread: Option<String>,
    /// The name of the first element with an unknown entity, and the entity.
    pub(super) unknown: Option<(String, String)>,
}

/// An element whose end tag has not been reached yet.
pub(super) struct Open {
    name: String,
    /// The element's own text.
    text: String,
    /// The element's text together with the text of the elements in it.
    whole: String,
    /// The address in the attribute `href`.
    address: String,
    is_cdata: bool,
    is_shop: bool,
    has_children: bool,
    /// The number of values in [`Product::values`] when the element was opened.
    before: usize,
}

impl Open {
    pub(super) fn add(&mut self, text: &str, is_cdata: bool) {
        self.text.push_str(text);
        self.whole.push_str(text);
        self.is_cdata |= is_cdata;
    }
}

impl Product {
    /// Returns a product with the attributes of its element as values.
    pub(super) fn new(start: &BytesStart<'_>) -> Self {
        let name = start.name();
        let prefix = name.as_ref().split_once(':').map(|(prefix, _)| prefix.to_owned());
        let mut product = Self {
            record: Record::default(),
            prefix,
            path: Vec::new(),
            values: Vec::new(),
            weak: HashSet::new(),
            shop: HashSet::new(),
            unread: None,
            unknown: None,
        };
        for (name, value) in attributes(start) {
            product.record.add(&name, value.trim());
            product.weak.insert(name);
        }
        product
    }

    pub(super) fn note_unknown(&mut self, entity: &str) {
        if let Some(element) = self.path.last().filter(|_| self.unknown.is_none()) {
            self.unknown = Some((element.name.clone(), entity.to_owned()));
        }
    }

    /// Opens an element. Returns false if it is nested too deep, or if its full name is too long.
    pub(super) fn open(&mut self, name: &str, is_shop: bool, start: &BytesStart<'_>) -> bool {
        let mut name = match self.path.last_mut() {
            Some(outer) => {
                outer.has_children = true;
                format!("{}.{name}", outer.name)
            }
            None => name.to_owned(),
        };
        let (mut address, mut others) = (String::new(), Vec::new());
        for (attribute, value) in attributes(start) {
            match attribute.as_str() {
                // Atom writes addresses in this attribute.
                "href" => address = value,
                "name" => name = format!("{name}.{}", value.trim()),
                _ => others.push((attribute, value)),
            }
        }
        if name.len() > LONGEST_NAME || self.path.len() >= DEEPEST {
            return false;
        }
        let before = self.values.len();
        for (attribute, value) in others {
            self.values.push((format!("{name}.{attribute}"), value.trim().to_owned()));
        }
        self.path.push(Open {
            name,
            text: String::new(),
            whole: String::new(),
            address,
            is_cdata: false,
            is_shop,
            has_children: false,
            before,
        });
        true
    }

    /// Closes the innermost open element and adds its values to the product.
    pub(super) fn close(&mut self, seen: &Survey) {
        let Some(Open { name, text, whole, address, is_cdata, is_shop, has_children, before }) =
            self.path.pop()
        else {
            return;
        };
        // A text that contains elements, such as `Steel <b>lamp</b>`, is taken as a whole.
        let text = if has_children && !text.trim().is_empty() { whole.as_str() } else { text.as_str() };
        if let Some(outer) = self.path.last_mut() {
            outer.whole.push_str(&whole);
        }
        if !text.trim().is_empty() && !address.trim().is_empty() {
            self.values.push((format!("{name}.href"), address.trim().to_owned()));
        }
        let text = if text.trim().is_empty() { address.trim() } else { text.trim() };
        if self.unread.is_none() && text.contains('\u{fffd}') {
            self.unread = Some(name.clone());
        }
        if !has_children || !text.is_empty() {
            let is_twice = seen.is_twice[usize::from(!is_cdata)].unwrap_or(false);
            let text = if is_twice { decode_entities(text).trim().to_owned() } else { text.to_owned() };
            self.values.push((name.clone(), text));
        }
        if has_children {
            pair(&name, &mut self.values, before);
            if dialect::is_list_of_rows(&name) {
                self.record.part(&name, self.values[before..].to_vec());
            }
        }
        if self.path.is_empty() {
            for (name, value) in std::mem::take(&mut self.values) {
                self.add(&name, &value, is_shop);
            }
        }
    }

    fn add(&mut self, name: &str, value: &str, is_shop: bool) {
        if is_shop {
            let is_first = self.shop.insert(name.to_owned());
            if is_first { self.record.set(name, value) } else { self.record.add(name, value) }
        } else if self.weak.remove(name) {
            self.record.set(name, value);
        } else if !self.shop.contains(name) {
            self.record.add(name, value);
        }
    }
}

/// Joins the two values of the element `outer` if one is an attribute's name and the other the attribute's value.
///
/// For example, the name `Colour` and the value `red` in the element `PARAM` become `PARAM.Colour` with the value
/// `red`. The values of `outer` start at the index `before`.
fn pair(outer: &str, values: &mut Vec<(String, String)>, before: usize) {
    let [first, second] = &values[before..] else { return };
    let is = |value: &(String, String), ends: &[&str]| {
        let last = value.0.rsplit('.').next().unwrap_or_default().to_lowercase();
        ends.iter().any(|end| last.ends_with(end))
    };
    let (names, ends) = (["name"], ["val", "value"]);
    let (name, value) = if is(first, &names) && is(second, &ends) {
        (first, second)
    } else if is(second, &names) && is(first, &ends) {
        (second, first)
    } else {
        return;
    };
    let joined = (format!("{outer}.{}", name.1), value.1.clone());
    values.truncate(before);
    values.push(joined);
}

/// Returns the attributes of an element without their prefixes; namespace declarations are left out.
fn attributes(start: &BytesStart<'_>) -> Vec<(String, String)> {
    let is_value = |key: &str| key != "xmlns" && !key.starts_with("xmlns:") && !key.starts_with("xml:");
    let all = start.attributes().flatten().filter(|attribute| is_value(attribute.key.as_ref()));
    all.map(|attribute| (local(attribute.key.as_ref()).to_owned(), decode_entities(&attribute.value)))
        .collect()
}
