//! Clips that are gone or altered, in words.

use crate::app::lost::Lost;
use crate::app::places::Places;
use crate::domain::loss::Loss;
use crate::domain::text::count;

/// Jobs named of one kind.
const NAMED: usize = 3;

impl Lost {
    /// Tells which they are, a line for each kind.
    #[must_use]
    pub fn lines(&self, places: &Places) -> Vec<String> {
        let line = |loss: Loss, what: &str| {
            let keys: Vec<String> =
                self.clips.iter().filter(|(_, clip)| clip.1 == loss).map(|it| it.0.to_string()).collect();
            let more = if keys.len() > NAMED { ", …" } else { "" };
            let named = keys[..keys.len().min(NAMED)].join(", ");
            (!keys.is_empty())
                .then(|| format!("{:<8} {}: {named}{more}; {what}", loss.name(), count(keys.len(), "clip")))
        };
        let back = places.typed("verify --repair");
        let missing = format!("`{back}` brings back, free of charge, what a copy or the provider still has");
        let altered = format!(
            "they are left alone; `{back} --replace-altered` keeps them aside and restores the paid ones"
        );
        [line(Loss::Missing, &missing), line(Loss::Altered, &altered)].into_iter().flatten().collect()
    }
}
