//! Runs `ffmpeg`, if it is installed, to decode a clip into small frames and to make its posters.
//!
//! Neither the program nor a clip's bytes are trusted. The program starts without a shell, and its environment has no
//! secrets. It reads only the clip on its standard input, and is ended when it takes too long.

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

/// The time after which `ffmpeg` is ended, long enough for a busy machine.
const LONGEST: Duration = Duration::from_secs(30);

/// Returns the current time, to compute and check the deadline of a run of `ffmpeg`. The run has its own thread,
/// outside the async runtime.
#[expect(
    clippy::disallowed_methods,
    reason = "a foreign program is ended by the clock, whatever the runtime's time is"
)]
fn now() -> Instant {
    Instant::now()
}

/// The interval at which a run of `ffmpeg` checks whether it must end early.
const LOOK: Duration = Duration::from_millis(50);

/// The number of seconds that are examined, from the beginning of a clip.
const SECONDS: u32 = 120;

/// The largest number of frames per second that `ffmpeg` is asked for.
const RATE: f64 = 30.0;

/// The largest number of bytes of `ffmpeg`'s error output that are kept.
const SAID: u64 = 4_096;

/// The niceness of `ffmpeg`: a low priority, at which other programs go first.
const NICE: i32 = 15;

/// The installed program `ffmpeg`, which decodes clips.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ffmpeg {
    program: PathBuf,
    /// True if the program can write WebP, the format of the posters.
    has_webp: bool,
}

/// The reason why `ffmpeg` could not decode a clip.
#[derive(Debug, thiserror::Error)]
pub enum DecodeFault {
    /// The program could not be started, or the connection to it failed.
    #[error("ffmpeg cannot be run: {0}")]
    Program(#[from] io::Error),
    /// The program took too long and was ended.
    #[error("ffmpeg did not finish within {} s", LONGEST.as_secs())]
    Slow,
    /// The caller asked for the decoding to end early.
    #[error("the check was stopped")]
    Stopped,
    /// The program refused the clip, with this error message.
    #[error("ffmpeg cannot decode the clip: {0}")]
    Clip(String),
}

/// A clip to decode, with the options for decoding it.
pub struct Decoding<'a> {
    /// The open clip file.
    pub clip: &'a File,
    /// The clip's frames per second.
    pub fps: f64,
    /// The state folder that keeps the posters, and the clip's hash; with `None` no posters are made.
    pub posters: Option<(&'a Path, Sha256)>,
    /// A flag that another thread sets to end the decoding early.
    pub stop: &'a AtomicBool,
}

impl Ffmpeg {
    /// Returns the `ffmpeg` in the folders of a search path (`PATH`); `None` if it is not installed.
    ///
    /// An error gives the reason why an installed program cannot be used.
    #[must_use]
    pub fn find(path: &OsStr) -> Option<Result<Self, String>> {
        Some(Self::at(program(path)?))
    }

    /// Returns the `ffmpeg` at that path, after asking it which formats it can write.
    pub fn at(program: PathBuf) -> Result<Self, String> {
        let mut command = command(&program);
        command.args(["-v", "error", "-encoders"]).stdin(Stdio::null());
        let encoders = |program: &mut Command| -> io::Result<(bool, Vec<u8>)> {
            let mut running = Running::start(program)?;
            let mut list = Vec::new();
            let deadline = now() + LONGEST;
            let stop = AtomicBool::new(false);
            let read = running.read(deadline, &stop, &mut |bytes| list.extend_from_slice(bytes));
            let is_done = read.is_ok() && running.end(deadline, &stop).unwrap_or(false);
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

    /// Checks whether `ffmpeg` can write WebP, and so make posters.
    #[must_use]
    pub const fn has_webp(&self) -> bool {
        self.has_webp
    }

    /// Returns the number of frames per second to examine in a clip with the frame rate `fps`.
    #[must_use]
    pub fn rate(fps: f64) -> f64 {
        if fps.is_finite() && fps > 0.0 { fps.min(RATE) } else { RATE }
    }

    /// Decodes a clip in one pass. Calls `each` with every frame, at the rate of [`Self::rate`], and saves the clip's
    /// posters.
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
        let is_whole = read.and_then(|()| running.end(deadline, stop));
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

/// Returns the path of `ffmpeg` in the folders of a search path. Relative folders are ignored.
fn program(path: &OsStr) -> Option<PathBuf> {
    let programs = std::env::split_paths(path).filter(|folder| folder.is_absolute());
    programs.map(|folder| folder.join("ffmpeg")).find(|program| {
        let is_program = |meta: std::fs::Metadata| meta.is_file() && meta.permissions().mode() & 0o111 != 0;
        std::fs::metadata(program).is_ok_and(is_program)
    })
}

/// Returns a command that runs `ffmpeg` in its own process group, with an environment without API keys.
///
/// Ctrl-C goes to the terminal's process group, and shotlist must decide when the program ends.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C").process_group(0);
    command.args(["-nostdin", "-hide_banner"]);
    command
}

/// Returns the arguments of `ffmpeg` for one clip: it writes small frames to standard output, and posters into the
/// current folder.
fn arguments(fps: f64, posters: Option<Sha256>) -> Vec<OsString> {
    let read = ["-v", "error", "-threads", "1", "-protocol_whitelist", "file,pipe", "-f", "mov", "-t"];
    let mut arguments: Vec<String> = read.map(str::to_owned).to_vec();
    // The demuxer is fixed, so that the bytes cannot select one that opens other files.
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

/// A running `ffmpeg`, with its output.
struct Running {
    child: Child,
    output: Receiver<Vec<u8>>,
    errors: Option<thread::JoinHandle<String>>,
}

impl Running {
    fn start(command: &mut Command) -> io::Result<Self> {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        // If the system refuses, the program only runs at normal priority.
        let _ = setpriority_process(Some(Pid::from_child(&child)), NICE);
        let (sender, output) = sync_channel(4);
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        // The threads end when the program ends and closes its pipes.
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

    /// Calls `each` with the pieces of the program's output until the output ends. Returns an error if `stop` is set or
    /// the deadline passes.
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

    /// Waits for the program to end. Returns true if it succeeded; an error if `stop` is set or the deadline passes.
    fn end(&mut self, deadline: Instant, stop: &AtomicBool) -> Result<bool, DecodeFault> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status.success());
            }
            if stop.load(Ordering::Relaxed) {
                return Err(DecodeFault::Stopped);
            }
            if now() >= deadline {
                return Err(DecodeFault::Slow);
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Returns the first line of the program's error output, without control characters.
    fn said(&mut self) -> String {
        let said = self.errors.take().and_then(|errors| errors.join().ok()).unwrap_or_default();
        let line = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("ffmpeg gave no reason");
        line.chars().filter(|sign| !sign.is_control()).take(200).collect()
    }
}

/// Ends `ffmpeg` if it still runs when its handle is dropped.
impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests;
