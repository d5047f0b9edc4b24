//! The examples do what they say.

use std::process::Command;

#[test]
fn a_manifest_is_planned_and_run_from_rust() {
    let root = env!("CARGO_MANIFEST_DIR");
    let home = tempfile::tempdir().unwrap();
    let copied = Command::new("cp").arg("-r").arg(format!("{root}/manifests")).arg(home.path()).status();
    assert!(copied.unwrap().success());
    let mut example = Command::new(env!("CARGO"));
    example.current_dir(root);
    example.args(["run", "--quiet", "--locked", "--example", "embed", "--"]);
    // What cargo tells a test about its package: a dependency that sees it is built again, now and after the test.
    let about = std::env::vars().map(|(name, _)| name);
    for name in about.filter(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
        example.env_remove(name);
    }
    let ended = example.arg(home.path().join("manifests/storyboard.yaml")).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{out}{err}");
    let starting = |word: &str| out.lines().filter(|line| line.starts_with(word)).count();
    assert_eq!((starting("new "), starting("done ")), (8, 8), "{out}");
}

#[test]
fn the_whole_product_is_embedded_in_a_screen_of_code() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/embed.rs")).unwrap();
    let is_code = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("//");
    let lines = text.lines().filter(is_code).count();
    assert!(lines <= 40, "{lines} lines");
}
