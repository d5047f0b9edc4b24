//! What happened, told: for people in lines and tables, for programs as JSON.

pub mod budget;
mod flight;
pub mod guards;
pub mod json;
pub mod lines;
pub mod live;
pub mod models;
mod pace;
pub mod plan;
pub mod problems;
pub mod text;
