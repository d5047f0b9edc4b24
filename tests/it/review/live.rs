//! Changes reach an open page, whoever made them.

use super::{Page, finished};
use crate::support::Project;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, channel};
use std::thread::spawn;
use std::time::Duration;

/// Longest time until a change is seen: a second, and what a busy machine needs.
const SOON: Duration = Duration::from_secs(10);

/// Opens a stream of changes, and passes on the data of each.
fn changes(page: &Page<'_>) -> Receiver<String> {
    let mut stream = TcpStream::connect(page.address).unwrap();
    let request = format!("GET /{}/events HTTP/1.1\r\nHost: {}\r\n\r\n", page.read, page.address);
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

/// Takes what has come until nothing comes for a while.
fn settle(changes: &Receiver<String>) {
    while changes.recv_timeout(Duration::from_secs(2)).is_ok() {}
}

#[test]
fn a_decision_of_another_process_is_seen_on_an_open_page() {
    let project = finished(1);
    let (ana, ben) = (Page::of(&project), Page::with(&project, &["--who", "ben@desk"]));
    let seen = changes(&ana);
    settle(&seen);
    assert!(seen.recv_timeout(Duration::from_millis(1_500)).is_err(), "nothing changes by itself");
    ben.decide(&project, "hero/sku-1", 0, "approved", &[]).expect(200);
    let change = seen.recv_timeout(SOON).unwrap();
    assert!(change.starts_with("{\"changes\":"), "{change}");
    let data = ana.get("data").expect(200).text();
    assert!(data.contains("ben@desk"), "{data}");
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
    let seen = changes(&page);
    settle(&seen);
    project.mend();
    run.wait().expect(0);
    assert!(seen.recv_timeout(SOON).is_ok());
    settle(&seen);
    page.get(&format!("clip/{}", super::take(&project, "hero/sku-2"))).expect(200);
    page.end();
}

#[test]
fn open_pages_are_so_many_and_leave_room_for_clips() {
    let project = finished(1);
    let page = Page::of(&project);
    let open: Vec<Receiver<String>> = (0..32).map(|_| changes(&page)).collect();
    for changes in &open {
        // The first look at the state counts as a change.
        changes.recv_timeout(SOON).unwrap();
    }
    page.get("events").expect(503);
    page.get(&format!("clip/{}", super::take(&project, "hero/sku-1"))).expect(200);
    page.end();
}
