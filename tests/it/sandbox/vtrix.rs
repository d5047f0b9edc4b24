//! Vtrix: the envelope, its many models, and errors in three forms.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::server::{IMAGE, KEY, TASK_TIME, TestSandbox, measure, parsed, png, with};

const POST: &str = "/vtrix/model/v1/generation";
const Q1: &str = "viduq1_img2video";

fn order(model: &str, parameters: &Value) -> Value {
    json!({ "model": model, "input": [{ "params": parameters }] })
}

fn image() -> Value {
    json!({ "images": [IMAGE] })
}

async fn poll(sandbox: &TestSandbox, id: &str) -> Value {
    sandbox.told(&format!("{POST}/task/{id}")).await
}

#[tokio::test]
async fn every_model_takes_what_is_documented_up_to_the_edge() {
    let sandbox = TestSandbox::start().await;
    let full = json!({
        "images": [png(400, 100, 0)], "prompt": "é".repeat(2000), "audio": true, "voice_id": "", "is_rec": true,
        "bgm": true, "duration": 5, "seed": -1, "resolution": "1080p", "movement_amplitude": "large",
        "payload": "p".repeat(1_048_576), "off_peak": false, "watermark": true, "wm_position": 4,
        "wm_url": IMAGE, "callback_url": "https://example.com/hook",
    });
    let prompt = json!({ "prompt": "x" });
    let frames = json!({ "images": [IMAGE, IMAGE] });
    let images = |count: usize| json!({ "images": vec![IMAGE; count] });
    let long = |base: Value, seconds: u32, resolution: &str| {
        with(with(base, "duration", seconds), "resolution", resolution)
    };
    let table = [
        (Q1, full, "0.45"),
        (Q1, image(), "0.40"),
        (Q1, with(image(), "audio_type", "speech_only"), "0.40"),
        (Q1, json!({ "images": [png(100, 400, 0)], "wm_position": 1 }), "0.40"),
        ("viduq1_text2video", with(with(prompt.clone(), "style", "anime"), "aspect_ratio", "1:1"), "0.40"),
        ("vidu20_img2video", long(image(), 4, "360p"), "0.30"),
        ("vidu20_img2video", long(image(), 4, "1080p"), "0.30"),
        ("vidu20_img2video", long(image(), 8, "720p"), "0.30"),
        ("viduq2_text2video", long(with(prompt.clone(), "aspect_ratio", "4:3"), 10, "540p"), "0.30"),
        ("viduq2_pro_fast_text2video", long(prompt.clone(), 1, "1080p"), "0.30"),
        ("viduq2_turbo_img2video", long(image(), 10, "540p"), "0.30"),
        ("viduq2_pro_img2video", long(image(), 1, "720p"), "0.30"),
        ("viduq2_pro_fast_img2video", long(image(), 10, "720p"), "0.30"),
        ("viduq2_turbo_start_end2video", long(frames.clone(), 8, "1080p"), "0.30"),
        ("viduq2_pro_start_end2video", long(frames.clone(), 1, "540p"), "0.30"),
        ("viduq2_pro_fast_start_end2video", frames.clone(), "0.30"),
        ("viduq2_i2v_reference", images(7), "0.30"),
        ("viduq2_pro_reference", with(images(4), "videos", json!([IMAGE, IMAGE])), "0.30"),
        ("viduq2_pro_reference", with(images(7), "prompt", "x".repeat(5000)), "0.30"),
        ("viduq3_i2v_reference", long(with(images(1), "aspect_ratio", "auto"), 3, "720p"), "0.30"),
        ("viduq3_i2v_reference", long(json!({ "images": [png(128, 128, 0)] }), 16, "720p"), "0.30"),
        ("viduq3_pro_text2video", long(json!({ "prompt": "x".repeat(5000) }), 16, "1080p"), "0.30"),
        ("viduq3_turbo_text2video", long(prompt, 1, "540p"), "0.30"),
        ("viduq3_pro_img2video", long(image(), 16, "1080p"), "0.30"),
        ("viduq3_turbo_img2video", image(), "0.30"),
        ("viduq3_pro_start_end2video", long(frames.clone(), 16, "720p"), "0.30"),
        ("viduq3_turbo_start_end2video", frames, "0.30"),
    ];
    for (model, parameters, usd) in &table {
        let (status, answer) = sandbox.call(Method::POST, POST, &order(model, parameters)).await;
        assert_eq!(status, StatusCode::OK, "{model}: {answer}");
        let id = answer["id"].as_str().unwrap();
        assert!(id.len() == 20 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'v')), "{id}");
        assert_eq!(
            answer,
            json!({ "id": id, "status": "in_progress", "model": model, "created_at": 1_700_000_000 })
        );
        let charge = sandbox.sandbox.charges().pop().unwrap();
        assert_eq!((charge.task.as_str(), charge.usd.as_str()), (id, *usd), "{model}");
    }
}

#[tokio::test]
async fn a_parameter_one_step_past_the_documents_is_refused_with_its_code() {
    const MISSING: u64 = 8_008_003_001;
    const VALUE: u64 = 8_008_003_002;
    const STYLE: u64 = 8_008_003_003;
    const PICTURE: u64 = 8_008_003_004;
    let sandbox = TestSandbox::start().await;
    let q1 = |name: &str, value: Value| (VALUE, Q1, with(image(), name, value));
    let text = |name: &str, value: Value| with(json!({ "prompt": "x" }), name, value);
    let images = |count: usize| json!({ "images": vec![IMAGE; count] });
    let jpeg_as_png = format!("data:image/png;base64,{}", STANDARD.encode([0xff, 0xd8, 0xff, 0xe0]));
    let picture = |image: &str| (PICTURE, Q1, json!({ "images": [image] }));
    let table = [
        (MISSING, Q1, json!({ "prompt": "x" })),
        (MISSING, Q1, images(0)),
        (VALUE, Q1, images(2)),
        q1("images", json!(IMAGE)),
        q1("images", json!([7])),
        picture("ftp://example.com/image.png"),
        picture("data:image/png;base64,A*"),
        picture(&jpeg_as_png),
        picture(&png(401, 100, 0)),
        picture(&png(100, 401, 0)),
        q1("prompt", json!("é".repeat(2001))),
        q1("prompt", Value::Null),
        q1("audio", json!("true")),
        q1("audio_type", json!("speech")),
        q1("voice_id", json!(7)),
        q1("is_rec", json!(1)),
        q1("bgm", json!("no")),
        q1("duration", json!(4)),
        q1("duration", json!("5")),
        q1("seed", json!(1.5)),
        q1("resolution", json!("720p")),
        q1("movement_amplitude", json!("huge")),
        q1("payload", json!("p".repeat(1_048_577))),
        q1("off_peak", json!(true)),
        q1("off_peak", json!("false")),
        q1("watermark", json!(0)),
        q1("wm_position", json!(0)),
        q1("wm_position", json!(5)),
        q1("wm_url", json!("logo.png")),
        q1("callback_url", json!("ftp://example.com/")),
        q1("aspect_ratio", json!("16:9")),
        q1("style", json!("anime")),
        q1("fps", json!(24)),
        (VALUE, "viduq1_text2video", json!({})),
        (VALUE, "viduq1_text2video", text("images", json!([IMAGE]))),
        (VALUE, "viduq1_text2video", text("aspect_ratio", json!("4:3"))),
        (STYLE, "viduq1_text2video", text("style", json!("noir"))),
        (VALUE, "vidu20_img2video", with(with(image(), "duration", 8), "resolution", "1080p")),
        (VALUE, "vidu20_img2video", with(image(), "duration", 5)),
        (VALUE, "viduq2_text2video", text("duration", json!(11))),
        (VALUE, "viduq2_text2video", text("duration", json!(0))),
        (VALUE, "viduq2_text2video", text("aspect_ratio", json!("auto"))),
        (VALUE, "viduq2_pro_fast_img2video", with(image(), "resolution", "540p")),
        (VALUE, "viduq2_pro_start_end2video", with(images(2), "duration", 9)),
        (VALUE, "viduq2_pro_start_end2video", images(1)),
        (VALUE, "viduq2_pro_start_end2video", images(3)),
        (VALUE, "viduq2_i2v_reference", images(8)),
        (VALUE, "viduq2_i2v_reference", with(images(1), "prompt", "x".repeat(2001))),
        (VALUE, "viduq2_i2v_reference", with(images(1), "videos", json!([IMAGE]))),
        (VALUE, "viduq2_pro_reference", with(images(5), "videos", json!([IMAGE]))),
        (VALUE, "viduq2_pro_reference", with(images(1), "videos", json!([IMAGE, IMAGE, IMAGE]))),
        (VALUE, "viduq3_i2v_reference", with(images(1), "duration", 2)),
        (PICTURE, "viduq3_i2v_reference", json!({ "images": [png(127, 128, 0)] })),
        (VALUE, "viduq3_pro_text2video", text("duration", json!(17))),
        (VALUE, "viduq3_pro_text2video", json!({ "prompt": "x".repeat(5001) })),
    ];
    for (code, model, parameters) in &table {
        let (status, answer) = sandbox.call(Method::POST, POST, &order(model, parameters)).await;
        let error = &answer["error"];
        assert_eq!((status, &error["code"]), (StatusCode::BAD_REQUEST, &json!(code)), "{model}: {answer}");
        assert!(error["error_message"].is_string(), "{answer}");
    }
    let (_, missing) = sandbox.call(Method::POST, POST, &order(Q1, &json!({}))).await;
    assert_eq!(missing, json!({ "error": { "code": MISSING, "error_message": "Missing image" } }));
    assert!(sandbox.sandbox.charges().is_empty());
    assert_eq!(sandbox.sandbox.requests()[0].code.as_deref(), Some("8008003001"));
}

#[tokio::test]
async fn an_envelope_of_another_form_is_refused_in_words() {
    let sandbox = TestSandbox::start().await;
    let one = json!({ "params": image() });
    for body in [
        json!([one]),
        json!({ "input": [one] }),
        json!({ "model": "viduq9_img2video", "input": [one] }),
        json!({ "model": "viduq2_reference2video", "input": [one] }),
        json!({ "model": Q1 }),
        json!({ "model": Q1, "images": [IMAGE] }),
        json!({ "model": Q1, "input": one }),
        json!({ "model": Q1, "input": [] }),
        json!({ "model": Q1, "input": [one, one] }),
        json!({ "model": Q1, "input": [image()] }),
        json!({ "model": Q1, "input": [{ "params": image(), "more": 1 }] }),
        json!({ "model": Q1, "input": [one], "moderation": true }),
        order(Q1, &with(image(), "model", Q1)),
    ] {
        let (status, answer) = sandbox.call(Method::POST, POST, &body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert!(answer["error"].is_string(), "{body}: {answer}");
    }
    assert!(sandbox.sandbox.charges().is_empty());
}

#[tokio::test]
async fn a_body_of_20_mib_passes_and_one_byte_more_does_not() {
    let sandbox = TestSandbox::start().await;
    let mut body = order(Q1, &image()).to_string();
    body.push_str(&" ".repeat(20 * 1024 * 1024 - body.len()));
    let send = async |body: String| {
        let url = format!("{}{POST}", sandbox.sandbox.base_url());
        let request =
            sandbox.client.post(url).bearer_auth(KEY).header(header::CONTENT_TYPE, "application/json");
        let answer = request.body(body).send().await.unwrap();
        (answer.status(), parsed(answer).await)
    };
    assert_eq!(send(body.clone()).await.0, StatusCode::OK);
    let (status, answer) = send(body + " ").await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer["message"].is_string(), "{answer}");
    assert_eq!(sandbox.sandbox.charges().len(), 1);
}

#[tokio::test]
async fn a_task_tells_its_progress_and_ends_with_its_clip_and_its_cost() {
    let sandbox = TestSandbox::start().await;
    let id = sandbox.ordered(POST, &order(Q1, &with(image(), "is_rec", true))).await;
    assert_eq!(poll(&sandbox, &id).await["progress"], 0.0);
    sandbox.pass(TASK_TIME / 2);
    let half = poll(&sandbox, &id).await;
    assert_eq!((&half["status"], &half["progress"]), (&json!("in_progress"), &json!(0.5)));
    assert_eq!(half["usage"], Value::Null);
    sandbox.pass((TASK_TIME / 2).saturating_sub(Duration::from_millis(1)));
    assert_eq!(poll(&sandbox, &id).await["progress"], 0.99);
    sandbox.pass(Duration::from_millis(1));
    let done = poll(&sandbox, &id).await;
    assert_eq!((&done["status"], &done["progress"]), (&json!("completed"), &Value::Null));
    assert_eq!(done["usage"], json!({ "cost": "0.45", "discount": 1, "quantity": 1, "unit_price": "0.45" }));
    let content = &done["output"][0]["content"][0];
    assert_eq!(content["type"], "video");
    assert!(content["jobId"].is_string());
    let clip = sandbox.get(content["url"].as_str().unwrap(), &[]).await.bytes().await.unwrap();
    assert_eq!(measure(&clip), (64, 64, 5));
    assert_eq!(sandbox.sandbox.charges()[0].usd, "0.45");
}

#[tokio::test]
async fn a_task_fails_in_each_form_and_its_charge_follows() {
    let rule = |prompt: &str, fault: Value| json!({ "on": "submit", "when": { "prompt_contains": prompt }, "do": fault });
    let sandbox = TestSandbox::with_rules(json!([
        rule("object", json!({ "fail": { "code": "8008003098", "message": "Generation failed" } })),
        rule(
            "text",
            json!({ "fail": { "message": "Generation failed", "shape": "string", "charged": true } })
        ),
        rule("silent", json!({ "fail": { "shape": "none" } })),
        rule("nothing", json!("no_result")),
        rule("word", json!({ "unknown_word": { "word": "archived" } })),
    ]))
    .await;
    let table = [
        (
            "object",
            "failed",
            json!({ "code": 8_008_003_098_u64, "error_message": "Generation failed" }),
            "0.00",
        ),
        ("text", "failed", json!("Generation failed"), "0.40"),
        ("silent", "failed", Value::Null, "0.00"),
        ("nothing", "completed", Value::Null, "0.40"),
        ("word", "archived", Value::Null, "0.40"),
    ];
    let mut ids = Vec::new();
    for (prompt, ..) in &table {
        ids.push(sandbox.ordered(POST, &order(Q1, &with(image(), "prompt", *prompt))).await);
    }
    let sandbox = sandbox.restart(|_| {}).await;
    assert_eq!(poll(&sandbox, &ids[0]).await["status"], "in_progress");
    sandbox.pass(TASK_TIME);
    for ((prompt, word, error, usd), (id, charge)) in
        table.iter().zip(ids.iter().zip(sandbox.sandbox.charges()))
    {
        let answer = poll(&sandbox, id).await;
        assert_eq!((&answer["status"], &answer["error"]), (&json!(word), error), "{prompt}");
        assert!(answer["output"].as_array().is_none_or(Vec::is_empty), "{prompt}");
        assert_eq!(answer["usage"].is_object(), *prompt == "nothing", "{prompt}");
        assert_eq!(charge.usd, *usd, "{prompt}");
    }
}
