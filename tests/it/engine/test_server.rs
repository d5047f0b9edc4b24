//! A provider in memory. It speaks as `zai` does, which cannot be asked for a submission, and as `echo` does, which
//! can.

use bytes::Bytes;
use futures::future::{BoxFuture, pending};
use futures::{FutureExt as _, StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shotlist::domain::fault::Said;
use shotlist::engine::clock::Clock;
use shotlist::provider::NO_TASK;
use shotlist::transport::{
    Download, Endpoint, FetchFault, FetchFaultKind, Free, Paid, SendFault, SendFaultKind,
};
use shotlist::wire::{Auth, Call, ClipHead, Method, PaidCall, Reply, Span};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

/// An answer to a submission.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Submit {
    /// A task is made and named.
    Accept,
    /// A task is made, and the answer is lost.
    AcceptUnheard,
    /// The request is lost on its way.
    Lose,
    /// No connection comes about.
    NotSent,
    /// No file is left for a connection.
    NoFiles,
    /// The answer is an error without a word from the provider, and no task is made.
    Bare(u16),
    /// The answer is this error, after so many seconds if it says when to come again.
    Refuse(u16, &'static str, Option<u64>),
    /// The answer is a web page with this status.
    Page(u16),
    /// The answer names the first task once more.
    NameTheFirst,
    /// The client panics.
    Panic,
}

/// An answer to a poll.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Poll {
    /// There is no such task.
    Missing,
    /// The answer is an error.
    Refuse(u16, &'static str, Option<u64>),
    /// The task failed.
    Failed,
    /// The task succeeded, and no clip is named.
    Empty,
    /// It is still rendered.
    Running,
    /// The answer is about another task.
    OfAnother,
    /// The answer names another request of the client.
    OfAnotherRequest,
    /// The task succeeded, and brought three results.
    Several,
    /// The task succeeded, and costs what this text says.
    Costs(&'static str),
}

/// An answer to a download.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fetch {
    /// The link is dead.
    Dead,
    /// No request can carry the link.
    Unusable,
    /// No connection comes about.
    Unreachable,
    /// No file is left for a connection.
    NoFiles,
    /// The host is busy, and says how many seconds.
    Busy(u64),
    /// It breaks off in the middle.
    Broken,
    /// It is a page, not a clip.
    Page,
    /// It begins, and nothing more comes.
    Stalled,
    /// It is whole by its length, and no clip.
    Damaged,
    /// It is the same clip for every task.
    Alike,
    /// The link leads from one address to the next.
    Redirects,
}

/// One submission as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) at: Timestamp,
    pub(crate) request_id: String,
    pub(crate) prompt: String,
    /// The task that was made of it, and charged.
    pub(crate) task: Option<String>,
}

/// The rate of submissions that a provider accepts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quota {
    /// In any minute.
    pub(crate) per_minute: usize,
    /// True if a refusal names the time of the next try.
    pub(crate) retry_after: bool,
}

/// A temporary outage of a provider.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Away {
    /// No connection comes about.
    Unreachable,
    /// The answer says that it is away for the moment.
    Busy,
}

#[derive(Default)]
struct ServerState {
    quota: Option<Quota>,
    /// Submissions of the last minute that counted.
    counted: VecDeque<Timestamp>,
    /// For so long it is there, then for so long it is not, and so on.
    flaps: Option<(Duration, Duration, Away)>,
    /// The number of requests of every kind, including those without an answer.
    requests: usize,
    throttled: usize,
    slow: bool,
    submits: VecDeque<Submit>,
    polls: VecDeque<Poll>,
    fetches: VecDeque<Fetch>,
    /// Time until which every download ends like this.
    every_fetch: Option<(Timestamp, Fetch)>,
    /// The answer to every later poll.
    every_poll: Option<Poll>,
    render: Duration,
    /// The time that the next tasks render.
    renders: VecDeque<Duration>,
    seen: Vec<Seen>,
    /// When each task is rendered.
    tasks: BTreeMap<String, Timestamp>,
    polled: Vec<Timestamp>,
    /// The times of the questions about a task that does not exist.
    probed: Vec<Timestamp>,
    /// Faults of the next lists of tasks.
    lists: VecDeque<Poll>,
    /// The faults of the next questions about a task that does not exist.
    probes: VecDeque<Poll>,
    fetched: Vec<String>,
    gone: bool,
    /// First submission whose name the list leaves out, counted from 0.
    nameless_from: Option<usize>,
    /// Age at which a task is listed.
    lag: SignedDuration,
    /// True where a request is refused whose name another one had.
    refuses_twins: bool,
    /// Length of each download.
    fetch_time: Duration,
    /// Life of links.
    link_life: Option<Duration>,
    /// Time at which each task's newest link was told.
    links: BTreeMap<String, Timestamp>,
    /// Number of links that had expired when they were asked for.
    expired: usize,
}

/// The provider.
pub(crate) struct TestServer {
    clock: Clock,
    state: Mutex<ServerState>,
}

/// Time that every answer takes.
const LATENCY: Duration = Duration::from_millis(20);

impl TestServer {
    pub(crate) fn new(clock: Clock) -> Arc<Self> {
        let state = ServerState { render: Duration::from_secs(5), ..ServerState::default() };
        Arc::new(Self { clock, state: Mutex::new(state) })
    }

    /// Sets the answers to the next submissions; later ones are accepted.
    pub(crate) fn submits(&self, script: impl IntoIterator<Item = Submit>) {
        self.state().submits.extend(script);
    }

    /// Sets the answers to the next polls; later ones are answered.
    pub(crate) fn polls(&self, script: impl IntoIterator<Item = Poll>) {
        self.state().polls.extend(script);
    }

    /// Lets every download end like this for so long.
    pub(crate) fn every_fetch(&self, time: Duration, fetch: Fetch) {
        let until = self.clock.now() + SignedDuration::try_from(time).unwrap();
        self.state().every_fetch = Some((until, fetch));
    }

    /// Sets the answer to every poll from now on.
    pub(crate) fn every_poll(&self, poll: Poll) {
        self.state().every_poll = Some(poll);
    }

    /// Sets the answers to the next downloads; later ones bring the clip.
    pub(crate) fn fetches(&self, script: impl IntoIterator<Item = Fetch>) {
        self.state().fetches.extend(script);
    }

    /// Takes no more submissions than that.
    pub(crate) fn takes(&self, quota: Quota) {
        self.state().quota = Some(quota);
    }

    /// From now on it is there for a time, then away for a time, again and again.
    pub(crate) fn flaps(&self, up: Duration, down: Duration, away: Away) {
        self.state().flaps = Some((up, down, away));
    }

    /// From now on a submission takes between 0.2 s and 2 s.
    pub(crate) fn takes_its_time(&self) {
        self.state().slow = true;
    }

    /// Requests of every kind so server, and how many submissions came too fast.
    pub(crate) fn requests(&self) -> (usize, usize) {
        let state = self.state();
        (state.requests, state.throttled)
    }

    /// Returns the way in which it is away at this moment, if it is.
    fn away(&self) -> Option<Away> {
        let mut state = self.state();
        state.requests += 1;
        let (up, down, away) = state.flaps?;
        let now = u128::try_from(self.clock.now().as_millisecond()).unwrap();
        (now % (up + down).as_millis() >= up.as_millis()).then_some(away)
    }

    /// Refuses a submission that is too much for the quota.
    fn too_fast(&self) -> Option<Submit> {
        let now = self.clock.now();
        let mut state = self.state();
        let quota = state.quota?;
        let minute = SignedDuration::from_mins(1);
        while state.counted.front().is_some_and(|first| now.duration_since(*first) >= minute) {
            state.counted.pop_front();
        }
        if state.counted.len() < quota.per_minute {
            state.counted.push_back(now);
            return None;
        }
        state.throttled += 1;
        let opens = state.counted[0] + minute;
        let whole = u64::try_from(opens.duration_since(now).as_secs()).unwrap() + 1;
        Some(Submit::Refuse(429, "1302", quota.retry_after.then_some(whole)))
    }

    /// Returns the time that a submission takes each way.
    fn way(&self) -> Duration {
        if !self.state().slow {
            return LATENCY;
        }
        // Spread over the span, and always the same.
        let number = self.state().seen.len() as u64;
        Duration::from_millis(100 + number * 619 % 900)
    }

    /// Sets the time that tasks render from now on.
    pub(crate) fn renders_for(&self, time: Duration) {
        self.state().render = time;
    }

    /// Sets the time that the next tasks render; later ones take as long as the others.
    pub(crate) fn renders(&self, script: impl IntoIterator<Item = Duration>) {
        self.state().renders.extend(script);
    }

    /// Makes each download take this time, and links live so long from the end of their rendering.
    pub(crate) fn fetches_slowly(&self, time: Duration, link_life: Duration) {
        let mut state = self.state();
        (state.fetch_time, state.link_life) = (time, Some(link_life));
    }

    /// Sets the life of links.
    pub(crate) fn links_live_for(&self, life: Duration) {
        self.state().link_life = Some(life);
    }

    /// Returns the number of links that had expired when they were asked for.
    pub(crate) fn expired(&self) -> usize {
        self.state().expired
    }

    /// From that submission on, counted from 0, the list leaves out what the client called them.
    pub(crate) fn forgets_names_from(&self, submission: usize) {
        self.state().nameless_from = Some(submission);
    }

    /// Lists tasks so long after they were made.
    pub(crate) fn lists_late(&self, lag: SignedDuration) {
        self.state().lag = lag;
    }

    /// Refuses a request that has the name of an earlier one.
    pub(crate) fn refuses_twins(&self) {
        self.state().refuses_twins = true;
    }

    /// Nothing goes wrong any more.
    pub(crate) fn clear_faults(&self) {
        let mut state = self.state();
        (state.submits, state.polls, state.fetches) = Default::default();
        (state.lists, state.probes, state.every_fetch, state.every_poll) = Default::default();
        (state.flaps, state.nameless_from, state.lag) = Default::default();
    }

    /// The client's process is dead (or alive again): nothing more arrives, and no answer does.
    pub(crate) fn gone(&self, gone: bool) {
        self.state().gone = gone;
    }

    /// Every submission that arrived.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state().seen.clone()
    }

    /// Every task, each charged once, by the request that brought it.
    pub(crate) fn charges(&self) -> Vec<Seen> {
        self.seen().into_iter().filter(|seen| seen.task.is_some()).collect()
    }

    /// Lets the next lists of tasks end like this; later ones are whole.
    pub(crate) fn lists(&self, script: impl IntoIterator<Item = Poll>) {
        self.state().lists.extend(script);
    }

    /// Lets the next questions about a task that does not exist end with these faults.
    pub(crate) fn probes(&self, script: impl IntoIterator<Item = Poll>) {
        self.state().probes.extend(script);
    }

    /// Returns the times of the questions about a task that does not exist.
    pub(crate) fn probed(&self) -> Vec<Timestamp> {
        self.state().probed.clone()
    }

    pub(crate) fn polled(&self) -> Vec<Timestamp> {
        self.state().polled.clone()
    }

    /// The links that were asked for.
    pub(crate) fn fetched(&self) -> Vec<String> {
        self.state().fetched.clone()
    }

    fn state(&self) -> MutexGuard<'_, ServerState> {
        self.state.lock().unwrap()
    }

    async fn travel(&self) {
        if self.state().gone {
            pending::<()>().await;
        }
        tokio::time::sleep(LATENCY).await;
        if self.state().gone {
            pending::<()>().await;
        }
    }

    fn reply(&self, status: u16, after: Option<u64>, body: &Value) -> Reply {
        let date = self.clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let mut headers = vec![("date".to_owned(), date)];
        headers.extend(after.map(|seconds| ("retry-after".to_owned(), seconds.to_string())));
        Reply { status, headers, body: body.to_string().into_bytes() }
    }

    fn error(&self, status: u16, code: &str, after: Option<u64>) -> Reply {
        self.reply(status, after, &json!({ "error": { "code": code, "message": "so it is" } }))
    }

    async fn submitted(&self, call: &PaidCall, body: Bytes) -> Result<Reply, SendFault> {
        let step = match self.away() {
            Some(Away::Unreachable) => Submit::NotSent,
            Some(Away::Busy) => Submit::Refuse(503, "1100", None),
            None => self.state().submits.pop_front().unwrap_or(Submit::Accept),
        };
        match step {
            Submit::Panic => panic!("a defect on purpose"),
            Submit::NotSent => return Err(fault(SendFaultKind::NotSent)),
            Submit::NoFiles => return Err(fault(SendFaultKind::NoFiles)),
            _ => {}
        }
        tokio::time::sleep(self.way()).await;
        if self.state().gone {
            pending::<()>().await;
        }
        let step = if matches!(step, Submit::Accept) { self.too_fast().unwrap_or(step) } else { step };
        if matches!(step, Submit::Lose) {
            return Err(fault(SendFaultKind::Lost));
        }
        let body: Value = serde_json::from_slice(&body).unwrap();
        let name = if is_echo(&call.0) { "client_id" } else { "request_id" };
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let (at, request_id, prompt) = (self.clock.now(), text(name), text("prompt"));
        let mut step = step;
        let task = {
            let mut state = self.state();
            if state.refuses_twins && state.seen.iter().any(|seen| seen.request_id == request_id) {
                step = Submit::Refuse(409, "duplicate", None);
            }
            let is_accepted = matches!(step, Submit::Accept | Submit::AcceptUnheard);
            let task = is_accepted.then(|| format!("task-{}", state.tasks.len() + 1));
            if let Some(task) = &task {
                let render = state.renders.pop_front().unwrap_or(state.render);
                let ready = at + SignedDuration::try_from(render).unwrap();
                state.tasks.insert(task.clone(), ready);
            }
            state.seen.push(Seen { at, request_id, prompt, task: task.clone() });
            task
        };
        let way = self.way();
        self.travel().await;
        tokio::time::sleep(way.saturating_sub(LATENCY)).await;
        match (step, task) {
            (Submit::Accept, Some(task)) => Ok(self.reply(200, None, &json!({ "id": task }))),
            (Submit::Bare(status), _) => Ok(Reply { status, headers: Vec::new(), body: Vec::new() }),
            (Submit::NameTheFirst, _) => Ok(self.reply(200, None, &json!({ "id": "task-1" }))),
            (Submit::Page(status), _) => {
                Ok(Reply { body: b"<html>".to_vec(), ..self.reply(status, None, &Value::Null) })
            }
            (Submit::Refuse(status, code, after), _) => Ok(self.error(status, code, after)),
            _ => Err(fault(SendFaultKind::Lost)),
        }
    }

    async fn asked(&self, call: &Call) -> Result<Reply, SendFault> {
        let away = self.away();
        self.travel().await;
        match away {
            Some(Away::Unreachable) => return Err(fault(SendFaultKind::NotSent)),
            Some(Away::Busy) => return Ok(self.error(503, "1100", None)),
            None => {}
        }
        if is_echo(call) {
            let query = call.path.split_once('?').map(|(_, query)| query);
            return Ok(match query {
                Some(query) if query.starts_with("ids=") => self.told_many(&query[4..]),
                Some(_) => self.listed(),
                None => self.told(call, true),
            });
        }
        Ok(self.told(call, false))
    }

    /// Returns the status of one task.
    fn told(&self, call: &Call, echo: bool) -> Reply {
        let task = call.path.rsplit('/').next().unwrap().to_owned();
        if task == NO_TASK {
            return self.told_of_none(echo);
        }
        self.state().polled.push(self.clock.now());
        match self.stands(&task) {
            Err(Poll::Missing) => self.error(404, if echo { "not_found" } else { "1200" }, None),
            Err(Poll::Refuse(status, code, after)) => self.error(status, code, after),
            stands => {
                self.reply(200, None, &if echo { echo_says(&task, stands) } else { zai_says(&task, stands) })
            }
        }
    }

    /// Returns the answer to a question about a task that does not exist.
    fn told_of_none(&self, echo: bool) -> Reply {
        let mut state = self.state();
        state.probed.push(self.clock.now());
        let refusal = state.probes.pop_front();
        drop(state);
        match refusal {
            Some(Poll::Refuse(status, code, after)) => self.error(status, code, after),
            _ => self.error(404, if echo { "not_found" } else { "1200" }, None),
        }
    }

    /// Returns the status of several tasks.
    fn told_many(&self, ids: &str) -> Reply {
        self.state().polled.push(self.clock.now());
        let (mut tasks, mut missing) = (Vec::new(), Vec::new());
        for task in ids.split(',').map(str::to_owned) {
            match self.stands(&task) {
                Err(Poll::Missing) => missing.push(task),
                stands => tasks.push(echo_says(&task, stands)),
            }
        }
        self.reply(200, None, &json!({ "tasks": tasks, "missing": missing }))
    }

    fn listed(&self) -> Reply {
        let fault = self.state().lists.pop_front();
        if let Some(Poll::Refuse(status, code, after)) = fault {
            return self.error(status, code, after);
        }
        let now = self.clock.now();
        let ServerState { nameless_from, lag, .. } = *self.state();
        let tasks: Vec<Value> = self
            .charges()
            .iter()
            .enumerate()
            .filter(|(_, seen)| now.duration_since(seen.at) >= lag)
            .map(|(at, seen)| {
                let name = nameless_from.is_none_or(|from| at < from).then_some(&seen.request_id);
                json!({ "id": seen.task, "client_id": name, "status": "running" })
            })
            .collect();
        self.reply(200, None, &json!({ "tasks": tasks, "next": null }))
    }

    /// Returns whether a task is rendered, or its other status.
    fn stands(&self, task: &str) -> Result<bool, Poll> {
        let mut state = self.state();
        if let Some(poll) = state.polls.pop_front().or(state.every_poll) {
            return Err(poll);
        }
        let now = self.clock.now();
        let is_ready = state.tasks.get(task).map(|ready| *ready <= now).ok_or(Poll::Missing)?;
        if is_ready {
            state.links.insert(task.to_owned(), now);
        }
        Ok(is_ready)
    }

    async fn begun(&self, url: &str, span: Span) -> Result<Download, FetchFault> {
        let away = self.away();
        self.travel().await;
        if away.is_some() {
            return Err(FetchFault { kind: FetchFaultKind::Unreachable, said: Said::text("so it is") });
        }
        let (step, time) = {
            let mut state = self.state();
            state.fetched.push(url.to_owned());
            let told = state.links.get(url.rsplit('/').next().unwrap()).copied();
            let age = told.map_or(0.0, |told| super::bench::seconds(told, self.clock.now()));
            let is_dead = state.link_life.is_some_and(|life| age > life.as_secs_f64());
            state.expired += usize::from(is_dead);
            let lasting =
                state.every_fetch.filter(|(until, _)| self.clock.now() < *until).map(|(_, fetch)| fetch);
            let step =
                if is_dead { Some(Fetch::Dead) } else { lasting.or_else(|| state.fetches.pop_front()) };
            (step, state.fetch_time)
        };
        let fault = |kind| FetchFault { kind, said: Said::text("so it is") };
        let mut bytes = clip_of(url);
        match step {
            Some(Fetch::Dead) => return Err(fault(FetchFaultKind::Dead)),
            Some(Fetch::Unusable) => return Err(fault(FetchFaultKind::Unusable)),
            Some(Fetch::Busy(seconds)) => {
                return Err(fault(FetchFaultKind::Busy { after: Some(Duration::from_secs(seconds)) }));
            }
            Some(Fetch::Unreachable) => return Err(fault(FetchFaultKind::Unreachable)),
            Some(Fetch::NoFiles) => return Err(fault(FetchFaultKind::NoFiles)),
            Some(Fetch::Redirects) => return Err(fault(FetchFaultKind::Redirects)),
            Some(Fetch::Damaged) => bytes = vec![0; bytes.len()],
            Some(Fetch::Alike) => bytes = clip_of("alike"),
            Some(Fetch::Page) => bytes = b"<html><body>nothing here</body></html>".to_vec(),
            Some(Fetch::Broken | Fetch::Stalled) | None => {}
        }
        let head = ClipHead {
            status: 200,
            content_length: Some(bytes.len() as u64),
            content_range: None,
            content_type: Some("video/mp4".into()),
            content_encoding: None,
            etag: None,
            last_modified: None,
            date: None,
        };
        drop(span);
        let bytes = match step {
            Some(Fetch::Broken) => {
                let half = Bytes::copy_from_slice(&bytes[..bytes.len() / 2]);
                stream::iter([Ok(half), Err(fault(FetchFaultKind::Broken))]).boxed()
            }
            Some(Fetch::Stalled) => {
                let first = Bytes::copy_from_slice(&bytes[..16]);
                stream::iter([Ok(first)]).chain(stream::pending()).boxed()
            }
            _ => stream::once(async move {
                tokio::time::sleep(time).await;
                Ok(Bytes::from(bytes))
            })
            .boxed(),
        };
        Ok(Download { head, bytes })
    }
}

impl Paid for TestServer {
    fn submit<'a>(
        &'a self,
        _: &'a Endpoint,
        call: &'a PaidCall,
        body: Bytes,
    ) -> BoxFuture<'a, Result<Reply, SendFault>> {
        self.submitted(call, body).boxed()
    }
}

/// The free half of the provider, which polls and downloads and cannot submit.
pub(crate) struct Collecting(pub(crate) Arc<TestServer>);

impl Free for Collecting {
    fn ask<'a>(&'a self, _: &'a Endpoint, call: &'a Call) -> BoxFuture<'a, Result<Reply, SendFault>> {
        assert_eq!(call.method, Method::Get, "nothing is taken back");
        self.0.asked(call).boxed()
    }

    fn fetch<'a>(
        &'a self,
        _: &'a Endpoint,
        _: Auth,
        link: &'a str,
        span: Span,
    ) -> BoxFuture<'a, Result<Download, FetchFault>> {
        self.0.begun(link, span).boxed()
    }
}

/// The clip behind a link: the same for all, but for a box that players skip, which names the task.
pub(crate) fn clip_of(url: &str) -> Vec<u8> {
    static CLIP: OnceLock<Vec<u8>> = OnceLock::new();
    let mut clip = CLIP.get_or_init(|| crate::files::clip(7, 16)).clone();
    let name = url.rsplit('/').next().unwrap().as_bytes();
    clip.extend(u32::try_from(name.len() + 8).unwrap().to_be_bytes());
    clip.extend(b"free");
    clip.extend(name);
    clip
}

/// Where the clip of a task is.
pub(crate) fn link(task: &str) -> String {
    format!("https://clips.example/{task}")
}

fn echo_says(task: &str, stands: Result<bool, Poll>) -> Value {
    match stands {
        Ok(false) | Err(Poll::Running) => json!({ "id": task, "status": "running" }),
        Ok(true) => json!({ "id": task, "status": "succeeded", "url": link(task) }),
        Err(Poll::Empty) => json!({ "id": task, "status": "succeeded" }),
        Err(Poll::Costs(cost)) => {
            json!({ "id": task, "status": "succeeded", "url": link(task), "cost_usd": cost })
        }
        Err(_) => json!({ "id": task, "status": "failed" }),
    }
}

fn zai_says(task: &str, stands: Result<bool, Poll>) -> Value {
    match stands {
        Ok(false) | Err(Poll::Running) => json!({ "task_status": "PROCESSING" }),
        Ok(true) => json!({ "task_status": "SUCCESS", "video_result": [{ "url": link(task) }] }),
        Err(Poll::Empty) => json!({ "task_status": "SUCCESS" }),
        Err(Poll::OfAnother) => {
            json!({ "id": "task-77", "task_status": "SUCCESS", "video_result": [{ "url": link("task-77") }] })
        }
        Err(Poll::OfAnotherRequest) => {
            let label = shotlist::engine::ids::request().0;
            json!({ "request_id": label, "task_status": "SUCCESS", "video_result": [{ "url": link("task-77") }] })
        }
        Err(Poll::Several) => {
            let others = ["second", "third"].map(|name| format!("{}?signature=s3cret", link(name)));
            let urls = [link(task), others[0].clone(), others[1].clone()];
            json!({ "task_status": "SUCCESS", "video_result": urls.map(|url| json!({ "url": url })) })
        }
        Err(_) => json!({ "task_status": "FAIL" }),
    }
}

fn fault(kind: SendFaultKind) -> SendFault {
    SendFault { kind, said: Said::text("so it is") }
}

fn is_echo(call: &Call) -> bool {
    call.path.starts_with("/v1/tasks")
}
