//! Describes missing and altered clips in words.

use crate::app::lost::Lost;
use crate::app::places::Places;
use crate::domain::clip_damage::ClipDamage;
use crate::domain::text::count;

/// The maximum number of jobs that the line about missing clips names, and likewise the line about altered clips.
const NAMED: usize = 3;

impl Lost {
    /// Returns a line for the missing clips and a line for the altered clips, with the commands that help.
    #[must_use]
    pub fn lines(&self, places: &Places) -> Vec<String> {
        let line = |loss: ClipDamage, what: &str| {
            let keys: Vec<String> =
                self.clips.iter().filter(|(_, clip)| clip.1 == loss).map(|it| it.0.to_string()).collect();
            let more = if keys.len() > NAMED { ", …" } else { "" };
            let named = keys[..keys.len().min(NAMED)].join(", ");
            (!keys.is_empty())
                .then(|| format!("{:<8} {}: {named}{more}; {what}", loss.name(), count(keys.len(), "clip")))
        };
        let back = places.typed("verify --repair");
        let missing = format!(
            "`{back}` restores, free of charge, the clips that still exist as a copy or at the provider"
        );
        let altered = format!(
            "the altered files are not touched; `{back} --replace-altered` moves them aside and restores the paid clips"
        );
        [line(ClipDamage::Missing, &missing), line(ClipDamage::Altered, &altered)]
            .into_iter()
            .flatten()
            .collect()
    }
}
