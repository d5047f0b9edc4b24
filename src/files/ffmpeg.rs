//! Runs `ffmpeg`, where it is installed, to decode a clip into small frames and to make its posters.
//!
//! It is a foreign program on foreign bytes: it is started without a shell and with an empty environment, reads the clip as
//! its standard input and nothing else, and is ended when it takes too long or sends too much.

use super::posters::{self, LARGE, SMALL};
use crate::domain::digest::Sha256;
use crate::media::frames::{BYTES, Frame, HEIGHT, WIDTH};
use rustix::process::{Pid, setpriority_process};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// Time after which the program is ended, which everything else on a busy machine may keep from working.
const LONGEST: Duration = Duration::from_secs(30);

/// Returns the time by which a pass is measured: it runs on a thread of its own, beside the runtime.
#[expect(
    clippy::disallowed_methods,
    reason = "a foreign program is ended by the clock, whatever the runtime's time is"
)]
fn now() -> Instant {
    Instant::now()
}

/// Time between two looks whether a pass is to be ended.
const LOOK: Duration = Duration::from_millis(50);

/// Seconds of a clip that are looked at.
const SECONDS: u32 = 120;

/// Frames per second that are looked at, at most.
const RATE: f64 = 30.0;

/// Bytes of error messages that are kept.
const SAID: u64 = 4_096;

/// Niceness of the program: everything else comes first.
const NICE: i32 = 15;

/// A program that decodes clips.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ffmpeg {
    program: PathBuf,
    /// True if it can write WebP, the format of the posters.
    has_webp: bool,
}

/// The reason for which a clip could not be decoded.
#[derive(Debug, thiserror::Error)]
pub enum DecodeFault {
    /// The program cannot be started or read.
    #[error("ffmpeg cannot be run: {0}")]
    Program(#[from] io::Error),
    /// It took too long.
    #[error("ffmpeg did not finish within {} s", LONGEST.as_secs())]
    Slow,
    /// The caller asked for an early end.
    #[error("the check was stopped")]
    Stopped,
    /// It refused the clip.
    #[error("ffmpeg cannot decode it: {0}")]
    Clip(String),
}

/// A clip to decode.
pub struct Decoding<'a> {
    /// The open clip.
    pub clip: &'a File,
    /// Frames per second of the clip.
    pub fps: f64,
    /// State folder in which its posters are kept, and the hash of the clip; `None` makes no posters.
    pub posters: Option<(&'a Path, Sha256)>,
    /// Set by another thread to end early.
    pub stop: &'a AtomicBool,
}

impl Ffmpeg {
    /// Returns the program on the search path of this process; `None` where it is not installed.
    ///
    /// An error says why an installed one cannot be used.
    #[must_use]
    pub fn find(path: &OsStr) -> Option<Result<Self, String>> {
        Some(Self::at(program(path)?))
    }

    /// Returns the program at that path, once it has told its version.
    pub fn at(program: PathBuf) -> Result<Self, String> {
        let mut command = command(&program);
        command.args(["-v", "error", "-encoders"]).stdin(Stdio::null());
        let encoders = |program: &mut Command| -> io::Result<(bool, Vec<u8>)> {
            let mut running = Running::start(program)?;
            let mut list = Vec::new();
            let deadline = now() + LONGEST;
            let stop = AtomicBool::new(false);
            let read = running.read(deadline, &stop, &mut |bytes| list.extend_from_slice(bytes));
            let is_done = read.is_ok() && running.end(deadline)?;
            Ok((is_done, list))
        };
        let shown = program.display();
        match encoders(&mut command) {
            Ok((true, list)) => {
                let has_webp = String::from_utf8_lossy(&list).contains(" libwebp ");
                Ok(Self { program, has_webp })
            }
            Ok((false, _)) => Err(format!("{shown} does not list its encoders")),
            Err(error) => Err(format!("{shown} cannot be run: {error}")),
        }
    }

    /// Returns the path of the program.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Returns whether it can make posters.
    #[must_use]
    pub const fn has_webp(&self) -> bool {
        self.has_webp
    }

    /// Returns the frames per second that are looked at, for a clip that has so many.
    #[must_use]
    pub fn rate(fps: f64) -> f64 {
        if fps.is_finite() && fps > 0.0 { fps.min(RATE) } else { RATE }
    }

    /// Decodes a clip in one pass: calls `each` with every frame at its [`rate`](Self::rate), and keeps its posters.
    pub fn decode(&self, decoding: &Decoding<'_>, each: &mut dyn FnMut(Frame)) -> Result<(), DecodeFault> {
        let Decoding { clip, fps, posters, stop } = decoding;
        let fps = Self::rate(*fps);
        let posters = posters.filter(|_| self.has_webp);
        let mut command = command(&self.program);
        command.args(arguments(fps, posters.map(|(_, clip)| clip))).stdin(clip.try_clone()?);
        if let Some((state, _)) = posters {
            command.current_dir(posters::make(state)?);
        }
        let mut running = Running::start(&mut command)?;
        let deadline = now() + LONGEST;
        let mut bytes = Vec::with_capacity(BYTES);
        let read = running.read(deadline, stop, &mut |mut piece| {
            while !piece.is_empty() {
                let (part, rest) = piece.split_at(piece.len().min(BYTES - bytes.len()));
                bytes.extend_from_slice(part);
                piece = rest;
                if bytes.len() == BYTES {
                    Frame::new(std::mem::take(&mut bytes)).into_iter().for_each(&mut *each);
                }
            }
        });
        let is_whole = read.and_then(|()| running.end(deadline).map_err(DecodeFault::from));
        let settled = match is_whole {
            Ok(true) => Ok(()),
            Ok(false) => Err(DecodeFault::Clip(running.said())),
            Err(fault) => Err(fault),
        };
        if let Some((state, clip)) = posters {
            posters::settle(state, clip, settled.is_ok())?;
        }
        settled
    }
}

/// Returns the program of that name in the folders of a search path. Folders that are not absolute are left out.
fn program(path: &OsStr) -> Option<PathBuf> {
    let programs = std::env::split_paths(path).filter(|folder| folder.is_absolute());
    programs.map(|folder| folder.join("ffmpeg")).find(|program| {
        let is_program = |meta: std::fs::Metadata| meta.is_file() && meta.permissions().mode() & 0o111 != 0;
        std::fs::metadata(program).is_ok_and(is_program)
    })
}

/// Returns a command with an environment that holds no keys, in a group of processes of its own.
///
/// Ctrl-C goes to the group of the terminal: this program decides when the other one ends.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C").process_group(0);
    command.args(["-nostdin", "-hide_banner"]);
    command
}

/// Returns the arguments of a pass: small frames to standard output, and posters into the current folder.
fn arguments(fps: f64, posters: Option<Sha256>) -> Vec<OsString> {
    let read = ["-v", "error", "-threads", "1", "-protocol_whitelist", "file,pipe", "-f", "mov", "-t"];
    let mut arguments: Vec<String> = read.map(str::to_owned).to_vec();
    // The demuxer is given, so that the bytes cannot choose one that opens other files.
    arguments.extend([SECONDS.to_string(), "-i".into(), "file:/dev/stdin".into(), "-filter_complex".into()]);
    let frames = format!("fps={fps:.3},scale={WIDTH}:{HEIGHT}:flags=area,format=rgb24[frames]");
    let raw = ["-map", "[frames]", "-f", "rawvideo", "pipe:1"].map(str::to_owned);
    match posters {
        None => {
            arguments.push(format!("[0:v:0]{frames}"));
            arguments.extend(raw);
        }
        Some(clip) => {
            let within = |(width, height): (u32, u32)| {
                format!(
                    "scale=w='min({width},iw)':h='min({height},ih)':force_original_aspect_ratio=decrease:flags=area"
                )
            };
            let (large, small) = (within(LARGE), within(SMALL));
            arguments.push(format!(
                "[0:v:0]split[a][b];[a]{frames};[b]{large},thumbnail=n=24,split[large][c];[c]{small}[small]"
            ));
            arguments.extend(raw);
            for (label, part) in ["[large]", "[small]"].into_iter().zip(posters::parts(clip)) {
                let poster = [
                    "-map",
                    label,
                    "-frames:v",
                    "1",
                    "-c:v",
                    "libwebp",
                    "-quality",
                    "50",
                    "-f",
                    "webp",
                    "-y",
                ];
                arguments.extend(poster.map(str::to_owned));
                arguments.push(format!("file:{part}"));
            }
        }
    }
    arguments.into_iter().map(OsString::from).collect()
}

/// A running program.
struct Running {
    child: Child,
    output: Receiver<Vec<u8>>,
    errors: Option<thread::JoinHandle<String>>,
}

impl Running {
    fn start(command: &mut Command) -> io::Result<Self> {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        // Without the right to it, the program only runs as fast as any other.
        let _ = setpriority_process(Some(Pid::from_child(&child)), NICE);
        let (sender, output) = sync_channel(4);
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        // The threads end with the program, whose ends of the pipes they read.
        thread::spawn(move || {
            let Some(mut stdout) = stdout else { return };
            let mut buffer = vec![0; 1 << 16];
            while let Ok(read @ 1..) = stdout.read(&mut buffer) {
                if sender.send(buffer[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        let errors = thread::spawn(move || {
            let Some(mut stderr) = stderr else { return String::new() };
            let mut said = Vec::new();
            let _ = stderr.by_ref().take(SAID).read_to_end(&mut said);
            let _ = io::copy(&mut stderr, &mut io::sink());
            String::from_utf8_lossy(&said).into_owned()
        });
        Ok(Self { child, output, errors: Some(errors) })
    }

    /// Hands over what the program writes, until it writes no more.
    fn read(
        &mut self,
        deadline: Instant,
        stop: &AtomicBool,
        each: &mut dyn FnMut(&[u8]),
    ) -> Result<(), DecodeFault> {
        loop {
            if stop.load(Ordering::Relaxed) {
                return Err(DecodeFault::Stopped);
            }
            if now() >= deadline {
                return Err(DecodeFault::Slow);
            }
            match self.output.recv_timeout(LOOK) {
                Ok(piece) => each(&piece),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    /// Waits for the end of the program. Returns whether it succeeded.
    fn end(&mut self, deadline: Instant) -> io::Result<bool> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status.success());
            }
            if now() >= deadline {
                return Ok(false);
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Returns the first line of its errors, without control characters.
    fn said(&mut self) -> String {
        let said = self.errors.take().and_then(|errors| errors.join().ok()).unwrap_or_default();
        let line = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("it gave no reason");
        line.chars().filter(|sign| !sign.is_control()).take(200).collect()
    }
}

/// Ends the program where it still runs.
impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests;
