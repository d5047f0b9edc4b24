//! Items × shots: every combination rendered into one draft, with all problems at once.
//!
//! A draft still names pictures by their text; [`super::order`] makes orders of drafts once the facts of local
//! pictures are known.

use crate::domain::item::Item;
use crate::domain::key::{JobKey, ModelName};
use crate::domain::problem::{Place, Problem, did_you_mean};
use crate::domain::request::{Field, Request};
use crate::manifest::{Context, Items, ListItem, Manifest, Setting, Settings, Shot, Template, output};
use crate::provider::card::ModelCard;
use crate::provider::{self, check};
use std::collections::HashMap;
use std::sync::Arc;

/// One job before its pictures were looked at.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Which clip.
    pub key: JobKey,
    /// The item it is made of.
    pub item: Arc<Item>,
    /// Everything but the pictures.
    pub request: Request,
    /// The pictures as rendered.
    pub pictures: Pictures,
    /// Where the clip goes, relative to the output root.
    pub path: String,
    /// The model's card.
    pub card: &'static ModelCard,
    /// Names of fields and parameters that the shot lists as optional and that this model lacks.
    pub dropped: Vec<String>,
    /// Index of the shot, to find the place of a field when something is wrong with it.
    shot: usize,
    /// Index of the item.
    index: usize,
}

/// The texts of a draft's pictures: URLs, data URIs, or paths seen from the manifest's folder.
#[derive(Debug, Clone, Default)]
pub struct Pictures {
    /// The picture or first frame.
    pub image: Option<String>,
    /// The last frame.
    pub last_image: Option<String>,
    /// In order.
    pub reference_images: Vec<String>,
}

impl Pictures {
    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.image.iter().chain(&self.last_image).chain(&self.reference_images)
    }
}

/// What the manifest's items are, with what list items set for themselves.
#[derive(Debug)]
pub enum Source<'a> {
    /// Rows of a product file.
    Catalog(Vec<Arc<Item>>),
    /// Entries of the manifest.
    List(&'a [ListItem]),
}

impl<'a> Source<'a> {
    /// The manifest's own list, or the rows that were read from its file.
    #[must_use]
    pub fn of(manifest: &'a Manifest, rows: Vec<Item>) -> Self {
        match &manifest.items {
            Items::File { .. } => Self::Catalog(rows.into_iter().map(Arc::new).collect()),
            Items::List(items) => Self::List(items),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Catalog(items) => items.len(),
            Self::List(items) => items.len(),
        }
    }

    fn item(&self, index: usize) -> &Arc<Item> {
        match self {
            Self::Catalog(items) => &items[index],
            Self::List(items) => &items[index].item,
        }
    }

    fn own(&self, index: usize) -> Option<&'a Settings<crate::manifest::Located<String>>> {
        match self {
            Self::Catalog(_) => None,
            Self::List(items) => Some(&items[index].own),
        }
    }
}

/// Renders every job. The order is that of the items, and within an item that of the shots.
#[must_use]
pub fn expand(manifest: &Manifest, source: &Source<'_>) -> (Vec<Draft>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut drafts = Vec::with_capacity(source.len() * manifest.shots.len());
    for index in 0..source.len() {
        let context = manifest.item(Arc::clone(source.item(index)));
        for shot in 0..manifest.shots.len() {
            let values = Values { manifest, shot: &manifest.shots[shot], source, index };
            let context = context.job(&values.shot.name.value, "");
            drafts.extend(Render { values, context: &context, problems: &mut problems }.draft(shot));
        }
    }
    clashes(&drafts, &values_of(manifest, source), &mut problems);
    (drafts, problems)
}

fn values_of<'a>(manifest: &'a Manifest, source: &'a Source<'a>) -> impl Fn(&Draft) -> Values<'a> {
    move |draft| Values { manifest, shot: &manifest.shots[draft.shot], source, index: draft.index }
}

/// Where the values of one job come from: its shot goes before its item, its item before the defaults.
pub(super) struct Values<'a> {
    manifest: &'a Manifest,
    shot: &'a Shot,
    source: &'a Source<'a>,
    index: usize,
}

/// A value as written: a template of the manifest, or text of an item.
enum Written<'a> {
    Template(&'a Template),
    Data(&'a crate::manifest::Located<String>),
}

impl Written<'_> {
    fn place(&self) -> Place {
        match self {
            Self::Template(template) => template.place(),
            Self::Data(text) => text.place(),
        }
    }
}

impl<'a> Values<'a> {
    pub(super) fn of(manifest: &'a Manifest, source: &'a Source<'a>, draft: &Draft) -> Self {
        values_of(manifest, source)(draft)
    }

    /// All texts of a field; several only for reference images.
    fn field(&self, field: Field) -> Vec<Written<'a>> {
        fn list<T>(setting: &Setting<T>) -> Vec<&T> {
            match setting {
                Setting::One(one) => vec![one],
                Setting::Many(many) => many.iter().collect(),
            }
        }
        let templates = |settings: &'a Settings<Template>| {
            settings
                .fields
                .get(&field)
                .map(|setting| list(setting).into_iter().map(Written::Template).collect())
        };
        let own = || {
            let own = self.source.own(self.index)?.fields.get(&field)?;
            Some(list(own).into_iter().map(Written::Data).collect())
        };
        templates(&self.shot.fields.settings)
            .or_else(own)
            .or_else(|| templates(&self.manifest.defaults.settings))
            .unwrap_or_default()
    }

    fn model(&self) -> Option<Written<'a>> {
        let own = || self.source.own(self.index)?.model.as_ref().map(Written::Data);
        let defaults = || self.manifest.defaults.settings.model.as_ref().map(Written::Template);
        self.shot.fields.settings.model.as_ref().map(Written::Template).or_else(own).or_else(defaults)
    }

    /// Parameters by name, each from the strongest layer that has it.
    fn params(&self) -> Vec<(&'a str, Written<'a>)> {
        let mut params: Vec<(&str, Written<'_>)> = Vec::new();
        let mut add = |name: &'a str, written| {
            if params.iter().all(|(known, _)| *known != name) {
                params.push((name, written));
            }
        };
        for (name, template) in &self.shot.fields.settings.params {
            add(name, Written::Template(template));
        }
        for (name, text) in self.source.own(self.index).into_iter().flat_map(|own| &own.params) {
            add(name, Written::Data(text));
        }
        for (name, template) in &self.manifest.defaults.settings.params {
            add(name, Written::Template(template));
        }
        params
    }

    fn output(&self) -> &'a Template {
        let defaults = self.manifest.defaults.output.as_ref().unwrap_or(&self.manifest.output);
        self.shot.fields.output.as_ref().unwrap_or(defaults)
    }

    fn is_optional(&self, name: &str) -> bool {
        self.shot.fields.optional.contains(name) || self.manifest.defaults.optional.contains(name)
    }

    /// Where a field, `model` or `params.NAME` was written; the shot's name where it was written nowhere.
    pub(super) fn place(&self, field: &str) -> Place {
        let written = match field.strip_prefix("params.") {
            Some(param) => {
                self.params().into_iter().find(|(name, _)| *name == param).map(|(_, written)| written)
            }
            None if field == "model" => self.model(),
            None => Field::named(field).and_then(|field| self.field(field).into_iter().next()),
        };
        written.map_or_else(|| self.shot.name.place(), |written| written.place())
    }

    /// The item among the examples of a message.
    pub(super) fn example(&self) -> String {
        self.source.item(self.index).example()
    }

    /// A problem of this job, with the item as its example.
    pub(super) fn problem(&self, place: Place, message: impl Into<String>) -> Problem {
        let mut problem = Problem::error(place, message);
        problem.examples.push(self.example());
        problem
    }
}

/// Rendering of one job.
struct Render<'a, 'p> {
    values: Values<'a>,
    context: &'p Context<'p>,
    problems: &'p mut Vec<Problem>,
}

impl Render<'_, '_> {
    fn draft(mut self, shot: usize) -> Option<Draft> {
        let before = self.problems.len();
        let card = self.card()?;
        let mut request = Request::new(card.name.clone());
        let mut pictures = Pictures::default();
        let mut dropped = Vec::new();
        for field in Field::ALL {
            let texts = self.texts(field);
            if texts.is_empty() {
                continue;
            }
            if card.field(field).is_none()
                && !takes_pictures(card, field)
                && self.values.is_optional(field.name())
            {
                dropped.push(field.name().to_owned());
                continue;
            }
            self.set(field, texts, &mut request, &mut pictures);
        }
        for (name, written) in self.values.params() {
            let optional = self.values.is_optional(name);
            let Some(text) = self.text(&written, name) else { continue };
            if optional && card.param(name).is_none() {
                dropped.push(format!("params.{name}"));
                continue;
            }
            match check::typed(card, name, &text) {
                Ok(value) => drop(request.params.insert(name.to_owned(), value)),
                Err(finding) => self.problems.push(super::order::problem(&self.values, finding)),
            }
        }
        let path = self.path()?;
        let item = Arc::clone(self.values.source.item(self.values.index));
        let key = JobKey::new(self.values.shot.name.value.clone(), item.id.clone());
        let index = self.values.index;
        (self.problems.len() == before).then_some(Draft {
            key,
            item,
            request,
            pictures,
            path,
            card,
            dropped,
            shot,
            index,
        })
    }

    fn card(&mut self) -> Option<&'static ModelCard> {
        let Some(written) = self.values.model() else {
            let place = self.values.shot.name.place();
            self.problems.push(
                Problem::error(place, "this shot names no model")
                    .hint("add `model: zai/vidu2-image` here or under `defaults:`"),
            );
            return None;
        };
        let text = self.text(&written, "model")?;
        let name: Option<ModelName> = text.parse().ok();
        if let Some(card) = name.as_ref().and_then(provider::card) {
            return Some(card);
        }
        let known: Vec<String> = provider::ALL
            .iter()
            .flat_map(|provider| provider.cards())
            .map(|card| card.name.to_string())
            .collect();
        // With or without the provider in front, people mean the model.
        let close = did_you_mean(&text, known.iter().map(String::as_str))
            .or_else(|| known.iter().map(String::as_str).find(|name| name.ends_with(&format!("/{text}"))));
        let mut problem = self.values.problem(written.place(), format!("there is no model `{text}`"));
        problem = match close {
            Some(close) => problem.hint(format!("did you mean `{close}`?")),
            None => problem.hint("write it as provider/model, for example `zai/vidu2-image`"),
        };
        self.problems.push(problem.note(format!("the models are: {}", known.join(", "))));
        None
    }

    /// The rendered texts of a field, without those that are empty and may be.
    fn texts(&mut self, field: Field) -> Vec<(Place, String)> {
        let written = self.values.field(field);
        written
            .into_iter()
            .filter_map(|written| self.text(&written, field.name()).map(|text| (written.place(), text)))
            .collect()
    }

    /// One rendered text; `None` where it is empty or wrong, which is a problem unless it may be empty.
    fn text(&mut self, written: &Written<'_>, name: &str) -> Option<String> {
        let text = match written {
            Written::Data(text) => text.value.clone(),
            Written::Template(template) => match template.render(self.context) {
                Ok(text) => text,
                Err(problem) => {
                    let mut problem = *problem;
                    problem.examples.push(self.values.example());
                    self.problems.push(problem);
                    return None;
                }
            },
        };
        if text.trim().is_empty() {
            if !self.values.is_optional(name) {
                let problem = self.values.problem(written.place(), format!("`{name}` is empty"));
                self.problems.push(problem.label("nothing is left here").hint(format!(
                    "fill the cell, or add `optional: [{name}]` to the shot if the model may go without it"
                )));
            }
            return None;
        }
        Some(text)
    }

    fn set(
        &mut self,
        field: Field,
        texts: Vec<(Place, String)>,
        request: &mut Request,
        pictures: &mut Pictures,
    ) {
        if field == Field::ReferenceImages {
            pictures.reference_images = texts.into_iter().map(|(_, text)| text.trim().to_owned()).collect();
            return;
        }
        let Some((place, text)) = texts.into_iter().next() else { return };
        let trimmed = text.trim().to_owned();
        let mut wrong = |what: &str| {
            let message = format!("`{}` must be {what}", field.name());
            let mut problem = self.values.problem(place.clone(), message);
            problem.label = Some(format!("this is `{}`", crate::domain::fault::printable(&trimmed)));
            self.problems.push(problem);
        };
        match field {
            Field::Prompt => request.prompt = Some(text),
            Field::Image => pictures.image = Some(trimmed),
            Field::LastImage => pictures.last_image = Some(trimmed),
            Field::Duration => match trimmed.parse() {
                Ok(seconds) => request.duration = Some(seconds),
                Err(_) => wrong("a whole number of seconds, such as `5` (without `s`)"),
            },
            Field::Seed => match trimmed.parse() {
                Ok(seed) => request.seed = Some(seed),
                Err(_) => wrong("a whole number"),
            },
            Field::Audio => match trimmed.parse() {
                Ok(audio) => request.audio = Some(audio),
                Err(_) => wrong("`true` or `false`"),
            },
            Field::AspectRatio => request.aspect_ratio = Some(trimmed),
            Field::Size => request.size = Some(trimmed),
            Field::Style => request.style = Some(trimmed),
            Field::Motion => request.motion = Some(trimmed),
            Field::ReferenceImages => {}
        }
    }

    fn path(&mut self) -> Option<String> {
        let template = self.values.output();
        let rendered = self.text(&Written::Template(template), "output")?;
        match output::check_path(&rendered) {
            Ok(path) => Some(path),
            Err(reason) => {
                let mut problem = self.values.problem(template.place(), format!("the output path {reason}"));
                problem.examples = vec![format!(
                    "{} → {}",
                    self.values.example(),
                    crate::domain::fault::printable(&rendered)
                )];
                self.problems.push(problem);
                None
            }
        }
    }
}

fn takes_pictures(card: &ModelCard, field: Field) -> bool {
    matches!(field, Field::Image | Field::LastImage | Field::ReferenceImages) && card.pictures.is_some()
}

/// Two clips must not get one name, also not on a disk that ignores case.
fn clashes<'a>(drafts: &[Draft], values: &impl Fn(&Draft) -> Values<'a>, problems: &mut Vec<Problem>) {
    let mut owners: HashMap<String, &Draft> = HashMap::with_capacity(drafts.len());
    for draft in drafts {
        if let Some(first) = owners.get(&output::fold(&draft.path)) {
            let mut problem = Problem::error(
                values(draft).output().place(),
                "several clips would get the same file name",
            )
            .hint(
                "use `{{ item.id }}` and `{{ shot }}` in `output:`, so that every job has a name of its own",
            );
            problem.examples = vec![format!("{} and {} → {}", first.key, draft.key, draft.path)];
            problems.push(problem);
        } else {
            owners.insert(output::fold(&draft.path), draft);
        }
    }
}
