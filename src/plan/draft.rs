//! Fills in the templates of one job, which makes a draft: a request whose pictures were not read yet.
//!
//! All problems of the job are collected together. A draft refers to pictures by their text; [`super::order`] turns it
//! into a request.

use super::values::{Values, Written};
use crate::domain::ident;
use crate::domain::key::{JobKey, ModelName};
use crate::domain::problem::{Place, Problem, Severity, did_you_mean};
use crate::domain::request::{Field, Request, Value};
use crate::domain::text::damage;
use crate::manifest::{Template, output};
use crate::provider::card::ModelCard;
use crate::provider::cards::Cards;
use crate::provider::check;
use std::str::FromStr;
use std::sync::Arc;

/// The request of a job with its templates filled in, before its pictures are read.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) key: JobKey,
    /// The request without its pictures.
    pub(super) request: Request,
    /// The URLs, data URIs or paths of the job's pictures.
    pub(super) pictures: Pictures,
    /// The clip's path relative to the output root.
    pub(super) path: String,
    /// The card (description) of the job's model.
    pub(super) card: Arc<ModelCard>,
    /// The names of optional fields and parameters that are left out because the model lacks them.
    pub(super) dropped: Vec<String>,
    /// The request and pictures including the optional fields that the model lacks; `None` if it lacks none.
    pub(super) fuller: Option<(Request, Pictures)>,
    /// True if all templates of the job were filled in without an error. After an error the job is still checked, so
    /// that its other problems are found as well.
    pub(super) whole: bool,
}

/// The pictures of a job as the manifest names them: URLs, data URIs, or paths relative to the manifest's folder.
#[derive(Debug, Clone, Default)]
pub(super) struct Pictures {
    /// The picture to animate, or the first frame.
    pub(super) image: Option<String>,
    /// The picture for the last frame.
    pub(super) last_image: Option<String>,
    /// The reference images, in order.
    pub(super) reference_images: Vec<String>,
}

impl Pictures {
    pub(super) fn all(&self) -> impl Iterator<Item = &String> {
        self.image.iter().chain(&self.last_image).chain(&self.reference_images)
    }
}

/// Fills in a job's templates, and adds all problems to `problems`. Returns `None` if the job's model is unknown.
pub(super) fn draft(values: Values<'_>, cards: &Cards, problems: &mut Vec<Problem>) -> Option<Draft> {
    Render { values, cards, card: None, problems }.draft()
}

/// The state of filling in the templates of one job.
struct Render<'a, 'p> {
    values: Values<'a>,
    cards: &'p Cards,
    /// The card (description) of the job's model; `None` until the model is determined.
    card: Option<Arc<ModelCard>>,
    problems: &'p mut Vec<Problem>,
}

impl Render<'_, '_> {
    fn draft(mut self) -> Option<Draft> {
        let before = self.problems.len();
        let card = self.card()?;
        self.card = Some(Arc::clone(&card));
        let mut request = Request::new(card.name.clone());
        let mut pictures = Pictures::default();
        let mut dropped = Vec::new();
        let (mut lacking, mut lacking_params) = (Vec::new(), Vec::new());
        for field in Field::ALL {
            let texts = self.texts(field);
            if texts.is_empty() {
                continue;
            }
            if card.field(field).is_none() && self.values.is_optional(field.name()) {
                dropped.push(field.name().to_owned());
                lacking.push((field, texts));
                continue;
            }
            self.set(&card, field, texts, &mut request, &mut pictures);
        }
        for (name, written) in self.values.params() {
            let optional = self.values.is_optional(name);
            let Some(text) = self.text(&written, name) else { continue };
            if optional && card.param(name).is_none() {
                dropped.push(format!("params.{name}"));
                lacking_params.push((name.to_owned(), guessed(text)));
                continue;
            }
            match check::typed(self.cards, &card, name, &text) {
                Ok(value) => drop(request.params.insert(name.to_owned(), value)),
                Err(finding) => self.problems.push(super::values::problem(&self.values, *finding)),
            }
        }
        let fuller = (!dropped.is_empty()).then(|| {
            let (mut request, mut pictures) = (request.clone(), pictures.clone());
            for (field, texts) in lacking {
                // An invalid value makes no difference until a model has the field.
                let _ = fill(field, texts, &mut request, &mut pictures);
            }
            request.params.extend(lacking_params);
            (request, pictures)
        });
        let path = self.path();
        let variant = self.values.job.variant.to_owned();
        let shot = self.values.shot.name.value.clone();
        let key = JobKey { shot, item: (&self.values.item().id).into(), variant };
        let whole = !self.problems[before..].iter().any(Problem::is_error);
        let path = path.unwrap_or_default();
        Some(Draft { key, request, pictures, path, card, dropped, fuller, whole })
    }

    fn card(&mut self) -> Option<Arc<ModelCard>> {
        let Some(written) = self.values.model() else {
            let problem = Problem::error(self.values.shot.name.place(), "this shot names no model");
            let set = &self.values.shot.fields.settings;
            let is_empty = set.fields.is_empty() && set.params.is_empty();
            self.problems.push(problem.hint(match is_empty {
                true if self.values.item().get("image").is_some() => {
                    "replace `{}`, for example by `{ model: zai/vidu2-image, image: \"{{ item.image }}\", prompt: \"Slow push-in\" }`"
                }
                true => "replace `{}`, for example by `{ model: zai/viduq1-text, prompt: \"Slow push-in on a mug\" }`",
                false => "add `model: zai/vidu2-image` here or under `defaults:`",
            }));
            return None;
        };
        let text = self.text(&written, "model")?;
        let name: Option<ModelName> = text.parse().ok();
        if let Some(card) = name.as_ref().and_then(|name| self.cards.get(name)) {
            return Some(Arc::clone(card));
        }
        let known: Vec<String> = self.cards.iter().map(|card| card.name.to_string()).collect();
        // The user may have written the model with or without its provider.
        let close = did_you_mean(&text, known.iter().map(String::as_str))
            .or_else(|| known.iter().map(String::as_str).find(|name| name.ends_with(&format!("/{text}"))));
        let stranger =
            text.trim().split_once('/').filter(|(name, _)| self.cards.providers().find(name).is_none());
        let message = match stranger {
            Some((name, _)) => format!("there is no provider `{name}`"),
            None => format!("there is no model `{}`", text.trim()),
        };
        let mut problem = self.values.problem("model", message, None);
        problem = match (close, stranger) {
            (Some(close), _) => problem.hint(format!("did you mean `{close}`?")),
            (None, Some(_)) => problem.hint("write one of the models below"),
            (None, None) => problem.hint("write the model as provider/model, for example `zai/vidu2-image`"),
        };
        let own = name.as_ref().filter(|name| self.cards.providers().find(&name.provider).is_some());
        let proposed = self.cards.proposed();
        let proposed = proposed.filter(|card| own.is_none_or(|own| own.provider == card.name.provider));
        let proposed: Vec<String> = proposed.map(|card| card.name.to_string()).collect();
        problem = match own {
            Some(ModelName { provider, .. }) => problem
                .note(format!("the models of {provider} are: {}", proposed.join(", ")))
                .note("add a newer model under `models:`, with `like:` and one of these models"),
            None => problem.note(format!("the models are: {}", proposed.join(", "))),
        };
        self.problems.push(problem);
        None
    }

    /// Fills in the templates of a field and returns the results. An empty result is left out, and is a problem unless
    /// the field is optional.
    fn texts(&mut self, field: Field) -> Vec<String> {
        let written = self.values.field(field);
        written.into_iter().filter_map(|written| self.text(&written, field.name())).collect()
    }

    /// Fills in a template and returns the result. Returns `None` after an error, or if the result is empty, which is a
    /// problem unless the field is optional.
    fn text(&mut self, written: &Written<'_>, name: &str) -> Option<String> {
        let text = match written {
            Written::Data(text) => text.value.clone(),
            Written::Cell(cell) => cell.text.clone(),
            Written::Template(template) => match template.render(&self.values.job.context) {
                Ok(text) => text,
                Err(mut problem) => {
                    // Only the model's card lists the numbers that the cell may contain.
                    problem.hint = problem.hint.or_else(|| Some(self.digits(name)));
                    self.problems.push(*problem);
                    return None;
                }
            },
        };
        if text.trim().is_empty() {
            if !self.values.is_optional(name) {
                self.problems.push(self.values.empty(name, written, self.card.as_deref()));
            }
            return None;
        }
        if let (Written::Template(template), "prompt") = (written, name) {
            self.problems.extend(self.values.subject_of(template, &text));
        }
        if let Some(what) = damage(&text).filter(|_| name == "prompt") {
            let problem = self.values.problem(name, format!("the prompt is damaged: {what}"), None);
            let hint = "export the file again as UTF-8, or correct the prompt in its cell";
            self.problems.push(Problem { severity: Severity::Warning, ..problem.hint(hint) });
        }
        Some(text)
    }

    /// Returns a hint about the numbers that a field or parameter accepts.
    fn digits(&self, name: &str) -> String {
        let (rule, name) = match Field::named(name) {
            Some(field) => (self.card.as_ref().and_then(|card| card.field(field)), name.to_owned()),
            None => (self.card.as_ref().and_then(|card| card.param(name)), format!("params.{name}")),
        };
        let values: Vec<String> = rule.into_iter().flat_map(|rule| &rule.values).map(check::shown).collect();
        match values.as_slice() {
            [] => "write digits alone, such as 7".to_owned(),
            values => self.values.write(&name, values),
        }
    }

    fn set(
        &mut self,
        card: &ModelCard,
        field: Field,
        texts: Vec<String>,
        request: &mut Request,
        pictures: &mut Pictures,
    ) {
        let is_picture = matches!(field, Field::Image | Field::LastImage | Field::ReferenceImages);
        let is_list = |text: &&String| is_picture && has_several_addresses(text);
        let texts = match self.first_of_list(field) {
            Some(first) if texts.iter().any(|text| is_list(&text)) => vec![first],
            _ => texts,
        };
        if let Some(several) = texts.iter().find(is_list) {
            let name = field.name();
            let message = format!("`{name}` holds several addresses, but only one is allowed");
            let problem = self.values.problem(name, message, Some(several));
            self.problems.push(
                problem.hint("write `{{ item.image }}` for the first of the list, or write one address"),
            );
        }
        if let Err(text) = fill(field, texts, request, pictures) {
            self.mistyped(card, field, &text);
        }
    }

    /// Returns the item's first picture, if the template of the field `field` only inserts the product file's column of
    /// pictures. A cell of this column may list several pictures.
    fn first_of_list(&self, field: Field) -> Option<String> {
        let item = self.values.item();
        let [Written::Template(template)] = self.values.field(field)[..] else { return None };
        let column = item.fact("image")?.column.as_deref()?;
        let is_meant = template.is_one_column() && template.columns()[0] == column;
        item.get("image").filter(|_| is_meant).map(str::to_owned)
    }

    /// Adds a problem about a text that cannot be converted to its field's type.
    fn mistyped(&mut self, card: &ModelCard, field: Field, text: &str) {
        let name = field.name();
        let (what, hint) = match field {
            Field::Duration => ("a whole number of seconds", self.digits(name)),
            Field::Audio => {
                ("`true` or `false`", self.values.write(name, &["true".to_owned(), "false".to_owned()]))
            }
            _ => ("a whole number", self.digits(name)),
        };
        let hint = match card.field(field) {
            Some(_) => hint,
            None => format!("remove `{name}`: {} does not have it", card.name.model),
        };
        let message = format!("`{name}` must be {what}");
        let problem = self.values.problem(name, message, Some(&format!("`{text}`")));
        self.problems.push(problem.hint(hint));
    }

    /// Returns the output path with a shortened id, and adds a note about that. Returns `None` if the path is not too
    /// long, or still invalid when shortened.
    fn shortened(&mut self, template: &Template, rendered: &str) -> Option<String> {
        if !output::has_long_part(rendered) {
            return None;
        }
        let id = &self.values.item().id;
        let context = self.values.job.context.with_id(ident::shortened(id, id));
        let path = output::check_path(&template.render(&context).ok()?).ok()?;
        let message = "an output path is too long for a file system; the id in it is shortened";
        let problem = self.values.problem("output", message, Some(&path));
        self.problems.push(Problem { severity: Severity::Note, ..problem });
        Some(path)
    }

    fn path(&mut self) -> Option<String> {
        let template = self.values.output();
        let rendered = self.text(&Written::Template(template), "output")?;
        match output::check_path(&rendered)
            .or_else(|refused| self.shortened(template, &rendered).ok_or(refused))
        {
            Ok(path) => Some(path),
            Err(refused) => {
                let message = format!("the output path {}", refused.why);
                let problem = self.values.problem("output", message, Some(&rendered));
                // The default output path contains the id.
                let hint = match (&problem.place, refused.line) {
                    (Place::File(file), Some(line)) => {
                        format!("change the id, or add this line to {file}: `output: \"{line}\"`")
                    }
                    (_, Some(line)) => format!("{}: `output: \"{line}\"`", refused.hint),
                    (_, None) => refused.hint.to_owned(),
                };
                self.problems.push(problem.hint(hint));
                None
            }
        }
    }
}

/// Sets a field to the texts from its templates. The error is the text that cannot be converted to the field's type.
fn fill(
    field: Field,
    texts: Vec<String>,
    request: &mut Request,
    pictures: &mut Pictures,
) -> Result<(), String> {
    if field == Field::ReferenceImages {
        pictures.reference_images = texts.iter().map(|text| text.trim().to_owned()).collect();
        return Ok(());
    }
    let Some(text) = texts.into_iter().next() else { return Ok(()) };
    let trimmed = text.trim().to_owned();
    let kept = match field {
        Field::Duration => keep(&mut request.duration, &trimmed),
        Field::Seed => keep(&mut request.seed, &trimmed),
        Field::Audio => keep(&mut request.audio, &trimmed),
        _ => true,
    };
    if !kept {
        return Err(trimmed);
    }
    match field {
        Field::Prompt => request.prompt = Some(text),
        Field::Image => pictures.image = Some(trimmed),
        Field::LastImage => pictures.last_image = Some(trimmed),
        Field::AspectRatio => request.aspect_ratio = Some(trimmed),
        Field::Size => request.size = Some(trimmed),
        Field::Style => request.style = Some(trimmed),
        Field::Motion => request.motion = Some(trimmed),
        Field::Duration | Field::Seed | Field::Audio | Field::ReferenceImages => {}
    }
    Ok(())
}

/// Checks whether a text lists several addresses, separated by white space, `,`, `;` or `|`.
fn has_several_addresses(text: &str) -> bool {
    let begins = |scheme| text.trim().match_indices(scheme).map(|(at, _)| at);
    let mut further = begins("http://").chain(begins("https://")).filter(|at| *at > 0);
    let is_listed = |at| {
        let before = text.trim()[..at].chars().next_back();
        before.is_some_and(|before: char| before.is_whitespace() || matches!(before, ',' | ';' | '|'))
    };
    text.trim().starts_with("http") && further.any(is_listed)
}

/// Converts the text of a parameter, whose type is unknown because the model does not have the parameter. The result is
/// a truth value or a whole number if the text looks like one, and otherwise a text.
fn guessed(text: String) -> Value {
    let trimmed = text.trim();
    match (trimmed.parse::<bool>(), trimmed.parse::<i64>()) {
        (Ok(yes), _) => Value::Bool(yes),
        (_, Ok(number)) => Value::Int(number),
        _ => Value::Text(text),
    }
}

/// Parses a text into `value`, and returns true if that succeeded.
fn keep<T: FromStr>(value: &mut Option<T>, text: &str) -> bool {
    *value = text.parse().ok();
    value.is_some()
}
