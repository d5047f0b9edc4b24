use super::*;

#[test]
fn s08_one_private_answer_among_public_ones_is_enough_to_refuse() {
    let answers = |list: &[&str]| -> Vec<SocketAddr> { list.iter().map(|a| a.parse().unwrap()).collect() };
    assert!(vouch("cdn.example", &answers(&["1.1.1.1:0", "[2606:4700::1]:0"]), false).is_ok());
    assert!(vouch("cdn.example", &answers(&["1.1.1.1:0", "10.0.0.7:0"]), false).is_err());
    assert!(vouch("localhost", &answers(&["127.0.0.1:0", "[::1]:0"]), true).is_ok());
}

#[test]
fn a_link_is_https_without_a_user_name_to_a_public_host() {
    let verdict = |link: &str, local| {
        check(&Url::parse(link).unwrap(), Allowed { loopback: local, plain: local })
            .map_err(|fault| fault.kind)
    };
    let no = Err(FetchFaultKind::Unsafe);
    assert_eq!(verdict("https://cdn.example/a.mp4", false), Ok(()));
    assert_eq!(verdict("http://cdn.example/a.mp4", false), no);
    assert_eq!(verdict("http://127.0.0.1:9/a.mp4", true), Ok(()));
    assert_eq!(verdict("ftp://127.0.0.1/a.mp4", true), no);
    assert_eq!(verdict("file:///etc/passwd", true), no);
    assert_eq!(verdict("https://me:secret@cdn.example/a.mp4", false), no);
    assert_eq!(verdict("https://0x7f.1/a.mp4", false), no);
}
