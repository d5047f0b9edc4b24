//! What stands under a clip's name, compared with what was recorded. Reads only.

use super::dir::hash;
use super::sidecars::file_of;
use super::tree::Tree;
use crate::domain::key::TakeId;
use crate::domain::lifecycle::ClipFile;
use crate::domain::loss::Loss;
use crate::media::mp4;
use rustix::fs::OFlags;
use std::fs::File;
use std::io::{self, Seek as _};

/// What stands under a clip's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The clip, to the last bit.
    Same,
    /// Nothing.
    Missing,
    /// The clip's bytes are not what they were: so many of them, and what is wrong.
    Damaged(u64, String),
    /// Something else: another whole clip, a folder, a link.
    Foreign(String),
    /// Nobody can tell: the disk or its permissions.
    Unreadable(String),
}

/// What is wrong with the file beside a clip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SidecarFault {
    /// It is not there.
    Missing,
    /// It cannot be read, or is no sidecar.
    Damaged(String),
    /// It tells of another clip.
    Foreign,
}

impl Tree {
    /// Compares what stands under a name with a clip, byte by byte through its hash.
    #[must_use]
    pub fn examine(&self, target: &str, clip: &ClipFile) -> Finding {
        match self.find(target, clip) {
            Ok(finding) => finding,
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound => Finding::Missing,
                io::ErrorKind::InvalidInput | io::ErrorKind::NotADirectory => {
                    Finding::Foreign(error.to_string())
                }
                _ => Finding::Unreadable(error.to_string()),
            },
        }
    }

    fn find(&self, target: &str, clip: &ClipFile) -> io::Result<Finding> {
        let (dir, name) = self.locate(target, false)?;
        let mut file = match dir.file(name, OFlags::RDONLY, 0) {
            Err(error) if dir.has(name)? && error.kind() != io::ErrorKind::PermissionDenied => {
                return Ok(Finding::Foreign(format!("`{name}` is a link, a folder or a device")));
            }
            opened => opened?,
        };
        let found = hash(&file)?;
        if found == *clip {
            return Ok(Finding::Same);
        }
        file.rewind()?;
        // Bytes that were lost or turned leave the length, or the boxes broken; what is whole was put there.
        Ok(match mp4::inspect(&mut file) {
            Ok(_) if found.size != clip.size => Finding::Foreign("another clip has its name".to_owned()),
            Ok(_) => Finding::Damaged(found.size, "its bytes have changed".to_owned()),
            Err(mp4::ClipFault::Disk(error)) => Finding::Unreadable(error.to_string()),
            Err(fault) => Finding::Damaged(found.size, fault.to_string()),
        })
    }

    /// Opens the clip under a name, if it has the recorded bytes; `None` where it does not.
    pub fn open_clip(&self, target: &str, clip: &ClipFile) -> io::Result<Option<File>> {
        let (dir, name) = self.locate(target, false)?;
        let mut file = dir.file(name, OFlags::RDONLY, 0)?;
        let found = hash(&file)?;
        file.rewind()?;
        Ok((found == *clip).then_some(file))
    }

    /// Looks whether clips stand under their names with their sizes: one look each, at no byte of theirs.
    pub fn losses<'a>(
        &self,
        clips: impl Iterator<Item = (&'a str, &'a ClipFile)>,
    ) -> io::Result<Vec<Option<Loss>>> {
        let root = self.root()?;
        clips.map(|(target, clip)| Ok(root.size_of(target)?.0.loss_of(clip))).collect()
    }

    /// Compares the sidecar of a clip with it; `None` where it tells of this clip.
    #[must_use]
    pub fn examine_sidecar(&self, target: &str, clip: &ClipFile) -> Option<SidecarFault> {
        match self.sidecar(target) {
            Ok(Some(sidecar)) if file_of(&sidecar) == Some(*clip) => None,
            Ok(Some(_)) => Some(SidecarFault::Foreign),
            Ok(None) => Some(SidecarFault::Missing),
            Err(error) => Some(SidecarFault::Damaged(error.to_string())),
        }
    }

    /// The clip under a name, where its sidecar says that it came of that take, and it is as the sidecar says.
    #[must_use]
    pub fn clip_of(&self, target: &str, take: &TakeId) -> Option<ClipFile> {
        let sidecar = self.sidecar(target).ok()??;
        let file = file_of(&sidecar).filter(|_| sidecar["take"] == take.0.as_str())?;
        self.is_placed(target, &file).then_some(file)
    }
}
