//! Changes reach an open page, no matter who made them.

use super::{Page, finished};
use crate::support::Project;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, channel};
use std::thread::spawn;
use std::time::Duration;

/// Longest time until a change is seen: a second, and what a busy machine needs.
const SOON: Duration = Duration::from_secs(10);

/// Opens a stream of changes, and passes on the data of each.
fn changes(page: &Page<'_>, since: &str) -> Receiver<String> {
    let mut stream = TcpStream::connect(page.address).unwrap();
    // A tab that has seen no look is sent all jobs at once.
    let request =
        format!("GET /{}/events?since={since} HTTP/1.1\r\nHost: {}\r\n\r\n", page.read, page.address);
    stream.write_all(request.as_bytes()).unwrap();
    let (sender, receiver) = channel();
    spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if let Some(data) = line.strip_prefix("data: ") {
                let _ = sender.send(data.to_owned());
            }
        }
        // An end of the stream is a change as well.
        let _ = sender.send("ended".to_owned());
    });
    receiver
}

#[test]
fn a_decision_of_another_process_is_seen_on_an_open_page() {
    let project = finished(2);
    let (ana, ben) = (Page::of(&project), Page::with(&project, &["--who", "ben@desk"]));
    let look = ana.get("data").expect(200).json()["live"]["since"].to_string();
    let seen = changes(&ana, &look);
    assert!(seen.recv_timeout(Duration::from_millis(2_500)).is_err(), "nothing changes without a decision");
    ben.decide(&project, "hero/sku-1", 0, "approved", &[]).expect(200);
    let change = seen.recv_timeout(SOON).unwrap();
    let change: Value = serde_json::from_str(&change).unwrap();
    assert_eq!(change["jobs"].as_array().unwrap().len(), 1, "only what has changed is sent: {change}");
    assert_eq!(
        (&change["jobs"][0]["job"], &change["jobs"][0]["review"]["who"]),
        (&"hero/sku-1".into(), &"ben@desk".into())
    );
    ben.end();
    ana.end();
    let last = std::iter::from_fn(|| seen.recv_timeout(SOON).ok()).last();
    assert_eq!(last.as_deref(), Some("ended"));
}

#[test]
fn the_clips_of_an_active_run_appear_on_an_open_page() {
    let project = Project::shop(2);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    crate::support::until("both are paid", || project.takes("running") == 2);
    let page = Page::of(&project);
    let seen = changes(&page, &page.get("data").expect(200).json()["live"]["since"].to_string());
    project.clear_faults();
    run.wait().expect(0);
    let mut done = BTreeSet::new();
    while done.len() < 2 {
        let change: Value = serde_json::from_str(&seen.recv_timeout(SOON).unwrap()).unwrap();
        let jobs = change["jobs"].as_array().unwrap().iter().filter(|job| job["state"] == "done");
        done.extend(jobs.map(|job| job["job"].to_string()));
    }
    page.get(&format!("clip/{}", super::take(&project, "hero/sku-2"))).expect(200);
    page.end();
}

#[test]
fn open_pages_are_so_many_and_leave_room_for_clips() {
    let project = finished(1);
    let page = Page::of(&project);
    let open: Vec<Receiver<String>> = (0..32).map(|_| changes(&page, "")).collect();
    for changes in &open {
        changes.recv_timeout(SOON).unwrap();
    }
    page.get("events").expect(503);
    page.get(&format!("clip/{}", super::take(&project, "hero/sku-1"))).expect(200);
    page.end();
}
