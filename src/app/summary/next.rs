//! Finds the command to type after a run.

use super::{Ended, reached};
use crate::app::budget::Level;
use crate::app::exit::Exit;
use crate::app::places::{Places, show_typed};
use crate::app::project_status::ProjectStatus;
use crate::app::session::RunResult;
use crate::domain::lifecycle::{Charged, State};
use crate::domain::take::Take;
use crate::engine::stop::StopReason;
use crate::plan::bucket::Bucket;
use crate::store::Cap;

/// Returns whether the command that started the run would find more work if it were typed again.
fn leaves_work(result: &RunResult, ended: &Ended<'_>) -> bool {
    result.outcome.leaves_work() || ended.waiting > 0 || !result.closed.is_empty() || result.reason.is_some()
}

/// Returns the command to type next.
pub(super) fn next(
    exit: Exit,
    standing: &ProjectStatus,
    places: &Places,
    (result, levels): (&RunResult, &[Level]),
    ended: &Ended<'_>,
) -> String {
    let is_short = levels.iter().any(|level| reached(result) == Some(level.cap) && level.is_unused());
    match exit {
        // No take is held, so an input file changed during the run; the next run uses the file as it is then.
        Exit::Held if standing.held.is_empty() => places.typed(ended.repeat),
        Exit::Held | Exit::SomeFailed => {
            let passing = |take: &&Take| matches!(take.state, State::Failed { refusal, charged: Charged::No, .. } if !refusal.permanent());
            let held = standing.held.first().map(|held| &held.take);
            match held.or(standing.failed.iter().find(|take| !passing(take))) {
                Some(take) => show_typed(places, &take.key),
                None if standing.failed.is_empty() => ended.lost.next(places).unwrap_or_else(|| {
                    let given_up = standing.written_off.first();
                    given_up.map_or_else(|| places.typed("retry"), |take| show_typed(places, &take.key))
                }),
                None => places.typed("retry"),
            }
        }
        // The run sent all that was selected, and the manifest asks for more.
        Exit::Done if ended.repeat != "collect" && result.totals.buckets().count(Bucket::ToRender) > 0 => {
            places.typed("run")
        }
        Exit::Done => places.typed("status"),
        // The same command would send nothing before a person has reviewed the clips.
        Exit::WorkRemains if !leaves_work(result, ended) => {
            let delivered = result.totals.clips().count > 0;
            ended.rollout.next_after(delivered, places).unwrap_or_else(|| places.typed(ended.repeat))
        }
        // Only the missing consent keeps these jobs from being sent.
        Exit::Budget if ended.asks > 0 && result.reason.is_none() => {
            places.typed(&format!("{} --accept-changes", ended.repeat))
        }
        // Each decision lowers the amount in doubt.
        Exit::Budget if result.reason == Some(StopReason::InDoubt) && !standing.held.is_empty() => {
            show_typed(places, &standing.held[0].take.key)
        }
        // The same command would send nothing again.
        Exit::Budget if is_short && reached(result) == Some(Cap::Invocation) => {
            places.typed(ended.offer.raised)
        }
        Exit::Budget if is_short => places.typed("plan"),
        // The same command would end immediately until the day or the month is over.
        Exit::Budget if matches!(reached(result), Some(Cap::Day | Cap::Month)) => places.typed("plan"),
        // The same command pays for nothing twice.
        _ => places.typed(ended.repeat),
    }
}
