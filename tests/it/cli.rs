//! The real program, as a user or a timer starts it, against a fake provider.

mod again;
mod approval;
mod bounds;
mod budget;
mod closing;
mod doctor;
mod doubt;
mod echo;
mod faults;
mod guards;
mod help;
mod ledger;
mod nights;
mod once;
mod owed;
mod recover;
mod screen;
mod secrets;
mod shared;
mod show;
mod signals;
mod status;
mod talk;
mod together;
mod verify;
mod wire;
