//! Keeps tasks, their render times, and the counts of all client requests.

use crate::options::Options;
use crate::quota::Quota;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::f64::consts::TAU;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

/// The reply to a submission.
pub enum Submitted {
    /// The service created a task.
    Accepted {
        /// The id of the task.
        id: String,
        /// The client's own name for the request.
        label: String,
    },
    /// The quota is used up, or every slot is busy.
    Throttled {
        /// The whole seconds until the next place is free, if the reply contains them.
        retry_after: Option<u64>,
    },
}

/// An accepted task.
struct Task {
    label: String,
    ready_at: Instant,
    render: Duration,
    is_noticed: bool,
    is_fetched: bool,
}

/// The counts since the start or the last reset.
#[derive(Default)]
struct Counts {
    submissions: u64,
    throttled: u64,
    /// The number of refusals later than a minute after the first submission.
    throttled_late: u64,
    busy: u64,
    polls: u64,
    downloads: u64,
    bytes: u64,
    /// The number of accepted submissions whose prompt had been accepted before.
    duplicates: u64,
    /// The number of downloads of a clip that had been fetched before.
    fetched_again: u64,
    /// The time between the end of a rendering and the first poll that saw it.
    unnoticed: Duration,
    first_submission: Option<(Instant, SystemTime)>,
    last_acceptance: Option<Instant>,
    last_download: Option<Instant>,
}

/// The tasks and counts of the service.
pub struct Service {
    median: f64,
    sigma: f64,
    seed: u64,
    random: u64,
    retry_after: bool,
    slots: Option<usize>,
    quota: Option<Quota>,
    tasks: Vec<Task>,
    rendering: BinaryHeap<Reverse<Instant>>,
    prompts: HashSet<String>,
    counts: Counts,
}

impl Service {
    /// Creates a service without tasks.
    pub fn new(options: &Options) -> Self {
        Self {
            median: options.render,
            sigma: options.sigma,
            seed: options.seed,
            random: options.seed,
            retry_after: options.retry_after,
            slots: options.slots,
            quota: options.quota.clone(),
            tasks: Vec::new(),
            rendering: BinaryHeap::new(),
            prompts: HashSet::new(),
            counts: Counts::default(),
        }
    }

    /// Clears all tasks and counts.
    pub fn reset(&mut self) {
        self.random = self.seed;
        self.tasks.clear();
        self.rendering.clear();
        self.prompts.clear();
        self.counts = Counts::default();
        if let Some(quota) = &mut self.quota {
            quota.reset();
        }
    }

    /// Accepts a submission, or refuses it.
    pub fn submit(&mut self, body: &[u8]) -> Submitted {
        let now = Instant::now();
        self.counts.submissions += 1;
        let (first, _) = *self.counts.first_submission.get_or_insert_with(|| (now, SystemTime::now()));
        while self.rendering.peek().is_some_and(|Reverse(ready_at)| *ready_at <= now) {
            self.rendering.pop();
        }
        if self.slots.is_some_and(|slots| self.rendering.len() >= slots) {
            self.counts.busy += 1;
            let free = self.rendering.peek().map(|Reverse(ready_at)| ready_at.duration_since(now));
            return self.refused(free.unwrap_or_default());
        }
        if let Some(Err(wait)) = self.quota.as_mut().map(|quota| quota.take(now)) {
            self.counts.throttled += 1;
            if now.duration_since(first) > Duration::from_mins(1) {
                self.counts.throttled_late += 1;
            }
            return self.refused(wait);
        }
        let body = String::from_utf8_lossy(body);
        if !self.prompts.insert(member(&body, "prompt").to_owned()) {
            self.counts.duplicates += 1;
        }
        let render = Duration::from_secs_f64(self.render_time());
        let label = member(&body, "request_id").to_owned();
        self.rendering.push(Reverse(now + render));
        let task = Task {
            label: label.clone(),
            ready_at: now + render,
            render,
            is_noticed: false,
            is_fetched: false,
        };
        self.tasks.push(task);
        self.counts.last_acceptance = Some(now);
        Submitted::Accepted { id: format!("{:019}", self.tasks.len()), label }
    }

    fn refused(&self, wait: Duration) -> Submitted {
        // The header contains whole seconds: a retry after a rounded-down time would be refused again.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Submitted::Throttled { retry_after: self.retry_after.then_some(seconds) }
    }

    /// Returns the next render time in seconds.
    fn render_time(&mut self) -> f64 {
        if self.sigma == 0.0 {
            return self.median;
        }
        let (first, second) = (self.uniform(), self.uniform());
        let normal = (-2.0 * first.ln()).sqrt() * (TAU * second).cos();
        self.median * (self.sigma * normal).exp()
    }

    /// Returns the next random number above 0 and up to 1, by splitmix64.
    fn uniform(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        (f64::from((mixed >> 32) as u32) + 1.0) / (f64::from(u32::MAX) + 1.0)
    }

    fn task(&mut self, id: &str) -> Option<&mut Task> {
        let number: usize = id.parse().ok()?;
        self.tasks.get_mut(number.checked_sub(1)?)
    }

    /// Returns the answer to a poll.
    pub fn poll(&mut self, id: &str, address: SocketAddr) -> Option<String> {
        self.counts.polls += 1;
        let now = Instant::now();
        let task = self.task(id)?;
        let about = format!(r#""id":"{id}","model":"viduq1-text","request_id":"{}""#, task.label);
        if task.ready_at > now {
            return Some(format!(r#"{{{about},"task_status":"PROCESSING"}}"#));
        }
        if !task.is_noticed {
            task.is_noticed = true;
            let late = now.duration_since(task.ready_at);
            self.counts.unnoticed += late;
        }
        let link = format!(r#"[{{"url":"http://{address}/clips/{id}.mp4"}}]"#);
        Some(format!(r#"{{{about},"task_status":"SUCCESS","video_result":{link}}}"#))
    }

    /// Counts a download, and returns whether the clip exists.
    pub fn fetch(&mut self, id: &str, length: usize) -> bool {
        let now = Instant::now();
        let Some(task) = self.task(id).filter(|task| task.ready_at <= now) else { return false };
        let again = std::mem::replace(&mut task.is_fetched, true);
        self.counts.downloads += 1;
        self.counts.bytes += length as u64;
        self.counts.fetched_again += u64::from(again);
        self.counts.last_download = Some(now);
        true
    }

    /// Returns the counts as JSON, with the length of the greedy schedule over a number of slots.
    pub fn stats(&self, slots: Option<usize>) -> String {
        let counts = &self.counts;
        let first = counts.first_submission;
        let since = |at: Option<Instant>| match (first, at) {
            (Some((first, _)), Some(at)) => at.duration_since(first).as_secs_f64(),
            _ => 0.0,
        };
        let began =
            first.and_then(|(_, at)| at.duration_since(SystemTime::UNIX_EPOCH).ok()).unwrap_or_default();
        let busy: Duration = self.tasks.iter().map(|task| task.render).sum();
        let fetched = self.tasks.iter().filter(|task| task.is_fetched).count();
        let numbers = [
            ("submissions", counts.submissions),
            ("accepted", self.tasks.len() as u64),
            ("throttled", counts.throttled),
            ("throttled_late", counts.throttled_late),
            ("busy", counts.busy),
            ("polls", counts.polls),
            ("downloads", counts.downloads),
            ("fetched", fetched as u64),
            ("fetched_again", counts.fetched_again),
            ("duplicates", counts.duplicates),
            ("bytes", counts.bytes),
        ];
        let times = [
            ("first_submission", began.as_secs_f64()),
            ("last_acceptance_after", since(counts.last_acceptance)),
            ("last_download_after", since(counts.last_download)),
            ("render_seconds", busy.as_secs_f64()),
            ("unnoticed_seconds", counts.unnoticed.as_secs_f64()),
            ("greedy_seconds", slots.map_or(0.0, |slots| self.greedy(slots).as_secs_f64())),
        ];
        let numbers = numbers.iter().map(|(name, number)| format!(r#""{name}":{number}"#));
        let times = times.iter().map(|(name, seconds)| format!(r#""{name}":{seconds:.6}"#));
        format!("{{{}}}", numbers.chain(times).collect::<Vec<_>>().join(","))
    }

    /// Returns the time from the first start to the last end if each free slot immediately takes the next task.
    fn greedy(&self, slots: usize) -> Duration {
        let mut free: BinaryHeap<Reverse<Duration>> =
            (0..slots.max(1)).map(|_| Reverse(Duration::ZERO)).collect();
        let mut end = Duration::ZERO;
        for task in &self.tasks {
            let Reverse(start) = free.pop().unwrap_or_default();
            end = end.max(start + task.render);
            free.push(Reverse(start + task.render));
        }
        end
    }
}

/// Returns a text of a JSON object by its name; the text must not contain escapes.
fn member<'a>(body: &'a str, name: &str) -> &'a str {
    let found = body.split_once(&format!("\"{name}\"")).and_then(|(_, rest)| rest.split_once('"'));
    found.and_then(|(_, text)| text.split_once('"')).map_or("", |(text, _)| text)
}
