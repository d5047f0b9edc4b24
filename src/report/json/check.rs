//! Formats the verdicts of the automatic checks as JSON.

use crate::app::check::{CheckReport, CheckedClip};
use crate::app::checker::{RunChecks, Tally};
use crate::domain::clip_damage::ClipDamage;
use crate::domain::verdict::Checked;
use serde_json::{Value, json};

/// Returns the verdict about each clip of a project, and the number of clips with each verdict, as JSON.
#[must_use]
pub fn object(report: &CheckReport) -> Value {
    let clip = |clip: &CheckedClip| {
        let mut object = checked(clip.checked.as_ref());
        object["job"] = clip.key.to_string().into();
        object["take"] = clip.take.0.clone().into();
        object["path"] = clip.path.clone().into();
        object["older"] = clip.older.into();
        object["clip"] = clip.loss.map(ClipDamage::name).into();
        object
    };
    json!({
        "schema": "shotlist.check/1",
        "clips": report.clips.iter().map(clip).collect::<Vec<_>>(),
        "counts": counts(&report.tally),
        "checked_now": report.new,
        "frames": report.frames,
        "fault": report.fault,
        "exit": report.exit as u8,
        "next": report.next,
    })
}

/// Returns the verdict about a clip with its findings; the verdict is `null` for a clip that was not checked.
#[must_use]
pub fn checked(checked: Option<&Checked>) -> Value {
    let findings = checked.into_iter().flat_map(|checked| &checked.findings).map(|finding| {
        json!({ "check": finding.check, "verdict": finding.verdict.name(), "reason": finding.reason })
    });
    json!({
        "verdict": checked.map(|checked| checked.verdict().name()),
        "findings": findings.collect::<Vec<_>>(),
        "frames": checked.is_some_and(|checked| checked.frames),
    })
}

/// Returns the number of clips by verdict.
#[must_use]
pub fn counts(tally: &Tally) -> Value {
    let Tally { passed, warned, failed, unchecked, .. } = tally;
    json!({ "pass": passed, "warn": warned, "fail": failed, "not_checked": unchecked })
}

/// Returns the number of a run's clips by verdict, and the number of clips whose frames were checked.
#[must_use]
pub fn of_run(checks: &RunChecks) -> Value {
    let mut object = counts(&checks.tally);
    object["frames"] = checks.frames.into();
    object
}
