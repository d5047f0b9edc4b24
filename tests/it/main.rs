//! One binary for all tests that need files, sockets or processes.
#![expect(clippy::unwrap_used, reason = "helpers of tests may end a test as the tests themselves do")]

mod files;
mod transport;
