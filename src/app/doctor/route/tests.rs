use super::*;
use crate::app::doctor::Verdict;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

#[test]
fn n31_the_way_to_each_host_is_told_without_passwords_and_links() {
    let proxies = Proxies {
        https: Some(url("http://night:test-key@proxy.corp:3128")),
        bypass: "z.ai, 10.0.0.0/8".to_owned(),
        ..Proxies::default()
    };
    let servers = [
        ("zai", url("https://api.z.ai/api")),
        ("vtrix", url("https://cloud.vtrix.ai")),
        ("echo", url("http://127.0.0.1:8787/echo")),
    ];
    let hosts = BTreeSet::from([url("https://cdn.example/1.mp4?signature=test")]);
    let checks = checks(&servers, &hosts, &proxies);
    let reported: Vec<&str> = checks.iter().map(|check| check.what.as_str()).collect();
    assert_eq!(
        reported[..4],
        [
            "zai: no proxy is set for api.z.ai",
            "vtrix: cloud.vtrix.ai is reached through the proxy proxy.corp:3128",
            "echo: no proxy is set for 127.0.0.1:8787",
            "clips: cdn.example is reached through the proxy proxy.corp:3128",
        ]
    );
    assert!(
        reported[4].contains("proxy.corp:3128") && reported[4].contains("which resolves host names"),
        "{}",
        reported[4]
    );
    assert_eq!((checks.len(), checks[4].verdict), (5, Verdict::Warn));
    assert!(!format!("{checks:?}").contains("test"), "{checks:?}");
}

#[test]
fn n31_without_a_proxy_nothing_is_warned_of() {
    let servers = [("zai", url("https://api.z.ai/api"))];
    for bypass in ["", "*"] {
        let https = (!bypass.is_empty()).then(|| url("http://proxy.corp:3128"));
        let proxies = Proxies { https, bypass: bypass.to_owned(), ..Proxies::default() };
        let checks = checks(&servers, &BTreeSet::new(), &proxies);
        assert_eq!(checks.len(), 1, "{checks:?}");
        assert_eq!(checks[0].what, "zai: no proxy is set for api.z.ai");
    }
}
