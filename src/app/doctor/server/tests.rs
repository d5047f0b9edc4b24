use super::super::Verdict;
use super::*;
use crate::domain::fault::Said;
use crate::provider::Registry;
use crate::transport::SendFaultKind;

fn endpoint() -> Endpoint {
    Endpoint { base_url: "https://api.example.com".parse().unwrap(), key: None, key_env: None }
}

#[test]
fn a_wrong_address_is_told_from_an_unknown_task() {
    let of = |provider: &str, status, body: &str| {
        let reply = Reply { status, headers: Vec::new(), body: body.into() };
        check_answer(&**Registry::built_in().find(provider).unwrap(), &endpoint(), Ok(reply)).verdict
    };
    let wrong = Verdict::Fail(Exit::Invalid);
    let code = |code: &str| format!("{{\"error\":{{\"code\":\"{code}\",\"message\":\"so it is\"}}}}");
    for (provider, status, body, verdict) in [
        ("zai", 404, "<html>404</html>".to_owned(), wrong),
        ("zai", 405, String::new(), wrong),
        ("zai", 302, String::new(), wrong),
        ("zai", 404, code("1222"), wrong),
        ("zai", 400, code("1214"), Verdict::Ok),
        ("zai", 404, code("1200"), Verdict::Ok),
        ("vtrix", 404, "{\"message\":\"no such task\"}".to_owned(), Verdict::Ok),
        ("uniall", 404, code("task_not_found"), Verdict::Ok),
        ("uniall", 429, code("rate_limit_exceeded"), Verdict::Ok),
        ("zai", 401, code("1002"), Verdict::Fail(Exit::Credentials)),
        ("uniall", 401, String::new(), Verdict::Fail(Exit::Credentials)),
        ("zai", 503, "<html>".to_owned(), Verdict::Warn),
    ] {
        assert_eq!(of(provider, status, &body), verdict, "{provider} {status} {body}");
    }
    let lost = SendFault { kind: SendFaultKind::NotSent, said: Said::text("no connection") };
    let check = check_answer(&**Registry::built_in().find("zai").unwrap(), &endpoint(), Err(lost));
    assert_eq!(check.verdict, Verdict::Warn);
}

#[test]
fn p29_a_server_that_tells_another_time_is_told() {
    let now: Timestamp = "2026-11-21T02:14:07Z".parse().unwrap();
    let at = |date: &str| {
        let headers = vec![("date".to_owned(), date.to_owned())];
        check_date(&Reply { status: 404, headers, body: Vec::new() }, now)
    };
    assert!(at("Sat, 21 Nov 2026 02:13:07 GMT").is_none() && at("noon").is_none());
    let check = at("Thu, 19 Nov 2026 02:14:07 GMT").unwrap();
    assert!(check.verdict == Verdict::Warn && check.what.contains("2d00h ahead of"), "{}", check.what);
}
