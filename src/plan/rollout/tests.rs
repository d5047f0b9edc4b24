use super::*;
use crate::domain::request::{Media, MediaFile, PictureFormat, PictureTraits};
use crate::domain::rollout::Percent;
use Member::{Approved, Failed, Rejected, Unreviewed};

const APPROVE: Rollout = Rollout { canary: 10, then: AfterCanary::Approve };
const RATE: Rollout =
    Rollout { canary: 10, then: AfterCanary::Rate { rate: Percent(8_000), error: Percent(500) } };

fn members(approved: usize, rejected: usize) -> Vec<Member> {
    let mut all = vec![Approved; approved];
    all.extend(vec![Rejected; rejected]);
    all
}

#[test]
fn a_canary_passes_once_every_clip_of_it_is_approved() {
    assert_eq!(step(&APPROVE, &members(9, 0)), Step::Needs(10));
    assert_eq!(step(&APPROVE, &members(9, 1)), Step::Waits);
    assert_eq!(step(&APPROVE, &members(10, 0)), Step::Passed);
    // A canary that was made smaller is judged by the jobs that were chosen first.
    assert_eq!(step(&APPROVE, &[members(10, 0), members(0, 5)].concat()), Step::Passed);
    for other in [Unreviewed, Failed, Member::Unfinished, Member::Held, Member::Dismissed] {
        assert_eq!(step(&APPROVE, &[members(9, 0), vec![other]].concat()), Step::Waits, "{other:?}");
    }
}

#[test]
fn a_test_looks_at_whole_batches_alone() {
    // Nine rejected clips would refute 80 %, but they are only evaluated once the tenth is reviewed.
    assert_eq!(step(&RATE, &[members(0, 9), vec![Unreviewed]].concat()), Step::Waits);
    assert_eq!(step(&RATE, &members(0, 10)), Step::Stopped { approved: 0, reviewed: 10 });
    assert_eq!(step(&RATE, &members(4, 6)), Step::Stopped { approved: 4, reviewed: 10 });
    assert_eq!(step(&RATE, &members(5, 5)), Step::Needs(20));
    assert_eq!(step(&RATE, &members(10, 0)), Step::Needs(20), "ten of ten do not show 80 %");
    assert_eq!(step(&RATE, &members(20, 0)), Step::Passed);
    let half = [members(10, 0), vec![Rejected; 9], vec![Unreviewed]].concat();
    assert_eq!(step(&RATE, &half), Step::Waits);
}

#[test]
fn after_eighty_clips_a_person_is_asked() {
    // 64 of 80 are exactly 80 %; the smaller batches are undecided too.
    let mut all = Vec::new();
    for _ in 0..8 {
        all.extend(members(8, 2));
    }
    assert_eq!(step(&RATE, &all), Step::Unclear { approved: 64, reviewed: 80 });
}

#[test]
fn choices_are_spread_over_kinds_and_over_each_kind() {
    assert_eq!(spread(&[30], 3), [(0, 5), (0, 15), (0, 25)]);
    assert_eq!(spread(&[100, 1, 2], 6), [(0, 16), (0, 50), (0, 83), (1, 0), (2, 0), (2, 1)]);
    assert_eq!(spread(&[5, 5, 5, 5], 2), [(0, 2), (2, 2)]);
    assert_eq!(spread(&[2, 1], 10), [(0, 0), (0, 1), (1, 0)]);
    assert_eq!(spread(&[], 10), []);
    for (kinds, choices) in [(vec![7, 3, 9], 10), (vec![1; 40], 10), (vec![1_000_000, 2], 10)] {
        let mut chosen = spread(&kinds, choices);
        assert!(chosen.iter().all(|(kind, at)| *at < kinds[*kind]));
        chosen.dedup();
        assert_eq!(chosen.len(), choices, "{kinds:?}");
    }
}

#[test]
fn the_kind_of_a_job_is_its_variant_and_the_form_of_its_picture() {
    let key: JobKey = "hero/mug/beach".parse().unwrap();
    let mut request = Request::new("zai/vidu2-image".parse().unwrap());
    assert_eq!(kind(&key, &request), "beach/unknown/unknown");
    for (width, height, named) in [
        (1_000, 1_000, "beach/square/medium"),
        (300, 1_000, "beach/tall/small"),
        (1_500, 2_000, "beach/portrait/large"),
        (1_920, 1_080, "beach/wide/medium"),
        (800, 600, "beach/landscape/medium"),
    ] {
        let facts = PictureFacts {
            format: PictureFormat::Png,
            bytes: 1,
            sha256: Sha256::of(b"picture"),
            width,
            height,
            traits: PictureTraits::default(),
        };
        request.image = Some(Media::File(MediaFile { path: "a.png".into(), facts }));
        assert_eq!(kind(&key, &request), named);
    }
}

#[test]
fn the_draw_depends_on_template_and_job() {
    let (one, other) = (Sha256::of(b"one"), Sha256::of(b"other"));
    let key = |item: u32| -> JobKey { format!("hero/{item}").parse().unwrap() };
    assert_eq!(draw(&one, &key(1)), draw(&one, &key(1)));
    assert_ne!(draw(&one, &key(1)), draw(&other, &key(1)));
    let order = |template: &Sha256| {
        let mut items: Vec<u32> = (0..50).collect();
        items.sort_by_key(|item| draw(template, &key(*item)));
        items
    };
    assert_ne!(order(&one), order(&other));
    assert_ne!(order(&one), (0..50).collect::<Vec<_>>());
}
