use super::*;
use url::{Host, Url};

/// Returns the result of [`refused`] for the IP address in a link. Parsing the link first brings the address into its
/// normal form, as when the program opens a link.
fn verdict(host: &str, allow_loopback: bool) -> Option<&'static str> {
    let url = Url::parse(&format!("https://{host}/clip.mp4")).unwrap();
    match url.host().unwrap() {
        Host::Ipv4(v4) => refused(v4.into(), allow_loopback),
        Host::Ipv6(v6) => refused(v6.into(), allow_loopback),
        Host::Domain(name) => panic!("{name} is a name"),
    }
}

#[test]
fn s06_no_address_inside_a_network_is_reached_from_a_link() {
    for host in [
        "127.0.0.1",
        "127.255.0.9",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.127.255.255",
        "0.0.0.0",
        "0.1.2.3",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "198.51.100.7",
        "203.0.113.9",
        "198.18.0.1",
        "198.19.255.255",
        "192.0.0.8",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[febf::1]",
        "[fc00::1]",
        "[fd12:3456::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:8.8.8.8]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::1]",
        "[2001:db8::1]",
        "[2002:7f00:1::]",
        "[2001::1]",
        "[100::1]",
    ] {
        assert!(verdict(host, false).is_some(), "{host}");
    }
}

#[test]
fn s07_a_number_in_disguise_is_the_address_that_it_is() {
    for host in ["2130706433", "0x7f.1", "127.1", "0177.0.0.1", "0x7f000001"] {
        assert_eq!(verdict(host, false), Some("a loopback address"), "{host}");
    }
}

#[test]
fn public_addresses_are_let_through() {
    for host in [
        "1.1.1.1",
        "8.8.8.8",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.0.1",
        "172.32.0.1",
        "169.253.0.1",
        "192.167.1.1",
        "223.255.255.255",
        "[2606:4700::1111]",
        "[2a00:1450::1]",
        "[2001:4860::8888]",
    ] {
        assert_eq!(verdict(host, false), None, "{host}");
    }
}

#[test]
fn s10_only_loopback_can_be_allowed() {
    assert_eq!(verdict("127.0.0.1", true), None);
    assert_eq!(verdict("[::1]", true), None);
    for host in ["10.0.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "[::ffff:127.0.0.1]", "[fe80::1]"] {
        assert!(verdict(host, true).is_some(), "{host}");
    }
}
