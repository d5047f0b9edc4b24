//! Measures the provider alone, with requests, polls and downloads from threads of this process.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// The number of concurrent connections.
const CONNECTIONS: usize = 16;

/// The duration of the load.
const SPAN: Duration = Duration::from_secs(3);

/// Submits, polls and downloads clips without a pause, and prints the replies per second.
pub fn measure(address: SocketAddr) -> io::Result<()> {
    let began = Instant::now();
    let clients: Vec<_> =
        (0..CONNECTIONS).map(|number| thread::spawn(move || client(address, number, began))).collect();
    let (mut clips, mut bytes) = (0, 0);
    for client in clients {
        let (own_clips, own_bytes) =
            client.join().map_err(|_| io::Error::other("a client of the load failed"))??;
        clips += own_clips;
        bytes += own_bytes;
    }
    let seconds = began.elapsed().as_secs_f64();
    let rate = f64::from(clips) / seconds;
    println!(
        r#"{{"requests_per_second":{:.0},"clips_per_second":{rate:.0},"mebibytes_per_second":{:.0}}}"#,
        3.0 * rate,
        f64::from(u32::try_from(bytes >> 20).unwrap_or(u32::MAX)) / seconds
    );
    Ok(())
}

/// Downloads clips over one connection, and returns their number and bytes.
fn client(address: SocketAddr, number: usize, began: Instant) -> io::Result<(u32, u64)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut clips, mut bytes) = (0, 0);
    while began.elapsed() < SPAN {
        let body =
            format!(r#"{{"model":"viduq1-text","prompt":"{number} {clips}","request_id":"{number}"}}"#);
        let order = format!(
            "POST /api/paas/v4/videos/generations HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = ask(&mut stream, &mut reader, &order)?;
        let id = String::from_utf8_lossy(&answer).split('"').nth(3).unwrap_or_default().to_owned();
        ask(&mut stream, &mut reader, &format!("GET /api/paas/v4/async-result/{id} HTTP/1.1\r\n\r\n"))?;
        let clip = ask(&mut stream, &mut reader, &format!("GET /clips/{id}.mp4 HTTP/1.1\r\n\r\n"))?;
        clips += 1;
        bytes += clip.len() as u64;
    }
    Ok((clips, bytes))
}

fn ask(stream: &mut TcpStream, reader: &mut BufReader<TcpStream>, request: &str) -> io::Result<Vec<u8>> {
    stream.write_all(request.as_bytes())?;
    let (mut line, mut length) = (String::new(), 0);
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        if line.trim_end().is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(body)
}
