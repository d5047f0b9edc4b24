//! Saves the verdicts of the automatic checks: one for the clip of each take, with the digests of the checked bytes and
//! of the settings.
//!
//! Verdicts are not in the ledger, because they are not about money. If a verdict is lost, the next check makes it
//! again.

use super::Store;
use super::error::StoreError;
use super::read::checks::Check;
use crate::store::takes;
use jiff::Timestamp;

impl Store {
    /// Saves verdicts of the automatic checks. Each verdict replaces an earlier one about the same take.
    pub async fn keep_checks(&self, checks: Vec<Check>, now: Timestamp) -> Result<(), StoreError> {
        self.lane
            .write(None, move |batch| {
                let mut insert = batch.db.prepare_cached(
                    "INSERT INTO checks (take, clip, settings, verdict, findings, frames, at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                     ON CONFLICT (take) DO UPDATE SET clip = excluded.clip, settings = excluded.settings,
                         verdict = excluded.verdict, findings = excluded.findings, frames = excluded.frames,
                         at = excluded.at",
                )?;
                for Check { take, clip, settings, checked } in &checks {
                    let findings = checked.findings.iter();
                    let findings: Vec<_> =
                        findings.map(|it| (&it.check, it.verdict.name(), &it.reason)).collect();
                    let findings = serde_json::to_string(&findings).map_err(|e| takes::unreadable(4, e))?;
                    insert.execute((
                        &take.0,
                        clip.to_string(),
                        settings.to_string(),
                        checked.verdict().name(),
                        findings,
                        checked.frames,
                        now.as_millisecond(),
                    ))?;
                }
                Ok(Ok(()))
            })
            .await
    }
}
