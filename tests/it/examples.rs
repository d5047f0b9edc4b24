//! The examples do what they say.

use std::process::Command;

#[test]
fn a_manifest_is_planned_and_run_from_rust() {
    let mut example = Command::new(env!("CARGO"));
    example.current_dir(env!("CARGO_MANIFEST_DIR"));
    example.args(["run", "--quiet", "--locked", "--example", "embed", "--", "manifests/storyboard.yaml"]);
    let ended = example.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{out}{err}");
    let starting = |word: &str| out.lines().filter(|line| line.starts_with(word)).count();
    assert_eq!((starting("new "), starting("done ")), (8, 8), "{out}");
}
