//! Links that the provider is to follow.

use super::Finding;
use std::net::IpAddr;
use url::{Host, Url};

/// Why nobody but this machine and its neighbours can follow a link.
pub(super) enum Unreachable {
    /// It is none, or none of the web.
    NoLink,
    /// It leads to this host.
    Private(String),
}

/// Whether a provider can follow the link.
pub(super) fn reach(link: &str) -> Result<(), Unreachable> {
    let url = Url::parse(link).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    match url.ok_or(Unreachable::NoLink)?.host() {
        Some(host) if is_private(&host.to_owned()) => Err(Unreachable::Private(host.to_string())),
        Some(_) => Ok(()),
        None => Err(Unreachable::NoLink),
    }
}

/// Returns the ending of the file that a link leads to, in small letters: `jpg` of `https://shop.example/a.JPG?v=2`.
pub(super) fn ending(link: &str) -> Option<String> {
    let url = Url::parse(link).ok()?;
    let (name, ending) = url.path_segments()?.next_back()?.rsplit_once('.')?;
    let is_ending = !name.is_empty() && ending.chars().all(|letter| letter.is_ascii_alphanumeric());
    is_ending.then(|| ending.to_ascii_lowercase()).filter(|ending| !ending.is_empty())
}

/// A link in a parameter.
pub(super) fn check(field: &str, link: &str) -> Option<Finding> {
    let message = match reach(link) {
        Ok(()) => return None,
        Err(Unreachable::NoLink) => format!("`{field}` is no link"),
        Err(Unreachable::Private(host)) => {
            format!("`{field}` leads to {host}, which the provider cannot reach")
        }
    };
    let hint = "write an address that everybody can reach, beginning with `https://`";
    Some(Finding::error(field, message).hint(hint).detail(link))
}

fn is_private(host: &Host) -> bool {
    match host {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || [".localhost", ".local", ".internal"].iter().any(|end| name.ends_with(end))
        }
        Host::Ipv4(ip) => is_inner(IpAddr::V4(*ip)),
        Host::Ipv6(ip) => is_inner(ip.to_ipv4_mapped().map_or(IpAddr::V6(*ip), IpAddr::V4)),
    }
}

fn is_inner(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified(),
        IpAddr::V6(ip) => {
            ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local()
        }
    }
}
