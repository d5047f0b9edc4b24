//! Tests which decision is made about a job if several are possible.

use super::*;
use crate::domain::digest::Sha256;
use crate::domain::key::{RequestId, TaskId};
use crate::domain::lifecycle::{CancelledBy, ClipFile, HeldReason, Intent, PollCounters, Task};
use crate::domain::money::Usd;
use crate::domain::request::Request;
use crate::manifest::Reuse;
use crate::plan::fingerprint::fingerprint;
use crate::plan::known::Filed;
use crate::plan::map::{All, decide_all};
use jiff::Timestamp;
use std::slice;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn order(prompt: &str) -> Request {
    let mut request = Request::new("zai/vidu2-image".parse().unwrap());
    request.prompt = Some(prompt.into());
    request
}

fn wanted(key: &str, prompt: &str) -> Wanted {
    let key: JobKey = key.parse().unwrap();
    let request = order(prompt);
    Wanted {
        title: key.item.clone(),
        path: format!("renders/{}.mp4", key.to_string().replace('/', "_")),
        fingerprint: fingerprint(&request),
        likeness: None,
        tags: Vec::new(),
        price: Some(Usd::from_micros(200_000)),
        key,
        request,
    }
}

fn intent() -> Intent {
    Intent { attempt: 1, request_id: RequestId("sl-1".into()), at: NOW }
}

fn task() -> Task {
    Task { id: TaskId("1".into()), intent: intent(), accepted: NOW, charged: false }
}

fn file() -> ClipFile {
    ClipFile { size: 1, sha256: Sha256::of(b"clip") }
}

fn done() -> State {
    State::Done { task: task(), file: file() }
}

fn running() -> State {
    State::Running { task: task(), counters: PollCounters::default(), due: NOW }
}

fn held() -> State {
    State::Held { reason: HeldReason::AmbiguousSubmit, intent: intent(), task: None, since: NOW }
}

fn pending() -> State {
    State::Pending { tries_left: 5, setbacks: 0, due: NOW }
}

fn failed() -> State {
    State::Failed { refusal: Refusal::Policy, charged: Charged::No, task: None }
}

fn charged() -> State {
    State::Failed { refusal: Refusal::Policy, charged: Charged::Yes, task: Some(task()) }
}

/// Returns a job with its takes, newest first. The newest finished take has made the job's present clip.
fn known(key: &str, takes: &[(&str, State)]) -> KnownJob {
    let takes: Vec<KnownTake> = takes
        .iter()
        .enumerate()
        .map(|(at, (prompt, state))| KnownTake {
            id: TakeId(format!("{key}#{}", takes.len() - at)),
            fingerprint: fingerprint(&order(prompt)),
            price: Usd::from_micros(200_000),
            path: wanted(key, "").path,
            state: state.clone(),
            instead_of: None,
        })
        .collect();
    let done = takes.iter().find(|take| matches!(take.state, State::Done { .. }));
    let filed = done.map(|take| Filed { take: take.id.clone(), path: wanted(key, "").path, file: file() });
    KnownJob { key: key.parse().unwrap(), wanted: true, takes, filed }
}

/// Decides about every job, with all jobs selected.
fn decide(wanted: &[Wanted], known: &All) -> Vec<Decision> {
    decide_all(wanted, known, Scope::ALL)
        .into_iter()
        .map(|decision| decision.expect("all are selected"))
        .collect()
}

fn all(jobs: &[KnownJob]) -> All {
    let prompts = ["", "x", "y", "z", "a", "b", "c", "old", "older", "new", "newer", "edited"].map(order);
    let requests = prompts.map(|request| (fingerprint(&request), request)).into();
    All { jobs: jobs.to_vec(), requests, ..All::default() }
}

fn names(wanted: &[Wanted], jobs: &[KnownJob]) -> Vec<&'static str> {
    decide(wanted, &all(jobs)).iter().map(Decision::name).collect()
}

#[test]
fn nothing_known_makes_everything_new() {
    assert_eq!(names(&[wanted("hero/a", "x"), wanted("hero/b", "y")], &[]), ["new", "new"]);
}

#[test]
fn a_jobs_own_take_decides() {
    for (state, name) in [
        (done(), "unchanged"),
        (running(), "in flight"),
        (held(), "blocked"),
        (pending(), "waiting"),
        (failed(), "failed"),
        (State::WrittenOff { reason: HeldReason::AmbiguousSubmit, task: None }, "failed"),
        (State::Cancelled { by: CancelledBy::User }, "new"),
        (State::Cancelled { by: CancelledBy::Superseded }, "new"),
    ] {
        assert_eq!(
            names(&[wanted("hero/a", "x")], &[known("hero/a", &[("x", state.clone())])]),
            [name],
            "{state:?}"
        );
    }
}

#[test]
fn another_input_is_a_change_named_by_field_unless_something_unsettled_stands_in_the_way() {
    for (state, name) in [
        (done(), "changed"),
        (failed(), "changed"),
        (pending(), "changed"),
        (running(), "blocked"),
        (held(), "blocked"),
    ] {
        let jobs = [known("hero/a", &[("old", state.clone())])];
        assert_eq!(names(&[wanted("hero/a", "x")], &jobs), [name], "{state:?}");
    }
    let jobs = all(&[known("hero/a", &[("old", pending()), ("older", done())])]);
    let [Decision::Changed { fields, superseded }] = &decide(&[wanted("hero/a", "x")], &jobs)[..] else {
        panic!("not changed");
    };
    assert_eq!(superseded, &[TakeId("hero/a#2".into())]);
    assert_eq!((fields[0].field.as_str(), fields[0].old.as_deref()), ("prompt", Some("older")));
}

#[test]
fn going_back_to_an_earlier_input_is_free() {
    let jobs = all(&[known("hero/a", &[("new", done()), ("x", done())])]);
    let decisions = decide(&[wanted("hero/a", "x")], &jobs);
    let Decision::Unchanged { take, refile: Some(filed) } = &decisions[0] else { panic!("{decisions:?}") };
    assert_eq!(take, &TakeId("hero/a#1".into()));
    assert_eq!(&filed.take, take, "the clip is taken from where the older take is kept");
}

#[test]
fn another_output_path_moves_the_file() {
    let mut job = wanted("hero/a", "x");
    job.path = "elsewhere/a.mp4".into();
    assert_eq!(names(&[job], &[known("hero/a", &[("x", done())])]), ["moved"]);
}

#[test]
fn a_renamed_job_adopts_the_take_that_nobody_wants_any_more() {
    for (state, name) in
        [(done(), "renamed"), (running(), "renamed"), (pending(), "renamed"), (held(), "blocked")]
    {
        let jobs = [known("old/a", &[("x", state)])];
        assert_eq!(names(&[wanted("hero/a", "x")], &jobs), [name]);
    }
    assert_eq!(names(&[wanted("hero/a", "x")], &[known("old/a", &[("x", failed())])]), ["new"]);
}

#[test]
fn one_orphan_serves_one_job_and_the_best_goes_first() {
    let jobs = [known("old/a", &[("x", running())]), known("older/a", &[("x", done())])];
    let known = all(&jobs);
    let decisions = decide(&[wanted("hero/a", "x"), wanted("hero/b", "x"), wanted("hero/c", "x")], &known);
    let from: Vec<_> = decisions.iter().map(Decision::name).collect();
    assert_eq!(from, ["renamed", "renamed", "shared"]);
    assert!(matches!(&decisions[0], Decision::Renamed { take, .. } if take.0 == "older/a#1"));
}

#[test]
fn items_with_the_same_order_share_one_rendering() {
    let sizes: Vec<_> = (0..12).map(|size| wanted(&format!("hero/shirt-{size}"), "x")).collect();
    let names = names(&sizes, &[]);
    assert_eq!(names[0], "new");
    assert!(names[1..].iter().all(|name| *name == "shared"), "{names:?}");
}

#[test]
fn variants_of_one_item_are_wishes_for_several_renderings() {
    assert_eq!(names(&[wanted("hero/a/1", "x"), wanted("hero/a/2", "x")], &[]), ["new", "new"]);
    assert_eq!(names(&[wanted("hero/a", "x"), wanted("wide/a", "x")], &[]), ["new", "shared"]);
}

#[test]
fn followers_share_their_leaders_fate() {
    let both = [wanted("hero/a", "x"), wanted("hero/b", "x")];
    for (state, name) in [
        (done(), "shared"),
        (running(), "shared"),
        (pending(), "shared"),
        (held(), "blocked"),
        (failed(), "failed"),
    ] {
        assert_eq!(names(&both, &[known("hero/a", &[("x", state)])])[1], name);
    }
}

#[test]
fn of_two_unsent_takes_for_one_request_only_the_first_is_sent_unless_its_job_failed() {
    let both = [wanted("hero/a", "x"), wanted("hero/b", "x")];
    let waits = known("hero/b", &[("x", pending())]);
    let decisions = decide(&both, &all(&[known("hero/a", &[("x", pending())]), waits.clone()]));
    assert!(matches!(&decisions[0], Decision::Waiting { .. }), "{decisions:?}");
    let Decision::Shared { superseded, .. } = &decisions[1] else { panic!("{decisions:?}") };
    assert_eq!(*superseded, [waits.takes[0].id.clone()]);
    // The job with the other take may come before or after it in the manifest.
    for wanted in [[0, 1], [1, 0]].map(|order| order.map(|at| both[at].clone())) {
        for (state, name) in
            [(done(), "shared"), (running(), "shared"), (failed(), "waiting"), (held(), "blocked")]
        {
            let jobs = all(&[known("hero/a", &[("x", state.clone())]), waits.clone()]);
            let at = wanted.iter().position(|job| job.key == both[1].key).unwrap();
            assert_eq!(decide(&wanted, &jobs)[at].name(), name, "{state:?}");
        }
    }
    let variants = [wanted("hero/a/1", "x"), wanted("hero/a/2", "x")];
    let jobs = variants.each_ref().map(|job| known(&job.key.to_string(), &[("x", pending())]));
    assert_eq!(names(&variants, &jobs), ["waiting", "waiting"]);
    let never = Rules { reuse: Reuse::Never, ..Rules::NONE };
    let apart = with_rules(&both, &all(&[known("hero/a", &[("x", pending())]), waits]), never);
    assert!(apart.iter().all(|decision| decision.name() == "waiting"), "{apart:?}");
}

#[test]
fn a_leader_may_come_later_in_the_list() {
    let both = [wanted("hero/b", "x"), wanted("hero/a", "x")];
    assert_eq!(names(&both, &[known("hero/a", &[("x", done())])]), ["shared", "unchanged"]);
}

#[test]
fn a_leader_that_is_blocked_by_another_order_leads_nobody() {
    let both = [wanted("hero/a", "x"), wanted("hero/b", "x")];
    // The blocked job's own request is not rendered yet but will be: the other job goes first and then leads.
    let names = names(&both, &[known("hero/a", &[("old", running())])]);
    assert_eq!(names[0], "blocked");
}

#[test]
fn a_copy_stays_whatever_becomes_of_the_job_it_was_copied_from() {
    let mut follower = known("hero/b", &[]);
    let path = wanted("hero/b", "").path;
    follower.filed = Some(Filed { take: TakeId("hero/a#1".into()), path, file: file() });
    for leader in [&[("x", done())][..], &[("newer", done()), ("x", done())]] {
        let jobs = [known("hero/a", leader), follower.clone()];
        assert_eq!(names(&[wanted("hero/a", leader[0].0), wanted("hero/b", "x")], &jobs), ["unchanged"; 2]);
        assert_eq!(names(&[wanted("hero/b", "x")], &jobs), ["unchanged"]);
    }
}

#[test]
fn what_was_rendered_once_is_never_paid_again_for_another_item() {
    // The first item now needs a newer request; its older clip still serves.
    let jobs = [known("hero/a", &[("newer", done()), ("x", done())])];
    let decisions = decide(&[wanted("hero/a", "newer"), wanted("hero/b", "x")], &all(&jobs));
    let Decision::Renamed { take, filed: Some(_), .. } = &decisions[1] else { panic!("{decisions:?}") };
    assert_eq!(take, &TakeId("hero/a#1".into()));
}

#[test]
fn another_project_keeps_what_it_has_and_shares_it_while_a_manifest_names_it() {
    for (state, name) in [
        (done(), "shared"),
        (running(), "shared"),
        (held(), "blocked"),
        (pending(), "new"),
        (failed(), "new"),
        (charged(), "new"),
    ] {
        let known = All { elsewhere: vec![known("hero/a", &[("x", state.clone())])], ..all(&[]) };
        let decisions = decide(&[wanted("hero/a", "x"), wanted("hero/b", "x")], &known);
        let then = if name == "new" { "shared" } else { name };
        assert_eq!(decisions.iter().map(Decision::name).collect::<Vec<_>>(), [name, then], "{state:?}");
        assert!(decisions.iter().all(|decision| decision.adopts().is_none()), "{state:?}");
    }
}

#[test]
fn what_a_renamed_project_had_goes_over_to_it_whatever_became_of_it() {
    for (state, name) in [
        (done(), "renamed"),
        (running(), "renamed"),
        (pending(), "renamed"),
        (held(), "blocked"),
        (charged(), "failed"),
        (State::WrittenOff { reason: HeldReason::AmbiguousSubmit, task: None }, "failed"),
        (failed(), "new"),
    ] {
        for reuse in [Reuse::Always, Reuse::Never] {
            let known = All { gone: vec![known("hero/a", &[("x", state.clone())])], ..all(&[]) };
            let decision =
                with_rules(&[wanted("hero/a", "x")], &known, Rules { reuse, ..Rules::NONE }).remove(0);
            assert_eq!(decision.name(), name, "{state:?}");
            let take = decision.adopts().map(|take| take.0.as_str());
            assert_eq!(take, Some("hero/a#1").filter(|_| name != "new"), "{state:?}");
        }
    }
}

#[test]
fn a_take_of_a_row_that_was_edited_serves_the_row_that_had_the_same_words() {
    for (state, name) in
        [(done(), "renamed"), (running(), "renamed"), (held(), "blocked"), (charged(), "failed")]
    {
        let jobs = [known("hero/a", &[("x", state.clone())])];
        for reuse in [Reuse::Always, Reuse::Never] {
            let rules = Rules { reuse, ..Rules::NONE };
            let decisions = with_rules(&[wanted("hero/a", "y"), wanted("hero/b", "x")], &all(&jobs), rules);
            assert_eq!(decisions[1].name(), name, "{state:?}");
            assert_eq!(decisions[1].adopts().map(|take| take.0.as_str()), Some("hero/a#1"), "{state:?}");
            // No take blocks the job any more.
            assert!(matches!(decisions[0].name(), "new" | "changed"), "{state:?}");
        }
        let followers = [wanted("hero/a", "y"), wanted("hero/b", "x"), wanted("hero/c", "x")];
        let then = if name == "renamed" { "shared" } else { "blocked" };
        if state != charged() {
            assert_eq!(names(&followers, &jobs)[1..], [name, then], "{state:?}");
        }
    }
}

#[test]
fn rows_that_swap_their_words_swap_their_takes() {
    for state in [done(), running(), held()] {
        let jobs = [known("hero/a", &[("x", state.clone())]), known("hero/b", &[("y", state.clone())])];
        for reuse in [Reuse::Always, Reuse::Never] {
            let rules = Rules { reuse, ..Rules::NONE };
            let swapped = [wanted("hero/a", "y"), wanted("hero/b", "x")];
            let decisions = with_rules(&swapped, &all(&jobs), rules);
            let taken: Vec<_> = decisions.iter().filter_map(Decision::adopts).map(|take| &take.0).collect();
            assert_eq!(taken, ["hero/b#1", "hero/a#1"], "{state:?}");
        }
    }
}

#[test]
fn cells_that_are_numbered_anew_keep_their_clips() {
    let jobs = ["1", "2", "3"].map(|cell| {
        known(&format!("hero/a/{cell}"), &[(["x", "y", "z"][cell.parse::<usize>().unwrap() - 1], done())])
    });
    let decisions = decide(&[wanted("hero/a/1", "y"), wanted("hero/a/2", "z")], &all(&jobs));
    let taken: Vec<_> = decisions.iter().filter_map(Decision::adopts).map(|take| &take.0).collect();
    assert_eq!(taken, ["hero/a/2#1", "hero/a/3#1"]);
}

#[test]
fn a_row_that_is_left_out_shares_what_it_has_and_keeps_it() {
    let left_out = |key: &JobKey| key.item == "a";
    for (state, name) in [(done(), "shared"), (running(), "shared"), (held(), "blocked"), (pending(), "new")]
    {
        let jobs = all(&[known("hero/a", &[("x", state.clone())])]);
        let scope = Scope { left_out: &left_out, ..Scope::ALL };
        let decision = decide_all(&[wanted("hero/b", "x")], &jobs, scope).remove(0).unwrap();
        assert_eq!((decision.name(), decision.adopts()), (name, None), "{state:?}");
    }
}

#[test]
fn what_waits_is_not_sent_where_its_clip_is_there_by_now_or_on_its_way() {
    let own = known("hero/a", &[("x", pending())]);
    for (state, name) in
        [(done(), "shared"), (running(), "shared"), (held(), "blocked"), (pending(), "waiting")]
    {
        let elsewhere = vec![known("other/a", &[("x", state.clone())])];
        let known = All { elsewhere, ..all(slice::from_ref(&own)) };
        let decision = decide(&[wanted("hero/a", "x")], &known).remove(0);
        assert_eq!(decision.name(), name, "{state:?}");
        if let Decision::Shared { superseded, .. } = decision {
            assert_eq!(superseded, [own.takes[0].id.clone()], "{state:?}");
        }
    }
    // The clip of a deleted job is moved here, and the unsent take is cancelled as well.
    let jobs = [own.clone(), known("hero/z", &[("x", done())])];
    let decision = decide(&[wanted("hero/a", "x")], &all(&jobs)).remove(0);
    let Decision::Renamed { unsent: false, superseded, .. } = decision else { panic!("{decision:?}") };
    assert_eq!(superseded, [own.takes[0].id.clone()]);
}

#[test]
fn a_better_take_goes_before_one_in_doubt() {
    let jobs = [known("hero/z", &[("x", held())]), known("hero/a", &[("x", done())])];
    assert_eq!(names(&[wanted("hero/a", "x"), wanted("hero/b", "x")], &jobs), ["unchanged", "shared"]);
}

#[test]
fn what_stood_in_for_a_take_in_doubt_and_was_sent_is_taken_over_like_any_other() {
    let mut job = known("old/a", &[("x", done()), ("x", held())]);
    job.takes[0].instead_of = Some(job.takes[1].id.clone());
    let scope = Scope { resubmit: Some(Usd::from_micros(1_000_000)), ..Scope::ALL };
    let decision = decide_all(&[wanted("hero/a", "x")], &all(&[job]), scope).remove(0).unwrap();
    assert_eq!(decision.adopts().map(|take| take.0.as_str()), Some("old/a#2"));
}

#[test]
fn what_is_held_in_another_project_blocks_its_order_here_whatever_the_rules_for_doubt_are() {
    let known = All { elsewhere: vec![known("old/a", &[("x", held())])], ..all(&[]) };
    let scope = Scope { selected: &|_| true, resubmit: Some(Usd::from_micros(1_000_000)), ..Scope::ALL };
    let wanted = [wanted("hero/a", "x"), wanted("hero/b", "x"), wanted("hero/c", "y")];
    let decisions = decide_all(&wanted, &known, scope);
    for decision in &decisions[..2] {
        let Some(Decision::Blocked { by, key, .. }) = decision else { panic!("{decisions:?}") };
        assert_eq!((by.0.as_str(), key.to_string().as_str()), ("old/a#1", "old/a"));
    }
    assert_eq!(decisions[2], Some(Decision::New));
}

#[test]
fn variants_of_a_renamed_project_get_their_own_clips() {
    let before = vec![known("hero/a/1", &[("x", done())]), known("hero/a/2", &[("x", done())])];
    let known = All { elsewhere: before, ..all(&[]) };
    let decisions = decide(&[wanted("hero/a/1", "x"), wanted("hero/a/2", "x")], &known);
    for (decision, own) in decisions.iter().zip(["hero/a/1#1", "hero/a/2#1"]) {
        assert!(
            matches!(decision, Decision::Shared { take: Some(take), .. } if take.0 == own),
            "{decision:?}"
        );
    }
}

/// Plans a run for the jobs of one item only, and returns the decision about each wanted job; `None` for other items.
fn only(item: &str, wanted: &[Wanted], jobs: &[KnownJob]) -> Vec<Option<Decision>> {
    decide_all(wanted, &all(jobs), Scope { selected: &|key| key.item == item, ..Scope::ALL })
}

#[test]
fn a_selected_job_does_not_wait_for_one_that_is_not() {
    let both = [wanted("hero/a", "x"), wanted("hero/b", "x")];
    assert_eq!(only("b", &both, &[]), [None, Some(Decision::New)]);
    // A clip that the other job has, or will get anyway, is still shared.
    for state in [done(), running()] {
        let decisions = only("b", &both, &[known("hero/a", &[("x", state)])]);
        assert!(matches!(decisions[1], Some(Decision::Shared { take: Some(_), .. })), "{decisions:?}");
    }
    let decisions = only("b", &both, &[known("hero/a", &[("x", held())])]);
    assert!(matches!(decisions[1], Some(Decision::Blocked { .. })), "{decisions:?}");
    // The other job's unsent take would have to be paid for as well later: it is taken over.
    let decisions = only("b", &both, &[known("hero/a", &[("x", pending())])]);
    let Some(Decision::Renamed { take, unsent: true, .. }) = &decisions[1] else { panic!("{decisions:?}") };
    assert_eq!(take, &TakeId("hero/a#1".into()));
}

#[test]
fn what_is_in_doubt_is_ordered_again_as_far_as_the_allowance_goes_in_all() {
    let wanted = ["a", "b", "c"].map(|item| wanted(&format!("hero/{item}"), item));
    let jobs = ["a", "b", "c"].map(|item| known(&format!("hero/{item}"), &[(item, held())]));
    let again = |cents: i64, spent: i64, selected: &dyn Fn(&JobKey) -> bool| {
        let known = All { resubmitted: Usd::from_micros(spent * 10_000), ..all(&jobs) };
        let scope = Scope { selected, resubmit: Some(Usd::from_micros(cents * 10_000)), ..Scope::ALL };
        let decisions = decide_all(&wanted, &known, scope);
        decisions.iter().flatten().map(Decision::name).collect::<Vec<_>>()
    };
    assert_eq!(again(40, 0, &|_| true), ["again", "again", "blocked"]);
    assert_eq!(again(40, 20, &|_| true), ["again", "blocked", "blocked"]);
    assert_eq!(again(40, 40, &|_| true), ["blocked"; 3]);
    assert_eq!(again(40, 0, &|key| key.item == "c"), ["again"]);
    assert_eq!(names(&wanted, &jobs), ["blocked"; 3]);
}

#[test]
fn a_queued_take_names_what_was_charged_for_the_same_request_before() {
    let written_off = |reason| State::WrittenOff { reason, task: None };
    let failed = |charged| State::Failed { refusal: Refusal::Generation, charged, task: None };
    for (earlier, repeats) in [
        (written_off(HeldReason::AmbiguousSubmit), Some(Repeats::Failure)),
        (written_off(HeldReason::UrlExpired), Some(Repeats::Charge)),
        (failed(Charged::Yes), Some(Repeats::Charge)),
        (failed(Charged::Unknown), Some(Repeats::Failure)),
        (failed(Charged::No), None),
    ] {
        let job = known("hero/a", &[("x", pending()), ("x", earlier)]);
        let decided = decide(&[wanted("hero/a", "x")], &all(&[job]));
        assert!(
            matches!(&decided[0], Decision::Waiting { repeats: told, .. } if *told == repeats),
            "{decided:?}"
        );
    }
}

#[test]
fn what_was_ordered_again_and_not_sent_is_sent_as_far_as_the_allowance_goes_and_not_ordered_twice() {
    let mut job = known("hero/a", &[("x", pending()), ("x", held())]);
    job.takes[0].instead_of = Some(job.takes[1].id.clone());
    let other = known("hero/b", &[("y", held())]);
    let decided = |prompt: &str, allowed: Option<i64>| {
        let known = All { resubmitted: Usd::from_micros(200_000), ..all(&[job.clone(), other.clone()]) };
        let resubmit = allowed.map(|cents| Usd::from_micros(cents * 10_000));
        let wanted = [wanted("hero/a", prompt), wanted("hero/b", "y"), wanted("hero/c", "x")];
        decide_all(
            &wanted,
            &known,
            Scope { selected: &|key| key.item != "c" || prompt == "x", resubmit, ..Scope::ALL },
        )
    };
    let decisions = decided("x", Some(20));
    let (take, repeats) = (job.takes[0].id.clone(), Some(Repeats::Doubt));
    assert_eq!(decisions[0], Some(Decision::Waiting { take, fields: Vec::new(), repeats }));
    assert!(decisions[0].as_ref().unwrap().costs());
    let names =
        |decisions: Vec<Option<Decision>>| decisions.iter().flatten().map(Decision::name).collect::<Vec<_>>();
    assert_eq!(names(decisions), ["waiting", "blocked", "shared"]);
    assert_eq!(names(decided("x", Some(40))), ["waiting", "again", "shared"]);
    assert_eq!(names(decided("x", Some(10))), ["blocked"; 3]);
    assert_eq!(names(decided("x", None)), ["blocked"; 3], "the manifest allows it no more");
    // The job was edited meanwhile: another request replaces the take, at the price that was set aside.
    assert_eq!(names(decided("z", Some(20))), ["again", "blocked"]);
}

#[test]
fn what_is_wanted_once_more_is_sent_although_its_clip_is_there_and_never_beside_an_open_take() {
    let done = || State::Done { task: task(), file: file() };
    let once_more = known("hero/a", &[("x", pending()), ("x", done())]);
    assert_eq!(names(&[wanted("hero/a", "x")], slice::from_ref(&once_more)), ["waiting"]);
    let edited = known("hero/a", &[("y", pending()), ("x", done())]);
    assert_eq!(names(&[wanted("hero/a", "x")], &[edited]), ["unchanged"]);
    let open = known("hero/a", &[("x", pending()), ("x", held()), ("x", done())]);
    assert_eq!(names(&[wanted("hero/a", "x")], &[open]), ["unchanged"]);
}

#[test]
fn an_order_in_doubt_is_not_given_again_once_that_was_refused_for_good() {
    let mut job = known("hero/a", &[("x", failed()), ("x", held())]);
    job.takes[0].instead_of = Some(job.takes[1].id.clone());
    let scope = Scope { selected: &|_| true, resubmit: Some(Usd::from_micros(1_000_000)), ..Scope::ALL };
    let decided = |prompt: &str| {
        let decisions = decide_all(&[wanted("hero/a", prompt)], &all(slice::from_ref(&job)), scope);
        decisions[0].as_ref().map(Decision::name)
    };
    assert_eq!(decided("x"), Some("blocked"));
    assert_eq!(decided("edited"), Some("again"));
}

#[test]
fn what_stands_in_for_a_take_in_doubt_is_taken_over_by_no_other_job() {
    let mut job = known("old/a", &[("x", pending()), ("x", held())]);
    job.takes[0].instead_of = Some(job.takes[1].id.clone());
    let both = [wanted("hero/a", "x"), wanted("hero/b", "x")];
    assert_eq!(names(&both, &[job]), ["blocked"; 2]);
}

#[test]
fn only_doubt_about_the_submission_is_ordered_again_and_followers_come_along() {
    let scope = Scope { selected: &|_| true, resubmit: Some(Usd::from_micros(1_000_000)), ..Scope::ALL };
    let both = [wanted("hero/a", "x"), wanted("hero/b", "x")];
    let decisions = decide_all(&both, &all(&[known("hero/a", &[("x", held())])]), scope);
    let Some(Decision::Shared { take: None, .. }) = &decisions[1] else { panic!("{decisions:?}") };
    let stuck =
        State::Held { reason: HeldReason::TaskStuck, intent: intent(), task: Some(task()), since: NOW };
    let decisions = decide_all(&both, &all(&[known("hero/a", &[("x", stuck)])]), scope);
    assert!(matches!(decisions[0], Some(Decision::Blocked { .. })), "{decisions:?}");
}

fn with_rules(wanted: &[Wanted], known: &All, rules: Rules) -> Vec<Decision> {
    let decisions = decide_all(wanted, known, Scope { rules: &|_| rules, ..Scope::ALL });
    decisions.into_iter().map(|decision| decision.expect("all are selected")).collect()
}

#[test]
fn a_finished_clip_is_kept_or_asked_about_where_the_manifest_says_so() {
    let edited = [wanted("hero/a", "y"), wanted("hero/b", "z")];
    let jobs = [known("hero/a", &[("x", done())]), known("hero/b", &[("z", failed())])];
    let named = |on_change| {
        let decisions = with_rules(&edited, &all(&jobs), Rules { on_change, ..Rules::NONE });
        let fields: Vec<_> = match &decisions[0] {
            Decision::Kept { fields, .. } | Decision::Changed { fields, .. } => fields.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(fields, changes(&order("x"), &order("y")), "{on_change:?}");
        decisions.iter().map(|decision| (decision.name(), decision.costs())).collect::<Vec<_>>()
    };
    assert_eq!(named(OnChange::Render), [("changed", true), ("failed", false)]);
    assert_eq!(named(OnChange::Ask), [("asks", false), ("failed", false)]);
    assert_eq!(named(OnChange::Keep), [("kept", false), ("failed", false)]);
}

#[test]
fn what_waits_for_a_review_is_not_sent_and_takes_what_is_free() {
    let names = |wanted: &[Wanted], jobs: &[KnownJob], waiting: &[&str]| {
        let held_back = waiting.iter().map(|key| key.parse().unwrap()).collect();
        let known = All { held_back, ..all(jobs) };
        decide(wanted, &known).iter().map(|decision| (decision.name(), decision.costs())).collect::<Vec<_>>()
    };
    let waits = ("held back", false);
    let new = [wanted("hero/a", "x"), wanted("hero/b", "y")];
    assert_eq!(names(&new, &[], &["hero/a"]), [waits, ("new", true)]);
    // A request that was never sent waits as well, and so does a changed input.
    let unsent = known("hero/a", &[("x", pending())]);
    let changed = known("hero/b", &[("z", done())]);
    assert_eq!(names(&new, &[unsent, changed], &["hero/a", "hero/b"]), [waits, waits]);
    // Finished, running and settled takes are not affected.
    for state in [done(), running(), held(), failed()] {
        let job = known("hero/a", &[("x", state)]);
        assert_eq!(
            names(&new[..1], std::slice::from_ref(&job), &["hero/a"]),
            names(&new[..1], std::slice::from_ref(&job), &[]),
        );
    }
    // A person asked for another rendering of a finished clip.
    let again = known("hero/a", &[("x", pending()), ("x", done())]);
    assert_eq!(names(&new[..1], &[again], &["hero/a"]), [("waiting", true)]);
    // The job does not lead other jobs; it follows a job that comes after it.
    let equal_jobs = [wanted("hero/a", "x"), wanted("hero/b", "x")];
    assert_eq!(names(&equal_jobs, &[], &["hero/a"]), [("shared", false), ("new", true)]);
    assert_eq!(names(&equal_jobs, &[], &["hero/a", "hero/b"]), [waits, waits]);
}

#[test]
fn what_was_agreed_to_and_waits_is_sent_where_it_asks_and_taken_back_where_it_is_kept() {
    let edited = [wanted("hero/a", "y")];
    let job = known("hero/a", &[("y", pending()), ("x", done())]);
    let under = |on_change| {
        with_rules(&edited, &all(std::slice::from_ref(&job)), Rules { on_change, ..Rules::NONE }).remove(0)
    };
    let Decision::Waiting { take, fields, repeats: None } = under(OnChange::Ask) else { panic!("it waits") };
    assert_eq!(take, job.takes[0].id);
    assert_eq!(fields.iter().map(|it| it.field.as_str()).collect::<Vec<_>>(), ["prompt"]);
    let Decision::Kept { superseded, asks: false, .. } = under(OnChange::Keep) else { panic!("it is kept") };
    assert_eq!(superseded, [job.takes[0].id.clone()]);
}

#[test]
fn a_clip_that_is_kept_serves_nobody_who_wants_what_it_is_not() {
    let jobs = [wanted("hero/a", "y"), wanted("hero/b", "y")];
    let rules = Rules { on_change: OnChange::Keep, ..Rules::NONE };
    let decisions = with_rules(&jobs, &all(&[known("hero/a", &[("x", done())])]), rules);
    assert_eq!(decisions.iter().map(Decision::name).collect::<Vec<_>>(), ["kept", "new"]);
}

#[test]
fn without_reuse_each_job_is_paid_for_itself_and_what_it_has_stays() {
    let jobs = [wanted("hero/a", "x"), wanted("hero/b", "x"), wanted("main/c", "z")];
    let before = [known("hero/a", &[("x", done())]), known("hero/c", &[("z", done())])];
    let rules = Rules { reuse: Reuse::Never, ..Rules::NONE };
    let decisions = with_rules(&jobs, &all(&before), rules);
    assert_eq!(decisions.iter().map(Decision::name).collect::<Vec<_>>(), ["unchanged", "new", "renamed"]);
    assert_eq!(names(&jobs, &before), ["unchanged", "shared", "renamed"]);
}

#[test]
fn an_older_clip_of_a_job_that_is_gone_is_taken_over_from_where_it_is_kept() {
    let mut gone = known("hero/a", &[("y", running()), ("x", done())]);
    gone.filed = None;
    gone.takes[1].path = "renders/_takes/hero_a.mp4".into();
    let decision = decide(&[wanted("main/a", "x")], &all(std::slice::from_ref(&gone))).remove(0);
    let Decision::Renamed { filed: Some(filed), .. } = decision else { panic!("{decision:?}") };
    assert_eq!(filed.path, "renders/_takes/hero_a.mp4");
}

#[test]
fn a_second_rendering_that_waits_is_not_bought_for_a_job_that_can_have_the_clip_free() {
    let jobs = [known("hero/a", &[("x", pending()), ("x", done())])];
    // The first of the new jobs takes the clip over, and the others get copies.
    let wanted = [wanted("hero/b", "x"), wanted("hero/c", "x"), wanted("hero/d", "x")];
    assert_eq!(names(&wanted, &jobs), ["renamed", "shared", "shared"]);
    assert!(decide(&wanted, &all(&jobs)).iter().all(|decision| !decision.costs()));
}

#[test]
fn a_finished_job_that_comes_to_want_what_a_vanished_one_had_takes_it_over() {
    let jobs = [known("hero/a", &[("x", done())]), known("hero/b", &[("y", done())])];
    assert_eq!(names(&[wanted("hero/a", "y")], &jobs), ["renamed"]);
}

#[test]
fn an_order_that_is_the_same_for_the_user_buys_nothing_again() {
    let with = |prompt: &str, audio: Option<bool>, likeness: Option<bool>| {
        let mut job = wanted("hero/a", prompt);
        let fingerprint_of = |audio| fingerprint(&Request { audio, ..order(prompt) });
        job.request.audio = audio;
        job.fingerprint = fingerprint_of(audio);
        job.likeness = likeness.map(|audio| fingerprint_of(Some(audio)));
        job
    };
    let decided = |take: &str, job: &Wanted, noted: Option<&Wanted>| {
        let mut all = all(&[known("hero/a", &[(take, done())])]);
        let requests = [order("cafe\u{301}"), order("caf\u{e9}")];
        all.requests.extend(requests.map(|request| (fingerprint(&request), request)));
        all.aliases.extend(noted.map(|then| (TakeId("hero/a#1".into()), then.likeness())));
        decide(slice::from_ref(job), &all)[0].name()
    };
    // A spreadsheet and a Mac write accented letters in these two ways: as letter and accent, or as one character.
    assert_eq!(decided("cafe\u{301}", &with("caf\u{e9}", None, None), None), "unchanged");
    let mut apart = with("cafe\u{301}", None, None);
    apart.likeness = Some(fingerprint(&order("caf\u{e9}")));
    assert_eq!(decided("caf\u{e9}", &apart, None), "unchanged");
    // The model lacked the field then, and has it now.
    let lacked = with("x", None, Some(true));
    assert_eq!(decided("x", &with("x", Some(true), None), Some(&lacked)), "unchanged");
    assert_eq!(decided("x", &lacked, None), "unchanged");
    assert_eq!(decided("x", &with("x", Some(false), None), Some(&lacked)), "changed");
    assert_eq!(decided("y", &with("x", Some(true), None), None), "changed");
    // The model had the field then, and lacks it now.
    let had = with("x", Some(true), None);
    let mut all = all(&[known("hero/a", &[("x", done())])]);
    all.jobs[0].takes[0].fingerprint = had.fingerprint;
    all.requests.insert(had.fingerprint, had.request);
    assert_eq!(decide(slice::from_ref(&lacked), &all)[0].name(), "unchanged");
    // The model had the field then, and the user sets it now.
    assert_eq!(decided("x", &with("x", Some(true), None), Some(&with("x", None, None))), "changed");
}

#[test]
fn a_take_that_serves_its_own_job_by_likeness_goes_to_no_other_job() {
    let mut all = all(&[known("hero/a", &[("x", done())])]);
    let mut job = wanted("hero/a", "x");
    job.request.audio = Some(true);
    job.fingerprint = fingerprint(&job.request);
    all.aliases.push((TakeId("hero/a#1".into()), job.fingerprint));
    let decisions = decide(&[job, wanted("hero/b", "x")], &all);
    // The job's clip may be shared like that of any other job.
    assert_eq!([decisions[0].name(), decisions[1].name()], ["unchanged", "shared"]);
}

mod pictures {
    use super::*;
    use crate::domain::request::{Media, MediaFile, PictureFacts, PictureFormat, PictureTraits};
    use crate::domain::signature::{GRID, Signature};
    use crate::manifest::ImageIdentity;
    use crate::plan::map::decide_noting;

    fn file(name: &str) -> Media {
        let (format, traits) = (PictureFormat::Png, PictureTraits::default());
        let facts = PictureFacts {
            format,
            bytes: 9,
            sha256: Sha256::of(name.as_bytes()),
            width: 8,
            height: 6,
            traits,
        };
        Media::File(MediaFile { path: "mug.png".into(), facts })
    }

    fn with(image: Media, prompt: &str) -> Wanted {
        let mut job = wanted("hero/a", prompt);
        job.request.image = Some(image);
        job.fingerprint = fingerprint(&job.request);
        job
    }

    /// Returns the history of a job whose only take has the request of `then` and is in this state. The history also
    /// has the signatures of three pictures: `old`, `same`, which looks nearly equal, and `edited`.
    fn history(then: &Wanted, state: State) -> All {
        let mut all = all(&[known("hero/a", &[("x", state)])]);
        all.jobs[0].takes[0].fingerprint = then.fingerprint;
        all.requests.insert(then.fingerprint, then.request.clone());
        for (name, level) in [("old", 100), ("same", 101), ("edited", 150)] {
            let signature = Signature::new(800, 600, vec![level; 3 * GRID * GRID]);
            all.signatures.insert(Sha256::of(name.as_bytes()), signature);
        }
        all
    }

    fn decided(job: &Wanted, all: &All, pictures: ImageIdentity) -> (Decision, bool) {
        let scope = Scope { pictures, ..Scope::ALL };
        let (mut decisions, alike) = decide_noting(slice::from_ref(job), all, scope);
        (decisions.remove(0).unwrap(), !alike.is_empty())
    }

    fn link(text: &str) -> Media {
        Media::Url(format!("https://shop.example/{text}"))
    }

    #[test]
    fn an_equal_picture_buys_nothing_under_its_setting_and_is_bought_under_any_other() {
        let pairs = [
            (file("old"), file("same"), Some(ImageIdentity::Pixels)),
            (file("old"), file("edited"), None),
            (file("old"), file("unknown"), None),
            (file("unknown"), file("old"), None),
            (link("a.jpg?v=1"), link("a.jpg?v=2"), Some(ImageIdentity::UrlWithoutQuery)),
            (link("a.jpg?v=1"), link("b.jpg?v=1"), None),
            (link("a.jpg"), file("old"), None),
            (file("old"), link("a.jpg"), None),
        ];
        for (old, new, equal) in pairs {
            for pictures in [
                ImageIdentity::Bytes,
                ImageIdentity::Url,
                ImageIdentity::UrlWithoutQuery,
                ImageIdentity::Pixels,
            ] {
                let (then, now) = (with(old.clone(), "x"), with(new.clone(), "x"));
                let is_equal = equal == Some(pictures);
                let name = |job: &Wanted, state| {
                    let (decision, is_noted) = decided(job, &history(&then, state), pictures);
                    assert_eq!(is_noted, is_equal && job.request.prompt.as_deref() == Some("x"));
                    decision.name()
                };
                assert_eq!(name(&now, done()), if is_equal { "unchanged" } else { "changed" });
                assert_eq!(name(&now, running()), if is_equal { "in flight" } else { "blocked" });
                assert_eq!(name(&now, held()), "blocked");
                // Another prompt makes another request, whatever the picture is.
                assert_eq!(name(&with(new.clone(), "y"), done()), "changed");
            }
        }
    }

    #[test]
    fn a_pair_that_was_noted_holds_under_every_setting() {
        let (then, now) = (with(file("old"), "x"), with(file("same"), "x"));
        let mut all = history(&then, done());
        all.aliases.push((TakeId("hero/a#1".into()), now.likeness()));
        for pictures in
            [ImageIdentity::Bytes, ImageIdentity::Url, ImageIdentity::UrlWithoutQuery, ImageIdentity::Pixels]
        {
            for job in [&now, &then] {
                assert_eq!(decided(job, &all, pictures).0.name(), "unchanged", "{pictures:?}");
            }
            assert_eq!(decided(&with(file("edited"), "x"), &all, pictures).0.name(), "changed");
        }
    }

    #[test]
    fn a_picture_is_compared_with_that_of_the_jobs_own_newest_take_alone() {
        let then = with(file("old"), "x");
        let mut all = history(&then, done());
        // A newer take shows another picture.
        let edited = with(file("edited"), "x");
        let newer = KnownTake { id: TakeId("hero/a#2".into()), ..all.jobs[0].takes[0].clone() };
        all.jobs[0].takes.insert(0, KnownTake { fingerprint: edited.fingerprint, ..newer });
        all.jobs[0].filed.as_mut().unwrap().take = TakeId("hero/a#2".into());
        all.requests.insert(edited.fingerprint, edited.request);
        let now = with(file("same"), "x");
        assert_eq!(decided(&now, &all, ImageIdentity::Pixels).0.name(), "changed");
        // A take of another job is not recognised by its picture.
        let mut other = history(&then, done());
        other.jobs[0].key = "hero/b".parse().unwrap();
        assert_eq!(decided(&now, &other, ImageIdentity::Pixels).0.name(), "new");
    }

    #[test]
    fn letters_and_picture_may_differ_in_form_at_once() {
        let then = with(file("old"), "cafe\u{301}");
        let now = with(file("same"), "caf\u{e9}");
        assert_eq!(decided(&now, &history(&then, done()), ImageIdentity::Pixels).0.name(), "unchanged");
        assert_eq!(decided(&now, &history(&then, done()), ImageIdentity::Bytes).0.name(), "changed");
    }
}
