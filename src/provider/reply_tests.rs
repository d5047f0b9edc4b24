use super::*;

const MEANINGS: ErrorTables = ErrorTables {
    codes: &[
        ("100", FaultKind::Stop(Stop::Balance)),
        ("101", FaultKind::Stop(Stop::Auth)),
        ("102", FaultKind::Unknown),
        ("103", FaultKind::Rejected(Refusal::Policy)),
        ("104", FaultKind::Throttled { after: Some(Duration::from_mins(15)) }),
    ],
    statuses: &[(434, FaultKind::Rejected(Refusal::Model))],
};

fn reply(status: u16, headers: &[(&str, &str)]) -> Reply {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Reply { status, headers, body: Vec::new() }
}

fn coded(code: &str) -> Complaint {
    Complaint { code: Some(code.into()), ..Complaint::default() }
}

fn submit(status: u16, code: Option<&str>) -> FaultKind {
    refused(&reply(status, &[]), code.map(coded).as_ref(), &MEANINGS).kind
}

fn poll(status: u16, code: Option<&str>) -> FaultKind {
    unanswered(&reply(status, &[]), code.map(coded).as_ref(), &MEANINGS, &["7"]).kind
}

#[test]
fn a14_only_a_refusal_in_the_providers_own_words_proves_that_no_task_exists() {
    let input = FaultKind::Rejected(Refusal::Input);
    for (status, code, kind) in [
        (400, Some("9"), input),
        (400, Some("103"), FaultKind::Rejected(Refusal::Policy)),
        (400, Some("102"), FaultKind::Unknown),
        (400, None, FaultKind::Unknown),
        (404, Some("9"), FaultKind::Stop(Stop::Setup)),
        (404, None, FaultKind::NoRoute),
        (405, None, FaultKind::NoRoute),
        (422, Some("9"), input),
        (434, Some("9"), FaultKind::Rejected(Refusal::Model)),
        (401, None, FaultKind::Barred),
        (413, None, input),
        (413, Some("9"), input),
        (414, None, FaultKind::Barred),
        (415, None, FaultKind::Barred),
        (431, None, FaultKind::Barred),
        (401, Some("9"), FaultKind::Stop(Stop::Auth)),
        (403, None, FaultKind::Unknown),
        (403, Some("9"), FaultKind::Stop(Stop::Auth)),
        (403, Some("100"), FaultKind::Stop(Stop::Balance)),
        (200, Some("103"), FaultKind::Rejected(Refusal::Policy)),
        (200, Some("9"), FaultKind::Unknown),
        (200, None, FaultKind::Unknown),
        (500, Some("100"), FaultKind::Stop(Stop::Balance)),
        (500, Some("9"), FaultKind::Unknown),
    ] {
        assert_eq!(submit(status, code), kind, "{status} {code:?}");
    }
}

#[test]
fn a11_what_may_have_been_accepted_is_unknown_whatever_code_it_carries() {
    for status in [100, 300, 301, 302, 303, 304, 408, 409, 425, 499, 502, 503, 504, 599, 600] {
        assert_eq!(submit(status, None), FaultKind::Unknown, "{status}");
    }
    for status in [301, 302, 303, 408, 409, 425, 499] {
        assert_eq!(submit(status, Some("103")), FaultKind::Unknown, "{status}");
    }
}

#[test]
fn n22_a_redirect_that_keeps_the_body_stops_the_provider_and_names_the_host() {
    for status in [307, 308] {
        let reply = reply(status, &[("location", "https://new.example.com/v5/videos?token=x")]);
        let fault = refused(&reply, None, &MEANINGS);
        assert_eq!(fault.kind, FaultKind::Stop(Stop::Setup));
        assert_eq!(
            fault.said.text,
            "base_url redirects to new.example.com: put the final address into the manifest"
        );
    }
}

#[test]
fn a05_too_many_requests_may_mean_no_money() {
    assert_eq!(submit(429, None), FaultKind::Throttled { after: None });
    assert_eq!(submit(429, Some("9")), FaultKind::Throttled { after: None });
    assert_eq!(submit(429, Some("100")), FaultKind::Stop(Stop::Balance));
    assert_eq!(submit(429, Some("102")), FaultKind::Unknown);
}

#[test]
fn a01_retry_after_in_seconds_goes_before_the_tables_own_pause() {
    let after = |headers: &[(&str, &str)], code: &str| {
        refused(&reply(429, headers), Some(&coded(code)), &MEANINGS).kind
    };
    let seconds = |seconds| FaultKind::Throttled { after: Some(Duration::from_secs(seconds)) };
    assert_eq!(after(&[("retry-after", " 7 ")], "9"), seconds(7));
    assert_eq!(after(&[("retry-after", "7")], "104"), seconds(7));
    assert_eq!(after(&[], "104"), seconds(900));
    assert_eq!(after(&[("retry-after", "soon")], "9"), FaultKind::Throttled { after: None });
    assert_eq!(after(&[("retry-after", "-3")], "9"), FaultKind::Throttled { after: None });
}

#[test]
fn a12_a_503_that_says_when_to_come_again_took_nothing_and_a_bare_one_is_a_doubt() {
    let after = |headers: &[(&str, &str)], code: Option<&str>| {
        refused(&reply(503, headers), code.map(coded).as_ref(), &MEANINGS).kind
    };
    let busy = FaultKind::Busy { after: Some(Duration::from_secs(30)) };
    let date = ("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT");
    assert_eq!(after(&[("retry-after", "30")], None), busy);
    assert_eq!(after(&[("retry-after", "30")], Some("9")), busy);
    assert_eq!(after(&[date, ("date", "Sun, 06 Nov 1994 08:49:37 GMT")], None), busy);
    assert_eq!(after(&[("retry-after", "30")], Some("100")), FaultKind::Stop(Stop::Balance));
    assert_eq!(after(&[("retry-after", "30")], Some("102")), FaultKind::Unknown, "a task may exist");
    for unreadable in ["soon", "-1", "", "1.5 s", ".5", "Sun, 06 Nov 1994 08:50:07 GMT"] {
        let kind = after(&[("retry-after", unreadable)], None);
        assert_eq!(kind, FaultKind::Busy { after: None }, "{unreadable}");
    }
    assert_eq!(after(&[], None), FaultKind::Unknown);
}

#[test]
fn a01_a_fraction_of_a_second_is_rounded_up_and_a_number_without_end_is_the_largest() {
    let after = |header| retry_after(&reply(429, &[("retry-after", header)]));
    for (header, seconds) in [
        ("1.5", 2),
        ("1.0", 1),
        ("0.001", 1),
        ("18446744073709551615.5", u64::MAX),
        ("99999999999999999999999", u64::MAX),
    ] {
        assert_eq!(after(header), Some(Duration::from_secs(seconds)), "{header}");
    }
}

#[test]
fn a15_an_answer_that_contradicts_itself_proves_nothing_whatever_its_status() {
    for status in [200, 400, 401, 404, 413, 429, 503] {
        let body = br#"{"error":{"code":"1234"},"error":{"code":"100"}}"#.to_vec();
        let reply = Reply { body, ..reply(status, &[("retry-after", "1")]) };
        assert_eq!(object(&reply), None);
        let fault = refused(&reply, None, &MEANINGS);
        assert_eq!(fault.kind, FaultKind::Unknown, "{status}");
        assert!(fault.said.text.contains(r#"begins `{"error":{"code":"1234"}"#), "{}", fault.said);
    }
}

#[test]
fn a15_a_doubt_shows_the_first_letters_of_the_answer_without_what_moves_the_cursor() {
    let words = |status, complaint: Option<&Complaint>, body: &str| {
        let reply = Reply { status, headers: Vec::new(), body: body.into() };
        refused(&reply, complaint, &MEANINGS).said.text
    };
    let wrapped = r#"{"code":200,"data":{"id":"task-1"}}"#;
    let found = format!("; its answer begins `{wrapped}`");
    assert!(words(200, None, wrapped).ends_with(&found));
    assert!(words(200, Some(&coded("200")), wrapped).ends_with(&found));
    let success = Complaint { message: "success".into(), ..coded("200") };
    assert!(words(200, Some(&success), wrapped).ends_with(&found));
    assert!(words(200, None, "{\"id\":\"\u{1b}[2Jtask-1\"};").contains("\\u{1b}[2Jtask-1"));
    let long = words(200, None, &"\u{e9}".repeat(5000));
    assert_eq!(long.matches('\u{e9}').count(), 200);
    for (status, complaint, body) in [
        (200, None, "<html>"),
        (502, None, " "),
        (500, Some(&success), wrapped),
        (429, None, wrapped),
        (200, Some(&coded("102")), wrapped),
    ] {
        let text = words(status, complaint, body);
        assert!(!text.contains("begins"), "{text}");
    }
}

#[test]
fn a40_a_refusal_for_size_or_for_a_picture_names_what_should_have_found_it() {
    let words = |status, message: &str| {
        let complaint = Complaint { code: Some("9".into()), message: message.into(), pause: None };
        refused(&reply(status, &[]), Some(&complaint), &MEANINGS).said.text
    };
    assert!(words(413, "too large").contains("`max_body_megabytes` of the model's card did not detect"));
    assert!(words(400, "Image format not allowed").contains("`pictures` of the model's card did not detect"));
    assert_eq!(words(400, "no such style"), "no such style");
}

#[test]
fn a02_retry_after_as_a_date_counts_from_the_providers_own_clock() {
    let until = ("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT");
    let at = |date| retry_after(&reply(429, &[until, ("date", date)]));
    assert_eq!(at("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(30)));
    assert_eq!(at("Sun, 06 Nov 1994 09:49:37 GMT"), Some(Duration::ZERO));
    assert_eq!(retry_after(&reply(429, &[until])), None);
}

#[test]
fn a_poll_without_an_answer_is_asked_again_unless_the_task_is_gone_or_the_key_refused() {
    for (status, code, kind) in [
        (404, None, FaultKind::Gone),
        (410, None, FaultKind::Gone),
        (400, Some("7"), FaultKind::Gone),
        (200, Some("7"), FaultKind::Busy { after: None }),
        (400, Some("9"), FaultKind::Busy { after: None }),
        (401, None, FaultKind::Stop(Stop::Auth)),
        (200, Some("101"), FaultKind::Stop(Stop::Auth)),
        (429, Some("100"), FaultKind::Throttled { after: None }),
        (302, None, FaultKind::Stop(Stop::Setup)),
        (200, None, FaultKind::Busy { after: None }),
        (500, None, FaultKind::Busy { after: None }),
        (502, Some("7"), FaultKind::Busy { after: None }),
    ] {
        assert_eq!(poll(status, code), kind, "{status} {code:?}");
    }
}

#[test]
fn what_came_instead_of_an_answer_is_said_in_words() {
    let words = |status, body: &str| {
        let reply = Reply { status, headers: Vec::new(), body: body.into() };
        refused(&reply, None, &MEANINGS).said.to_string()
    };
    assert_eq!(words(502, "<html>"), "the provider answered 502 Bad Gateway with a web page");
    assert_eq!(words(200, "{}"), "the provider answered 200 OK with unexpected JSON; its answer begins `{}`");
    assert_eq!(words(500, ""), "the provider answered 500 Internal Server Error with an empty body");
    assert_eq!(
        words(524, "upstream timeout"),
        "the provider answered 524 with text; its answer begins `upstream timeout`"
    );
    assert_eq!(
        words(404, "<html>"),
        "the provider answered 404 Not Found with a web page: is base_url correct?"
    );
}

#[test]
fn a31_json_nested_without_end_is_no_object_and_no_crash() {
    let body = format!("{{\"id\":{}", "[".repeat(100_000)).into_bytes();
    assert_eq!(object(&Reply { status: 200, headers: Vec::new(), body }), None);
}

#[test]
fn numbers_too_large_to_be_exact_are_no_ids() {
    let of = |json: &str| text(serde_json::from_str(json).ok().as_ref());
    assert_eq!(of("18446744073709551615"), Some("18446744073709551615".into()));
    assert_eq!(of("184467440737095516150"), None);
    assert_eq!(of("\"184467440737095516150\""), Some("184467440737095516150".into()));
    for nothing in ["\" \"", "\"\"", "null", "true", "1.5", "[]"] {
        assert_eq!(of(nothing), None, "{nothing}");
    }
}

#[test]
fn a_poll_that_is_forbidden_means_what_the_provider_documents() {
    assert_eq!(poll(403, Some("9")), FaultKind::Stop(Stop::Auth));
    let meanings = ErrorTables { codes: &[], statuses: &[(403, FaultKind::Stop(Stop::Account))] };
    let fault = unanswered(&reply(403, &[]), None, &meanings, &[]);
    assert_eq!(fault.kind, FaultKind::Stop(Stop::Account));
}

#[test]
fn hundredths_are_rounded_to_the_nearest_and_never_beyond_the_ends() {
    for (hundredths, whole) in [
        (0.0, Some(0)),
        (28.999_999, Some(29)),
        (99.6, Some(100)),
        (100.4, Some(100)),
        (101.0, None),
        (-1.0, None),
    ] {
        assert_eq!(percent(hundredths), whole, "{hundredths}");
    }
    assert_eq!(percent(f64::NAN), None);
}

#[test]
fn s17_an_id_without_an_end_is_not_repeated_in_a_message() {
    let long = "8".repeat(100_000);
    let doubted = doubted(&reply(500, &[]), std::slice::from_ref(&long), None);
    assert_eq!(doubted.kind, FaultKind::Unknown);
    let mistaken = mistaken(&reply(200, &[]), &TaskId("e-1".into()), &long);
    let Progress::Mistaken { said } = mistaken else { panic!("{mistaken:?}") };
    for said in [doubted.said, said] {
        assert!(said.text.contains("100000 characters") && !said.text.contains("8888"), "{said}");
    }
}

#[test]
fn a14_a_reply_that_contradicts_itself_is_in_doubt_and_names_its_tasks() {
    const CODES: ErrorTables = ErrorTables {
        codes: &[("1", FaultKind::Rejected(Refusal::Input)), ("2", FaultKind::Unknown)],
        statuses: &[],
    };
    let complaint = |code: &str| Some(Complaint { code: Some(code.into()), ..Complaint::default() });
    let result = |status, ids: &[&str], has_state, complaint| {
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        match submitted(&reply(status, &[]), ids, has_state, complaint, &CODES) {
            Ok(task) => task.0.raw().to_owned(),
            Err(Fault { kind: FaultKind::Unknown, said, .. }) => format!("doubt: {}", said.text),
            Err(fault) => format!("{:?}", fault.kind),
        }
    };
    assert_eq!(result(200, &["a"], false, None), "a");
    assert_eq!(result(200, &["a", "a"], false, None), "a");
    assert_eq!(result(200, &["a"], true, complaint("1")), "a", "a task that has failed already");
    assert_eq!(result(200, &["a"], false, complaint("2")), "a");
    assert_eq!(result(200, &["a"], false, complaint("1")), "doubt: the answer is an error, but names task a");
    assert_eq!(result(429, &["a"], false, None), "doubt: the answer is an error, but names task a");
    assert_eq!(
        result(200, &["a", "b"], true, None),
        "doubt: the answer names several tasks: task a and task b"
    );
    assert_eq!(result(400, &[], false, complaint("1")), "Rejected(Input)");
    assert_eq!(result(307, &["a"], false, None), "Stop(Setup)");
}

#[test]
fn a14_a_refusal_names_its_task_wherever_it_stands() {
    let result = |status, headers: &[(&str, &str)], body: &str| {
        let reply = Reply { body: body.into(), ..reply(status, headers) };
        let fault = refused(&reply, object(&reply).as_ref().and_then(complaint).as_ref(), &MEANINGS);
        (fault.kind, fault.said.text)
    };
    let later = ("retry-after", "1");
    for (status, body, named) in [
        (503, r#"{"data":{"task_id":"a"}}"#, "task a"),
        (503, r#"{"data":{"id":7}}"#, "task 7"),
        (503, r#"[{"task_id":"a"}]"#, "task a"),
        (500, r#"{"code":"1","message":"no","data":{"task_id":"a"}}"#, "task a: no"),
        (429, r#"{"tasks":[{"task_id":"a"},{"task_id":"a"}]}"#, "task a"),
        (400, r#"{"error":{"code":"103","message":"no","task_id":"a"}}"#, "task a: no"),
        (404, r#"{"task_id":"a"}"#, "task a"),
        (200, r#"{"code":"103","message":"no","data":{"task_id":"a"}}"#, "task a: no"),
    ] {
        let (kind, text) = result(status, &[later], body);
        assert_eq!((kind, text), (FaultKind::Unknown, format!("the answer is an error, but names {named}")));
    }
    let busy = FaultKind::Busy { after: Some(Duration::from_secs(1)) };
    for body in [r#"{"task_id":null}"#, r#"{"data":{"task_id":" "}}"#, r#"{"id":"a","request_id":"b"}"#] {
        assert_eq!(result(503, &[later], body).0, busy, "{body}");
    }
    let moved = result(307, &[], r#"{"data":{"task_id":"a"}}"#);
    assert_eq!(moved.0, FaultKind::Stop(Stop::Setup));
}
