//! The clients against raw sockets: what is known of a call when the far side misbehaves.

use crate::snapshot::stable;
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use secrecy::SecretString;
use shotlist::transport::{
    Endpoint, FetchFaultKind, FreeClient, PaidClient, Proxies, SendFault, SendFaultKind, Settings, Timeouts,
};
use shotlist::wire::{Auth, Call, Method, PaidCall, Reply, Span};
use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use url::Url;

/// The behaviour of the server on one connection.
#[derive(Clone)]
enum Act {
    /// Reads the whole request, answers, closes.
    Answer(String),
    /// Reads this many bytes (of the head and body), then resets the connection.
    ResetAfter(usize),
    /// Reads the whole request, then resets.
    ResetAfterRequest,
    /// Reads the whole request, then closes without a word.
    Close,
    /// Accepts and neither reads nor writes.
    Silence,
    /// Reads the whole request, writes this, and then nothing more.
    Stall(String),
    /// Reads the whole request, then one byte every few milliseconds for ever.
    Drip(String),
}

/// A server on loopback that does the acts in turn, the last one for ever, and keeps what it was sent.
struct Server {
    port: u16,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
    _tasks: JoinSet<()>,
}

impl Server {
    async fn start(acts: impl IntoIterator<Item = Act>) -> Self {
        let acts: Vec<Act> = acts.into_iter().collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = JoinSet::new();
        let log = Arc::clone(&seen);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            for count in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                log.lock().unwrap().push(Vec::new());
                let act = acts[count.min(acts.len() - 1)].clone();
                connections.spawn(perform(act, stream, Arc::clone(&log), count));
            }
        });
        Self { port, seen, _tasks: tasks }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn endpoint(&self) -> Endpoint {
        endpoint(&self.url("/api"))
    }

    /// One text for each connection: whatever was sent over it.
    fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|seen| String::from_utf8_lossy(seen).into_owned()).collect()
    }
}

async fn perform(act: Act, mut stream: TcpStream, log: Arc<Mutex<Vec<Vec<u8>>>>, at: usize) {
    let keep = |bytes: &[u8]| log.lock().unwrap()[at].extend_from_slice(bytes);
    match act {
        Act::Answer(text) => {
            request(&mut stream, usize::MAX, keep).await;
            // A client that has seen enough may close first.
            let _ = stream.write_all(text.as_bytes()).await;
        }
        Act::ResetAfter(bytes) => {
            request(&mut stream, bytes, keep).await;
            stream.set_zero_linger().unwrap();
        }
        Act::ResetAfterRequest => {
            request(&mut stream, usize::MAX, keep).await;
            stream.set_zero_linger().unwrap();
        }
        Act::Close => request(&mut stream, usize::MAX, keep).await,
        Act::Silence => std::future::pending().await,
        Act::Stall(text) => {
            request(&mut stream, usize::MAX, keep).await;
            stream.write_all(text.as_bytes()).await.unwrap();
            std::future::pending::<()>().await;
        }
        Act::Drip(text) => {
            request(&mut stream, usize::MAX, keep).await;
            stream.write_all(text.as_bytes()).await.unwrap();
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// Reads a request with its body, or `most` bytes of it.
async fn request(stream: &mut TcpStream, most: usize, keep: impl Fn(&[u8])) {
    let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
    while all.len() < most.min(wanted(&all)) {
        let room = buffer.len().min(most - all.len());
        match stream.read(&mut buffer[..room]).await {
            Ok(0) | Err(_) => break,
            Ok(read) => {
                keep(&buffer[..read]);
                all.extend_from_slice(&buffer[..read]);
            }
        }
    }
}

/// Returns the length of a request by its head.
fn wanted(all: &[u8]) -> usize {
    let Some(head) = all.windows(4).position(|four| four == b"\r\n\r\n") else { return usize::MAX };
    let text = String::from_utf8_lossy(&all[..head]).to_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    head + 4 + length.unwrap_or(0)
}

fn answer(status: &str, headers: &str, body: &str) -> Act {
    Act::Answer(format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    ))
}

fn endpoint(base: &str) -> Endpoint {
    Endpoint { base_url: Url::parse(base).unwrap(), key: Some(SecretString::from("test-key")), key_env: None }
}

fn call(method: Method) -> Call {
    Call { method, path: "/videos".into(), auth: Auth::Bearer, headers: Vec::new(), body: None }
}

/// For a far side that keeps silent: only tests in which every timeout ends in the same fault use these.
fn impatient() -> Settings {
    let timeouts = Timeouts {
        submit: Duration::from_millis(700),
        drain: Duration::from_millis(100),
        first_byte: Duration::from_millis(700),
        low_speed: Duration::from_millis(300),
        ..Timeouts::default()
    };
    Settings { timeouts, ..Settings::default() }
}

async fn submit_with(settings: &Settings, endpoint: &Endpoint, body: Bytes) -> Result<Reply, SendFault> {
    PaidClient::new(settings).unwrap().submit(endpoint, &PaidCall(call(Method::Post)), body).await
}

async fn submit(endpoint: &Endpoint) -> Result<Reply, SendFault> {
    submit_with(&Settings::default(), endpoint, Bytes::from_static(b"{\"prompt\":\"fog\"}")).await
}

/// The fault of a paid call, which must tell neither the address nor the key.
async fn fault(settings: &Settings, endpoint: &Endpoint) -> SendFault {
    let fault = submit_with(settings, endpoint, Bytes::from_static(b"{}")).await.unwrap_err();
    let said = fault.to_string();
    assert!(!said.contains("/api") && !said.contains("test-key"), "{said}");
    fault
}

#[tokio::test]
async fn an_answer_comes_back_whole_and_the_request_went_out_as_it_was_given() {
    let server =
        Server::start([answer("200 OK", "Retry-After: 7\r\nX-Other: 1\r\n", "{\"id\":\"1\"}")]).await;
    let reply = submit(&server.endpoint()).await.unwrap();
    assert_eq!((reply.status, reply.body.as_slice()), (200, &b"{\"id\":\"1\"}"[..]));
    assert_eq!(reply.header("retry-after"), Some("7"));
    assert_eq!(reply.header("x-other"), None);
    let [request] = &server.requests()[..] else { panic!("one request") };
    assert!(request.starts_with("POST /api/videos HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("authorization: Bearer test-key\r\n"), "{request}");
    assert!(request.contains("content-type: application/json\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\n{\"prompt\":\"fog\"}"), "{request}");
}

#[tokio::test]
async fn n01_a_refused_connection_is_proof_that_nothing_was_sent() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let fault = fault(&Settings::default(), &endpoint(&format!("http://127.0.0.1:{port}/api"))).await;
    assert_eq!(fault.kind, SendFaultKind::NotSent);
    insta::assert_snapshot!(stable(&fault.to_string()), @"no connection to 127.0.0.1:[port]: Connection refused (os error [number]); nothing was sent");
}

#[tokio::test]
async fn n02_a_name_that_does_not_resolve_is_proof_that_nothing_was_sent() {
    let fault = fault(&Settings::default(), &endpoint("http://nowhere.invalid/api")).await;
    assert_eq!(fault.kind, SendFaultKind::NotSent);
    insta::assert_snapshot!(stable(&fault.to_string()), @"no connection to nowhere.invalid: failed to lookup address information: Name or service not known; nothing was sent");
}

#[tokio::test]
async fn n13_each_paid_request_has_a_connection_of_its_own() {
    // The server would keep the connection, and never answers a second request over it.
    let server = Server::start([Act::Stall("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".into())]).await;
    let (client, endpoint) = (PaidClient::new(&impatient()).unwrap(), server.endpoint());
    for _ in 0..3 {
        let sent = client.submit(&endpoint, &PaidCall(call(Method::Post)), Bytes::from_static(b"{}")).await;
        assert_eq!(sent.unwrap().status, 200);
    }
    assert_eq!(server.requests().len(), 3);
}

/// Two frames of HTTP/2: settings, and the end of the connection before any request was looked at.
const GOAWAY: &str = "\0\0\0\x04\0\0\0\0\0\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0";

#[tokio::test]
async fn n12_an_answer_without_a_length_that_is_cut_comes_as_it_is_and_proves_nothing() {
    let server = Server::start([Act::Answer("HTTP/1.1 200 OK\r\n\r\n{\"id\": \"t".into())]).await;
    let reply = submit_with(&impatient(), &server.endpoint(), Bytes::from_static(b"{}")).await.unwrap();
    // The end of the connection is the end of such an answer, so nothing here tells that it was cut. No provider takes
    // it for an answer of its own: see `n12_bytes_that_are_no_answer_prove_nothing`.
    assert_eq!((reply.status, &reply.body[..]), (200, &b"{\"id\": \"t"[..]));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn n12_a_complete_object_is_the_answer_however_its_connection_ends() {
    let body = "{\"id\":\"1\"}";
    let long = format!("HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n\r\n{body}");
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let endless = format!("{chunked}{:x}\r\n{body}\r\n", body.len());
    let open = format!("HTTP/1.1 200 OK\r\n\r\n{body}");
    // Only the end of an answer without a length may be seen before the time is up.
    let timeouts = Timeouts { submit: Duration::MAX, poll: Duration::MAX, ..impatient().timeouts };
    let patient = Settings { timeouts, ..Settings::default() };
    let timeouts = Timeouts { poll: Duration::from_millis(700), ..impatient().timeouts };
    let impatient = Settings { timeouts, ..Settings::default() };
    for (what, act, settings) in [
        ("a length that is too long", Act::Answer(long.clone()), &patient),
        ("no last chunk", Act::Answer(endless.clone()), &patient),
        ("no length and an open connection", Act::Stall(open), &patient),
        ("no last chunk and an open connection", Act::Stall(endless), &patient),
        ("a length that is too long and an open connection", Act::Stall(long), &impatient),
    ] {
        let server = Server::start([act]).await;
        let endpoint = server.endpoint();
        let paid = submit_with(settings, &endpoint, Bytes::from_static(b"{}")).await;
        let free = FreeClient::new(settings).unwrap().ask(&endpoint, &call(Method::Get)).await;
        for reply in [paid, free] {
            let reply = reply.unwrap_or_else(|fault| panic!("{what}: {fault}"));
            assert_eq!((reply.status, reply.body.as_slice()), (200, body.as_bytes()), "{what}");
        }
        assert_eq!(server.requests().len(), 2, "{what}");
    }
}

#[tokio::test]
async fn n12_an_object_that_goes_on_is_not_cut() {
    for body in ["{}{\"id\":\"1\"}", "{\"a\":{}", "{};", "7"] {
        let server = Server::start([Act::Answer(format!("HTTP/1.1 200 OK\r\n\r\n{body}"))]).await;
        assert_eq!(submit(&server.endpoint()).await.unwrap().body, body.as_bytes());
        let long = format!("HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n\r\n{body}");
        let server = Server::start([Act::Answer(long)]).await;
        assert_eq!(fault(&Settings::default(), &server.endpoint()).await.kind, SendFaultKind::Lost, "{body}");
    }
}

#[tokio::test]
async fn n14_a_server_with_tls_is_offered_http_1_alone() {
    let server = tls_like(Act::Answer("\x15\x03\x03\x00\x02\x02\x28".into())).await;
    fault(&Settings::default(), &endpoint(&format!("https://127.0.0.1:{}/api", server.port))).await;
    let hello = server.requests().concat();
    assert!(hello.contains("\u{8}http/1.1"), "{hello:?}");
    assert!(!hello.contains("\u{2}h2"), "{hello:?}");
}

#[tokio::test]
async fn n32_a_name_whose_first_address_is_not_listened_at_is_reached_at_the_next_one() {
    let addresses: Vec<_> = std::net::ToSocketAddrs::to_socket_addrs("localhost:80").unwrap().collect();
    if !addresses.iter().any(std::net::SocketAddr::is_ipv6) {
        eprintln!("SKIPPED(localhost has no address of IPv6 on this machine)");
        return;
    }
    // The server listens at the address of IPv4 alone.
    let server = Server::start([answer("200 OK", "", "{}")]).await;
    let endpoint = endpoint(&format!("http://localhost:{}/api", server.port));
    let sent = submit_with(&Settings::default(), &endpoint, Bytes::from_static(b"{}")).await;
    assert_eq!(sent.map(|reply| reply.status), Ok(200));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn n05_to_n10_whatever_breaks_after_the_connection_is_a_doubt() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 40\r\n";
    for (what, act) in [
        ("n05 reset before anything was read", Act::ResetAfter(0)),
        ("n07 reset after the whole request", Act::ResetAfterRequest),
        ("n08 closed without an answer", Act::Close),
        ("n09 no answer", Act::Stall(String::new())),
        ("n10 a head that trickles", Act::Drip(head.to_owned())),
        ("n10 a body that trickles", Act::Drip("HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n".into())),
        ("a body that is cut", Act::Answer(format!("{head}\r\n{{\"id\""))),
        ("a connection that HTTP/2 gives up", Act::Answer(GOAWAY.into())),
        ("no HTTP at all", Act::Answer("SSH-2.0-OpenSSH_9.7\r\n".into())),
    ] {
        let server = Server::start([act]).await;
        assert_eq!(fault(&impatient(), &server.endpoint()).await.kind, SendFaultKind::Lost, "{what}");
        assert_eq!(server.requests().len(), 1, "{what}: one connection, so one attempt");
    }
}

#[tokio::test]
async fn n06_a_reset_in_the_middle_of_a_long_body_is_a_doubt() {
    let server = Server::start([Act::ResetAfter(100_000)]).await;
    let body = Bytes::from(vec![b'x'; 8 * 1024 * 1024]);
    let fault = submit_with(&Settings::default(), &server.endpoint(), body).await.unwrap_err();
    assert_eq!(fault.kind, SendFaultKind::Lost);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn n13_a_server_that_closes_after_each_answer_leaves_no_doubt_in_300_submissions() {
    let server = Server::start([Act::Answer("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".into())]).await;
    let client = PaidClient::new(&Settings::default()).unwrap();
    for count in 0..300 {
        let sent =
            client.submit(&server.endpoint(), &PaidCall(call(Method::Post)), Bytes::from_static(b"{}")).await;
        assert_eq!(sent.map(|reply| reply.status), Ok(200), "submission {count}");
    }
    assert_eq!(server.requests().len(), 300);
}

#[tokio::test]
async fn n22_a_paid_request_follows_no_redirect() {
    let elsewhere = Server::start([answer("200 OK", "", "{}")]).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("Location: {}\r\n", elsewhere.url("/other"));
        let server = Server::start([answer(&format!("{status} Moved"), &location, "")]).await;
        let reply = submit(&server.endpoint()).await.unwrap();
        assert_eq!(reply.status, status);
        assert_eq!(reply.header("location"), Some(elsewhere.url("/other").as_str()));
        assert_eq!(server.requests().len(), 1);
    }
    assert_eq!(elsewhere.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn a30_an_endless_answer_is_not_read_to_its_end() {
    let server = Server::start([answer("200 OK", "", &"x".repeat(5 * 1024 * 1024))]).await;
    let fault = submit_with(&Settings::default(), &server.endpoint(), Bytes::new()).await.unwrap_err();
    assert_eq!(fault.kind, SendFaultKind::Lost);
    insta::assert_snapshot!(stable(&fault.to_string()), @"no complete answer from 127.0.0.1:[port] after the request was sent: the answer is longer than 4 MiB");
}

#[tokio::test]
async fn n04_a_server_without_tls_on_an_https_address_gets_no_request() {
    for (what, act) in [
        ("plain HTTP", Act::Answer("HTTP/1.1 400 Bad Request\r\n\r\n".into())),
        ("a TLS alert", Act::Answer("\x15\x03\x03\x00\x02\x02\x28".into())),
    ] {
        // The hello of a handshake holds no empty line, so the server answers after its first hundred bytes.
        let server = tls_like(act).await;
        let fault =
            fault(&Settings::default(), &endpoint(&format!("https://127.0.0.1:{}/api", server.port))).await;
        assert_eq!(fault.kind, SendFaultKind::Setup, "{what}: {fault}");
        assert!(!server.requests()[0].contains("POST"), "{what}");
        insta::assert_snapshot!(stable(&fault.to_string()));
    }
}

/// A server that answers the first bytes of a handshake with the act's text.
async fn tls_like(act: Act) -> Server {
    let Act::Answer(text) = act else { panic!("an answer") };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Arc::new(Mutex::new(vec![Vec::new()]));
    let log = Arc::clone(&seen);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        request(&mut stream, 100, |bytes| log.lock().unwrap()[0].extend_from_slice(bytes)).await;
        stream.write_all(text.as_bytes()).await.unwrap();
        request(&mut stream, usize::MAX, |bytes| log.lock().unwrap()[0].extend_from_slice(bytes)).await;
    });
    Server { port, seen, _tasks: tasks }
}

#[tokio::test]
async fn n04_a_tls_handshake_that_hangs_is_proof_that_nothing_was_sent() {
    let server = Server::start([Act::Silence]).await;
    let mut settings = Settings::default();
    settings.timeouts.connect = Duration::from_millis(200);
    let endpoint = endpoint(&format!("https://127.0.0.1:{}/api", server.port));
    let fault = submit_with(&settings, &endpoint, Bytes::new()).await.unwrap_err();
    assert_eq!(fault.kind, SendFaultKind::NotSent, "{fault}");
}

#[tokio::test]
async fn n30_a_proxy_that_refuses_is_named_without_its_password_and_nothing_was_sent() {
    for status in ["407 Proxy Authentication Required", "502 Bad Gateway"] {
        let proxy = Server::start([answer(status, "", "")]).await;
        let url = Url::parse(&format!("http://night:secret@localhost:{}", proxy.port)).unwrap();
        let settings =
            Settings { proxies: Proxies { https: Some(url), ..Proxies::default() }, ..Settings::default() };
        let fault =
            submit_with(&settings, &endpoint("https://api.invalid/v4"), Bytes::new()).await.unwrap_err();
        assert_eq!(fault.kind, SendFaultKind::NotSent, "{fault}");
        let said = fault.to_string();
        assert!(said.contains(&format!("proxy localhost:{}", proxy.port)), "{said}");
        assert!(!said.contains("secret"), "{said}");
        assert!(proxy.requests()[0].starts_with("CONNECT api.invalid:443 HTTP/1.1"));
        assert!(!proxy.requests()[0].contains("test-key"));
    }
}

#[tokio::test]
async fn s02_a_key_that_the_provider_echoes_goes_no_further() {
    let body = "{\"message\":\"invalid token test-key\",\"raw\":\"QmVhcmVyIHRlc3Qta2V5\"}";
    let server = Server::start([answer("401 Unauthorized", "Location: /?key=test-key\r\n", body)]).await;
    let reply = submit(&server.endpoint()).await.unwrap();
    let body = String::from_utf8(reply.body.clone()).unwrap();
    assert!(body.starts_with("{\"message\":\"invalid token ***\""), "{body}");
    // The Base64 of "Bearer test-key".
    assert!(!body.contains("dGVzdC1rZXk") && !body.contains("0ZXN0LWtle"), "{body}");
    assert_eq!(reply.header("location"), Some("/?key=***"));
}

#[tokio::test]
async fn a_poll_is_a_get_with_the_key_and_breaks_like_a_submission() {
    let server = Server::start([answer("200 OK", "", "{}"), Act::Close]).await;
    let client = FreeClient::new(&Settings::default()).unwrap();
    let endpoint = server.endpoint();
    assert_eq!(client.ask(&endpoint, &call(Method::Get)).await.map(|reply| reply.status), Ok(200));
    let fault = client.ask(&endpoint, &call(Method::Get)).await.unwrap_err();
    assert_eq!(fault.kind, SendFaultKind::Lost);
    assert!(server.requests()[0].starts_with("GET /api/videos HTTP/1.1\r\n"));
    assert!(server.requests()[0].contains("authorization: Bearer test-key\r\n"));
}

async fn fetched(link: &str, span: Span, allow_loopback: bool) -> Result<Vec<u8>, FetchFaultKind> {
    fetched_with(&Settings::default(), link, span, allow_loopback).await
}

async fn fetched_with(
    settings: &Settings,
    link: &str,
    span: Span,
    allow_loopback: bool,
) -> Result<Vec<u8>, FetchFaultKind> {
    // Another origin than the link's, on this machine or not.
    let base = if allow_loopback { "http://127.0.0.1:9/api" } else { "https://api.example.com" };
    fetched_from(settings, &endpoint(base), link, span).await
}

async fn fetched_from(
    settings: &Settings,
    endpoint: &Endpoint,
    link: &str,
    span: Span,
) -> Result<Vec<u8>, FetchFaultKind> {
    let client = FreeClient::new(settings).unwrap();
    let download = client.fetch(endpoint, Auth::Bearer, link, span).await.map_err(|fault| fault.kind)?;
    let chunks: Vec<Bytes> = download.bytes.try_collect().await.map_err(|fault| fault.kind)?;
    Ok(chunks.concat())
}

#[tokio::test]
async fn s04_no_credentials_reach_a_result_host_also_across_redirects() {
    let host =
        Server::start([answer("206 Partial Content", "Content-Range: bytes 5-9/10\r\n", "56789")]).await;
    let location = format!("Location: {}\r\nSet-Cookie: a=b\r\n", host.url("/final.mp4"));
    let front = Server::start([answer("302 Found", &location, "")]).await;
    let span = Span::From { offset: 5, validator: "\"v1\"".into() };
    assert_eq!(fetched(&front.url("/clip?sig=1"), span, true).await, Ok(b"56789".to_vec()));
    for request in [&front.requests()[0], &host.requests()[0]] {
        let request = request.to_lowercase();
        assert!(!request.contains("authorization") && !request.contains("cookie"), "{request}");
        assert!(!request.contains("referer"), "{request}");
        assert!(request.contains("accept-encoding: identity\r\n"), "{request}");
        assert!(
            request.contains("range: bytes=5-\r\n") && request.contains("if-range: \"v1\"\r\n"),
            "{request}"
        );
    }
}

#[tokio::test]
async fn a_clip_that_a_proxy_changed_on_its_way_arrives() {
    let server = Server::start([answer("203 Non-Authoritative Information", "", "clip")]).await;
    assert_eq!(fetched(&server.url("/a.mp4"), Span::Whole, true).await, Ok(b"clip".to_vec()));
}

#[tokio::test]
async fn n24_a_redirect_to_a_private_address_is_not_connected_to() {
    let inside = Server::start([answer("200 OK", "", "secret")]).await;
    for target in [
        format!("http://[::ffff:127.0.0.1]:{}/", inside.port),
        format!("http://0.0.0.0:{}/", inside.port),
        "http://10.0.0.1/clip.mp4".to_owned(),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        let front = Server::start([answer("302 Found", &format!("Location: {target}\r\n"), "")]).await;
        assert_eq!(
            fetched(&front.url("/"), Span::Whole, true).await,
            Err(FetchFaultKind::Unsafe),
            "{target}"
        );
    }
    assert_eq!(inside.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn s06_a_link_to_this_machine_is_not_connected_to_unless_the_provider_lives_here() {
    let server = Server::start([answer("200 OK", "", "clip")]).await;
    for host in ["127.0.0.1", "localhost", "0x7f.1", "[::1]"] {
        let link = format!("https://{host}:{}/", server.port);
        assert_eq!(fetched(&link, Span::Whole, false).await, Err(FetchFaultKind::Unsafe), "{host}");
    }
    assert_eq!(fetched(&server.url("/"), Span::Whole, false).await, Err(FetchFaultKind::Unsafe));
    assert_eq!(server.requests(), Vec::<String>::new());
    assert_eq!(fetched(&server.url("/"), Span::Whole, true).await, Ok(b"clip".to_vec()));
}

#[tokio::test]
async fn n21_a_redirect_loop_ends() {
    let server = Server::start([answer("302 Found", "Location: /again\r\n", "")]).await;
    assert_eq!(fetched(&server.url("/"), Span::Whole, true).await, Err(FetchFaultKind::Redirects));
    assert_eq!(server.requests().len(), 6);
}

#[tokio::test]
async fn a25_a_dead_link_is_told_from_a_host_that_has_a_bad_day() {
    for (status, kind) in [
        ("403 Forbidden", FetchFaultKind::Dead),
        ("404 Not Found", FetchFaultKind::Dead),
        ("410 Gone", FetchFaultKind::Dead),
        ("408 Request Timeout", FetchFaultKind::Busy { after: None }),
        ("425 Too Early", FetchFaultKind::Busy { after: None }),
        ("429 Too Many Requests", FetchFaultKind::Busy { after: None }),
        ("500 Internal Server Error", FetchFaultKind::Busy { after: None }),
        ("503 Service Unavailable", FetchFaultKind::Busy { after: None }),
        ("400 Bad Request", FetchFaultKind::Refused),
        ("302 Found", FetchFaultKind::Refused),
    ] {
        let server = Server::start([answer(status, "", "")]).await;
        assert_eq!(fetched(&server.url("/"), Span::Whole, true).await, Err(kind), "{status}");
    }
    let date = "Date: Sat, 28 Nov 2026 10:00:00 GMT\r\nRetry-After: Sat, 28 Nov 2026 10:01:30 GMT\r\n";
    for (asks, seconds) in [("Retry-After: 7\r\n", 7), (date, 90)] {
        let server = Server::start([answer("429 Too Many Requests", asks, "")]).await;
        let busy = FetchFaultKind::Busy { after: Some(Duration::from_secs(seconds)) };
        assert_eq!(fetched(&server.url("/"), Span::Whole, true).await, Err(busy));
    }
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let gone = fetched(&format!("http://127.0.0.1:{port}/"), Span::Whole, true).await;
    assert_eq!(gone, Err(FetchFaultKind::Unreachable));
}

#[tokio::test]
async fn n10_a_download_that_stalls_or_trickles_is_given_up() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n";
    for (what, act) in [
        ("no head", Act::Stall(String::new())),
        ("no body", Act::Stall(head.to_owned())),
        ("one byte at a time", Act::Drip(head.to_owned())),
        ("reset in the body", Act::Answer(format!("{head}abc"))),
    ] {
        let server = Server::start([act]).await;
        let got = fetched_with(&impatient(), &server.url("/"), Span::Whole, true).await;
        assert_eq!(got, Err(FetchFaultKind::Broken), "{what}");
    }
}

#[tokio::test]
async fn a_download_has_an_end_however_fast_it_is() {
    let server = Server::start([Act::Drip("HTTP/1.1 200 OK\r\n\r\n".into())]).await;
    let mut settings = Settings::default();
    settings.timeouts.download = Duration::from_millis(300);
    let client = FreeClient::new(&settings).unwrap();
    let download =
        client.fetch(&server.endpoint(), Auth::Bearer, &server.url("/"), Span::Whole).await.unwrap();
    let fault = download.bytes.try_collect::<Vec<_>>().await.unwrap_err();
    insta::assert_snapshot!(stable(&fault.to_string()), @"the download from 127.0.0.1:[port] was interrupted: the download took too long");
}

#[tokio::test]
async fn an_answer_that_arrived_while_the_process_stood_still_is_read() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/api", listener.local_addr().unwrap());
    let (asked, request) = tokio::sync::oneshot::channel();
    let (go, standing) = std::sync::mpsc::channel();
    let (answered, answer) = std::sync::mpsc::channel();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut buffer = [0; 4096];
        let mut all = Vec::new();
        while all.len() < wanted(&all) {
            let read = stream.read(&mut buffer).unwrap();
            all.extend_from_slice(&buffer[..read]);
        }
        asked.send(()).unwrap();
        standing.recv().unwrap();
        let body = "{\"id\":\"1\"}";
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
        answered.send(()).unwrap();
    });
    let settings = Settings {
        timeouts: Timeouts { submit: Duration::from_millis(300), ..Timeouts::default() },
        ..Settings::default()
    };
    let endpoint = endpoint(&url);
    // The only thread of this runtime stands still beyond the deadline, as a stopped process does.
    let freeze = async {
        request.await.unwrap();
        go.send(()).unwrap();
        answer.recv().unwrap();
        std::thread::sleep(Duration::from_millis(400));
    };
    let submission = submit_with(&settings, &endpoint, Bytes::from_static(b"{}"));
    let (reply, ()) = tokio::join!(submission, freeze);
    assert_eq!(reply.unwrap().body, b"{\"id\":\"1\"}");
    server.join().unwrap();
}

/// Returns for each request that a server saw whether it carried the key.
fn keys(server: &Server) -> Vec<bool> {
    server.requests().iter().map(|request| request.contains("authorization: Bearer test-key\r\n")).collect()
}

#[tokio::test]
async fn a_link_of_the_providers_own_that_wants_the_key_gets_it_once_and_only_when_it_asks() {
    for (status, links) in
        [("401 Unauthorized", ["/v1/videos/7/content", "//HOST/x"]), ("403 Forbidden", ["x", "/x?a=1"])]
    {
        for link in links {
            let server = Server::start([answer(status, "", ""), answer("200 OK", "", "clip")]).await;
            let link = link.replace("HOST", &format!("127.0.0.1:{}", server.port));
            let got = fetched_from(&Settings::default(), &server.endpoint(), &link, Span::Whole).await;
            assert_eq!((got, keys(&server)), (Ok(b"clip".to_vec()), vec![false, true]), "{link}");
        }
    }
    let server = Server::start([answer("401 Unauthorized", "", "")]).await;
    let got = fetched_from(&Settings::default(), &server.endpoint(), &server.url("/x"), Span::Whole).await;
    assert_eq!((got, keys(&server)), (Err(FetchFaultKind::Dead), vec![false, true]));
}

#[tokio::test]
async fn s04_the_key_goes_to_no_other_origin_and_not_behind_a_redirect() {
    let denied = || Server::start([answer("401 Unauthorized", "", "")]);
    let own = denied().await;
    let fetch = async |endpoint: &Endpoint, link: &str| {
        fetched_from(&Settings::default(), endpoint, link, Span::Whole).await.unwrap_err()
    };
    // Another port, another name of the same machine.
    let other = denied().await;
    fetch(&own.endpoint(), &other.url("/x")).await;
    fetch(&own.endpoint(), &format!("http://localhost:{}/x", own.port)).await;
    assert_eq!((keys(&own), keys(&other)), (vec![false], vec![false]));
    // A user name makes a link unsafe, whatever its origin.
    let link = format!("http://me@127.0.0.1:{}/x", own.port);
    assert_eq!(fetch(&own.endpoint(), &link).await, FetchFaultKind::Unsafe);
    // Behind a redirect, within the origin and back to it.
    let home =
        Server::start([answer("302 Found", "Location: /y\r\n", ""), answer("401 Unauthorized", "", "")])
            .await;
    fetch(&home.endpoint(), &home.url("/x")).await;
    let away = Server::start([answer("302 Found", &format!("Location: {}\r\n", own.url("/x")), "")]).await;
    fetch(&own.endpoint(), &away.url("/x")).await;
    assert_eq!((keys(&home), keys(&own), keys(&away)), (vec![false; 2], vec![false; 2], vec![false]));
    // The key is not sent to the address to which the provider redirects a request with a key.
    let cdn = denied().await;
    let to_cdn = answer("302 Found", &format!("Location: {}\r\n", cdn.url("/x")), "");
    let gateway = Server::start([answer("401 Unauthorized", "", ""), to_cdn]).await;
    fetch(&gateway.endpoint(), &gateway.url("/x")).await;
    assert_eq!((keys(&gateway), keys(&cdn)), (vec![false, true], vec![false]));
}

#[tokio::test]
async fn s02_a_host_of_clips_that_repeats_the_key_that_it_got_hands_it_to_nobody() {
    let headers = "Content-Type: text/html; key=test-key\r\nContent-Encoding: test-key\r\nETag: \"test\\u002dkey\"\r\n\
                   Last-Modified: test-key\r\nContent-Range: test%2Dkey\r\nDate: test-key\r\n";
    let page = "<p>you sent Bearer test-key, also known as test\\u002Dkey and dGVzdC1rZXk=</p>";
    for span in [Span::Whole, Span::From { offset: 5, validator: "\"v1\"".into() }] {
        let server =
            Server::start([answer("401 Unauthorized", "", ""), answer("200 OK", headers, page)]).await;
        let client = FreeClient::new(&Settings::default()).unwrap();
        let download = client.fetch(&server.endpoint(), Auth::Bearer, &server.url("/x"), span).await.unwrap();
        assert_eq!(keys(&server), [false, true]);
        let head = format!("{:?}", download.head);
        let body = download.bytes.try_collect::<Vec<_>>().await.unwrap().concat();
        let text = String::from_utf8(body).unwrap();
        assert_eq!(text.len(), page.len(), "the announced length holds");
        for dress in ["test-key", "test%2Dkey", "test\\u002Dkey", "test\\\\u002dkey", "dGVzdC1rZXk"] {
            assert!(!head.contains(dress) && !text.contains(dress), "{dress}: {head} {text}");
        }
        assert!(
            head.contains("text/html; key=***") && text.starts_with("<p>you sent Bearer ***"),
            "{head} {text}"
        );
    }
}

#[tokio::test]
async fn s02_a_key_in_the_address_of_a_redirect_reaches_no_other_host() {
    let elsewhere = Server::start([answer("404 Not Found", "", "")]).await;
    for at in ["/x?key=test-key", "/test%2dkey"] {
        let location = format!("Location: {}\r\n", elsewhere.url(at));
        let server =
            Server::start([answer("401 Unauthorized", "", ""), answer("302 Found", &location, "")]).await;
        let got =
            fetched_from(&Settings::default(), &server.endpoint(), &server.url("/x"), Span::Whole).await;
        assert_eq!((got, keys(&server)), (Err(FetchFaultKind::Dead), vec![false, true]));
    }
    let requests = elsewhere.requests().concat();
    assert!(requests.contains("GET /x?key=*** ") && requests.contains("GET /*** "), "{requests}");
}

#[tokio::test]
async fn s01_a_clip_from_a_host_with_the_key_arrives_unchanged_and_also_one_that_breaks_off() {
    let clip = "\0\0\0\x10ftypisom\0\0\0\0test-key";
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 24\r\n\r\n";
    let server = Server::start([answer("401 Unauthorized", "", ""), answer("200 OK", "", clip)]).await;
    let got = fetched_from(&Settings::default(), &server.endpoint(), &server.url("/x"), Span::Whole).await;
    assert_eq!(got, Ok(clip.as_bytes().to_vec()));
    // What arrived before the fault arrives, although it may be the beginning of a key.
    let server = Server::start([Act::Answer(format!("{head}<p>test-k"))]).await;
    let client = FreeClient::new(&Settings::default()).unwrap();
    let download =
        client.fetch(&server.endpoint(), Auth::Bearer, &server.url("/x"), Span::Whole).await.unwrap();
    let parts = download.bytes.collect::<Vec<_>>().await;
    let arrived: Vec<&[u8]> = parts.iter().filter_map(|part| part.as_deref().ok()).collect();
    assert_eq!(arrived.concat(), b"<p>test-k");
    assert!(parts.last().unwrap().as_ref().is_err_and(|fault| fault.kind == FetchFaultKind::Broken));
}

#[tokio::test]
async fn a25_a_link_that_no_request_can_carry_is_a_fault_of_the_link_and_no_connection_is_claimed() {
    let server = Server::start([answer("200 OK", "", "clip")]).await;
    let client = FreeClient::new(&Settings::default()).unwrap();
    let link = server.url(&format!("/{}", "x".repeat(100_000)));
    let fault = client.fetch(&server.endpoint(), Auth::Bearer, &link, Span::Whole).await.unwrap_err();
    assert_eq!(fault.kind, FetchFaultKind::Unusable);
    insta::assert_snapshot!(stable(&fault.to_string()), @"the link to 127.0.0.1:[port] cannot be requested: no request can carry these 100023 characters");
    assert_eq!(server.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn a_redirect_to_an_address_with_letters_outside_ascii_is_followed() {
    let server =
        Server::start([answer("302 Found", "Location: /r2-é.mp4?ü\r\n", ""), answer("200 OK", "", "clip")])
            .await;
    assert_eq!(fetched(&server.url("/"), Span::Whole, true).await, Ok(b"clip".to_vec()));
    let second = &server.requests()[1];
    assert!(second.starts_with("GET /r2-%C3%A9.mp4?%C3%BC HTTP/1.1\r\n"), "{second}");
}
