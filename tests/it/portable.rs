//! One shot for three providers: the manifest is the same but for `model:`.

use crate::snapshot::assert_whole;
use crate::support::{Project, rules};
use serde_json::{Value, json};

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
    assert_whole!(project.run(&["validate"]).expect(4));
}

#[test]
fn what_a_model_lacks_is_left_out_where_the_shot_says_so_and_the_plan_tells() {
    let project = Project::empty(|_| {});
    let shot =
        SHOT.replace("MODEL", "zai/viduq1-image").replace("audio: true", "seed: 7\n    optional: [seed]");
    project.write("shotlist.yaml", shot);
    assert_whole!(project.run(&["plan"]).expect(0));
    let planned = project.run(&["plan", "--show-requests"]).expect(0).json();
    assert_eq!(planned["body"]["seed"], Value::Null);
}

#[test]
fn a_connection_that_breaks_after_the_request_leaves_its_job_to_a_person_and_is_charged_once() {
    let faults = json!([{ "on": "submit", "times": 1, "do": "reset_after_accept" }]);
    for model in ["vtrix/viduq1_img2video", "uniall/viduq3p-720p"] {
        let project = Project::empty(|options| options.faults = rules(faults.clone()));
        let price = format!("prices: {{ {model}: {{ per: clip, usd: \"0.40\" }} }}\n");
        project.manifest(&format!("{}{price}", SHOT.replace("MODEL", model)));
        for _ in 0..2 {
            assert_whole!(project.run(&["run", "--yes"]).expect(7));
        }
        assert_eq!(project.charges().len(), 1, "{model}");
        // Found in the console, the task is taken over and its clip comes.
        let task = project.charges().remove(0).task;
        project.run(&["resolve", "turn/mug", "--task-id", &task]).expect(0);
        project.run(&["collect"]).expect(0);
        assert_eq!((project.clips().len(), project.charges().len()), (1, 1), "{model}");
    }
}

#[test]
fn what_the_provider_says_it_charged_is_what_was_spent() {
    let project = Project::empty(|_| {});
    let price = "prices: { vtrix/viduq1_img2video: { per: clip, usd: \"0.35\" } }\n";
    project.manifest(&format!("{}{price}", SHOT.replace("MODEL", "vtrix/viduq1_img2video")));
    project.run(&["run", "--yes"]).expect(0);
    let take = project.show("turn/mug")["takes"][0].take();
    assert_eq!((&take["price_usd"], &take["settled_usd"]), (&json!("0.35"), &json!("0.40")), "{take:#}");
}
