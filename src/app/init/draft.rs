//! The text of a first manifest for a product file.

use crate::app::schema::MODELINE;
use crate::catalog::About;
use crate::domain::item::{Item, OnePer, Reading};
use crate::domain::key::ModelName;
use crate::domain::money::Usd;
use crate::domain::text::count;
use crate::domain::text::slug;
use crate::manifest::output::{check_path, fold};
use crate::provider::card::ModelCard;
use crate::provider::cards::Cards;
use std::collections::HashSet;
use std::sync::Arc;

/// The model for files with pictures: of those that start from one, the cheapest whose price is published.
const WITH_PICTURES: &str = "zai/vidu2-image";
/// The model for files without: the only one made for words alone whose price is published.
const WITHOUT: &str = "zai/viduq1-text";

/// The name of the one shot.
const SHOT: &str = "hero";

/// So many columns are named in a comment.
const NAMED: usize = 8;

/// Where comments begin, so that they stand in one line below each other.
const COMMENTS: usize = 36;

/// How the pictures of a file are reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pictures {
    /// The `image:` of the shot.
    template: String,
    /// Items that name no picture.
    without: usize,
    /// Items whose picture is a file that is not there.
    missing: usize,
}

impl Pictures {
    /// Looks at what the items name; nothing where none names a picture. `beside` is the way from the manifest's folder
    /// to that of the product file, from which many exports see their pictures; `is_there` answers for a path that is
    /// seen from the manifest's folder.
    pub(crate) fn of(items: &[Item], beside: &str, is_there: impl Fn(&str) -> bool) -> Option<Self> {
        let column = picture_column(items)?;
        let named: Vec<&str> = items.iter().filter_map(|item| filled(item, column)).collect();
        let local: Vec<&&str> = named.iter().filter(|image| !is_address(image)).collect();
        let missing =
            |before: &str| local.iter().filter(|image| !is_there(&format!("{before}{image}"))).count();
        let as_named = missing("");
        // What is above the manifest's folder no picture may be read from, and a brace would begin a template.
        let is_possible = local.len() == named.len() && !beside.starts_with("..") && !beside.contains('{');
        let from_beside = if is_possible && as_named > 0 { missing(beside) } else { as_named };
        let before = if from_beside < as_named { beside } else { "" };
        Some(Self {
            template: format!("{before}{{{{ {} }}}}", spelled(column)?),
            without: items.len() - named.len(),
            missing: from_beside,
        })
    }

    /// What cannot be rendered, in words; nothing where all can.
    fn unusable(&self, one_per: OnePer) -> Option<String> {
        let unit = if one_per == OnePer::Product { "product" } else { "variant" };
        let without = (self.without > 0).then(|| format!("{} without a picture", count(self.without, unit)));
        let missing =
            (self.missing > 0).then(|| format!("{} whose picture is not there", count(self.missing, unit)));
        let parts: Vec<String> = without.into_iter().chain(missing).collect();
        (!parts.is_empty()).then(|| parts.join(" and "))
    }
}

/// What an item has under that name, unless it is blank.
fn filled<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name).map(str::trim).filter(|text| !text.is_empty())
}

/// What templates call the picture of an item: `image`, or a column in which there is nothing but names of pictures.
fn picture_column(items: &[Item]) -> Option<&str> {
    let columns = items.first()?.columns.names();
    let has_pictures = |name: &&str| {
        let mut cells = items.iter().filter_map(|item| filled(item, name)).peekable();
        cells.peek().is_some() && (*name == "image" || cells.all(is_picture))
    };
    std::iter::once("image").chain(columns).find(has_pictures)
}

/// Whether a text is the name or the address of one picture.
fn is_picture(text: &str) -> bool {
    let path = text.split(['?', '#']).next().unwrap_or(text);
    let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
    ending.is_some_and(|ending| ["jpg", "jpeg", "png", "webp"].contains(&ending.as_str()))
        && !text.contains([' ', ',', ';', '|', '\n'])
}

/// Whether a picture is no file of ours.
fn is_address(image: &str) -> bool {
    image.contains("://") || image.starts_with("data:")
}

/// What a first manifest says of a product file.
pub(crate) struct Draft<'a> {
    /// The file, seen from the manifest.
    pub(crate) from: &'a str,
    /// How it was read.
    pub(crate) reading: &'a Reading,
    /// What it is.
    pub(crate) about: &'a About,
    /// What it makes.
    pub(crate) items: &'a [Item],
    /// How its pictures are reached, where it has any.
    pub(crate) pictures: Option<Pictures>,
}

impl Draft<'_> {
    /// The model that the manifest names.
    pub(crate) fn model(&self) -> Arc<ModelCard> {
        let name = if self.pictures.is_some() { WITH_PICTURES } else { WITHOUT };
        let name: ModelName = name.parse().expect("a test reads it");
        Arc::clone(Cards::built_in().get(&name).expect("a test finds it"))
    }

    /// The price of so many clips.
    fn price(&self, clips: usize) -> Usd {
        let model = self.model();
        let each = model.price.as_ref().map(|price| price.usd).unwrap_or_default();
        each.times(clips as u64)
    }

    /// The price of all clips.
    pub(crate) fn total(&self) -> Usd {
        self.price(self.items.len())
    }

    /// Whether a clip may be made for something else than a product: in a plain file each row is an item.
    fn has_choice(&self) -> bool {
        self.about.of > 0
    }

    /// The other values of `one_per` that make another number of clips, each with that and its price.
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
        let others = others.map(|(name, clips)| format!("{name}: {clips}, {}", self.price(clips)));
        others.collect::<Vec<_>>().join(" · ")
    }

    /// What of it cannot be rendered as it is.
    pub(crate) fn unusable(&self) -> Option<String> {
        self.pictures.as_ref()?.unusable(self.reading.one_per)
    }

    /// The manifest.
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
# `shotlist plan` says what this makes and costs, and sends nothing; `shotlist run --sandbox` rehearses it.
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

    /// How the file is read, where that is worth a line.
    fn reading_lines(&self) -> Vec<String> {
        let Reading { one_per, dialect, sheet, all } = self.reading;
        let mut lines = Vec::new();
        lines.extend(dialect.as_ref().map(|dialect| format!("  dialect: {dialect}\n")));
        lines.extend(sheet.as_ref().map(|sheet| format!("  sheet: {}\n", yaml(sheet))));
        let choices = self.choices();
        if *one_per != OnePer::default() || !choices.is_empty() {
            let name = OnePer::ALL.iter().find(|(_, kind)| kind == one_per).map_or("", |(name, _)| name);
            let makes = format!("{}, {}", count(self.items.len(), "clip"), self.total());
            let others = if choices.is_empty() { String::new() } else { format!(" · {choices}") };
            lines.push(noted(&format!("  one_per: {name}"), &format!("{makes}{others}")));
        }
        let left = self.about.left_out.iter().map(|(reason, count)| format!("{count} {reason}"));
        let left: Vec<String> = left.collect();
        if *all {
            lines.push(noted("  all: true", "also drafts, what is archived and what is sold out"));
        } else if !left.is_empty() {
            lines.push(noted("  # all: true", &format!("also what is left out: {}", left.join(", "))));
        }
        lines
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
        let has_title = self.items.first().is_some_and(|item| item.get("title").is_some());
        let subject = match (has_title, &self.pictures) {
            (true, _) => "{{ item.title }}",
            (false, Some(_)) => "the product",
            (false, None) => "{{ item.id }}",
        };
        lines.push(format!("    prompt: \"Slow push-in on {subject}, {{{{ vars.look }}}}\"\n"));
        lines
    }

    /// Some of what a prompt may say of an item beside its title, as templates write it.
    fn named(&self) -> Vec<String> {
        let Some(item) = self.items.first() else { return Vec::new() };
        let facts = item.facts.iter().map(|fact| fact.name);
        let columns = item.columns.names();
        // The columns of a shop's file are many, and what is of use in them has a name of ours.
        let is_known = |name: &str| item.facts.iter().any(|fact| fact.column.as_deref() == Some(name));
        let columns = columns.filter(|name| !self.has_choice() && !is_known(name));
        let others = ["id", "sku", "handle", "title", "status", "row", "image", "images", "description_html"];
        let named = facts.chain(columns).filter(|name| !others.contains(name));
        named.filter_map(spelled).take(NAMED).collect()
    }
}

/// How a template reads what is called so; nothing where that would need more than a comment to explain.
fn spelled(name: &str) -> Option<String> {
    let is_plain = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    let is_odd = |letter: char| letter.is_control() || "'\"\\".contains(letter);
    if is_plain {
        return Some(format!("item.{name}"));
    }
    (!name.contains(is_odd)).then(|| format!("item.raw['{name}']"))
}

/// A line with a comment behind it.
fn noted(line: &str, comment: &str) -> String {
    format!("{line:<COMMENTS$} # {comment}\n")
}

/// A text as YAML reads it back: in quotes unless it is plainly one word.
fn yaml(text: &str) -> String {
    let is_word = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.contains('.')
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-/".contains(letter));
    if is_word { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// Dollars rounded up.
fn whole_dollars(usd: Usd) -> u64 {
    usd.micros().unsigned_abs().div_ceil(1_000_000)
}

/// Where clips go: the first of these that gives every item a path of its own that any system can store.
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
            // A slash would make one more folder.
            !name.contains('/') && path.is_ok_and(|path| taken.insert(fold(&path)))
        })
    };
    PATHS.iter().find(|(_, name)| suits(*name)).map_or(PATHS[0].0, |(path, _)| path)
}

#[cfg(test)]
#[path = "draft_tests.rs"]
mod tests;
