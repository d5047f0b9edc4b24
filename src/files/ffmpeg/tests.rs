//! Tests with the installed `ffmpeg`, skipped if there is none, and with scripts that take its place and behave badly.

use super::*;
use crate::files::posters::poster;
use crate::media::frames::Measuring;
use std::os::unix::fs::OpenOptionsExt as _;

/// Returns the installed program; prints the reason for skipping a test if there is none.
#[expect(clippy::disallowed_methods, reason = "a test looks for the installed program")]
fn installed() -> Option<Ffmpeg> {
    let found = Ffmpeg::find(&std::env::var_os("PATH").unwrap());
    if found.is_none() {
        println!("SKIPPED(ffmpeg is not installed)");
    }
    found.map(|found| found.unwrap())
}

/// Makes a clip from a test source that `ffmpeg` itself generates (`lavfi`).
fn made(ffmpeg: &Ffmpeg, folder: &Path, source: &str) -> File {
    let clip = folder.join("clip.mp4");
    let made = Command::new(ffmpeg.program())
        .args(["-nostdin", "-v", "error", "-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p", "-y"])
        .arg(&clip)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    File::open(clip).unwrap()
}

fn decoding<'a>(clip: &'a File, fps: f64, stop: &'a AtomicBool) -> Decoding<'a> {
    Decoding { clip, fps, posters: None, stop }
}

/// Writes a shell script that takes the place of `ffmpeg`, and returns its path.
fn script(folder: &Path, text: &str) -> PathBuf {
    let program = folder.join("ffmpeg");
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o755)
        .open(&program)
        .unwrap();
    io::Write::write_all(&mut file, format!("#!/bin/sh\n{text}\n").as_bytes()).unwrap();
    program
}

#[test]
fn a_clip_is_decoded_frame_by_frame_and_gets_its_posters() {
    let Some(ffmpeg) = installed() else { return };
    let folder = tempfile::tempdir().unwrap();
    let clip = made(&ffmpeg, folder.path(), "testsrc2=s=640x360:r=24:d=3");
    let (stop, sha256) = (AtomicBool::new(false), Sha256::of(b"clip"));
    let mut measuring = Measuring::new(24.0, 10.0);
    let decoding = Decoding { posters: Some((folder.path(), sha256)), ..decoding(&clip, 24.0, &stop) };
    ffmpeg.decode(&decoding, &mut |frame| measuring.add(frame)).unwrap();
    assert_eq!(measuring.count(), 72);
    let measures = measuring.finish().unwrap();
    assert_eq!((measures.black, measures.is_wholly_still), (0.0, false));
    if ffmpeg.has_webp() {
        let poster = poster(folder.path(), sha256).unwrap();
        let sizes = [&poster.large, &poster.small].map(|path| imagesize::size(path).unwrap());
        assert_eq!(sizes.map(|size| (size.width, size.height)), [(320, 180), (96, 54)]);
        let large = std::fs::metadata(&poster.large).unwrap().len();
        assert!((500..40_000).contains(&large), "{large}");
        assert_eq!(std::fs::read_dir(folder.path().join("posters")).unwrap().count(), 2);
    }
}

#[test]
fn defects_of_real_clips_are_measured() {
    let Some(ffmpeg) = installed() else { return };
    let folder = tempfile::tempdir().unwrap();
    let stop = AtomicBool::new(false);
    let measured = |source: &str| {
        let clip = made(&ffmpeg, folder.path(), source);
        let mut measuring = Measuring::new(24.0, 10.0);
        ffmpeg.decode(&decoding(&clip, 24.0, &stop), &mut |frame| measuring.add(frame)).unwrap();
        measuring.finish().unwrap()
    };
    assert!(measured("color=black:s=320x180:r=24:d=2").black_share > 0.99);
    assert!(measured("testsrc2=s=320x180:r=24:d=2,trim=end_frame=1,loop=48:1").is_wholly_still);
    let boxed = measured("testsrc2=s=320x140:r=24:d=2,pad=320:180:0:20");
    assert!((boxed.edges.black.share() - 40.0 / 180.0).abs() < 0.03, "{:?}", boxed.edges);
    let cut =
        measured("smptebars=s=320x180:r=24:d=1[a];mandelbrot=s=320x180:r=24,trim=duration=1[b];[a][b]concat");
    assert_eq!(cut.cuts.len(), 1, "{:?}", cut.cuts);
}

#[test]
fn a_file_that_is_no_clip_is_the_clips_fault_and_its_posters_are_not_kept() {
    let Some(ffmpeg) = installed() else { return };
    let folder = tempfile::tempdir().unwrap();
    // Other demuxers would follow this playlist.
    let path = folder.path().join("list");
    #[expect(clippy::disallowed_methods, reason = "a file of a test")]
    std::fs::write(&path, "#EXTM3U\n#EXTINF:1,\nfile:/etc/hostname\n").unwrap();
    let (clip, stop) = (File::open(&path).unwrap(), AtomicBool::new(false));
    let decoding =
        Decoding { posters: Some((folder.path(), Sha256::of(b"list"))), ..decoding(&clip, 24.0, &stop) };
    let fault = ffmpeg.decode(&decoding, &mut |_| panic!("no frame is in it")).unwrap_err();
    assert!(matches!(&fault, DecodeFault::Clip(why) if !why.is_empty()), "{fault:?}");
    assert_eq!(std::fs::read_dir(folder.path().join("posters")).unwrap().count(), 0);
}

#[test]
fn a_check_is_stopped_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let program = script(folder.path(), "case \"$*\" in *-encoders*) exit 0;; esac\nexec sleep 60");
    let ffmpeg = Ffmpeg::at(program).unwrap();
    let (clip, stop) = (File::open("/dev/null").unwrap(), AtomicBool::new(true));
    let begun = now();
    let fault = ffmpeg.decode(&decoding(&clip, 24.0, &stop), &mut |_| {}).unwrap_err();
    assert!(matches!(fault, DecodeFault::Stopped) && begun.elapsed() < Duration::from_secs(10), "{fault:?}");
}

#[test]
fn a_program_that_fails_is_not_used_and_one_that_complains_is_quoted() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Ffmpeg::at(script(folder.path(), "exit 3")).unwrap_err().contains("does not list its encoders"));
    assert!(Ffmpeg::at(folder.path().join("missing")).unwrap_err().contains("cannot be run"));
    let said = "case \"$*\" in *-encoders*) exit 0;; esac\nprintf 'bad \\033[31m box\\nmore\\n' >&2\nexit 1";
    let ffmpeg = Ffmpeg::at(script(folder.path(), said)).unwrap();
    let (clip, stop) = (File::open("/dev/null").unwrap(), AtomicBool::new(false));
    let fault = ffmpeg.decode(&decoding(&clip, 24.0, &stop), &mut |_| {}).unwrap_err();
    assert!(
        !ffmpeg.has_webp() && fault.to_string() == "ffmpeg cannot decode the clip: bad [31m box",
        "{fault}"
    );
}

#[test]
fn s03_the_environment_with_its_keys_is_not_handed_on() {
    let folder = tempfile::tempdir().unwrap();
    // The test process has at least its own variables.
    assert!(std::env::vars_os().count() > 1);
    let program = script(folder.path(), "env > \"$(dirname \"$0\")/environment\"");
    Ffmpeg::at(program).unwrap();
    let environment = std::fs::read_to_string(folder.path().join("environment")).unwrap();
    let names: Vec<&str> = environment.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    assert!(names.iter().all(|name| ["LC_ALL", "PWD", "_", "SHLVL", "OLDPWD"].contains(name)), "{names:?}");
}

#[test]
fn only_absolute_folders_of_the_search_path_count() {
    let folder = tempfile::tempdir().unwrap();
    let ours = script(folder.path(), "exit 0");
    let path = std::env::join_paths([Path::new("."), Path::new("bin"), folder.path()]).unwrap();
    assert_eq!(program(&path), Some(ours));
    assert_eq!(program(OsStr::new("::.")), None);
}
