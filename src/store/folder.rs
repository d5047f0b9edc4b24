//! Protects the state folder: checks its permissions and its file system, and reserves disk space for the case that the
//! disk is full.

pub(super) use super::LEDGER;
use super::error::StoreError;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// The name of a project's state folder. The state folders of rehearsals are inside it.
const STATE: &str = ".shotlist";

pub(super) const DATABASE: &str = "state.db";
pub(super) const LOCK: &str = "lock";
pub(super) const RESERVE: &str = "reserve";

/// The size in bytes of the file that reserves disk space: many times the space for one transaction and its ledger
/// lines.
const RESERVE_BYTES: usize = 8 << 20;

/// The number of equal pieces in which the file that reserves disk space is written.
const RESERVE_PIECES: usize = 1024;

/// The permissions of the state folder. They keep other users from reading request texts and task ids, whatever the
/// umask allows.
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// The flag with which `open` refuses a symbolic link. The value is small enough for an `i32`.
const NO_FOLLOW: i32 = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();

/// The flag with which `open` does not wait for the other end of a pipe.
const NO_WAIT: i32 = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();

/// Creates a state folder if it is missing, with access for its owner alone and with a `.gitignore` for all its files.
pub fn create(dir: &Path) -> Result<(), StoreError> {
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(dir).map_err(|e| StoreError::io(dir, &e))?;
    let ignore = dir.join(".gitignore");
    match OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&ignore) {
        Ok(mut file) => file.write_all(b"*\n").map_err(|e| StoreError::io(&ignore, &e)),
        // A file that was made just before a kill is empty.
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => match fs::symlink_metadata(&ignore) {
            Ok(meta) if meta.is_file() && meta.len() == 0 => {
                let mut file = open_private(&ignore)?;
                file.write_all(b"*\n").map_err(|e| StoreError::io(&ignore, &e))
            }
            _ => Ok(()),
        },
        Err(e) => Err(StoreError::io(&ignore, &e)),
    }
}

/// Returns the state folder and its existing files as `(path, most, metadata)`, where `most` is the widest permitted
/// mode.
///
/// For a linked folder, the metadata are those of the link's target. For a linked file, they are those of the link
/// itself.
fn own(dir: &Path) -> Result<Vec<(PathBuf, u32, Metadata)>, StoreError> {
    let files = [DATABASE, "state.db-wal", "state.db-shm", LEDGER, LOCK, RESERVE, ".gitignore"];
    let wanted = files.iter().map(|name| (dir.join(name), FILE_MODE));
    let mut own = Vec::new();
    for (path, mode) in std::iter::once((dir.to_owned(), FOLDER_MODE)).chain(wanted) {
        let found = if mode == FOLDER_MODE { fs::metadata(&path) } else { fs::symlink_metadata(&path) };
        match found {
            Ok(meta) => own.push((path, mode, meta)),
            // Not a directory: a file has the folder's name, and the code that creates the folder reports that.
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            Err(e) => return Err(StoreError::io(&path, &e)),
        }
    }
    Ok(own)
}

/// Returns the permission bits that a file has beyond the mode `most`; 0 for a link, because the mode of a link has no
/// effect.
fn excess(meta: &Metadata, most: u32) -> u32 {
    if meta.is_symlink() { 0 } else { meta.permissions().mode() & 0o777 & !most }
}

/// Returns whether a state folder is reached through a link, which may lead to files of other programs.
///
/// The state folder of a rehearsal lies inside that of the project, so both are examined. Links further up the path are
/// the user's choice.
fn is_through_link(dir: &Path) -> bool {
    let is_link = |folder: &Path| fs::symlink_metadata(folder).is_ok_and(|meta| meta.is_symlink());
    let parent = dir.parent().filter(|parent| parent.ends_with(STATE));
    is_link(dir) || parent.is_some_and(is_link)
}

/// Removes other users' access to the state folder and its files. Returns one message for each path that was open to
/// other users.
///
/// Never changes a mode through a link, because the link may lead to a file of another program.
pub(super) fn tighten(dir: &Path) -> Result<Vec<String>, StoreError> {
    let mut warnings = Vec::new();
    let is_through_link = is_through_link(dir);
    for (path, mode, meta) in own(dir)?.into_iter().filter(|(_, mode, meta)| excess(meta, *mode) != 0) {
        let found = meta.permissions().mode() & 0o777;
        let shown = path.display();
        if is_through_link {
            warnings.push(format!(
                "other users have access to {shown} (mode {found:03o}); shotlist does not change it, because the \
                 state folder is a symbolic link"
            ));
            continue;
        }
        close_to_others(&path, mode).map_err(|e| StoreError::io(&path, &e))?;
        warnings.push(format!(
            "other users had access to {shown} (mode {found:03o}); shotlist changed the mode to {mode:03o}"
        ));
    }
    Ok(warnings)
}

/// Sets the mode of a file or folder. Fails if the path is a link, so that the mode of the link's target never changes.
fn close_to_others(path: &Path, mode: u32) -> io::Result<()> {
    let open = OpenOptions::new().read(true).custom_flags(NO_FOLLOW | NO_WAIT).open(path)?;
    open.set_permissions(Permissions::from_mode(mode))
}

/// The permissions and the file system of a state folder, as `doctor` reports them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Folder {
    /// True if the folder exists.
    pub exists: bool,
    /// The paths (the folder or files in it) that other users may read or write, with their modes. The next run removes
    /// that access, unless the folder is reached through a link.
    pub open_to_others: Vec<(PathBuf, u32)>,
    /// The paths (the folder or files in it) that belong to another user, with that user's id.
    pub foreign: Vec<(PathBuf, u32)>,
    /// The paths (the folder or files in it) that this user may not read or write.
    pub unusable: Vec<PathBuf>,
    /// The name of the network file system that holds the folder; `None` for a local disk.
    pub network: Option<&'static str>,
    /// True if the folder is reached through a symbolic link. The permissions of the folder and its files are then
    /// never changed.
    pub is_through_link: bool,
}

impl Folder {
    /// Creates a state folder if it is missing, with access for its owner alone.
    pub fn make(dir: &Path) -> Result<(), StoreError> {
        create(dir)
    }

    /// Examines a state folder, or the folder in which it would be created. Changes nothing.
    pub fn look_at(dir: &Path) -> Result<Self, StoreError> {
        let own = own(dir)?;
        let me = rustix::process::geteuid().as_raw();
        let usable = |path: &Path| {
            let access = rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK;
            rustix::fs::access(path, access).is_ok()
        };
        let mode = |meta: &Metadata| meta.permissions().mode() & 0o777;
        let open = own.iter().filter(|(_, most, meta)| excess(meta, *most) != 0);
        let ground = dir.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("."));
        Ok(Self {
            exists: !own.is_empty(),
            open_to_others: open.map(|(path, _, meta)| (path.clone(), mode(meta))).collect(),
            foreign: own
                .iter()
                .filter(|(.., meta)| meta.uid() != me)
                .map(|(path, _, meta)| (path.clone(), meta.uid()))
                .collect(),
            unusable: own.iter().filter(|(path, ..)| !usable(path)).map(|(path, ..)| path.clone()).collect(),
            network: network_kind(ground).map_err(|e| StoreError::io(ground, &e))?,
            is_through_link: is_through_link(dir),
        })
    }
}

/// Opens a file for reading and writing, and creates it if it is missing, with access for its owner alone. Returns an
/// error at once if the path is a link, a pipe or anything else but a regular file.
pub(super) fn open_private(path: &Path) -> Result<File, StoreError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(FILE_MODE)
        .custom_flags(NO_FOLLOW | NO_WAIT)
        .open(path)
        .and_then(regular)
        .map_err(|e| StoreError::io(path, &e))
}

/// Opens a file of the state folder for reading. Returns an error at once if it is a link, a pipe or anything else but
/// a regular file.
pub(super) fn open_to_read(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(NO_FOLLOW | NO_WAIT).open(path).and_then(regular)
}

fn regular(file: File) -> io::Result<File> {
    if file.metadata()?.is_file() { Ok(file) } else { Err(irregular()) }
}

fn irregular() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file, as shotlist's records must be")
}

/// Returns an error if a log file of the database is a pipe or another special file, on which SQLite would wait
/// forever.
///
/// Links are not examined, because SQLite itself refuses them.
pub(super) fn refuse_irregular_logs(database: &Path) -> Result<(), StoreError> {
    for end in ["-wal", "-shm", "-journal"] {
        let mut log = database.as_os_str().to_owned();
        log.push(end);
        let log = PathBuf::from(log);
        if fs::symlink_metadata(&log).is_ok_and(|meta| !meta.is_file() && !meta.is_symlink()) {
            return Err(StoreError::io(&log, &irregular()));
        }
    }
    Ok(())
}

/// Makes the creation, renaming and removal of files in a folder durable on disk.
pub(super) fn sync(dir: &Path) -> Result<(), StoreError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(|e| StoreError::io(dir, &e))
}

/// Writes the reserve file, which is removed to get space for an accepted task when the disk is full.
pub(super) fn set_reserve_aside(dir: &Path) -> Result<(), StoreError> {
    let path = dir.join(RESERVE);
    let mut file = open_private(&path)?;
    let write = |file: &mut File| -> io::Result<()> {
        if file.metadata()?.len() == RESERVE_BYTES as u64 {
            return Ok(());
        }
        // Written rather than only lengthened: a hole in a file reserves nothing.
        file.set_len(0)?;
        let zeros = [0; RESERVE_BYTES / RESERVE_PIECES];
        for _ in 0..RESERVE_PIECES {
            file.write_all(&zeros)?;
        }
        file.sync_all()
    };
    write(&mut file).map_err(|e| {
        let error = StoreError::io(&path, &e);
        // An incomplete reserve would only take room from others.
        let _ = fs::remove_file(&path);
        error
    })
}

/// Removes the reserve file to get space on the disk. Returns `false` if there was none.
pub(super) fn free_reserve(dir: &Path) -> bool {
    fs::remove_file(dir.join(RESERVE)).is_ok()
}

/// Returns an error if a folder is on a network file system.
pub(super) fn refuse_network(dir: &Path) -> Result<(), StoreError> {
    match network_kind(dir).map_err(|e| StoreError::io(dir, &e))? {
        Some(kind) => Err(StoreError::NetworkFs { path: dir.to_owned(), kind }),
        None => Ok(()),
    }
}

#[cfg(target_os = "linux")]
fn network_kind(dir: &Path) -> io::Result<Option<&'static str>> {
    let magic = rustix::fs::statfs(dir)?.f_type;
    // The kernel's numbers have 32 bits; the field is wider and may be signed.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "see above")]
    Ok(network_magic(magic as u32))
}

#[cfg(not(target_os = "linux"))]
fn network_kind(_: &Path) -> io::Result<Option<&'static str>> {
    Ok(None)
}

/// Returns the name of a network file system, from the number that Linux gives it (statfs(2) and linux/magic.h).
/// Returns `None` for all other file systems.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux has these numbers"))]
const fn network_magic(magic: u32) -> Option<&'static str> {
    match magic {
        0x6969 => Some("NFS"),
        0x517B | 0xFE53_4D42 => Some("SMB"),
        0xFF53_4D42 => Some("CIFS"),
        0x5346_414F => Some("AFS"),
        0x00C3_6400 => Some("Ceph"),
        _ => None,
    }
}

/// Returns the path of the database in a state folder.
pub(super) fn database(dir: &Path) -> PathBuf {
    dir.join(DATABASE)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn p33_network_file_systems_are_known_by_their_numbers_and_local_ones_pass() {
        assert_eq!(network_magic(0x6969), Some("NFS"));
        assert_eq!(network_magic(0xFF53_4D42), Some("CIFS"));
        assert_eq!(network_magic(0xFE53_4D42), Some("SMB"));
        // ext4, btrfs, xfs, tmpfs, overlayfs.
        for local in [0xEF53, 0x9123_683E, 0x5846_5342, 0x0102_1994, 0x794C_7630] {
            assert_eq!(network_magic(local), None, "{local:x}");
        }
    }
}
