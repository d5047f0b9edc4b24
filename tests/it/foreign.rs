//! Text from outside: whatever ids, titles, task ids and answers hold, no control character reaches a terminal or a
//! log.

use crate::cli::screen::{self, Screen};
use crate::support::{Project, SHOP, until};
use serde_json::json;
use shotlist::domain::foreign::is_hidden;
use std::fs;

/// Ids: an escape sequence, a title of the window, C1, a line that looks like another, and a joined emoji.
const HOSTILE: [&str; 5] =
    ["red\u{1b}[31m", "bell\u{1b}]0;owned\u{7}", "c1\u{9b}2J", "two\nlines", "art\u{1f469}\u{200d}\u{1f3a8}"];

/// The characters of each title apart from its id: a change of direction, and characters without a width.
const UNSEEN: &str = "turn\u{202e}gnp none\u{200b}\u{feff} tag\u{e0041}";

fn shop() -> Project {
    let project = Project::empty(|_| {});
    let row = |id: &&str| format!("\"{id}\",\"Mug {id} {UNSEEN}\"\n");
    project.write("products.csv", format!("id,title\n{}", HOSTILE.iter().map(row).collect::<String>()));
    project.manifest(&SHOP.replace("{{ item.id }}_", "{{ item.id | slug }}_"));
    project
}

fn harmless(text: &str, what: &str) {
    let found: Vec<_> = text.chars().filter(|it| !matches!(it, '\n') && is_hidden(*it)).collect();
    assert!(found.is_empty(), "{what}: {found:?} in {text}");
}

#[test]
fn no_command_lets_a_control_character_of_a_product_file_or_a_provider_through() {
    let project = shop();
    let hostile =
        json!({ "error": { "http": 429, "code": "\u{1b}[1m", "message": "later\u{9b}\u{202e}\r\nnow" } });
    project.fault(json!([{ "on": "submit", "when": { "nth": 2 }, "do": hostile }]));
    let mut seen = String::new();
    for arguments in [
        &["catalog", "products.csv"][..],
        &["catalog", "products.csv", "--json"],
        &["validate"],
        &["plan"],
        &["plan", "--json"],
        &["plan", "--show-requests"],
        &["run", "--yes", "--log-file", "run.log", "-vv"],
        &["run", "--json"],
        &["status"],
        &["status", "--json"],
        &["ledger", "--by", "item"],
        &["ledger", "--json"],
        &["verify"],
        &["show", "unknown\u{1b}[31m"],
        &["run", "--only", "no\u{1b}body", "--yes"],
    ] {
        let ended = project.run(arguments);
        harmless(&ended.out, &format!("stdout of {arguments:?}"));
        harmless(&ended.err, &format!("stderr of {arguments:?}"));
        seen += &(ended.out + &ended.err);
    }
    let log = fs::read_to_string(project.path("run.log")).unwrap();
    harmless(&log, "the log");
    for span in ["run{project=shop number=1}:take{job=hero/red\\u{1b}[31m ", ":call{kind=\"submit\" "] {
        assert!(log.contains(span), "{log}");
    }
    assert!(seen.contains("red\\u{1b}[31m") && seen.contains("tag\\u{e0041}"), "{seen}");
    assert_eq!(project.clips().len(), HOSTILE.len(), "{seen}");
    for id in HOSTILE {
        let key = format!("hero/{}", shotlist::domain::foreign::shown(id));
        let shown = project.run(&["show", &key]).expect(0);
        harmless(&shown.out, &key);
        harmless(&project.run(&["show", &key, "--json"]).expect(0).out, &key);
    }
}

#[test]
fn s17_a_task_id_that_commands_a_terminal_or_has_no_end_is_refused_with_its_reason() {
    let project = Project::shop(1);
    project.fault(json!([{ "on": "submit", "do": "reset_after_accept" }]));
    project.run(&["run", "--yes"]);
    let long = "8".repeat(100_000);
    for task in ["8353\u{1b}]0;owned\u{7}", "8353\u{202e}", "83 53", &long] {
        let ended = project.run(&["resolve", "hero/sku-1", "--task-id", task]).expect(2);
        harmless(&ended.out, "stdout");
        harmless(&ended.err, "stderr");
        assert!(ended.err.len() < 2_000, "{}", ended.err.len());
    }
    assert_eq!(project.takes("held"), 1, "nothing was kept");
    project.run(&["resolve", "hero/sku-1", "--task-id", "8353"]).expect(0);
}

/// Removes the sequences that our own display writes: cursor up and down, erase, colour, and the start of a line.
fn without_display(written: &str) -> String {
    let mut left = String::new();
    let mut rest = written;
    while let Some(at) = rest.find('\u{1b}') {
        left += &rest[..at];
        rest = &rest[at..];
        let body = rest.strip_prefix("\u{1b}[").unwrap_or_default();
        let end = body.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(body.len());
        if body[end..].starts_with(['A', 'B', 'K', 'm']) {
            rest = &body[end + 1..];
        } else {
            left.push('\u{1b}');
            rest = &rest[1..];
        }
    }
    (left + rest).replace('\r', "")
}

/// Checks what a terminal received. An id whole is looked for too: one of them holds a colour, as our display does.
fn harmless_on_a_terminal(written: &str, what: &str) {
    harmless(&without_display(written), what);
    let written = written.replace("\r\n", "\n");
    for id in HOSTILE {
        assert!(!written.contains(id), "{what}: {id:?} in {written:?}");
    }
}

#[test]
fn no_character_of_an_id_commands_a_terminal_while_a_run_is_shown_live() {
    let project = shop();
    let looks = |arguments: &[&str]| {
        let (code, written) = Screen::open(screen::run(&project, arguments), 200, 40).end();
        assert_eq!(code, Some(0), "{arguments:?}: {written:?}");
        harmless_on_a_terminal(&written, &format!("{arguments:?}"));
        written
    };
    looks(&["plan"]);
    looks(&["plan", "--show-requests"]);
    project.stall();
    let live = Screen::open(screen::run(&project, &["run", "--yes"]), 200, 40);
    until("jobs are shown in flight", || live.seen().contains("rendering") && project.takes("running") == 5);
    project.clear_faults();
    let (code, written) = live.end();
    assert_eq!(code, Some(0), "{written:?}");
    harmless_on_a_terminal(&written, "run");
    assert!(written.contains("\u{1b}[") && written.contains("red\\u{1b}[31m"), "{written:?}");
    looks(&["status"]);
    for id in HOSTILE {
        looks(&["show", &format!("hero/{}", shotlist::domain::foreign::shown(id))]);
    }
}
