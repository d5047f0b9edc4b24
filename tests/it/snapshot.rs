//! Whole outputs of the program, for snapshots: times, ids, ports and temporary folders become placeholders.

use crate::support::Ended;
use insta::internals::SnapshotContents;
use regex::{Captures, Regex};
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// The parts that differ from one time to the next. The name of a group is the name of its placeholder.
///
/// `keep` stays as it is: a fingerprint depends on the order alone, and a new one would be paid again.
static CHANGING: LazyLock<Regex> = LazyLock::new(|| {
    let parts = [
        r"(?<keep>\bv1:[0-9a-f]{64}\b)",
        r"(?<request>\bsl-[0-9A-Z]{26}\b)",
        r"(?<take>\b0[0-9A-HJKMNP-TV-Z]{25}\b)",
        // The end of a take's id, in the name of an older clip.
        r"(?<aside>\.[0-9A-HJKMNP-TV-Z]{8}\.mp4\b)",
        // Z.AI, Vtrix, UniAll and the test provider, in this order.
        r"(?<task>\b1[0-9]{18}\b|\bd[0-9a-v]{19}\b|\btask_[0-9a-f]{19}\b|\becho-[0-9]{13}-[0-9]+\b)",
        r"(?<hash>\b[0-9a-f]{64}\b)",
        // The secret part of the review's address.
        r"(?<secret>\b[0-9a-f]{32}\b)",
        r"(?<time>\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| UTC)?|\b\d{8}T\d{6}Z\b)",
        // The rest of a time that a narrow screen has broken.
        r"(?<clock>\b\d\d:\d\d:\d\d UTC)",
        // Jobs that overtake each other change places in examples.
        r"(?<sample>\b(?:clips; for example|jobs, such as) [^\s:]+)",
        r"(?<oldest>\bthe oldest for \S+ \([^)]*\))",
        r"(?<pace>\b\d+(?:\.\d+)? a minute\b)",
        r"(?<size>\b(?:\d+ )?of \d+ bytes\b)",
        r"(?<sizes>\b\d+ bytes now, \d+ bytes when it was saved\b)",
        r"(?<more>\b\d+ bytes are missing\b)",
        r"(?<at>\bat byte \d+ of \d+\b)",
        r"(?<day>\b\d{4}-\d\d-\d\d\b)",
        r"(?<span>\b(?:\d+d\d\dh|\d+h\d\dm|\d+m\d\ds|\d+s)\b)",
        r"(?<about>\babout \d+ s\b)",
        r#"(?<estimate>"time":\{"seconds":\d+)"#,
        r"(?<port>127\.0\.0\.1:\d+)",
        r#"(?<home>[^\s"'`=]*/\.tmp[A-Za-z0-9]{6})"#,
        r"(?<process>\bprocess \d+ on [^\s)]+)",
        r"(?<os>\bos error \d+)",
        r"(?<room>\b\d+(?:\.\d+)? [kKMGT]B free\b)",
        r#"(?<version>\bshotlist \d+\.\d+\.\d+\b|"version":"\d+\.\d+\.\d+")"#,
        // The clips of the test server tell their task's id.
        r#"(?<bytes>"bytes":\d+)"#,
    ];
    Regex::new(&parts.join("|")).unwrap()
});

/// Compares the exit code and both streams of one command with a snapshot, and returns the end of the command.
///
/// The snapshot is named after the test, and after its number within the test. For use in tests only: a helper that
/// several tests call at once would mix up their numbers.
macro_rules! assert_whole {
    ($ended:expr) => {{
        let ended = $ended;
        let mut settings = insta::Settings::clone_current();
        settings.set_comparator(Box::new($crate::snapshot::Lasting));
        let _bound = settings.bind_to_scope();
        insta::assert_snapshot!(
            insta::internals::AutoName,
            $crate::snapshot::whole(&ended),
            stringify!($ended)
        );
        ended
    }};
}
pub(crate) use assert_whole;

/// Compares outputs apart from the steps that jobs which run at the same time may report or not.
///
/// A provider may stop before or after the next job is sent, so the lines about submissions, retries and stops differ
/// from run to run. All other lines must be equal, and so must all lines of an output about one job.
#[derive(Clone)]
pub(crate) struct Lasting;

impl insta::Comparator for Lasting {
    fn matches(&self, reference: &insta::Snapshot, test: &insta::Snapshot) -> bool {
        match (reference.contents(), test.contents()) {
            (SnapshotContents::Text(reference), SnapshotContents::Text(test)) => {
                let (reference, test) = (reference.to_string(), test.to_string());
                let is_race = jobs(&reference).chain(jobs(&test)).collect::<HashSet<_>>().len() > 1;
                if is_race { lasting(&reference) == lasting(&test) } else { reference.trim() == test.trim() }
            }
            _ => false,
        }
    }

    fn dyn_clone(&self) -> Box<dyn insta::Comparator> {
        Box::new(self.clone())
    }
}

/// Steps on the way of a job, and a provider that stops: words of the text output, and events of the JSON output.
static STEPS: LazyLock<Regex> = LazyLock::new(|| {
    let words = "retrying|stopped|sent|deferred";
    let events = "pending|submitting|running|stopped";
    Regex::new(&format!(r#"^(?:(?:{words}) +\S+  |\{{"event":"(?:{events})")"#)).unwrap()
});

/// Returns the lines of an output without the steps.
fn lasting(text: &str) -> Vec<&str> {
    text.trim().lines().map(str::trim_end).filter(|line| !STEPS.is_match(line)).collect()
}

/// Returns the jobs that have a line of their own in an output.
fn jobs(text: &str) -> impl Iterator<Item = &str> {
    let found = text.lines().filter_map(|line| OF_A_JOB.captures(line));
    found.filter_map(|found| Some(found.name("text").or(found.name("json"))?.as_str()))
}

/// The summary of the automatic checks, with its examples.
static CHECKS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?m)^checks   .*\n(?: {9}.*\n)*").unwrap());

/// The same of a run that is active.
static CHECKS_SO_FAR: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?m)^  checks     .*$").unwrap());

/// The same in JSON.
static CHECKS_JSON: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#""checks":\{[^}]*\}"#).unwrap());

/// Lines of a live run that tell of one job each: a word and the job, or an event in JSON.
static OF_A_JOB: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"^(?:[a-z]+(?: [a-z]+)? +(?<text>[\w-]+/\S+)  |\{"event":"[a-z]+","job":"(?<json>[^"]+)")"#)
        .unwrap()
});

/// Returns the exit code and both streams of one command, the same for each time that it does the same.
///
/// Ids and hashes are numbered in the order in which they appear, so that it is seen where two are one.
pub(crate) fn whole(ended: &Ended) -> String {
    let text = stable(&by_job(&ended.to_string()));
    // A run checks its clips when they are saved, so its status may be asked for before or after that.
    let is_status_of_a_run = text.contains("\n  active     `");
    let text = if is_status_of_a_run {
        CHECKS_SO_FAR.replace(&text, "  checks     [verdicts]").into_owned()
    } else {
        text
    };
    // Only a run that comes to its end waits for the checks of its clips.
    if [0, 3, 7].contains(&ended.code) {
        text
    } else {
        let text = CHECKS.replace_all(&text, "checks   [verdicts]\n");
        CHECKS_JSON.replace_all(&text, r#""checks":[verdicts]"#).into_owned()
    }
}

/// Returns a text in which successive lines of jobs stand in the order of the jobs: those that render at the same time
/// overtake each other.
pub(crate) fn by_job(text: &str) -> String {
    let job = |line: &str| {
        // Warnings stand in front of the lines among which they came, in the order of their words.
        if ["warning: ", "warning  ", "{\"event\":\"warning\""].iter().any(|start| line.starts_with(start)) {
            return Some(format!(" {line}"));
        }
        let found = OF_A_JOB.captures(line)?;
        Some(found.name("text").or(found.name("json"))?.as_str().to_owned())
    };
    // The word with which tests keep a task from its end is told once, at the first poll, if there is one.
    let lines = text.lines().filter(|line| !line.contains("`QUEUED`"));
    let lines: Vec<(Option<String>, &str)> = lines.map(|line| (job(line), line)).collect();
    let groups = lines.chunk_by(|(one, _), (next, _)| one.is_some() && next.is_some());
    let sorted = groups.flat_map(|group| {
        let mut group = group.to_vec();
        group.sort_by(|(one, _), (next, _)| one.cmp(next));
        group
    });
    sorted.flat_map(|(_, line)| [line, "\n"]).collect()
}

/// Returns a text with placeholders for everything that differs from one time to the next.
pub(crate) fn stable(text: &str) -> String {
    let mut numbers: HashMap<(&str, String), usize> = HashMap::new();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let replace = |found: &Captures<'_>| {
        let names = CHANGING.capture_names().flatten();
        let name = names.into_iter().find(|name| found.name(name).is_some()).unwrap();
        let text = &found[0];
        match name {
            "keep" => text.to_owned(),
            "aside" => ".[take].mp4".to_owned(),
            "port" => "127.0.0.1:[port]".to_owned(),
            "process" => "process [id] on [host]".to_owned(),
            "about" => "about [span]".to_owned(),
            "estimate" => r#""time":{"seconds":[seconds]"#.to_owned(),
            "os" => "os error [number]".to_owned(),
            "room" => "[room] free".to_owned(),
            "sample" => format!("{} [job]", text.rsplit_once(' ').map_or("", |(words, _)| words)),
            "oldest" => "the oldest for [span] ([job])".to_owned(),
            "pace" => "[pace] a minute".to_owned(),
            "size" => "[bytes] of [bytes] bytes".to_owned(),
            "sizes" => "[bytes] bytes now, [bytes] bytes when it was saved".to_owned(),
            "more" => "[bytes] bytes are missing".to_owned(),
            "at" => "at byte [bytes] of [bytes]".to_owned(),
            "version" if text.starts_with('"') => r#""version":"[version]""#.to_owned(),
            "version" => "shotlist [version]".to_owned(),
            "bytes" => r#""bytes":[bytes]"#.to_owned(),
            "request" | "take" | "task" | "hash" => {
                let number = *numbers.entry((name, text.to_owned())).or_insert_with(|| {
                    let count = counts.entry(name).or_default();
                    *count += 1;
                    *count
                });
                format!("[{name}-{number}]")
            }
            _ => format!("[{name}]"),
        }
    };
    CHANGING.replace_all(text, replace).into_owned()
}

/// Returns a text in which everything that differs from one time to the next is made the same, and is as wide as
/// before: a screen keeps its lines.
pub(crate) fn veiled(text: &str) -> String {
    let replace = |found: &Captures<'_>| {
        let veil = |c: char| match c {
            c if c.is_ascii_alphanumeric() && is_id(found) => 'x',
            // Words stay, such as the unit of a time.
            '0'..='9' => '0',
            c => c,
        };
        if found.name("keep").is_some() { found[0].to_owned() } else { found[0].chars().map(veil).collect() }
    };
    CHANGING.replace_all(text, replace).into_owned()
}

/// Returns whether a changing part is an id, of letters and digits without a meaning.
fn is_id(found: &Captures<'_>) -> bool {
    ["request", "take", "aside", "task", "hash", "home"].iter().any(|name| found.name(name).is_some())
}

#[test]
fn what_differs_each_time_is_taken_out_and_what_matters_stays() {
    let told = "done hero/sku-1 $0.40 task 1795879499480000001 at 2026-11-28T15:24:59.4842865Z, for 1m02s\n\
                again 01M8HC4XMZR6N580EYG2SWY2M2 and 01M8HC4XMZWJV5QTM2T1NWM8GD, not 01M8HC4XMZR6N580EYG2SWY2M2\n\
                sl-2BHHB5H7SQ5VZVERKHDKAG20VQ in /tmp/.tmpA1b2C3/project on 127.0.0.1:4711/d8f2a746e9bcbcf92fb95ef5ff7c1581/ since 2026-11-28 15:25:00 UTC\n\
                tasks d1im8b4k1r0000000002, task_1a2b3c4d5e600000003 and echo-1795879499480-1 of (process 12 on a-host)";
    let shown = "done hero/sku-1 $0.40 task [task-1] at [time], for [span]\n\
                 again [take-1] and [take-2], not [take-1]\n\
                 [request-1] in [home]/project on 127.0.0.1:[port]/[secret]/ since [time]\n\
                 tasks [task-2], [task-3] and [task-4] of (process [id] on [host])";
    assert_eq!(stable(told), shown);
    let wide = "sl-2BHHB5H7SQ5VZVERKHDKAG20VQ since 2026-11-28 15:25:00 UTC, for 1m02s";
    assert_eq!(veiled(wide), "xx-xxxxxxxxxxxxxxxxxxxxxxxxxx since 0000-00-00 00:00:00 UTC, for 0m00s");
    let kept = format!("v1:{}", "0f".repeat(32));
    assert_eq!(stable(&kept), kept);
}
