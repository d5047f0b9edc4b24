//! Compares the file under a clip's name with the recorded clip, without changing anything.

use super::dir::{NameState, hash};
use super::obstacle::is_of_machine;
use super::sidecars::file_of;
use super::tree::Tree;
use crate::domain::clip_damage::ClipDamage;
use crate::domain::key::TakeId;
use crate::domain::lifecycle::ClipFile;
use crate::media::mp4;
use rustix::fs::OFlags;
use std::fs::File;
use std::io::{self, Seek as _};

/// The result of comparing a file with a recorded clip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The file has exactly the bytes of the recorded clip.
    Same,
    /// No file has the clip's name.
    Missing,
    /// The file is a damaged clip. The fields are its size in bytes, and the damage in words.
    Damaged(u64, String),
    /// Another complete clip, a folder or a link has the clip's name. The text describes it.
    Foreign(String),
    /// The file cannot be read, for this reason, such as an error of the disk.
    Unreadable(String),
}

/// A fault of the sidecar next to a clip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SidecarFault {
    /// The sidecar is missing.
    Missing,
    /// The sidecar cannot be read or is not JSON, for this reason.
    Damaged(String),
    /// The file describes another clip, or is JSON that is not a sidecar.
    Foreign,
}

impl Tree {
    /// Checks whether the file under a name has the size and hash that are recorded for the clip. Returns `false` for a
    /// file that cannot be read.
    #[must_use]
    pub fn is_placed(&self, target: &str, clip: &ClipFile) -> bool {
        self.try_is_placed(target, clip).unwrap_or(false)
    }

    /// Checks whether the file under a name has the size and hash that are recorded for the clip. Returns an error if
    /// the clip may be there but cannot be read, for example because its disk is not mounted.
    pub fn try_is_placed(&self, target: &str, clip: &ClipFile) -> io::Result<bool> {
        match self.locate(target, false).and_then(|(dir, name)| dir.compare(name, clip)) {
            Ok(standing) => Ok(standing == NameState::Same),
            Err(error) if error.kind() == io::ErrorKind::NotFound || !is_of_machine(&error) => Ok(false),
            Err(error) => {
                let what = format!("`{target}` cannot be compared with its record: {error}");
                Err(io::Error::new(error.kind(), what))
            }
        }
    }

    /// Compares the file under a name with a clip by the hash of all its bytes.
    #[must_use]
    pub fn examine(&self, target: &str, clip: &ClipFile) -> Finding {
        match self.find(target, clip) {
            Ok(finding) => finding,
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound => Finding::Missing,
                io::ErrorKind::InvalidInput => Finding::Foreign(error.to_string()),
                // The clip may be behind a link in the place of its folder.
                _ => Finding::Unreadable(error.to_string()),
            },
        }
    }

    fn find(&self, target: &str, clip: &ClipFile) -> io::Result<Finding> {
        let (dir, name) = self.locate(target, false)?;
        let mut file = match dir.file(name, OFlags::RDONLY, 0) {
            Err(error) if !is_of_machine(&error) && dir.has(name)? => {
                return Ok(Finding::Foreign(format!("`{name}` is a link, a folder or a device")));
            }
            opened => opened?,
        };
        let found = hash(&file)?;
        if found == *clip {
            return Ok(Finding::Same);
        }
        file.rewind()?;
        // Damage keeps the length or breaks the MP4 boxes, so a complete clip of another size is another clip.
        Ok(match mp4::inspect(&mut file) {
            Ok(_) if found.size != clip.size => {
                Finding::Foreign("the file with this name is another clip".to_owned())
            }
            Ok(_) => Finding::Damaged(found.size, "the clip's bytes have changed".to_owned()),
            Err(mp4::ClipFault::Disk(error)) => Finding::Unreadable(error.to_string()),
            Err(fault) => Finding::Damaged(found.size, fault.to_string()),
        })
    }

    /// Opens the clip under a name; `None` if the file there does not have the recorded bytes.
    pub fn open_clip(&self, target: &str, clip: &ClipFile) -> io::Result<Option<File>> {
        let (dir, name) = self.locate(target, false)?;
        let mut file = dir.file(name, OFlags::RDONLY, 0)?;
        let found = hash(&file)?;
        file.rewind()?;
        Ok((found == *clip).then_some(file))
    }

    /// Returns whether each clip is missing or altered, in the order of the clips; `None` for a file of the clip's
    /// size. Reads no bytes of the files.
    pub fn losses<'a>(
        &self,
        clips: impl Iterator<Item = (&'a str, &'a ClipFile)>,
    ) -> io::Result<Vec<Option<ClipDamage>>> {
        let root = self.root()?;
        clips.map(|(target, clip)| Ok(root.size_of(target)?.0.loss_of(clip))).collect()
    }

    /// Returns the fault of a clip's sidecar; `None` if it describes a clip of this size and hash.
    #[must_use]
    pub fn examine_sidecar(&self, target: &str, clip: &ClipFile) -> Option<SidecarFault> {
        match self.sidecar(target) {
            Ok(Some(sidecar)) if file_of(&sidecar) == Some(*clip) => None,
            Ok(Some(_)) => Some(SidecarFault::Foreign),
            Ok(None) => Some(SidecarFault::Missing),
            Err(error) => Some(SidecarFault::Damaged(error.to_string())),
        }
    }

    /// Returns the size and hash of the clip under a name; `None` unless its sidecar names `take` and the file matches
    /// the sidecar.
    #[must_use]
    pub fn clip_of(&self, target: &str, take: &TakeId) -> Option<ClipFile> {
        let sidecar = self.sidecar(target).ok()??;
        let file = file_of(&sidecar).filter(|_| sidecar["take"] == take.0.as_str())?;
        self.is_placed(target, &file).then_some(file)
    }
}
