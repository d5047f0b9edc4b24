//! Asked to end, the program ends cleanly and says how; the next run goes on.

#![expect(clippy::disallowed_methods, reason = "a test measures how long an end takes")]

use crate::snapshot::{assert_whole, whole};
use crate::support::{Ended, Project, Running, until};
use rustix::process::Signal;
use serde_json::json;
use shotlist::sandbox::Limits;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn stopped_by(signal: Signal, code: i32) {
    let project = Project::shop(12);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("the first tasks are known", || project.takes("running") == 5);
    run.signal(signal);
    insta::assert_snapshot!(format!("stopped_with_{code}"), whole(&run.wait().expect(code)));
    assert_eq!(project.charges().len(), 5);
    assert_eq!((project.takes("running"), project.takes("held")), (5, 0));

    project.clear_faults();
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.requests().len(), project.charges().len()), (12, 12));
    assert_eq!(project.clips().len(), 12);
}

#[test]
fn p12_ctrl_c_stops_cleanly_and_the_next_run_finishes() {
    stopped_by(Signal::INT, 130);
}

#[test]
fn sigterm_stops_cleanly_and_the_next_run_finishes() {
    stopped_by(Signal::TERM, 143);
}

#[test]
fn p16_a_hung_up_terminal_stops_cleanly_and_the_next_run_finishes() {
    stopped_by(Signal::HUP, 129);
}

#[test]
fn p12_answers_to_paid_requests_are_awaited_after_ctrl_c() {
    let project = Project::shop_with(3, |options| options.answer_delay = std::time::Duration::from_secs(2));
    let run = project.start(&["run", "--yes"]);
    until("all are charged", || project.charges().len() == 3);
    run.signal(Signal::INT);
    assert_whole!(run.wait().expect(130));
    assert_eq!((project.takes("running"), project.takes("held")), (3, 0));
    project.run(&["collect"]).expect(0);
    assert_eq!((project.requests().len(), project.clips().len()), (3, 3));
}

#[test]
fn p13_a_third_ctrl_c_leaves_at_once_and_what_was_on_the_wire_is_in_doubt() {
    let project = Project::shop_with_faults(
        1,
        json!([{ "on": "submit", "do": { "hang_after_accept": { "seconds": 600 } } }]),
    );
    let run = project.start(&["run", "--yes"]);
    until("it is charged", || project.charges().len() == 1);
    for _ in 0..2 {
        let before = run.said().len();
        run.signal(Signal::INT);
        until("it says how long it waits", || run.said().len() > before);
    }
    run.signal(Signal::INT);
    assert_whole!(run.wait().expect(130));
    project.clear_faults();
    assert_whole!(project.run(&["run", "--yes"]).expect(7));
    assert_eq!(project.charges().len(), 1);
}

#[test]
fn p16_nobody_who_stops_listening_stops_paid_work() {
    let project = Project::shop(2);
    for (arguments, code) in [
        (&["plan"][..], 0),
        (&["plan", "--show-requests"], 0),
        (&["run", "--yes", "--json"], 0),
        (&["show", "sku-1"], 0),
    ] {
        let mut command = project.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(!said.contains("panicked"), "{arguments:?}: {said}");
    }
    assert_eq!((project.charges().len(), project.clips().len()), (2, 2));

    // The same for talk.
    project.edit("products.csv", "number 1", "number one");
    let mut child =
        project.command(&["run", "--yes"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(project.charges().len(), 3);
}

#[test]
fn p16_a_full_disk_behind_stdout_is_an_error_and_stops_no_paid_work() {
    let project = Project::shop(2);
    let to_full = |arguments: &[&str]| {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = project.command(arguments);
        let output = command.stdout(full).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let incomplete = "error: standard output could not be written, and what is there is incomplete: ";
    for arguments in [
        &["run", "--yes", "--json"][..],
        &["plan", "--json"],
        &["show", "sku-1", "--quiet"],
        &["jobs", "--csv"],
        &["report", "--markdown"],
        &["report", "--out", "-"],
        &["schema"],
        &["completions", "bash"],
        &["--help"],
        &["--version"],
    ] {
        let (code, said) = to_full(arguments);
        assert_eq!(code, Some(9), "{arguments:?}: {said}");
        assert_eq!(said.matches(incomplete).count(), 1, "{arguments:?}: {said}");
        assert!(!said.contains("panicked"), "{arguments:?}: {said}");
    }
    assert_eq!((project.charges().len(), project.clips().len()), (2, 2));
    // A more severe error keeps its code.
    assert_eq!(to_full(&["jobs", "--state", "none"]).0, Some(2));
}

/// Runs the program with a limit for the size of its files, in KiB.
fn limited(project: &Project, kib: u64, arguments: &str) -> Ended {
    let mut command = Command::new("bash");
    command.args(["-c", &format!("ulimit -f {kib} && exec \"$P\" {arguments}")]);
    project.at_home(&mut command);
    command.env("P", env!("CARGO_BIN_EXE_shotlist"));
    project.start_as(command).wait()
}

#[test]
fn p20_a_size_limit_of_files_ends_a_run_like_a_full_disk() {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    project.write("products.csv", crate::support::sheet(3));
    let told = limited(&project, 8, "run --yes").expect(9).err;
    assert!(told.contains("the size limit of files is too low (`ulimit -f`"), "{told}");
    assert_eq!((project.requests().len(), project.takes("held")), (1, 0));
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (3, 3));
}

/// Runs the program with a limit for the number of its open files.
fn with_files(project: &Project, most: u32) -> Running<'_> {
    let mut command = Command::new("bash");
    command.args(["-c", &format!("ulimit -n {most} && exec \"$P\" run --yes")]);
    project.at_home(&mut command);
    command.env("P", env!("CARGO_BIN_EXE_shotlist"));
    project.start_as(command)
}

#[test]
fn p25_with_too_few_files_each_command_says_what_to_type() {
    let project = Project::shop(1);
    for most in [8, 12, 19] {
        let ended = with_files(&project, most).wait().expect(9);
        let told = format!("this process may open only {most} files at once (`ulimit -n`)");
        assert!(ended.err.contains(&told), "{ended}");
        assert!(ended.err.contains("`ulimit -n 1024` before the command allows more"), "{ended}");
    }
    assert_eq!(project.requests().len(), 0);
    project.run(&["run", "--yes"]).expect(0);
}

#[test]
fn p25_without_a_file_for_a_clip_downloads_pause_longer_and_longer_and_a_signal_ends_them() {
    // The smallest number with which the program starts but has no file for a clip depends on the machine.
    for most in 20..26 {
        let project = Project::shop_with(5, |options| options.limits = Limits::Unlimited);
        let run = with_files(&project, most);
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(20) && !run.said().contains("error:") {
            std::thread::sleep(Duration::from_millis(100));
        }
        if run.said().contains("error:") || !project.clips().is_empty() {
            continue;
        }
        let downloads = project.sandbox().stats().downloads;
        assert!(downloads < 20, "{downloads} downloads in 20 s with {most} files");
        let stopped = Instant::now();
        run.signal(Signal::TERM);
        run.wait().expect(143);
        assert!(stopped.elapsed() < Duration::from_secs(45), "{:?}", stopped.elapsed());
        project.run(&["run", "--yes"]).expect(0);
        assert_eq!((project.charges().len(), project.clips().len()), (5, 5));
        return;
    }
    println!("SKIPPED(no limit lets the program start without a file for a clip)");
}
