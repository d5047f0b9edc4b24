use super::*;
use crate::wire::Method;

fn endpoint() -> Endpoint {
    let base_url = Url::parse("https://api.example.com/api/v4/").unwrap();
    Endpoint { base_url, key: Some(SecretString::from("test-key")), key_env: None }
}

fn call(path: &str) -> Call {
    Call { method: Method::Get, path: path.into(), auth: Auth::Bearer, headers: Vec::new(), body: None }
}

#[test]
fn a_path_is_appended_and_never_leaves_the_host() {
    let url = endpoint().url(&call("/async-result/17?full=1")).unwrap();
    assert_eq!(url.as_str(), "https://api.example.com/api/v4/async-result/17?full=1");
    for path in ["@evil.example/", ".evil.example/", ":99/", ""] {
        assert!(endpoint().url(&call(path)).is_err(), "{path}");
    }
}

#[test]
fn the_key_is_in_one_sensitive_header_and_in_no_debug_text() {
    let headers = endpoint().headers(&call("/")).unwrap();
    assert!(headers[AUTHORIZATION].is_sensitive());
    let shown = format!("{:?} {headers:?}", endpoint());
    assert!(!shown.contains("test-key"), "{shown}");
}

#[test]
fn a_key_with_a_line_break_is_refused_without_being_shown() {
    let endpoint = Endpoint { key: Some(SecretString::from("test-key\nX: 1")), ..endpoint() };
    let refusal = endpoint.headers(&call("/")).unwrap_err();
    assert!(!refusal.contains("test-key"), "{refusal}");
}

#[test]
fn a_fresh_signature_keeps_the_address_of_a_link_and_another_path_or_host_does_not() {
    let address = |link: &str| endpoint().address_of(link);
    let first = address("https://clips.example/a/hero.mp4?Expires=1&Signature=x#t=0");
    assert_eq!(address("https://clips.example/a/hero.mp4?Expires=2&Signature=y"), first);
    for other in ["https://clips.example/b/hero.mp4?Expires=1&Signature=x", "https://cdn.example/a/hero.mp4"]
    {
        assert_ne!(address(other), first, "{other}");
    }
    assert_eq!(address("/a.mp4?x=1"), address("https://api.example.com/a.mp4"));
}
