//! A sandbox for a test to talk to, over raw HTTP.

use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::support::client;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use reqwest::{Client, Method, Response, StatusCode, header};
use serde_json::Value;
use shiguredo_mp4::TrackKind;
use shiguredo_mp4::boxes::SampleEntry;
use shiguredo_mp4::demux::{Input, Mp4FileDemuxer};
use shotlist::sandbox::{ClipDetail, Options, Rule, Sandbox};
use tempfile::TempDir;

pub(super) const KEY: &str = "test-key";
pub(super) const TASK_TIME: Duration = Duration::from_secs(30);
pub(super) const IMAGE: &str = "https://example.com/image.png";

/// A sandbox with a clock that stands still until it is moved.
pub(super) struct TestSandbox {
    pub(super) sandbox: Sandbox,
    pub(super) clock: Arc<AtomicI64>,
    pub(super) client: Client,
    pub(super) dir: TempDir,
}

impl TestSandbox {
    pub(super) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(super) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let clock = Arc::new(AtomicI64::new(1_700_000_000_000));
        Self::open(tempfile::tempdir().unwrap(), clock, change).await
    }

    pub(super) async fn with_rules(rules: Value) -> Self {
        let rules = serde_json::from_value::<Vec<Rule>>(rules).unwrap();
        Self::with(|options| options.faults = rules).await
    }

    pub(super) async fn open(dir: TempDir, clock: Arc<AtomicI64>, change: impl FnOnce(&mut Options)) -> Self {
        let mut options = options(dir.path(), &clock);
        change(&mut options);
        let sandbox = Sandbox::start(options).await.unwrap();
        // No pool: each call shows what happens to its own connection.
        let client = client().pool_max_idle_per_host(0);
        let client = client.redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { sandbox, clock, client, dir }
    }

    pub(super) async fn restart(self, change: impl FnOnce(&mut Options)) -> Self {
        self.sandbox.stop().await.unwrap();
        Self::open(self.dir, self.clock, change).await
    }

    pub(super) fn pass(&self, time: Duration) {
        self.clock.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
    }

    pub(super) async fn submit(&self, body: &Value) -> reqwest::Result<Response> {
        self.submit_text(body.to_string()).await
    }

    pub(super) async fn submit_text(&self, body: String) -> reqwest::Result<Response> {
        let url = format!("{}/paas/v4/videos/generations", self.sandbox.provider_url("zai"));
        let request = self.client.post(url).bearer_auth(KEY).header(header::CONTENT_TYPE, "application/json");
        request.body(body).send().await
    }

    pub(super) async fn accepted(&self, body: &Value) -> String {
        let answer = self.submit(body).await.unwrap();
        let status = answer.status();
        let answer = parsed(answer).await;
        assert_eq!(status, StatusCode::OK, "{body} was refused: {answer}");
        answer["id"].as_str().unwrap().to_owned()
    }

    pub(super) async fn poll(&self, id: &str) -> (StatusCode, Value) {
        let url = format!("{}/paas/v4/async-result/{id}", self.sandbox.provider_url("zai"));
        let answer = self.client.get(url).bearer_auth(KEY).send().await.unwrap();
        (answer.status(), parsed(answer).await)
    }

    /// Calls a path of any provider with the key; gives the status and the JSON of the answer.
    pub(super) async fn call(&self, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        let url = format!("{}{path}", self.sandbox.base_url());
        let mut request = self.client.request(method, url).bearer_auth(KEY);
        if !body.is_null() {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        (answer.status(), parsed(answer).await)
    }

    /// Posts to a path of any provider; gives the id of the task that is accepted.
    pub(super) async fn ordered(&self, path: &str, body: &Value) -> String {
        let (status, answer) = self.call(Method::POST, path, body).await;
        assert_eq!(status, StatusCode::OK, "{body} was refused: {answer}");
        answer["id"].as_str().unwrap().to_owned()
    }

    /// Asks a path of any provider, which must answer.
    pub(super) async fn told(&self, path: &str) -> Value {
        let (status, answer) = self.call(Method::GET, path, &Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        answer
    }

    /// Calls a path without a key and with a wrong one; both must be refused alike.
    pub(super) async fn without_the_key(&self, method: Method, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.sandbox.base_url());
        let mut refusals = Vec::new();
        for key in [None, Some("Bearer other-key")] {
            let mut request = self.client.request(method.clone(), &url).body(body.to_string());
            request = request.header(header::CONTENT_TYPE, "application/json");
            if let Some(key) = key {
                request = request.header(header::AUTHORIZATION, key);
            }
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{method} {path}");
            refusals.push(parsed(answer).await);
        }
        refusals.pop().unwrap()
    }

    /// Orders a clip, lets its time pass, and gives its link.
    pub(super) async fn ready(&self, body: &Value) -> (String, String) {
        let id = self.accepted(body).await;
        self.pass(TASK_TIME);
        let link = self.link(&id).await;
        (id, link)
    }

    pub(super) async fn link(&self, id: &str) -> String {
        let (_, answer) = self.poll(id).await;
        answer["video_result"][0]["url"].as_str().unwrap().to_owned()
    }

    pub(super) async fn get(&self, url: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = self.client.get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    pub(super) async fn admin(&self, method: Method, what: &str, body: Value) -> (StatusCode, Value) {
        let url = format!("{}/admin/{what}", self.sandbox.base_url());
        let answer = self.client.request(method, url).body(body.to_string()).send().await.unwrap();
        let status = answer.status();
        let bytes = answer.bytes().await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }
}

pub(super) fn options(dir: &Path, clock: &Arc<AtomicI64>) -> Options {
    let clock = Arc::clone(clock);
    let now = move || Timestamp::from_millisecond(clock.load(Ordering::Relaxed)).unwrap();
    let mut options = Options::new(dir, KEY, Arc::new(now));
    options.clips = ClipDetail::Tiny;
    options.task_time = RangeInclusive::new(TASK_TIME, TASK_TIME);
    options
}

pub(super) async fn parsed(answer: Response) -> Value {
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

/// A PNG's header, with as many bytes behind it as are needed.
pub(super) fn png(width: u32, height: u32, bytes: usize) -> String {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    png.extend(width.to_be_bytes());
    png.extend(height.to_be_bytes());
    png.extend([8, 2, 0, 0, 0]);
    png.resize(bytes.max(png.len()), 0);
    format!("data:image/png;base64,{}", STANDARD.encode(png))
}

pub(super) fn with(mut body: Value, name: &str, value: impl Into<Value>) -> Value {
    body[name] = value.into();
    body
}

/// Size and seconds of a clip, from its own boxes.
pub(super) fn measure(file: &[u8]) -> (u16, u16, u64) {
    let (width, height, seconds, _) = measure_with_rate(file);
    (width, height, seconds)
}

/// The same and the frames a second.
pub(super) fn measure_with_rate(file: &[u8]) -> (u16, u16, u64, u64) {
    let mut demuxer = Mp4FileDemuxer::new();
    demuxer.handle_input(Input { position: 0, data: file });
    let track = demuxer.tracks().unwrap()[0].clone();
    assert_eq!(track.kind, TrackKind::Video);
    let mut size = None;
    let (mut last, mut frames) = (0, 0);
    while let Some(sample) = demuxer.next_sample().unwrap() {
        if let Some(SampleEntry::Avc1(entry)) = sample.sample_entry {
            size = Some((entry.visual.width, entry.visual.height));
        }
        last = usize::try_from(sample.data_offset).unwrap() + sample.data_size;
        frames += 1;
    }
    assert!(last <= file.len(), "the last sample ends at {last}, the file at {}", file.len());
    let (width, height) = size.unwrap();
    let seconds = track.duration / u64::from(track.timescale.get());
    (width, height, seconds, frames / seconds)
}
