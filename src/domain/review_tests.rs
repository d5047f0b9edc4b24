use super::*;

fn review(outcome: Outcome) -> Review {
    Review {
        revision: 1,
        take: TakeId("t1".into()),
        clip: Sha256::of(b"clip"),
        fingerprint: Fingerprint(Sha256::of(b"order")),
        outcome,
        reasons: Vec::new(),
        note: None,
        redo: false,
        who: "ann".into(),
        at: Timestamp::UNIX_EPOCH,
    }
}

#[test]
fn a_review_holds_for_its_clip_and_its_order_alone() {
    let (clip, order) = (Sha256::of(b"clip"), Fingerprint(Sha256::of(b"order")));
    let (other, changed) = (Sha256::of(b"other"), Fingerprint(Sha256::of(b"changed")));
    let approved = review(Outcome::Approved);
    assert_eq!(ReviewState::of(Some(&approved), Some(&clip), &order), ReviewState::Approved);
    assert_eq!(ReviewState::of(Some(&approved), Some(&other), &order), ReviewState::Outdated);
    assert_eq!(ReviewState::of(Some(&approved), Some(&clip), &changed), ReviewState::Outdated);
    assert_eq!(ReviewState::of(Some(&approved), None, &order), ReviewState::Outdated);
    assert_eq!(ReviewState::of(None, Some(&clip), &order), ReviewState::Undecided);
    assert_eq!(ReviewState::of(Some(&review(Outcome::Rejected)), Some(&clip), &order), ReviewState::Rejected);
    assert_eq!(
        ReviewState::of(Some(&review(Outcome::Undecided)), Some(&clip), &order),
        ReviewState::Undecided
    );
}

#[test]
fn names_are_read_back() {
    for outcome in Outcome::ALL {
        assert_eq!(outcome.name().parse(), Ok(outcome));
    }
    for reason in Reason::ALL {
        assert_eq!(reason.name().parse(), Ok(reason));
    }
}
