use super::*;
use crate::app::keys::read;

#[test]
fn what_is_wrong_with_a_key_is_told_without_the_key() {
    let good = "test-key-".repeat(4);
    assert_eq!(key("zai", "K", read(&good)).verdict, Verdict::Ok);
    let fail = Verdict::Fail(Exit::Credentials);
    let cases = [
        (None, fail, "not set"),
        (Some(String::new()), fail, "empty"),
        (Some(" \n".to_owned()), fail, "empty"),
        (Some(format!("'{good}")), fail, "quote"),
        (Some(format!("{good}\n{good}")), fail, "line break"),
        (Some(format!("Bearer {good}")), fail, "space"),
        (Some(format!("bearer{good}")), fail, "Bearer"),
        (Some(format!("\"{good}\"")), Verdict::Warn, "quotes"),
        (Some(format!(" {good}")), Verdict::Warn, "blanks"),
        (Some(format!("{good} \n")), Verdict::Warn, "blanks"),
        (Some(format!("{good}\r\n")), Verdict::Warn, "line ends"),
        (Some("test-key".to_owned()), Verdict::Warn, "8 characters"),
    ];
    for (value, verdict, words) in cases {
        let check = key("zai", "K", value.as_deref().map_or(Err(NoKey::Unset), read));
        assert_eq!(check.verdict, verdict, "{value:?}");
        assert!(check.what.contains(words), "{value:?}: {}", check.what);
        let said = format!("{} {:?}", check.what, check.todo);
        assert!(!said.contains("test-key"), "{said}");
    }
}
