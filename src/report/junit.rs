//! Formats jobs as a JUnit report, for the test summaries of build servers.
//!
//! A shot is a test suite and a job is a test case. A job that failed, was written off, lost its clip or was rejected
//! is a failure. A job that needs a decision about money is an error. A job that has no clip yet, or that a person
//! dismissed, is skipped. The verdict of the automatic checks is a property and never fails a case.

use super::cause::cause;
use crate::app::gallery::GalleryJob;
use crate::app::jobs::{JobsReport, UNCHECKED, shown_take, spent};
use crate::domain::foreign::shown_lines;
use crate::domain::money::Usd;
use crate::domain::review::ReviewState;
use crate::domain::time::passed;
use crate::domain::verdict::Verdict;
use crate::plan::bucket::Bucket;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

/// The result of a test case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Passed,
    Failure,
    Error,
    Skipped,
}

impl Case {
    const fn of(job: &GalleryJob) -> Self {
        match (job.bucket, job.standing) {
            (Bucket::Done | Bucket::Asks, ReviewState::Rejected)
            | (Bucket::Failed | Bucket::WrittenOff | Bucket::Missing | Bucket::Altered, _) => Self::Failure,
            (Bucket::Held, _) => Self::Error,
            (Bucket::Done | Bucket::Asks, _) => Self::Passed,
            (
                Bucket::ToRender | Bucket::InFlight | Bucket::Waiting | Bucket::Review | Bucket::Dismissed,
                _,
            ) => Self::Skipped,
        }
    }
}

/// The counts and the total duration of the test cases in one test suite, or in all test suites.
#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    time: Duration,
}

impl Counts {
    fn of<'a>(jobs: impl IntoIterator<Item = &'a GalleryJob>) -> Self {
        let mut counts = Self::default();
        for job in jobs {
            counts.tests += 1;
            counts.time += duration(job).unwrap_or_default();
            match Case::of(job) {
                Case::Passed => {}
                Case::Failure => counts.failures += 1,
                Case::Error => counts.errors += 1,
                Case::Skipped => counts.skipped += 1,
            }
        }
        counts
    }

    fn attributes(&self) -> [(&'static str, String); 5] {
        [
            ("tests", self.tests.to_string()),
            ("failures", self.failures.to_string()),
            ("errors", self.errors.to_string()),
            ("skipped", self.skipped.to_string()),
            ("time", seconds(self.time)),
        ]
    }
}

/// Returns the selected jobs as a JUnit document.
#[must_use]
#[expect(clippy::missing_panics_doc, reason = "nothing here can fail, as each message proves")]
pub fn document(report: &JobsReport) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    write(&mut writer, report).expect("a vector takes every byte");
    let mut text = String::from_utf8(writer.into_inner()).expect("made of strings");
    text.push('\n');
    text
}

fn write(writer: &mut Writer<Vec<u8>>, report: &JobsReport) -> io::Result<()> {
    let jobs = &report.gallery.jobs;
    let mut shots: BTreeMap<&str, Vec<&GalleryJob>> = BTreeMap::new();
    for job in jobs {
        shots.entry(&job.key().shot).or_default().push(job);
    }
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let name = legal(report.gallery.project.as_deref().unwrap_or("shotlist"));
    let counts = Counts::of(jobs).attributes();
    let mut suites = writer.create_element("testsuites").with_attribute(("name", name.as_str()));
    for (name, value) in &counts {
        suites = suites.with_attribute((*name, value.as_str()));
    }
    if jobs.is_empty() {
        return suites.write_empty().map(|_| ());
    }
    suites.write_inner_content(|writer| {
        for (shot, jobs) in &shots {
            let counts = Counts::of(jobs.iter().copied()).attributes();
            let mut suite = writer.create_element("testsuite").with_attribute(("name", legal(shot).as_str()));
            for (name, value) in &counts {
                suite = suite.with_attribute((*name, value.as_str()));
            }
            suite.write_inner_content(|writer| jobs.iter().try_for_each(|job| case(writer, report, job)))?;
        }
        Ok(())
    })?;
    Ok(())
}

fn case(writer: &mut Writer<Vec<u8>>, report: &JobsReport, job: &GalleryJob) -> io::Result<()> {
    let case = writer
        .create_element("testcase")
        .with_attribute(("classname", legal(&job.key().shot).as_str()))
        .with_attribute(("name", legal(&job.key().to_string()).as_str()))
        .with_attribute(("time", seconds(duration(job).unwrap_or_default()).as_str()))
        .with_attribute(("file", legal(&report.path(job)).as_str()));
    case.write_inner_content(|writer| {
        properties(writer, report, job)?;
        result(writer, job)?;
        let checked = job.current().and_then(|take| take.checked.as_ref());
        let findings = checked.map(|checked| &checked.findings[..]).unwrap_or_default();
        if !findings.is_empty() {
            let lines = findings
                .iter()
                .map(|finding| format!("{} {}: {}", finding.verdict, finding.check, finding.reason));
            let text = legal(&lines.collect::<Vec<_>>().join("\n"));
            writer.create_element("system-out").write_text_content(BytesText::new(&text))?;
        }
        Ok(())
    })?;
    Ok(())
}

fn properties(writer: &mut Writer<Vec<u8>>, report: &JobsReport, job: &GalleryJob) -> io::Result<()> {
    let properties = [
        ("title", job.record.title.to_string()),
        ("state", job.bucket.name().to_owned()),
        ("decision", job.standing.name().to_owned()),
        ("verdict", job.verdict().map_or(UNCHECKED, Verdict::name).to_owned()),
        ("model", report.model(job).map(ToString::to_string).unwrap_or_default()),
        ("price_usd", report.price(job).map(Usd::plain).unwrap_or_default()),
        ("spent_usd", spent(job).plain()),
    ];
    writer.create_element("properties").write_inner_content(|writer| {
        for (name, value) in &properties {
            let property = writer.create_element("property").with_attribute(("name", *name));
            property.with_attribute(("value", legal(value).as_str())).write_empty()?;
        }
        Ok(())
    })?;
    Ok(())
}

fn result(writer: &mut Writer<Vec<u8>>, job: &GalleryJob) -> io::Result<()> {
    let element = match Case::of(job) {
        Case::Passed => return Ok(()),
        Case::Skipped => {
            let skipped = writer.create_element("skipped");
            return skipped.with_attribute(("message", job.bucket.words(1))).write_empty().map(|_| ());
        }
        Case::Failure => "failure",
        Case::Error => "error",
    };
    let kind = match job.bucket {
        Bucket::Done | Bucket::Asks => ReviewState::Rejected.name(),
        bucket => bucket.name(),
    };
    let text = legal(&cause(job).unwrap_or_default());
    let element = writer.create_element(element).with_attribute(("type", kind));
    element.with_attribute(("message", text.as_str())).write_text_content(BytesText::new(&text)).map(|_| ())
}

/// Returns the time from the submission to the end of a job's current or newest rendering; `None` before its end.
fn duration(job: &GalleryJob) -> Option<Duration> {
    let take = shown_take(job)?;
    Some(passed(take.submitted?, take.ended?))
}

fn seconds(time: Duration) -> String {
    format!("{}.{:03}", time.as_secs(), time.subsec_millis())
}

/// Returns a text in which control characters, and others that XML does not allow, are shown as escapes.
fn legal(text: &str) -> String {
    shown_lines(text).replace('\u{fffe}', "\\u{fffe}").replace('\u{ffff}', "\\u{ffff}")
}

#[cfg(test)]
mod tests;
