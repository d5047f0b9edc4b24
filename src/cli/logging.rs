//! Writes log lines to stderr or to a file. A log line that cannot be written never stops paid work.

use super::args::{Global, LogFormat};
use crate::app::environment::variable;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::report::terminal::Terminal;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

/// Starts logging. Without `-v`, `--log-file` and `SHOTLIST_LOG` nothing is logged.
pub(super) fn start(global: &Global, terminal: &Terminal) -> Result<(), Error> {
    let level = match global.verbose {
        0 if global.log_file.is_none() => "off",
        0 | 1 => "warn,shotlist=info",
        _ => "info,shotlist=debug",
    };
    let asked = variable("SHOTLIST_LOG").unwrap_or_else(|| level.to_owned());
    let filter = EnvFilter::try_new(&asked)
        .map_err(|error| Error::new(Exit::Usage, format!("SHOTLIST_LOG={asked}: {error}")))?;
    let writer = match &global.log_file {
        None => {
            let terminal = terminal.clone();
            BoxMakeWriter::new(move || Above(terminal.clone()))
        }
        Some(path) => {
            let log = Log::open(path, terminal.clone());
            BoxMakeWriter::new(move || log.clone())
        }
    };
    // With -vv the end of each run, rendering and call shows its duration.
    let ends = if global.verbose > 1 { FmtSpan::CLOSE } else { FmtSpan::NONE };
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_ansi(false);
    let lines = lines.with_span_events(ends);
    // A second start, as in tests, keeps the first.
    let _ = match global.log_format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    Ok(())
}

/// A log file. If it cannot be written, one warning reports that, and nothing more is logged.
#[derive(Clone)]
struct Log {
    file: Arc<Mutex<Option<File>>>,
    path: PathBuf,
    terminal: Terminal,
}

impl Log {
    fn open(path: &Path, terminal: Terminal) -> Self {
        use std::os::unix::fs::OpenOptionsExt as _;
        let log = Self { file: Arc::default(), path: path.to_owned(), terminal };
        // A link in the place of the file could lead the lines into any other file of this user, and a pipe that is not
        // read would keep the program waiting.
        let flags = (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits().cast_signed();
        match File::options().append(true).create(true).mode(0o600).custom_flags(flags).open(path) {
            Ok(file) => *log.file() = Some(file),
            Err(error) => log.warn(&error),
        }
        log
    }

    fn file(&self) -> MutexGuard<'_, Option<File>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn warn(&self, error: &io::Error) {
        let path = self.path.display();
        self.terminal.say(format_args!(
            "warning: the log file `{path}` cannot be written: {error}; nothing more is logged, but the work continues"
        ));
    }
}

impl io::Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut file = self.file();
        if let Some(open) = &mut *file
            && let Err(error) = open.write_all(line)
        {
            *file = None;
            drop(file);
            self.warn(&error);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A writer to stderr whose lines appear above the progress lines at the bottom of a terminal.
struct Above(Terminal);

impl io::Write for Above {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.above(|| io::stderr().lock().write(line))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
