//! Converts a gallery (the jobs of a project with their clips and reviews) to the data of the report page.

use super::contract::{Amounts, Budget, Change, Commands, Document, Live, ReasonName, SCHEMA, Summary};
use super::describe::Describing;
use super::pictures::Pictures;
use super::texts::Texts;
use crate::app::budget::Level;
use crate::app::gallery::{Gallery, GalleryJob};
use crate::app::places::Places;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{Charged, State};
use crate::domain::review::Reason;
use crate::plan::bucket::Bucket;
use crate::store::{Spent, TakeRecord};
use std::collections::HashMap;

/// Returns all data of the report page. `folder` is the address of the clips' folder relative to the page.
#[must_use]
pub fn document(
    gallery: &Gallery,
    places: &Places,
    live: Option<Live>,
    folder: String,
    pictures: Pictures,
) -> Document {
    let Change { summary, texts, jobs } = described(gallery, &pictures, |_| true);
    let words = |reason: Reason| ReasonName { name: reason.name(), words: reason.words() };
    Document {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        project: gallery.project.clone().unwrap_or_else(|| "all projects".to_owned()),
        manifest: places.shown.clone(),
        output: gallery.out.display().to_string(),
        folder,
        sandbox: gallery.sandbox,
        now: gallery.now.as_second(),
        live,
        commands: commands(places, gallery),
        reasons: Reason::ALL.into_iter().map(words).collect(),
        summary,
        texts,
        pictures: pictures.into_addresses(),
        jobs,
    }
}

/// Returns the data of the jobs that `chosen` selects, as an update for a served page.
#[must_use]
pub fn change(gallery: &Gallery, chosen: impl Fn(&JobKey) -> bool) -> Change {
    described(gallery, &Pictures::default(), chosen)
}

fn described(gallery: &Gallery, pictures: &Pictures, chosen: impl Fn(&JobKey) -> bool) -> Change {
    let each = gallery.jobs.iter().flat_map(|job| job.record.takes.iter().map(move |take| (job, take)));
    let owners: HashMap<&TakeId, (&GalleryJob, &TakeRecord)> =
        each.map(|(job, take)| (&take.take.id, (job, take))).collect();
    let mut describing = Describing { texts: Texts::default(), owners, pictures };
    let chosen = gallery.jobs.iter().filter(|job| chosen(job.key()));
    let jobs = chosen.map(|job| describing.job(job)).collect();
    let budget = |level: &Level| Budget {
        name: level.cap.to_string(),
        limit: level.limit.micros(),
        spent: level.spent.total().micros(),
    };
    let summary = Summary {
        today: amounts(gallery.today),
        month: amounts(gallery.month),
        budgets: gallery.budget.iter().map(budget).collect(),
    };
    Change { summary, texts: describing.texts.into_all(), jobs }
}

fn amounts(spent: Spent) -> Amounts {
    let Spent { settled, reserved, in_doubt } = spent;
    Amounts { spent: settled.micros(), in_flight: reserved.micros(), in_doubt: in_doubt.micros() }
}

fn commands(places: &Places, gallery: &Gallery) -> Commands {
    let typed = |words: &str| places.typed(words);
    let may_be_retried = |job: &GalleryJob| {
        job.bucket == Bucket::Failed
            && matches!(job.record.decisive().map(|take| &take.take.state),
                Some(State::Failed { refusal, charged: Charged::No, .. }) if !refusal.permanent())
    };
    Commands {
        show: typed("show {job}"),
        redo: typed("redo {job}"),
        failed: typed(if gallery.jobs.iter().any(may_be_retried) { "retry" } else { "status" }),
        run: typed("run"),
        collect: typed("collect"),
        status: typed("status"),
        plan: typed("plan"),
        repair: typed("verify --repair"),
        verify: typed("verify"),
        review: typed("review"),
        import: typed("review --import decisions.csv"),
        rejected: typed("redo --rejected"),
    }
}
