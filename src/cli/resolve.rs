//! Implements `shotlist resolve`.

use super::args::ResolveArgs;
use super::context::Context;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::resolve::{Decision, ResolveRequest};
use crate::domain::key::TaskId;
use crate::report::text;

/// Carries out a person's decision about jobs that cannot continue without one (held jobs).
pub(super) async fn resolve(context: &Context, args: &ResolveArgs) -> Result<Exit, Error> {
    let decision = match (&args.task_id, args) {
        (Some(task), _) => {
            let task = TaskId::read(task.trim());
            Decision::Adopt(
                task.map_err(|wrong| Error::new(Exit::Usage, format!("{wrong}; nothing was changed")))?,
            )
        }
        (None, ResolveArgs { resubmit: true, .. }) => Decision::Resubmit { max_extra: args.max_extra },
        (None, ResolveArgs { again: true, .. }) => Decision::AskAgain,
        // The arguments name exactly one of the four decisions.
        (None, _) => Decision::WriteOff,
    };
    let request = ResolveRequest {
        job: args.job.clone(),
        decision,
        reason: args.reason.clone(),
        older_than: args.older_than,
        note: args.note.clone(),
    };
    let opened = context.open(None)?.asking(context.consent(args.yes));
    let report = opened.project.resolve(&request).await?;
    text::resolve::tell(&context.terminal, &report);
    Ok(report.exit())
}
