//! What is asked of submissions by name, and what still waits or is on its way.

use super::error::StoreError;
use super::read::Reader;
use crate::domain::key::RequestId;
use crate::domain::take::Take;
use jiff::Timestamp;

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
        self.page(project, open, usize::MAX).await
    }
}
