//! Named lines at which a crash is worst; a debug build ends there when asked to, as a power cut would.

use super::environment::{CRASH_AT, variable};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

struct Target {
    line: String,
    /// How many more times the line may be passed.
    left: AtomicUsize,
}

static TARGET: OnceLock<Option<Target>> = OnceLock::new();

/// Ends the process if this is the line and the time that were asked for.
pub(crate) fn reach(line: &'static str) {
    if !cfg!(debug_assertions) {
        return;
    }
    let target = TARGET.get_or_init(|| {
        let asked = variable(CRASH_AT)?;
        let (line, count) = asked.split_once(':').unwrap_or((&asked, "1"));
        let left = count.parse::<usize>().ok()?.checked_sub(1)?;
        Some(Target { line: line.to_owned(), left: AtomicUsize::new(left) })
    });
    if let Some(target) = target.as_ref().filter(|target| target.line == line) {
        let passed =
            target.left.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(1));
        if passed.is_err() {
            std::process::abort();
        }
    }
}
