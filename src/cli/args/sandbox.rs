//! Arguments of `sandbox`.

use super::duration;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// Arguments of `sandbox`.
#[derive(Debug, Clone, Args)]
pub struct SandboxArgs {
    /// Port on 127.0.0.1; 0 for any free port
    #[arg(long, default_value_t = 0, value_parser = port)]
    pub port: u16,
    /// Folder for the sandbox's tasks and charges
    #[arg(long, value_name = "DIR", default_value = ".shotlist/far-end")]
    pub dir: PathBuf,
    /// The API key that the sandbox accepts
    #[arg(long, default_value = "sandbox")]
    pub key: String,
    /// Size of the sandbox's clips
    #[arg(long, default_value = "full")]
    pub clips: ClipsKind,
    /// Duration of a task, such as 2s or 300ms
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "2s")]
    pub task_time: Duration,
    /// Delay of the answer to a submission
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "0s")]
    pub answer_delay: Duration,
    /// Allow any number of concurrent tasks, instead of the documented limits
    #[arg(long)]
    pub unlimited: bool,
    /// Close idle connections without notice, as busy servers do
    #[arg(long)]
    pub close_idle: bool,
    /// JSON file with rules that make the sandbox misbehave
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
}

/// The size of the sandbox's clips.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClipsKind {
    /// The requested size.
    Full,
    /// 64 × 64 pixels, for tests.
    Tiny,
}

/// Parses the number of a port.
fn port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| "write a whole number from 0 to 65535, such as 8420".to_owned())
}
