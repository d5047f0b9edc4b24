//! Converts jobs and renderings to the data of the report page.

use super::contract::{Job, ReviewData, TakeData};
use super::pictures::Pictures;
use super::texts::{TextId, Texts};
use crate::app::gallery::GalleryJob;
use crate::domain::foreign::{shown, shown_lines};
use crate::domain::key::TakeId;
use crate::domain::lifecycle::{Charged, MoneyState, State};
use crate::domain::money::Usd;
use crate::domain::request::{Field, Media, Request, Setting, Value};
use crate::domain::review::{Review, ReviewState};
use crate::plan::bucket::Bucket;
use crate::report::lines::{charged_words, held_words};
use crate::store::{JobRecord, TakeRecord};
use jiff::Timestamp;
use std::collections::HashMap;

/// A converter of jobs to the data of the report page. Each string is stored once in a list, because many jobs have the
/// same strings.
pub(super) struct Describing<'a> {
    pub(super) texts: Texts,
    /// The job and the record of each rendering, by the rendering's id.
    pub(super) owners: HashMap<&'a TakeId, (&'a GalleryJob, &'a TakeRecord)>,
    pub(super) pictures: &'a Pictures,
}

impl Describing<'_> {
    pub(super) fn job(&mut self, job: &GalleryJob) -> Job {
        let record = &job.record;
        let key = &record.key;
        let title = (record.title != key.item).then(|| record.title.to_string());
        let filed = record.filed.as_ref();
        let shared = filed.and_then(|filed| self.owners.get(&filed.take).copied());
        let shared = shared.filter(|(owner, _)| owner.key() != key);
        let mut takes: Vec<TakeData> = Vec::new();
        if let Some((owner, take)) = shared {
            let mut data = self.take(job, take);
            data.of = Some(owner.key().to_string());
            data.path = None;
            takes.push(data);
        }
        takes.extend(record.takes.iter().map(|take| self.take(job, take)));
        Job {
            job: key.to_string(),
            item: key.item.to_string(),
            title,
            shot_text: self.texts.id(&key.shot),
            variant_text: (!key.variant.is_empty()).then(|| self.texts.id(&shown(&key.variant))),
            tag_texts: record.tags.iter().map(|tag| self.texts.id(&shown(tag))).collect(),
            state: job.bucket.name(),
            why_text: why(job).map(|why| self.texts.id(&why)),
            path: path_of(record).clone(),
            take: filed.map(|filed| filed.take.0.clone()),
            standing: (job.standing != ReviewState::Undecided).then(|| job.standing.name()),
            review: record.review.as_ref().map(review),
            redo: job.queued_redo().is_some(),
            takes,
        }
    }

    fn take(&mut self, job: &GalleryJob, record: &TakeRecord) -> TakeData {
        let take = &record.take;
        let request = &take.request;
        let account = take.state.account();
        let cost = if account == MoneyState::Free { Usd::ZERO } else { take.cost() };
        let clip = match &take.state {
            State::Done { file, .. } => Some(file),
            _ => None,
        };
        let seconds = |at: Option<Timestamp>| at.map(Timestamp::as_second);
        let checked = record.checked.as_ref();
        let findings = checked.map(|checked| checked.findings.as_slice()).unwrap_or_default();
        let (file, link) = match &request.image {
            Some(Media::Url(url)) => (None, Some(shown(url).into_owned())),
            Some(Media::File(file)) => (Some(shown(&file.path).into_owned()), None),
            Some(Media::Inline { .. }) => (Some("(in the manifest)".to_owned()), None),
            None => (None, None),
        };
        let is_newest_of_job =
            record.review.as_ref().map(|it| it.revision) == job.record.review.as_ref().map(|it| it.revision);
        // The clip in use may have been moved since it was rendered, so its current path counts.
        let filed = job.record.filed.as_ref();
        let job_path = path_of(&job.record);
        let path = if filed.is_some_and(|filed| filed.take == take.id) { job_path } else { &take.path };
        TakeData {
            take: take.id.0.clone(),
            of: None,
            phase: take.state.name(),
            model_text: self.texts.id(&request.model.to_string()),
            prompt_texts: request
                .prompt
                .as_deref()
                .map(|it| self.texts.parts(&shown_lines(it)))
                .unwrap_or_default(),
            setting_texts: self.settings(request),
            seed: request.seed,
            source: request.image.as_ref().and_then(|image| self.pictures.source(image)),
            file,
            link,
            poster: clip.and_then(|clip| self.pictures.poster(&clip.sha256)),
            price: take.price.micros(),
            cost: (cost != take.price).then(|| cost.micros()),
            account: (account != MoneyState::Settled).then(|| account.name()),
            task: take.state.task().map(|task| task.id.to_string()),
            created: record.created.as_second(),
            submitted: seconds(record.submitted),
            ended: seconds(record.ended),
            attempts: (take.attempts != 1).then_some(take.attempts),
            run: record.run,
            said_text: record.said.as_ref().map(|said| self.texts.id(&said.to_string())),
            path: clip.is_some().then(|| path.clone()).filter(|path| path != job_path),
            sha256: clip.map(|clip| clip.sha256.to_string()),
            bytes: clip.map(|clip| clip.size),
            verdict: checked.map(|checked| checked.verdict().name()),
            finding_texts: findings
                .iter()
                .map(|it| [&it.check, it.verdict.name(), &it.reason].map(|text| self.texts.id(text)))
                .collect(),
            frames: checked.is_some_and(|checked| checked.frames),
            review: record.review.as_ref().filter(|_| !is_newest_of_job).map(review),
        }
    }

    /// Returns the settings of a request in the form `name: value`, as positions in the list of the page's strings.
    /// Prompt, picture and seed are left out, because [`TakeData`] has other fields for them.
    fn settings(&mut self, request: &Request) -> Vec<TextId> {
        let mut lines = Vec::new();
        for (field, setting) in request.fields() {
            match (field, setting) {
                (Field::Prompt | Field::Image | Field::Seed, _) => {}
                (_, Setting::Text(text)) => lines.push(format!("{}: {text}", field.name())),
                (_, Setting::Int(number)) => lines.push(format!("{}: {number}", field.name())),
                (_, Setting::Bool(yes)) => lines.push(format!("{}: {yes}", field.name())),
                (_, Setting::Pictures(pictures)) => {
                    lines.extend(pictures.iter().map(|it| format!("{}: {}", field.name(), picture_name(it))));
                }
            }
        }
        lines.extend(request.params.iter().map(|(name, value)| match value {
            Value::Bool(yes) => format!("{name}: {yes}"),
            Value::Int(number) => format!("{name}: {number}"),
            Value::Text(text) => format!("{name}: {text}"),
        }));
        lines.iter().map(|line| self.texts.id(&shown(line))).collect()
    }
}

fn picture_name(media: &Media) -> &str {
    match media {
        Media::Url(url) => url,
        Media::File(file) => &file.path,
        Media::Inline { .. } => "(in the manifest)",
    }
}

fn review(review: &Review) -> ReviewData {
    ReviewData {
        revision: review.revision,
        take: review.take.0.clone(),
        outcome: review.outcome.name(),
        reasons: review.reasons.iter().map(|reason| reason.name()).collect(),
        note: review.note.as_deref().map(|note| shown_lines(note).into_owned()),
        redo: review.redo,
        who: shown(&review.who).into_owned(),
        at: review.at.as_second(),
    }
}

/// Returns the current path of a job's clip, or the planned path if there is no clip.
fn path_of(record: &JobRecord) -> &String {
    record.filed.as_ref().map_or(&record.path, |filed| &filed.path)
}

/// Returns a sentence that explains the state of a job; `None` if the name of the state says enough.
fn why(job: &GalleryJob) -> Option<String> {
    let newest = job.record.decisive();
    // The words about a redo that ended are those about a job that ended in the same way.
    let status = job.open_redo.unwrap_or(job.bucket);
    let why = match (status, newest.map(|record| (&record.take, record.said.as_ref()))) {
        (Bucket::Held | Bucket::WrittenOff, Some((take, said))) => match &take.state {
            State::Held { reason, .. } | State::WrittenOff { reason, .. } => {
                let words = held_words(*reason, said.and_then(|said| said.http));
                let charged = if reason.charge_in_doubt() { Charged::Unknown } else { Charged::Yes };
                Some(format!("{words}; {}", charged_words(charged, take.cost())))
            }
            _ => None,
        },
        (Bucket::Failed | Bucket::Dismissed, Some((take, said))) => match &take.state {
            State::Failed { refusal, charged, .. } => {
                let money = charged_words(*charged, take.cost());
                let said = said.map_or_else(|| refusal.words().to_owned(), ToString::to_string);
                Some(format!("{money}: {said}"))
            }
            _ => None,
        },
        (Bucket::Waiting, _) => Some("shares the clip of another job, which is not finished yet".to_owned()),
        (Bucket::Held | Bucket::Failed | Bucket::WrittenOff, None) => {
            Some("shares the clip of another job, which has no clip".to_owned())
        }
        (Bucket::Missing, _) => Some("the clip's file was moved or deleted".to_owned()),
        (Bucket::Altered, _) => Some("another file has the clip's name".to_owned()),
        (Bucket::Asks, _) => Some("its input changed; a run asks before it renders the job again".to_owned()),
        _ => None,
    };
    match job.open_redo {
        Some(redo) => Some(format!("its redo {}: {}", redo.words(1), why.unwrap_or_default())),
        None => why,
    }
}
