//! One binary for all tests that need files, sockets or processes.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do; clippy exempts only test functions"
)]

mod architecture;
mod bad;
mod catalog;
mod cli;
mod covered;
mod decisions;
mod docs;
mod documented;
mod edges;
mod engine;
mod examples;
mod exercise;
mod exports;
mod files;
mod foreign;
mod fuzz;
mod images;
mod joined;
mod kill;
mod library;
mod models;
mod outside;
mod packaging;
mod plain_words;
mod portable;
mod problems;
mod providers;
mod readme;
mod review;
mod sandbox;
mod schema;
mod snapshot;
mod store;
mod support;
mod transport;
