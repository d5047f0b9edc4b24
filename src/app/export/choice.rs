//! The clips that an export contains, and the reasons why the clips of other jobs are left out.

use super::ExportRequest;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::gallery::{Gallery, GalleryJob, named};
use crate::domain::digest::Sha256;
use crate::domain::key::TakeId;
use crate::domain::problem::meant_or_all;
use crate::domain::review::{Outcome, Review, ReviewState};
use crate::domain::text::count;
use crate::plan::bucket::Bucket;
use crate::plan::known::Filed;
use crate::store::TakeRecord;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;

/// The kind of clips that an export contains.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Choice {
    /// Only clips that a person approved.
    #[default]
    Approved,
    /// All clips that no person rejected.
    All,
}

/// The reason why an export contains no clip of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// A person rejected the clip.
    Rejected,
    /// Another job has the same clip, and a person rejected the clip in a review of that job.
    SharesRejected,
    /// No person has decided about the clip.
    Undecided,
    /// The newest review is about another clip of the job, or about a clip that was made from another input.
    Outdated,
    /// The file of the clip is missing.
    Missing,
    /// The file of the clip was altered since it was saved.
    Altered,
    /// The clip exceeds the limits of a shop or platform.
    Unfit,
    /// The job has no clip yet; its status says why.
    NoClip(Bucket),
}

impl Reason {
    /// Returns the reason in words, as messages and the status column show it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::SharesRejected => "shares a rejected clip",
            Self::Undecided => "undecided",
            Self::Outdated => "outdated",
            Self::Missing => "missing",
            Self::Altered => "altered",
            Self::Unfit => "beyond the limits of a destination",
            Self::NoClip(bucket) => bucket.words(1),
        }
    }
}

/// The number of clips that were left out of an export, by reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOut(BTreeMap<Reason, usize>);

impl LeftOut {
    /// Returns each reason with its number of clips.
    pub fn iter(&self) -> impl Iterator<Item = (Reason, usize)> {
        self.0.iter().map(|(reason, count)| (*reason, *count))
    }

    /// Returns each reason for leaving clips out, in words and with its number of clips, such as `3 undecided`.
    #[must_use]
    pub fn parts(&self) -> Vec<String> {
        let part = |(reason, clips): (Reason, usize)| match reason {
            Reason::Unfit => format!("{} outside the limits of the destination", count(clips, "clip")),
            reason => format!("{clips} {}", reason.word()),
        };
        self.iter().map(part).collect()
    }

    /// Returns the number of clips that were left out for a reason.
    #[must_use]
    pub fn count(&self, reason: Reason) -> usize {
        self.0.get(&reason).copied().unwrap_or_default()
    }

    /// Returns the number of left-out clips that a person still has to review.
    #[must_use]
    pub fn undecided(&self) -> usize {
        self.count(Reason::Undecided) + self.count(Reason::Outdated)
    }
}

/// A clip to export, with its job.
pub(super) struct ExportClip<'a> {
    pub(super) job: &'a GalleryJob,
    pub(super) filed: &'a Filed,
}

/// The jobs that an export request selects: those with a clip to export, and those without.
pub(super) struct ChosenClips<'a> {
    /// Jobs with a clip to export, in the order of the manifest.
    pub(super) handed: Vec<ExportClip<'a>>,
    /// Jobs without a clip to export, each with the reason.
    pub(super) others: Vec<(&'a GalleryJob, Reason)>,
    pub(super) left_out: LeftOut,
    /// Output folder, which the paths of clips are relative to.
    pub(super) folder: PathBuf,
    /// Name of the project; `None` if the manifest cannot be read.
    pub(super) project: Option<String>,
    takes: HashMap<&'a TakeId, &'a TakeRecord>,
}

impl<'a> ChosenClips<'a> {
    /// Chooses the jobs that the request selects, and decides for each whether its clip is exported.
    pub(super) fn of(gallery: &'a Gallery, request: &ExportRequest) -> Result<Self, Error> {
        let jobs = &gallery.jobs;
        let shots: BTreeSet<&str> = jobs.iter().map(|job| job.key().shot.as_str()).collect();
        if let Some(unknown) = request.shots.iter().find(|shot| !shots.contains(shot.as_str())) {
            let hint = meant_or_all(unknown, shots.iter().copied(), "the shots are");
            return Err(Error::new(Exit::Usage, format!("no job has the shot `{unknown}`; {hint}")));
        }
        let names = named(&request.only, jobs)?;
        let rejected = rejected(jobs);
        let takes = jobs.iter().flat_map(|job| &job.record.takes).map(|take| (&take.take.id, take));
        let mut clips = Self {
            handed: Vec::new(),
            others: Vec::new(),
            left_out: LeftOut::default(),
            folder: gallery.out.clone(),
            project: gallery.project.clone(),
            takes: takes.collect(),
        };
        for job in jobs {
            let is_meant =
                names.has(job.key()) && (request.shots.is_empty() || request.shots.contains(&job.key().shot));
            if !is_meant {
                continue;
            }
            match clips.clip(job, &rejected, request.choice) {
                Ok(filed) => clips.handed.push(ExportClip { job, filed }),
                Err(reason) => clips.leave_out(job, reason),
            }
        }
        names.warnings()?;
        Ok(clips)
    }

    pub(super) fn leave_out(&mut self, job: &'a GalleryJob, reason: Reason) {
        *self.left_out.0.entry(reason).or_default() += 1;
        self.others.push((job, reason));
    }

    /// Returns the rendering that made an exported clip, even if it belongs to another job that shares the clip.
    pub(super) fn take(&self, handed: &ExportClip<'_>) -> Option<&'a TakeRecord> {
        self.takes.get(&handed.filed.take).copied()
    }

    /// Returns the saved clip of a job, or the reason why it is not exported.
    fn clip(
        &self,
        job: &'a GalleryJob,
        rejected: &HashSet<Sha256>,
        choice: Choice,
    ) -> Result<&'a Filed, Reason> {
        let filed = job.record.filed.as_ref().ok_or(Reason::NoClip(job.bucket))?;
        if job.standing == ReviewState::Rejected {
            return Err(Reason::Rejected);
        }
        if rejected.contains(&filed.file.sha256) {
            return Err(Reason::SharesRejected);
        }
        match std::fs::metadata(self.folder.join(&filed.path)) {
            Ok(facts) if facts.is_file() && facts.len() == filed.file.size => {}
            Ok(_) => return Err(Reason::Altered),
            Err(_) => return Err(Reason::Missing),
        }
        match (job.bucket, job.standing, choice) {
            (Bucket::Missing, ..) => Err(Reason::Missing),
            (Bucket::Altered, ..) => Err(Reason::Altered),
            (_, ReviewState::Approved, _) | (_, _, Choice::All) => Ok(filed),
            (_, ReviewState::Outdated, _) => Err(Reason::Outdated),
            (_, ReviewState::Undecided | ReviewState::Rejected, _) => Err(Reason::Undecided),
        }
    }
}

/// Returns the hashes of all clips that a person rejected, even if a later rendering of the job was approved.
fn rejected(jobs: &[GalleryJob]) -> HashSet<Sha256> {
    let of_job = |job: &'_ GalleryJob| -> Vec<Sha256> {
        let takes = job.record.takes.iter().filter_map(|take| take.review.as_ref());
        let all = takes.chain(job.record.review.as_ref());
        let rejected = all.filter(|review: &&Review| review.outcome == Outcome::Rejected);
        rejected.map(|review| review.clip).collect()
    };
    jobs.iter().flat_map(of_job).collect()
}
