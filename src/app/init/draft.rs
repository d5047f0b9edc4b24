//! Composes the text of a first manifest for a product file.

use crate::app::schema::MODELINE;
use crate::catalog::{About, By, Mapped, in_yaml};
use crate::domain::item::{Item, OnePer, Reading};
use crate::domain::key::ModelName;
use crate::domain::money::Usd;
use crate::domain::text::count;
use crate::domain::text::slug;
use crate::manifest::output::{check_path, fold};
use crate::provider::card::ModelCard;
use crate::provider::cards::Cards;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// Model of a first manifest if the file has images: the cheapest image-to-video model with a published price.
const WITH_PICTURES: &str = "zai/vidu2-image";
/// Model of a first manifest if the file has no images: the only text-to-video model with a published price.
const WITHOUT: &str = "zai/viduq1-text";

/// Name of the manifest's only shot.
const SHOT: &str = "hero";

/// Maximum number of fields that a new manifest names in its comment about prompts.
const NAMED: usize = 8;

/// Text column of the manifest at which comments start.
const COMMENTS: usize = 36;

/// Facts about the images to which the items of a product file refer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pictures {
    /// Template for the `image:` field of the shot.
    template: String,
    /// Number of items without an image.
    without: usize,
    /// Number of items whose image file is missing.
    missing: usize,
}

impl Pictures {
    /// Finds the images that the items name; `None` if no item names an image.
    ///
    /// `catalog_folder` is the path from the manifest's folder to the product file's folder. In many product files, the
    /// paths of images are relative to that folder. `is_there` returns whether a path relative to the manifest's folder
    /// exists.
    pub(crate) fn of(items: &[Item], catalog_folder: &str, is_there: impl Fn(&str) -> bool) -> Option<Self> {
        let named: Vec<&str> = items.iter().filter_map(|item| filled(item, "image")).collect();
        if named.is_empty() {
            return None;
        }
        let local: Vec<&&str> = named.iter().filter(|image| !is_address(image)).collect();
        let missing =
            |before: &str| local.iter().filter(|image| !is_there(&format!("{before}{image}"))).count();
        let as_named = missing("");
        // Images above the manifest's folder may not be read, and a brace would start a template.
        let is_possible =
            local.len() == named.len() && !catalog_folder.starts_with("..") && !catalog_folder.contains('{');
        let from_catalog = if is_possible && as_named > 0 { missing(catalog_folder) } else { as_named };
        let before = if from_catalog < as_named { catalog_folder } else { "" };
        Some(Self {
            template: format!("{before}{{{{ item.image }}}}"),
            without: items.len() - named.len(),
            missing: from_catalog,
        })
    }

    /// Returns in words how many items have no usable image; `None` if all have one.
    fn unusable(&self, one_per: OnePer) -> Option<String> {
        let unit = if one_per == OnePer::Product { "product" } else { "variant" };
        let without = (self.without > 0).then(|| format!("{} without a picture", count(self.without, unit)));
        let missing =
            (self.missing > 0).then(|| format!("{} with a missing picture file", count(self.missing, unit)));
        let parts: Vec<String> = without.into_iter().chain(missing).collect();
        (!parts.is_empty()).then(|| parts.join(" and "))
    }
}

/// Returns the trimmed value of an item's field; `None` if the field is missing or blank.
fn filled<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name).map(str::trim).filter(|text| !text.is_empty())
}

/// Returns whether an image is given as a web address or a data URI instead of a local file.
fn is_address(image: &str) -> bool {
    image.contains("://") || image.starts_with("data:")
}

/// The facts from which the text of a first manifest is composed.
pub(crate) struct Draft<'a> {
    /// Path of the product file, relative to the manifest.
    pub(crate) from: &'a str,
    pub(crate) reading: &'a Reading,
    /// Facts about the product file, such as its format and columns.
    pub(crate) about: &'a About,
    pub(crate) items: &'a [Item],
    /// Images of the items; `None` if no item names an image.
    pub(crate) pictures: Option<Pictures>,
}

impl Draft<'_> {
    /// Returns the model that the manifest uses.
    pub(crate) fn model(&self) -> Arc<ModelCard> {
        let name = if self.pictures.is_some() { WITH_PICTURES } else { WITHOUT };
        let name: ModelName = name.parse().expect("a test reads it");
        Arc::clone(Cards::built_in().get(&name).expect("a test finds it"))
    }

    /// Returns the price of this number of clips with the manifest's model.
    fn price(&self, clips: usize) -> Usd {
        let model = self.model();
        let each = model.price.as_ref().map(|price| price.usd).unwrap_or_default();
        each.times(clips as u64)
    }

    /// Returns the total price of the clips if each item gets one.
    pub(crate) fn total(&self) -> Usd {
        self.price(self.items.len())
    }

    /// Returns whether the user can choose the unit that gets one clip (`one_per`).
    ///
    /// In a plain file (one that no known program wrote) there is no choice, because each row is an item.
    fn has_choice(&self) -> bool {
        self.about.of > 0
    }

    /// Returns the other choices for `one_per` (the unit that gets one clip), such as `variant (12 clips, $2.40)`. The
    /// text is empty if there is no other choice.
    pub(crate) fn choices(&self) -> String {
        let makes = |kind: &OnePer| match kind {
            OnePer::Product => self.about.makes.product,
            OnePer::Variant => self.about.makes.variant,
            OnePer::Image => self.about.makes.image,
        };
        let others =
            OnePer::ALL.iter().filter(|(_, kind)| self.has_choice() && *kind != self.reading.one_per);
        let others = others.map(|(name, kind)| (name, makes(kind)));
        let others = others.filter(|(_, clips)| ![0, self.items.len()].contains(clips));
        let others =
            others.map(|(name, clips)| format!("{name} ({}, {})", count(clips, "clip"), self.price(clips)));
        others.collect::<Vec<_>>().join(" · ")
    }

    /// Returns in words how many items have no usable image; `None` if every item can be rendered.
    pub(crate) fn unusable(&self) -> Option<String> {
        self.pictures.as_ref()?.unusable(self.reading.one_per)
    }

    /// Returns whether the product file has no column with the titles of the products, which a prompt could use.
    pub(crate) const fn is_untitled(&self) -> bool {
        !self.about.is_titled
    }

    pub(crate) fn text(&self) -> String {
        let (from, title) = (yaml(self.from), &self.about.title);
        let (reading, shot) = (self.reading_lines().concat(), self.shot_lines().concat());
        let unusable =
            self.unusable().map(|unusable| noted("# on_bad_item: skip", &format!("leaves out {unusable}")));
        let unusable = unusable.unwrap_or_default();
        let output = yaml(output(self.items));
        let key = noted(
            "  zai: { api_key: \"${ZAI_API_KEY}\" }",
            "read from the environment, and only by a real run",
        );
        let total = self.total();
        let run = format!("budget: {{ run: {} }}", whole_dollars(total));
        let budget = noted(&run, &format!("US dollars; all of the above costs {total}"));
        format!(
            "{MODELINE}
# Made by `shotlist init` for {from}: {title}.
# `shotlist plan` shows the clips and their price, and sends nothing; `shotlist run --sandbox` rehearses it.
version: 1

items:
  from: {from}
{reading}{unusable}
vars:
  look: soft studio light, plain background

shots:
  {SHOT}:
{shot}
output: {output}

providers:
{key}
{budget}"
        )
    }

    /// Returns the manifest's lines with the options for reading the product file that the user set or may want to
    /// change.
    fn reading_lines(&self) -> Vec<String> {
        let Reading { one_per, dialect, sheet, all, encoding, delimiter, path, element, columns } =
            self.reading;
        let mut lines = Vec::new();
        lines.extend(dialect.as_ref().map(|dialect| format!("  dialect: {dialect}\n")));
        lines.extend(sheet.as_ref().map(|sheet| format!("  sheet: {}\n", yaml(sheet))));
        lines.extend(encoding.as_ref().map(|name| format!("  encoding: {}\n", yaml(name))));
        lines.extend(delimiter.map(|delimiter| format!("  delimiter: {}\n", delimiter.name())));
        lines.extend(path.as_ref().map(|path| format!("  path: {}\n", yaml(path))));
        lines.extend(element.as_ref().map(|element| format!("  element: {}\n", yaml(element))));
        lines.extend(self.column_lines(columns));
        let choices = self.choices();
        if *one_per != OnePer::default() || !choices.is_empty() {
            let name = OnePer::ALL.iter().find(|(_, kind)| kind == one_per).map_or("", |(name, _)| name);
            let makes = format!("{}, {}", count(self.items.len(), "clip"), self.total());
            let others =
                if choices.is_empty() { String::new() } else { format!("; other choices: {choices}") };
            lines.push(noted(&format!("  one_per: {name}"), &format!("{makes}{others}")));
        }
        let left = self.about.left_out.iter().map(|(reason, count)| format!("{count} {reason}"));
        let left: Vec<String> = left.collect();
        if *all {
            lines.push(noted("  all: true", "also drafts, archived and sold-out products"));
        } else if !left.is_empty() {
            lines.push(noted(
                "  # all: true",
                &format!("adds the products that are left out otherwise: {}", left.join(", ")),
            ));
        }
        lines
    }

    /// Returns the manifest's lines that assign columns to fields.
    ///
    /// They contain the fields that the user assigned and those for which the program had to guess a column.
    fn column_lines(&self, given: &BTreeMap<String, Vec<String>>) -> Vec<String> {
        let chosen = self.about.mapping.iter().filter(|mapped| mapped.by != By::Known);
        // Columns that the user named are kept as named, even if the file has only one of several.
        let line = |mapped: &Mapped| match given.get(mapped.field) {
            Some(names) if names.len() > 1 => {
                let names: Vec<String> = names.iter().map(|name| in_yaml(name)).collect();
                format!("    {}: [{}]\n", mapped.field, names.join(", "))
            }
            _ => {
                let name = mapped.columns.first().map_or_else(String::new, |name| in_yaml(name));
                let line = format!("    {}: {name}", mapped.field);
                match mapped.others.as_slice() {
                    [] => line + "\n",
                    others => noted(&line, &format!("or: {}", others.join(", "))),
                }
            }
        };
        let lines: Vec<String> = chosen.map(line).collect();
        if lines.is_empty() { lines } else { [vec!["  columns:\n".to_owned()], lines].concat() }
    }

    fn shot_lines(&self) -> Vec<String> {
        let model = self.model();
        let size = model.size().map(|size| format!(" of {size}")).unwrap_or_default();
        let makes = format!("{} seconds{size}, {} each", model.seconds(), self.price(1));
        let mut lines = vec![noted(&format!("    model: {}", model.name), &makes)];
        lines.extend(
            self.pictures.as_ref().map(|pictures| format!("    image: {}\n", yaml(&pictures.template))),
        );
        let named = self.named();
        if !named.is_empty() {
            lines.push(format!("    # A prompt may also use {}.\n", named.join(", ")));
        }
        let subject = if self.is_untitled() { "the product" } else { "{{ item.title }}" };
        lines.push(format!("    prompt: \"Slow push-in on {subject}, {{{{ vars.look }}}}\"\n"));
        lines
    }

    /// Returns further fields that a prompt may use besides the title, as expressions of a template.
    fn named(&self) -> Vec<String> {
        let Some(item) = self.items.first() else { return Vec::new() };
        let facts = item.facts.iter().map(|fact| fact.name);
        let columns = item.columns.names();
        // A shop's file has many columns, and the useful ones have a common name.
        let is_known = |name: &str| item.facts.iter().any(|fact| fact.column.as_deref() == Some(name));
        let columns = columns.filter(|name| !self.has_choice() && !is_known(name));
        let others = ["id", "sku", "handle", "title", "status", "row", "image", "images", "description_html"];
        let named = facts.chain(columns).filter(|name| !others.contains(name));
        named.filter_map(spelled).take(NAMED).collect()
    }
}

/// Returns the template expression for a field or column; `None` if its name has characters that need escapes.
fn spelled(name: &str) -> Option<String> {
    let is_plain = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    let is_odd = |letter: char| letter.is_control() || "'\"\\".contains(letter);
    if is_plain {
        return Some(format!("item.{name}"));
    }
    (!name.contains(is_odd)).then(|| format!("item.raw['{name}']"))
}

/// Returns a line of the manifest with a comment at its end.
fn noted(line: &str, comment: &str) -> String {
    format!("{line:<COMMENTS$} # {comment}\n")
}

/// Returns a text as a YAML value: quoted unless it is a plain file name.
fn yaml(text: &str) -> String {
    let is_word = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.contains('.')
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-/".contains(letter));
    if is_word { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// Returns the amount in whole dollars, rounded up.
fn whole_dollars(usd: Usd) -> u64 {
    usd.micros().unsigned_abs().div_ceil(1_000_000)
}

/// Returns the first built-in output template that gives every item a unique and portable path.
///
/// If none does, it returns the first of all.
fn output(items: &[Item]) -> &'static str {
    type Name = fn(&Item) -> String;
    const PATHS: [(&str, Name); 3] = [
        ("renders/{{ item.id }}/{{ item.id }}_{{ shot }}.mp4", |item| item.id.clone()),
        ("renders/{{ item.id | slug }}/{{ item.id | slug }}_{{ shot }}.mp4", |item| slug(&item.id)),
        (
            "renders/{{ item.row }}-{{ item.id | slug }}/{{ item.row }}-{{ item.id | slug }}_{{ shot }}.mp4",
            |item| format!("{}-{}", item.get("row").unwrap_or_default(), slug(&item.id)),
        ),
    ];
    let suits = |name: Name| {
        let mut taken = HashSet::new();
        items.iter().map(name).all(|name| {
            let path = check_path(&format!("renders/{name}/{name}_{SHOT}.mp4"));
            // A slash would create another folder.
            !name.contains('/') && path.is_ok_and(|path| taken.insert(fold(&path)))
        })
    };
    PATHS.iter().find(|(_, name)| suits(*name)).map_or(PATHS[0].0, |(path, _)| path)
}

#[cfg(test)]
#[path = "draft_tests.rs"]
mod tests;
