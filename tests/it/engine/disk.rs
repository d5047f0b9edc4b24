//! A disk that forgets: when the power goes, names and bytes that nothing had made durable are lost.

use rand::RngExt as _;
use rand::rngs::StdRng;
use shotlist::files::observe_syncs;
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::fd::{AsRawFd as _, BorrowedFd};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, Once};

/// The disks of all stories of this process, by their folders.
static DISKS: Mutex<BTreeMap<PathBuf, Arc<Disk>>> = Mutex::new(BTreeMap::new());

/// The folders of clips of one story, and what of them is durable.
pub(crate) struct Disk {
    /// Folders of clips, placed and half-received. The database and the ledger are durable by their own tests.
    folders: [PathBuf; 2],
    /// Second names of durable files, by their numbers: the bytes that are there again after the power went.
    kept: PathBuf,
    durable: Mutex<Durable>,
}

#[derive(Default)]
struct Durable {
    /// The names in each folder that was synced, with the number of what has them.
    names: HashMap<PathBuf, BTreeMap<OsString, u64>>,
    /// The bytes of each file that are durable.
    lengths: HashMap<u64, u64>,
}

impl Disk {
    /// Watches the folders of clips and of half-received clips below `root`.
    pub(crate) fn below(root: &Path) -> Arc<Self> {
        static OBSERVED: Once = Once::new();
        OBSERVED.call_once(|| assert!(observe_syncs(synced), "another test observes the disks"));
        let root = root.canonicalize().unwrap();
        let folders = [root.join("clips"), root.join(".shotlist/partial")];
        let disk = Arc::new(Self { folders, kept: root.join("kept"), durable: Mutex::default() });
        fs::create_dir(&disk.kept).unwrap();
        DISKS.lock().unwrap().insert(root, Arc::clone(&disk));
        disk
    }

    fn durable(&self) -> MutexGuard<'_, Durable> {
        self.durable.lock().unwrap()
    }

    /// Everything becomes durable: the power stayed on.
    pub(crate) fn settle(&self) {
        *self.durable() = Durable::default();
        for folder in &self.folders {
            for path in tree(folder) {
                if path.is_dir() {
                    self.folder_synced(&path);
                } else if let Ok(file) = File::open(&path) {
                    self.file_synced(&file.metadata().unwrap());
                }
            }
        }
    }

    fn file_synced(&self, file: &fs::Metadata) {
        self.durable().lengths.insert(file.ino(), file.len());
    }

    fn folder_synced(&self, path: &Path) {
        let mut names = BTreeMap::new();
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            let Ok(about) = entry.path().symlink_metadata() else { continue };
            if about.is_file() {
                let _ = fs::hard_link(entry.path(), self.kept.join(about.ino().to_string()));
            }
            names.insert(entry.file_name(), about.ino());
        }
        self.durable().names.insert(path.to_owned(), names);
    }

    /// The power goes: of each folder, what was not synced is lost or is not, as the dice fall.
    pub(crate) fn cut(&self, dice: &mut StdRng) {
        let durable = self.durable();
        for folder in &self.folders {
            for path in tree(folder).into_iter().filter(|path| path.is_dir()) {
                // A folder above may be gone by now.
                if path.is_dir() && dice.random_range(0..4) > 0 {
                    self.forget_names(&path, &durable.names.get(&path).cloned().unwrap_or_default());
                }
            }
            for path in tree(folder).into_iter().filter(|path| path.is_file()) {
                let about = path.metadata().unwrap();
                let synced = durable.lengths.get(&about.ino()).copied().unwrap_or(0);
                if about.len() > synced {
                    let left = dice.random_range(synced..=about.len());
                    OpenOptions::new().write(true).open(&path).unwrap().set_len(left).unwrap();
                }
            }
        }
    }

    fn forget_names(&self, folder: &Path, durable: &BTreeMap<OsString, u64>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if durable.get(&entry.file_name()) == Some(&entry.metadata().unwrap().ino()) {
                continue;
            }
            if entry.path().is_dir() {
                fs::remove_dir_all(entry.path()).unwrap();
            } else {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        for (name, number) in durable {
            let (path, kept) = (folder.join(name), self.kept.join(number.to_string()));
            if !path.exists() && kept.exists() {
                fs::hard_link(kept, path).unwrap();
            }
        }
    }
}

/// Leaves the beginning of a line at the end of a ledger, as a write does that the power ends.
pub(crate) fn tear(ledger: &Path) {
    if let Ok(mut file) = OpenOptions::new().append(true).open(ledger) {
        file.write_all(br#"{"v":1,"seq":"#).unwrap();
    }
}

/// All files and folders from this one on, those above first.
fn tree(root: &Path) -> Vec<PathBuf> {
    let mut found = if root.is_dir() { vec![root.to_owned()] } else { Vec::new() };
    let mut at = 0;
    while let Some(folder) = found.get(at) {
        let inside = fs::read_dir(folder).into_iter().flatten().flatten();
        let inside: Vec<PathBuf> = inside.map(|entry| entry.path()).collect();
        found.extend(inside);
        at += 1;
    }
    found
}

/// Called in the thread that has synced a file or a folder.
fn synced(what: BorrowedFd<'_>) {
    let Ok(path) = fs::read_link(format!("/proc/self/fd/{}", what.as_raw_fd())) else { return };
    let disk = {
        let disks = DISKS.lock().unwrap();
        path.ancestors().find_map(|folder| disks.get(folder)).cloned()
    };
    let Some(disk) = disk else { return };
    let about = fs::metadata(format!("/proc/self/fd/{}", what.as_raw_fd())).unwrap();
    if about.is_dir() {
        disk.folder_synced(&path);
    } else {
        disk.file_synced(&about);
    }
}

impl Drop for Forgotten {
    fn drop(&mut self) {
        DISKS.lock().unwrap().remove(&self.0);
    }
}

/// Takes a disk off the list when its story has ended.
pub(crate) struct Forgotten(pub(crate) PathBuf);
