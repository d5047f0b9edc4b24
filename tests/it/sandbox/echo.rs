//! The provider of our own: look-up with lag and pages, questions about many tasks, cancelling.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use shotlist::sandbox::Limits;

use super::server::{IMAGE, TASK_TIME, TestSandbox, measure, png, with};

const TASKS: &str = "/echo/v1/tasks";
/// All of the clock's time in these tests.
const ALWAYS: &str = "/echo/v1/tasks?since=2023-11-14T22:13:20Z&until=2024-01-01T00:00:00Z";
const LAG: Duration = Duration::from_millis(500);

fn clip(client_id: &str) -> Value {
    json!({ "model": "clip", "prompt": "x", "client_id": client_id })
}

fn ids(answer: &Value) -> Vec<&str> {
    answer["tasks"].as_array().unwrap().iter().map(|task| task["id"].as_str().unwrap()).collect()
}

async fn poll(sandbox: &TestSandbox, id: &str) -> Value {
    sandbox.told(&format!("{TASKS}/{id}")).await
}

#[tokio::test]
async fn a_request_is_held_to_the_protocol() {
    let sandbox = TestSandbox::start().await;
    let edge = "c".repeat(64);
    for (n, body) in [
        with(clip("c-1234"), "prompt", "é".repeat(500)),
        with(clip(&edge), "seconds", 10),
        with(clip("one-second"), "seconds", 1),
        with(clip("by-link"), "image", IMAGE),
        with(clip("in-line"), "image", png(400, 100, 0)),
    ]
    .iter()
    .enumerate()
    {
        let (status, answer) = sandbox.call(Method::POST, TASKS, body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let id = sandbox.sandbox.charges()[n].task.clone();
        assert_eq!(answer, json!({ "id": id, "client_id": body["client_id"], "status": "queued" }));
    }
    let without = |name: &str| {
        let mut body = clip("c-123456");
        body.as_object_mut().unwrap().remove(name);
        body
    };
    for body in [
        json!(["clip"]),
        without("model"),
        without("prompt"),
        without("client_id"),
        with(clip("c-123456"), "model", "clips"),
        with(clip("c-123456"), "prompt", ""),
        with(clip("c-123456"), "prompt", "é".repeat(501)),
        with(clip("c-123456"), "seconds", 0),
        with(clip("c-123456"), "seconds", 11),
        with(clip("c-123456"), "seconds", "2"),
        with(clip("c-123456"), "image", "image.png"),
        with(clip("c-123456"), "image", png(401, 100, 0)),
        with(clip("c-123456"), "image", json!([IMAGE])),
        with(clip("c-123456"), "size", "1280x720"),
        clip("short"),
        clip(&"c".repeat(65)),
    ] {
        let (status, answer) = sandbox.call(Method::POST, TASKS, &body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(answer["error"]["code"], "invalid", "{body}");
        assert!(answer["error"]["message"].is_string());
    }
    assert_eq!(sandbox.sandbox.charges().len(), 5);
}

#[tokio::test]
async fn a_client_id_is_accepted_once_also_after_a_restart() {
    let sandbox = TestSandbox::start().await;
    sandbox.ordered(TASKS, &clip("label-1")).await;
    let sandbox = sandbox.restart(|_| {}).await;
    let (status, answer) = sandbox.call(Method::POST, TASKS, &clip("label-1")).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::CONFLICT, &json!("duplicate")));
    assert_eq!(sandbox.sandbox.charges().len(), 1);
    assert_eq!(sandbox.sandbox.requests()[1].request_id.as_deref(), Some("label-1"));
}

#[tokio::test]
async fn a_task_queues_runs_and_ends_with_its_clip_and_its_cost() {
    let sandbox = TestSandbox::start().await;
    let id = sandbox.ordered(TASKS, &clip("label-1")).await;
    assert_eq!(poll(&sandbox, &id).await, json!({ "id": id, "client_id": "label-1", "status": "queued" }));
    sandbox.pass(TASK_TIME / 2);
    assert_eq!(poll(&sandbox, &id).await["status"], "running");
    sandbox.pass(TASK_TIME / 2);
    let done = poll(&sandbox, &id).await;
    assert_eq!((&done["status"], &done["cost_usd"]), (&json!("succeeded"), &json!("0.10")));
    let clip = sandbox.get(done["url"].as_str().unwrap(), &[]).await.bytes().await.unwrap();
    assert_eq!(measure(&clip), (64, 64, 2));
    assert_eq!((sandbox.sandbox.stats().submits, sandbox.sandbox.stats().polls), (1, 3));
}

#[tokio::test]
async fn a_task_fails_in_each_form() {
    let rule = |prompt: &str, fault: Value| json!({ "on": "submit", "when": { "prompt_contains": prompt }, "do": fault });
    let sandbox = TestSandbox::with_rules(json!([
        rule("object", json!({ "fail": { "code": "unsafe", "message": "No" } })),
        rule("text", json!({ "fail": { "message": "No", "shape": "string", "charged": true } })),
        rule("silent", json!({ "fail": { "shape": "none" } })),
        rule("nothing", json!("no_result")),
    ]))
    .await;
    let table = [
        ("object", "failed", json!({ "code": "unsafe", "message": "No" }), "0.00"),
        ("text", "failed", json!("No"), "0.10"),
        ("silent", "failed", Value::Null, "0.00"),
        ("nothing", "succeeded", Value::Null, "0.10"),
    ];
    let mut ids = Vec::new();
    for (prompt, ..) in &table {
        ids.push(sandbox.ordered(TASKS, &with(clip(&format!("label-{prompt}")), "prompt", *prompt)).await);
    }
    sandbox.pass(TASK_TIME);
    for ((prompt, word, error, usd), (id, charge)) in
        table.iter().zip(ids.iter().zip(sandbox.sandbox.charges()))
    {
        let answer = poll(&sandbox, id).await;
        assert_eq!((&answer["status"], &answer["error"]), (&json!(word), error), "{prompt}");
        assert_eq!((&answer["url"], charge.usd.as_str()), (&Value::Null, *usd), "{prompt}");
    }
}

#[tokio::test]
async fn many_tasks_are_told_at_once_and_the_unknown_ones_named() {
    let sandbox = TestSandbox::start().await;
    let first = sandbox.ordered(TASKS, &clip("label-1")).await;
    sandbox.pass(TASK_TIME);
    let second = sandbox.ordered(TASKS, &clip("label-2")).await;
    let foreign = sandbox.accepted(&json!({ "model": "viduq1-text", "prompt": "x" })).await;
    let answer = sandbox.told(&format!("{TASKS}?ids={second},none,{first},{foreign}")).await;
    assert_eq!(ids(&answer), [&second, &first]);
    assert_eq!(answer["tasks"][0], poll(&sandbox, &second).await);
    assert_eq!(answer["tasks"][1]["status"], "succeeded");
    assert_eq!(answer["missing"], json!(["none", foreign]));

    let many = |count: usize| format!("{TASKS}?ids={}", vec!["none"; count].join(","));
    assert_eq!(sandbox.told(&many(50)).await["missing"].as_array().unwrap().len(), 50);
    for path in [many(51), many(0), format!("{TASKS}?ids=a,,b"), format!("{TASKS}?ids=a&page=p0")] {
        let (status, answer) = sandbox.call(Method::GET, &path, &Value::Null).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert_eq!(answer["error"]["code"], "invalid", "{path}");
    }
    let stats = sandbox.sandbox.stats();
    assert_eq!((stats.bulk_polls, stats.polls, stats.lists), (6, 1, 0));
}

#[tokio::test]
async fn faults_of_polls_strike_each_task_of_a_question_and_the_first_bends_the_answer() {
    let of = |label: &str, fault: Value| json!({ "on": "poll", "when": { "request_contains": label }, "times": 1, "do": fault });
    let error = |code: &str| json!({ "error": { "http": 503, "code": code, "message": "" } });
    let sandbox = TestSandbox::with_rules(json!([
        of("label-1", json!({ "fail": { "code": "unsafe", "message": "No" } })),
        of("label-2", json!({ "unknown_word": { "word": "archived" } })),
        of("label-3", error("third")),
        of("label-4", error("fourth")),
    ]))
    .await;
    let mut tasks = Vec::new();
    for n in 1..=4 {
        tasks.push(sandbox.ordered(TASKS, &clip(&format!("label-{n}"))).await);
    }
    let ended = sandbox.told(&format!("{TASKS}?ids={},{}", tasks[0], tasks[1])).await;
    assert_eq!(
        (&ended["tasks"][0]["status"], &ended["tasks"][1]["status"]),
        (&json!("failed"), &json!("archived"))
    );
    let all = format!("{TASKS}?ids={}", tasks.join(","));
    let (status, answer) = sandbox.call(Method::GET, &all, &Value::Null).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("third")));
    assert_eq!(ids(&sandbox.told(&all).await).len(), 4);
}

#[tokio::test]
async fn a_list_shows_what_was_accepted_in_a_time_once_its_lag_has_passed() {
    let sandbox = TestSandbox::start().await;
    sandbox.ordered(TASKS, &clip("label-1")).await;
    sandbox.accepted(&json!({ "model": "viduq1-text", "prompt": "x" })).await;
    sandbox.pass(LAG.saturating_sub(Duration::from_millis(1)));
    assert_eq!(sandbox.told(ALWAYS).await, json!({ "tasks": [], "next": null }));
    sandbox.pass(Duration::from_millis(1));
    let shown = sandbox.told(ALWAYS).await;
    let first = sandbox.sandbox.charges()[0].task.clone();
    let entry = json!({ "id": first, "client_id": "label-1", "created_at": "2023-11-14T22:13:20Z" });
    assert_eq!(shown, json!({ "tasks": [entry], "next": null }));

    let later = Duration::from_secs(1);
    sandbox.pass(later.saturating_sub(LAG));
    let second = sandbox.ordered(TASKS, &clip("label-2")).await;
    sandbox.pass(later);
    assert_eq!(ids(&sandbox.told(ALWAYS).await), [&first, &second]);
    let between =
        async |since: &str, until: &str| sandbox.told(&format!("{TASKS}?since={since}&until={until}")).await;
    let edges = ("2023-11-14T22:13:20Z", "2023-11-14T22:13:21Z");
    assert_eq!(ids(&between(edges.0, edges.1).await), [&first, &second]);
    assert_eq!(ids(&between("2023-11-14T22:13:20.001Z", edges.1).await), [&second]);
    assert_eq!(ids(&between(edges.0, "2023-11-14T22:13:20.999Z").await), [&first]);
    assert_eq!(ids(&between(edges.1, edges.0).await), [""; 0]);

    for path in [
        TASKS.to_owned(),
        format!("{TASKS}?since={}", edges.0),
        format!("{TASKS}?since={}&until=now", edges.0),
        format!("{ALWAYS}&page=second"),
        format!("{ALWAYS}&state=queued"),
    ] {
        let (status, answer) = sandbox.call(Method::GET, &path, &Value::Null).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {answer}");
    }
}

#[tokio::test]
async fn a_list_has_50_tasks_a_page_and_what_comes_in_meanwhile_moves_none() {
    let sandbox = TestSandbox::with(|options| options.limits = Limits::Unlimited).await;
    let mut tasks = Vec::new();
    for n in 0..51 {
        tasks.push(sandbox.ordered(TASKS, &clip(&format!("label-{n}"))).await);
    }
    sandbox.pass(LAG);
    let first = sandbox.told(ALWAYS).await;
    assert_eq!(ids(&first), tasks[..50]);
    tasks.push(sandbox.ordered(TASKS, &clip("label-51")).await);
    sandbox.pass(LAG);
    let second = sandbox.told(&format!("{ALWAYS}&page={}", first["next"].as_str().unwrap())).await;
    assert_eq!((ids(&second), &second["next"]), (vec![tasks[50].as_str(), &tasks[51]], &Value::Null));
}

#[tokio::test]
async fn a_list_can_fall_silent_break_off_or_fail() {
    let sandbox = TestSandbox::with_rules(json!([
        { "on": "list", "when": { "nth": 1, "provider": "echo" }, "do": "mute" },
        { "on": "list", "when": { "nth": 2 }, "do": { "error": { "http": 429, "code": "slow_down", "message": "" } } },
        { "on": "list", "when": { "nth": 3 }, "do": { "status": { "code": 502, "body": "7" } } },
        { "on": "list", "when": { "nth": 4 }, "do": { "delay": { "ms": 1 } } },
        { "on": "list", "when": { "nth": 5 }, "do": "reset_before" },
        { "on": "list", "when": { "nth": 6 }, "do": "malformed" },
        { "on": "list", "when": { "model": "clip" }, "do": "reset_before" },
    ]))
    .await;
    let id = sandbox.ordered(TASKS, &clip("label-1")).await;
    sandbox.pass(LAG);
    let mute = sandbox.told(ALWAYS).await;
    assert_eq!(mute["tasks"], json!([{ "id": id, "created_at": "2023-11-14T22:13:20Z" }]));
    let (status, answer) = sandbox.call(Method::GET, ALWAYS, &Value::Null).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::TOO_MANY_REQUESTS, &json!("slow_down")));
    assert_eq!(sandbox.call(Method::GET, ALWAYS, &Value::Null).await, (StatusCode::BAD_GATEWAY, json!(7)));
    assert_eq!(sandbox.told(ALWAYS).await["tasks"][0]["client_id"], "label-1");
    let get =
        || sandbox.client.get(format!("{}{ALWAYS}", sandbox.sandbox.base_url())).bearer_auth(super::KEY);
    assert!(get().send().await.is_err());
    let garbage = get().send().await.unwrap().bytes().await.unwrap();
    assert!(serde_json::from_slice::<Value>(&garbage).is_err());
    assert_eq!(sandbox.sandbox.stats().lists, 6);

    for rule in [json!({ "on": "poll", "do": "mute" }), json!({ "on": "list", "do": "no_result" })] {
        let (status, _) = sandbox.admin(Method::POST, "faults", rule).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn a_task_that_is_cancelled_costs_nothing_also_after_a_restart() {
    let sandbox = TestSandbox::with(|options| {
        options.limits = Limits::PerModel([("clip".to_owned(), 1)].into());
    })
    .await;
    let id = sandbox.ordered(TASKS, &clip("label-1")).await;
    let path = format!("{TASKS}/{id}");
    let cancelled = json!({ "id": id, "status": "cancelled" });
    sandbox.pass(TASK_TIME.saturating_sub(Duration::from_millis(1)));
    assert_eq!(sandbox.call(Method::DELETE, &path, &Value::Null).await, (StatusCode::OK, cancelled.clone()));
    // Its place is free at once.
    let second = sandbox.ordered(TASKS, &clip("label-2")).await;

    let sandbox = sandbox.restart(|_| {}).await;
    sandbox.pass(TASK_TIME);
    let told = poll(&sandbox, &id).await;
    assert_eq!(told, json!({ "id": id, "client_id": "label-1", "status": "cancelled" }));
    let charge = &sandbox.sandbox.charges()[0];
    assert_eq!((charge.usd.as_str(), charge.outcome.as_str()), ("0.00", "cancelled"));
    assert_eq!(ids(&sandbox.told(ALWAYS).await), [&id, &second]);
    // A client whose answer was lost may ask again.
    assert_eq!(sandbox.call(Method::DELETE, &path, &Value::Null).await, (StatusCode::OK, cancelled));

    let (status, answer) = sandbox.call(Method::DELETE, &format!("{TASKS}/{second}"), &Value::Null).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::CONFLICT, &json!("finished")));
    assert_eq!(poll(&sandbox, &second).await["status"], "succeeded");
    assert_eq!(sandbox.sandbox.charges()[1].usd, "0.10");
    let (status, answer) = sandbox.call(Method::DELETE, &format!("{TASKS}/none"), &Value::Null).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::NOT_FOUND, &json!("not_found")));
    assert_eq!(sandbox.sandbox.stats().cancels, 3);
}
