//! Failpoints: named places in the code at which a test can end the process suddenly, like a power cut.
//!
//! They exist only in debug builds.

use super::environment::{CRASH_AT, variable};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The failpoint at which the test wants this process to end.
struct Target {
    name: String,
    /// Number of times that the process may still pass the failpoint before it is ended there.
    left: AtomicUsize,
}

static TARGET: OnceLock<Option<Target>> = OnceLock::new();

/// Ends the process at the failpoint that the test named, after as many passes as the test wanted.
pub(crate) fn hit(name: &'static str) {
    if !cfg!(debug_assertions) {
        return;
    }
    let target = TARGET.get_or_init(|| {
        let asked = variable(CRASH_AT)?;
        let (name, count) = asked.split_once(':').unwrap_or((&asked, "1"));
        let left = count.parse::<usize>().ok()?.checked_sub(1)?;
        Some(Target { name: name.to_owned(), left: AtomicUsize::new(left) })
    });
    if let Some(target) = target.as_ref().filter(|target| target.name == name) {
        let passed =
            target.left.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(1));
        if passed.is_err() {
            std::process::abort();
        }
    }
}
