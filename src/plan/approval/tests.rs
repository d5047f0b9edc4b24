use super::*;
use crate::domain::key::TakeId;
use crate::domain::request::Request;
use crate::plan::fingerprint::{Pictures, fingerprint};

fn wanted(prompt: &str, cents: i64) -> Wanted {
    let mut request = Request::new("zai/viduq1-text".parse().unwrap());
    request.prompt = Some(prompt.into());
    Wanted {
        key: JobKey::new("hero", "a"),
        title: "A".into(),
        fingerprint: fingerprint(&request),
        likeness: None,
        tags: Vec::new(),
        request,
        price: Some(Usd::from_micros(cents * 10_000)),
        path: "a.mp4".into(),
    }
}

fn done() -> Decision {
    Decision::Unchanged { take: TakeId("1".into()), refile: None }
}

/// Saves a plan with the job `then`, reads it, and returns the change of the job since; `None` for `now` means that the
/// job is gone.
fn moved(then: (&Wanted, &Decision), now: Option<(&Wanted, &Decision)>) -> Option<How> {
    let mut approval = Approval::new("shop", Vec::new(), Usd::ZERO);
    approval.add(then.0, then.1);
    let written = serde_json::to_string(&approval).unwrap();
    let approval: Approval = serde_json::from_str(&written).unwrap();
    let there = now.iter().map(|(wanted, _)| wanted.key.to_string()).collect();
    let missing = approval.missing(&there).next();
    missing
        .or_else(|| now.and_then(|(wanted, decision)| approval.moved(wanted, decision)))
        .map(|moved| moved.how)
}

#[test]
fn what_was_agreed_to_may_be_sent_or_have_been_sent() {
    let job = wanted("x", 40);
    let waiting = Decision::Waiting { take: TakeId("1".into()), fields: Vec::new(), repeats: None };
    for decision in [Decision::New, waiting, done()] {
        assert_eq!(moved((&job, &Decision::New), Some((&job, &decision))), None, "{decision:?}");
    }
    assert_eq!(moved((&job, &done()), Some((&job, &done()))), None);
    assert_eq!(moved((&job, &done()), None), None);
}

#[test]
fn whatever_else_would_be_paid_has_moved() {
    let job = wanted("x", 40);
    let new = &Decision::New;
    assert_eq!(moved((&job, new), None), Some(How::Gone));
    let dearer = How::Price(Some("0.40".into()), Some("0.60".into()));
    assert_eq!(moved((&job, new), Some((&wanted("x", 60), new))), Some(dearer));
    let change = Change {
        field: "prompt".into(),
        old: Some("x".into()),
        new: Some("y".into()),
        pictures: Pictures::default(),
    };
    let edited = wanted("y", 40);
    assert_eq!(moved((&job, new), Some((&edited, new))), Some(How::Order(vec![change.clone()])));
    let changed = Decision::Changed { fields: vec![change.clone()], superseded: Vec::new() };
    assert_eq!(moved((&job, &done()), Some((&edited, &changed))), Some(How::Order(vec![change])));
    let again = How::Decision("unchanged".into(), "new");
    assert_eq!(moved((&job, &done()), Some((&job, new))), Some(again));
}
