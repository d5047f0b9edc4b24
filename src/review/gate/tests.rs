use super::*;

#[expect(clippy::unnecessary_wraps, reason = "it stands for the address that a listener may lack")]
fn local(text: &str) -> Option<SocketAddr> {
    Some(text.parse().unwrap())
}

fn with(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let header = |(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
    };
    pairs.iter().map(header).collect()
}

fn is_known(host_header: &str, local_address: &str) -> bool {
    host(&Uri::from_static("/"), &with(&[("host", host_header)]), local(local_address)).is_ok()
}

#[test]
fn only_the_address_of_the_connection_and_localhost_are_served() {
    for known in ["127.0.0.1:8420", "localhost:8420", "LOCALHOST:8420"] {
        assert!(is_known(known, "127.0.0.1:8420"), "{known}");
    }
    for foreign in [
        "127.0.0.1",
        "127.0.0.1:80",
        "127.0.0.1:8421",
        "127.0.0.2:8420",
        "localhost",
        "localhost.:8420",
        "shop.example:8420",
        "127.0.0.1.shop.example:8420",
        "user@127.0.0.1:8420",
        "[::1]:8420",
        "0.0.0.0:8420",
        "",
    ] {
        assert!(!is_known(foreign, "127.0.0.1:8420"), "{foreign}");
    }
    assert!(is_known("[::1]:8420", "[::1]:8420") && is_known("localhost:8420", "[::1]:8420"));
    assert!(is_known("127.0.0.1:8420", "[::ffff:127.0.0.1]:8420"));
    assert!(is_known("127.0.0.1", "127.0.0.1:80") && is_known("localhost", "127.0.0.1:80"));
    assert!(is_known("192.0.2.7:8420", "192.0.2.7:8420"));
    assert!(!is_known("localhost:8420", "192.0.2.7:8420"), "`localhost` is not a name of another computer");
}

#[test]
fn a_request_names_one_server_and_the_same_everywhere() {
    let at = local("127.0.0.1:8420");
    let own = ("host", "127.0.0.1:8420");
    let path = Uri::from_static("/");
    assert_eq!(host(&path, &with(&[]), at), Err(Refusal::Host));
    assert_eq!(host(&path, &with(&[own, own]), at), Err(Refusal::Host));
    assert_eq!(host(&path, &with(&[own]), None), Err(Refusal::Host));
    assert!(host(&Uri::from_static("http://127.0.0.1:8420/"), &with(&[own]), at).is_ok());
    assert_eq!(host(&Uri::from_static("http://shop.example:8420/"), &with(&[own]), at), Err(Refusal::Host));
    let long = "x".repeat(HEADERS);
    assert_eq!(host(&path, &with(&[own, ("x-long", &long)]), at), Err(Refusal::Headers));
}

#[test]
fn s20_decisions_come_from_the_own_page_with_its_token() {
    let secrets = Secrets { read: "r".to_owned(), write: "0123abcd".to_owned() };
    let decide = |more: &[(&'static str, &str)], read_only| {
        may_decide(&with(more), "127.0.0.1:8420", &secrets, read_only)
    };
    let (json, token) = (("content-type", "application/json"), (TOKEN, "0123abcd"));
    let origin = |origin| [json, token, ("origin", origin)];
    let site = |site| [json, token, ("sec-fetch-site", site)];
    assert_eq!(decide(&[json, token], false), Ok(()));
    assert_eq!(decide(&[("content-type", "application/json; charset=utf-8"), token], false), Ok(()));
    assert_eq!(decide(&origin("http://127.0.0.1:8420"), false), Ok(()));
    for foreign in ["http://shop.example", "http://127.0.0.1:8421", "https://127.0.0.1:8420", "null", ""] {
        assert_eq!(decide(&origin(foreign), false), Err(Refusal::Origin), "{foreign}");
    }
    assert_eq!(decide(&site("same-origin"), false), Ok(()));
    for foreign in ["cross-site", "same-site", ""] {
        assert_eq!(decide(&site(foreign), false), Err(Refusal::Origin), "{foreign}");
    }
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/json5", ""] {
        assert_eq!(decide(&[("content-type", kind), token], false), Err(Refusal::NotJson), "{kind}");
    }
    for wrong in ["", "0123abce", "0123abcd0"] {
        assert_eq!(decide(&[json, (TOKEN, wrong)], false), Err(Refusal::Token), "{wrong}");
    }
    assert_eq!(decide(&[json], false), Err(Refusal::Token));
    assert_eq!(decide(&[json, token], true), Err(Refusal::ReadOnly));
}

#[test]
fn a_page_keeps_its_own_policy_and_files_get_the_strict_one() {
    let mut headers = with(&[("content-security-policy", "default-src 'self'")]);
    protect(&mut headers);
    assert_eq!(headers["content-security-policy"], "default-src 'self'");
    let mut headers = HeaderMap::new();
    protect(&mut headers);
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    assert!(headers.keys().all(|name| !name.as_str().starts_with("access-control")));
}
