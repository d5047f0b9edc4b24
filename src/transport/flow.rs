//! Reads the body of a download with a time limit and a minimum speed. If the server repeats the API key in the body,
//! the key is masked.

use super::fault::{self, FetchFault, FetchFaultKind};
use super::redact::Masker;
use super::settings::{SLOWEST, Timeouts};
use bytes::Bytes;
use reqwest::Response;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The body of a download while it is read, with its time limit and its minimum speed.
pub(super) struct Flow {
    response: Response,
    host: String,
    end: Instant,
    pace: Pace,
    /// The filter that masks the API key in the body; `None` if the host never got a key.
    masker: Option<Masker>,
    /// The end of the body, once it is reached: `Ok` after the last byte, or else the fault. [`Flow::next`] reports the
    /// end after the bytes that `masker` still holds.
    over: Option<Result<(), FetchFault>>,
}

/// The check of the minimum speed, which ends a download if too few bytes arrive in a window of time.
struct Pace {
    window: Duration,
    closes: Instant,
    bytes: u64,
}

impl Pace {
    fn new(timeouts: &Timeouts) -> Self {
        Self { window: timeouts.low_speed, closes: Instant::now() + timeouts.low_speed, bytes: 0 }
    }

    /// Starts the next window of time. Returns true if enough bytes arrived in the last one.
    fn next_window(&mut self) -> bool {
        let millis = u64::try_from(self.window.as_millis()).unwrap_or(u64::MAX);
        let enough = self.bytes >= SLOWEST.saturating_mul(millis) / 1000;
        self.closes = Instant::now() + self.window;
        self.bytes = 0;
        enough
    }
}

impl Flow {
    pub(super) fn new(
        response: Response,
        host: String,
        end: Instant,
        timeouts: &Timeouts,
        masker: Option<Masker>,
    ) -> Self {
        Self { response, host, end, pace: Pace::new(timeouts), masker, over: None }
    }

    pub(super) fn response(&self) -> &Response {
        &self.response
    }

    /// Returns the next bytes of the body, in which an API key is masked; `None` at the end of the body.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, FetchFault> {
        if self.masker.is_none() {
            return self.received().await;
        }
        loop {
            if let Some(over) = self.over.take() {
                return over.map(|()| None);
            }
            let received = self.received().await;
            let Some(masker) = &mut self.masker else { return received };
            let bytes = match received {
                Ok(Some(bytes)) => masker.push(bytes),
                // The bytes that were kept back come before the end and also before a fault.
                ended => {
                    self.over = Some(ended.map(drop));
                    masker.finish()
                }
            };
            if !bytes.is_empty() {
                return Ok(Some(bytes));
            }
        }
    }

    /// Returns the next bytes of the body as they arrive; `None` at its end.
    async fn received(&mut self) -> Result<Option<Bytes>, FetchFault> {
        loop {
            if let Ok(chunk) = timeout_at(self.pace.closes.min(self.end), self.response.chunk()).await {
                let chunk = chunk.map_err(|error| broken(&self.host, &fault::cause(&error.without_url())))?;
                self.pace.bytes += chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
                // The deadlines also apply if a slow host always has a byte ready.
                if chunk.is_none() || Instant::now() < self.pace.closes.min(self.end) {
                    return Ok(chunk);
                }
                self.keep_pace()?;
                return Ok(chunk);
            }
            self.keep_pace()?;
        }
    }

    /// Returns an error if the download must end, because it took too long or is too slow.
    fn keep_pace(&mut self) -> Result<(), FetchFault> {
        if Instant::now() >= self.end {
            Err(broken(&self.host, "the download took too long"))
        } else if self.pace.next_window() {
            Ok(())
        } else {
            Err(broken(&self.host, &format!("slower than {SLOWEST} bytes a second")))
        }
    }
}

/// Returns the fault for a download that broke off.
pub(super) fn broken(host: &str, cause: &str) -> FetchFault {
    FetchFault::new(FetchFaultKind::Broken, format!("the download from {host} was interrupted: {cause}"))
}
