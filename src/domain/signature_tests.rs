use super::*;

fn grey(width: u32, height: u32, planes: usize) -> Signature {
    Signature::new(width, height, vec![128; planes * PLANE])
}

fn spotted(difference: u8) -> Signature {
    let mut signature = grey(800, 600, 3);
    signature.planes[2 * PLANE + 7] += difference;
    signature
}

#[test]
fn one_cell_beyond_the_threshold_is_an_edit() {
    for difference in 0..=127 {
        let (one, two) = (grey(800, 600, 3), spotted(difference));
        assert_eq!(one.is_same(&two), difference <= SAME, "{difference}");
        assert_eq!(one.is_same(&two), two.is_same(&one));
        assert_eq!(one.difference(&two).map(|(cell, _)| cell), Some(difference));
    }
}

#[test]
fn a_small_difference_all_over_is_an_edit() {
    for (difference, is_same) in [(0, true), (1, true), (2, false), (SAME, false)] {
        for plane in 0..3 {
            let mut other = grey(800, 600, 3);
            other.planes[plane * PLANE..][..PLANE].fill(128 + difference);
            assert_eq!(grey(800, 600, 3).is_same(&other), is_same, "{difference} in plane {plane}");
        }
    }
}

#[test]
fn a_picture_may_be_scaled_by_a_quarter_and_keeps_its_shape() {
    let alike = |width, height| {
        let (one, two) = (grey(800, 600, 3), grey(width, height, 3));
        assert_eq!(one.is_same(&two), two.is_same(&one));
        one.is_same(&two)
    };
    for (width, height) in
        [(800, 600), (1000, 750), (640, 480), (799, 599), (777, 583), (777, 582), (801, 600)]
    {
        assert!(alike(width, height), "{width}x{height}");
    }
    for (width, height) in [(600, 800), (1001, 751), (639, 479), (800, 597), (797, 600), (0, 0), (400, 300)] {
        assert!(!alike(width, height), "{width}x{height}");
    }
}

#[test]
fn a_picture_that_became_opaque_is_another() {
    assert!(!grey(800, 600, 3).is_same(&grey(800, 600, 4)));
    assert!(grey(800, 600, 4).is_same(&grey(800, 600, 4)));
}

#[test]
fn a_signature_is_read_as_it_was_stored() {
    for signature in [grey(800, 600, 3), grey(1, u32::MAX, 4), spotted(9)] {
        let bytes = signature.to_bytes();
        assert_eq!(Signature::from_bytes(&bytes), Some(signature));
        assert_eq!(Signature::from_bytes(&bytes[1..]), None);
    }
    assert_eq!(Signature::from_bytes(&[]), None);
    assert_eq!(Signature::from_bytes(&[0; 8]), None);
}
