use super::*;

#[test]
fn a_full_disk_is_told_once_and_another_trouble_beside_it() {
    let mut heard = Heard::default();
    let trouble = |words: &str| Notice::Trouble(words.to_owned());
    let reported = ["the disk is full", "the disk is full", "task T-1 could not be written down"];
    assert_eq!(reported.map(|words| heard.is_new(&trouble(words))), [true, false, true]);
    let warning = Notice::Warning("the disk is full".into());
    assert!(heard.is_new(&warning) && heard.is_new(&warning));
}
