//! Tests of destinations, web addresses and file names of exports, which need no project.

use super::address::Base;
use super::destinations::Destination;
use super::flat::safe;
use crate::media::mp4::ClipFacts;
use std::time::Duration;

#[test]
fn the_limits_of_every_destination_can_be_read_and_have_a_source() {
    assert_eq!(Destination::all().len(), 10);
    assert!(Destination::all().iter().all(|to| to.source.ends_with("2026") && !to.title.is_empty()));
}

#[test]
fn a_clip_is_held_against_seconds_bytes_pixels_ratio_and_format() {
    let facts = |seconds: f64, width, height| ClipFacts {
        duration: Duration::from_secs_f64(seconds),
        width,
        height,
        frames: 100,
        has_audio: false,
    };
    let google = Destination::named("google").unwrap();
    let against = |facts: ClipFacts, bytes| google.against("a/b.mp4", bytes, &facts);
    assert_eq!(against(facts(5.97, 1280, 720), 1), Vec::<String>::new());
    assert_eq!(against(facts(10.0, 1080, 1920), 500_000_000), Vec::<String>::new());
    assert_eq!(against(facts(5.0, 1280, 720), 1), ["5.0 s, but google requires 6 to 240 s"]);
    assert_eq!(against(facts(10.0, 1280, 720), 500_000_001).len(), 1);
    assert_eq!(
        against(facts(10.0, 640, 360), 1),
        ["640x360, but google requires at least 720 pixels on the shorter side"]
    );
    assert_eq!(against(facts(10.0, 1280, 960), 1), ["1280x960, but google requires 16:9, 9:16, 1:1"]);
    assert_eq!(google.against("a.mov", 1, &facts(10.0, 1280, 720)), [".mov, but google requires mp4"]);
    let shopify = Destination::named("shopify").unwrap();
    assert_eq!(shopify.against("a.mp4", 1, &facts(10.0, 2160, 3840)), Vec::<String>::new());
    assert_eq!(shopify.against("a.mp4", 1, &facts(601.0, 4096, 2160)).len(), 2);
}

#[test]
fn addresses_are_ascii_whatever_the_path_is() {
    let base = Base::read("https://münchen.example/a b/").unwrap();
    assert_eq!(base.of("x/ä ,#?%.mp4"), "https://xn--mnchen-3ya.example/a%20b/x/%C3%A4%20%2C%23%3F%25.mp4");
}

#[test]
fn a_part_of_a_name_has_only_characters_that_importers_take() {
    for (part, expected) in [("A-1_b.c", "A-1_b.c"), ("a/b c", "a-b-c"), ("Чашка", "-----"), (".x", "-x")]
    {
        assert_eq!(safe(part), expected);
    }
}
