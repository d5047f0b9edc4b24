//! The real program, as a user or a timer starts it, against a fake provider.

mod again;
mod beside;
mod bounds;
mod closing;
mod collect;
mod doctor;
mod doubt;
mod echo;
mod faults;
mod help;
mod once;
mod owed;
mod pause;
mod redo;
mod resolve;
mod retry;
mod screen;
mod secrets;
mod show;
mod signals;
mod status;
mod talk;
mod together;
mod wire;
