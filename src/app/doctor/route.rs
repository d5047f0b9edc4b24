//! Checks the network route to each host: a direct connection, or one through a proxy.

use super::Check;
use crate::domain::lifecycle::State;
use crate::domain::take::Take;
use crate::transport::Proxies;
use crate::transport::settings::host_and_port;
use std::collections::BTreeSet;
use url::Url;

/// Returns a check for each provider's server and each host of clips to download; the check names the network route.
///
/// It shows hosts and ports only: a proxy's address may hold a password, and a link to a clip is signed.
pub(super) fn checks(servers: &[(&str, Url)], hosts: &BTreeSet<Url>, proxies: &Proxies) -> Vec<Check> {
    let way = |url: &Url| match proxies.named_for(url) {
        Some(proxy) => format!("{} is reached through the proxy {proxy}", host_and_port(url)),
        None => format!("no proxy is set for {}", host_and_port(url)),
    };
    let mut checks: Vec<Check> = servers
        .iter()
        .map(|(provider, url)| Check::ok("route", format!("{provider}: {}", way(url))))
        .chain(hosts.iter().map(|url| Check::ok("route", format!("clips: {}", way(url)))))
        .collect();
    checks.extend(proxies.warning().map(|warning| {
        Check::warn(
            "route",
            warning,
            "export NO_PROXY=HOST,HOST with the hosts of your clips, or ask the administrator of the proxy",
        )
    }));
    checks
}

/// Returns the address of the host from which a take's clip must be downloaded, without path and signature.
///
/// It is `None` if the take has no clip to download.
pub(super) fn host(take: &Take) -> Option<Url> {
    let State::Downloading { clip, .. } = &take.state else { return None };
    Url::parse(&clip.url).ok()?.join("/").ok()
}

#[cfg(test)]
mod tests;
