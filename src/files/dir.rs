//! Provides single disk operations, each relative to an open directory, so that swapping a folder meanwhile cannot
//! redirect them.

use super::steps::{count, sync, synced};
use crate::domain::clip_damage::ClipDamage;
use crate::domain::digest::Sha256;
use crate::domain::lifecycle::ClipFile;
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

/// An open directory. Operations affect this directory even if its path meanwhile leads elsewhere.
#[derive(Debug)]
pub(super) struct Dir(OwnedFd);

/// The pause between two attempts to lock a directory while another program holds the lock.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The permissions of a new directory: read, write and search for everyone, as far as the umask allows.
const OPEN_DIRECTORY: Mode = Mode::from_raw_mode(0o777);

impl Dir {
    /// Opens the directory at a path that the user chose. The path may contain symbolic links.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        count(|steps| steps.opened += 1);
        Ok(Self(rustix::fs::open(path, flags, Mode::empty())?))
    }

    /// Opens a subdirectory of this directory, and makes a missing one if `create` is true. A symbolic link is refused,
    /// because it may lead out of the output folder.
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
                format!("`{name}` must be a folder, but is a file or a symbolic link"),
            )),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a subdirectory of this directory, and returns true if it was missing. The new name is durable only after
    /// [`Dir::sync`].
    pub(super) fn make(&self, name: &str) -> io::Result<bool> {
        match rustix::fs::mkdirat(&self.0, name, OPEN_DIRECTORY) {
            Ok(()) => Ok(true),
            // Another clip has made the same directory.
            Err(Errno::EXIST) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens a regular file in this directory. Anything else, such as a link or a pipe, is refused without blocking.
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

    /// Returns an error unless this process may put files into this directory.
    pub(super) fn may_write(&self) -> io::Result<()> {
        use rustix::fs::Access;
        let access = Access::WRITE_OK | Access::EXEC_OK;
        Ok(rustix::fs::accessat(&self.0, ".", access, AtFlags::EACCESS)?)
    }

    /// Checks whether any entry of this directory has the name, even a link that leads nowhere.
    pub(super) fn has(&self, name: &str) -> io::Result<bool> {
        match rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Compares the file `name` of this directory with a clip, by size and hash.
    pub(super) fn compare(&self, name: &str, clip: &ClipFile) -> io::Result<NameState> {
        let stat = match rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Ok(NameState::Nothing),
            Err(error) => return Err(error.into()),
        };
        let regular = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        if !regular || u64::try_from(stat.st_size) != Ok(clip.size) {
            return Ok(NameState::Other);
        }
        let file = self.file(name, OFlags::RDONLY, 0)?;
        Ok(if hash(&file)? == *clip { NameState::Same } else { NameState::Other })
    }

    /// Returns what is at a path below this directory, with the size of a regular file. Also returns its device, or
    /// `None` if nothing is there. Folders on the path may be symbolic links.
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

    /// Returns the device on which a path below this directory is; `None` if the path does not exist.
    pub(super) fn device_of(&self, path: &str) -> io::Result<Option<Dev>> {
        match rustix::fs::statat(&self.0, path, AtFlags::empty()) {
            Ok(stat) => Ok(Some(stat.st_dev)),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads a whole small file of this directory; `None` if it does not exist.
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

    /// Writes a file under a temporary name, and returns it open. [`Dir::sync_staged`] makes its bytes durable.
    pub(super) fn stage(&self, name: &str, bytes: &[u8], mode: u16) -> io::Result<File> {
        let create = || self.file(name, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL, mode);
        let mut file = match create() {
            // A process that was killed left the file.
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

    /// Makes the bytes of a file with a temporary name durable. If that fails, the file is removed.
    pub(super) fn sync_staged(&self, name: &str, file: &File) -> io::Result<()> {
        sync(file).or_else(|error| {
            self.remove(name)?;
            Err(error)
        })
    }

    /// Copies an open file to a file with a temporary name, and makes the copy durable. The copy shares the bytes on
    /// the disk if the file system can do that.
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

    /// Moves a file of this directory to a free name in `to`. Returns `AlreadyExists` if the name is taken.
    pub(super) fn rename_new(&self, name: &str, to: &Self, new: &str) -> io::Result<()> {
        count(|steps| steps.renamed += 1);
        match rustix::fs::renameat_with(&self.0, name, &to.0, new, RenameFlags::NOREPLACE) {
            // The file system has no rename that never replaces; adding a link never replaces either.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
                self.link(name, to, new)?;
                self.remove(name)
            }
            renamed => Ok(renamed?),
        }
    }

    /// Moves the file `name` of this directory to the name `new` in `to`, in one step. Any file with the new name is
    /// replaced.
    pub(super) fn rename_over(&self, name: &str, to: &Self, new: &str) -> io::Result<()> {
        count(|steps| steps.renamed += 1);
        Ok(rustix::fs::renameat(&self.0, name, &to.0, new)?)
    }

    /// Gives a file of this directory a second name in `to`, as a hard link. Returns `AlreadyExists` if the name is
    /// taken.
    pub(super) fn link(&self, name: &str, to: &Self, new: &str) -> io::Result<()> {
        Ok(rustix::fs::linkat(&self.0, name, &to.0, new, AtFlags::empty())?)
    }

    /// Removes the entry with this name, if it exists.
    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        count(|steps| steps.removed += 1);
        match rustix::fs::unlinkat(&self.0, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes the names in this directory durable, so that they survive a power cut.
    pub(super) fn sync(&self) -> io::Result<()> {
        rustix::fs::fsync(&self.0)?;
        synced(self.0.as_fd());
        Ok(())
    }

    /// Opens this directory a second time, because each lock needs an open directory of its own.
    pub(super) fn again(&self) -> io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        count(|steps| steps.opened += 1);
        Ok(Self(rustix::fs::openat(&self.0, ".", flags, Mode::empty())?))
    }

    /// Locks this directory, and waits at most `patience` while another program holds the lock. Until the returned
    /// value is dropped, no other shotlist process saves clips in this directory.
    pub(super) fn lock(&self, patience: Duration) -> io::Result<Self> {
        // A lock belongs to the opening, so this needs its own, which ends with the guard.
        let guard = self.again()?;
        let pauses = patience.as_millis().div_ceil(LOOK_EVERY.as_millis());
        for pause in 0..=pauses {
            match rustix::fs::flock(&guard.0, FlockOperation::NonBlockingLockExclusive) {
                Err(Errno::INTR) => {}
                // A blocking wait for the lock has no time limit.
                Err(Errno::WOULDBLOCK) if pause < pauses => std::thread::sleep(LOOK_EVERY),
                Err(Errno::WOULDBLOCK) => break,
                // A file system without folder locks (NFS): renaming without replacing still protects every clip.
                Ok(()) | Err(Errno::NOTSUP | Errno::NOSYS | Errno::NOLCK | Errno::BADF) => return Ok(guard),
                Err(error) => return Err(error.into()),
            }
        }
        let words = "another program has held it locked for too long (flock)";
        Err(io::Error::new(io::ErrorKind::ResourceBusy, words))
    }

    /// Returns this directory's device and inode number, which together identify it.
    ///
    /// Files can be renamed only between directories on the same device.
    pub(super) fn identity(&self) -> io::Result<(Dev, u64)> {
        let stat = rustix::fs::fstat(&self.0)?;
        Ok((stat.st_dev, stat.st_ino))
    }

    /// Returns the names in this directory that are valid UTF-8; shotlist writes no others.
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let entries = rustix::fs::Dir::read_from(&self.0)?;
        entries
            .map(|entry| Ok(OsString::from_vec(entry?.file_name().to_bytes().to_vec()).into_string().ok()))
            .filter_map(io::Result::transpose)
            .collect()
    }
}

/// The result of comparing the file under a name with a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameState {
    Nothing,
    Same,
    Other,
}

/// The kind of entry that was found under a name in a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    Nothing,
    /// A regular file with this size in bytes.
    File(u64),
    Other,
}

impl Seen {
    /// Returns whether the clip is missing or altered, judged by what the directory has under the clip's name. Returns
    /// `None` for a file of the clip's size.
    pub(super) fn loss_of(self, clip: &ClipFile) -> Option<ClipDamage> {
        match self {
            Self::Nothing => Some(ClipDamage::Missing),
            Self::File(size) if size == clip.size => None,
            Self::File(_) | Self::Other => Some(ClipDamage::Altered),
        }
    }
}

/// Returns the size and SHA-256 of a whole file.
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

/// Checks whether an error means that the disk or the user's quota is full, or that a file reached its largest size.
pub(super) fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

/// Returns the words for an error that [`is_full`] recognises.
pub(super) fn full(error: &io::Error) -> &'static str {
    if error.kind() == io::ErrorKind::FileTooLarge {
        "the size limit of files is too low (`ulimit -f`)"
    } else {
        "the disk is full"
    }
}

/// Checks whether an error concerns only one name or folder, so that other clips can still be saved.
pub(super) fn is_obstructed(error: &io::Error) -> bool {
    use io::ErrorKind::{
        InvalidFilename, InvalidInput, IsADirectory, NotADirectory, PermissionDenied, ResourceBusy,
    };
    matches!(
        error.kind(),
        NotADirectory | IsADirectory | PermissionDenied | InvalidFilename | InvalidInput | ResourceBusy
    )
}

/// Writes a file so that after a crash it has the old content or the new content, never a mixture. The umask limits
/// `mode`.
pub fn atomic_write(path: &Path, bytes: &[u8], mode: u16) -> io::Result<()> {
    write_staged(path, bytes, mode, |dir, staged, name| dir.rename_over(staged, dir, name))
}

/// Writes a new file, completely or not at all. Returns `AlreadyExists` if the name is taken.
pub(super) fn atomic_create(path: &Path, bytes: &[u8], mode: u16) -> io::Result<()> {
    write_staged(path, bytes, mode, |dir, staged, name| dir.rename_new(staged, dir, name))
}

/// Writes a file under a temporary name, and gives it the name of `path` with `rename`.
fn write_staged(
    path: &Path,
    bytes: &[u8],
    mode: u16,
    rename: impl FnOnce(&Dir, &str, &str) -> io::Result<()>,
) -> io::Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().and_then(|name| name.to_str());
    let name =
        name.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path has no file name"))?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let dir = Dir::open(parent.unwrap_or(Path::new(".")))?;
    // Two writers, in this process or another, must not share an unfinished file.
    let staged = format!(".shotlist-{}-{}.tmp", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let file = dir.stage(&staged, bytes, mode)?;
    dir.sync_staged(&staged, &file)?;
    if let Err(error) = rename(&dir, &staged, name) {
        dir.remove(&staged)?;
        return Err(error);
    }
    dir.sync()
}

/// Returns the number of bytes that this user may still write to the disk of `path`.
pub fn free_space(path: &Path) -> io::Result<u64> {
    let stat = rustix::fs::statvfs(path)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}
