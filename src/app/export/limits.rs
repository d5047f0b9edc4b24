//! Compares finished clips with the limits of shops and platforms (destinations).

use super::choice::{ChosenClips, Reason};
use super::destinations::Destination;
use crate::media::mp4::inspect;
use std::fs::File;

/// Maximum number of refused clips that are named one by one.
const EXAMPLES: usize = 3;

/// Leaves out each clip that exceeds a limit of a shop or platform, or cannot be read; returns notes about these clips.
pub(super) fn leave_out(clips: &mut ChosenClips<'_>, destinations: &[&'static Destination]) -> Vec<String> {
    let mut reported = Vec::new();
    let mut refused = 0;
    if destinations.is_empty() {
        return reported;
    }
    let handed = std::mem::take(&mut clips.handed);
    for clip in handed {
        let path = clips.folder.join(&clip.filed.path);
        let facts = File::open(&path)
            .map_err(|error| error.to_string())
            .and_then(|mut file| inspect(&mut file).map_err(|fault| fault.to_string()));
        let against: Vec<String> = match facts {
            Ok(facts) => {
                let of = |to: &&Destination| to.against(&clip.filed.path, clip.filed.file.size, &facts);
                destinations.iter().flat_map(of).collect()
            }
            Err(why) => vec![why],
        };
        if against.is_empty() {
            clips.handed.push(clip);
            continue;
        }
        refused += 1;
        if refused <= EXAMPLES {
            reported.push(format!("{}: {}", clip.job.key(), against.join("; ")));
        }
        clips.leave_out(clip.job, Reason::Unfit);
    }
    if refused > EXAMPLES {
        reported.push(format!("… and {} more clips that a destination refuses", refused - EXAMPLES));
    }
    reported
}
