use super::*;
use crate::domain::money::Usd;
use crate::provider::Cost;
use serde_json::json;
use std::time::Duration;

fn reply(status: u16, body: &Json) -> Reply {
    Reply { status, headers: Vec::new(), body: body.to_string().into_bytes() }
}

fn task(id: &str) -> TaskId {
    TaskId(id.into())
}

fn intent() -> Intent {
    let at = "2026-03-06T22:19:54Z".parse().unwrap();
    Intent { attempt: 1, request_id: RequestId("sl-one".into()), at }
}

#[test]
fn the_embedded_card_is_read_and_priced() {
    let [card] = Echo.cards() else { panic!("one model") };
    assert_eq!((card.name.to_string().as_str(), card.seconds()), ("echo/clip", 2));
    assert_eq!(card.price.as_ref().unwrap().usd, "0.10".parse::<Usd>().unwrap());
    assert_eq!(card.link_life, Duration::from_hours(24));
}

#[test]
fn an_order_carries_our_name_for_the_attempt() {
    let mut request = Request::new("echo/clip".parse().unwrap());
    request.prompt = Some("a cup".into());
    request.duration = Some(3);
    let PaidCall(call) = Echo.submit(&Echo.cards()[0], &request, &RequestId("sl-one".into()));
    assert_eq!((call.method, call.path.as_str()), (Method::Post, "/v1/tasks"));
    let body = r#"{"model":"clip","prompt":"a cup","seconds":3,"client_id":"sl-one"}"#;
    assert_eq!(call.body.unwrap().shown(), body);
}

#[test]
fn a_taken_name_is_a_doubt_and_every_other_word_of_a_refusal_is_none() {
    let kind = |status, code: &str| {
        let error = json!({ "error": { "code": code, "message": "no" } });
        Echo.submitted(&reply(status, &error)).unwrap_err().kind
    };
    assert_eq!(kind(409, "duplicate"), FaultKind::Unknown);
    assert_eq!(kind(500, "internal"), FaultKind::Unknown);
    assert_eq!(kind(401, "unauthorized"), FaultKind::Stop(Stop::Auth));
    assert_eq!(kind(402, "balance"), FaultKind::Stop(Stop::Balance));
    assert_eq!(kind(422, "invalid"), FaultKind::Rejected(Refusal::Input));
    assert_eq!(kind(429, "slow_down"), FaultKind::Throttled { after: None });
}

#[test]
fn a38_the_window_of_a_look_up_reaches_ten_minutes_back() {
    let call = LookUp::list(&Echo, &intent(), None);
    let window = "/v1/tasks?since=2026-03-06T22%3A09%3A54Z&until=2026-03-06T22%3A49%3A54Z";
    assert_eq!((call.method, call.path.as_str(), &call.body), (Method::Get, window, &None));
    assert_eq!(LookUp::list(&Echo, &intent(), Some("p&50")).path, format!("{window}&page=p%2650"));
}

#[test]
fn a_page_of_a_list_is_read_with_our_names_where_it_says_them() {
    let page = json!({
        "tasks": [
            { "id": "e-1", "client_id": "sl-one", "created_at": "2026-03-06T22:19:54Z" },
            { "id": 2, "created_at": "2026-03-06T22:19:55Z" },
        ],
        "next": "p50",
    });
    let listing = Echo.listed(&reply(200, &page)).unwrap();
    assert_eq!(listing.tasks, [(task("e-1"), Some(RequestId("sl-one".into()))), (task("2"), None)]);
    assert_eq!(listing.next.as_deref(), Some("p50"));
    let last = Echo.listed(&reply(200, &json!({ "tasks": [], "next": null }))).unwrap();
    assert_eq!(last, Listing::default());
}

#[test]
fn a35_a_page_that_is_not_whole_is_no_page() {
    let pages = [
        json!({ "tasks": [] }),
        json!({ "next": null }),
        json!({ "tasks": {}, "next": null }),
        json!({ "tasks": [{ "client_id": "sl-one" }], "next": null }),
        json!({ "tasks": [], "next": true }),
        json!({ "tasks": [], "next": "" }),
        json!([]),
    ];
    for page in pages {
        assert!(Echo.listed(&reply(200, &page)).is_err(), "{page}");
    }
    assert!(Echo.listed(&reply(500, &json!({ "tasks": [], "next": null }))).is_err());
    let refused = Echo.listed(&reply(401, &json!({ "error": { "code": "unauthorized", "message": "no" } })));
    assert_eq!(refused.unwrap_err().kind, FaultKind::Stop(Stop::Auth));
}

#[test]
fn a35_a_list_with_an_id_that_no_task_has_is_no_page_and_the_id_is_not_repeated() {
    let long = "8".repeat(100_000);
    for (odd, words) in
        [(long.as_str(), "100000 characters"), ("83 53", "U+0020"), ("83\u{1b}]0;x\u{7}53", "U+001B")]
    {
        for name in ["sl-one", "sl-another"] {
            let page = json!({ "tasks": [{ "id": odd, "client_id": name }], "next": null });
            let fault = Echo.listed(&reply(200, &page)).unwrap_err();
            assert_eq!(fault.kind, FaultKind::Busy { after: None }, "neither a task nor a proof of none");
            assert!(fault.said.text.contains(words), "{}", fault.said.text);
            assert!(!fault.said.text.contains("8888"), "{}", fault.said.text);
        }
    }
}

#[test]
fn an_answer_about_a_task_whose_id_has_no_end_does_not_repeat_it() {
    let answer = json!({ "id": "8".repeat(100_000), "status": "queued" });
    let reported = Provider::polled(&Echo, &task("e-1"), &reply(200, &answer)).unwrap();
    let Progress::Mistaken { said } = reported else { panic!("{reported:?}") };
    assert!(said.text.contains("100000 characters") && !said.text.contains("8888"), "{said}");
}

#[test]
fn many_polls_are_one_call_and_each_has_its_own_answer() {
    let tasks = ["e-1", "e/2", "e-3", "e-4"].map(task);
    assert_eq!(
        Bulk::poll(&Echo, &tasks.each_ref().map(|task| (&Echo.cards()[0], task))).path,
        "/v1/tasks?ids=e-1,e%2F2,e-3,e-4"
    );
    let body = json!({
        "tasks": [
            { "id": "e/2", "client_id": "sl-2", "status": "succeeded", "url": "http://c/2", "cost_usd": "0.10" },
            { "id": "e-1", "client_id": "sl-1", "status": "queued" },
        ],
        "missing": ["e-3"],
    });
    let answers = Bulk::polled(&Echo, &tasks, &reply(200, &body)).unwrap();
    assert_eq!(answers[0], Ok(Progress::Pending { percent: None, unknown_word: None }));
    let clip = Clip { url: "http://c/2".into(), cover: None, expires: None, others: Vec::new() };
    assert_eq!(answers[1], Ok(Progress::Ready { clip, cost: Cost::Told("0.10".parse().unwrap()) }));
    assert_eq!(answers[2].as_ref().unwrap_err().kind, FaultKind::Gone);
    assert_eq!(answers[3].as_ref().unwrap_err().kind, FaultKind::Busy { after: None });
    assert!(Bulk::polled(&Echo, &tasks, &reply(502, &body)).is_err());
}

#[test]
fn what_is_not_ready_is_taken_back_free_of_charge_and_what_is_ready_comes() {
    let call = Cancel::cancel(&Echo, &Echo.cards()[0], &task("e/1"));
    assert_eq!((call.method, call.path.as_str()), (Method::Delete, "/v1/tasks/e%2F1"));
    let back = json!({ "id": "e/1", "status": "cancelled" });
    assert_eq!(Echo.cancelled(&task("e/1"), &reply(200, &back)).unwrap(), Cancelled::Yes(Charged::No));
    let error = |code: &str| json!({ "error": { "code": code, "message": "no" } });
    assert_eq!(Echo.cancelled(&task("e/1"), &reply(409, &error("finished"))).unwrap(), Cancelled::TooLate);
    assert_eq!(
        Echo.cancelled(&task("e/1"), &reply(404, &error("not_found"))).unwrap_err().kind,
        FaultKind::Gone
    );
    assert!(Echo.cancelled(&task("e/1"), &reply(502, &back)).is_err());
    for odd in [json!({ "id": "e/1", "status": "running" }), json!({ "status": "cancelled" })] {
        assert!(Echo.cancelled(&task("e/1"), &reply(200, &odd)).is_err(), "{odd}");
    }
    let other = Echo.cancelled(&task("e/2"), &reply(200, &back)).unwrap_err();
    assert_eq!(
        other.said.text, "the answer is not about task e/2",
        "whether that one is charged it does not say"
    );
}

#[test]
fn a_task_that_was_taken_back_cost_nothing() {
    let answer = reply(200, &json!({ "id": "e-1", "client_id": "sl-1", "status": "cancelled" }));
    let reported = Provider::polled(&Echo, &task("e-1"), &answer).unwrap();
    assert!(
        matches!(reported, Progress::Refused { refusal: Refusal::Cancelled, charged: Charged::No, .. }),
        "{reported:?}"
    );
}
