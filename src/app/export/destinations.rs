//! The limits of shops and platforms (destinations) on clips, read from a built-in YAML file.

use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::domain::problem::meant_or_all;
use crate::domain::units::bytes as size;
use crate::media::mp4::ClipFacts;
use serde::Deserialize;
use std::sync::LazyLock;
use std::time::Duration;

/// A shop or platform that clips are exported to, with its limits on clips.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Destination {
    /// Name of the shop or platform on the command line.
    pub name: String,
    /// Name of the shop or platform in texts for people.
    pub title: String,
    /// Web page that the limits come from, and the month in which it was read.
    pub source: String,
    /// Minimum and maximum duration of a clip in seconds; `None` for no limit.
    #[serde(default)]
    pub seconds: (Option<u32>, Option<u32>),
    /// Minimum and maximum size of a file in bytes; `None` for no limit.
    #[serde(default)]
    pub bytes: (Option<u64>, Option<u64>),
    /// Minimum and maximum number of pixels of the shorter side; `None` for no limit.
    #[serde(default)]
    pub pixels: (Option<u32>, Option<u32>),
    /// Maximum width and height, such as `3840x2160`, in either orientation; `None` for no limit.
    pub most: Option<String>,
    /// Accepted aspect ratios (width to height), such as `16:9`; empty if every ratio is accepted.
    #[serde(default)]
    pub ratios: Vec<String>,
    /// Accepted file extensions, such as `mp4`; empty if every extension is accepted.
    #[serde(default)]
    pub formats: Vec<String>,
    /// Maximum number of clips of one product; `None` for no limit.
    pub clips: Option<usize>,
    /// Maximum number of characters of a clip's web address; `None` for no limit.
    pub address: Option<usize>,
    /// True if the shop or platform gets the web addresses of clips, not their files.
    #[serde(default)]
    pub needs_address: bool,
    /// Recommendation of the shop or platform; a clip that ignores it is accepted as well.
    pub advice: Option<String>,
}

static ALL: LazyLock<Vec<Destination>> = LazyLock::new(|| {
    serde_yaml::from_str(include_str!("destinations.yaml")).expect("it is compiled in, and a test reads it")
});

/// Relative difference below which two aspect ratios count as the same, so 1920x1088 counts as 16:9.
const SAME_RATIO: f64 = 0.02;

impl Destination {
    /// Returns all built-in shops and platforms.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &ALL
    }

    /// Returns the shop or platform of this name, or an error that lists all names.
    pub fn named(name: &str) -> Result<&'static Self, Error> {
        ALL.iter().find(|known| known.name == name).ok_or_else(|| {
            let names = ALL.iter().map(|known| known.name.as_str());
            let hint = meant_or_all(name, names, "the destinations are");
            Error::new(Exit::Usage, format!("there is no destination `{name}`; {hint}")).money("not charged")
        })
    }

    /// Returns a clause such as `NAME requires 6 to 240 s` if a duration in seconds is outside the limits; otherwise
    /// `None`.
    #[must_use]
    pub fn against_seconds(&self, seconds: f64) -> Option<String> {
        let (least, most) = self.seconds;
        let is_short = least.is_some_and(|least| seconds < f64::from(least));
        let is_long = most.is_some_and(|most| seconds > f64::from(most));
        (is_short || is_long).then(|| format!("{} requires {}", self.name, self.wanted_seconds()))
    }

    /// Returns in words the durations of clips that the shop or platform accepts, such as `6 to 240 s`.
    #[must_use]
    pub fn wanted_seconds(&self) -> String {
        match self.seconds {
            (Some(least), Some(most)) => format!("{least} to {most} s"),
            (Some(least), None) => format!("at least {least} s"),
            (None, Some(most)) => format!("at most {most} s"),
            (None, None) => "any duration".to_owned(),
        }
    }

    /// Returns a clause for each limit on size or aspect ratio that a clip of this size does not meet.
    #[must_use]
    pub fn against_picture(&self, width: u32, height: u32) -> Vec<String> {
        let mut against = Vec::new();
        let shorter = width.min(height);
        if let Some(least) = self.pixels.0.filter(|least| shorter < *least) {
            against.push(format!("{} requires at least {least} pixels on the shorter side", self.name));
        }
        if let Some(most) = self.pixels.1.filter(|most| shorter > *most) {
            against.push(format!("{} requires at most {most} pixels on the shorter side", self.name));
        }
        if let Some((longest, shortest)) = self.most.as_deref().and_then(pair)
            && (width.max(height) > longest || shorter > shortest)
        {
            against.push(format!("{} requires at most {longest}x{shortest}", self.name));
        }
        let is_ratio = |ratio: &String| {
            pair(&ratio.replace(':', "x")).is_some_and(|(w, h)| {
                (f64::from(width) / f64::from(height) / (f64::from(w) / f64::from(h)) - 1.0).abs()
                    < SAME_RATIO
            })
        };
        if height > 0 && !self.ratios.is_empty() && !self.ratios.iter().any(is_ratio) {
            against.push(format!("{} requires {}", self.name, self.ratios.join(", ")));
        }
        against
    }

    /// Returns a text for each limit of the shop or platform that a finished clip does not meet, with the clip's value.
    ///
    /// `path` and `bytes` are the path and the size of the clip's file. The limits on the number of clips of a product
    /// and on the length of a clip's web address are not checked.
    #[must_use]
    pub fn against(&self, path: &str, bytes: u64, facts: &ClipFacts) -> Vec<String> {
        let mut against = Vec::new();
        let seconds = facts.duration.as_secs_f64();
        against.extend(
            self.against_seconds(rounded(facts.duration)).map(|limit| format!("{seconds:.1} s, but {limit}")),
        );
        let (least, most) = self.bytes;
        if let Some(most) = most.filter(|most| bytes > *most) {
            against.push(format!("{}, but {} requires at most {}", size(bytes), self.name, size(most)));
        }
        if let Some(least) = least.filter(|least| bytes < *least) {
            against.push(format!("{}, but {} requires at least {}", size(bytes), self.name, size(least)));
        }
        let (width, height) = (facts.width, facts.height);
        let picture = self.against_picture(width, height);
        against.extend(picture.into_iter().map(|limit| format!("{width}x{height}, but {limit}")));
        let ending = path.rsplit('.').next().unwrap_or_default().to_lowercase();
        if !self.formats.is_empty() && !self.formats.contains(&ending) {
            against.push(format!(".{ending}, but {} requires {}", self.name, self.formats.join(", ")));
        }
        against
    }
}

/// Returns a clip's duration in seconds, rounded to a tenth, because a clip of 6 s may have 5.97 s of frames.
fn rounded(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10.0).round() / 10.0
}

/// Reads a size such as `1280x720` as width and height; `None` for any other text.
pub(crate) fn pair(text: &str) -> Option<(u32, u32)> {
    let (first, second) = text.split_once(['x', '*'])?;
    Some((first.trim().parse().ok()?, second.trim().parse().ok().filter(|number| *number > 0)?))
}
