//! Clips and pictures: by the id of their rendering, in parts, and never from elsewhere.

use super::{Page, finished, take};
use crate::support::Project;
use serde_json::json;
use std::fs;
use std::os::unix::fs::symlink;

/// Renders clips of a picture next to the manifest.
const PICTURED: &str = r#"version: 1
project: shop
items: [{ id: red }]
shots:
  hero:
    model: zai/vidu2-image
    image: "mugs/{{ item.id }}.png"
    prompt: "A slow turn"
output: "renders/{{ item.id }}.mp4"
"#;

#[test]
fn a_clip_is_served_whole_and_in_parts() {
    let project = finished(1);
    let page = Page::of(&project);
    let path = format!("clip/{}", take(&project, "hero/sku-1"));
    let clip = fs::read(project.path("renders/sku-1_hero.mp4")).unwrap();
    let whole = page.get(&path).expect(200);
    assert_eq!(whole.body, clip);
    assert_eq!(whole.headers["content-type"], "video/mp4");
    assert_eq!(whole.headers["accept-ranges"], "bytes");
    let part = page.part(&path, &[("Range", "bytes=4-7")]).expect(206);
    assert_eq!(part.body, b"ftyp");
    assert_eq!(part.headers["content-range"], format!("bytes 4-7/{}", clip.len()));
    assert_eq!(page.part(&path, &[("Range", "bytes=-5")]).expect(206).body, clip[clip.len() - 5..]);
    let behind = page.part(&path, &[("Range", &format!("bytes={}-", clip.len()))]).expect(416);
    assert_eq!(behind.headers["content-range"], format!("bytes */{}", clip.len()));
    let tag = whole.headers["etag"].as_str();
    page.part(&path, &[("Range", "bytes=0-3"), ("If-Range", tag)]).expect(206);
    page.part(&path, &[("Range", "bytes=0-3"), ("If-Range", "\"other\"")]).expect(200);
    let head = page.ask("HEAD", &format!("/{}/{path}", page.read), &[], "").expect(200);
    assert_eq!((head.body.len(), head.headers["content-length"].parse()), (0, Ok(clip.len())));
    page.end();
}

#[test]
fn s22_no_path_leads_to_another_file() {
    let project = finished(1);
    let page = Page::of(&project);
    let take = take(&project, "hero/sku-1");
    for path in [
        "clip/".to_owned(),
        "clip/..".to_owned(),
        "clip/../data".to_owned(),
        "clip/%2e%2e%2fshotlist.yaml".to_owned(),
        "clip/../../shotlist.yaml".to_owned(),
        "clip/shotlist.yaml".to_owned(),
        "clip/renders/sku-1_hero.mp4".to_owned(),
        format!("clip/{take}/"),
        format!("clip/{take}/.."),
        format!("clip/{take}%00"),
        format!("clip/{}", take.to_lowercase()),
        format!("source/{take}"),
        "source/..".to_owned(),
        "poster/..%2f..%2fstate.db".to_owned(),
    ] {
        page.get(&path).expect(404);
    }
    page.end();
}

#[test]
fn a_clip_that_was_replaced_or_leads_outward_is_not_served() {
    let project = finished(3);
    let page = Page::of(&project);
    let clip = |n: usize| project.path(&format!("renders/sku-{n}_hero.mp4"));
    let path = |n: usize| format!("clip/{}", take(&project, &format!("hero/sku-{n}")));
    let paths = [path(1), path(2), path(3)];
    let secret = project.folder().parent().unwrap().join("secret.mp4");
    fs::copy(clip(1), &secret).unwrap();
    fs::remove_file(clip(1)).unwrap();
    symlink(&secret, clip(1)).unwrap();
    page.get(&paths[0]).expect(404);
    project.write("renders/sku-2_hero.mp4", "<html>");
    page.get(&paths[1]).expect(404);
    // A link that stays in the output folder is the user's way to keep things.
    fs::rename(clip(3), project.path("renders/third.mp4")).unwrap();
    symlink("third.mp4", clip(3)).unwrap();
    page.get(&paths[2]).expect(200);
}

#[test]
fn an_older_version_is_served_from_where_it_is_kept() {
    let project = finished(1);
    let first = take(&project, "hero/sku-1");
    project.run(&["redo", "hero/sku-1", "--yes"]).expect(0);
    let second = take(&project, "hero/sku-1");
    assert_ne!(first, second);
    let clips: Vec<String> = project.clips().into_keys().collect();
    let kept = clips.iter().find(|name| name.contains("_takes/")).unwrap();
    let page = Page::of(&project);
    assert_eq!(page.get(&format!("clip/{first}")).expect(200).body, fs::read(project.path(kept)).unwrap());
    let current = fs::read(project.path("renders/sku-1_hero.mp4")).unwrap();
    assert_eq!(page.get(&format!("clip/{second}")).expect(200).body, current);
    page.end();
}

#[test]
fn a_source_picture_is_served_from_the_folder_of_the_manifest_alone() {
    let project = Project::empty(|_| {});
    project.manifest(PICTURED);
    let mug = include_bytes!("../../fixtures/mug.png");
    project.write("mugs/red.png", mug);
    project.run(&["run", "--yes"]).expect(0);
    let page = Page::of(&project);
    let path = format!("source/{}", take(&project, "hero/red"));
    let picture = page.get(&path).expect(200);
    assert_eq!((picture.body.as_slice(), picture.headers["content-type"].as_str()), (&mug[..], "image/png"));
    // What is no picture is not served, whatever its name says.
    project.write("mugs/red.png", "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>");
    page.get(&path).expect(404);
    let outside = project.folder().parent().unwrap().join("outside.png");
    fs::rename(project.path("mugs/red.png"), project.path("mugs/old")).unwrap();
    fs::copy(project.path("mugs/old"), &outside).unwrap();
    symlink(&outside, project.path("mugs/red.png")).unwrap();
    page.get(&path).expect(404);
    page.end();
}

#[test]
fn a_page_for_some_jobs_serves_no_files_of_others() {
    let project = finished(2);
    let page = Page::with(&project, &["--only", "sku-1"]);
    page.get(&format!("clip/{}", take(&project, "hero/sku-1"))).expect(200);
    page.get(&format!("clip/{}", take(&project, "hero/sku-2"))).expect(404);
    let decision = json!({
        "job": "hero/sku-2", "take": take(&project, "hero/sku-2"), "seen": 0, "outcome": "approved"
    });
    page.post("decide", &json!({ "decisions": [decision] })).expect(400);
    page.end();
}
