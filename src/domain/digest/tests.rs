use super::*;

#[test]
fn a_digest_is_shown_and_read_as_sha256sum_does() {
    // The digest of no bytes, on which implementations of FIPS 180-4 agree.
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(Sha256::of(b"").to_string(), empty);
    assert_eq!(empty.parse::<Sha256>().unwrap(), Sha256::of(b""));
    assert!("e3".parse::<Sha256>().is_err());
    assert!(empty.replace('e', "g").parse::<Sha256>().is_err());
}
