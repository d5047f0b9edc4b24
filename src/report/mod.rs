//! Reports and news: lines and tables for people, JSON for programs.

pub mod budget;
pub mod changes;
pub mod csv;
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
