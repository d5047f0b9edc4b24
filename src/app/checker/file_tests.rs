use super::*;
use crate::provider::cards::Cards;
use std::time::Duration;

const FACTS: ClipFacts = ClipFacts {
    duration: Duration::from_millis(5_040),
    width: 1280,
    height: 720,
    frames: 121,
    has_audio: false,
};

fn request(model: &str) -> Request {
    Request::new(model.parse().unwrap())
}

/// Returns the verdicts and the names of the checks that found something.
fn found(request: &Request, facts: &ClipFacts) -> Vec<(Verdict, String)> {
    let cards = Cards::built_in();
    let ordered = Ordered { request, card: cards.get(&request.model).map(AsRef::as_ref), sandbox: false };
    let findings = findings(&Checks::default(), ordered, facts);
    findings.into_iter().map(|finding| (finding.verdict, finding.check)).collect()
}

#[test]
fn a_clip_as_it_was_ordered_passes() {
    let mut request = request("vtrix/a-model-without-a-card");
    assert_eq!(found(&request, &FACTS), []);
    request.duration = Some(5);
    request.size = Some("1280x720".to_owned());
    request.aspect_ratio = Some("16:9".to_owned());
    request.audio = Some(false);
    assert_eq!(found(&request, &FACTS), []);
    // Encoders round each side to a multiple of 16.
    assert_eq!(found(&request, &ClipFacts { height: 704, ..FACTS }), []);
}

#[test]
fn a_wrong_length_is_a_warning_with_both_figures() {
    let request = Request { duration: Some(5), ..request("vtrix/a-model-without-a-card") };
    let facts = |millis| ClipFacts { duration: Duration::from_millis(millis), ..FACTS };
    assert_eq!(found(&request, &facts(4_500)), []);
    assert_eq!(found(&request, &facts(4_480)), [(Verdict::Warn, "duration".to_owned())]);
    assert_eq!(found(&request, &facts(10_000)), [(Verdict::Warn, "duration".to_owned())]);
    let ordered = Ordered { request: &request, card: None, sandbox: false };
    let findings = findings(&Checks::default(), ordered, &facts(3_000));
    assert_eq!(findings[0].reason, "the clip lasts 3.0 s, expected 5 s as requested (tolerance 0.5 s)");
}

#[test]
fn a_wrong_size_fails_where_it_was_ordered_and_warns_where_the_card_says_it() {
    let mut order = request("vtrix/a-model-without-a-card");
    let turned = ClipFacts { width: 720, height: 1280, ..FACTS };
    for size in ["1280x720", "16:9"] {
        order.size = Some(size.to_owned());
        assert_eq!(found(&order, &turned), [(Verdict::Fail, "size".to_owned())], "{size}");
    }
    order.size = Some("720p".to_owned());
    assert_eq!(found(&order, &turned), []);
    assert_eq!(
        found(&order, &ClipFacts { width: 854, height: 480, ..FACTS }),
        [(Verdict::Fail, "size".to_owned())]
    );
    order.size = None;
    order.params.insert("resolution".to_owned(), Value::Text("1080p".to_owned()));
    assert_eq!(found(&order, &FACTS), [(Verdict::Fail, "size".to_owned())]);
    // If the request sets a ratio, the shorter side of the card's size counts.
    let mut order = Request { duration: Some(5), ..request("zai/viduq1-text") };
    let (wide, high) =
        (ClipFacts { width: 1920, height: 1080, ..FACTS }, ClipFacts { width: 1080, height: 1920, ..FACTS });
    assert_eq!(found(&order, &wide), []);
    assert_eq!(found(&order, &FACTS), [(Verdict::Warn, "size".to_owned())]);
    order.aspect_ratio = Some("9:16".to_owned());
    assert_eq!(found(&order, &high), []);
    assert_eq!(found(&order, &wide), [(Verdict::Fail, "size".to_owned())]);
    // A text that is not a size sets nothing.
    order.aspect_ratio = Some("auto".to_owned());
    assert_eq!(found(&order, &wide), []);
}

#[test]
fn the_length_and_the_rate_of_the_card_count_where_the_order_says_nothing() {
    let facts =
        ClipFacts { duration: Duration::from_secs(5), frames: 150, width: 1920, height: 1080, ..FACTS };
    let mut order = request("zai/cogvideox-3");
    assert_eq!(found(&order, &facts), []);
    assert_eq!(found(&order, &ClipFacts { frames: 120, ..facts }), [(Verdict::Warn, "fps".to_owned())]);
    order.params.insert("fps".to_owned(), Value::Int(60));
    assert_eq!(found(&order, &facts), [(Verdict::Warn, "fps".to_owned())]);
    let short = ClipFacts { duration: Duration::from_secs(3), frames: 180, ..facts };
    assert_eq!(found(&order, &short), [(Verdict::Warn, "duration".to_owned())]);
}

#[test]
fn a_missing_track_fails_but_in_a_rehearsal_whose_clips_are_silent() {
    let mut order = Request { audio: Some(true), ..request("vtrix/a-model-without-a-card") };
    assert_eq!(found(&order, &FACTS), [(Verdict::Fail, "track".to_owned())]);
    assert_eq!(found(&order, &ClipFacts { has_audio: true, ..FACTS }), []);
    let ordered = Ordered { request: &order, card: None, sandbox: true };
    assert_eq!(findings(&Checks::default(), ordered, &FACTS), []);
    order.audio = Some(false);
    assert_eq!(found(&order, &ClipFacts { has_audio: true, ..FACTS }), [(Verdict::Warn, "track".to_owned())]);
    order.audio = None;
    assert_eq!(found(&order, &ClipFacts { has_audio: true, ..FACTS }), []);
}
