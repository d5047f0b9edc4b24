use super::*;

#[test]
fn a_link_in_the_place_of_the_folder_is_not_followed() {
    let home = tempfile::tempdir().unwrap();
    let (state, other) = (home.path().join(".shotlist"), home.path().join("other"));
    assert_eq!(make(&state).unwrap(), state.join(FOLDER));
    std::fs::remove_dir(state.join(FOLDER)).unwrap();
    std::fs::create_dir(&other).unwrap();
    std::os::unix::fs::symlink(&other, state.join(FOLDER)).unwrap();
    assert_eq!(make(&state).unwrap_err().kind(), io::ErrorKind::NotADirectory);
}
