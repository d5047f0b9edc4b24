//! Linked pictures, looked at on request: `validate --check-images` against a shop's server.
//!
//! The shop is behind a proxy on this machine, so that its links are those of a public server.

use crate::snapshot::assert_whole;
use crate::support::{Ended, Project};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use std::io::Write as _;
use std::sync::{Arc, Mutex};

/// A picture's first bytes, of this size in pixels; as many bytes in all.
fn png(width: u32, height: u32, bytes: usize) -> Vec<u8> {
    let mut png = Vec::from(*b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    png.write_all(&width.to_be_bytes()).unwrap();
    png.write_all(&height.to_be_bytes()).unwrap();
    png.resize(bytes, 0);
    png
}

/// Every address asked for, with its `Range`.
type Asked = Arc<Mutex<Vec<(String, String)>>>;

async fn serve(State(asked): State<Asked>, uri: Uri, headers: HeaderMap) -> Response {
    let range =
        headers.get(header::RANGE).map(|range| range.to_str().unwrap().to_owned()).unwrap_or_default();
    assert!(headers.get(header::AUTHORIZATION).is_none(), "a shop's server got a key");
    asked.lock().unwrap().push((uri.to_string(), range));
    let picture = match uri.path() {
        "/good.png" => png(640, 480, 5_000_000),
        "/narrow.png" => png(100, 401, 9_000),
        "/square.png" => png(480, 480, 9_000),
        "/huge.png" => png(640, 480, 53_000_000),
        "/page.png" => b"<!doctype html><title>Please log in</title>".to_vec(),
        "/gone.png" => return StatusCode::NOT_FOUND.into_response(),
        _ => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
    };
    let whole = picture.len();
    let first = Bytes::from(picture).slice(..whole.min(1 << 16));
    let range = format!("bytes 0-{}/{whole}", first.len() - 1);
    (StatusCode::PARTIAL_CONTENT, [(header::CONTENT_RANGE, range)], first).into_response()
}

/// A project and a shop whose server answers as [`serve`] does.
struct Shop {
    project: Project,
    asked: Asked,
    proxy: String,
    _runtime: tokio::runtime::Runtime,
}

impl Shop {
    fn with(items: &[(&str, &str)]) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let asked = Asked::default();
        let router = Router::new().fallback(serve).with_state(Arc::clone(&asked));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let proxy = format!("http://{}", listener.local_addr().unwrap());
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn_on(async move { axum::serve(listener, router).await }, runtime.handle());
        tasks.detach_all();
        let project = Project::empty(|_| {});
        let rows: Vec<String> =
            items.iter().map(|(id, image)| format!("{id},http://shop.example.com/{image}\n")).collect();
        project.write("products.csv", format!("id,image\n{}", rows.concat()));
        project.manifest(
            "version: 1\nitems: { from: products.csv }\nshots:\n  hero: { model: zai/vidu2-image, image: \"{{ item.image }}\" }\n",
        );
        Self { project, asked, proxy, _runtime: runtime }
    }

    fn validate(&self, arguments: &[&str]) -> Ended {
        let mut command = self.project.command(&[&["validate"], arguments].concat());
        command.env("http_proxy", &self.proxy);
        self.project.start_as(command).wait()
    }
}

#[test]
fn linked_pictures_are_left_alone_unless_they_are_asked_for() {
    let shop = Shop::with(&[("mug", "gone.png")]);
    shop.validate(&[]).expect(0);
    assert!(shop.asked.lock().unwrap().is_empty());
}

#[test]
fn linked_pictures_are_held_against_the_limits_of_the_model() {
    let shop = Shop::with(&[
        ("good", "good.png"),
        ("narrow", "narrow.png"),
        ("huge", "huge.png"),
        ("page", "page.png"),
        ("gone", "gone.png"),
        ("busy", "busy.png"),
    ]);
    let ended = shop.validate(&["--check-images"]).expect(4);
    let said = assert_whole!(ended);
    assert_whole!(&said);
    // The first bytes, once each.
    let asked = shop.asked.lock().unwrap();
    assert_eq!(asked.len(), 6);
    assert!(asked.iter().all(|(_, range)| range == "bytes=0-1048575"), "{asked:?}");
}

#[test]
fn what_was_found_out_is_kept_and_what_was_not_is_asked_for_again() {
    let shop = Shop::with(&[("good", "good.png"), ("also", "good.png"), ("busy", "busy.png")]);
    for _ in 0..2 {
        shop.validate(&["--check-images"]).expect(0);
    }
    let asked = shop.asked.lock().unwrap();
    let count = |name: &str| asked.iter().filter(|(url, _)| url.ends_with(name)).count();
    assert_eq!((count("good.png"), count("busy.png")), (1, 2));
}

#[test]
fn a_picture_that_is_gone_is_an_error_although_its_size_was_read_days_ago() {
    let shop = Shop::with(&[("mug", "good.png")]);
    shop.validate(&["--check-images"]).expect(0);
    let kept = shop.project.path(".shotlist/links.json");
    let text = std::fs::read_to_string(&kept).unwrap().replace("good.png", "gone.png");
    let when = regex::Regex::new(r#""at":"[^"]*""#).unwrap();
    let old = when.replace(&text, r#""at":"2020-01-01T00:00:00Z""#).into_owned();
    assert_ne!(old, text);
    shop.project.write(".shotlist/links.json", old);
    shop.project.write("products.csv", "id,image\nmug,http://shop.example.com/gone.png\n");
    assert_whole!(shop.validate(&["--check-images"]).expect(4));
}

#[test]
fn a_linked_first_frame_is_compared_with_a_linked_last_one() {
    let shop = Shop::with(&[("mug", "good.png")]);
    shop.project.manifest(
        "version: 1\nitems: { from: products.csv }\nshots:\n  hero:\n    model: zai/vidu2-start-end\n    image: \"{{ item.image }}\"\n    last_image: http://shop.example.com/square.png\n",
    );
    assert_whole!(shop.validate(&["--check-images"]).expect(4));
}
