//! The real program, as a user or a timer starts it, against a fake provider.

mod again;
mod bounds;
mod doubt;
mod faults;
mod once;
mod secrets;
mod signals;
mod talk;
mod together;
mod wire;
