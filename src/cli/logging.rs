//! Log lines to stderr or a file. Losing one never stops paid work.

use super::args::{Global, LogFormat};
use crate::app::environment::variable;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::report::terminal::Terminal;
use std::fs::File;
use std::io;
use std::sync::Arc;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

/// Starts logging. Without `-v`, `--log-file` or `SHOTLIST_LOG` only warnings are written.
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
            use std::os::unix::fs::OpenOptionsExt as _;
            let opened = File::options().append(true).create(true).mode(0o600).open(path);
            let file = opened.map_err(|error| {
                Error::new(Exit::Local, format!("the log file {} cannot be written: {error}", path.display()))
            })?;
            BoxMakeWriter::new(Arc::new(file))
        }
    };
    // With -vv the end of each run, rendering and call tells how long it took.
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

/// stderr, above what a terminal shows at its bottom.
struct Above(Terminal);

impl io::Write for Above {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.above(|| io::stderr().lock().write(line))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
