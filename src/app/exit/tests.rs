use super::*;

#[test]
fn several_at_once_give_the_gravest() {
    let cases = [
        (vec![], Exit::Done),
        (vec![Exit::SomeFailed, Exit::Held], Exit::Held),
        (vec![Exit::Held, Exit::WorkRemains], Exit::WorkRemains),
        (vec![Exit::WorkRemains, Exit::Interrupted], Exit::Interrupted),
        (vec![Exit::Interrupted, Exit::Budget], Exit::Budget),
        (vec![Exit::Budget, Exit::Credentials], Exit::Credentials),
        (vec![Exit::Credentials, Exit::Locked], Exit::Locked),
        (vec![Exit::Locked, Exit::Local], Exit::Local),
        (vec![Exit::Local, Exit::Unexpected], Exit::Unexpected),
    ];
    for (exits, gravest) in cases {
        assert_eq!(Exit::gravest(exits.clone()), gravest, "{exits:?}");
    }
}

#[test]
fn every_code_has_its_place_among_the_gravest() {
    let mut codes: Vec<i32> = GRAVEST_FIRST.iter().map(|exit| *exit as i32).collect();
    codes.sort_unstable();
    assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 129, 130, 143]);
}
