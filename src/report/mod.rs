//! Formats all reports and messages: lines and tables for people, JSON for programs.

pub mod budget;
mod cause;
pub mod changes;
pub mod csv;
pub mod document;
pub mod guards;
pub mod html;
pub mod imported;
mod job;
pub mod json;
pub mod junit;
pub(crate) mod layout;
pub mod lines;
pub mod live;
pub mod markdown;
pub mod own;
pub mod pauses;
pub mod plan;
pub mod problems;
pub mod reporter;
pub mod reviews;
pub mod rollout;
pub mod run;
pub mod terminal;
pub mod text;
