//! Checks and writes the file that a user names for a document, such as `plan --out`.
//!
//! A file that shotlist did not write is replaced only if [`Replace::Always`] allows it. Devices and pipes are written
//! to in place, and a link stays a link.

use super::dir::{atomic_create, atomic_write};
use rustix::fs::OFlags;
use std::fmt;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The path that stands for standard output.
const STDOUT: &str = "-";

/// The path that leads to the standard output of the process.
const DEV_STDOUT: &str = "/dev/stdout";

/// The rule for a file that already exists at the named path.
#[derive(Debug, Clone, Copy)]
pub enum Replace {
    /// No file is replaced.
    Never,
    /// A file is replaced if the function recognises its content.
    If(fn(&File) -> bool),
    /// Any regular file is replaced.
    Always,
}

/// A checked place to which a document may be written: a file, a stream or standard output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    named: PathBuf,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Stdout,
    /// A character device or a named pipe.
    Stream,
    New,
    /// An existing regular file to replace, with its path after all symbolic links.
    Replaced(PathBuf),
}

/// The reason why a document cannot be written to the named path.
#[derive(Debug)]
pub enum OutputFault {
    /// A file exists at the path, and the [`Replace`] rule does not allow replacing the file.
    Taken,
    /// The path leads to something that cannot hold a document, described in words.
    NotAFile(&'static str),
    /// The path cannot be examined.
    Io(io::Error),
}

/// Number of bytes at the beginning of a file by which its kind is recognised.
const HEAD: u64 = 64 << 10;

/// Returns the beginning of a file as text, by which the file's kind is recognised; empty if it cannot be read.
#[must_use]
pub fn head(file: &File) -> String {
    let mut bytes = Vec::new();
    match file.take(HEAD).read_to_end(&mut bytes) {
        Ok(_) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => String::new(),
    }
}

impl fmt::Display for OutputFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken => f.write_str("already exists"),
            Self::NotAFile(what) => write!(f, "is {what}"),
            Self::Io(error) => write!(f, "cannot be examined: {error}"),
        }
    }
}

impl Output {
    /// Checks the path that a user named. `-` is standard output. Changes nothing.
    pub fn check(named: &Path, replace: Replace) -> Result<Self, OutputFault> {
        let at = |kind| Ok(Self { named: named.to_owned(), kind });
        if named == Path::new(STDOUT) {
            return at(Kind::Stdout);
        }
        let meta = match fs::metadata(named) {
            Ok(meta) => meta,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return if fs::symlink_metadata(named).is_ok() {
                    Err(OutputFault::NotAFile("a symbolic link that leads nowhere"))
                } else {
                    at(Kind::New)
                };
            }
            // The attempt to write says what is wrong with the folder.
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => return at(Kind::New),
            Err(error) => return Err(OutputFault::Io(error)),
        };
        let kind = meta.file_type();
        if is_stdout(&meta) {
            return at(Kind::Stdout);
        }
        if kind.is_char_device() || kind.is_fifo() {
            return at(Kind::Stream);
        }
        if !kind.is_file() {
            return Err(OutputFault::NotAFile(if kind.is_dir() {
                "a folder"
            } else {
                "neither a file nor a pipe"
            }));
        }
        let may_replace = match replace {
            Replace::Never => false,
            Replace::Always => true,
            // A file that cannot be read cannot be recognised.
            Replace::If(is_own) => open_regular(named).is_ok_and(|file| is_own(&file)),
        };
        if !may_replace {
            return Err(OutputFault::Taken);
        }
        at(Kind::Replaced(named.canonicalize().map_err(OutputFault::Io)?))
    }

    /// Returns the path as the user named it.
    #[must_use]
    pub fn named(&self) -> &Path {
        &self.named
    }

    /// Returns whether the document goes to standard output.
    #[must_use]
    pub fn is_stdout(&self) -> bool {
        self.kind == Kind::Stdout
    }

    /// Returns whether the document goes to standard output, a device or a pipe, next to which no file can be put.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        matches!(self.kind, Kind::Stdout | Kind::Stream)
    }

    /// Writes the document: completely or not at all if it goes to a file. The umask limits the `mode` of a file.
    ///
    /// A reader that has closed its end of a pipe is not an error.
    pub fn write(&self, bytes: &[u8], mode: u16) -> io::Result<()> {
        let streamed = match &self.kind {
            Kind::New => return atomic_create(&self.named, bytes, mode),
            Kind::Replaced(path) => return atomic_write(path, bytes, mode),
            Kind::Stdout => OpenOptions::new()
                .append(true)
                .open(DEV_STDOUT)
                .and_then(|mut stdout| stdout.write_all(bytes)),
            Kind::Stream => write_in_place(&self.named, bytes),
        };
        match streamed {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            streamed => streamed,
        }
    }
}

/// Writes to a device or a pipe. Waits for a reader of the pipe.
fn write_in_place(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut stream = OpenOptions::new().write(true).custom_flags(flags(OFlags::NOCTTY)).open(path)?;
    if stream.metadata()?.is_file() {
        // Another program has replaced the device or the pipe since the check.
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "a file exists there now"));
    }
    stream.write_all(bytes)
}

/// Reads a regular file. Anything else in its place is refused, so that no pipe is waited for.
pub fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Opens a regular file for reading. Never waits for the other end of a pipe.
fn open_regular(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(flags(OFlags::NONBLOCK)).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

/// Converts flags to the `i32` that the standard library takes. Their values are small enough.
const fn flags(flags: OFlags) -> i32 {
    flags.bits().cast_signed()
}

/// Returns whether standard output goes to this file.
fn is_stdout(meta: &Metadata) -> bool {
    fs::metadata(DEV_STDOUT).is_ok_and(|stdout| (stdout.dev(), stdout.ino()) == (meta.dev(), meta.ino()))
}

#[cfg(test)]
mod tests;
