//! Reads the verdicts of the automatic checks.

use crate::domain::digest::Sha256;
use crate::domain::key::TakeId;
use crate::domain::verdict::{Checked, Finding};
use crate::store::error::StoreError;
use crate::store::read::Reader;
use crate::store::takes;
use rusqlite::Connection;
use std::collections::HashMap;

/// The saved verdict of the automatic checks about the clip of a take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The id of the take that made the clip.
    pub take: TakeId,
    /// The digest of the clip that was checked.
    pub clip: Sha256,
    /// The digest of the settings of the checks.
    pub settings: Sha256,
    /// The verdict with its findings.
    pub checked: Checked,
}

impl Check {
    /// Reports whether the verdict is about a clip with this digest and about these settings; `None` matches any
    /// settings.
    #[must_use]
    pub fn is_about(&self, clip: Sha256, settings: Option<Sha256>) -> bool {
        self.clip == clip && settings.is_none_or(|settings| settings == self.settings)
    }
}

impl Reader {
    /// Returns the newest verdict for each take that was checked, even if the clip or the settings have changed since.
    pub async fn checks(&self) -> Result<HashMap<TakeId, Check>, StoreError> {
        self.read(checks).await
    }
}

pub(super) fn checks(db: &Connection) -> rusqlite::Result<HashMap<TakeId, Check>> {
    let mut select = db.prepare_cached("SELECT take, clip, settings, findings, frames FROM checks")?;
    let rows = select.query_map([], |row| {
        let text = row.get_ref(3)?.as_str()?;
        let findings: Vec<(String, String, String)> =
            serde_json::from_str(text).map_err(|error| takes::unreadable(3, error))?;
        let finding = |(check, verdict, reason): (String, String, String)| {
            let verdict = verdict
                .parse()
                .map_err(|()| takes::unreadable(3, format!("`{verdict}` is not a verdict")))?;
            Ok(Finding { check, verdict, reason })
        };
        let findings = findings.into_iter().map(finding).collect::<rusqlite::Result<_>>()?;
        let take = TakeId(row.get(0)?);
        let (clip, settings) = (takes::parsed(row, 1)?, takes::parsed(row, 2)?);
        let checked = Checked { findings, frames: row.get(4)? };
        Ok((take.clone(), Check { take, clip, settings, checked }))
    })?;
    rows.collect()
}
