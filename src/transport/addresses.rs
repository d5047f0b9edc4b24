//! Decides which IP addresses the program may contact when a provider's answer contains a link.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Returns the reason why an IP address may not be contacted; `None` for an ordinary public address.
///
/// The address ranges are from IANA's special-purpose registries (RFC 6890 and its updates). `allow_loopback` allows
/// loopback addresses, for providers that run on this machine. No other range can be allowed.
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
        // This form is refused with any IPv4 address inside: an honest host has no reason to use it.
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] => Some("an IPv4 address in IPv6 form"),
        [0x64, 0xff9b, ..] => Some("a translated IPv4 address"),
        [0xfe80..=0xfebf, ..] => Some("a link-local address"),
        [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] => Some("a private address"),
        [0xff00..=0xffff, ..] => Some("a multicast address"),
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..] => Some("a documentation address"),
        // Teredo and 6to4 addresses also contain an IPv4 address.
        [0x2001, 0, ..] | [0x2002, ..] => Some("a tunnelled IPv4 address"),
        // Addresses outside 2000::/3 are not used on the public network.
        [0x2000..=0x3fff, ..] => None,
        _ => Some("a reserved address"),
    }
}

#[cfg(test)]
mod tests;
