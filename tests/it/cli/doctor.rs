//! `doctor` finds what is wrong before anything is sent, and leaves everything as it was.

use crate::support::{Ended, KEY_VARIABLE, Project, until};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;

/// What `doctor` says about something, as JSON; there is exactly one such line.
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
    let text = project.run(&["doctor"]).expect(0).says("All is well").says("next: shotlist plan");
    assert!(text.out.lines().all(|line| line.starts_with("ok    ")), "{text}");
    for about in ["version", "manifest", "server", "key", "state", "clock", "disk", "output"] {
        assert!(text.out.contains(&format!("ok    {about} ")), "{about}\n{text}");
    }
    assert!(text.out.contains("3 jobs, all valid") && text.out.contains("3 clips to render"), "{text}");
    assert!(!text.out.contains(&project.key), "{text}");
    let report = with_key(&project, Some(&project.key)).expect(0).json();
    assert_eq!((&report["format"], &report["exit"], &report["failed"]), (&json!(1), &json!(0), &json!(0)));
    assert_eq!(project.artefacts(), before);
    assert!(!project.path(".shotlist").exists());
    assert_eq!(project.sandbox().stats().polls, 2, "each asked for a task that nobody has");
    assert_eq!(project.requests().len(), 0);
}

#[test]
fn a_rehearsal_needs_no_key_and_is_looked_at_in_its_own_folder() {
    let project = Project::shop(1);
    project.run(&["run", "--sandbox"]).expect(0);
    let mut command = project.command(&["doctor", "--sandbox", "--json"]);
    command.env_remove(KEY_VARIABLE);
    let ended = project.start_as(command).wait().expect(0);
    assert_eq!(check(&ended, "database")["what"], "sound, 1 takes");
    assert_eq!(check(&ended, "ledger")["verdict"], "ok");
    assert_eq!(check(&ended, "key")["verdict"], "ok");
}

#[test]
fn s30_a_key_that_is_missing_or_spoilt_ends_with_10_and_is_never_shown() {
    let project = Project::shop(1);
    for (key, words) in [
        (None, "is not set"),
        (Some(""), "is empty"),
        (Some("\"test-key-and-a-quote"), "quote"),
        (Some("test-key and-a-space"), "space"),
    ] {
        let ended = with_key(&project, key).expect(10);
        let found = check(&ended, "key");
        assert!(found["what"].as_str().unwrap().contains(words), "{ended}");
        assert_eq!(found["do"], format!("export {KEY_VARIABLE}=…"));
        assert!(!ended.to_string().contains("test-key"), "{ended}");
    }
    // Whoever has another key than the provider is told so by the provider.
    let ended = with_key(&project, Some("test-key-with-line-break\n")).expect(10);
    assert!(
        check(&ended, "server")["what"].as_str().unwrap().contains("does not let this key in"),
        "{ended}"
    );
    let found = check(&ended, "key");
    assert_eq!(found["verdict"], "warn");
    assert!(found["what"].as_str().unwrap().contains("line ends"), "{found}");
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
    let direct = |who: &str| format!("{who}: {host} is reached directly");
    let told = |routes: &[Value]| -> Vec<String> {
        routes.iter().map(|route| route["what"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(told(&routes(&[])), [direct("zai"), direct("clips")]);
    // Nobody listens there: what is on this machine is reached directly.
    let proxy = ("HTTPS_PROXY", "http://night:secret@proxy.invalid:3128");
    let http = ("http_proxy", "http://night:secret@proxy.invalid:3128");
    let behind = routes(&[proxy, http]);
    assert_eq!(told(&behind[..2]), [direct("zai"), direct("clips")]);
    assert_eq!((behind.len(), &behind[2]["verdict"]), (3, &json!("warn")));
    let words = "clips come through the proxy proxy.invalid:3128, which resolves names itself";
    assert!(told(&behind)[2].contains(words), "{behind:?}");
    assert_eq!(routes(&[proxy, ("NO_PROXY", "*")]).len(), 2);

    project.mend();
    for (verb, warnings) in [(&["plan"][..], 0), (&["run", "--yes"], 1), (&["run", "--sandbox", "--yes"], 0)]
    {
        let mut command = project.command(verb);
        command.envs([proxy, http]);
        let ended = project.start_as(command).wait().expect(0).says_nothing_of("secret");
        assert_eq!(
            ended.err.matches(words).count(),
            warnings,
            "nothing is to be rendered by the plan: {ended}"
        );
    }
    project.write("products.csv", crate::support::sheet(2));
    let mut command = project.command(&["plan"]);
    command.envs([proxy]);
    project.start_as(command).wait().expect(0).says(words);
}

#[test]
fn a_manifest_that_is_wrong_ends_with_4_and_leads_to_validate() {
    let project = Project::shop(1);
    project.edit("shotlist.yaml", "prompt:", "promt:");
    let ended = project.run(&["doctor", "--json"]).expect(4);
    let found = check(&ended, "manifest");
    assert_eq!((&found["verdict"], &found["do"]), (&json!("fail"), &json!("shotlist validate")));
    assert!(found["problems"].to_string().contains("promt"), "{found}");
    project.run(&["doctor"]).expect(4).says("next: shotlist validate");
    project.run(&["doctor", "no-such-file.yaml"]).expect(4).says("-f no-such-file.yaml");
    project.run(&["doctor", "-f", "no-such-file.yaml", "--sandbox"]).expect(4);
}

#[test]
fn a_server_that_is_not_the_providers_would_get_its_key_and_fails() {
    let project = Project::shop(1);
    let url = project.sandbox().provider_url("zai");
    project.edit("shotlist.yaml", &url, "https://example.com");
    let ended = project.run(&["doctor", "--json"]).expect(4);
    let found = check(&ended, "server");
    assert!(found["what"].as_str().unwrap().contains("example.com is no server of zai"), "{found}");
}

#[test]
fn an_address_with_the_path_of_the_api_is_understood_and_a_wrong_one_is_told() {
    let project = Project::shop(1);
    let url = project.sandbox().provider_url("zai");
    project.edit("shotlist.yaml", &url, &format!("{url}//paas/v4/"));
    let ended = project.run(&["doctor", "--json"]).expect(0);
    assert_eq!(check(&ended, "server")["what"], format!("zai: {url} answers"));
    project.run(&["run", "--yes"]).expect(0);
    project.edit("shotlist.yaml", "/zai//paas/v4/", "/zia");
    let ended = project.run(&["doctor", "--json"]).expect(4);
    assert!(check(&ended, "server")["what"].as_str().unwrap().contains("is not its server"), "{ended}");
}

#[test]
fn a_damaged_database_and_one_older_than_its_ledger_fail() {
    let project = Project::shop(2);
    project.run(&["run", "--yes"]).expect(0);
    let database = project.path(".shotlist/state.db");
    let bytes = std::fs::read(&database).unwrap();

    project.write(".shotlist/state.db", b"this is no database at all, and long enough to be looked at");
    let ended = project.run(&["doctor", "--json"]).expect(9);
    assert!(check(&ended, "database")["what"].as_str().unwrap().contains("is damaged"), "{ended}");

    std::fs::remove_file(&database).unwrap();
    let ended = project.run(&["doctor", "--json"]).expect(9);
    let found = check(&ended, "database");
    assert!(found["what"].as_str().unwrap().contains("2 submissions are missing"), "{found}");
    assert!(found["what"].as_str().unwrap().contains("$0.80"), "{found}");

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
    let found = check(&project.run(&["doctor", "--json"]).expect(0), "ledger");
    assert!(found["what"].as_str().unwrap().contains("its last 6 bytes"), "{found}");
    project.write(".shotlist/ledger.jsonl", &whole[..whole.len() / 2]);
    // The first half holds the submission, for which every end of the program is checked.
    let found = check(&project.run(&["doctor", "--json"]).expect(0), "ledger");
    assert_eq!(found["verdict"], "warn");
    assert_eq!(std::fs::read(&ledger).unwrap().len(), whole.len() / 2, "the doctor only looks");
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
    assert!(found["what"].as_str().unwrap().contains("mode 644"), "{found}");
    assert_eq!(ledger.metadata().unwrap().permissions().mode() & 0o777, 0o644);
}

#[test]
fn a_clock_behind_the_database_fails() {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    let database = Connection::open(project.path(".shotlist/state.db")).unwrap();
    database.execute("UPDATE runs SET ended = ended + 7200000", []).unwrap();
    drop(database);
    let found = check(&project.run(&["doctor", "--json"]).expect(9), "clock");
    assert!(found["what"].as_str().unwrap().contains("later"), "{found}");
}

#[test]
fn files_in_the_place_of_folders_fail() {
    let project = Project::shop(1);
    project.write(".shotlist", "not a folder");
    let ended = project.run(&["doctor"]).expect(9);
    assert!(ended.out.contains(".shotlist is not a folder"), "{ended}");
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
    assert!(found["what"].as_str().unwrap().contains(&format!("process {}", run.id())), "{found}");
    assert_eq!(check(&ended, "database")["verdict"], "ok");
    project.mend();
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
