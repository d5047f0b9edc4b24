//! The record of money: one JSON line for each submission and each thing that became of one. It outlives the database.
//!
//! A line is only ever added. Lines of one batch are written and synced together, under a lock of the file that spans
//! the commit to the database as well, so that several processes may write and `seq` always grows.

use super::error::StoreError;
use super::{folder, rows};
use crate::domain::fault::Refusal;
use crate::domain::key::{ModelName, TakeId, TaskId};
use crate::domain::lifecycle::{Charged, Event, Intent, SentBack, State};
use crate::domain::money::Usd;
use crate::domain::policy::{Moment, Policy};
use crate::domain::take::Take;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A submission is about to be sent. Carries all that is needed to know what was bought.
    Intent,
    /// It surely brought no task.
    SentBack,
    /// It was refused for good.
    Rejected,
    /// A task exists.
    Accepted,
    /// No answer came; the provider is being asked.
    Doubt,
    /// A look-up proved that there is no task.
    Absent,
    /// A person must decide.
    Held,
    /// A person named the task.
    Adopted,
    /// The task ended without a clip.
    Failed,
    /// The clip stands under its name.
    Settled,
    /// A person let the same task be asked for once more.
    AskedAgain,
    /// A person gave it up.
    WrittenOff,
    /// A person ordered the same rendering once more, as this take.
    Ordered,
    /// A clip that was paid before now stands under this job's name.
    Filed,
}

impl Kind {
    /// What is written when a take goes from one state to the next; most steps are not about money.
    pub(super) const fn of(from: &State, to: &State) -> Option<Self> {
        match (from, to) {
            (State::Pending { .. }, State::Submitting { .. }) => Some(Self::Intent),
            (State::Submitting { .. }, State::Pending { .. }) => Some(Self::SentBack),
            (State::Submitting { .. }, State::Failed { .. }) => Some(Self::Rejected),
            (State::Submitting { .. } | State::Doubtful { .. }, State::Running { .. }) => {
                Some(Self::Accepted)
            }
            (State::Submitting { .. }, State::Doubtful { .. }) => Some(Self::Doubt),
            (State::Doubtful { .. }, State::Pending { .. }) => Some(Self::Absent),
            (State::Held { task: None, .. }, State::Running { .. }) => Some(Self::Adopted),
            (State::Held { .. }, State::Running { .. }) => Some(Self::AskedAgain),
            (_, State::Held { .. }) => Some(Self::Held),
            (_, State::Failed { .. }) => Some(Self::Failed),
            (_, State::Done { .. }) => Some(Self::Settled),
            (_, State::WrittenOff { .. }) => Some(Self::WrittenOff),
            _ => None,
        }
    }

    /// The name in the ledger and in the list of attempts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::SentBack => "sent_back",
            Self::Rejected => "rejected",
            Self::Accepted => "accepted",
            Self::Doubt => "doubt",
            Self::Absent => "absent",
            Self::Held => "held",
            Self::Adopted => "adopted",
            Self::Failed => "failed",
            Self::Settled => "settled",
            Self::AskedAgain => "asked_again",
            Self::WrittenOff => "written_off",
            Self::Ordered => "ordered",
            Self::Filed => "filed",
        }
    }

    /// Whether the submission surely cost nothing.
    pub(super) const fn is_free(self) -> bool {
        matches!(self, Self::SentBack | Self::Rejected | Self::Absent)
    }
}

/// One line. Fields that its kind does not have are left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Of the format: 1.
    pub v: u32,
    /// Grows from line to line; gaps mean nothing.
    pub seq: u64,
    /// When.
    #[serde(with = "rows::text")]
    pub at: Timestamp,
    /// What.
    pub kind: Kind,
    /// Which take.
    pub take: String,
    /// For which project.
    pub project: String,
    /// For which job, as it is shown: `shot/item`.
    pub job: String,
    /// Which submission of the take; 0 where none is meant.
    pub attempt: u32,
    /// Our name for that submission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The provider's name for what it accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// `provider/model`.
    #[serde(with = "rows::text")]
    pub model: ModelName,
    /// Of the order.
    pub fingerprint: String,
    /// What it costs, or did cost.
    #[serde(with = "usd")]
    pub usd: Usd,
    /// Why it is held or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Why a person decided so, in their own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rows::maybe_refusal")]
    pub refusal: Option<Refusal>,
    /// Whether a failure cost money.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rows::maybe_charged")]
    pub charged: Option<Charged>,
    /// What people call the item; with an intent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where the clip goes, or stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Bytes of the clip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Of the clip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The whole order; with an intent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<serde_json::Value>,
}

mod usd {
    use crate::domain::money::Usd;
    use serde::{Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference to the field")]
    pub(super) fn serialize<S: Serializer>(usd: &Usd, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&usd.plain())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Usd, D::Error> {
        super::rows::text::deserialize(d)
    }
}

/// The submission that a state is about.
pub(super) fn intent(state: &State) -> Option<&Intent> {
    match state {
        State::Submitting { intent, .. } | State::Doubtful { intent, .. } | State::Held { intent, .. } => {
            Some(intent)
        }
        other => other.task().map(|task| &task.intent),
    }
}

impl Entry {
    /// A line about a take; `seq` is given when it is written.
    pub(super) fn about(take: &Take, kind: Kind, at: Timestamp) -> Self {
        Self {
            v: 1,
            seq: 0,
            at,
            kind,
            take: take.id.0.clone(),
            project: take.project.clone(),
            job: take.key.to_string(),
            attempt: 0,
            request_id: None,
            task_id: None,
            model: take.request.model.clone(),
            fingerprint: take.fingerprint.to_string(),
            usd: take.price,
            why: None,
            note: None,
            refusal: None,
            charged: None,
            title: None,
            path: None,
            size: None,
            sha256: None,
            request: None,
        }
    }

    /// The line for a take that goes to another state, or `None` where the step is not about money.
    pub(super) fn of(take: &Take, to: &State, settled: Option<Usd>, now: Timestamp) -> Option<Self> {
        let mut entry = Self::about(take, Kind::of(&take.state, to)?, now);
        if let Some(intent) = intent(to).or_else(|| intent(&take.state)) {
            entry.attempt = intent.attempt;
            entry.request_id = Some(intent.request_id.0.clone());
        }
        entry.task_id = to.task().map(|task| task.id.0.clone());
        match to {
            State::Submitting { .. } => {
                entry.title = Some(take.title.clone());
                entry.path = Some(take.path.clone());
                entry.request = serde_json::from_str(&rows::request_json(&take.request)).ok();
            }
            State::Held { reason, .. } | State::WrittenOff { reason, .. } => {
                entry.why = Some(reason.name().to_owned());
            }
            State::Failed { refusal, charged, .. } => {
                (entry.refusal, entry.charged) = (Some(*refusal), Some(*charged));
            }
            State::Done { file, .. } => {
                entry.path = Some(take.path.clone());
                (entry.size, entry.sha256) = (Some(file.size), Some(file.sha256.to_string()));
                entry.usd = settled.unwrap_or(take.price);
            }
            _ => {}
        }
        Some(entry)
    }

    /// What becomes of a state that has not heard of this line yet; `None` where the line says nothing new.
    ///
    /// A clip that is settled here but not in the database is asked for and fetched again, which is free.
    pub(super) fn follow(&self, state: &State, policy: &Policy) -> Option<State> {
        if intent(state)?.attempt != self.attempt {
            return None;
        }
        let task = || self.task_id.clone().map(TaskId);
        let event = match (self.kind, state) {
            (Kind::SentBack, State::Submitting { .. }) => Event::SentBack(SentBack::Stopped),
            (Kind::Rejected, State::Submitting { .. }) => Event::Rejected(self.refusal?),
            (Kind::Accepted, State::Submitting { .. }) => Event::Accepted(task()?),
            (Kind::Accepted, State::Doubtful { .. }) => Event::Found(task()?),
            (Kind::Accepted | Kind::Adopted, State::Held { .. }) => Event::Adopt(task()?),
            (Kind::Failed, State::Running { .. }) => {
                Event::Refused { refusal: self.refusal?, charged: self.charged? }
            }
            (Kind::AskedAgain, State::Held { .. }) => Event::Again,
            (Kind::WrittenOff, State::Held { .. }) => Event::WriteOff,
            _ => return None,
        };
        state.clone().on(event, Moment::new(self.at, 0.0), policy).ok()
    }

    /// The take that the line is about.
    #[must_use]
    pub fn take_id(&self) -> TakeId {
        TakeId(self.take.clone())
    }

    pub(super) fn line(&self) -> String {
        serde_json::to_string(self).expect("text keys and no floats: always JSON") + "\n"
    }
}

/// What the file holds from some byte on.
#[derive(Debug, Default)]
pub(super) struct Tail {
    pub(super) entries: Vec<Entry>,
    /// Bytes of a last line that was not written to its end.
    pub(super) torn: u64,
    /// The file is not the one that the database agreed with: it is shorter, and was read from its beginning.
    pub(super) cut: bool,
}

/// The open file.
pub(super) struct Ledger {
    path: PathBuf,
    file: File,
    /// End of the last whole line that was read or written here.
    end: u64,
    /// Highest `seq` seen.
    last: u64,
    /// Lines that were seen in the file since the database last agreed with it.
    pub(super) seen: BTreeSet<u64>,
}

impl Ledger {
    /// Opens the file, creating it where it is missing, and locks it: see [`Ledger::unlock`].
    pub(super) fn open_locked(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(folder::LEDGER);
        let file = folder::open_private(&path)?;
        let ledger = Self { path, file, end: 0, last: 0, seen: BTreeSet::new() };
        ledger.lock()?;
        Ok(ledger)
    }

    /// Opens the file to look at it; `None` where it is missing.
    pub(super) fn open_to_read(dir: &Path) -> Result<Option<Self>, StoreError> {
        let path = dir.join(folder::LEDGER);
        match File::open(&path) {
            Ok(file) => Ok(Some(Self { path, file, end: 0, last: 0, seen: BTreeSet::new() })),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(StoreError::io(&path, &e)),
        }
    }

    /// Waits until no other process is between its commit and its lines.
    pub(super) fn lock(&self) -> Result<(), StoreError> {
        self.file.lock().map_err(|e| StoreError::io(&self.path, &e))
    }

    pub(super) fn unlock(&self) {
        // Fails only for a file that is closed, and then the lock is gone as well.
        let _ = self.file.unlock();
    }

    pub(super) fn end(&self) -> u64 {
        self.end
    }

    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Begins at the byte up to which the database agrees; changes nothing.
    pub(super) fn read_from(&mut self, agreed: u64) -> Result<Tail, StoreError> {
        let cut = agreed > 0 && !self.is_end_of_line(agreed)?;
        self.end = if cut { 0 } else { agreed };
        Ok(Tail { cut, ..self.read_on()? })
    }

    fn is_end_of_line(&mut self, at: u64) -> Result<bool, StoreError> {
        let mut byte = [0];
        let read = self.file.seek(SeekFrom::Start(at - 1)).and_then(|_| self.file.read(&mut byte));
        let read = read.map_err(|e| StoreError::io(&self.path, &e))?;
        Ok(read == 1 && byte == *b"\n")
    }

    fn read_on(&mut self) -> Result<Tail, StoreError> {
        let mut bytes = Vec::new();
        let read = self.file.seek(SeekFrom::Start(self.end)).and_then(|_| self.file.read_to_end(&mut bytes));
        read.map_err(|e| StoreError::io(&self.path, &e))?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let mut tail = Tail { torn: (bytes.len() - whole) as u64, ..Tail::default() };
        for line in bytes[..whole].split_inclusive(|byte| *byte == b'\n') {
            let entry: Entry = serde_json::from_slice(line).map_err(|e| self.damaged(&e.to_string()))?;
            if entry.v != 1 {
                return Err(self.damaged(&format!("a line of version {}, newer than 1", entry.v)));
            }
            self.end += line.len() as u64;
            self.last = self.last.max(entry.seq);
            self.seen.insert(entry.seq);
            tail.entries.push(entry);
        }
        Ok(tail)
    }

    fn damaged(&self, detail: &str) -> StoreError {
        StoreError::Damaged { path: self.path.clone(), detail: format!("at byte {}: {detail}", self.end) }
    }

    /// Takes note of what other processes wrote, and drops what one of them could not finish.
    pub(super) fn catch_up(&mut self) -> Result<(), StoreError> {
        let length = self.file.metadata().map_err(|e| StoreError::io(&self.path, &e))?.len();
        if length != self.end && self.read_on()?.torn > 0 {
            self.file.set_len(self.end).map_err(|e| StoreError::io(&self.path, &e))?;
        }
        Ok(())
    }

    /// Adds lines and makes them durable, all or none.
    pub(super) fn append(&mut self, lines: &[(u64, String)]) -> Result<(), StoreError> {
        let text: String = lines.iter().map(|(_, line)| line.as_str()).collect();
        let write = |file: &mut File| {
            file.seek(SeekFrom::Start(self.end))?;
            file.write_all(text.as_bytes())?;
            file.sync_data()
        };
        if let Err(e) = write(&mut self.file) {
            // What stays of them if this fails too is dropped as a torn line, or counts as written: both are safe.
            let _ = self.file.set_len(self.end);
            return Err(StoreError::io(&self.path, &e));
        }
        self.end += text.len() as u64;
        for (seq, _) in lines {
            self.last = self.last.max(*seq);
            self.seen.insert(*seq);
        }
        Ok(())
    }
}
