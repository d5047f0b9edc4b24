use super::*;
use crate::app::doctor::Verdict;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn a_clock_behind_the_database_or_never_set_fails() {
    let now = 1_800_000_000;
    assert_eq!(clock(at(now), None).verdict, Verdict::Ok);
    assert_eq!(clock(at(now), Some(at(now - 9_999))).verdict, Verdict::Ok);
    assert_eq!(clock(at(now), Some(at(now + 30))).verdict, Verdict::Ok);
    let fail = Verdict::Fail(Exit::Local);
    let behind = clock(at(now), Some(at(now + 7_200)));
    assert_eq!(behind.verdict, fail);
    assert!(behind.what.contains("2h00m later"), "{}", behind.what);
    assert_eq!(clock(at(5), None).verdict, fail);
}

#[test]
fn a_folder_of_another_user_or_on_a_network_is_told() {
    let dir = Path::new("s");
    let of = |folder: &Folder| {
        check_folder(dir, folder).into_iter().map(|check| check.verdict).collect::<Vec<_>>()
    };
    let fail = Verdict::Fail(Exit::Local);
    assert_eq!(of(&Folder::default()), [Verdict::Ok]);
    assert_eq!(of(&Folder { network: Some("NFS"), ..Folder::default() }), [fail]);
    let foreign = Folder { foreign: vec![(dir.join("lock"), 0)], ..Folder::default() };
    assert_eq!(of(&foreign), [Verdict::Warn]);
    let unusable = Folder { unusable: vec![dir.join("lock")], ..foreign };
    assert_eq!(of(&unusable), [fail]);
}

#[test]
fn what_is_not_there_yet_is_made_in_the_nearest_folder() {
    assert_eq!(existing_parent(Path::new("./no-such-folder/below")), Path::new("."));
    assert_eq!(existing_parent(Path::new("src/cli")), Path::new("src/cli"));
}
