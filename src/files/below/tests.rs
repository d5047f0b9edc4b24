use super::*;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::symlink;

fn read(root: &Path, path: &str) -> io::Result<String> {
    let mut text = String::new();
    open_below(root, path)?.read_to_string(&mut text)?;
    Ok(text)
}

#[test]
fn i33_files_and_links_that_stay_below_are_opened_and_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("shop");
    fs::create_dir_all(root.join("clips/old")).unwrap();
    for (path, text) in [("shop/clips/a.mp4", "a"), ("shop/clips/é.mp4", "é"), ("secret", "secret")] {
        super::super::atomic_write(&home.path().join(path), text.as_bytes(), 0o644).unwrap();
    }
    symlink("a.mp4", root.join("clips/inside.mp4")).unwrap();
    symlink("clips", root.join("folder")).unwrap();
    symlink("../../secret", root.join("clips/outside.mp4")).unwrap();
    symlink(home.path(), root.join("above")).unwrap();
    symlink("clips/nothing", root.join("dangling")).unwrap();

    assert_eq!(read(&root, "clips/a.mp4").unwrap(), "a");
    assert_eq!(read(&root, "./clips/../clips/a.mp4").unwrap(), "a");
    assert_eq!(read(&root, "clips/e\u{301}.mp4").unwrap(), "é", "the other form of the name");
    assert_eq!(read(&root, "clips/inside.mp4").unwrap(), "a");
    assert_eq!(read(&root, "folder/a.mp4").unwrap(), "a");
    let outside = home.path().join("secret").display().to_string();
    for path in [
        "clips/outside.mp4",
        "above/secret",
        "../secret",
        "clips/../../secret",
        &outside,
        "dangling",
        "clips",
        "clips/old",
        "",
        ".",
        "..",
        "/",
        "clips/a.mp4/b",
        "clips/a\0.mp4",
    ] {
        assert!(read(&root, path).is_err(), "{path:?}");
    }
}
