use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn any_key_survives_being_written_and_read(
        shot in "[a-z/%]{1,6}", item in "\\PC{1,8}", variant in "[a-z0-9_/%]{0,6}",
    ) {
        // Invisible characters are shown as escapes.
        prop_assume!(!item.chars().any(is_hidden));
        let key = JobKey { shot, item: item.into(), variant };
        prop_assert_eq!(key.to_string().parse::<JobKey>().unwrap(), key);
    }
}

#[test]
fn a_key_needs_two_or_three_parts() {
    for text in ["", "hero", "hero/", "/x", "a/b/c/d", "a//b"] {
        assert!(text.parse::<JobKey>().is_err(), "{text}");
    }
    assert_eq!("hero/0123".parse::<JobKey>().unwrap(), JobKey::new("hero", "0123"));
}

#[test]
fn a_model_name_is_split_at_the_first_slash() {
    let name: ModelName = "zai/vidu2-image".parse().unwrap();
    assert_eq!((name.provider.as_str(), name.model.as_str()), ("zai", "vidu2-image"));
    assert_eq!(name.to_string(), "zai/vidu2-image");
    assert!("vidu2-image".parse::<ModelName>().is_err());
}

#[test]
fn s17_a_task_id_that_cannot_be_kept_is_refused_with_its_reason() {
    assert_eq!(TaskId::read(&"x".repeat(256)).unwrap().0.raw().len(), 256);
    assert_eq!(TaskId::read(&"x".repeat(100_000)), Err(NotATaskId::TooLong(100_000)));
    for character in ['\n', '\u{1b}', ' ', '\u{202e}', '\u{200b}', '\u{e0041}', '\u{fffd}'] {
        let refused = TaskId::read(&format!("8{character}3")).unwrap_err();
        assert_eq!(refused, NotATaskId::Odd { character, length: 3 });
        assert!(refused.to_string().is_ascii(), "{refused}");
    }
}

#[test]
fn s17_a_task_id_that_leads_a_poll_to_another_address_is_refused() {
    for text in ["", ".", "..", "../1", "./1", "1/..", "1/../2", "a\\..\\b"] {
        assert_eq!(TaskId::read(text), Err(NotATaskId::Path), "{text:?}");
    }
    for text in ["...", "a.b", "..a", "1.", ".1", "a/b", "%2e%2e"] {
        assert_eq!(TaskId::read(text).unwrap().0.raw(), text);
    }
}
