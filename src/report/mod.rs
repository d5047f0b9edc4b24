//! What happened, told: for people in lines and tables, for programs as JSON.

pub mod budget;
pub mod changes;
pub mod guards;
mod job;
pub mod json;
pub(crate) mod layout;
pub mod lines;
pub mod live;
pub mod pauses;
pub mod plan;
pub mod problems;
pub mod reporter;
pub mod run;
pub mod terminal;
pub mod text;
