//! Builds the report page as one HTML text from its template, style, script and data.

use super::contract::Document;
use crate::domain::digest::Sha256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use serde::Serialize;

const TEMPLATE: &str = include_str!("page.html");

const STYLE: &str = include_str!("page.css");

/// The parts of the script in the order in which they run.
const SCRIPTS: [&str; 15] = [
    include_str!("js/dom.js"),
    include_str!("js/format.js"),
    include_str!("js/model.js"),
    include_str!("js/query.js"),
    include_str!("js/store.js"),
    include_str!("js/decide.js"),
    include_str!("js/media.js"),
    include_str!("js/card.js"),
    include_str!("js/grid.js"),
    include_str!("js/panel.js"),
    include_str!("js/dialogs.js"),
    include_str!("js/summary.js"),
    include_str!("js/filters.js"),
    include_str!("js/charts.js"),
    include_str!("js/main.js"),
];

/// Returns the whole report page as HTML.
///
/// The page requests nothing from other hosts. A browser runs only the page's own script, so text from a catalog or a
/// provider cannot run as code.
pub fn page(document: &Document) -> Result<String, minijinja::Error> {
    let script = script();
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("page.html", TEMPLATE)?;
    let done = document.jobs.iter().filter(|job| job.take.is_some()).count();
    environment.get_template("page.html")?.render(context! {
        policy => policy(&script, document.live.is_some()),
        title => &document.project,
        sandbox => document.sandbox,
        jobs => document.jobs.len(),
        clips => done,
        approved => document.jobs.iter().filter(|job| job.standing == Some("approved")).count(),
        rejected => document.jobs.iter().filter(|job| job.standing == Some("rejected")).count(),
        output => &document.output,
        status => &document.commands.status,
        style => minijinja::Value::from_safe_string(STYLE.to_owned()),
        script => minijinja::Value::from_safe_string(script),
        data => minijinja::Value::from_safe_string(json(document)?),
    })
}

/// Returns the size of a report page without data, in bytes.
#[must_use]
pub fn code_bytes() -> usize {
    TEMPLATE.len() + STYLE.len() + script().len()
}

/// Returns the Content-Security-Policy of a page that `review` serves, which is also sent as a header.
#[must_use]
pub fn served_policy() -> String {
    policy(&script(), true) + "; frame-ancestors 'none'"
}

fn policy(script: &str, is_served: bool) -> String {
    let connect = if is_served { "; connect-src 'self'" } else { "" };
    format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; img-src 'self' data:; media-src 'self'{connect}; \
         base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'",
        hash(script),
        hash(STYLE)
    )
}

fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::of(text.as_bytes()).0))
}

/// Returns the script of the page. All its parts are in one strict scope, so that the script defines no global names.
fn script() -> String {
    format!("\"use strict\";\n(() => {{\n{}\n}})();\n", SCRIPTS.join("\n"))
}

/// Returns data as JSON that cannot close the HTML element that contains it.
fn json(data: &impl Serialize) -> Result<String, minijinja::Error> {
    let json = serde_json::to_string(data)
        .map_err(|error| minijinja::Error::new(minijinja::ErrorKind::BadSerialization, error.to_string()))?;
    Ok(json.replace('<', "\\u003c"))
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
