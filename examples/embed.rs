//! Plans and runs a manifest from Rust, and prints what happens.
//!
//!     cargo run --example embed -- manifests/storyboard.yaml
//!
//! It rehearses: the sandbox plays the providers in this process. Without `rehearsed` it is the real thing, with the keys
//! of the environment; every guard, budget and question of the manifest holds in either case.

use shotlist::app::{Always, Exit, News, PlanRequest, Project, RunRequest};
use shotlist::rehearsal::InProcess;
use shotlist::report::lines::line;
use std::error::Error;
use std::io::{Write as _, stdout};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let manifest = std::env::args_os().nth(1).ok_or("name a manifest")?;
    // `Always` agrees to every price. A program that wants to decide by itself brings a `Consent` of its own.
    let project = Project::open(manifest)?.rehearsed(InProcess::default())?.asking(Always).telling(tell);

    let plan = project.plan(&PlanRequest::default()).await?;
    plan.each_job::<Box<dyn Error>>(|job| {
        let price = job.wanted.price.map(|price| price.to_string()).unwrap_or_default();
        Ok(writeln!(stdout(), "{:<9} {}  {price}", job.decision.name(), job.wanted.key)?)
    })?;

    let report = project.run(&RunRequest::default()).await?;
    if report.exit() == Exit::Done { Ok(()) } else { Err(report.exit().meaning().into()) }
}

/// Prints every step once it is saved.
fn tell(news: &News<'_>) {
    if let News::Notice { notice, .. } = news
        && let Some(line) = line(notice, false)
    {
        // A reader that went away does not end paid work.
        let _ = writeln!(stdout(), "{line}");
    }
}
