//! Which addresses a link from a provider's answer may lead to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is refused, or nothing if it is an ordinary public one.
///
/// After the special-purpose registries of IANA (RFC 6890 and its updates). Loopback alone can be allowed, for
/// providers that themselves live on this machine.
#[must_use]
pub fn refused(address: IpAddr, allow_loopback: bool) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => refused_v4(v4, allow_loopback),
        IpAddr::V6(v6) => refused_v6(v6, allow_loopback),
    }
}

fn refused_v4(address: Ipv4Addr, allow_loopback: bool) -> Option<&'static str> {
    match address.octets() {
        [127, ..] => (!allow_loopback).then_some("a loopback address"),
        [0, ..] => Some("an address of this network"),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Some("a private address"),
        [169, 254, ..] => Some("a link-local address"),
        [100, 64..=127, ..] => Some("a carrier's internal address"),
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Some("a documentation address"),
        [192, 0, 0, _] | [192, 88, 99, _] | [198, 18..=19, ..] | [240..=255, ..] => {
            Some("a reserved address")
        }
        [224..=239, ..] => Some("a multicast address"),
        _ => None,
    }
}

fn refused_v6(address: Ipv6Addr, allow_loopback: bool) -> Option<&'static str> {
    if address == Ipv6Addr::LOCALHOST {
        return (!allow_loopback).then_some("a loopback address");
    }
    match address.segments() {
        // Whatever IPv4 address is inside: an honest host has no reason to write it so.
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] => Some("an IPv4 address in IPv6 clothes"),
        [0x64, 0xff9b, ..] => Some("a translated IPv4 address"),
        [0xfe80..=0xfebf, ..] => Some("a link-local address"),
        [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] => Some("a private address"),
        [0xff00..=0xffff, ..] => Some("a multicast address"),
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..] => Some("a documentation address"),
        // Teredo and 6to4 carry an IPv4 address too.
        [0x2001, 0, ..] | [0x2002, ..] => Some("a tunnelled IPv4 address"),
        // Everything outside 2000::/3 is not in use on the public network.
        [0x2000..=0x3fff, ..] => None,
        _ => Some("a reserved address"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::{Host, Url};

    /// As the link writes it, through the same normalisation as a real link.
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
        for host in
            ["10.0.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "[::ffff:127.0.0.1]", "[fe80::1]"]
        {
            assert!(verdict(host, true).is_some(), "{host}");
        }
    }
}
