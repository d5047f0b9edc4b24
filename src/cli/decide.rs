//! Implements `shotlist approve` and `shotlist reject`.

use super::args::{ApproveArgs, RejectArgs, ReviewedArgs};
use super::context::Context;
use crate::app::decide::{JobReviewRequest, local_reviewer, no_reason};
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::domain::review::{Outcome, Reason};
use crate::report::text;

/// Approves the clips of jobs, or undoes the newest review of each.
pub(super) async fn approve(context: &Context, args: &ApproveArgs) -> Result<Exit, Error> {
    decide(context, &args.reviewed, Outcome::Approved, Vec::new(), false).await
}

/// Rejects the clips of jobs, or undoes the newest review of each.
pub(super) async fn reject(context: &Context, args: &RejectArgs) -> Result<Exit, Error> {
    let reason =
        |word: &String| word.parse::<Reason>().map_err(|()| Error::new(Exit::Usage, no_reason(word)));
    let reasons = args.reason.iter().map(reason).collect::<Result<_, _>>()?;
    decide(context, &args.reviewed, Outcome::Rejected, reasons, args.redo).await
}

async fn decide(
    context: &Context,
    args: &ReviewedArgs,
    outcome: Outcome,
    reasons: Vec<Reason>,
    redo: bool,
) -> Result<Exit, Error> {
    let request = JobReviewRequest {
        jobs: args.jobs.clone(),
        outcome,
        reasons,
        note: args.note.clone(),
        redo,
        undo: args.undo,
    };
    let who = args.who.clone().unwrap_or_else(local_reviewer);
    let project = context.open(None)?.project;
    let report = project.review_jobs(&request, &who).await?;
    text::decide::tell(&context.terminal, project.places(), &report);
    context.terminal.next(project.status().await?.next);
    Ok(if report.conflicts.is_empty() { Exit::Done } else { Exit::Usage })
}
