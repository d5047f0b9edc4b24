//! The engine against a provider in memory, in paused time: no socket, no process, no waiting.

mod answers;
mod bench;
mod collecting;
mod concurrent;
mod death;
mod disk;
mod doubt;
mod durations;
mod growth;
mod hosts;
mod owed;
mod resumed;
mod stopping;
mod stories;
mod submitting;
mod test_server;
mod throttled;
mod timekeeping;
