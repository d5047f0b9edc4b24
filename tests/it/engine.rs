//! The engine against a provider in memory, in paused time: no socket, no process, no waiting.

mod answers;
mod bench;
mod beside;
mod collecting;
mod death;
mod disk;
mod doubt;
mod durations;
mod far;
mod growth;
mod hosts;
mod owed;
mod resumed;
mod stopping;
mod stories;
mod submitting;
mod throttled;
mod timekeeping;
