//! Decides whether a host is reached without a proxy, by the HTTP client's rules for `NO_PROXY`.

use std::net::IpAddr;
use url::{Host, Url};

/// Returns true if a list in the format of `NO_PROXY` contains the host of a URL.
pub(super) fn has(list: &str, url: &Url) -> bool {
    let mut entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    match url.host() {
        Some(Host::Domain(name)) => entries.any(|entry| is_within(name, entry)),
        Some(Host::Ipv4(address)) => entries.any(|entry| is_in_network(address.into(), entry)),
        Some(Host::Ipv6(address)) => entries.any(|entry| is_in_network(address.into(), entry)),
        None => false,
    }
}

/// Returns true if a host name is equal to a domain or inside it. The domain `*` matches every name, but no IP address.
fn is_within(name: &str, domain: &str) -> bool {
    let (name, domain) = (name.to_ascii_lowercase(), domain.to_ascii_lowercase());
    let bare = domain.strip_prefix('.').unwrap_or(&domain);
    domain == "*" || name.strip_suffix(bare).is_some_and(|above| above.is_empty() || above.ends_with('.'))
}

/// Returns true if an entry of `NO_PROXY` is this IP address, or a network (such as `10.0.0.0/8`) that contains the
/// address.
fn is_in_network(address: IpAddr, entry: &str) -> bool {
    let (network, length) = match entry.split_once('/') {
        Some((network, length)) => (network, length.parse::<u32>().ok()),
        None => (entry, Some(u128::BITS)),
    };
    let (Ok(network), Some(length)) = (network.parse::<IpAddr>(), length) else { return false };
    let differs = |bits: u32, difference: u128| {
        let behind = bits.saturating_sub(length);
        difference.checked_shr(behind).unwrap_or(0) != 0
    };
    match (address, network) {
        (IpAddr::V4(one), IpAddr::V4(other)) => !differs(u32::BITS, (one.to_bits() ^ other.to_bits()).into()),
        (IpAddr::V6(one), IpAddr::V6(other)) => !differs(u128::BITS, one.to_bits() ^ other.to_bits()),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
