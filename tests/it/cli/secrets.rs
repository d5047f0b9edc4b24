//! The key stays where it is, and what is kept on disk is for its owner only.

use crate::snapshot::assert_whole;
use crate::support::Project;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

/// A key that looks different in each encoding.
const CANARY: &str = "test-canary-4d1+f/0b?c=9e";

/// The canary plain, URL-encoded, and in Base64 at each of the three alignments.
fn disguises() -> Vec<String> {
    let mut known = vec![
        CANARY.to_owned(),
        utf8_percent_encode(CANARY, NON_ALPHANUMERIC).to_string(),
        utf8_percent_encode(CANARY, NON_ALPHANUMERIC).to_string().to_lowercase(),
    ];
    for shift in 0..3 {
        // What surely belongs to the canary: without the digits that it shares with its neighbours.
        let shifted = format!("{}{CANARY}", "x".repeat(shift));
        for encoded in [STANDARD_NO_PAD.encode(&shifted), URL_SAFE_NO_PAD.encode(&shifted)] {
            known.push(encoded[shift + usize::from(shift > 0)..shifted.len() * 8 / 6].to_owned());
        }
    }
    known
}

#[test]
fn s01_s02_the_key_is_in_no_artefact_even_when_the_provider_echoes_it() {
    let encoded = STANDARD.encode(format!("Bearer {CANARY}"));
    let escaped = utf8_percent_encode(CANARY, NON_ALPHANUMERIC);
    let echo = format!("the key {CANARY} (also known as {escaped} or {encoded}) is not to my liking");
    let when = |n: usize| json!({ "prompt_contains": format!("number {n}") });
    let project = Project::shop_with(8, |options| {
        options.key = CANARY.to_owned();
        options.faults = crate::support::rules(json!([
            { "on": "submit", "when": when(1), "do": { "error": { "http": 400, "code": "1214", "message": echo } } },
            { "on": "submit", "when": when(2), "do": { "status": { "code": 500, "body": echo, "accept": true } } },
            { "on": "submit", "when": when(3), "do": { "status": { "code": 302, "headers": {
                "location": format!("https://example.com/?key={escaped}"), "x-key": CANARY } } } },
            { "on": "submit", "when": when(4), "do": { "fail": { "code": "1301", "message": echo } } },
            { "on": "submit", "when": when(5), "do": { "fail": { "shape": "string", "message": echo } } },
            { "on": "poll", "when": when(6), "times": 2, "do": { "unknown_word": { "word": CANARY } } },
            { "on": "poll", "when": when(7), "times": 1, "do": { "error": { "http": 500, "code": CANARY, "message": echo } } },
            { "on": "download", "when": when(8), "times": 1, "do": { "status": { "code": 500, "body": echo } } },
        ]));
    });
    let mut ends = vec![
        project.run(&["run", "--yes", "-vv", "--log-file", "plain.log"]).expect(7),
        project
            .run(&["run", "--yes", "--json", "-vv", "--log-file", "json.log", "--log-format", "json"])
            .expect(7),
        project.run(&["collect", "-vv"]).expect(7),
        project.run(&["status", "-v"]).expect(0),
        project.run(&["status", "--json"]).expect(0),
        project.run(&["plan", "--show-requests", "--json"]).expect(0),
        project.run(&["retry", "--yes"]).expect(0),
    ];
    for n in 1..=8 {
        let job = format!("hero/sku-{n}");
        ends.push(project.run(&["show", &job]).expect(0));
        ends.push(project.run(&["show", &job, "--json"]).expect(0));
    }
    assert!(
        project.show("sku-1").to_string().contains("is not to my liking"),
        "the words themselves are kept"
    );
    // A live run leaves more behind than one that ended: its write-ahead log, its parts.
    project.edit("products.csv", "number 8", "number eight");
    project.stall();
    let run = project.start(&["run", "--yes"]);
    crate::support::until("a task is known", || project.takes("running") == 1);
    run.kill();

    let artefacts = project.artefacts();
    for name in ["state.db", "state.db-wal", "ledger.jsonl", "plain.log", "json.log", "sku-8_hero.mp4.json"] {
        assert!(artefacts.iter().any(|path| path.ends_with(name)), "{name} is not among {artefacts:?}");
    }
    let files = artefacts.iter().map(|path| (path.display().to_string(), fs::read(path).unwrap()));
    let streams = ends.iter().map(|ended| ("a stream".to_owned(), ended.to_string().into_bytes()));
    for (name, bytes) in files.chain(streams) {
        for disguise in disguises() {
            let found = bytes.windows(disguise.len()).any(|window| window == disguise.as_bytes());
            assert!(!found, "{name} has the key as {disguise}");
        }
    }
}

#[test]
fn i37_a_key_in_the_manifest_is_refused_and_not_repeated() {
    let project = Project::shop(1);
    let variable = format!("${{{}}}", crate::support::KEY_VARIABLE);
    project.edit("shotlist.yaml", &variable, CANARY);
    let ended = assert_whole!(project.run(&["run", "--yes"]).expect(4));
    assert!(!ended.out.contains(CANARY));
    assert_eq!(project.requests().len(), 0);
}

#[test]
fn s28_the_key_is_sent_to_no_other_host() {
    let project = Project::shop(1);
    project.edit("shotlist.yaml", &project.sandbox().provider_url("zai"), "https://videos.example.com/api");
    for command in [&["run", "--yes"][..], &["plan"], &["validate"]] {
        assert_whole!(project.run(command).expect(4));
    }
}

#[test]
fn s24_no_core_dump_holds_the_key() {
    let project = Project::shop(1);
    project.stall();
    let mut command = Command::new("/bin/sh");
    let program = env!("CARGO_BIN_EXE_shotlist");
    command.args(["-c", &format!("ulimit -c unlimited 2>&-; exec '{program}' run --yes")]);
    project.at_home(&mut command);
    let mut run = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    crate::support::until("the task is known", || project.takes("running") == 1);
    let limits = fs::read_to_string(format!("/proc/{}/limits", run.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"]);
    rustix::process::kill_process(rustix::process::Pid::from_child(&run), rustix::process::Signal::ABORT)
        .unwrap();
    let end = run.wait().unwrap();
    assert_eq!((end.signal(), end.core_dumped()), (Some(6), false));
}

#[test]
fn s23_a_link_in_the_place_of_a_state_file_is_refused() {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    for name in ["state.db", "ledger.jsonl", "lock"] {
        let (path, aside) = (project.path(".shotlist").join(name), project.path("aside"));
        fs::rename(&path, &aside).unwrap();
        std::os::unix::fs::symlink(&aside, &path).unwrap();
        let before = fs::read(&aside).unwrap();
        assert_whole!(project.run(&["run", "--yes"]).expect(9));
        assert_eq!(fs::read(&aside).unwrap(), before, "{name}");
        fs::rename(&aside, &path).unwrap();
    }
}

#[test]
fn s23_state_is_private_whatever_the_umask() {
    for mask in ["000", "022"] {
        let project = Project::shop(1);
        project.stall();
        let mut command = Command::new("/bin/sh");
        let program = env!("CARGO_BIN_EXE_shotlist");
        command.args([
            "-c",
            &format!("umask {mask} && exec '{program}' run --yes --log-file .shotlist/run.log"),
        ]);
        fs::create_dir(project.path(".shotlist")).unwrap();
        project.at_home(&mut command);
        let run = project.start_as(command);
        crate::support::until("the task is known", || project.takes("running") == 1);
        let mode = |name: &str| fs::metadata(project.path(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(".shotlist"), 0o700, "umask {mask}");
        let private =
            project.artefacts().into_iter().filter(|path| path.starts_with(project.path(".shotlist")));
        let names: Vec<String> = private
            .map(|path| path.strip_prefix(project.folder()).unwrap().to_str().unwrap().to_owned())
            .collect();
        for name in
            [".shotlist/state.db", ".shotlist/state.db-wal", ".shotlist/ledger.jsonl", ".shotlist/run.log"]
        {
            assert!(names.iter().any(|known| known == name), "{name} is not among {names:?}");
        }
        for name in names {
            assert_eq!(mode(&name), 0o600, "{name}, umask {mask}");
        }
        project.clear_faults();
        run.wait().expect(0);
        let clip = mode("renders/sku-1_hero.mp4");
        assert_eq!(
            clip,
            0o666 & !u32::from_str_radix(mask, 8).unwrap(),
            "a clip is like any file of its owner"
        );
    }
}

/// Word in the query of the sandbox's signed links.
const SIGNED: &[u8] = b"signature=";

/// The state files of a folder that hold a part of a signed link.
fn with_links(folder: &std::path::Path) -> Vec<String> {
    let names = ["state.db", "state.db-wal", "state.db-shm", "ledger.jsonl"];
    let has_link = |name: &&str| {
        let bytes = fs::read(folder.join(name)).unwrap_or_default();
        bytes.windows(SIGNED.len()).any(|window| window == SIGNED)
    };
    names.into_iter().filter(has_link).map(str::to_owned).collect()
}

#[test]
fn s05_no_signed_link_is_left_in_the_state_when_its_clip_is_done() {
    let project = Project::shop(3);
    let state = project.path(".shotlist");
    project.fault(json!([{ "on": "download", "do": { "status": { "code": 503 } } }]));
    let run = project.start(&["run", "--yes"]);
    crate::support::until("a link is known", || project.takes("downloading") > 0);
    assert_ne!(with_links(&state), Vec::<String>::new(), "a link is kept until its clip is here");
    run.kill();
    assert_ne!(with_links(&state), Vec::<String>::new(), "a kill leaves the link for the next run");
    project.clear_faults();
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.clips().len(), 3);
    assert_eq!(with_links(&state), Vec::<String>::new());
    assert!(!state.join("state.db-wal").exists(), "the store closes the database last");
}

#[test]
fn s05_a_reader_that_stays_keeps_no_signed_link_in_the_log() {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    project.write("products.csv", crate::support::sheet(3));
    let reader = rusqlite::Connection::open_with_flags(
        project.path(".shotlist/state.db"),
        rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY,
    )
    .unwrap();
    let takes = || reader.query_row("SELECT count(*) FROM takes", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(takes(), 1);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(takes(), 3);
    assert_eq!(with_links(&project.path(".shotlist")), Vec::<String>::new());
}

#[test]
fn s05_a_rehearsal_leaves_no_log_behind() {
    let project = Project::shop(1);
    let mut command = project.command(&["run", "--sandbox", "--yes"]);
    // Whole clips have captions, for which the sandbox reads the state.
    command.env_remove("SHOTLIST_SANDBOX_CLIPS");
    project.start_as(command).wait().expect(0);
    let state = project.path(".shotlist/sandbox");
    assert_eq!(with_links(&state), Vec::<String>::new());
    assert!(state.join("state.db").exists() && !state.join("state.db-wal").exists());
}
