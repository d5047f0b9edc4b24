//! The page that `review` serves: what it shows, records and refuses, over real connections.

mod decide;
mod files;
mod live;
mod refused;

use crate::support::{Ended, Project, Running, until};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A project with finished clips.
fn finished(rows: usize) -> Project {
    let project = Project::shop(rows);
    project.run(&["run", "--yes"]).expect(0);
    project
}

/// A review that is served.
struct Page<'a> {
    running: Running<'a>,
    address: SocketAddr,
    read: String,
    token: String,
}

/// An answer.
struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// It has this status.
    fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:?}\n{}", self.headers, self.text());
        self
    }
}

impl<'a> Page<'a> {
    /// Starts a review of all jobs.
    fn of(project: &'a Project) -> Self {
        Self::with(project, &["--who", "ana@desk"])
    }

    /// Starts a review with these flags.
    fn with(project: &'a Project, flags: &[&str]) -> Self {
        let running = project.start(&[&["review"], flags].concat());
        until("the link is printed", || {
            running.printed().ends_with('\n') || running.said().contains("error")
        });
        let printed = running.printed();
        let link =
            printed.trim().strip_prefix("http://").unwrap_or_else(|| panic!("{printed}{}", running.said()));
        let (place, token) = link.split_once("#token=").unwrap_or((link, ""));
        let (address, read) = place.trim_end_matches('/').split_once('/').unwrap();
        let (address, read, token) = (address.parse().unwrap(), read.to_owned(), token.to_owned());
        Self { running, address, read, token }
    }

    /// Sends a request as it stands and reads the answer to its end.
    fn raw(&self, request: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        // A server that refuses a request may close the connection before it has read all of it.
        match stream.write_all(request) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            written => written.unwrap(),
        }
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let end = bytes.windows(4).position(|end| end == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers: BTreeMap<String, String> =
            headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        let mut body = bytes[end + 4..].to_vec();
        if headers.get("transfer-encoding").is_some_and(|encoding| encoding == "chunked") {
            body = unchunked(&body);
        }
        Answer { status, headers, body }
    }

    /// Sends a request with these headers besides those that are needed.
    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if headers.iter().all(|(name, _)| *name != "Host") {
            let _ = write!(request, "Host: {}\r\n", self.address);
        }
        for (name, value) in headers {
            let _ = write!(request, "{name}: {value}\r\n");
        }
        if !body.is_empty() {
            let _ = write!(request, "Content-Length: {}\r\n", body.len());
        }
        self.raw(format!("{request}\r\n{body}").as_bytes())
    }

    /// Reads a path behind the secret of the link.
    fn get(&self, path: &str) -> Answer {
        self.ask("GET", &format!("/{}/{path}", self.read), &[], "")
    }

    /// Reads a part of a file.
    fn part(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask("GET", &format!("/{}/{path}", self.read), headers, "")
    }

    /// Sends what the page sends to decide.
    fn post(&self, verb: &str, body: &Value) -> Answer {
        let origin = format!("http://{}", self.address);
        let headers = [
            ("Content-Type", "application/json"),
            ("Origin", &origin),
            ("Sec-Fetch-Site", "same-origin"),
            ("x-shotlist-token", &self.token),
        ];
        self.ask("POST", &format!("/api/{verb}"), &headers, &body.to_string())
    }

    /// Sends one decision about the newest rendering of a job.
    fn decide(&self, project: &Project, job: &str, seen: u64, outcome: &str, reasons: &[&str]) -> Answer {
        let take = take(project, job);
        let decision = json!({
            "job": job, "take": take, "seen": seen, "outcome": outcome, "reasons": reasons, "note": null, "redo": false
        });
        self.post("decide", &json!({ "decisions": [decision] }))
    }

    /// Ends it as Ctrl-C does.
    fn end(self) -> Ended {
        self.running.signal(rustix::process::Signal::INT);
        self.running.wait().expect(0)
    }
}

fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    loop {
        let end = bytes.windows(2).position(|end| end == b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            return whole;
        }
        whole.extend(&bytes[end + 2..end + 2 + size]);
        bytes = &bytes[end + 4 + size..];
    }
}

/// The newest rendering of a job.
fn take(project: &Project, job: &str) -> String {
    project.show(job)["takes"].as_array().unwrap().first().unwrap()["take"].as_str().unwrap().to_owned()
}
