//! Clips that are handed over: which ones, and in which form.

use crate::snapshot::assert_whole;
use crate::support::Project;
use shotlist::app::Project as Library;
use shotlist::app::decide::ReviewRequest;
use shotlist::domain::key::JobKey;
use shotlist::domain::review::{Outcome, Reason};
use shotlist::sandbox::ClipDetail;
use std::fs;

/// A shop with clips of ten seconds; the second and the third product share one.
fn shop() -> Project {
    let project = Project::shop_with(1, |options| options.clips = ClipDetail::Full);
    project.write(
        "products.csv",
        "id,title,note\r\nsku-1,mug,\"a, b\"\r\nsku-2,cup,\r\nsku-3,cup,\r\nsku-4,pot,=1\r\n",
    );
    project.edit(
        "shotlist.yaml",
        "    model: zai/viduq1-text\n",
        "    model: zai/cogvideox-3\n    duration: 10\n    size: 1280x720\n",
    );
    project.run(&["run", "--yes"]).expect(0);
    project
}

/// Records a review of a job's clip.
fn review(project: &Project, item: &str, outcome: Outcome) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let library = Library::open(project.path("shotlist.yaml")).unwrap();
        let job = JobKey::new("hero", item);
        let gallery = library.gallery().await.unwrap();
        let record = &gallery.jobs.iter().find(|found| *found.key() == job).unwrap().record;
        let rejected = outcome == Outcome::Rejected;
        let request = ReviewRequest {
            take: record.filed.as_ref().unwrap().take.clone(),
            seen: record.review.as_ref().map_or(0, |review| review.revision),
            job,
            outcome,
            reasons: if rejected { vec![Reason::WrongColour] } else { Vec::new() },
            note: None,
            redo: false,
        };
        let report = library.decide(&[request], "tester").await.unwrap();
        assert!(report.conflicts.is_empty() && !report.made.is_empty());
    });
}

fn read(project: &Project, name: &str) -> String {
    fs::read_to_string(project.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn without_an_approved_clip_nothing_is_written_and_the_reason_is_told() {
    let project = shop();
    assert_whole!(project.run(&["export", "sheet"]).expect(5));
    assert!(!project.path("products.shotlist.csv").exists());
}

#[test]
fn the_sheet_comes_back_with_approved_clips_only_and_the_original_stays() {
    let project = shop();
    let before = read(&project, "products.csv");
    review(&project, "sku-1", Outcome::Approved);
    let ended = project.run(&["export", "sheet", "--base-url", "https://cdn.example/c/"]).expect(0);
    assert_eq!(ended.out.trim(), "products.shotlist.csv");
    let expected = "id,title,note,shotlist_status,shotlist_file,shotlist_url,shotlist_error\r\n\
        sku-1,mug,\"a, b\",approved,renders/sku-1_hero.mp4,https://cdn.example/c/renders/sku-1_hero.mp4,\r\n\
        sku-2,cup,,undecided,,,\r\nsku-3,cup,,undecided,,,\r\nsku-4,pot,=1,undecided,,,\r\n";
    assert_eq!(read(&project, "products.shotlist.csv"), expected);
    assert_eq!(read(&project, "products.csv"), before);
    assert_whole!(project.run(&["export", "sheet", "--out", "products.csv", "--force"]).expect(2));
    project.write("mine.csv", "mine");
    assert_whole!(project.run(&["export", "sheet", "--out", "mine.csv"]).expect(2));
    assert_eq!(read(&project, "mine.csv"), "mine");
    project.run(&["export", "sheet", "--out", "mine.csv", "--force"]).expect(0);
    let exported = read(&project, "mine.csv");
    assert!(exported.contains("renders/sku-1_hero.mp4"), "{exported}");
    // The copy is a product file with these columns, and they are not added twice.
    project.edit("shotlist.yaml", "from: products.csv", "from: mine.csv");
    assert_whole!(project.run(&["export", "sheet"]).expect(4));
}

#[test]
fn a_rejected_clip_serves_nobody_and_a_missing_one_is_told() {
    let project = shop();
    review(&project, "sku-2", Outcome::Rejected);
    let paths = [
        "renders/sku-1_hero.mp4",
        "renders/sku-2_hero.mp4",
        "renders/sku-3_hero.mp4",
        "renders/sku-4_hero.mp4",
    ];
    assert_eq!(fs::read(project.path(paths[1])).unwrap(), fs::read(project.path(paths[2])).unwrap());
    fs::remove_file(project.path(paths[3])).unwrap();
    assert_whole!(project.run(&["export", "sheet", "--all"]).expect(0));
    let sheet = read(&project, "products.shotlist.csv");
    insta::assert_snapshot!("sheet_with_a_rejected_and_a_missing_clip", sheet);
    let index = project.run(&["export", "index", "--all", "--json"]).expect(0).json();
    assert_eq!((index["schema"].as_str(), index["clips"].as_u64()), (Some("shotlist.export/1"), Some(1)));
    review(&project, "sku-2", Outcome::Undecided);
    project.run(&["export", "sheet", "--all"]).expect(0);
    assert!(paths[..3].iter().all(|path| read(&project, "products.shotlist.csv").contains(path)));
}

#[test]
fn feeds_hold_the_ids_and_the_addresses_and_need_a_base() {
    let project = shop();
    assert_whole!(project.run(&["export", "google", "--all"]).expect(2));
    for base in ["ftp://x/", "https://x/?a", "https://me:secret@x/", "x"] {
        assert_whole!(project.run(&["export", "google", "--all", "--base-url", base]).expect(2));
    }
    let asked = project
        .run(&["export", "woocommerce", "--meta", "clip", "--for", "reels", "--out", "a b.csv"])
        .expect(2);
    let repeated = "export woocommerce --meta clip --for reels --out 'a b.csv' --base-url https";
    assert!(asked.err.contains(repeated), "{}", asked.err);
    let with = |form: &'static str| {
        ["export", form, "--only", "sku-1", "--all", "--base-url", "https://c.example/a,b"]
    };
    project.run(&with("google")).expect(0);
    let address = "https://c.example/a%2Cb/renders/sku-1_hero.mp4";
    assert_eq!(read(&project, "shop.google.tsv"), format!("id\tvideo_link\nsku-1\t{address}\n"));
    project.run(&with("meta")).expect(0);
    assert_eq!(
        read(&project, "shop.meta.csv"),
        format!("id,video[0].url,video[0].tag[0]\nsku-1,{address},hero\n")
    );
    project.run(&with("woocommerce")).expect(0);
    assert_eq!(
        read(&project, "shop.woocommerce.csv"),
        format!("SKU,Meta: shotlist_video\nsku-1,{address}\n")
    );
}

#[test]
fn a_clip_that_was_rejected_since_is_named_where_it_still_lies_in_the_folder() {
    let project = shop();
    project.run(&["export", "flat", "out", "--all"]).expect(0);
    review(&project, "sku-1", Outcome::Rejected);
    assert_whole!(project.run(&["export", "flat", "out", "--all"]).expect(0));
}

#[test]
fn an_error_is_the_one_document_on_stdout_where_json_is_asked_for() {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    for (command, code) in [
        (&["export", "sheet", "--json"][..], 5),
        (&["jobs", "--state", "dnoe", "--json"], 2),
        (&["reject", "sku-1", "--reason", "nonsense", "--json"], 2),
        (&["approve", "sku-9", "--json"], 2),
        (&["report", "--only", "sku-9", "--json"], 2),
        (&["review", "--import", "nothing.csv", "--json"], 9),
    ] {
        let answer = project.run(command).expect(code).json();
        assert_eq!(answer["schema"], "shotlist.error/1", "{command:?}");
        assert_eq!(answer["exit"], code, "{command:?}");
        assert!(answer["error"].is_string() && answer["problems"].is_array(), "{answer}");
    }
}

#[test]
fn a_flat_folder_has_safe_names_and_never_replaces_another_file() {
    let project = shop();
    project.run(&["export", "flat", "out", "--all"]).expect(0);
    let name = project.path("out/sku-1_hero.mp4");
    assert_eq!(fs::read(&name).unwrap(), fs::read(project.path("renders/sku-1_hero.mp4")).unwrap());
    assert_whole!(project.run(&["export", "flat", "out", "--all"]).expect(0));
    project.write("out/sku-1_hero.mp4", "mine");
    assert_whole!(project.run(&["export", "flat", "out", "--all"]).expect(2));
    assert_eq!(fs::read(&name).unwrap(), b"mine");
    let shopify = project.run(&["export", "shopify", "--all"]).expect(0);
    assert_whole!(&shopify);
    let files = read(&project, "shop.shopify/files.csv");
    insta::assert_snapshot!("files_for_shopify", files);
    project.write("products.csv", "id,title\na b,mug\na-b,pot\n");
    project.run(&["run", "--yes"]).expect(0);
    assert_whole!(project.run(&["export", "flat", "other", "--all"]).expect(4));
    assert!(!project.path("other").exists());
}

#[test]
fn limits_of_a_destination_are_told_before_money_is_spent_and_kept_afterwards() {
    let project = Project::shop(2);
    for command in ["plan", "validate"] {
        assert_whole!(project.run(&[command, "--for", "google"]).expect(4));
    }
    assert_whole!(project.run(&["plan", "--for", "gogle"]).expect(2));
    assert!(project.requests().is_empty());
    project.run(&["plan", "--for", "youtube"]).expect(0);
    project.run(&["run", "--yes"]).expect(0);
    assert_whole!(project.run(&["export", "google", "--all", "--base-url", "https://c.example"]).expect(3));
    assert!(!project.path("shop.google.tsv").exists());
}

#[test]
fn the_next_export_is_the_last_one_again_and_only_after_a_change() {
    let project = Project::shop(2);
    let next = || {
        let told = project.run(&["status"]).expect(0).err;
        told.lines().last().unwrap().strip_prefix("next: ").unwrap().to_owned()
    };
    let export = "shotlist export sheet --base-url https://shop.example/clips";
    project.run(&["run", "--yes"]).expect(0);
    project.run(&["approve", "--who", "ann", "sku-1", "sku-2"]).expect(0);
    assert_eq!(next(), "shotlist export sheet");
    project.run(&["export", "sheet", "--base-url", "https://shop.example/clips"]).expect(0);
    // It would replace the file by one without addresses.
    assert_eq!(next(), "shotlist plan");
    // Part of the clips in another file is not the export that is repeated.
    project.run(&["export", "index", "--only", "hero/sku-1"]).expect(0);
    assert_eq!(next(), "shotlist plan");

    project.run(&["redo", "sku-1", "--yes"]).expect(0);
    assert_eq!(next(), "shotlist review");
    project.run(&["approve", "--who", "ann", "sku-1"]).expect(0);
    assert_eq!(next(), export);
}
