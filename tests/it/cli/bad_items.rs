//! Rows that cannot be rendered: by default nothing is sent; with `on_bad_item: skip` the others are.

use crate::snapshot::{assert_whole, whole};
use crate::support::{CHEAP, Project};

const SKIP: &str = "on_bad_item: skip\n";

/// One clip from a picture for each row.
fn manifest(section: &str) -> String {
    CHEAP.replace("https://shop.example/{{ item.id }}.jpg", "{{ item.image }}") + section
}

fn row(number: usize) -> String {
    format!("sku-{number},mug number {number},https://shop.example/{number}.jpg\n")
}

fn sheet(rows: usize) -> String {
    "id,title,image\n".to_owned() + &(1..=rows).map(row).collect::<String>()
}

/// The same, but the second product has no picture, and the last names one that is not there.
fn spoilt(rows: usize) -> String {
    let last = format!("https://shop.example/{rows}.jpg");
    sheet(rows).replace("https://shop.example/2.jpg", "").replace(&last, "missing.png")
}

fn shop(rows: usize, section: &str) -> Project {
    let project = Project::shop(rows);
    project.write("products.csv", sheet(rows));
    project.manifest(&manifest(section));
    project
}

#[test]
fn a_bad_row_stops_everything_unless_the_manifest_says_to_leave_it_out() {
    let project = shop(5, "");
    project.write("products.csv", spoilt(5));
    let refused = project.run(&["run", "--yes"]).expect(4);
    insta::assert_snapshot!("run_stopped_by_bad_rows", whole(&refused));
    assert_eq!(project.requests().len(), 0);

    project.manifest(&manifest(SKIP));
    for verb in ["validate", "plan"] {
        let ended = project.run(&[verb]).expect(0);
        insta::assert_snapshot!(format!("{verb}_without_bad_rows"), whole(&ended));
    }
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.requests().len(), project.clips().len()), (3, 3));

    project.write("products.csv", sheet(5));
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_eq!((project.requests().len(), project.clips().len()), (5, 5));
}

#[test]
fn a_paid_clip_of_a_row_that_turned_bad_is_neither_gone_nor_taken_nor_a_reason_to_stop() {
    let project = shop(4, &format!("{SKIP}guards: {{ max_removed: 0, max_changed: 0 }}\n"));
    project.run(&["run", "--yes"]).expect(0);
    let clips = project.clips();
    project.write("products.csv", spoilt(4));
    let plan = assert_whole!(project.run(&["plan"]).expect(0));
    assert!(
        plan.err.contains("2 finished clips of earlier runs belong to items that are left out"),
        "{plan}"
    );
    project.run(&["run", "--yes"]).expect(0);
    assert_whole!(project.run(&["prune", "--yes"]).expect(0));
    assert_eq!((project.clips(), project.requests().len()), (clips.clone(), 4));
    for job in ["hero/sku-2", "hero/sku-4"] {
        assert_eq!(project.show(job)["wanted"], true, "{job}");
    }

    // Mended, they are as they were.
    project.write("products.csv", sheet(4));
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.clips(), project.requests().len()), (clips, 4));
}

#[test]
fn what_vanished_beside_a_row_that_cannot_be_read_stops_the_night_and_is_not_archived() {
    let project = shop(4, &format!("{SKIP}guards: {{ max_removed: 1 }}\n"));
    project.run(&["run", "--yes"]).expect(0);
    // An export that broke off in the middle of a row.
    let broken = sheet(2) + "sku-3\n";
    project.write("products.csv", broken);
    assert_whole!(project.run(&["run", "--yes"]).expect(8));
    assert_whole!(project.run(&["prune", "--yes"]).expect(0));
    assert_eq!(project.clips().len(), 4);
}

#[test]
fn of_rows_with_one_id_none_is_rendered_whichever_comes_first() {
    let project = shop(2, SKIP);
    let twice = |first: &str, second: &str| {
        let one = |title: &str| row(1).replace("number 1", title);
        format!("{}{}{}{}", sheet(0), one(first), row(2), one(second))
    };
    for text in [twice("red", "blue"), twice("blue", "red")] {
        project.write("products.csv", text);
        assert_whole!(project.run(&["run", "--yes"]).expect(0));
        assert_eq!(project.requests().len(), 1);
    }
}

#[test]
fn what_is_wrong_with_the_manifest_stays_an_error_and_so_does_a_sheet_of_bad_rows_alone() {
    let project = shop(3, "");
    project.manifest(&manifest(SKIP).replace("item.image", "item.picture"));
    assert_whole!(project.run(&["plan"]).expect(4));
    project.manifest(&manifest(SKIP));
    project.write("products.csv", sheet(3).replace("https://shop.example/", "missing-"));
    assert_whole!(project.run(&["plan"]).expect(4));
    project.manifest(&manifest("on_bad_item: skp\n"));
    assert_whole!(project.run(&["plan"]).expect(4));
}
