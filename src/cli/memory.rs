//! The memory of this process, which holds keys, is kept out of core dumps.

use rustix::process::{Resource, Rlimit, setrlimit};

/// Forbids core dumps of this process, and other processes of the same user to read its memory.
pub(super) fn protect() {
    // Lowering a limit of one's own and giving up the right to be dumped are always permitted.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}
