//! `UniAll`: six models, a price by the second, and two ways to ask.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::server::{IMAGE, TASK_TIME, TestSandbox, measure, png, with};

const POST: &str = "/uniall/v1/video/generations";

fn order(model: &str) -> Value {
    json!({ "model": model, "prompt": "x", "duration": 5 })
}

fn pro(name: &str, value: impl Into<Value>) -> Value {
    with(order("viduq3p-720p"), name, value)
}

async fn poll(sandbox: &TestSandbox, id: &str) -> Value {
    sandbox.told(&format!("{POST}/{id}")).await
}

#[tokio::test]
async fn every_model_takes_what_is_documented_up_to_the_edge() {
    let sandbox = TestSandbox::start().await;
    let extras = json!({ "audio": false, "seed": 42, "bgm": false });
    let urls = |count: usize| json!(vec![IMAGE; count]);
    let table = [
        (with(pro("aspect_ratio", "16:9"), "extra_body", extras), "0.30"),
        (with(order("viduq3t-540p"), "image", IMAGE), "0.15"),
        (with(pro("image", IMAGE), "last_image", IMAGE), "0.30"),
        (with(pro("reference_image_urls", urls(4)), "aspect_ratio", "1:1"), "0.30"),
        (with(with(order("viduq3t-1080p"), "image", IMAGE), "last_image", IMAGE), "0.15"),
        (with(order("viduq3p-540p"), "reference_image_urls", urls(1)), "0.30"),
        (with(order("viduq3p-1080p"), "duration", 16), "0.96"),
        (with(order("viduq3p-1080p"), "duration", "16"), "0.96"),
        (with(order("viduq3t-720p"), "duration", 1), "0.03"),
        (pro("prompt", "é".repeat(10_000)), "0.30"),
        (pro("extra_body", json!({})), "0.30"),
    ];
    for (body, usd) in &table {
        let (status, answer) = sandbox.call(Method::POST, POST, body).await;
        assert_eq!(status, StatusCode::OK, "{body}: {answer}");
        let id = answer["id"].as_str().unwrap();
        assert!(id.starts_with("task_"), "{id}");
        assert_eq!(
            answer,
            json!({
                "id": id, "task_id": id, "object": "video.generation.job", "model": body["model"],
                "status": "queued", "progress": 0, "created_at": 1_700_000_000,
            })
        );
        assert_eq!(sandbox.sandbox.charges().pop().unwrap().usd, *usd, "{body}");
    }
}

#[tokio::test]
async fn a_request_one_step_past_the_document_is_refused() {
    let sandbox = TestSandbox::start().await;
    let without = |name: &str| {
        let mut body = order("viduq3p-720p");
        body.as_object_mut().unwrap().remove(name);
        body
    };
    let urls = |count: usize| json!(vec![IMAGE; count]);
    let table = [
        ("model", without("model")),
        ("model", pro("model", 3)),
        ("prompt", without("prompt")),
        ("prompt", pro("prompt", "")),
        ("duration", without("duration")),
        ("duration", pro("duration", 0)),
        ("duration", pro("duration", 17)),
        ("duration", pro("duration", "17")),
        ("duration", pro("duration", "5s")),
        ("duration", pro("duration", "+5")),
        ("duration", pro("duration", 5.0)),
        ("aspect_ratio", pro("aspect_ratio", "4:3")),
        ("image", pro("image", png(100, 100, 0))),
        ("image", pro("image", json!([IMAGE]))),
        ("last_image", pro("last_image", IMAGE)),
        ("last_image", with(pro("image", IMAGE), "last_image", png(100, 100, 0))),
        ("images", pro("images", json!([IMAGE, IMAGE]))),
        ("image_urls", pro("image_urls", json!([IMAGE]))),
        ("reference_image_urls", pro("reference_image_urls", urls(0))),
        ("reference_image_urls", pro("reference_image_urls", urls(5))),
        ("reference_image_urls", pro("reference_image_urls", json!([png(200, 200, 0)]))),
        ("reference_image_urls", with(pro("reference_image_urls", urls(1)), "image", IMAGE)),
        ("last_image", with(pro("reference_image_urls", urls(1)), "last_image", IMAGE)),
        ("reference_image_urls", with(order("viduq3t-720p"), "reference_image_urls", urls(1))),
        ("extra_body", pro("extra_body", true)),
        ("audio", pro("extra_body", json!({ "audio": "false" }))),
        ("bgm", pro("extra_body", json!({ "bgm": "false" }))),
        ("seed", pro("extra_body", json!({ "seed": 1.5 }))),
        ("style", pro("extra_body", json!({ "style": "anime" }))),
        ("seed", pro("seed", 42)),
        ("resolution", pro("resolution", "720p")),
    ];
    for (parameter, body) in &table {
        let (status, answer) = sandbox.call(Method::POST, POST, body).await;
        let error = &answer["error"];
        assert_eq!(
            (status, &error["param"]),
            (StatusCode::BAD_REQUEST, &json!(parameter)),
            "{body}: {answer}"
        );
        assert_eq!(error["code"], "invalid_parameter");
        assert!(error["message"].is_string() && error["type"].is_string(), "{answer}");
    }
    let (status, answer) = sandbox.call(Method::POST, POST, &order("viduq3p-1080p-offpeak")).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer["error"]["code"], "model_not_found");
    assert!(sandbox.sandbox.charges().is_empty());
}

#[tokio::test]
async fn a_task_queues_runs_and_ends_with_its_link_in_another_place_on_each_path() {
    let sandbox = TestSandbox::start().await;
    let id = sandbox.ordered(POST, &with(order("viduq3t-540p"), "duration", 3)).await;
    sandbox.pass(TASK_TIME / 4);
    let waiting = poll(&sandbox, &id).await;
    assert_eq!((&waiting["status"], &waiting["progress"]), (&json!("queued"), &json!(0)));
    sandbox.pass(TASK_TIME / 4);
    let running = poll(&sandbox, &id).await;
    assert_eq!((&running["status"], &running["progress"]), (&json!("in_progress"), &json!(50)));
    sandbox.pass((TASK_TIME / 2).saturating_sub(Duration::from_millis(1)));
    assert_eq!(poll(&sandbox, &id).await["status"], "in_progress");
    sandbox.pass(Duration::from_millis(1));
    let done = poll(&sandbox, &id).await;
    assert_eq!((&done["status"], &done["progress"]), (&json!("completed"), &json!(100)));
    assert_eq!(done["metadata"], Value::Null);
    let other = sandbox.told(&format!("/uniall/v1/videos/{id}")).await;
    assert_eq!((&other["status"], &other["video_url"]), (&json!("completed"), &Value::Null));
    for link in [&done["video_url"], &other["metadata"]["url"]] {
        let clip = sandbox.get(link.as_str().unwrap(), &[]).await.bytes().await.unwrap();
        assert_eq!(measure(&clip), (64, 64, 3));
    }
}

#[tokio::test]
async fn a_task_fails_in_each_form_and_its_charge_follows() {
    let rule = |prompt: &str, fault: Value| json!({ "on": "submit", "when": { "prompt_contains": prompt }, "do": fault });
    let sandbox = TestSandbox::with_rules(json!([
        rule("object", json!({ "fail": { "code": "task_failed", "message": "unsafe" } })),
        rule("text", json!({ "fail": { "message": "unsafe", "shape": "string", "charged": true } })),
        rule("silent", json!({ "fail": { "shape": "none" } })),
        rule("nothing", json!("no_result")),
        rule("word", json!({ "unknown_word": { "word": "archived" } })),
    ]))
    .await;
    let table = [
        ("object", "failed", json!({ "code": "task_failed", "message": "unsafe" }), Value::Null, "0.00"),
        ("text", "failed", Value::Null, json!("unsafe"), "0.30"),
        ("silent", "failed", Value::Null, Value::Null, "0.00"),
        ("nothing", "completed", Value::Null, Value::Null, "0.30"),
        ("word", "archived", Value::Null, Value::Null, "0.30"),
    ];
    let mut ids = Vec::new();
    for (prompt, ..) in &table {
        ids.push(sandbox.ordered(POST, &pro("prompt", *prompt)).await);
    }
    let sandbox = sandbox.restart(|_| {}).await;
    sandbox.pass(TASK_TIME);
    for ((prompt, word, error, reason, usd), (id, charge)) in
        table.iter().zip(ids.iter().zip(sandbox.sandbox.charges()))
    {
        for path in [POST, "/uniall/v1/videos"] {
            let answer = sandbox.told(&format!("{path}/{id}")).await;
            assert_eq!(
                (&answer["status"], &answer["error"], &answer["fail_reason"]),
                (&json!(word), error, reason),
                "{prompt}"
            );
            assert_eq!((&answer["video_url"], &answer["metadata"]), (&Value::Null, &Value::Null), "{prompt}");
        }
        assert_eq!(charge.usd, *usd, "{prompt}");
    }
}

#[tokio::test]
async fn a_path_is_compared_byte_by_byte() {
    let sandbox = TestSandbox::start().await;
    let (_, answer) = sandbox.call(Method::POST, POST, &order("viduq3p-720p")).await;
    let id = answer["id"].as_str().unwrap();
    for (path, status) in [
        (format!("{POST}/{id}"), StatusCode::OK),
        (format!("{POST}/{}", id.replace('_', "%5F")), StatusCode::NOT_FOUND),
        (format!("/uniall//v1/video/generations/{id}"), StatusCode::NOT_FOUND),
    ] {
        assert_eq!(sandbox.call(Method::GET, &path, &Value::Null).await.0, status, "{path}");
    }
}
