//! One binary for all tests that need files, sockets or processes.

mod cli;
mod files;
mod problems;
mod providers;
mod sandbox;
mod support;
mod transport;
