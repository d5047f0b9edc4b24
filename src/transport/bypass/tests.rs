use super::*;

#[test]
fn n31_hosts_without_a_proxy_are_known_by_name_domain_and_network() {
    let list = "shop.example, .corp.example,10.0.0.0/8,192.0.2.7,fd00::/8,2001:db8::1,0.0.0.0/33,";
    for (host, is_direct) in [
        ("shop.example", true),
        ("cdn.shop.example", true),
        ("workshop.example", false),
        ("corp.example", true),
        ("a.b.corp.example", true),
        ("example", false),
        ("10.200.0.1", true),
        ("11.0.0.1", false),
        ("192.0.2.7", true),
        ("192.0.2.8", false),
        ("[fd12::1]", true),
        ("[2001:db8::1]", true),
        ("[2001:db8::2]", false),
    ] {
        let url = Url::parse(&format!("https://{host}/")).unwrap();
        assert_eq!(has(list, &url), is_direct, "{host}");
        assert!(!has("", &url), "{host}");
    }
    assert!(has("*", &Url::parse("https://shop.example").unwrap()));
    assert!(!has("*", &Url::parse("https://192.0.2.7").unwrap()), "as the client has it");
}
