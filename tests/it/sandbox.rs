//! The sandbox, seen from outside: the providers' interfaces, their books across restarts, and each fault.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails as the test itself does")]

mod echo;
mod pictures;
mod providers;
mod server;
mod uniall;
mod vtrix;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use server::{IMAGE, KEY, TASK_TIME, TestSandbox, measure, measure_with_rate, options, parsed, png, with};
use sha2::{Digest, Sha256};
use shotlist::sandbox::{Caption, ClipDetail, Limits, Options, Sandbox};

fn text(prompt: &str) -> Value {
    json!({ "model": "viduq1-text", "prompt": prompt })
}

#[tokio::test]
async fn every_model_takes_its_full_documented_request() {
    let sandbox = TestSandbox::with(|options| options.limits = Limits::Unlimited).await;
    // An extended WebP header of 100 × 50 pixels.
    let webp = b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x63\0\0\x31\0\0";
    let webp = format!("data:image/webp;base64,{}", STANDARD.encode(webp));
    let cogvideo = json!({
        "model": "cogvideox-3", "prompt": "A cat is playing with a ball.", "quality": "quality",
        "with_audio": true, "size": "1920x1080", "fps": 30, "duration": 10,
    });
    let vidu = |model: &str, duration: u32, size: &str| {
        json!({
            "model": model, "prompt": "A small car on a road", "duration": duration, "size": size,
            "movement_amplitude": "auto",
        })
    };
    let bodies = [
        cogvideo.clone(),
        with(cogvideo.clone(), "image_url", IMAGE),
        with(cogvideo, "image_url", json!([IMAGE, IMAGE])),
        json!({ "model": "cogvideox-3", "image_url": png(10, 10, 0) }),
        with(with(vidu("viduq1-text", 5, "1920x1080"), "style", "anime"), "aspect_ratio", "9:16"),
        with(vidu("viduq1-image", 5, "1920x1080"), "image_url", IMAGE),
        with(vidu("viduq1-start-end", 5, "1920x1080"), "image_url", json!([IMAGE, IMAGE])),
        with(vidu("vidu2-image", 4, "720x480"), "image_url", png(400, 100, 0)),
        with(
            vidu("vidu2-start-end", 4, "1280x720"),
            "image_url",
            json!([png(100, 100, 0), png(125, 100, 0)]),
        ),
        with(vidu("vidu2-start-end", 4, "720x480"), "image_url", json!([IMAGE])),
        with(
            with(
                vidu("vidu2-reference", 4, "1280x720"),
                "image_url",
                json!([IMAGE, IMAGE, png(128, 128, 0)]),
            ),
            "with_audio",
            true,
        ),
        with(with(text(&"é".repeat(512)), "request_id", "r".repeat(64)), "user_id", "u".repeat(128)),
        with(with(text("x"), "request_id", "r".repeat(6)), "user_id", "u".repeat(6)),
        json!({ "model": "cogvideox-3", "image_url": png(10, 10, 5_000_000) }),
        json!({ "model": "vidu2-image", "image_url": webp }),
    ];
    for body in &bodies {
        let answer = sandbox.submit(body).await.unwrap();
        let status = answer.status();
        let answer = parsed(answer).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        assert_eq!(answer["model"], body["model"]);
        assert_eq!(answer["task_status"], "PROCESSING");
        let id = answer["id"].as_str().unwrap();
        assert!(id.len() >= 19 && id.bytes().all(|byte| byte.is_ascii_digit()), "{id}");
        if body.get("request_id").is_some() {
            assert_eq!(answer["request_id"], body["request_id"]);
        } else {
            assert!(answer["request_id"].is_string());
        }
    }
    assert_eq!(sandbox.sandbox.charges().len(), bodies.len());
}

#[tokio::test]
async fn a_member_that_is_null_counts_as_not_sent() {
    let sandbox = TestSandbox::start().await;
    let body = ["duration", "size", "style", "seed", "with_audio"]
        .into_iter()
        .fold(text("x"), |body, name| with(body, name, Value::Null));
    assert_eq!(sandbox.submit(&body).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_request_one_step_past_the_documents_is_refused_and_not_charged() {
    let sandbox = TestSandbox::start().await;
    let image = |url: Value| json!({ "model": "vidu2-image", "image_url": url });
    let pair =
        |first: String, last: String| json!({ "model": "viduq1-start-end", "image_url": [first, last] });
    let jpeg_as_png = format!("data:image/png;base64,{}", STANDARD.encode([0xff, 0xd8, 0xff, 0xe0]));
    let webp = format!("data:image/webp;base64,{}", STANDARD.encode(b"RIFF\0\0\0\0WEBPVP8 "));
    let table = [
        ("1210", json!(["viduq1-text"])),
        ("1213", json!({ "prompt": "x" })),
        ("1214", json!({ "model": 3 })),
        ("1211", json!({ "model": "viduq2-image", "image_url": IMAGE })),
        ("1210", with(text("x"), "seed", 7)),
        ("1210", with(text("x"), "with_audio", true)),
        ("1210", with(text("x"), "image_url", IMAGE)),
        ("1210", with(json!({ "model": "cogvideox-3", "prompt": "x" }), "style", "anime")),
        ("1213", json!({ "model": "viduq1-text" })),
        ("1213", json!({ "model": "viduq1-text", "prompt": "" })),
        ("1213", json!({ "model": "cogvideox-3", "quality": "speed" })),
        ("1213", with(text("x"), "prompt", Value::Null)),
        ("1261", text(&"é".repeat(513))),
        ("1214", with(text("x"), "duration", 4)),
        ("1214", with(text("x"), "duration", "5")),
        ("1214", with(text("x"), "duration", 5.0)),
        ("1214", with(text("x"), "size", "1280x720")),
        ("1214", with(text("x"), "aspect_ratio", "4:3")),
        ("1214", with(text("x"), "style", "Anime")),
        ("1214", with(json!({ "model": "cogvideox-3", "prompt": "x" }), "fps", 24)),
        ("1214", with(json!({ "model": "cogvideox-3", "prompt": "x" }), "with_audio", "true")),
        ("1214", with(json!({ "model": "cogvideox-3", "prompt": "x" }), "size", "720x480")),
        ("1214", with(text("x"), "request_id", "r".repeat(5))),
        ("1214", with(text("x"), "request_id", "r".repeat(65))),
        ("1214", with(text("x"), "user_id", "u".repeat(5))),
        ("1214", with(text("x"), "user_id", "u".repeat(129))),
        ("1214", image(json!([IMAGE]))),
        ("1214", image(json!("ftp://example.com/image.png"))),
        ("1214", image(json!("image.png"))),
        ("1214", image(json!("data:image/png,AAAA"))),
        ("1214", image(json!("data:image/png;base64,A*"))),
        ("1214", image(json!(jpeg_as_png))),
        ("1214", image(json!(png(401, 100, 0)))),
        ("1214", json!({ "model": "viduq1-start-end", "image_url": IMAGE })),
        ("1214", json!({ "model": "viduq1-start-end", "image_url": [] })),
        ("1214", json!({ "model": "viduq1-start-end", "image_url": [IMAGE, IMAGE, IMAGE] })),
        ("1214", json!({ "model": "vidu2-reference", "image_url": [IMAGE, IMAGE, IMAGE, IMAGE] })),
        ("1214", json!({ "model": "vidu2-reference", "image_url": [png(127, 128, 0)] })),
        ("1214", json!({ "model": "cogvideox-3", "image_url": [IMAGE, IMAGE, IMAGE] })),
        ("1214", json!({ "model": "cogvideox-3", "image_url": webp })),
        ("1214", json!({ "model": "cogvideox-3", "image_url": png(10, 10, 5_000_001) })),
        ("1214", pair(png(100, 100, 0), png(126, 100, 0))),
        ("1214", pair(png(126, 100, 0), png(100, 100, 0))),
    ];
    for (code, body) in &table {
        let answer = sandbox.submit(body).await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{body}");
        let answer = parsed(answer).await;
        assert_eq!(answer["error"]["code"], *code, "{body}: {answer}");
        assert!(answer["error"]["message"].is_string());
    }
    let answer = sandbox.submit_text("{\"model\":".to_owned()).await.unwrap();
    assert_eq!(parsed(answer).await["error"]["code"], "1210");
    assert!(sandbox.sandbox.charges().is_empty());
    assert_eq!(sandbox.sandbox.requests().len(), table.len() + 1);
}

#[tokio::test]
async fn calls_without_the_key_are_refused_and_the_key_is_not_logged() {
    let sandbox = TestSandbox::start().await;
    let id = sandbox.accepted(&text("x")).await;
    let submit = format!("{}/paas/v4/videos/generations", sandbox.sandbox.provider_url("zai"));
    let poll = format!("{}/paas/v4/async-result/{id}", sandbox.sandbox.provider_url("zai"));
    for (method, url) in [(Method::POST, submit), (Method::GET, poll)] {
        for (code, given) in
            [("1001", None), ("1001", Some("Basic test-key")), ("1002", Some("Bearer other-key"))]
        {
            let mut request = sandbox.client.request(method.clone(), &url).body(text("x").to_string());
            request = request.header(header::CONTENT_TYPE, "application/json");
            if let Some(given) = given {
                request = request.header(header::AUTHORIZATION, given);
            }
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
            assert_eq!(parsed(answer).await["error"]["code"], code);
        }
    }
    assert_eq!(sandbox.sandbox.charges().len(), 1);
    let log = std::fs::read_to_string(sandbox.dir.path().join("sandbox.jsonl")).unwrap();
    assert!(!log.contains("-key"), "{log}");
}

#[tokio::test]
async fn a_task_runs_for_its_time_and_its_clip_is_fetched_over_a_link_that_expires() {
    let sandbox = TestSandbox::start().await;
    let id = sandbox.accepted(&with(text("x"), "request_id", "label-1")).await;
    let moment = Duration::from_millis(1);
    sandbox.pass(TASK_TIME.saturating_sub(moment));
    let (status, answer) = sandbox.poll(&id).await;
    assert_eq!((status, &answer["task_status"]), (StatusCode::OK, &json!("PROCESSING")));
    sandbox.pass(moment);
    let (_, answer) = sandbox.poll(&id).await;
    assert_eq!(answer["task_status"], "SUCCESS");
    assert_eq!(answer["request_id"], "label-1");
    assert_eq!(answer["model"], "viduq1-text");
    let link = answer["video_result"][0]["url"].as_str().unwrap();
    let cover = answer["video_result"][0]["cover_image_url"].as_str().unwrap();
    let clip = sandbox.get(link, &[]).await;
    assert_eq!(clip.headers()[header::CONTENT_TYPE], "video/mp4");
    assert_eq!(measure(&clip.bytes().await.unwrap()), (64, 64, 5));
    let cover = sandbox.get(cover, &[("authorization", "Bearer test-key")]).await.bytes().await.unwrap();
    assert_eq!(imagesize::blob_size(&cover).unwrap().width, 16);
    assert_eq!(sandbox.sandbox.stats().authorized_downloads, 1);

    sandbox.pass(Duration::from_hours(24));
    assert_eq!(sandbox.get(link, &[]).await.status(), StatusCode::OK);
    sandbox.pass(Duration::from_millis(1));
    assert_eq!(sandbox.get(link, &[]).await.status(), StatusCode::FORBIDDEN);
    let forged = link.replace("expires=", "expires=9");
    assert_eq!(sandbox.get(&forged, &[]).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(sandbox.get(&sandbox.link(&id).await, &[]).await.status(), StatusCode::OK);

    let (status, answer) = sandbox.poll("1234567890123456789").await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::NOT_FOUND, &json!("1200")));
}

#[tokio::test]
async fn full_clips_have_the_ordered_size_duration_and_rate() {
    let sandbox = TestSandbox::with(|options| {
        options.clips = ClipDetail::Full;
        options.limits = Limits::Unlimited;
    })
    .await;
    let cogvideo = json!({ "model": "cogvideox-3", "prompt": "x" });
    let table = [
        (with(with(cogvideo.clone(), "size", "720x1280"), "duration", 10), (720, 1280, 10, 30)),
        (with(cogvideo.clone(), "fps", 30), (1920, 1080, 5, 30)),
        (with(with(cogvideo, "image_url", png(301, 100, 0)), "fps", 60), (3250, 1080, 5, 60)),
        (with(text("x"), "aspect_ratio", "9:16"), (1080, 1920, 5, 24)),
        (with(json!({ "model": "vidu2-image", "image_url": IMAGE }), "size", "720x480"), (720, 480, 4, 24)),
        (
            with(json!({ "model": "vidu2-reference", "image_url": [IMAGE] }), "aspect_ratio", "1:1"),
            (720, 720, 4, 24),
        ),
    ];
    for (body, measures) in table {
        let (_, link) = sandbox.ready(&body).await;
        let clip = sandbox.get(&link, &[]).await.bytes().await.unwrap();
        assert_eq!(measure_with_rate(&clip), measures, "{body}");
        assert!(
            clip.windows(4).position(|kind| kind == b"moov")
                < clip.windows(4).position(|kind| kind == b"mdat")
        );
    }
}

#[tokio::test]
async fn a_clip_shows_the_caption_of_its_task_and_keeps_its_bytes_over_a_restart() {
    let change = |options: &mut Options| {
        options.clips = ClipDetail::Full;
        options.captions = Some(Arc::new(|task| {
            let item = task.request_id.strip_prefix("known-")?.to_owned();
            Some(Caption { title: format!("The {item}"), item, shot: "hero".to_owned() })
        }));
    };
    let sandbox = TestSandbox::with(change).await;
    let order = |id: &str| {
        let order = json!({ "model": "vidu2-image", "image_url": IMAGE, "size": "720x480" });
        with(order, "request_id", id)
    };
    let known = sandbox.accepted(&order("known-mug")).await;
    let unknown = sandbox.accepted(&order("unknown-mug")).await;
    sandbox.pass(TASK_TIME);
    let captioned = sandbox.get(&sandbox.link(&known).await, &[]).await.bytes().await.unwrap();
    let bare = sandbox.get(&sandbox.link(&unknown).await, &[]).await.bytes().await.unwrap();

    let sandbox = sandbox.restart(change).await;
    assert_eq!(sandbox.get(&sandbox.link(&known).await, &[]).await.bytes().await.unwrap(), captioned);
    let sandbox = sandbox.restart(|options| options.clips = ClipDetail::Full).await;
    assert_ne!(sandbox.get(&sandbox.link(&known).await, &[]).await.bytes().await.unwrap(), captioned);
    assert_eq!(sandbox.get(&sandbox.link(&unknown).await, &[]).await.bytes().await.unwrap(), bare);
}

#[tokio::test]
async fn no_two_tasks_have_the_same_clip() {
    let sandbox = TestSandbox::start().await;
    let mut clips = Vec::new();
    for _ in 0..2 {
        let (_, link) = sandbox.ready(&text("x")).await;
        clips.push(sandbox.get(&link, &[]).await.bytes().await.unwrap());
    }
    assert_ne!(clips[0], clips[1]);
}

#[tokio::test]
async fn a_restart_on_the_same_directory_forgets_nothing() {
    let sandbox = TestSandbox::start().await;
    let first = sandbox.accepted(&with(text("one"), "request_id", "label-1")).await;
    sandbox.submit(&json!({ "model": "none" })).await.unwrap();
    sandbox.pass(TASK_TIME);
    let link = sandbox.link(&first).await;
    let clip = sandbox.get(&link, &[]).await.bytes().await.unwrap();
    let (charges, address) = (sandbox.sandbox.charges(), sandbox.sandbox.addr());

    // What a kill in the middle of a write leaves.
    let log = sandbox.dir.path().join("sandbox.jsonl");
    sandbox.sandbox.stop().await.unwrap();
    let whole = std::fs::read(&log).unwrap();
    let mut torn = whole.clone();
    torn.extend_from_slice(b"{\"request\":{\"at\":\"20");
    #[expect(clippy::disallowed_methods, reason = "damages a file on purpose")]
    std::fs::write(&log, torn).unwrap();

    let sandbox = TestSandbox::open(sandbox.dir, sandbox.clock, |_| {}).await;
    assert_eq!(std::fs::read(&log).unwrap(), whole);
    assert_eq!(sandbox.sandbox.addr(), address);
    assert_eq!(sandbox.sandbox.charges(), charges);
    assert_eq!(sandbox.sandbox.requests().len(), 2);
    let answer = sandbox.submit(&with(text("two"), "request_id", "label-1")).await.unwrap();
    assert_eq!(parsed(answer).await["error"]["code"], "1231");
    assert_eq!(sandbox.get(&link, &[]).await.bytes().await.unwrap(), clip);
    let second = sandbox.accepted(&text("two")).await;
    assert_ne!(first, second);
    assert_eq!(sandbox.restart(|_| {}).await.sandbox.charges().len(), 2);
}

#[tokio::test]
async fn a_directory_serves_one_sandbox_at_a_time() {
    let sandbox = TestSandbox::start().await;
    let second = Sandbox::start(options(sandbox.dir.path(), &sandbox.clock)).await;
    assert_eq!(second.err().unwrap().kind(), std::io::ErrorKind::ResourceBusy);
}

#[tokio::test]
async fn a_request_id_is_accepted_once() {
    let sandbox = TestSandbox::start().await;
    let body = with(text("x"), "request_id", "label-1");
    sandbox.accepted(&body).await;
    let again = sandbox.submit(&body).await.unwrap();
    assert_eq!(again.status(), StatusCode::BAD_REQUEST);
    let again = parsed(again).await;
    assert_eq!(again["error"]["code"], "1231");
    assert!(again["error"]["message"].as_str().unwrap().contains("label-1"));
    assert_eq!(sandbox.sandbox.charges().len(), 1);
}

#[tokio::test]
async fn one_task_too_many_at_once_is_throttled_by_model() {
    let limits = Limits::PerModel(BTreeMap::from([("viduq1-text".to_owned(), 2)]));
    let sandbox = TestSandbox::with(|options| options.limits = limits).await;
    let cogvideo = json!({ "model": "cogvideox-3", "prompt": "x" });
    sandbox.accepted(&cogvideo).await;
    sandbox.accepted(&text("x")).await;
    sandbox.accepted(&text("x")).await;
    for body in [&cogvideo, &text("x")] {
        let answer = sandbox.submit(body).await.unwrap();
        assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(parsed(answer).await["error"]["code"], "1302");
    }
    sandbox.pass(TASK_TIME);
    sandbox.accepted(&cogvideo).await;
    assert_eq!(
        sandbox.sandbox.stats().max_running,
        BTreeMap::from([("cogvideox-3".to_owned(), 1), ("viduq1-text".to_owned(), 2)])
    );
}

#[tokio::test]
async fn simultaneous_submissions_are_all_on_disk_once_answered() {
    let sandbox = TestSandbox::with(|options| options.limits = Limits::Unlimited).await;
    let bodies: Vec<_> = (0..40).map(|n| with(text("x"), "request_id", format!("label-{n}"))).collect();
    let ids = futures::future::join_all(bodies.iter().map(|body| sandbox.accepted(body))).await;
    let log = std::fs::read_to_string(sandbox.dir.path().join("sandbox.jsonl")).unwrap();
    for id in &ids {
        assert_eq!(log.matches(&format!("\"id\":\"{id}\"")).count(), 1, "{id}");
    }
}

#[tokio::test]
async fn a_clip_is_served_in_ranges() {
    let sandbox = TestSandbox::start().await;
    let (_, link) = sandbox.ready(&text("x")).await;
    let whole = sandbox.get(&link, &[]).await;
    let name = whole.headers()[header::CONTENT_DISPOSITION].to_str().unwrap();
    assert_eq!(name, "attachment; filename=\"../../named-by-the-host.mp4\"");
    let tag = whole.headers()[header::ETAG].to_str().unwrap().to_owned();
    let date = whole.headers()[header::LAST_MODIFIED].to_str().unwrap().to_owned();
    assert!(tag.starts_with('"'), "{tag} is not strong");
    let whole = whole.bytes().await.unwrap();
    let end = whole.len();
    let table: [(&[_], _, _); 8] = [
        (&[("range", "bytes=100-")], StatusCode::PARTIAL_CONTENT, 100..end),
        (&[("range", "bytes=0-9")], StatusCode::PARTIAL_CONTENT, 0..10),
        (&[("range", "bytes=-10")], StatusCode::PARTIAL_CONTENT, end - 10..end),
        (&[("range", "bytes=10-99999999")], StatusCode::PARTIAL_CONTENT, 10..end),
        (&[("range", "bytes=9-0")], StatusCode::OK, 0..end),
        (&[("range", "bytes=100-"), ("if-range", &tag)], StatusCode::PARTIAL_CONTENT, 100..end),
        (&[("range", "bytes=100-"), ("if-range", &date)], StatusCode::PARTIAL_CONTENT, 100..end),
        (&[("range", "bytes=100-"), ("if-range", "\"other\"")], StatusCode::OK, 0..end),
    ];
    for (headers, status, part) in table {
        let answer = sandbox.get(&link, headers).await;
        assert_eq!(answer.status(), status, "{headers:?}");
        let range =
            answer.headers().get(header::CONTENT_RANGE).map(|range| range.to_str().unwrap().to_owned());
        let expected = format!("bytes {}-{}/{end}", part.start, part.end - 1);
        assert_eq!(range, (status == StatusCode::PARTIAL_CONTENT).then_some(expected), "{headers:?}");
        assert_eq!(answer.content_length(), Some(part.len() as u64), "{headers:?}");
        assert_eq!(answer.bytes().await.unwrap(), whole.slice(part), "{headers:?}");
    }
    let beyond = sandbox.get(&link, &[("range", &format!("bytes={end}-"))]).await;
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(beyond.headers()[header::CONTENT_RANGE], format!("bytes */{end}"));
}

#[tokio::test]
async fn a_cut_connection_leaves_the_charge_that_its_fault_says() {
    for (fault, charges) in [
        (json!("reset_before"), 0),
        (json!("reset_after_accept"), 1),
        (json!("close_after_accept"), 1),
        (json!({ "hang_after_accept": { "seconds": 0 } }), 1),
    ] {
        let sandbox = TestSandbox::with_rules(json!([{ "on": "submit", "times": 1, "do": fault }])).await;
        let error = sandbox.submit(&text("x")).await.unwrap_err();
        assert!(error.is_request() && !error.is_connect(), "{fault}: {error:?}");
        // The cause tells a reset from an orderly end.
        let text_of = format!("{error:?}");
        assert_eq!(
            text_of.contains("ConnectionReset"),
            fault.as_str().is_some_and(|name| name.starts_with("reset")),
            "{fault}: {text_of}"
        );
        assert_eq!(sandbox.sandbox.charges().len(), charges, "{fault}");
        assert_eq!(sandbox.sandbox.requests()[0].status, None);
        sandbox.accepted(&text("the next one passes")).await;
        assert_eq!(sandbox.restart(|_| {}).await.sandbox.charges().len(), charges + 1, "{fault}");
    }
}

#[tokio::test]
async fn a_hung_submission_is_charged_while_its_client_still_waits_and_a_stop_ends_it() {
    let rules = json!([{ "on": "submit", "do": { "hang_after_accept": { "seconds": 3600 } } }]);
    let sandbox = TestSandbox::with_rules(rules).await;
    let url = format!("{}/paas/v4/videos/generations", sandbox.sandbox.provider_url("zai"));
    let request = sandbox.client.post(url).bearer_auth(KEY).header(header::CONTENT_TYPE, "application/json");
    let mut waiting = tokio::task::JoinSet::new();
    waiting.spawn(request.body(text("x").to_string()).send());
    while sandbox.sandbox.charges().is_empty() {
        tokio::task::yield_now().await;
    }
    sandbox.sandbox.stop().await.unwrap();
    assert!(waiting.join_next().await.unwrap().unwrap().is_err());
}

#[tokio::test]
async fn an_answer_can_be_any_status_error_or_garbage() {
    let sandbox = TestSandbox::with_rules(json!([
        { "on": "submit", "when": { "nth": 1 }, "do": { "status": {
            "code": 502, "body": "<html>", "headers": { "content-type": "text/html" } } } },
        { "on": "submit", "when": { "nth": 2 }, "do": { "status": {
            "code": 307, "headers": { "location": "http://127.0.0.1:9/" }, "accept": true } } },
        { "on": "submit", "when": { "nth": 3 }, "do": { "error": {
            "http": 429, "code": "1303", "message": "too often", "retry_after": 7 } } },
        { "on": "submit", "when": { "nth": 4 }, "do": { "error": {
            "http": 500, "code": "1234", "message": "inside", "accept": true } } },
        { "on": "submit", "when": { "nth": 5 }, "do": "malformed" },
        { "on": "poll", "when": { "nth": 1 }, "do": { "error": {
            "http": 404, "code": "1200", "message": "not yet" } } },
        { "on": "poll", "when": { "nth": 2 }, "do": { "delay": { "ms": 1 } } },
    ]))
    .await;
    let page = sandbox.submit(&text("x")).await.unwrap();
    assert_eq!(page.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(page.headers()[header::CONTENT_TYPE], "text/html");
    assert_eq!(page.text().await.unwrap(), "<html>");
    assert_eq!(sandbox.sandbox.charges().len(), 0);

    let moved = sandbox.submit(&text("x")).await.unwrap();
    assert_eq!(moved.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(moved.headers()[header::LOCATION], "http://127.0.0.1:9/");
    assert_eq!(sandbox.sandbox.charges().len(), 1);

    let throttled = sandbox.submit(&text("x")).await.unwrap();
    assert_eq!(throttled.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(throttled.headers()[header::RETRY_AFTER], "7");
    assert_eq!(parsed(throttled).await, json!({ "error": { "code": "1303", "message": "too often" } }));
    assert_eq!(sandbox.sandbox.charges().len(), 1);

    let inside = sandbox.submit(&text("x")).await.unwrap();
    assert_eq!(inside.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(parsed(inside).await["error"]["code"], "1234");
    assert_eq!(sandbox.sandbox.charges().len(), 2);

    let garbage = sandbox.submit(&text("x")).await.unwrap();
    assert_eq!(garbage.status(), StatusCode::OK);
    assert!(serde_json::from_slice::<Value>(&garbage.bytes().await.unwrap()).is_err());
    assert_eq!(sandbox.sandbox.charges().len(), 3);

    let id = sandbox.sandbox.charges()[0].task.clone();
    assert_eq!(sandbox.poll(&id).await.0, StatusCode::NOT_FOUND);
    assert_eq!(sandbox.poll(&id).await.1["task_status"], "PROCESSING");
}

#[tokio::test]
async fn a_task_ends_as_its_fault_says_also_after_a_restart() {
    let policy = json!({ "code": "1301", "message": "unsafe" });
    let rule = |prompt: &str, fault: Value| json!({ "on": "submit", "when": { "prompt_contains": prompt }, "do": fault });
    let sandbox = TestSandbox::with_rules(json!([
        rule("object", json!({ "fail": policy })),
        rule("text", json!({ "fail": { "message": "unsafe", "shape": "string", "charged": true } })),
        rule("silent", json!({ "fail": { "shape": "none" } })),
        rule("nothing", json!("no_result")),
        rule("word", json!({ "unknown_word": { "word": "QUEUEING" } })),
    ]))
    .await;
    let table = [
        ("object", json!("FAIL"), policy.clone(), "0.00", "fail"),
        ("text", json!("FAIL"), json!("unsafe"), "0.40", "fail"),
        ("silent", json!("FAIL"), Value::Null, "0.00", "fail"),
        ("nothing", json!("SUCCESS"), Value::Null, "0.40", "no_result"),
        ("word", json!("QUEUEING"), Value::Null, "0.40", "QUEUEING"),
    ];
    let mut ids = Vec::new();
    for (prompt, ..) in &table {
        ids.push(sandbox.accepted(&text(prompt)).await);
    }
    assert_eq!(sandbox.poll(&ids[0]).await.1["task_status"], "PROCESSING");
    let sandbox = sandbox.restart(|_| {}).await;
    sandbox.pass(TASK_TIME);
    for ((prompt, word, error, usd, outcome), (id, charge)) in
        table.iter().zip(ids.iter().zip(sandbox.sandbox.charges()))
    {
        let (_, answer) = sandbox.poll(id).await;
        assert_eq!((&answer["task_status"], &answer["error"]), (word, error), "{prompt}");
        assert!(answer["video_result"].as_array().is_none_or(Vec::is_empty), "{prompt}");
        assert_eq!((charge.usd.as_str(), charge.outcome.as_str()), (*usd, *outcome), "{prompt}");
    }
}

#[tokio::test]
async fn a_poll_can_lie_once_about_how_a_task_ended() {
    let sandbox = TestSandbox::with_rules(json!([
        { "on": "poll", "times": 1, "do": "no_result" },
        { "on": "poll", "when": { "nth": 2 }, "do": { "unknown_word": { "word": "QUEUEING" } } },
    ]))
    .await;
    let id = sandbox.accepted(&text("x")).await;
    sandbox.pass(TASK_TIME);
    assert_eq!(sandbox.poll(&id).await.1["video_result"], json!([]));
    assert_eq!(sandbox.poll(&id).await.1["task_status"], "QUEUEING");
    assert!(sandbox.link(&id).await.starts_with(&sandbox.sandbox.base_url()));
}

#[tokio::test]
async fn a_download_goes_wrong_as_its_fault_says() {
    let sandbox = TestSandbox::start().await;
    let (id, link) = sandbox.ready(&text("x")).await;
    let whole = sandbox.get(&link, &[]).await.bytes().await.unwrap();
    let half = whole.len() / 2;
    let rule = |fault: Value| {
        let rule = json!({ "on": "download", "times": 1, "do": fault });
        sandbox.sandbox.add_fault(serde_json::from_value(rule).unwrap()).unwrap();
    };

    rule(json!({ "truncate": { "at": 0.5 } }));
    let mut cut = sandbox.get(&link, &[]).await;
    assert_eq!(cut.content_length(), Some(whole.len() as u64));
    let mut got = Vec::new();
    let error = loop {
        match cut.chunk().await {
            Ok(chunk) => got.extend(chunk.expect("the body must not end in order")),
            Err(error) => break error,
        }
    };
    assert!(error.is_body() || error.is_decode(), "{error:?}");
    assert_eq!(got, whole[..half]);

    rule(json!({ "truncate": { "at": 0.5, "announce": false } }));
    let cut = sandbox.get(&link, &[]).await;
    assert_eq!(cut.headers().get(header::CONTENT_LENGTH), None);
    assert_eq!(cut.headers().get(header::TRANSFER_ENCODING), None);
    assert_eq!(cut.bytes().await.unwrap(), whole[..half]);

    rule(json!("wrong_length"));
    let short = sandbox.get(&link, &[]).await.bytes().await.unwrap();
    assert!(short.len() < whole.len() && whole.starts_with(&short));

    rule(json!("html"));
    let page = sandbox.get(&link, &[]).await;
    assert_eq!(
        (page.status(), &page.headers()[header::CONTENT_TYPE]),
        (StatusCode::OK, &"text/html".parse().unwrap())
    );

    rule(json!("ignore_range"));
    let ignored = sandbox.get(&link, &[("range", "bytes=100-")]).await;
    assert_eq!((ignored.status(), ignored.bytes().await.unwrap()), (StatusCode::OK, whole.clone()));

    rule(json!("wrong_range"));
    let shifted = sandbox.get(&link, &[("range", "bytes=100-")]).await;
    assert_eq!(
        shifted.headers()[header::CONTENT_RANGE],
        format!("bytes 101-{}/{}", whole.len() - 1, whole.len())
    );

    rule(json!("flip"));
    let flipped = sandbox.get(&link, &[]).await.bytes().await.unwrap();
    assert_eq!(flipped.iter().zip(&whole).filter(|(one, other)| one != other).count(), 1);

    rule(json!({ "slow": { "bytes_per_second": 10_000_000 } }));
    assert_eq!(sandbox.get(&link, &[]).await.bytes().await.unwrap(), whole);

    rule(json!("expire"));
    assert_eq!(sandbox.get(&link, &[]).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(sandbox.get(&link, &[]).await.status(), StatusCode::FORBIDDEN);
    sandbox.pass(Duration::from_secs(1));
    let fresh = sandbox.link(&id).await;
    assert_eq!(sandbox.get(&fresh, &[]).await.bytes().await.unwrap(), whole);
}

#[tokio::test]
async fn rules_count_their_own_calls_and_the_first_that_is_due_acts() {
    let error = |code: &str| json!({ "error": { "http": 429, "code": code, "message": "" } });
    let sandbox = TestSandbox::with_rules(json!([
        { "on": "submit", "when": { "model": "cogvideox-3" }, "do": error("1") },
        { "on": "submit", "when": { "request_contains": "label" }, "times": 1, "do": error("2") },
        { "on": "submit", "when": { "every": 3 }, "do": error("3") },
        { "on": "submit", "when": { "chance": 0.0 }, "do": error("4") },
    ]))
    .await;
    let label = |n: u32| with(text("x"), "request_id", format!("label-{n}"));
    let bodies = [
        label(1),
        json!({ "model": "cogvideox-3", "prompt": "x" }),
        text("x"),
        label(2),
        text("x"),
        text("x"),
    ];
    let mut codes = Vec::new();
    for body in &bodies {
        codes.push(parsed(sandbox.submit(body).await.unwrap()).await["error"]["code"].clone());
    }
    assert_eq!(json!(codes), json!(["2", "1", "3", null, null, "3"]));
}

#[tokio::test]
async fn the_same_seed_gives_the_same_run() {
    let run = async |seed| {
        let sandbox = TestSandbox::with(|options| {
            options.seed = seed;
            options.limits = Limits::Unlimited;
            options.task_time = Duration::from_secs(1)..=Duration::from_secs(1000);
        })
        .await;
        for _ in 0..5 {
            sandbox.accepted(&text("x")).await;
        }
        let requests = sandbox.sandbox.requests();
        requests.into_iter().map(|request| request.task.unwrap().ready_at).collect::<Vec<_>>()
    };
    assert_eq!(run(7).await, run(7).await);
    assert_ne!(run(7).await, run(8).await);
}

#[tokio::test]
async fn impossible_rules_are_refused() {
    let sandbox = TestSandbox::start().await;
    for rule in [
        json!({ "on": "submit", "do": { "truncate": { "at": 0.5 } } }),
        json!({ "on": "download", "do": "no_result" }),
        json!({ "on": "download", "do": { "truncate": { "at": 1.5 } } }),
        json!({ "on": "poll", "do": { "status": { "code": 100 } } }),
        json!({ "on": "poll", "do": { "status": { "code": 200, "headers": { "a b": "c" } } } }),
        json!({ "on": "poll", "when": { "chance": 2.0 }, "do": "malformed" }),
        json!({ "on": "poll", "when": { "sku": "x" }, "do": "malformed" }),
    ] {
        let (status, answer) = sandbox.admin(Method::POST, "faults", json!([rule])).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{rule}");
        assert!(answer["error"].is_string(), "{rule}");
    }
    assert_eq!(sandbox.admin(Method::POST, "faults", json!("malformed")).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_admin_pages_tell_what_came_in_and_what_it_cost() {
    let sandbox = TestSandbox::start().await;
    let rule = json!({ "on": "submit", "do": { "status": { "code": 500, "accept": true } } });
    assert_eq!(sandbox.admin(Method::POST, "faults", rule.clone()).await.0, StatusCode::NO_CONTENT);
    let image = png(128, 128, 0);
    let body = json!({ "model": "vidu2-reference", "image_url": [image.clone()], "request_id": "label-1" });
    sandbox.submit(&body).await.unwrap();
    assert_eq!(sandbox.admin(Method::DELETE, "faults", Value::Null).await.0, StatusCode::NO_CONTENT);
    sandbox.submit(&json!({ "model": "none" })).await.unwrap();

    let (_, charges) = sandbox.admin(Method::GET, "charges", Value::Null).await;
    let id = sandbox.sandbox.charges()[0].task.clone();
    assert_eq!(
        charges,
        json!([{
            "provider": "zai", "task": id, "request_id": "label-1", "model": "vidu2-reference", "usd": "0.40",
            "accepted_at": "2023-11-14T22:13:20Z", "outcome": "processing",
        }])
    );
    let bytes = STANDARD.decode(image.split_once(',').unwrap().1).unwrap();
    let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    let (_, requests) = sandbox.admin(Method::GET, "requests", Value::Null).await;
    let picture = json!({ "bytes": bytes.len(), "sha256": sha256, "mime": "image/png" });
    let first = &requests[0];
    assert_eq!(first["body"]["image_url"], json!([picture]));
    assert_eq!(
        (&first["status"], &first["task"], &first["time"]),
        (&json!(500), &json!(id), &json!("2023-11-14T22:13:20Z"))
    );
    assert_eq!(first["fault"]["status"]["code"], 500);
    let second = &requests[1];
    assert_eq!(
        (&second["status"], &second["code"], &second["task"], &second["fault"]),
        (&json!(400), &json!("1211"), &Value::Null, &Value::Null)
    );
    let (_, stats) = sandbox.admin(Method::GET, "stats", Value::Null).await;
    assert_eq!((&stats["submits"], &stats["polls"], &stats["downloads"]), (&json!(2), &json!(0), &json!(0)));
    assert!(stats["connections"].as_u64().unwrap() >= 6);
    assert_eq!(stats["max_running"], json!({ "vidu2-reference": 1 }));
}

#[tokio::test]
async fn close_idle_ends_each_connection_without_announcing_it() {
    let sandbox = TestSandbox::with(|options| options.close_idle = true).await;
    let id = sandbox.accepted(&text("x")).await;
    sandbox.pass(TASK_TIME);
    let mut stream = tokio::net::TcpStream::connect(sandbox.sandbox.addr()).await.unwrap();
    let request = format!(
        "GET /zai/paas/v4/async-result/{id} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {KEY}\r\n\r\n",
        sandbox.sandbox.addr()
    );
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("SUCCESS"), "{answer}");
    assert!(!answer.to_lowercase().contains("connection: close"), "{answer}");
    let link = sandbox.link(&id).await;
    assert_eq!(measure(&sandbox.get(&link, &[]).await.bytes().await.unwrap()), (64, 64, 5));
}
