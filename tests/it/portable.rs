//! One shot for three providers: the manifest is the same but for `model:`.

use crate::support::Project;
use serde_json::Value;

/// Only fields that all providers share.
const SHOT: &str = r#"version: 1
project: portable
items:
  - { id: mug, title: Nordic mug, image: "https://shop.example.com/mug.png" }
shots:
  turn:
    model: MODEL
    image: "{{ item.image }}"
    prompt: "A slow turn around {{ item.title }}"
    duration: 5
    audio: true
"#;

const MODELS: [&str; 3] = ["zai/viduq1-image", "vtrix/viduq1_img2video", "uniall/viduq3p-720p"];

#[test]
fn one_shot_goes_to_every_provider_unchanged_but_for_its_model() {
    for model in MODELS {
        let project = Project::empty(|_| {});
        project.write("shotlist.yaml", SHOT.replace("MODEL", model));
        let planned = project.run(&["plan", "--show-requests"]).expect(0).json();
        let (prompt, image, sound) = match model.split_once('/').unwrap().0 {
            "zai" => ("/prompt", "/image_url", "/with_audio"),
            "vtrix" => ("/input/0/params/prompt", "/input/0/params/images/0", "/input/0/params/audio"),
            _ => ("/prompt", "/image", "/extra_body/audio"),
        };
        let sent = |pointer| planned["body"].pointer(pointer).cloned().unwrap_or(Value::Null);
        assert_eq!(sent(prompt), "A slow turn around Nordic mug", "{planned:#}");
        assert_eq!(sent(image), "https://shop.example.com/mug.png", "{planned:#}");
        assert_eq!(sent(sound), true, "{planned:#}");

        project.run(&["run", "--sandbox", "--yes"]).expect(0);
        assert_eq!(project.clips().len(), 1, "{model}");
    }
}

#[test]
fn what_a_model_lacks_is_an_error_that_names_those_that_have_it() {
    let project = Project::empty(|_| {});
    project
        .write("shotlist.yaml", SHOT.replace("MODEL", "zai/viduq1-image").replace("audio: true", "seed: 7"));
    let ended = project.run(&["validate"]).expect(4).says("viduq1-image has no `seed`");
    ended.says("vtrix/viduq1_img2video").says("uniall/viduq3p-720p").says("optional: [seed]");
}

#[test]
fn what_a_model_lacks_is_left_out_where_the_shot_says_so_and_the_plan_tells() {
    let project = Project::empty(|_| {});
    let shot =
        SHOT.replace("MODEL", "zai/viduq1-image").replace("audio: true", "seed: 7\n    optional: [seed]");
    project.write("shotlist.yaml", shot);
    project.run(&["plan"]).expect(0).says("seed");
    let planned = project.run(&["plan", "--show-requests"]).expect(0).json();
    assert_eq!(planned["body"]["seed"], Value::Null);
}
