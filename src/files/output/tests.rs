use super::*;
use rustix::fs::{CWD, FileType, Mode, mknodat};

fn is_ours(file: &File) -> bool {
    head(file).starts_with("ours")
}

#[test]
fn only_a_file_with_known_content_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (name, text) in [("ours", "ours"), ("foreign", "theirs"), ("empty", "")] {
        atomic_write(&path(name), text.as_bytes(), 0o600).unwrap();
    }
    std::os::unix::fs::symlink("ours", path("link")).unwrap();
    std::os::unix::fs::symlink("foreign", path("planted")).unwrap();
    std::os::unix::fs::symlink("nothing", path("dangling")).unwrap();
    let check = |name: &str, replace| Output::check(&path(name), replace);
    for name in ["ours", "link", "new"] {
        check(name, Replace::If(is_ours)).unwrap().write(b"ours too", 0o600).unwrap();
    }
    assert!(fs::symlink_metadata(path("link")).unwrap().is_symlink());
    assert_eq!(fs::read(path("ours")).unwrap(), b"ours too");
    for name in ["foreign", "empty", "planted"] {
        assert!(matches!(check(name, Replace::If(is_ours)), Err(OutputFault::Taken)), "{name}");
    }
    assert!(matches!(check("ours", Replace::Never), Err(OutputFault::Taken)));
    for replace in [Replace::Never, Replace::Always] {
        assert!(matches!(check("dangling", replace), Err(OutputFault::NotAFile(_))));
        assert!(matches!(check("", replace), Err(OutputFault::NotAFile("a folder"))));
    }
    check("foreign", Replace::Always).unwrap().write(b"mine", 0o600).unwrap();
    assert_eq!(fs::read(path("foreign")).unwrap(), b"mine");
}

#[test]
fn a_file_that_appears_after_the_check_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new");
    let output = Output::check(&path, Replace::Never).unwrap();
    atomic_write(&path, b"theirs", 0o600).unwrap();
    assert_eq!(output.write(b"ours", 0o600).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read(&path).unwrap(), b"theirs");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "the unfinished file is gone");
}

#[test]
fn a_pipe_is_written_and_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let output = Output::check(&path, Replace::Never).unwrap();
    let reader = std::thread::spawn({
        let path = path.clone();
        move || fs::read(path).unwrap()
    });
    output.write(b"text", 0o600).unwrap();
    assert_eq!(reader.join().unwrap(), b"text");
    assert!(fs::symlink_metadata(&path).unwrap().file_type().is_fifo());
}
