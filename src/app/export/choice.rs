//! The clips that are handed over, and the reasons for which others are not.

use super::ExportRequest;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::gallery::{Gallery, GalleryJob, named};
use crate::domain::digest::Sha256;
use crate::domain::key::TakeId;
use crate::domain::problem::meant_or_all;
use crate::domain::review::{Outcome, Review, Standing};
use crate::plan::bucket::Bucket;
use crate::plan::known::Filed;
use crate::store::TakeRecord;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;

/// Clips that are handed over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Choice {
    /// The approved ones.
    #[default]
    Approved,
    /// All that were not rejected.
    All,
}

/// The reason for which a job has no clip that is handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// A person rejected the clip.
    Rejected,
    /// Another job has the same clip, and a person rejected it there.
    SharesRejected,
    /// No person has decided about the clip.
    Undecided,
    /// The decision was about another clip or another order.
    Outdated,
    /// The clip is not in its place.
    Missing,
    /// The clip has other bytes than were placed.
    Altered,
    /// A destination does not take the clip.
    Unfit,
    /// There is no clip.
    NoClip(Bucket),
}

impl Reason {
    /// Returns the word for people and for columns.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::SharesRejected => "shares a rejected clip",
            Self::Undecided => "undecided",
            Self::Outdated => "decision outdated",
            Self::Missing => "missing",
            Self::Altered => "altered",
            Self::Unfit => "beyond the limits of a destination",
            Self::NoClip(bucket) => bucket.words(1),
        }
    }
}

/// Number of clips that were left out, by reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOut(BTreeMap<Reason, usize>);

impl LeftOut {
    /// Returns each reason with its number of clips.
    pub fn iter(&self) -> impl Iterator<Item = (Reason, usize)> {
        self.0.iter().map(|(reason, count)| (*reason, *count))
    }

    /// Returns the reasons in words.
    #[must_use]
    pub fn parts(&self) -> Vec<String> {
        self.iter().map(|(reason, count)| format!("{count} {}", reason.word())).collect()
    }

    /// Returns the number of clips that were left out for a reason.
    #[must_use]
    pub fn count(&self, reason: Reason) -> usize {
        self.0.get(&reason).copied().unwrap_or_default()
    }

    /// Returns the number of clips that wait for a person's decision.
    #[must_use]
    pub fn undecided(&self) -> usize {
        self.count(Reason::Undecided) + self.count(Reason::Outdated)
    }
}

/// A clip that is handed over.
pub(super) struct Handed<'a> {
    pub(super) job: &'a GalleryJob,
    pub(super) filed: &'a Filed,
}

/// The clips of a request.
pub(super) struct Clips<'a> {
    /// Clips in the order of the manifest.
    pub(super) handed: Vec<Handed<'a>>,
    /// Other jobs of the request, each with the reason.
    pub(super) others: Vec<(&'a GalleryJob, Reason)>,
    pub(super) left_out: LeftOut,
    /// Folder of the clips.
    pub(super) folder: PathBuf,
    /// Name of the project.
    pub(super) project: Option<String>,
    takes: HashMap<&'a TakeId, &'a TakeRecord>,
}

impl<'a> Clips<'a> {
    /// Chooses the clips of a request.
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
                Ok(filed) => clips.handed.push(Handed { job, filed }),
                Err(reason) => clips.leave_out(job, reason),
            }
        }
        names.warnings()?;
        Ok(clips)
    }

    /// Leaves the clip of a job out.
    pub(super) fn leave_out(&mut self, job: &'a GalleryJob, reason: Reason) {
        *self.left_out.0.entry(reason).or_default() += 1;
        self.others.push((job, reason));
    }

    /// Returns the rendering of a clip, which may be of another job that shares it.
    pub(super) fn take(&self, handed: &Handed<'_>) -> Option<&'a TakeRecord> {
        self.takes.get(&handed.filed.take).copied()
    }

    /// Returns the clip of a job, or the reason for which it is not handed over.
    fn clip(
        &self,
        job: &'a GalleryJob,
        rejected: &HashSet<Sha256>,
        choice: Choice,
    ) -> Result<&'a Filed, Reason> {
        let filed = job.record.filed.as_ref().ok_or(Reason::NoClip(job.bucket))?;
        if job.standing == Standing::Rejected {
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
            (_, Standing::Approved, _) | (_, _, Choice::All) => Ok(filed),
            (_, Standing::Outdated, _) => Err(Reason::Outdated),
            (_, Standing::Undecided | Standing::Rejected, _) => Err(Reason::Undecided),
        }
    }
}

/// Returns the bytes of all clips that a person rejected, whatever was decided about later renderings.
fn rejected(jobs: &[GalleryJob]) -> HashSet<Sha256> {
    let of_job = |job: &'_ GalleryJob| -> Vec<Sha256> {
        let takes = job.record.takes.iter().filter_map(|take| take.review.as_ref());
        let all = takes.chain(job.record.review.as_ref());
        let rejected = all.filter(|review: &&Review| review.outcome == Outcome::Rejected);
        rejected.map(|review| review.clip).collect()
    };
    jobs.iter().flat_map(of_job).collect()
}
