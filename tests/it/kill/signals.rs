//! Ctrl-C once, twice, three times; and a kill while the answer to a paid request is awaited.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails as the test itself does")]

use super::project::{Project, item_of};
use rustix::process::{Pid, Signal, kill_process};
use shotlist::sandbox::{Fault, On, Rule, When};
use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::process::ExitStatus;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr};

const TWO_AT_A_TIME: &str =
    "{ concurrency: 2, rate: 50/s, poll_rate: 50/s, first_poll: 60ms, poll_every: 20ms }";
const ITEMS: [&str; 3] = ["c000", "c001", "c002"];

/// A run whose words are read as they come.
struct Talking {
    child: Child,
    words: Lines<BufReader<ChildStderr>>,
}

impl Talking {
    fn start(project: &Project) -> Self {
        let mut child = project.run().spawn().unwrap();
        let words = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, words }
    }

    fn signal(&self, signal: Signal) {
        let id = self.child.id().expect("the process has not been waited for");
        kill_process(Pid::from_raw(id.cast_signed()).unwrap(), signal).unwrap();
    }

    /// Waits for a line that begins so.
    async fn until(&mut self, beginning: &str) -> String {
        let mut heard = Vec::new();
        while let Some(line) = self.words.next_line().await.unwrap() {
            if line.starts_with(beginning) {
                return line;
            }
            heard.push(line);
        }
        panic!("the run ended without `{beginning}`: {heard:#?}");
    }

    async fn end(mut self) -> ExitStatus {
        while self.words.next_line().await.unwrap().is_some() {}
        self.child.wait().await.unwrap()
    }
}

/// Three jobs at a provider that accepts two and keeps silent for a minute.
async fn silent() -> Project {
    let rule = Rule {
        on: On::Submit,
        when: When::default(),
        times: Some(2),
        fault: Fault::HangAfterAccept { seconds: 60 },
    };
    Project::start(3, TWO_AT_A_TIME, |options| options.faults = vec![rule]).await
}

/// Waits until the sandbox has decided so many requests.
async fn received(project: &Project, count: usize) {
    while project.sandbox.requests().len() < count {
        // The sandbox is a server: it has no way to tell that something came.
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// After the end of a run that left two paid requests without their answers.
async fn both_are_held_and_charged_once(project: &Project) {
    // Which two of the three: the sandbox's books know, the order of the table does not decide it.
    let requests = project.sandbox.requests();
    let sent: BTreeSet<&str> = requests.iter().map(item_of).collect();
    assert_eq!((requests.len(), sent.len()), (2, 2), "nothing is submitted once a stop was asked for");
    for item in ITEMS {
        let expected = if sent.contains(item) { "submitting" } else { "pending" };
        assert_eq!(project.state(item).await, expected, "{item}");
    }
    for _ in 0..2 {
        let ended = project.end(project.run()).await;
        assert_eq!(ended.status.code(), Some(7), "{}", ended.stderr);
        assert!(ended.stderr.contains("(up to $0.80)"), "{}", ended.stderr);
        for item in ITEMS {
            let held = sent.contains(item);
            let expected = if held { "held" } else { "done" };
            assert_eq!((project.state(item).await, project.charges(item)), (expected, 1), "{item}");
            assert_eq!(ended.stderr.contains(&format!("hero/{item}   sent ")), held, "{}", ended.stderr);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p03_a_kill_while_an_answer_is_awaited_is_held_and_stays_charged_once() {
    let project = silent().await;
    let talking = Talking::start(&project);
    received(&project, 2).await;
    talking.signal(Signal::KILL);
    talking.end().await;
    both_are_held_and_charged_once(&project).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p12_one_interrupt_awaits_the_answers_to_paid_requests_and_submits_nothing_more() {
    let rule = Rule {
        on: On::Submit,
        when: When { nth: NonZeroU32::new(1), ..When::default() },
        times: None,
        fault: Fault::Delay { ms: 1_000 },
    };
    let one_at_a_time = TWO_AT_A_TIME.replace("concurrency: 2", "concurrency: 1");
    let project = Project::start(3, &one_at_a_time, |options| options.faults = vec![rule]).await;
    let mut talking = Talking::start(&project);
    received(&project, 1).await;
    talking.signal(Signal::INT);
    let said = talking.until("stopping: ").await;
    assert!(said.contains("waiting for the provider's answers to 1 paid request"), "{said}");
    assert_eq!(talking.end().await.code(), Some(130));
    let requests = project.sandbox.requests();
    assert_eq!(requests.len(), 1);
    let first = project.state(item_of(&requests[0])).await;
    assert_eq!(first, "running", "the answer was heard and written down");
    assert_eq!(project.end(project.run()).await.status.code(), Some(0));
    for item in ITEMS {
        assert_eq!((project.state(item).await, project.charges(item)), ("done", 1), "{item}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p13_a_second_interrupt_leaves_what_is_on_the_wire_in_doubt_and_says_how_much() {
    let project = silent().await;
    let mut talking = Talking::start(&project);
    received(&project, 2).await;
    talking.signal(Signal::INT);
    let said = talking.until("stopping: ").await;
    assert!(said.contains("waiting for the provider's answers to 2 paid requests"), "{said}");
    talking.signal(Signal::INT);
    let said = talking.until("exiting ").await;
    assert!(
        said.contains("2 requests are waiting for an answer; exiting now may lose their task ids ($0."),
        "{said}"
    );
    assert_eq!(talking.end().await.code(), Some(130));
    both_are_held_and_charged_once(&project).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p14_a_third_interrupt_is_as_safe_as_a_kill() {
    let project = silent().await;
    let mut talking = Talking::start(&project);
    received(&project, 2).await;
    talking.signal(Signal::INT);
    talking.until("stopping: ").await;
    talking.signal(Signal::INT);
    talking.until("exiting ").await;
    talking.signal(Signal::INT);
    assert_eq!(talking.end().await.code(), Some(130));
    both_are_held_and_charged_once(&project).await;
}
