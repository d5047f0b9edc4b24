use super::*;
use proptest::prelude::*;

#[test]
fn portable_paths_are_accepted_in_composed_form() {
    for path in [
        "a.mp4",
        "renders/0123/0123_hero.mp4",
        "Größe 26/x y.mp4",
        ".hidden/a.mp4",
        "console/com10.mp4",
        "می\u{200c}خواهم.mp4",
    ] {
        assert_eq!(check_path(path), Ok(path.to_owned()));
    }
    assert_eq!(check_path("cafe\u{301}.mp4"), Ok("café.mp4".to_owned()));
}

#[test]
fn i20_to_i27_what_would_leave_the_folder_or_break_elsewhere_is_refused_in_plain_words() {
    for (path, reason) in [
        ("", "is empty"),
        ("  ", "is empty"),
        ("/etc/x.mp4", "begins with `/`"),
        ("~/x.mp4", "`~`"),
        ("../x.mp4", "`..`"),
        ("a/../../x.mp4", "`..`"),
        ("./x.mp4", "`.`"),
        ("a//x.mp4", "empty part"),
        ("a/", "empty part"),
        ("C:/x.mp4", "`:`"),
        ("C:\\x.mp4", "`\\`"),
        ("\\\\server\\share\\x.mp4", "`\\`"),
        ("a\nb.mp4", "U+000A"),
        ("a\u{1b}[2Jb.mp4", "U+001B"),
        ("a\u{202e}4pm.b.mp4", "U+202E"),
        ("a\u{200b}.mp4", "U+200B"),
        ("what?.mp4", "`?`"),
        ("CON.mp4", "Windows reserves"),
        ("nul.mp4", "Windows reserves"),
        ("COM1/x.mp4", "Windows reserves"),
        ("lpt³.mp4", "Windows reserves"),
        ("aux .mp4", "Windows reserves"),
        ("a./x.mp4", "dot or a space"),
        ("a /x.mp4", "dot or a space"),
        ("a|b.mp4", "`|`"),
        ("a*.mp4", "`*`"),
        ("..", "`..`"),
        (".", "`.`"),
        (".shotlist/x.mp4", "own files"),
        (".ShotList/x.mp4", "own files"),
        ("x.mov", "`.mp4`"),
        ("a/.mp4", "no name"),
        (".mp4", "no name"),
    ] {
        let refused = check_path(path).expect_err(path);
        assert!(refused.why.contains(reason), "{path}: {refused:?}");
    }
    let long = format!("{}.mp4", "é".repeat(99));
    assert!(check_path(&long).expect_err("too long").why.contains("200 bytes"));
}

#[test]
fn i24_paths_that_clash_without_case_or_composition_fold_to_one() {
    assert_eq!(fold("Renders/CAFÉ.mp4"), fold("renders/cafe\u{301}.mp4"));
    assert_eq!(fold("STRASSE.mp4"), fold("straße.mp4"));
    assert_ne!(fold("a.mp4"), fold("b.mp4"));
}

proptest! {
    #[test]
    fn i20_an_accepted_path_stays_accepted_and_below_the_folder(path in "\\PC{0,12}/?\\PC{0,12}(\\.mp4)?") {
        if let Ok(accepted) = check_path(&path) {
            prop_assert_eq!(check_path(&accepted), Ok(accepted.clone()));
            prop_assert!(accepted.split('/').all(|part| !matches!(part, "" | "." | "..")));
        }
    }
}
