//! One binary for all tests that need files, sockets or processes.

mod store;
