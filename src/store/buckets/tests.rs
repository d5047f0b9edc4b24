use super::*;

const KEPT: fn(&str) -> Option<Bucket> = |shot| (shot == "kept").then_some(Bucket::Asks);

fn bucket(shot: &str, filed: Option<&str>, takes: &[(bool, Phase)]) -> Option<Bucket> {
    let (filed, takes) = (filed.map(str::to_owned), takes.to_vec());
    let job = Job {
        id: 1,
        key: JobKey::new(shot, "a"),
        fingerprint: "now".into(),
        filed,
        takes,
        dismissed: false,
        held_back: false,
    };
    job.bucket(&(Box::new(KEPT) as ChangedJobs))
}

#[test]
fn the_takes_of_a_job_and_its_clip_tell_where_it_stands() {
    let (now, old) = (Some("now"), Some("old"));
    for (filed, takes, expected) in [
        (now, vec![(true, Phase::Done)], Some(Bucket::Done)),
        // A copy of another job's clip.
        (now, vec![], Some(Bucket::Done)),
        (now, vec![(true, Phase::Pending), (true, Phase::Done)], Some(Bucket::ToRender)),
        (now, vec![(true, Phase::Running), (true, Phase::Done)], Some(Bucket::Done)),
        (now, vec![(true, Phase::Failed), (true, Phase::Done)], Some(Bucket::Done)),
        (old, vec![(true, Phase::Pending), (false, Phase::Done)], Some(Bucket::ToRender)),
        (old, vec![(true, Phase::Failed), (false, Phase::Done)], Some(Bucket::Failed)),
        (old, vec![(false, Phase::Running), (false, Phase::Done)], Some(Bucket::InFlight)),
        (old, vec![(false, Phase::Done)], None),
        (None, vec![(true, Phase::Held)], Some(Bucket::Held)),
        (None, vec![(true, Phase::Pending), (true, Phase::Held)], Some(Bucket::Held)),
        (None, vec![(true, Phase::Cancelled), (true, Phase::WrittenOff)], Some(Bucket::WrittenOff)),
        (None, vec![(true, Phase::Cancelled)], None),
        (None, vec![], None),
    ] {
        assert_eq!(bucket("hero", filed, &takes), expected, "{filed:?} {takes:?}");
    }
    assert_eq!(bucket("kept", old, &[(false, Phase::Done)]), Some(Bucket::Asks));
}
