//! Faults of providers, and their effect on jobs and money.

use crate::snapshot::assert_whole;
use crate::support::{Ended, Project, until};
use serde_json::{Value, json};

/// A submission refused in the provider's own form.
pub(super) fn refused(http: u16, code: &str, message: &str) -> Value {
    json!({ "on": "submit", "do": { "error": { "http": http, "code": code, "message": message } } })
}

/// Everything was paid once and is there.
fn all_done(project: &Project, ended: Ended, jobs: usize) -> Ended {
    let ended = ended.expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (jobs, jobs), "{ended}");
    ended
}

#[test]
fn a01_retry_after_is_obeyed_and_uses_no_try_however_often_it_comes() {
    // A passing refusal may come five times in a run; haste is none, so six times must not end the job's run.
    let project = Project::shop_with_faults(
        1,
        json!([{ "on": "submit", "times": 6, "do": { "error": {
            "http": 429, "code": "1302", "message": "too many", "retry_after": 1 } } }]),
    );
    all_done(&project, project.run(&["run", "--yes"]), 1);
    let requests = project.requests();
    assert_eq!(requests.len(), 7);
    for pair in requests.windows(2) {
        assert!(pair[1].at.duration_since(pair[0].at).as_millis() >= 1_000, "{pair:?}");
    }
    let show = project.show("hero/sku-1");
    assert_eq!(show["takes"].as_array().unwrap().len(), 1, "{show}");
    assert_eq!(show["takes"][0]["state"], "done");
}

#[test]
fn a03_haste_without_retry_after_ends_well_too() {
    let mut haste = refused(429, "1303", "too fast");
    haste["times"] = 1.into();
    let project = Project::shop_with_faults(3, json!([haste]));
    all_done(&project, project.run(&["run", "--yes"]), 3);
    assert_eq!(project.requests().len(), 4);
}

#[test]
fn a05_an_empty_balance_stops_the_provider_with_one_message_and_charges_nothing() {
    let project = Project::shop_with_faults(12, json!([refused(429, "1113", "Your account is in arrears")]));
    let ended = project.run(&["run", "--yes"]).expect(10);
    assert_eq!(ended.err.lines().filter(|line| line.starts_with("stopped")).count(), 1, "{ended}");
    assert!(project.requests().len() <= 5, "only what was on the wire was sent");
    assert_eq!(project.charges().len(), 0);
    assert_eq!(project.takes("pending"), 12);

    project.clear_faults();
    all_done(&project, project.run(&["run", "--yes"]), 12);
}

#[test]
fn a07_a_locked_account_stops_the_provider() {
    let project = Project::shop_with_faults(2, json!([refused(429, "1112", "Your account has been locked")]));
    assert_whole!(project.run(&["run", "--yes"]).expect(10));
    assert_eq!(project.takes("pending"), 2);
}

#[test]
fn a09_a_refused_key_stops_the_provider_and_loses_nothing() {
    let mut project = Project::shop(3);
    project.key = "another-key".to_owned();
    assert_whole!(project.run(&["run", "--yes"]).expect(10));
    assert_eq!((project.charges().len(), project.takes("pending")), (0, 3));
    project.key = "test-key".to_owned();
    all_done(&project, project.run(&["run", "--yes"]), 3);
}

#[test]
fn a09_a_refusal_that_is_not_in_the_providers_words_is_held_and_not_sent_again() {
    // A firewall may refuse to hand the answer over after the provider has taken the request.
    let status = json!({ "status": { "code": 403, "body": "<html>no access</html>", "accept": true } });
    let project = Project::shop_with_faults(1, json!([{ "on": "submit", "times": 1, "do": status }]));
    assert_whole!(project.run(&["run", "--yes"]).expect(7));
    assert_eq!((project.requests().len(), project.charges().len()), (1, 1));
    // A proxy that asks for a key has passed nothing on to the provider.
    let status = json!({ "status": { "code": 401, "body": "<html>log in</html>" } });
    let project = Project::shop_with_faults(1, json!([{ "on": "submit", "times": 1, "do": status }]));
    assert_whole!(project.run(&["run", "--yes"]).expect(5));
    assert_eq!((project.requests().len(), project.takes("pending")), (1, 1));
}

#[test]
fn a09_a_key_that_may_order_but_not_ask_ends_the_run_with_10_and_a_later_one_collects() {
    let mut project = Project::shop(1);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("the task is rendered", || project.takes("running") == 1);
    project.written_down();
    run.kill();
    project.clear_faults();
    project.key = "another-key".to_owned();
    assert_whole!(project.run(&["run", "--yes"]).expect(10));
    project.key = "test-key".to_owned();
    assert_whole!(project.run(&["collect"]).expect(0));
    assert_eq!((project.charges().len(), project.clips().len()), (1, 1));
}

#[test]
fn a09_a_task_that_alone_is_refused_stops_neither_its_provider_nor_the_run() {
    let denied = json!({ "error": { "http": 403, "code": "1220", "message": "no permission" } });
    let project = Project::shop_with_faults(2, json!([{ "on": "poll", "times": 2, "do": denied }]));
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (2, 2));
}

#[test]
fn a10_a_model_that_is_refused_three_times_stops_and_other_models_go_on() {
    let mut refusal = refused(400, "1211", "The model does not exist");
    refusal["when"] = json!({ "model": "viduq1-text" });
    let project = Project::shop_with_faults(12, json!([refusal]));
    project.edit(
        "shotlist.yaml",
        "shots:\n",
        "shots:\n  other: { model: zai/cogvideox-3, prompt: \"{{ item.title }}\" }\n",
    );
    project.run(&["run", "--yes", "--only", "other/sku-1", "--only", "hero/*"]).expect(5);
    let refused = project.requests().iter().filter(|request| request.task.is_none()).count();
    assert!((3..=7).contains(&refused), "three, and those on the wire at the same time: {refused}");
    assert_eq!(project.takes("failed"), refused as u64);
    assert_eq!(project.takes("pending"), 12 - refused as u64);
    assert_eq!(project.charges().len(), 1);
}

#[test]
fn a11_a_bare_server_error_is_held_and_what_may_be_in_doubt_is_bounded() {
    let status = json!({ "status": { "code": 500, "body": "oops", "accept": true } });
    let project = Project::shop_with_faults(
        3,
        json!([{ "on": "submit", "when": { "prompt_contains": "number 2" }, "do": status }]),
    );
    assert_whole!(project.run(&["run", "--yes"]).expect(7));
    assert_eq!((project.charges().len(), project.clips().len()), (3, 2));

    let mut project = Project::shop_with_faults(20, json!([{ "on": "submit", "do": status }]));
    // One after the other, so that the same two are in doubt each time.
    project.limits = project.limits.replace("{ ", "{ concurrency: 1, ");
    project.manifest(&format!("{}guards: {{ max_in_doubt: \"0.80\" }}\n", crate::support::SHOP));
    assert_whole!(project.run(&["run", "--yes"]).expect(8));
    assert_eq!((project.requests().len(), project.takes("held"), project.takes("pending")), (2, 2, 18));
}

#[test]
fn a21_what_the_policy_forbids_fails_uncharged_and_is_not_retried() {
    let mut refusal = refused(400, "1301", "The prompt may be unsafe");
    refusal["when"] = json!({ "prompt_contains": "number 2" });
    let project = Project::shop_with_faults(3, json!([refusal]));
    assert_whole!(project.run(&["run", "--yes"]).expect(3));
    assert_eq!((project.charges().len(), project.clips().len()), (2, 2));
    project.run(&["run", "--yes"]).expect(3);
    assert_whole!(project.run(&["retry", "--yes"]).expect(0));
    assert_eq!(project.requests().len(), 3);
    project.clear_faults();
    assert_whole!(project.run(&["retry", "--yes", "--include-permanent"]).expect(0));
    assert_eq!(project.charges().len(), 3);
}

#[test]
fn a_task_that_failed_is_paid_again_only_on_request() {
    let fail = json!({ "on": "submit", "when": { "prompt_contains": "number 1" }, "times": 1, "do": { "fail": {} } });
    let project = Project::shop_with_faults(2, json!([fail]));
    assert_whole!(project.run(&["run", "--yes"]).expect(3));
    project.run(&["run", "--yes"]).expect(3);
    assert_whole!(project.run(&["retry", "--yes"]).expect(0));
    assert_eq!(project.requests().len(), 2);

    assert_whole!(project.run(&["retry", "--charged"]).expect(2));
    assert_whole!(project.run(&["retry", "--charged", "--max-cost", "0.40"]).expect(0));
    assert_eq!((project.requests().len(), project.clips().len()), (3, 2));
}

#[test]
fn s14_the_name_that_the_host_of_a_clip_gives_it_is_ignored() {
    let project = Project::shop(1);
    all_done(&project, project.run(&["run", "--yes"]), 1);
    let sidecar = std::fs::read_to_string(project.path("renders/sku-1_hero.mp4.json")).unwrap();
    // The sandbox gives each clip the name `../../named-by-the-host.mp4`.
    assert!(!sidecar.contains("named-by-the-host"), "{sidecar}");
    let state = project.path(".shotlist");
    for folder in [project.path(""), project.path("renders"), project.path(".."), state.join("partial")] {
        for entry in std::fs::read_dir(&folder).into_iter().flatten() {
            let name = entry.unwrap().file_name();
            assert!(!name.to_string_lossy().contains("named-by-the-host"), "{}", folder.display());
        }
    }
}

#[test]
fn downloads_that_go_wrong_are_fetched_again_and_nothing_is_paid_twice() {
    let once = |n: usize, fault: Value| json!({ "on": "download", "when": { "prompt_contains": format!("number {n}") }, "times": 1, "do": fault });
    let project = Project::shop_with_faults(
        8,
        json!([
            once(1, json!({ "truncate": { "at": 0.5 } })),
            once(2, json!({ "truncate": { "at": 0.5, "announce": false } })),
            once(3, json!("wrong_length")),
            once(4, json!({ "slow": { "bytes_per_second": 40_000 } })),
            once(5, json!("expire")),
            once(6, json!("html")),
            once(7, json!("reset_before")),
            once(8, json!({ "status": { "code": 503 } })),
        ]),
    );
    all_done(&project, project.run(&["run", "--yes"]), 8);
    assert_eq!(project.requests().len(), 8);
    // Each was fetched twice but the slow one; the expired link was asked once more with the key.
    assert_eq!(project.sandbox().stats().downloads, 16);
}

#[test]
fn p08_a_download_that_was_cut_off_is_resumed_by_the_next_run() {
    let slow = json!({ "on": "download", "times": 1, "do": { "truncate": { "at": 0.5 } } });
    let project =
        Project::shop_with_faults(1, json!([slow, { "on": "download", "times": 1, "do": "ignore_range" }]));
    all_done(&project, project.run(&["run", "--yes"]), 1);
}

#[test]
fn a13_a15_polls_that_go_wrong_are_asked_again() {
    let once = |fault: Value| json!({ "on": "poll", "times": 1, "do": fault });
    let project = Project::shop_with_faults(
        4,
        json!([
            once(json!("malformed")),
            once(json!({ "status": { "code": 502, "body": "<html>" } })),
            once(json!("reset_before")),
            once(json!({ "error": { "http": 429, "code": "1302", "message": "too fast" } })),
        ]),
    );
    all_done(&project, project.run(&["run", "--yes"]), 4);
}

#[test]
fn a17_an_unknown_word_means_still_running_and_is_told_once() {
    let project = Project::shop_with_faults(
        2,
        json!([{ "on": "poll", "times": 6, "do": { "unknown_word": { "word": "DREAMING" } } }]),
    );
    assert_whole!(all_done(&project, project.run(&["run", "--yes"]), 2));
}

#[test]
fn a17_a_word_without_an_end_or_a_new_word_at_each_poll_is_told_briefly() {
    let word = |nth: usize, word: &str| json!({ "on": "poll", "when": { "nth": nth }, "do": { "unknown_word": { "word": word } } });
    let mut rules = vec![word(1, &"X\u{3164}".repeat(500_000))];
    rules.extend((2..=9).map(|nth| word(nth, &format!("RENDERING {nth}%"))));
    let project = Project::shop_with_faults(1, json!(rules));
    let ended = all_done(&project, project.run(&["run", "--yes"]), 1);
    let told: Vec<&str> = ended.err.lines().filter(|line| line.contains("unknown status")).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.iter().all(|line| line.len() < 600), "{told:?}");
    assert!(told[0].contains("X\\u{3164}X") && told[0].contains('…'), "{told:?}");
    assert!(told[2].contains("further unknown words"), "{told:?}");
}

#[test]
fn n20_a_web_page_in_place_of_an_answer_is_held() {
    let page =
        json!({ "status": { "code": 200, "body": "<!doctype html><h1>Welcome</h1>", "accept": true } });
    let project = Project::shop_with_faults(1, json!([{ "on": "submit", "do": page }]));
    assert_whole!(project.run(&["run", "--yes"]).expect(7));
    assert_eq!((project.charges().len(), project.takes("held")), (1, 1));
}

#[test]
fn a14_a_refusal_that_names_a_task_inside_is_not_sent_again() {
    let body = json!({ "message": "try later", "data": { "task_id": "task-7001" } }).to_string();
    let later = json!({ "status": {
        "code": 503, "headers": { "retry-after": "1" }, "body": body, "accept": true } });
    let project = Project::shop_with_faults(1, json!([{ "on": "submit", "do": later }]));
    assert_whole!(project.run(&["run", "--yes"]).expect(7));
    assert_eq!((project.charges().len(), project.takes("held")), (1, 1));
}

#[test]
fn n22_a_redirect_is_not_followed_with_a_paid_request() {
    let to = |code: u16| {
        json!({ "on": "submit", "do": { "status": {
        "code": code, "headers": { "location": "https://api.example.com/paas/v4/videos/generations" } } } })
    };
    let project = Project::shop_with_faults(1, json!([to(308)]));
    assert_whole!(project.run(&["run", "--yes"]).expect(5));
    assert_eq!((project.requests().len(), project.takes("pending")), (1, 1));

    let project = Project::shop_with_faults(1, json!([to(302)]));
    project.run(&["run", "--yes"]).expect(7);
    assert_eq!((project.requests().len(), project.takes("held")), (1, 1));
}

#[test]
fn n01_a_provider_that_is_not_there_costs_nothing_and_leaves_the_work() {
    let project = Project::shop(2);
    let unanswered = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = unanswered.local_addr().unwrap().port();
    drop(unanswered);
    let here = format!(":{}/zai", project.sandbox().addr().port());
    project.edit("shotlist.yaml", &here, &format!(":{port}/zai"));
    project.run(&["run", "--yes", "--max-time", "1s"]).expect(5);
    assert_eq!(project.takes("pending"), 2);
    project.edit("shotlist.yaml", &format!(":{port}/zai"), &here);
    all_done(&project, project.run(&["run", "--yes"]), 2);
}

#[test]
fn n13_a_server_that_closes_idle_connections_leaves_no_doubt_in_300_submissions() {
    let mut project = Project::empty(|options| {
        options.close_idle = true;
        options.limits = shotlist::sandbox::Limits::Unlimited;
    });
    project.limits =
        "{ concurrency: 24, first_poll: 100ms, poll_every: 100ms, rate: 1000/s, poll_rate: 1000/s, polls: 32 }"
            .to_owned();
    project.write("products.csv", crate::support::sheet(300));
    // The model with the shortest clip: what is drawn here is not what is tried.
    let shop = crate::support::SHOP.replace("zai/viduq1-text", "zai/vidu2-image");
    project.manifest(&shop);
    let ended = all_done(&project, project.run(&["run", "--yes"]), 300);
    assert_eq!(project.requests().len(), 300, "{ended}");
    assert_eq!(project.takes("held"), 0);
}

#[test]
fn a_clip_behind_a_link_of_the_providers_own_is_fetched_with_the_key() {
    let project = Project::shop_with_faults(1, json!([{ "on": "download", "do": "needs_key" }]));
    all_done(&project, project.run(&["run", "--yes"]), 1);
    assert_eq!(project.sandbox().stats().downloads, 2, "asked without the key, then with it");
}
