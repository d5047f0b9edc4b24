//! Plans and runs a manifest from Rust, and prints each step.
//!
//!     cargo run --example embed -- manifests/storyboard.yaml
//!
//! This is a rehearsal: the sandbox imitates the providers in this process. Without the call of `rehearsed` it sends
//! real requests with the keys of the environment. Every guard, budget and question of the manifest applies in either
//! case.

use shotlist::app::{Always, Exit, News, PlanRequest, Project, RunRequest};
use shotlist::rehearsal::InProcess;
use shotlist::report::lines::line;
use std::error::Error;
use std::io::{Write as _, stdout};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let manifest = std::env::args_os().nth(1).ok_or("name a manifest")?;
    // `Always` agrees to every price. A program with its own rules implements `Consent`.
    let project = Project::open(manifest)?.rehearsed(InProcess::default())?.asking(Always).telling(tell);

    let plan = project.plan(&PlanRequest::default()).await?;
    plan.each_job::<Box<dyn Error>>(|job| {
        let price = job.wanted.price.map(|price| price.to_string()).unwrap_or_default();
        Ok(writeln!(stdout(), "{:<9} {}  {price}", job.decision.name(), job.wanted.key)?)
    })?;

    let report = project.run(&RunRequest::default()).await?;
    if report.exit() == Exit::Done { Ok(()) } else { Err(report.exit().meaning().into()) }
}

/// Prints every step after it was saved.
fn tell(news: &News<'_>) {
    if let News::Notice { notice, .. } = news
        && let Some(line) = line(notice, false)
    {
        // A closed output must not end paid work.
        let _ = writeln!(stdout(), "{line}");
    }
}
