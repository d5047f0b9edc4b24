use super::*;
use std::collections::HashSet;

#[test]
fn secrets_have_128_bits_and_are_new_each_time() {
    let mut seen = HashSet::new();
    for _ in 0..100 {
        let Secrets { read, write } = Secrets::new().unwrap();
        for secret in [read, write] {
            assert!(secret.len() == 32 && secret.bytes().all(|digit| digit.is_ascii_hexdigit()), "{secret}");
            assert!(seen.insert(secret));
        }
    }
}

#[test]
fn only_the_whole_secret_is_the_secret() {
    assert!(is_secret("0123abcd", "0123abcd"));
    for guess in ["", "0123abc", "0123abcd0", "1123abcd", "0123abce", "0123ABCD"] {
        assert!(!is_secret(guess, "0123abcd"), "{guess}");
    }
}
