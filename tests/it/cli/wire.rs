//! Requests of each model, field by field, against the provider's API reference.

use crate::snapshot::assert_whole;
use crate::support::{Project, rules};
use serde_json::{Value, json};
use shotlist::sandbox::Limits;

const FIRST: &str = "https://example.com/first.png";
const LAST: &str = "https://example.com/last.png";

/// One shot for each model, with every field and parameter that its branch of the API reference has.
const EVERYTHING: &str = r#"version: 1
project: everything
items:
  - { id: all }
shots:
  cogvideox:
    model: zai/cogvideox-3
    prompt: one
    image: https://example.com/first.png
    last_image: https://example.com/last.png
    audio: true
    size: 3840x2160
    duration: 10
    params: { quality: speed, fps: 60, user_id: shop-12345 }
  text:
    model: zai/viduq1-text
    prompt: two
    style: anime
    duration: 5
    aspect_ratio: "9:16"
    size: 1920x1080
    motion: large
    params: { user_id: shop-12345 }
  image:
    model: zai/viduq1-image
    prompt: three
    image: https://example.com/first.png
    duration: 5
    size: 1920x1080
    motion: small
    audio: true
    params: { user_id: shop-12345 }
  frames:
    model: zai/viduq1-start-end
    prompt: four
    image: https://example.com/first.png
    last_image: https://example.com/last.png
    duration: 5
    size: 1920x1080
    motion: medium
    audio: false
    params: { user_id: shop-12345 }
  image2:
    model: zai/vidu2-image
    prompt: five
    image: https://example.com/first.png
    duration: 4
    size: 1280x720
    motion: auto
    audio: true
    params: { user_id: shop-12345 }
  frames2:
    model: zai/vidu2-start-end
    prompt: six
    image: https://example.com/first.png
    last_image: https://example.com/last.png
    duration: 4
    size: 1280x720
    motion: auto
    audio: true
    params: { user_id: shop-12345 }
  reference:
    model: zai/vidu2-reference
    prompt: seven
    reference_images: [ https://example.com/first.png, https://example.com/last.png ]
    duration: 4
    aspect_ratio: "1:1"
    size: 1280x720
    motion: auto
    audio: true
    params: { user_id: shop-12345 }
"#;

/// The names are those of the schemas of "Generate Video (Async)".
fn documented() -> Vec<Value> {
    vec![
        json!({ "model": "cogvideox-3", "prompt": "one", "image_url": [FIRST, LAST], "with_audio": true,
            "size": "3840x2160", "duration": 10, "quality": "speed", "fps": 60, "user_id": "shop-12345" }),
        json!({ "model": "viduq1-text", "prompt": "two", "style": "anime", "duration": 5, "aspect_ratio": "9:16",
            "size": "1920x1080", "movement_amplitude": "large", "user_id": "shop-12345" }),
        json!({ "model": "viduq1-image", "prompt": "three", "image_url": FIRST, "duration": 5, "size": "1920x1080",
            "movement_amplitude": "small", "with_audio": true, "user_id": "shop-12345" }),
        json!({ "model": "viduq1-start-end", "prompt": "four", "image_url": [FIRST, LAST], "duration": 5,
            "size": "1920x1080", "movement_amplitude": "medium", "with_audio": false, "user_id": "shop-12345" }),
        json!({ "model": "vidu2-image", "prompt": "five", "image_url": FIRST, "duration": 4, "size": "1280x720",
            "movement_amplitude": "auto", "with_audio": true, "user_id": "shop-12345" }),
        json!({ "model": "vidu2-start-end", "prompt": "six", "image_url": [FIRST, LAST], "duration": 4,
            "size": "1280x720", "movement_amplitude": "auto", "with_audio": true, "user_id": "shop-12345" }),
        json!({ "model": "vidu2-reference", "prompt": "seven", "image_url": [FIRST, LAST], "duration": 4,
            "aspect_ratio": "1:1", "size": "1280x720", "movement_amplitude": "auto", "with_audio": true,
            "user_id": "shop-12345" }),
    ]
}

#[test]
fn every_model_is_sent_every_field_of_its_document_and_no_other() {
    let project = Project::empty(|options| options.limits = Limits::Unlimited);
    project.manifest(EVERYTHING);
    project.run(&["run", "--yes"]).expect(0);
    let mut sent: Vec<Value> = Vec::new();
    for request in project.requests() {
        let mut body = request.body;
        let label = body.as_object_mut().unwrap().remove("request_id").unwrap();
        let label = label.as_str().unwrap();
        assert!(label.starts_with("sl-") && (6..=64).contains(&label.len()), "{label}");
        sent.push(body);
    }
    assert_eq!(sent.len(), 7);
    for body in documented() {
        assert!(sent.contains(&body), "{body}\nis not among\n{sent:#?}");
    }
}

#[test]
fn a_request_says_only_what_the_user_said() {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    let body = project.requests().remove(0).body;
    let names: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(names, ["model", "prompt", "request_id"]);
}

#[test]
fn a_picture_from_disk_travels_in_the_request_byte_for_byte() {
    let project = Project::empty(|_| {});
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/manifests/frames");
    let picture = std::fs::read(format!("{folder}/kitchen.png")).unwrap();
    project.write("kitchen.png", &picture);
    project.manifest(
        "version: 1\nproject: one\nitems:\n  - { id: a, image: kitchen.png }\nshots:\n  hero: { model: zai/vidu2-image, image: \"{{ item.image }}\", prompt: steam }\n",
    );
    project.run(&["run", "--yes"]).expect(0);
    let sent = &project.requests()[0].body["image_url"];
    let hash = shotlist::domain::digest::Sha256::of(&picture).to_string();
    assert_eq!((&sent["sha256"], &sent["mime"]), (&json!(hash), &json!("image/png")), "{sent}");

    // The same bytes under another name are the same order.
    std::fs::rename(project.path("kitchen.png"), project.path("scene.png")).unwrap();
    project.edit("shotlist.yaml", "kitchen.png", "scene.png");
    project.run(&["run"]).expect(0);
    assert_eq!(project.requests().len(), 1);
}

#[test]
fn what_a_model_does_not_have_is_refused_before_anything_is_sent() {
    let project = Project::shop(1);
    project.edit("shotlist.yaml", "    prompt:", "    audio: true\n    duration: 4\n    prompt:");
    assert_whole!(project.run(&["run", "--yes"]).expect(4));
    assert_eq!(project.requests().len(), 0);
}

#[test]
fn a_request_that_the_provider_cannot_read_is_the_users_to_mend() {
    let project = Project::shop_with(1, |options| {
        options.faults = rules(json!([{ "on": "submit", "do": { "error": {
            "http": 400, "code": "1214", "message": "The parameter prompt is invalid" } } }]));
    });
    assert_whole!(project.run(&["run", "--yes"]).expect(3));
}
