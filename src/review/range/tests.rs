use super::*;
use axum::http::HeaderValue;

const TAG: &str = "\"1000-7\"";

fn asked(range: &'static str) -> ByteRange {
    part(&Method::GET, &[(RANGE, HeaderValue::from_static(range))].into_iter().collect(), 1_000, TAG)
}

#[test]
fn one_part_of_a_file_is_found() {
    let cases = [
        ("bytes=0-", 0..1_000),
        ("bytes=0-99", 0..100),
        ("bytes=999-999", 999..1_000),
        ("bytes=900-5000", 900..1_000),
        ("bytes=-100", 900..1_000),
        ("bytes=-5000", 0..1_000),
        ("bytes=5-99999999999999999999999", 5..1_000),
    ];
    for (range, bytes) in cases {
        assert_eq!(asked(range), ByteRange::Bytes(bytes), "{range}");
    }
}

#[test]
fn bytes_behind_the_end_are_refused() {
    for range in ["bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=99999999999999999999999-"] {
        assert_eq!(asked(range), ByteRange::Nothing, "{range}");
    }
}

#[test]
fn what_cannot_be_read_asks_for_the_whole_file() {
    for range in
        ["bytes=", "bytes=-", "bytes=2-1", "bytes=a-b", "bytes=+1-2", "bytes=0-1,5-6", "lines=0-1", "0-1"]
    {
        assert_eq!(asked(range), ByteRange::Whole, "{range}");
    }
    assert_eq!(part(&Method::GET, &HeaderMap::new(), 1_000, TAG), ByteRange::Whole);
    let headers = [(RANGE, HeaderValue::from_static("bytes=0-1"))].into_iter().collect();
    assert_eq!(part(&Method::HEAD, &headers, 1_000, TAG), ByteRange::Whole);
}

#[test]
fn a_part_of_a_file_that_has_changed_is_not_sent() {
    let headers = |tag: &'static str| {
        let range = (RANGE, HeaderValue::from_static("bytes=0-1"));
        [range, (IF_RANGE, HeaderValue::from_static(tag))].into_iter().collect()
    };
    assert_eq!(part(&Method::GET, &headers(TAG), 1_000, TAG), ByteRange::Bytes(0..2));
    for tag in ["\"1000-8\"", "W/\"1000-7\"", "Sun, 29 Nov 2026 01:00:00 GMT"] {
        assert_eq!(part(&Method::GET, &headers(tag), 1_000, TAG), ByteRange::Whole, "{tag}");
    }
}
