//! Which provider speaks how, and on which paths.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::IntoResponse;

use super::dialect::{Dialect, Why};
use super::echo::{self, Echo};
use super::provider::Provider;
use super::uniall::UniAll;
use super::vtrix::Vtrix;
use super::zai::Zai;
use super::{Shared, desk};

/// How a provider speaks.
pub(super) fn of(provider: Provider) -> &'static dyn Dialect {
    match provider {
        Provider::Zai => &Zai,
        Provider::Vtrix => &Vtrix,
        Provider::Uniall => &UniAll::Generations,
        Provider::Echo => &Echo,
    }
}

/// The paths below a provider's prefix.
pub(super) fn below(provider: Provider) -> Router<Arc<Shared>> {
    let dialect = of(provider);
    let paths = match provider {
        Provider::Zai => Router::new()
            .route("/paas/v4/videos/generations", desk::submits(dialect))
            .route("/paas/v4/async-result/{id}", desk::polls(dialect)),
        Provider::Vtrix => Router::new()
            .route("/model/v1/generation", desk::submits(dialect))
            .route("/model/v1/generation/task/{id}", desk::polls(dialect)),
        Provider::Uniall => Router::new()
            .route("/v1/video/generations", desk::submits(dialect))
            .route("/v1/video/generations/{id}", desk::polls(dialect))
            .route("/v1/videos/{id}", desk::polls(&UniAll::Videos)),
        Provider::Echo => Router::new()
            .route("/v1/tasks", desk::submits(dialect).get(echo::many))
            .route("/v1/tasks/{id}", desk::polls(dialect).delete(echo::cancel)),
    };
    paths.fallback(async move || dialect.refuse(&Why::NoApi)).layer(middleware::from_fn(
        async move |request: Request, next: Next| {
            if escapes_unreserved(&request.uri().to_string()) {
                return dialect.refuse(&Why::NoApi).into_response();
            }
            next.run(request).await
        },
    ))
}

/// Returns whether an address escapes a character that RFC 3986, section 2.3, leaves as it is. Servers that compare paths
/// byte by byte know nothing at such an address, so the sandbox does not either.
fn escapes_unreserved(address: &str) -> bool {
    let escaped = |(at, _)| address.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    address.match_indices('%').filter_map(escaped).any(is_plain)
}
