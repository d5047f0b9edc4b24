//! Defines the fake providers of the sandbox and their paths.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::IntoResponse;
use axum::routing::MethodRouter;

use super::dialect::{Dialect, RefusalReason};
use super::{Shared, handler};

/// The protocols of the providers, by provider name.
pub(super) type Dialects = HashMap<&'static str, Arc<dyn Dialect>>;

/// A fake provider with its protocol and its paths. Each provider finds only its own tasks.
#[derive(Clone)]
pub struct Provider {
    dialect: Arc<dyn Dialect>,
    paths: Vec<(&'static str, MethodRouter<Arc<Shared>>)>,
}

impl Provider {
    /// Returns a fake provider with this protocol (`dialect`), which does not serve any path yet. [`Self::submits`] and
    /// [`Self::polls`] add paths. The prefix of all paths is the provider's name, which the protocol defines.
    #[must_use]
    pub fn new(dialect: impl Dialect + 'static) -> Self {
        Self { dialect: Arc::new(dialect), paths: Vec::new() }
    }

    /// Adds a path below the provider's prefix, such as `/v1/tasks`, where `POST` submits a task.
    #[must_use]
    pub fn submits(self, path: &'static str) -> Self {
        let handler = handler::submits(Arc::clone(&self.dialect));
        self.also(path, handler)
    }

    /// Adds a path below the provider's prefix, such as `/v1/tasks/{id}`, where `GET` returns the state of a task.
    ///
    /// If the path also has a `{model}`, it must be the model of the task.
    #[must_use]
    pub fn polls(self, path: &'static str) -> Self {
        let handler = handler::polls(Arc::clone(&self.dialect));
        self.also(path, handler)
    }

    /// Adds a path below the provider's prefix, with the handler of its calls.
    pub(super) fn also(mut self, path: &'static str, handler: MethodRouter<Arc<Shared>>) -> Self {
        self.paths.push((path, handler));
        self
    }

    /// Returns the provider's name, which is also the prefix of its paths.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.dialect.provider()
    }

    pub(super) fn dialect(&self) -> &Arc<dyn Dialect> {
        &self.dialect
    }

    /// Returns an HTTP router for all paths of the provider.
    pub(super) fn router(self) -> Router<Arc<Shared>> {
        let Self { dialect, paths } = self;
        let add = |router: Router<_>, (path, handler)| router.route(path, handler);
        let router = paths.into_iter().fold(Router::new(), add);
        let nowhere = Arc::clone(&dialect);
        router.fallback(async move || nowhere.refuse(&RefusalReason::NoApi)).layer(middleware::from_fn(
            move |request: Request, next: Next| {
                let dialect = Arc::clone(&dialect);
                async move {
                    if escapes_unreserved(&request.uri().to_string()) {
                        return dialect.refuse(&RefusalReason::NoApi).into_response();
                    }
                    next.run(request).await
                }
            },
        ))
    }
}

pub(super) fn names(providers: &[Provider]) -> Vec<&'static str> {
    providers.iter().map(Provider::name).collect()
}

/// Checks the names and paths of providers. Each name must be unique and usable in a path, and each path must begin
/// with a slash.
pub(super) fn check(providers: &[Provider]) -> Result<(), String> {
    for (index, provider) in providers.iter().enumerate() {
        let name = provider.name();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        if name.is_empty() || !name.chars().all(is_plain) || ["admin", "files"].contains(&name) {
            return Err(format!("`{name}` cannot be the name of a provider"));
        }
        if providers[..index].iter().any(|other| other.name() == name) {
            return Err(format!("there are two providers named {name}"));
        }
        if let Some((path, _)) = provider.paths.iter().find(|(path, _)| !path.starts_with('/')) {
            return Err(format!("the path `{path}` of {name} does not begin with a slash"));
        }
    }
    Ok(())
}

/// Returns true if an address escapes a character that needs no escape ("unreserved" in RFC 3986, section 2.3).
///
/// The sandbox answers such an address with 404, like a server that compares paths byte by byte.
fn escapes_unreserved(address: &str) -> bool {
    let escaped = |(at, _)| address.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    address.match_indices('%').filter_map(escaped).any(is_plain)
}
