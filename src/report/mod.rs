//! What happened, told: for people in lines and tables, for programs as JSON.

mod flight;
pub mod json;
pub mod lines;
pub mod live;
pub mod models;
mod pace;
pub mod plan;
pub mod problems;
pub mod text;
