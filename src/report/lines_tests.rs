//! Tests of complete lines and of lines fitted to a terminal.

use super::*;
use crate::domain::digest::Sha256;
use crate::domain::durations::RenderKind;
use crate::domain::fault::Refusal;
use crate::domain::key::{JobKey, RequestId, TakeId, TaskId};
use crate::domain::lifecycle::{ClipFile, Intent, Task};
use jiff::ToSpan as _;
use proptest::prelude::*;

fn sent() -> Timestamp {
    "2026-11-21T02:00:00Z".parse().unwrap()
}

fn moved(item: &str, path: &str, to: State, said: Option<&str>) -> Notice {
    Notice::Moved {
        take: TakeId("take".into()),
        key: JobKey::new("hero", item),
        kind: RenderKind { model: "zai/vidu2-image".parse().unwrap(), class: String::new() },
        price: "0.20".parse().unwrap(),
        path: path.into(),
        from: crate::domain::lifecycle::Phase::Submitting,
        to: Box::new(to),
        said: said.map(Said::text),
    }
}

fn done() -> State {
    let intent = Intent { attempt: 1, request_id: RequestId("sl-1".into()), at: sent() };
    let task = Task { id: TaskId("T".into()), intent, accepted: sent(), charged: false };
    State::Done { task, file: ClipFile { size: 1, sha256: Sha256::of(b"") } }
}

fn refused() -> State {
    State::Failed { refusal: Refusal::Policy, charged: Charged::No, task: None }
}

fn fitted(notice: &Notice, columns: usize) -> Vec<String> {
    line(notice, false).unwrap().fitted(columns, sent() + 72.seconds(), str::to_owned)
}

#[test]
fn a_clip_is_told_with_its_time_where_there_is_room() {
    let notice = moved("kettle-cherry", "renders/kettle-cherry/kettle-cherry_hero.mp4", done(), None);
    let whole = "done     hero/kettle-cherry  $0.20  renders/kettle-cherry/kettle-cherry_hero.mp4";
    assert_eq!(line(&notice, false).unwrap().to_string(), whole);
    let wide = "done     hero/kettle-cherry  1m12s  $0.20  renders/kettle-cherry/kettle-cherry_hero.mp4";
    assert_eq!(fitted(&notice, 100), [wide]);
    assert_eq!(fitted(&notice, 60), ["done     hero/kettle-cherry  1m12s  $0.20  rende…ry_hero.mp4"]);
}

#[test]
fn what_was_said_goes_below_where_there_is_no_room() {
    let notice = moved("sku-1", "", refused(), Some("The prompt may be unsafe, please change it"));
    let first = "failed   hero/sku-1  refused by the provider's content policy (policy; not charged)";
    let whole = format!("{first}  The prompt may be unsafe, please change it");
    assert_eq!(line(&notice, false).unwrap().to_string(), whole);
    assert_eq!(fitted(&notice, 140), [whole]);
    let below = "         The prompt may be unsafe, please change it";
    assert_eq!(fitted(&notice, 100), [first, below]);
}

#[test]
fn one_paid_request_is_one() {
    let reported = |on_wire| line(&Notice::Stopping { on_wire }, false).unwrap().to_string();
    assert!(reported(0).starts_with("stopping: no new submissions; saving"));
    assert!(reported(1).contains("waiting for the provider's answers to 1 paid request (up to"));
    assert!(reported(2).contains("waiting for the provider's answers to 2 paid requests (up to"));
    assert_eq!(
        fitted(&Notice::Stopping { on_wire: 0 }, 60)[0],
        "stopping: no new submissions; saving the state of all jobs"
    );
}

#[test]
fn only_the_first_word_is_coloured_and_colour_takes_no_room() {
    let notice = moved("sku-1", "a.mp4", done(), None);
    let reported = line(&notice, false).unwrap().fitted(60, sent(), |word| format!("<{word}>"));
    assert_eq!(reported, ["<done>     hero/sku-1  0s  $0.20  a.mp4"]);
}

proptest! {
    #[test]
    fn a_line_for_a_terminal_is_never_wider_than_it(
        item in "[a-z漢]{1,80}", path in "[a-z/漢]{1,120}", said in "([a-z]{1,9} ){0,40}[a-z]{1,9}", columns in 60usize..120,
    ) {
        for notice in [
            moved(&item, &path, done(), None),
            moved(&item, &path, refused(), Some(&said)),
            Notice::Filed { key: JobKey::new("hero", item.clone()), path: path.clone() },
            Notice::Warning(said.clone()),
            Notice::Stopping { on_wire: 3 },
        ] {
            for line in fitted(&notice, columns) {
                prop_assert!(width(&line) <= columns, "{line}");
            }
        }
    }
}

#[test]
fn an_answer_with_a_status_is_told_as_such_and_silence_as_silence() {
    let held = |answer: Option<Said>| {
        let intent = Intent { attempt: 1, request_id: RequestId("sl-1".into()), at: sent() };
        let state = State::Held { reason: HeldReason::AmbiguousSubmit, intent, task: None, since: sent() };
        let mut notice = moved("a", "", state, None);
        if let Notice::Moved { said, .. } = &mut notice {
            *said = answer;
        }
        line(&notice, false).unwrap().to_string()
    };
    let money = "(may have been charged, up to $0.20)";
    assert_eq!(held(None), format!("held     hero/a  needs your decision: no reply to the request {money}"));
    let answered = "held     hero/a  needs your decision: the provider answered 502 Bad Gateway";
    let coded = Said::coded(502, Some("1234".to_owned()), "try later");
    assert_eq!(held(Some(coded)), format!("{answered}: try later (code 1234) {money}"));
    let whole = "the provider answered 502 Bad Gateway with a web page";
    assert_eq!(held(Some(Said::coded(502, None, whole))), format!("{answered} with a web page {money}"));
    let broken = held(Some(Said::text("the connection was reset")));
    assert_eq!(broken, format!("held     hero/a  needs your decision: the connection was reset {money}"));
}

#[test]
fn a_path_is_told_as_it_can_be_opened() {
    let line = line(&moved("a", "renders/a.mp4", done(), None), false).unwrap();
    let line = line.with_paths(|path| format!("sandbox/{path}"));
    assert_eq!(line.to_string(), "done     hero/a  $0.20  sandbox/renders/a.mp4");
}
