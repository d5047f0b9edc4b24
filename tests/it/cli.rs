//! The real program, as a user or a timer starts it, against a fake provider.

mod again;
mod bounds;
mod closing;
mod doubt;
mod faults;
mod screen;
mod secrets;
mod signals;
mod talk;
mod together;
mod wire;
