//! What is asked of submissions by name, and what still waits or is on its way.

use super::error::StoreError;
use super::read::Reader;
use crate::domain::key::{RequestId, TakeId};
use crate::domain::take::Take;
use jiff::Timestamp;
use std::collections::HashSet;

impl Reader {
    /// Whether any of these is our name for a submission since that time, of whatever project in this folder.
    pub async fn any_attempt(&self, ids: Vec<RequestId>, since: Timestamp) -> Result<bool, StoreError> {
        self.read(move |db| {
            let mut select =
                db.prepare_cached("SELECT 1 FROM attempts WHERE request_id = ?1 AND at >= ?2")?;
            for RequestId(id) in &ids {
                if select.exists((id, since.as_millisecond()))? {
                    return Ok(true);
                }
            }
            Ok(false)
        })
        .await
    }

    /// Takes of a project, or of all, that wait to be sent or are on their way; oldest first.
    pub async fn open_takes(&self, project: Option<&str>) -> Result<Vec<Take>, StoreError> {
        let open = "t.state IN ('pending', 'submitting', 'doubtful', 'running', 'downloading', 'placing')
             ORDER BY t.place";
        self.page(project, None, open, usize::MAX, &HashSet::new()).await
    }

    /// Those of these takes that still wait to be sent.
    pub async fn still_pending(&self, takes: Vec<TakeId>) -> Result<Vec<TakeId>, StoreError> {
        self.read(move |db| {
            let mut select = db.prepare_cached("SELECT 1 FROM takes WHERE id = ?1 AND state = 'pending'")?;
            let mut pending = Vec::new();
            for take in takes {
                if select.exists([&take.0])? {
                    pending.push(take);
                }
            }
            Ok(pending)
        })
        .await
    }
}
