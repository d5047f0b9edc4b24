//! Pictures next to the manifest: read once, as long as they do not change; and never sent as something else than what
//! was ordered.

use crate::snapshot::assert_whole;
use crate::support::Project;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

const SHOP: &str = r#"version: 1
project: shop
items: { from: products.csv }
shots:
  hero:
    model: zai/vidu2-image
    image: "mugs/{{ item.id }}.png"
    prompt: "A slow turn around {{ item.title }}"
output: "renders/{{ item.id }}_{{ shot }}.mp4"
"#;

/// Where is kept what is known of pictures.
const IMAGE_CACHE: &str = ".shotlist/pictures.json";

/// Two mugs, each with a picture that was put there a while ago.
fn shop() -> Project {
    let project = Project::empty(|_| {});
    project.write("products.csv", "id,title\nred,red mug\nblue,blue mug\n");
    project.manifest(SHOP);
    let mug = include_bytes!("../../fixtures/mug.png");
    project.write("mugs/red.png", mug);
    project.write("mugs/blue.png", [&mug[..], b" "].concat());
    settled(&project);
    project
}

/// Waits until nothing about the pictures has changed for as long as their times need to tell.
fn settled(project: &Project) {
    let newest =
        ["mugs/red.png", "mugs/blue.png"].map(|name| fs::metadata(project.path(name)).unwrap().ctime());
    let newest = newest.into_iter().max().unwrap();
    crate::support::until("the pictures are old enough", || {
        let now = shotlist::engine::clock::Clock::system().now();
        now.duration_since(jiff::Timestamp::from_second(newest).unwrap())
            > jiff::SignedDuration::try_from(Duration::from_millis(3_100)).unwrap()
    });
}

/// Returns the saved facts about the pictures.
fn image_cache(project: &Project) -> Value {
    serde_json::from_slice(&fs::read(project.path(IMAGE_CACHE)).unwrap()).unwrap()
}

/// Returns the number of unchanged jobs.
fn unchanged(project: &Project) -> usize {
    let plan = project.run(&["plan", "--json"]).expect(0).json();
    plan["jobs"].as_array().unwrap().iter().filter(|job| job["decision"] == "unchanged").count()
}

/// Records wrong properties of the red mug's picture in the image cache.
fn forge(project: &Project) {
    let mut image_cache = image_cache(project);
    image_cache["pictures"]["mugs/red.png"]["sha256"] = "0".repeat(64).into();
    project.write(IMAGE_CACHE, image_cache.to_string());
}

#[test]
fn what_is_known_of_a_picture_is_believed_without_reading_it() {
    let project = shop();
    project.run(&["validate"]).expect(0);
    assert_eq!(image_cache(&project)["pictures"].as_object().unwrap().len(), 2);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(unchanged(&project), 2);
    forge(&project);
    assert_eq!(unchanged(&project), 1);
    // A rehearsal knows the pictures, too.
    assert_whole!(project.run(&["run", "--sandbox"]).expect(7));
}

#[test]
fn i35_what_is_known_of_a_picture_is_no_reason_to_send_another_one() {
    let project = shop();
    project.run(&["plan"]).expect(0);
    forge(&project);
    assert_whole!(project.run(&["run", "--yes"]).expect(7));

    assert_eq!(project.charges().len(), 1);
}

#[test]
fn a_picture_that_was_written_or_touched_is_read_again() {
    let project = shop();
    project.run(&["run", "--yes"]).expect(0);
    let red = project.path("mugs/red.png");
    let times = fs::metadata(&red).unwrap().modified().unwrap();
    forge(&project);
    assert_eq!(unchanged(&project), 1);

    // Touched: with the times that it had, as a copying tool leaves it.
    let file = fs::File::options().write(true).open(&red).unwrap();
    file.set_modified(times).unwrap();
    assert_eq!(unchanged(&project), 2);

    // As many other bytes, and the old time.
    let mut bytes = fs::read(&red).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    let file = fs::File::options().write(true).open(&red).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &bytes, 0).unwrap();
    file.set_modified(times).unwrap();
    assert_whole!(project.run(&["plan"]).expect(4));
}

#[test]
fn a_changed_picture_is_shown_by_the_name_of_its_file() {
    let project = shop();
    project.run(&["run", "--yes"]).expect(0);
    let mug = include_bytes!("../../fixtures/mug.png");
    project.write("mugs/red.png", [&mug[..], b"  "].concat());
    let plan = assert_whole!(project.run(&["plan"]).expect(0));
    assert!(plan.err.contains("image: \"mugs/red.png\", whose content changed"), "{plan}");
    project.run(&["plan", "--out", "night.json"]).expect(0);
    project.write("mugs/red.png", [&mug[..], b"   "].concat());
    let moved = project.run(&["run", "--plan", "night.json"]).expect(4);
    assert!(moved.err.contains("image: \"mugs/red.png\", another picture than before"), "{moved}");
    let plan = project.run(&["plan", "--json"]).expect(0).json();
    let changed = plan["jobs"].as_array().unwrap().iter().find(|job| job["decision"] == "changed").unwrap();
    assert!(changed["fields"][0]["new"].as_str().unwrap().contains("sha256"), "{changed}");
}

#[test]
fn a_picture_that_was_written_a_moment_ago_is_not_remembered() {
    let project = shop();
    project.write("mugs/red.png", include_bytes!("../../fixtures/mug.png"));
    let far = shotlist::engine::clock::Clock::system().now() + jiff::SignedDuration::from_hours(1);
    let file = fs::File::options().write(true).open(project.path("mugs/red.png")).unwrap();
    // Whatever the machine is busy with: this one lies in the future.
    file.set_modified(far.try_into().unwrap()).unwrap();
    project.run(&["plan"]).expect(0);
    assert_eq!(
        image_cache(&project)["pictures"].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["mugs/blue.png"]
    );
}

#[test]
fn a_broken_or_foreign_file_is_replaced_and_one_that_cannot_be_is_done_without() {
    let project = shop();
    for text in ["", "{", "[]", r#"{"shotlist":"0.0.1","pictures":{}}"#, r#"{"shotlist":1}"#] {
        project.write(IMAGE_CACHE, text);
        project.run(&["plan"]).expect(0);
        assert_eq!(image_cache(&project)["pictures"].as_object().unwrap().len(), 2, "{text}");
    }
    fs::remove_file(project.path(IMAGE_CACHE)).unwrap();
    fs::create_dir(project.path(IMAGE_CACHE)).unwrap();
    project.run(&["plan"]).expect(0);
    fs::remove_dir_all(project.path(".shotlist")).unwrap();
    project.write(".shotlist", "a file, in place of the folder");
    project.run(&["validate"]).expect(0);
}

#[test]
fn what_is_gone_from_the_folder_is_forgotten_and_what_another_manifest_uses_is_not() {
    let project = shop();
    project.run(&["plan"]).expect(0);
    fs::remove_file(project.path("mugs/blue.png")).unwrap();
    project.write("products.csv", "id,title\ngreen,green mug\n");
    project.write("mugs/green.png", include_bytes!("../../fixtures/mug.png"));
    crate::support::until("the new picture is remembered", || {
        project.run(&["plan"]).expect(0);
        image_cache(&project)["pictures"].get("mugs/green.png").is_some()
    });
    let image_cache = image_cache(&project);
    assert_eq!(image_cache["pictures"].as_object().unwrap().len(), 2, "{image_cache}");
}
