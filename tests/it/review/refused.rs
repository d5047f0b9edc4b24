//! Requests that are refused: other names, other sites, other paths, and decisions without the token.

use super::{Page, finished, take};
use crate::snapshot::assert_whole;
use crate::support::Project;
use serde_json::json;

#[test]
fn only_the_link_opens_the_page_and_nothing_else_is_there() {
    let project = finished(1);
    let page = Page::of(&project);
    let clip = format!("clip/{}", take(&project, "hero/sku-1"));
    page.get("").expect(200);
    page.get(&clip).expect(200);
    let nothing = page.ask("GET", "/", &[], "").expect(404).text();
    let wrong = "0".repeat(32);
    for path in [
        "/favicon.ico",
        "/index.html",
        "/data",
        "/events",
        &format!("/{clip}"),
        &format!("/{wrong}/"),
        &format!("/{wrong}/data"),
        &format!("/{wrong}/{clip}"),
        &format!("/{}", page.read),
        &format!("/{}//", page.read),
        &format!("/{}/nothing", page.read),
        &format!("/{}/api/decide", page.read),
        &format!("/{}/", page.read.to_uppercase()),
        &format!("//{}/", page.read),
        "/api",
        "/api/nothing",
        "*",
    ] {
        let answer = page.ask("GET", path, &[], "").expect(404);
        assert_eq!(answer.text(), nothing, "{path}");
    }
    page.end();
}

#[test]
fn every_answer_forbids_what_a_page_of_another_site_could_do() {
    let project = finished(1);
    let page = Page::of(&project);
    let clip = format!("clip/{}", take(&project, "hero/sku-1"));
    let foreign = [("Origin", "http://shop.example")];
    let answers = [
        page.get(""),
        page.get("data"),
        page.get(&clip),
        page.get("nothing"),
        page.ask("GET", &format!("/{}/", page.read), &foreign, ""),
        page.ask("OPTIONS", "/api/decide", &foreign, ""),
        page.ask("POST", "/api/decide", &foreign, "{}"),
        page.ask("GET", "/", &[("Host", "shop.example")], ""),
    ];
    for answer in answers {
        let header = |name: &str| answer.headers.get(name).map_or("", String::as_str);
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin");
        let policy = header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(
            answer.headers.keys().all(|name| !name.starts_with("access-control")),
            "{:?}",
            answer.headers
        );
        assert_eq!(header("set-cookie"), "");
    }
    page.end();
}

#[test]
fn s20_a_request_under_another_name_is_refused_whatever_it_asks_for() {
    let project = finished(1);
    let page = Page::of(&project);
    let port = page.address.port();
    let path = format!("/{}/", page.read);
    for known in [format!("127.0.0.1:{port}"), format!("localhost:{port}")] {
        page.ask("GET", &path, &[("Host", &known)], "").expect(200);
    }
    for foreign in
        ["shop.example", &format!("shop.example:{port}"), "127.0.0.1", &format!("127.0.0.1:{}", port ^ 1)]
    {
        page.ask("GET", &path, &[("Host", foreign)], "").expect(421);
        page.ask("GET", "/nothing", &[("Host", foreign)], "").expect(421);
        page.ask("POST", "/api/decide", &[("Host", foreign), ("x-shotlist-token", &page.token)], "{}")
            .expect(421);
    }
    page.raw(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).expect(421);
    let long = "x".repeat(20 * 1024);
    page.ask("GET", &path, &[("X-Long", &long)], "").expect(431);
    page.end();
}

#[test]
fn s20_a_decision_of_another_site_or_without_the_token_is_refused_and_not_saved() {
    let project = finished(1);
    let page = Page::of(&project);
    let take = take(&project, "hero/sku-1");
    let body =
        json!({ "decisions": [{ "job": "hero/sku-1", "take": take, "seen": 0, "outcome": "approved" }] });
    let body = body.to_string();
    let (json, text) = (("Content-Type", "application/json"), ("Content-Type", "text/plain"));
    let token = ("x-shotlist-token", page.token.as_str());
    let wrong = ("x-shotlist-token", page.read.as_str());
    let send = |headers: &[(&str, &str)]| page.ask("POST", "/api/decide", headers, &body);
    let mut answers = Vec::new();
    for (headers, status) in [
        (vec![json, token, ("Origin", "http://shop.example")], 403),
        (vec![json, token, ("Origin", "null")], 403),
        (vec![json, token, ("Sec-Fetch-Site", "cross-site")], 403),
        (vec![json, token, ("Sec-Fetch-Site", "same-site")], 403),
        (vec![text, token], 415),
        (vec![token], 415),
        (vec![json], 403),
        (vec![json, wrong], 403),
    ] {
        let answer = send(&headers).expect(status).json();
        answers.push(format!("{status} {answer}"));
    }
    insta::assert_snapshot!(answers.join("\n"));
    page.ask("GET", "/api/decide", &[token], "").expect(405);
    page.ask("PUT", "/api/decide", &[token], "{}").expect(405);
    page.ask("POST", &format!("/{}/data", page.read), &[json, token], "{}").expect(405);
    assert_whole!(project.run(&["show", "hero/sku-1", "--json"]).expect(0));
    let ledger = std::fs::read_to_string(project.path(".shotlist/ledger.jsonl")).unwrap();
    assert!(!ledger.contains("reviewed"), "{ledger}");
    send(&[json, token]).expect(200);
    page.end();
}

#[test]
fn a_request_that_is_too_long_or_says_nothing_is_refused() {
    let project = finished(1);
    let page = Page::of(&project);
    let take = take(&project, "hero/sku-1");
    let with = |more: serde_json::Value| {
        let mut decision = json!({ "job": "hero/sku-1", "take": take, "seen": 0, "outcome": "approved" });
        decision.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "decisions": [decision] })
    };
    let mut answers = Vec::new();
    for body in [
        json!({}),
        json!({ "decisions": [] }),
        json!([]),
        with(json!({ "outcome": "maybe" })),
        with(json!({ "outcome": "rejected", "reasons": ["ugly"] })),
        with(json!({ "outcome": "rejected" })),
        with(json!({ "outcome": "rejected", "reasons": ["other"] })),
        with(json!({ "job": "hero/sku-2" })),
        with(json!({ "job": "../../etc/passwd" })),
        with(json!({ "seen": -1 })),
        with(json!({ "who": "mallory" })),
    ] {
        answers.push(page.post("decide", &body).expect(400).json().to_string());
    }
    insta::assert_snapshot!(answers.join("\n"));
    let long = with(json!({ "note": "x".repeat(5 * 1024 * 1024) }));
    page.post("decide", &long).expect(400);
    page.end();
}

#[test]
fn a_read_only_review_shows_clips_and_refuses_every_decision() {
    let project = finished(1);
    let page = Page::with(&project, &["--read-only"]);
    assert_eq!(page.token, "", "there is no token to be passed on");
    page.get("").expect(200);
    page.get(&format!("clip/{}", take(&project, "hero/sku-1"))).expect(200);
    for verb in ["decide", "choose"] {
        let answer = page.post(verb, &json!({})).expect(403).json();
        insta::allow_duplicates! { insta::assert_snapshot!(answer, @r#"{"error":"this review is read-only, so nothing was saved","hint":"start `shotlist review` without --read-only to decide"}"#); }
    }
    assert_whole!(page.end());
}

#[test]
fn s19_other_computers_connect_only_where_that_is_said() {
    let project = finished(1);
    let refused = project.run(&["review", "--listen", "0.0.0.0:0"]).expect(2);
    assert_eq!(refused.out, "");
    assert_whole!(&refused);
    assert_whole!(project.run(&["review", "--listen", "[::]:0"]).expect(2));
    let running = project.start(&["review", "--listen", "0.0.0.0:0", "--allow-remote", "--json"]);
    crate::support::until("the link is printed", || running.printed().ends_with('\n'));
    let printed: serde_json::Value = serde_json::from_str(&running.printed()).unwrap();
    assert_eq!(printed["schema"], "shotlist.review/1");
    assert!(printed["listen"].as_str().unwrap().starts_with("0.0.0.0:"), "{printed}");
    assert!(!printed["link"].as_str().unwrap().contains("0.0.0.0"), "{printed}");
    running.signal(rustix::process::Signal::TERM);
    running.wait().expect(0);
}

#[test]
fn what_cannot_be_shown_is_told_before_anything_is_served() {
    let project = Project::shop(1);
    assert_whole!(project.run(&["review"]).expect(2));
    project.run(&["run", "--yes"]).expect(0);
    assert_whole!(project.run(&["review", "--only", "hero/nothing"]).expect(2));
    let page = Page::of(&project);
    let taken = page.address.to_string();
    assert_whole!(project.run(&["review", "--listen", &taken]).expect(9));
    page.end();
}
