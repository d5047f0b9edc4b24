use super::*;

#[test]
fn an_older_take_is_kept_beside_its_successor() {
    let take = TakeId("01ARZ3NDEKTSV4RRFFQ69G5FAV".into());
    assert_eq!(kept_path("renders/a/hero.mp4", &take), "renders/a/_takes/hero.Q69G5FAV.mp4");
    assert_eq!(kept_path("hero.mp4", &take), "_takes/hero.Q69G5FAV.mp4");
}

#[test]
fn an_older_take_keeps_its_ending() {
    let take = TakeId("01ARZ3NDEKTSV4RRFFQ69G5FAV".into());
    assert_eq!(kept_name("hero.mp4", &take), "hero.Q69G5FAV.mp4");
    assert_eq!(kept_name("hero", &take), "hero.Q69G5FAV");
    assert_eq!(kept_name(".hidden", &TakeId("t1".into())), ".hidden.t1");
}

#[test]
fn s13_a_sidecar_takes_the_name_of_no_file_that_came_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let dir = Dir::open(folder.path()).unwrap();
    let clip = ClipFile { size: 1, sha256: Sha256([7; 32]) };
    let path = folder.path().join("hero.mp4.json");
    crate::files::atomic_write(&path, b"holiday", 0o644).unwrap();
    let error = write_sidecar(&dir, "hero.mp4", &clip, b"{}", SidecarState::Nothing).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(std::fs::read(&path).unwrap(), b"holiday");
    let names = dir.names().unwrap();
    assert!(names.iter().all(|name| matches!(&**name, "." | ".." | "hero.mp4.json")), "{names:?}");
    write_sidecar(&dir, "hero.mp4", &clip, b"{}", SidecarState::Sidecar).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"{}");
}
