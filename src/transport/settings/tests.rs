use super::*;

#[test]
fn n30_a_proxy_is_named_without_its_password() {
    let proxies = Proxies {
        https: Some(Url::parse("http://night:test-key@proxy.corp:3128").unwrap()),
        ..Proxies::default()
    };
    let api = Url::parse("https://api.example.com/v4").unwrap();
    assert_eq!(proxies.named_for(&api).as_deref(), Some("proxy.corp:3128"));
    assert!(!format!("{proxies:?}").contains("test-key"));
}

#[test]
fn n31_this_machine_is_reached_directly() {
    let proxies = Proxies { http: Some(Url::parse("http://proxy:3128").unwrap()), ..Proxies::default() };
    for url in ["http://127.0.0.1:8787", "http://localhost:1", "http://[::1]/"] {
        assert_eq!(proxies.named_for(&Url::parse(url).unwrap()), None, "{url}");
    }
}
