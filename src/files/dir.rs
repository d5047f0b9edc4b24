//! Single steps on the disk, each relative to an open directory.

use super::steps::{count, sync, synced};
use crate::domain::digest::Sha256;
use crate::domain::lifecycle::ClipFile;
use crate::domain::loss::Loss;
use rustix::fs::{AtFlags, Dev, FileType, FlockOperation, Mode, OFlags, RenameFlags};
use rustix::io::Errno;
use sha2::Digest as _;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// An open directory. What is done through it happens in that directory, whatever its path leads to meanwhile.
#[derive(Debug)]
pub(super) struct Dir(OwnedFd);

/// How often a lock that another program holds is tried again.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Read, write and search for everybody, as far as the umask lets them.
const OPEN_DIRECTORY: Mode = Mode::from_raw_mode(0o777);

impl Dir {
    /// The directory at a path that the user chose; symbolic links in it are theirs.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        count(|steps| steps.opened += 1);
        Ok(Self(rustix::fs::open(path, flags, Mode::empty())?))
    }

    /// A directory in this one. A symbolic link is refused: it may lead out of the tree.
    pub(super) fn child(&self, name: &str, create: bool) -> io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
        let open = || {
            count(|steps| steps.opened += 1);
            rustix::fs::openat(&self.0, name, flags, Mode::empty())
        };
        let opened = match open() {
            Err(Errno::NOENT) if create => {
                if self.make(name)? {
                    self.sync()?;
                }
                open()
            }
            opened => opened,
        };
        match opened {
            Ok(fd) => Ok(Self(fd)),
            Err(Errno::NOTDIR | Errno::LOOP) => Err(io::Error::new(
                io::ErrorKind::NotADirectory,
                format!("`{name}` is a symbolic link or a file where a folder is needed"),
            )),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a directory in this one, whose name is not durable yet. Returns whether it was missing.
    pub(super) fn make(&self, name: &str) -> io::Result<bool> {
        match rustix::fs::mkdirat(&self.0, name, OPEN_DIRECTORY) {
            Ok(()) => Ok(true),
            // Another clip's directory is the same one.
            Err(Errno::EXIST) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// A regular file in this directory; anything else is refused without waiting for it.
    pub(super) fn file(&self, name: &str, flags: OFlags, mode: u16) -> io::Result<File> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        count(|steps| steps.opened += 1);
        let file = File::from(rustix::fs::openat(&self.0, name, flags, Mode::from_raw_mode(mode.into()))?);
        if file.metadata()?.is_file() {
            Ok(file)
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidInput, format!("`{name}` is not a regular file")))
        }
    }

    /// An error unless this process may put files into this directory.
    pub(super) fn may_write(&self) -> io::Result<()> {
        use rustix::fs::Access;
        let access = Access::WRITE_OK | Access::EXEC_OK;
        Ok(rustix::fs::accessat(&self.0, ".", access, AtFlags::EACCESS)?)
    }

    /// Whether anything at all has the name, a dangling link included.
    pub(super) fn has(&self, name: &str) -> io::Result<bool> {
        match rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// What has the name, compared with a clip.
    pub(super) fn compare(&self, name: &str, clip: &ClipFile) -> io::Result<Standing> {
        let stat = match rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Ok(Standing::Nothing),
            Err(error) => return Err(error.into()),
        };
        let regular = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        if !regular || u64::try_from(stat.st_size) != Ok(clip.size) {
            return Ok(Standing::Other);
        }
        let file = self.file(name, OFlags::RDONLY, 0)?;
        Ok(if hash(&file)? == *clip { Standing::Same } else { Standing::Other })
    }

    /// Returns what stands at a path below this directory, and its device. The path may lead through links of the user.
    pub(super) fn size_of(&self, path: &str) -> io::Result<(Seen, Option<Dev>)> {
        match rustix::fs::statat(&self.0, path, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile => {
                Ok((Seen::File(u64::try_from(stat.st_size).unwrap_or_default()), Some(stat.st_dev)))
            }
            Ok(stat) => Ok((Seen::Other, Some(stat.st_dev))),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok((Seen::Nothing, None)),
            Err(error) => Err(error.into()),
        }
    }

    /// The device that a path below this directory is on, if it is there.
    pub(super) fn device_of(&self, path: &str) -> io::Result<Option<Dev>> {
        match rustix::fs::statat(&self.0, path, AtFlags::empty()) {
            Ok(stat) => Ok(Some(stat.st_dev)),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The whole of a small file; nothing where there is none.
    pub(super) fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        match self.file(name, OFlags::RDONLY, 0) {
            Ok(mut file) => {
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes)?;
                Ok(Some(bytes))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes a file under a name nobody looks at. Returns it open, for [`Dir::sync_staged`] and for its mode.
    pub(super) fn stage(&self, name: &str, bytes: &[u8], mode: u16) -> io::Result<File> {
        let create = || self.file(name, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL, mode);
        let mut file = match create() {
            // Left by a process that was killed.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.remove(name)?;
                create()?
            }
            created => created?,
        };
        match file.write_all(bytes) {
            Ok(()) => Ok(file),
            Err(error) => {
                self.remove(name)?;
                Err(error)
            }
        }
    }

    /// Makes a staged file durable, or throws it away.
    pub(super) fn sync_staged(&self, name: &str, file: &File) -> io::Result<()> {
        sync(file).or_else(|error| {
            self.remove(name)?;
            Err(error)
        })
    }

    /// Copies a file's bytes to a staged file, without moving them where the file system can share them.
    pub(super) fn stage_copy(&self, name: &str, from: &File) -> io::Result<File> {
        let copy = self.stage(name, &[], 0o666)?;
        let copied = clone(from, &copy).and_then(|()| sync(&copy));
        match copied {
            Ok(()) => Ok(copy),
            Err(error) => {
                self.remove(name)?;
                Err(error)
            }
        }
    }

    /// Gives a file a new name that nothing has. `AlreadyExists` if something has it.
    pub(super) fn rename_new(&self, name: &str, to: &Self, new: &str) -> io::Result<()> {
        count(|steps| steps.renamed += 1);
        match rustix::fs::renameat_with(&self.0, name, &to.0, new, RenameFlags::NOREPLACE) {
            // The file system cannot promise it in one step; a second name can, and it never replaces either.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
                self.link(name, to, new)?;
                self.remove(name)
            }
            renamed => Ok(renamed?),
        }
    }

    /// Gives a file a new name in one step, whatever had it.
    pub(super) fn rename_over(&self, name: &str, to: &Self, new: &str) -> io::Result<()> {
        count(|steps| steps.renamed += 1);
        Ok(rustix::fs::renameat(&self.0, name, &to.0, new)?)
    }

    /// Gives a file a second name. `AlreadyExists` if something has it.
    pub(super) fn link(&self, name: &str, to: &Self, new: &str) -> io::Result<()> {
        Ok(rustix::fs::linkat(&self.0, name, &to.0, new, AtFlags::empty())?)
    }

    /// Takes a name away; fine if there is none.
    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        count(|steps| steps.removed += 1);
        match rustix::fs::unlinkat(&self.0, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes names durable.
    pub(super) fn sync(&self) -> io::Result<()> {
        rustix::fs::fsync(&self.0)?;
        synced(self.0.as_fd());
        Ok(())
    }

    /// The same directory, opened once more.
    pub(super) fn again(&self) -> io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        count(|steps| steps.opened += 1);
        Ok(Self(rustix::fs::openat(&self.0, ".", flags, Mode::empty())?))
    }

    /// Waits until no other program holds this directory locked, for so long; until the guard is dropped, no other
    /// shotlist gives out names here.
    pub(super) fn lock(&self, patience: Duration) -> io::Result<Self> {
        // Opened anew: a lock belongs to the opening, and this one ends with the guard.
        let guard = self.again()?;
        let pauses = patience.as_millis().div_ceil(LOOK_EVERY.as_millis());
        for pause in 0..=pauses {
            match rustix::fs::flock(&guard.0, FlockOperation::NonBlockingLockExclusive) {
                Err(Errno::INTR) => {}
                // The system wakes nobody after a time: a lock that is waited for cannot be given up.
                Err(Errno::WOULDBLOCK) if pause < pauses => std::thread::sleep(LOOK_EVERY),
                Err(Errno::WOULDBLOCK) => break,
                // A file system without locks for folders (NFS): renaming without replacing still protects every clip.
                Ok(()) | Err(Errno::NOTSUP | Errno::NOSYS | Errno::NOLCK | Errno::BADF) => return Ok(guard),
                Err(error) => return Err(error.into()),
            }
        }
        let words = "another program has held it locked for too long (flock)";
        Err(io::Error::new(io::ErrorKind::ResourceBusy, words))
    }

    /// Device and number: the same pair is the same directory, and the same device takes renames.
    pub(super) fn identity(&self) -> io::Result<(Dev, u64)> {
        let stat = rustix::fs::fstat(&self.0)?;
        Ok((stat.st_dev, stat.st_ino))
    }

    /// The names in this directory that are text; nobody here writes others.
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let entries = rustix::fs::Dir::read_from(&self.0)?;
        entries
            .map(|entry| Ok(OsString::from_vec(entry?.file_name().to_bytes().to_vec()).into_string().ok()))
            .filter_map(io::Result::transpose)
            .collect()
    }
}

/// What has a clip's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Nothing,
    Same,
    Other,
}

/// What a look at a name shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    Nothing,
    /// A regular file of so many bytes.
    File(u64),
    Other,
}

impl Seen {
    /// What it tells against a clip of that name.
    pub(super) fn loss_of(self, clip: &ClipFile) -> Option<Loss> {
        match self {
            Self::Nothing => Some(Loss::Missing),
            Self::File(size) if size == clip.size => None,
            Self::File(_) | Self::Other => Some(Loss::Altered),
        }
    }
}

/// Size and SHA-256 of a file, from its first byte to its last.
pub(super) fn hash(mut file: &File) -> io::Result<ClipFile> {
    let (mut hash, mut size) = (sha2::Sha256::new(), 0);
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(ClipFile { size, sha256: Sha256(hash.finalize().into()) });
        }
        hash.update(&buffer[..read]);
        size += read as u64;
    }
}

fn clone(mut from: &File, mut to: &File) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    if rustix::fs::ioctl_ficlone(to, from).is_ok() {
        return Ok(());
    }
    io::copy(&mut from, &mut to).map(drop)
}

/// Whether an error means that the disk, or the user's share of it, is full.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Whether an error is about one name or folder, and says nothing of the disk.
pub(super) fn is_obstructed(error: &io::Error) -> bool {
    use io::ErrorKind::{
        InvalidFilename, InvalidInput, IsADirectory, NotADirectory, PermissionDenied, ResourceBusy,
    };
    matches!(
        error.kind(),
        NotADirectory | IsADirectory | PermissionDenied | InvalidFilename | InvalidInput | ResourceBusy
    )
}

/// Writes a file so that a crash leaves the old one or the new one, never a mixture. `mode` is cut by the umask.
pub fn atomic_write(path: &Path, bytes: &[u8], mode: u16) -> io::Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().and_then(|name| name.to_str());
    let name =
        name.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path has no file name"))?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let dir = Dir::open(parent.unwrap_or(Path::new(".")))?;
    // Two writers, of this process or another, must not share a file that is not finished.
    let staged = format!(".shotlist-{}-{}.tmp", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let file = dir.stage(&staged, bytes, mode)?;
    dir.sync_staged(&staged, &file)?;
    dir.rename_over(&staged, &dir, name)?;
    dir.sync()
}

/// Bytes that this user may still write where `path` is.
pub fn free_space(path: &Path) -> io::Result<u64> {
    let stat = rustix::fs::statvfs(path)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}
