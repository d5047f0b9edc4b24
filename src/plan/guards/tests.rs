use super::*;
use crate::domain::key::TakeId;
use crate::domain::request::Request;
use crate::manifest::Most;
use crate::plan::fingerprint::{Pictures, fingerprint};

fn wanted(item: usize) -> Wanted {
    let request = Request::new("zai/vidu2-image".parse().unwrap());
    Wanted {
        key: JobKey::new("hero", item.to_string()),
        title: "".into(),
        fingerprint: fingerprint(&request),
        likeness: None,
        tags: Vec::new(),
        request,
        price: Some(Usd::from_micros(200_000)),
        path: format!("{item}.mp4"),
    }
}

/// Returns the limits that a test plan exceeds. The project has twenty finished jobs: `changed` of them change, and
/// `removed` of them are gone. Two more jobs are new.
fn tripped(guards: Guards, changed: usize, removed: usize) -> Vec<&'static str> {
    let all: Vec<Wanted> = (removed..22).map(wanted).collect();
    let change = Change { field: "prompt".into(), old: None, new: None, pictures: Pictures::default() };
    let decisions: Vec<Decision> = (removed..22)
        .map(|item| match item {
            20.. => Decision::New,
            _ if item < removed + changed => {
                Decision::Changed { fields: vec![change.clone()], superseded: Vec::new() }
            }
            _ => Decision::Unchanged { take: TakeId(item.to_string()), refile: None },
        })
        .collect();
    let mut counts = GuardCounts::new(20);
    for (item, (job, decision)) in (removed..22).zip(all.iter().zip(&decisions)) {
        counts.see(job, decision, item < 20, false);
    }
    (0..removed).for_each(|item| counts.miss(&wanted(item).key));
    let trips = counts.trips(&guards);
    assert!(trips.iter().all(|trip| trip.examples.len() <= EXAMPLES));
    trips.iter().map(|trip| trip.guard).collect()
}

#[test]
fn each_guard_lets_through_what_it_allows_and_not_one_more() {
    let usd = |micros| Some(Usd::from_micros(micros));
    let share = Some(Most::Share(1_000));
    let cases = [
        (Guards { max_changed: share, ..Guards::default() }, (2, 0), (3, 0), "max_changed"),
        (Guards { max_changed: Some(Most::Jobs(0)), ..Guards::default() }, (0, 9), (1, 0), "max_changed"),
        (Guards { max_removed: share, ..Guards::default() }, (9, 2), (0, 3), "max_removed"),
        (Guards { max_jobs: Some(4), ..Guards::default() }, (2, 0), (3, 0), "max_jobs"),
        (Guards { max_new_spend: usd(800_000), ..Guards::default() }, (2, 0), (3, 0), "max_new_spend"),
    ];
    for (guards, within, beyond, guard) in cases {
        assert!(tripped(guards, within.0, within.1).is_empty(), "{guards:?}");
        assert_eq!(tripped(guards, beyond.0, beyond.1), [guard], "{guards:?}");
    }
}

#[test]
fn a_share_of_nothing_finished_is_nothing() {
    assert!(Most::Share(500).allows(0, 0));
    assert!(!Most::Share(500).allows(1, 0));
    assert_eq!(
        [Most::Share(500), Most::Share(1_250), Most::Share(5)].map(|most| most.to_string()),
        ["5%", "12.5%", "0.05%"]
    );
}
