//! Reads the command line of the provider.

use crate::quota::{Quota, Window};
use std::time::Duration;

/// The options of the provider.
pub struct Options {
    /// The port, or 0 for any free one.
    pub port: u16,
    /// The median render time in seconds.
    pub render: f64,
    /// The spread of the log-normal render times; 0 for a fixed time.
    pub sigma: f64,
    /// The seed of the render times.
    pub seed: u64,
    /// The size of a clip in bytes.
    pub clip: usize,
    /// The submissions that are accepted in a period.
    pub quota: Option<Quota>,
    /// True if refusals name the time until the next free place.
    pub retry_after: bool,
    /// The largest number of tasks rendered at the same time, if limited.
    pub slots: Option<usize>,
    /// True to measure this server with its own load instead of waiting for clients.
    pub measure: bool,
}

impl Options {
    /// Reads the arguments.
    pub fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            port: 0,
            render: 0.0,
            sigma: 0.0,
            seed: 1,
            clip: 64 << 10,
            quota: None,
            retry_after: false,
            slots: None,
            measure: false,
        };
        let (mut rate, mut window, mut burst) = (None, "sliding".to_owned(), 1);
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{name} needs a value"));
            match name.as_str() {
                "--port" => options.port = number(&value()?)?,
                "--render" => options.render = number(&value()?)?,
                "--sigma" => options.sigma = number(&value()?)?,
                "--seed" => options.seed = number(&value()?)?,
                "--clip" => options.clip = number(&value()?)?,
                "--quota" => rate = Some(self::rate(&value()?)?),
                "--window" => window = value()?,
                "--burst" => burst = number(&value()?)?,
                "--retry-after" => options.retry_after = true,
                "--slots" => options.slots = Some(number(&value()?)?),
                "--measure" => options.measure = true,
                _ => return Err(format!("unknown argument {name}")),
            }
        }
        let window = match window.as_str() {
            "sliding" => Window::Sliding,
            "bucket" => Window::Bucket { burst },
            other => return Err(format!("unknown window {other}")),
        };
        options.quota = rate.map(|(count, per)| Quota::new(count, per, window));
        Ok(options)
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text} is not a number that fits"))
}

/// Reads a rate such as `600/min` or `10/s`.
fn rate(text: &str) -> Result<(u32, Duration), String> {
    let (count, unit) = text.split_once('/').ok_or_else(|| format!("{text} is not a rate"))?;
    let per = match unit {
        "s" => Duration::from_secs(1),
        "min" => Duration::from_mins(1),
        _ => return Err(format!("{unit} is not a unit of time")),
    };
    Ok((number(count)?, per))
}
