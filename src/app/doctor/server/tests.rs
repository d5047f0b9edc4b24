use super::super::Verdict;
use super::*;
use crate::domain::fault::Said;
use crate::provider::Registry;
use crate::transport::SendFaultKind;

#[test]
fn a_wrong_address_is_told_from_an_unknown_task() {
    let of = |provider: &str, status, body: &str| {
        let reply = Reply { status, headers: Vec::new(), body: body.into() };
        check_answer(&**Registry::built_in().find(provider).unwrap(), "https://api.example.com", Ok(reply))
            .verdict
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
    let check =
        check_answer(&**Registry::built_in().find("zai").unwrap(), "https://api.example.com", Err(lost));
    assert_eq!(check.verdict, Verdict::Warn);
}
