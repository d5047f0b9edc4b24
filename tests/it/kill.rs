//! The built program, killed: at random moments, at the lines at which a crash is worst, and by signals.
//!
//! The sandbox is a sandbox in the test's own process, so it outlives every kill and its books are the witness: what
//! it charged is compared with what the program's database says.
//!
//! Not here: a panic in the drive of one job. Nothing that a provider, a file or a person can do is known to make the
//! program panic, and a door that only this test would open is not worth having in the program.

mod checks;
mod crash_lines;
mod project;
mod rounds;
mod signals;
