//! Disks that are not mounted, or not to be written to. Each story has a mount namespace of its own, in which the
//! program is started; where there is none to be had, it is skipped with a word.

#![expect(clippy::print_stdout, reason = "a story that cannot be told here says so")]
#![expect(clippy::disallowed_methods, reason = "unshare and mount are looked for where the test was started")]

use crate::snapshot::assert_whole;
use crate::support::{Ended, Project, Running};
use std::process::Command;

/// Starts a shell's words with a mount namespace of their own; `$P` is the program.
fn start_apart<'a>(project: &'a Project, flags: &str, words: &str) -> Running<'a> {
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", flags, words]);
    project.at_home(&mut command);
    command
        .env("P", env!("CARGO_BIN_EXE_shotlist"))
        .env("PATH", std::env::var_os("PATH").unwrap_or_default());
    project.start_as(command)
}

/// Runs a shell's words up to the first failure.
fn apart(project: &Project, words: &str) -> Ended {
    start_apart(project, "-ec", words).wait()
}

/// Returns whether a mount namespace can be had.
fn can_mount() -> bool {
    let tried = Command::new("unshare").args(["-m", "mount", "-t", "tmpfs", "none", "/mnt"]).output();
    let can = tried.is_ok_and(|tried| tried.status.success());
    if !can {
        println!("SKIPPED(no mount namespace)");
    }
    can
}

/// A shop whose clips are in a folder for each product.
fn shop(rows: usize, section: &str) -> Project {
    let project = Project::shop(rows);
    project.edit("shotlist.yaml", "{{ item.id }}_{{ shot }}", "all/{{ item.id }}/{{ shot }}");
    project.edit("shotlist.yaml", "version: 1\n", &format!("version: 1\n{section}"));
    project
}

/// Runs a command with the state folder on disks of many sizes, from one on which the database fits at most in part.
/// Then each disk grows. `fill` fills a new disk.
fn on_small_disks(project: &Project, kilobytes: std::ops::Range<u32>, fill: &str, command: &str) -> Ended {
    let sizes: Vec<String> = kilobytes.step_by(24).map(|size| size.to_string()).collect();
    let words = format!(
        "mkdir -p .shotlist; full=0
         for size in {}; do
           mount -t tmpfs -o size=${{size}}k,mode=700 none .shotlist; {fill}
           if ! $P {command} > said 2>&1; then grep -q 'disk full' said; full=$((full + 1)); fi
           mount -o remount,size=64m .shotlist
           if test -e .shotlist/state.db; then $P ledger > said 2>&1 || {{ cat said; exit 1; }}; fi
           $P {command} > said 2>&1 || {{ cat said; exit 1; }}
           $P plan > said 2>&1 || {{ cat said; exit 1; }}
           umount .shotlist
         done; test $full -gt 3",
        sizes.join(" ")
    );
    apart(project, &words)
}

#[test]
fn p20_a_disk_that_is_full_when_the_database_is_made_leaves_no_damaged_one() {
    if !can_mount() {
        return;
    }
    // The reserve alone needs 8192 KB.
    on_small_disks(&shop(1, ""), 8_380..8_620, "", "recover --accept-gaps").expect(0);
    let project = shop(1, "");
    project.run(&["run", "--yes"]).expect(0);
    std::fs::copy(project.path(".shotlist/ledger.jsonl"), project.path("ledger.jsonl")).unwrap();
    let fill = "cp ledger.jsonl .shotlist/; chmod 600 .shotlist/ledger.jsonl;";
    on_small_disks(&project, 200..560, fill, "recover").expect(0);
    assert_eq!(project.requests().len(), 1);
}

#[test]
fn p24_a_disk_below_the_output_folder_is_missed_at_the_next_start() {
    if !can_mount() {
        return;
    }
    for section in ["", "on_missing: fetch\n", "on_missing: ignore\n"] {
        let project = shop(2, section);
        let mounted = "mkdir -p renders/all/sku-2; mount -t tmpfs none renders/all/sku-2; $P run --yes --limit 1; \
                       $P run --yes --only hero/sku-2";
        apart(&project, mounted).expect(0);
        assert_eq!((project.takes("done"), project.clips().len()), (2, 1), "one went with its disk");
        let top = "  top: { model: zai/viduq1-text, prompt: \"{{ item.title }} from above\" }\noutput:";
        project.edit("shotlist.yaml", "output:", top);
        assert_whole!(project.run(&["run", "--yes"]).expect(9));
        assert_eq!((project.requests().len(), project.clips().len()), (2, 1), "{section}");
    }
}

#[test]
fn p24_a_disk_that_goes_while_a_run_is_at_work_ends_it_with_nothing_at_the_mount_point() {
    if !can_mount() {
        return;
    }
    let project = shop(2, "");
    project.stall();
    // The second command ends the trouble of the sandbox when the disk is gone.
    let words = "mkdir -p renders/all; mount -t tmpfs none renders/all; ($P run --yes; echo $? > ended) & \
                 until test $(grep -c '\"accepted\"' .shotlist/ledger.jsonl 2>/dev/null || true) = 2; do sleep 0.02; done; \
                 umount -l renders/all; touch gone; wait; exit $(cat ended)";
    let run = start_apart(&project, "-c", words);
    crate::support::until("the disk is gone", || project.path("gone").exists());
    project.clear_faults();
    run.wait().expect(9);
    assert_eq!(project.clips().len(), 0);
    assert!(std::fs::read_dir(project.path("renders/all")).unwrap().next().is_none());
    assert_eq!(project.charges().len(), 2);
}

#[test]
fn p23_a_state_that_cannot_be_written_is_read_and_nothing_is_sent() {
    if !can_mount() {
        return;
    }
    let project = shop(2, "");
    project.run(&["run", "--yes", "--limit", "1"]).expect(0);
    let still = "mount --bind .shotlist .shotlist; mount -o remount,ro,bind .shotlist;";
    let read = "for words in status jobs ledger plan 'show hero/sku-1' validate; do $P $words; done";
    assert_whole!(apart(&project, &format!("{still} {read}")).expect(0));
    assert_whole!(apart(&project, &format!("{still} $P run --yes")).expect(9));
    assert_whole!(
        apart(&project, "mount --bind renders renders; mount -o remount,ro,bind renders; $P run --yes")
            .expect(9)
    );
    assert_eq!(project.requests().len(), 1);
}

#[test]
fn p24_clips_on_a_disk_that_is_not_mounted_are_not_given_up() {
    if !can_mount() {
        return;
    }
    let project = shop(2, "");
    let mounted = "mkdir -p renders/all/sku-2; mount -t tmpfs none renders/all/sku-2; $P run --yes";
    apart(&project, mounted).expect(0);
    for (command, code) in [("plan", 0), ("status", 9), ("collect", 9), ("doctor", 9)] {
        let ended = project.run(&[command]).expect(code);
        if command == "doctor" {
            let told = ended.out.lines().find(|line| line.contains(" output "));
            insta::assert_snapshot!(told.unwrap_or(&ended.out));
        } else {
            assert_whole!(ended);
        }
    }
    assert_whole!(project.run(&["verify"]).expect(3));
    assert_whole!(project.run(&["verify", "--repair"]).expect(9));
    assert_eq!((project.takes("done"), project.charges().len()), (2, 2));
}

#[test]
fn p22_a_small_disk_below_the_output_folder_is_measured_before_anything_is_sent() {
    if !can_mount() {
        return;
    }
    let project = shop(2, "");
    let small = "mkdir -p renders/all; mount -t tmpfs -o size=400k none renders/all;";
    assert_whole!(apart(&project, &format!("{small} $P run --yes")).expect(9));
    assert_eq!(project.requests().len(), 0);
    let doctor = apart(&project, &format!("{small} $P doctor || true")).expect(0);
    let told = doctor.out.lines().find(|line| line.contains("free for 2 clips"));
    insta::assert_snapshot!(told.unwrap_or(&doctor.out), @"warn  disk      410 kB free for 2 clips to render, about 20.0 MB");
}

#[test]
fn p22_a_disk_that_fills_during_a_download_is_told_with_the_clip() {
    if !can_mount() {
        return;
    }
    let project = shop(1, "");
    project.stall();
    let words = "mkdir -p renders/all; mount -t tmpfs -o size=80m none renders/all; ($P run --yes; echo $? > ended) & \
                 until grep -q '\"accepted\"' .shotlist/ledger.jsonl 2>/dev/null; do sleep 0.02; done; \
                 cat /dev/zero > renders/all/filler 2>/dev/null; touch gone; wait; exit $(cat ended)";
    let run = start_apart(&project, "-c", words);
    crate::support::until("the disk is full", || project.path("gone").exists());
    project.clear_faults();
    assert_whole!(run.wait().expect(9));
    assert_eq!((project.charges().len(), project.clips().len()), (1, 0));
}
