//! Simulates a provider for measuring clients: it accepts requests, answers polls and serves one clip from memory.
//!
//! It speaks the asynchronous video API of Z.AI as far as a client needs it, shares no code with the program, and needs
//! nothing but the standard library, so that `rustc -O` builds it in seconds. Each connection has its own thread.
//!
//!     provider [--port 0] [--render 2.0 [--sigma 0.4] [--seed 1]] [--clip 65536]
//!              [--quota 600/min [--window sliding|bucket] [--burst 10]] [--retry-after] [--slots 20]
//!     provider --measure [--clip 65536]
//!
//! It prints its address in one line. `GET /stats` answers with its counts, `POST /reset` sets them to zero.

#![expect(clippy::disallowed_methods, reason = "a server that is measured reads the clock")]
#![expect(clippy::print_stdout, reason = "the address is this program's output")]
#![expect(unreachable_pub, reason = "a program of its own has no public interface")]

mod clip;
mod load;
mod options;
mod quota;
mod service;

use options::Options;
use service::{Service, Submitted};
use std::error::Error;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read(std::env::args().skip(1))?;
    let listener = TcpListener::bind(("127.0.0.1", options.port))?;
    let address = listener.local_addr()?;
    let server = Arc::new(Server::new(&options, address));
    if options.measure {
        thread::spawn(move || server.serve(&listener));
        return Ok(load::measure(address)?);
    }
    println!("http://{address}");
    server.serve(&listener);
    Ok(())
}

/// The state that all connections share.
struct Server {
    address: SocketAddr,
    service: Mutex<Service>,
    /// The whole reply to a download, headers and clip.
    clip: Vec<u8>,
    /// The clip's size in bytes.
    length: usize,
}

/// The relevant parts of an HTTP request.
struct Request {
    method: String,
    path: String,
    body: Vec<u8>,
    is_last: bool,
}

impl Server {
    fn new(options: &Options, address: SocketAddr) -> Self {
        let clip = clip::clip(options.clip);
        let mut whole = head(200, "video/mp4", clip.len(), "");
        whole.extend(&clip);
        Self { address, service: Mutex::new(Service::new(options)), clip: whole, length: clip.len() }
    }

    fn serve(self: &Arc<Self>, listener: &TcpListener) {
        for stream in listener.incoming().flatten() {
            let server = Arc::clone(self);
            // A client that hangs up ends its thread.
            thread::spawn(move || drop(server.talk(stream)));
        }
    }

    fn talk(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream.try_clone()?);
        while let Some(request) = read(&mut reader)? {
            self.answer(&request, &mut stream)?;
            if request.is_last {
                break;
            }
        }
        Ok(())
    }

    fn service(&self) -> MutexGuard<'_, Service> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request: &Request, stream: &mut TcpStream) -> io::Result<()> {
        let path = request.path.as_str();
        let (status, body, header) = match request.method.as_str() {
            "POST" if path == "/api/paas/v4/videos/generations" => {
                submitted(&self.service().submit(&request.body))
            }
            "POST" if path == "/reset" => {
                self.service().reset();
                (200, "{}".to_owned(), String::new())
            }
            "GET" if path.starts_with("/stats") => {
                let slots = path.split_once("slots=").and_then(|(_, slots)| slots.parse().ok());
                (200, self.service().stats(slots), String::new())
            }
            "GET" => {
                if let Some(id) = path.strip_prefix("/clips/").and_then(|name| name.strip_suffix(".mp4")) {
                    if self.service().fetch(id, self.length) {
                        return stream.write_all(&self.clip);
                    }
                    missing(404)
                } else if let Some(id) = path.strip_prefix("/api/paas/v4/async-result/") {
                    match self.service().poll(id, self.address) {
                        Some(body) => (200, body, String::new()),
                        None => missing(404),
                    }
                } else {
                    missing(404)
                }
            }
            _ => missing(405),
        };
        let mut whole = head(status, "application/json", body.len(), &header);
        whole.extend(body.as_bytes());
        stream.write_all(&whole)
    }
}

fn submitted(answer: &Submitted) -> (u16, String, String) {
    match answer {
        Submitted::Accepted { id, label } => {
            let body = format!(
                r#"{{"id":"{id}","model":"viduq1-text","request_id":"{label}","task_status":"PROCESSING"}}"#
            );
            (200, body, String::new())
        }
        Submitted::Throttled { retry_after } => {
            let body = r#"{"error":{"code":"1302","message":"too many requests"}}"#.to_owned();
            let header = retry_after.map(|seconds| format!("Retry-After: {seconds}\r\n"));
            (429, body, header.unwrap_or_default())
        }
    }
}

fn missing(status: u16) -> (u16, String, String) {
    (status, r#"{"error":{"code":"1200","message":"there is nothing here"}}"#.to_owned(), String::new())
}

fn head(status: u16, kind: &str, length: usize, more: &str) -> Vec<u8> {
    let reason = if status == 200 { "OK" } else { "Refused" };
    format!("HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{more}\r\n")
        .into_bytes()
}

/// Reads the next request of a connection; `None` at its end.
fn read(reader: &mut impl BufRead) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let (method, path) =
        (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let (mut length, mut is_last) = (0, false);
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().map_err(io::Error::other)?;
        } else if name.eq_ignore_ascii_case("connection") {
            is_last = value.trim().eq_ignore_ascii_case("close");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(Request { method, path, body, is_last }))
}
