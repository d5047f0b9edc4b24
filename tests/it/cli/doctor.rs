//! `doctor` finds what is wrong before anything is sent, and leaves everything as it was.

use crate::snapshot::assert_whole;
use crate::support::{Ended, KEY_VARIABLE, Project, until};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;

/// Returns the one check of `doctor` about a subject, as JSON.
fn check(ended: &Ended, about: &str) -> Value {
    let report = ended.json();
    let mut found = report["checks"].as_array().unwrap().iter().filter(|check| check["check"] == about);
    let check = found.next().unwrap_or_else(|| panic!("nothing about {about}\n{ended}")).clone();
    assert!(found.next().is_none(), "{about} is told twice\n{ended}");
    check
}

fn with_key(project: &Project, key: Option<&str>) -> Ended {
    let mut command = project.command(&["doctor", "--json"]);
    match key {
        Some(key) => command.env(KEY_VARIABLE, key),
        None => command.env_remove(KEY_VARIABLE),
    };
    project.start_as(command).wait()
}

#[test]
fn all_is_well_where_nothing_was_ever_run_and_nothing_is_left_behind() {
    let mut project = Project::shop_with(3, |options| options.key = "test-key-long-enough".to_owned());
    project.key = "test-key-long-enough".to_owned();
    let before = project.artefacts();
    let text = assert_whole!(project.run(&["doctor"]).expect(0));
    assert!(!text.out.contains(&project.key), "{text}");
    let report = with_key(&project, Some(&project.key)).expect(0).json();
    assert_eq!((&report["format"], &report["exit"], &report["failed"]), (&json!(1), &json!(0), &json!(0)));
    assert_eq!(project.artefacts(), before);
    assert!(!project.path(".shotlist").exists());
    assert_eq!(project.sandbox().stats().polls, 2, "each asked for a task that does not exist");
    assert_eq!(project.requests().len(), 0);
}

#[test]
fn a_rehearsal_needs_no_key_and_is_looked_at_in_its_own_folder() {
    let project = Project::shop(1);
    project.run(&["run", "--sandbox"]).expect(0);
    let mut command = project.command(&["doctor", "--sandbox", "--json"]);
    command.env_remove(KEY_VARIABLE);
    let ended = assert_whole!(project.start_as(command).wait().expect(0));
    assert_eq!(check(&ended, "ledger")["verdict"], "ok");
    assert_eq!(check(&ended, "key")["verdict"], "ok");
    let real = with_key(&project, Some("test-key"));
    let database = check(&real, "database");
    assert!(database.to_string().contains("a rehearsal has its own state"), "{database}");
}

#[test]
fn s30_a_key_that_is_missing_or_spoilt_ends_with_10_and_is_never_shown() {
    let project = Project::shop(1);
    for key in [None, Some(""), Some("\"test-key-and-a-quote"), Some("test-key and-a-space")] {
        let ended = assert_whole!(with_key(&project, key).expect(10));
        assert_eq!(check(&ended, "key")["do"], format!("export {KEY_VARIABLE}=…"));
        assert!(!ended.to_string().contains("test-key"), "{ended}");
    }
    // The provider reports a wrong key.
    let ended = assert_whole!(with_key(&project, Some("test-key-with-line-break\n")).expect(10));
    assert_eq!(check(&ended, "key")["verdict"], "warn");
}

#[test]
fn n31_the_way_to_each_host_is_told_and_a_proxy_that_resolves_names_is_warned_of_once() {
    let project = Project::shop(1);
    project.fault(json!([{ "on": "download", "do": { "status": { "code": 503 } } }]));
    let run = project.start(&["run", "--yes"]);
    until("a link is known", || project.takes("downloading") == 1);
    run.kill();
    let routes = |proxies: &[(&str, &str)]| -> Vec<Value> {
        let mut command = project.command(&["doctor", "--json"]);
        command.envs(proxies.iter().copied());
        let ended = project.start_as(command).wait().expect(0);
        assert!(!ended.to_string().contains("secret") && !ended.to_string().contains("signature"), "{ended}");
        let report = ended.json();
        let checks = report["checks"].as_array().unwrap().iter();
        checks.filter(|check| check["check"] == "route").cloned().collect()
    };
    let host = project.sandbox().addr();
    let direct = |who: &str| format!("{who}: no proxy is set for {host}");
    let told = |routes: &[Value]| -> Vec<String> {
        routes.iter().map(|route| route["what"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(told(&routes(&[])), [direct("zai"), direct("clips")]);
    // No server listens there: this machine is reached directly.
    let proxy = ("HTTPS_PROXY", "http://night:secret@proxy.invalid:3128");
    let http = ("http_proxy", "http://night:secret@proxy.invalid:3128");
    let behind = routes(&[proxy, http]);
    assert_eq!(told(&behind[..2]), [direct("zai"), direct("clips")]);
    assert_eq!((behind.len(), &behind[2]["verdict"]), (3, &json!("warn")));
    insta::assert_snapshot!("route_of_a_proxy", told(&behind)[2]);
    assert_eq!(routes(&[proxy, ("NO_PROXY", "*")]).len(), 2);

    project.clear_faults();
    // Nothing is to be rendered by the plan, nor fetched by the rehearsal: only the run warns.
    for verb in [&["plan"][..], &["run", "--yes"], &["run", "--sandbox", "--yes"]] {
        let mut command = project.command(verb);
        command.envs([proxy, http]);
        assert_whole!(project.start_as(command).wait().expect(0));
    }
    project.write("products.csv", crate::support::sheet(2));
    let mut command = project.command(&["plan"]);
    command.envs([proxy]);
    assert_whole!(project.start_as(command).wait().expect(0));
}

#[test]
fn n31_a_rehearsal_uses_no_proxy_and_a_run_refuses_one_without_an_address() {
    let project = Project::shop(1);
    for name in ["HTTPS_PROXY", "http_proxy"] {
        for (verb, code) in [(&["run", "--sandbox", "--yes"], 0), (&["run", "--yes", "--json"], 2)] {
            let mut command = project.command(verb);
            command.env(name, "::::bad");
            project.start_as(command).wait().expect(code);
        }
    }
    assert_eq!(project.requests().len(), 0);
}

#[test]
fn a_manifest_that_is_wrong_ends_with_4_and_leads_to_validate() {
    let project = Project::shop(1);
    project.edit("shotlist.yaml", "prompt:", "promt:");
    let ended = project.run(&["doctor", "--json"]).expect(4);
    let found = check(&ended, "manifest");
    assert_eq!((&found["verdict"], &found["do"]), (&json!("fail"), &json!("shotlist validate")));
    assert_whole!(&ended);
    assert_whole!(project.run(&["doctor"]).expect(4));
    assert_whole!(project.run(&["doctor", "no-such-file.yaml"]).expect(4));
    project.run(&["doctor", "-f", "no-such-file.yaml", "--sandbox"]).expect(4);
}

#[test]
fn a_server_that_is_not_the_providers_would_get_its_key_and_fails() {
    let project = Project::shop(1);
    let url = project.sandbox().provider_url("zai");
    project.edit("shotlist.yaml", &url, "https://example.com");
    let ended = project.run(&["doctor", "--json"]).expect(4);
    assert_whole!(ended);
}

#[test]
fn an_address_with_the_path_of_the_api_is_understood_and_a_wrong_one_is_told() {
    let project = Project::shop(1);
    let url = project.sandbox().provider_url("zai");
    project.edit("shotlist.yaml", &url, &format!("{url}//paas/v4/"));
    let ended = project.run(&["doctor", "--json"]).expect(0);
    assert_eq!(check(&ended, "server")["verdict"], "ok");
    project.run(&["run", "--yes"]).expect(0);
    project.edit("shotlist.yaml", "/zai//paas/v4/", "/zia");
    let ended = project.run(&["doctor", "--json"]).expect(4);
    assert_whole!(ended);
}

#[test]
fn a_damaged_database_and_one_older_than_its_ledger_fail() {
    let project = Project::shop(2);
    project.run(&["run", "--yes"]).expect(0);
    let database = project.path(".shotlist/state.db");
    let bytes = std::fs::read(&database).unwrap();

    project.write(".shotlist/state.db", b"this is no database at all, and long enough to be looked at");
    let ended = project.run(&["doctor", "--json"]).expect(9);
    assert_whole!(ended);

    std::fs::remove_file(&database).unwrap();
    let ended = project.run(&["doctor", "--json"]).expect(9);
    assert_whole!(ended);

    project.write(".shotlist/state.db", bytes);
    project.run(&["doctor"]).expect(0);
}

#[test]
fn a_ledger_that_lost_lines_is_a_warning() {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    let ledger = project.path(".shotlist/ledger.jsonl");
    let whole = std::fs::read(&ledger).unwrap();
    project.write(".shotlist/ledger.jsonl", [whole.as_slice(), b"{\"v\":1"].concat());
    assert_whole!(project.run(&["doctor", "--json"]).expect(0));
    project.write(".shotlist/ledger.jsonl", &whole[..whole.len() / 2]);
    // The first half holds the submission, for which every end of the program is checked.
    let found = check(&project.run(&["doctor", "--json"]).expect(0), "ledger");
    assert_eq!(found["verdict"], "warn");
    assert_eq!(std::fs::read(&ledger).unwrap().len(), whole.len() / 2, "the doctor only looks");
}

#[test]
fn a_ledger_for_which_a_run_is_refused_fails_and_leads_to_recover() {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    let ledger = std::fs::read_to_string(project.path(".shotlist/ledger.jsonl")).unwrap();
    project.write(".shotlist/ledger.jsonl", format!("{ledger}\n"));
    let ended = project.run(&["doctor", "--json"]).expect(9);
    let check = check(&ended, "ledger");
    assert_eq!((&check["verdict"], &check["do"]), (&json!("fail"), &json!("shotlist recover")), "{check}");
    project.run(&["run", "--yes"]).expect(9);
    project.run(&["recover"]).expect(0);
    project.run(&["doctor"]).expect(0);
}

#[test]
fn files_open_to_others_are_told_and_left_to_the_user() {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    let ledger = project.path(".shotlist/ledger.jsonl");
    std::fs::set_permissions(&ledger, std::fs::Permissions::from_mode(0o644)).unwrap();
    let ended = project.run(&["doctor", "--json"]).expect(0);
    let found = check(&ended, "state");
    assert_eq!((&found["verdict"], &found["do"]), (&json!("warn"), &json!("chmod -R go= .shotlist")));
    assert_whole!(ended);
    assert_eq!(ledger.metadata().unwrap().permissions().mode() & 0o777, 0o644);
}

#[test]
fn a_clock_behind_the_database_fails() {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    let database = Connection::open(project.path(".shotlist/state.db")).unwrap();
    database.execute("UPDATE runs SET ended = ended + 7200000", []).unwrap();
    drop(database);
    assert_whole!(project.run(&["doctor", "--json"]).expect(9));
}

#[test]
fn files_in_the_place_of_folders_fail() {
    let project = Project::shop(1);
    project.write(".shotlist", "not a folder");
    assert_whole!(project.run(&["doctor"]).expect(9));
    std::fs::remove_file(project.path(".shotlist")).unwrap();
    project.write("clips", "not a folder");
    let ended = project.run(&["doctor", "--out", "clips/below", "--json"]).expect(9);
    assert_eq!(check(&ended, "output")["verdict"], "fail", "{ended}");
}

#[test]
fn beside_a_run_it_names_who_is_at_work() {
    let project = Project::shop(1);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("the task is known", || project.takes("running") == 1);
    let ended = project.run(&["doctor", "--json"]).expect(0);
    let found = check(&ended, "lock");
    assert!(found["what"].to_string().contains(&run.id().to_string()), "{found}");
    assert_eq!(check(&ended, "database")["verdict"], "ok");
    project.clear_faults();
    run.wait().expect(0);
}

#[test]
fn of_several_troubles_the_gravest_gives_the_code() {
    let project = Project::shop(1);
    project.write(".shotlist", "not a folder");
    with_key(&project, None).expect(9);
    project.edit("shotlist.yaml", "prompt:", "promt:");
    with_key(&project, None).expect(4);
}
