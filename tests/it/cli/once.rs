//! Paid clips are not paid again, and nothing is paid that has no place to go: across projects, folders, selections.

use crate::snapshot::assert_whole;
use crate::support::{Project, SHOP, sheet, until};
use serde_json::json;

/// Another manifest in the same folder, of the project `fair`.
fn second_manifest(project: &Project, change: impl FnOnce(String) -> String) {
    let text = std::fs::read_to_string(project.path("shotlist.yaml")).unwrap();
    project.write("fair.yaml", change(text.replace("project: shop", "project: fair")));
}

/// A shop in which every second answer was lost after the provider had accepted the order.
fn doubtful(rows: usize, allowed: &str) -> Project {
    let project = Project::shop_with_faults(
        rows,
        json!([
            { "on": "submit", "when": { "prompt_contains": "number 2" }, "do": "reset_after_accept" },
            { "on": "submit", "when": { "prompt_contains": "number 4" }, "do": "reset_after_accept" },
        ]),
    );
    project.run(&["run", "--yes"]).expect(7);
    project.clear_faults();
    let allow = format!("on_ambiguous: {{ resubmit: {{ max_extra_spend: \"{allowed}\" }} }}\nproviders:");
    project.edit("shotlist.yaml", "providers:", &allow);
    project
}

#[test]
fn an_order_in_doubt_is_given_up_only_when_the_plan_with_its_price_is_agreed_to() {
    let project = doubtful(2, "0.40");
    let plan = project.run(&["plan", "--json"]).expect(0).json();
    assert_eq!((&plan["to_render"], &plan["total_usd"]), (&1.into(), &"0.40".into()), "{plan}");
    assert_whole!(project.run(&["run"]).expect(2));

    assert_eq!((project.takes("held"), project.takes("pending"), project.takes("written_off")), (1, 0, 0));
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.requests().len(), project.takes("written_off")), (3, 1));
}

#[test]
fn an_order_in_doubt_is_given_again_only_if_it_is_selected_and_wanted() {
    let project = doubtful(4, "9.00");
    let held: Vec<String> = (1..=4)
        .map(|n| format!("sku-{n}"))
        .filter(|sku| project.show(&format!("hero/{sku}"))["takes"][0]["state"] == "held")
        .collect();
    assert_eq!(held.len(), 2);
    project.run(&["run", "--yes", "--only", &held[0]]).expect(7);
    assert_eq!((project.requests().len(), project.takes("held")), (5, 1));
    let sheet = sheet(4);
    let rest: Vec<&str> = sheet.lines().filter(|line| !line.starts_with(&held[1])).collect();
    project.write("products.csv", rest.join("\n"));
    project.run(&["run", "--yes"]).expect(7);
    assert_eq!((project.requests().len(), project.takes("held")), (5, 1));
}

#[test]
fn the_allowance_for_orders_in_doubt_holds_over_all_runs() {
    let project = doubtful(4, "0.40");
    for _ in 0..3 {
        project.run(&["run", "--yes"]).expect(7);
    }
    assert_eq!((project.requests().len(), project.takes("held")), (5, 1));
}

/// The task of the order in doubt, as the provider's console would show it.
fn task_in_doubt(project: &Project) -> String {
    let lost = project.requests().into_iter().find(|request| request.fault.is_some()).unwrap();
    lost.task.unwrap().id
}

/// The job in doubt.
fn job_in_doubt(project: &Project) -> String {
    let status = project.run(&["status", "--json"]).expect(0).json();
    status["held"][0]["job"].as_str().unwrap().to_owned()
}

#[test]
fn an_order_in_doubt_is_kept_until_the_one_that_stands_in_for_it_is_sent() {
    let project = doubtful(2, "0.40");
    for _ in 0..2 {
        project.run(&["run", "--max-cost", "0.10"]).expect(8);
        assert_eq!((project.takes("held"), project.takes("pending")), (1, 1));
        assert_eq!(project.requests().len(), 2);
    }
    let plan = project.run(&["plan", "--json"]).expect(0).json();
    assert_eq!((&plan["to_render"], &plan["total_usd"]), (&1.into(), &"0.40".into()), "{plan}");
    let show = project.show(&job_in_doubt(&project));
    assert!(show["options"][0]["command"].as_str().unwrap().contains("--task-id"), "{show}");
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.requests().len(), project.clips().len()), (3, 2));
    assert_eq!((project.takes("held"), project.takes("written_off"), project.takes("pending")), (0, 1, 0));
}

#[test]
fn an_order_in_doubt_that_is_found_in_the_console_is_not_given_again() {
    let project = doubtful(2, "0.40");
    project.run(&["run", "--max-cost", "0.10"]).expect(8);
    let (job, task) = (job_in_doubt(&project), task_in_doubt(&project));
    assert_whole!(project.run(&["resolve", &job, "--task-id", &task]).expect(0));
    assert_eq!((project.takes("held"), project.takes("pending")), (0, 0));
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.requests().len(), project.clips().len()), (2, 2));
    let show = project.show(&job);
    assert!(show["standing"].as_str().unwrap().starts_with("done"), "{show}");
}

#[test]
fn an_order_in_doubt_that_is_written_off_or_ordered_anew_by_a_person_is_not_given_again_besides() {
    for (how, more) in [("--write-off", 0), ("--resubmit", 1)] {
        let project = doubtful(2, "0.40");
        project.run(&["run", "--max-cost", "0.10"]).expect(8);
        project.run(&["resolve", &job_in_doubt(&project), how, "--yes"]).expect(0);
        assert_eq!((project.takes("held"), project.takes("pending")), (0, more));
        project.run(&["run", "--yes"]);
        assert_eq!((project.requests().len() as u64, project.takes("written_off")), (2 + more, 1), "{how}");
    }
}

#[test]
fn an_order_in_doubt_of_another_project_is_left_to_that_ones_rules() {
    let project = doubtful(2, "0.40");
    project.edit("shotlist.yaml", "on_ambiguous: { resubmit: { max_extra_spend: \"0.40\" } }\n", "");
    second_manifest(&project, |text| {
        text.replace("providers:", "on_ambiguous: { resubmit: { max_extra_spend: \"9.00\" } }\nproviders:")
            .replace("renders/", "fair/")
    });
    assert_whole!(project.run(&["run", "--yes", "fair.yaml"]).expect(7));
    assert_eq!((project.requests().len(), project.takes("held")), (2, 1));
    let (job, task) = (job_in_doubt(&project), task_in_doubt(&project));
    project.run(&["resolve", &job, "--task-id", &task]).expect(0);
    project.run(&["run", "--yes"]).expect(0);
    project.run(&["run", "--yes", "fair.yaml"]).expect(0);
    assert_eq!((project.requests().len(), project.clips().len()), (2, 4));
}

#[test]
fn a_clip_of_another_project_under_the_same_name_is_found_before_anything_is_paid() {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    second_manifest(&project, |text| text.replace("A slow turn", "A fast turn"));
    assert_whole!(project.run(&["run", "--yes", "fair.yaml"]).expect(4));
    assert_eq!(project.requests().len(), 1);
}

#[test]
fn a_clip_that_is_on_its_way_to_the_same_name_is_found_before_anything_is_paid() {
    let project = Project::shop(1);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("the task is known", || project.takes("running") == 1);
    run.kill();
    second_manifest(&project, |text| text.replace("A slow turn", "A fast turn"));
    let refused = project.start(&["run", "--yes", "fair.yaml"]);
    // Told at once; what is paid is collected while it is read.
    let told =
        || refused.said().contains("the clip of hero/sku-1, which is paid, will be saved under that name");
    until("it is told", told);
    project.clear_faults();
    refused.wait().expect(4);
    assert_eq!(project.requests().len(), 1);
}

#[test]
fn the_clip_of_a_vanished_product_under_the_same_name_is_found_before_anything_is_paid() {
    let project = Project::shop(1);
    project.edit("shotlist.yaml", "renders/{{ item.id }}_{{ shot }}", "renders/{{ shot }}");
    project.run(&["run", "--yes"]).expect(0);
    project.write("products.csv", "id,title\nsku-9,a jug\n");
    assert_whole!(project.run(&["run", "--yes"]).expect(4));
    assert_eq!(project.requests().len(), 1);
}

#[test]
fn a_clip_that_was_edited_in_place_is_found_before_its_successor_is_paid() {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    let path = project.path("renders/sku-1_hero.mp4");
    let clip = std::fs::read(&path).unwrap();
    std::fs::remove_file(project.path("renders/sku-1_hero.mp4.json")).unwrap();
    project.write("renders/sku-1_hero.mp4", [&clip[..], b"mine"].concat());
    project.edit("products.csv", "mug number 1", "red mug");
    assert_whole!(project.run(&["run", "--yes"]).expect(4));
    assert_eq!(project.requests().len(), 1);
    project.write("renders/sku-1_hero.mp4", &clip);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.requests().len(), 2);
}

#[test]
fn a_name_that_a_renamed_clip_leaves_is_free_for_a_new_one() {
    let project = Project::shop(0);
    project.write("products.csv", "id,title,file\na,mug,one\n");
    project.edit("shotlist.yaml", "{{ item.id }}_{{ shot }}", "{{ item.file }}");
    project.run(&["run", "--yes"]).expect(0);
    project.write("products.csv", "id,title,file\na,mug,two\nb,jug,one\n");
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (2, 2));
}

#[test]
fn a_copy_is_made_of_the_projects_own_clip_though_another_project_has_a_job_of_that_name() {
    let project = Project::shop(0);
    project.write("products.csv", "id,title\na,mug\nb,mug\n");
    // The other project's `hero/a` is collected by the same run, and is done first.
    second_manifest(&project, |text| text.replace("A slow turn", "A fast turn").replace("renders/", "fair/"));
    project.stall();
    let run = project.start(&["run", "--yes", "fair.yaml", "--only", "a"]);
    until("the task is known", || project.requests().iter().any(|request| request.task.is_some()));
    until("it is saved", || {
        let status = project.run(&["status", "--json", "fair.yaml"]);
        status.code == 0 && status.json()["states"]["running"]["takes"] == 1
    });
    run.kill();
    project.clear_faults();
    project.run(&["run", "--yes"]).expect(0);
    let clips = project.clips();
    assert_eq!(clips.len(), 3, "{clips:?}");
    assert_eq!(clips["renders/a_hero.mp4"], clips["renders/b_hero.mp4"]);
    assert_ne!(clips["renders/a_hero.mp4"], clips["fair/a_hero.mp4"]);
}

#[test]
fn what_a_crash_left_unsent_counts_with_todays_price() {
    let mut project = Project::shop(3);
    project.key = "another-key".to_owned();
    project.run(&["run", "--yes"]).expect(10);
    assert_eq!(project.takes("pending"), 3);
    project.key = "test-key".to_owned();
    project.manifest(&format!("{SHOP}prices: {{ zai/viduq1-text: {{ per: clip, usd: \"0.60\" }} }}\n"));
    project.run(&["run", "--max-cost", "1.20"]).expect(8);
    assert_eq!(project.charges().len(), 2, "two at $0.60, where three at $0.40 would have fitted");
}

#[test]
fn a_failed_job_is_retried_at_todays_price_and_only_if_it_is_wanted_like_that() {
    let project = Project::shop_with_faults(
        2,
        json!([{ "on": "submit", "times": 2, "do": { "error": {
            "http": 400, "code": "1301", "message": "The prompt may be unsafe" } } }]),
    );
    project.run(&["run", "--yes"]).expect(3);
    project.manifest(&format!("{SHOP}prices: {{ zai/viduq1-text: {{ per: clip, usd: \"0.60\" }} }}\n"));
    project.edit("products.csv", "mug number 2", "red mug");
    assert_whole!(project.run(&["retry", "--include-permanent", "--max-cost", "0.60"]).expect(3));
    assert_eq!(project.charges().len(), 1);
}

#[test]
fn a_project_that_is_renamed_while_its_task_is_rendered_collects_it_and_pays_nothing() {
    let project = Project::shop(2);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("both tasks are known", || project.takes("running") == 2);
    run.kill();
    project.clear_faults();
    project.edit("shotlist.yaml", "project: shop", "project: fair");
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.requests().len(), project.clips().len()), (2, 2));
    let plan = project.run(&["plan", "--json"]).expect(0).json();
    assert_eq!(plan["to_render"], 0, "{plan}");
}

#[test]
fn a_project_that_is_renamed_with_an_order_in_doubt_can_still_settle_it() {
    let project =
        Project::shop_with_faults(1, json!([{ "on": "submit", "times": 1, "do": "reset_after_accept" }]));
    project.run(&["run", "--yes"]).expect(7);
    project.edit("shotlist.yaml", "project: shop", "project: fair");
    assert_whole!(project.run(&["run", "--yes"]).expect(7));

    assert_eq!(project.show("hero/sku-1")["project"], "fair", "it has gone over");
    assert_eq!(project.requests().len(), 1);
    let task = project.requests()[0].task.as_ref().unwrap().id.clone();
    project.run(&["resolve", "hero/sku-1", "--task-id", &task]).expect(0);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.requests().len(), project.clips().len()), (1, 1));
}

#[test]
fn a_clip_goes_where_its_run_was_told_to_put_it_whoever_collects_it() {
    let project = Project::shop(1);
    project.stall();
    let run = project.start(&["run", "--yes", "--out", "films"]);
    until("the task is known", || project.takes("running") == 1);
    run.kill();
    project.clear_faults();
    assert_whole!(project.run(&["collect"]).expect(2));
    assert_whole!(project.run(&["run", "--yes"]).expect(2));
    assert_eq!(project.clips().len(), 0);
    let out = project.path("films");
    project.run(&["collect", "--out", out.to_str().unwrap()]).expect(0);
    assert_eq!(project.clips().into_keys().collect::<Vec<_>>(), ["films/renders/sku-1_hero.mp4"]);
    project.run(&["run", "--out", "films/"]).expect(0);
    assert_eq!(project.requests().len(), 1);
}

#[test]
fn a_selected_job_is_rendered_though_it_shares_its_order_with_one_that_is_not() {
    let project = Project::shop(0);
    project.write("products.csv", "id,title\na,mug\nb,mug\n");
    assert_whole!(project.run(&["run", "--yes", "--only", "b"]).expect(0));
    assert_eq!(project.charges().len(), 1);
    project.run(&["run"]).expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (1, 2));
}

#[test]
fn a_limit_leaves_the_copies_of_what_it_leaves() {
    let project = Project::shop(0);
    project.write("products.csv", "id,title\na,mug\nb,jug\nc,jug\n");
    let plan = project.run(&["plan", "--json", "--limit", "1"]).expect(0).json();
    assert_eq!(plan["jobs"].as_array().unwrap().len(), 1, "{plan}");
    project.run(&["run", "--yes", "--limit", "1"]).expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (1, 1));
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (2, 3));
}
