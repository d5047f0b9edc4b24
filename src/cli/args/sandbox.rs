//! Arguments of `sandbox`.

use super::duration;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// Arguments of `sandbox`.
#[derive(Debug, Clone, Args)]
pub struct SandboxArgs {
    /// The port on 127.0.0.1; 0 for any
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// Where it keeps its tasks and charges
    #[arg(long, value_name = "DIR", default_value = ".shotlist/far-end")]
    pub dir: PathBuf,
    /// The API key it accepts
    #[arg(long, default_value = "sandbox")]
    pub key: String,
    /// What its clips look like
    #[arg(long, default_value = "full")]
    pub clips: ClipsKind,
    /// How long a task takes, such as 2s or 300ms
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "2s")]
    pub task_time: Duration,
    /// How long the answer to a submission is held back
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "0s")]
    pub answer_delay: Duration,
    /// No limit on tasks at once, instead of the documented ones
    #[arg(long)]
    pub unlimited: bool,
    /// Close idle connections without a word, as busy servers do
    #[arg(long)]
    pub close_idle: bool,
    /// Rules that make it misbehave, as JSON
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
}

/// What the sandbox's clips look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClipsKind {
    /// Of the ordered size.
    Full,
    /// 64 × 64 pixels, for tests.
    Tiny,
}
