//! Checks links that the provider must be able to follow.

use super::Finding;
use std::net::IpAddr;
use url::{Host, Url};

/// The reason why a provider cannot follow a link.
pub(super) enum Unreachable {
    /// The text is not a web address that begins with `http://` or `https://`.
    NoLink,
    /// The link leads to this host, which is private.
    Private(String),
}

/// Checks whether a provider can follow the link. An error gives the reason why not.
pub(super) fn reach(link: &str) -> Result<(), Unreachable> {
    let url = Url::parse(link).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    match url.ok_or(Unreachable::NoLink)?.host() {
        Some(host) if is_private(&host.to_owned()) => Err(Unreachable::Private(host.to_string())),
        Some(_) => Ok(()),
        None => Err(Unreachable::NoLink),
    }
}

/// Returns the file ending of a link in lower case: `jpg` for `https://shop.example/a.JPG?v=2`.
pub(super) fn ending(link: &str) -> Option<String> {
    let url = Url::parse(link).ok()?;
    let (name, ending) = url.path_segments()?.next_back()?.rsplit_once('.')?;
    let is_ending = !name.is_empty() && ending.chars().all(|letter| letter.is_ascii_alphanumeric());
    is_ending.then(|| ending.to_ascii_lowercase()).filter(|ending| !ending.is_empty())
}

/// Returns a finding if a parameter is not a link, or is a link to a host that the provider cannot reach; otherwise
/// `None`.
pub(super) fn check(field: &str, link: &str) -> Option<Finding> {
    let message = match reach(link) {
        Ok(()) => return None,
        Err(Unreachable::NoLink) => format!("`{field}` is not a link"),
        Err(Unreachable::Private(host)) => {
            format!("`{field}` leads to {host}, which the provider cannot reach")
        }
    };
    let hint = "write a public address that begins with `https://`";
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
