//! One binary for all tests that need files, sockets or processes.

mod files;
mod kill;
mod problems;
mod providers;
mod sandbox;
mod transport;
