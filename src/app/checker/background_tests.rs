//! Tests of the counts of a run's clips by verdict.

use super::*;
use crate::app::checker::file::finding;

fn job(text: &str) -> JobKey {
    text.parse().unwrap()
}

fn checked(findings: Vec<Finding>) -> Checked {
    Checked { frames: true, findings }
}

#[test]
fn the_first_failure_in_each_check_is_told_and_all_are_counted() {
    let mut checks = RunChecks::default();
    let warned = finding("black", Verdict::Warn, "the clip shows only black for 1.0 s");
    let black = finding("black", Verdict::Fail, "the clip is black for 4.0 s");
    let size = finding("size", Verdict::Fail, "the clip has 64x64 pixels");
    assert_eq!(checks.add(&job("hero/1"), &checked(vec![warned])), []);
    assert_eq!(checks.add(&job("hero/2"), &checked(vec![black.clone()])), std::slice::from_ref(&black));
    assert_eq!(checks.add(&job("hero/3"), &checked(vec![black, size.clone()])), [size]);
    assert_eq!(checks.add(&job("hero/4"), &checked(Vec::new())), []);
    assert_eq!(checks.tally, Tally { passed: 1, warned: 1, failed: 2, ..Tally::default() });
    let found: Vec<_> = checks.found.iter().map(|found| (&*found.check, found.clips, &found.job)).collect();
    assert_eq!(found, [("black", 3, &job("hero/2")), ("size", 1, &job("hero/3"))]);
    assert_eq!(checks.found[0].reason, "the clip is black for 4.0 s");
}
