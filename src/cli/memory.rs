//! Protects this process's memory, which holds API keys, from core dumps and other processes.

use rustix::process::{Resource, Rlimit, setrlimit};

/// Prevents core dumps of this process and, on Linux, reads of its memory by other processes of the same user.
pub(super) fn protect() {
    // A process may always lower its own limit and give up its right to be dumped.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}
