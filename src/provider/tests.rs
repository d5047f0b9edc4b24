use super::*;
use std::time::Duration;

#[test]
fn an_added_provider_is_found_and_takes_the_place_of_one_with_its_name() {
    let none = Registry::default();
    assert!(none.find("zai").is_none());
    assert_eq!(none.policy("zai"), Policy::standard());
    let twice = none.with(zai::Zai).with(echo::Echo).with(zai::Zai);
    assert_eq!(format!("{twice:?}"), r#"["echo", "zai"]"#);
    assert!(twice.card(&"echo/clip".parse().unwrap()).is_some());
    assert!(twice.card(&"echo/other".parse().unwrap()).is_none());
    assert_eq!(twice.policy("echo").look_up, echo::Echo.profile().look_up);
}

#[test]
fn a_provider_that_can_be_asked_says_how_long_to_wait_and_the_other_way_round() {
    for provider in Registry::built_in().iter() {
        assert_eq!(provider.profile().look_up.is_some(), provider.look_up().is_some(), "{}", provider.name());
    }
}

#[test]
fn where_clips_cost_money_nobody_is_asked_too_early_and_two_denials_lie_a_minute_apart() {
    for provider in Registry::built_in().iter().filter(|provider| !provider.profile().sandbox_only) {
        let Some(look_up) = &provider.profile().look_up else { continue };
        assert!(look_up.gap >= Duration::from_mins(1), "{}", provider.name());
        assert!(look_up.lag >= Duration::from_mins(2), "{}", provider.name());
        assert!(look_up.after[0] >= Duration::from_secs(15), "{}", provider.name());
    }
}

#[test]
fn the_schedule_of_every_look_up_leaves_time_for_two_denials_after_the_lag() {
    for provider in Registry::built_in().iter() {
        let Some(look_up) = &provider.profile().look_up else { continue };
        let looks = look_up.after.iter().scan(Duration::ZERO, |sum, pause| {
            *sum += *pause;
            Some(*sum)
        });
        let late: Vec<Duration> = looks.filter(|look| *look > look_up.lag).collect();
        let span = late.last().zip(late.first()).and_then(|(last, first)| last.checked_sub(*first));
        assert!(span >= Some(look_up.gap), "{}: {late:?}", provider.name());
    }
}

#[test]
fn an_address_as_the_provider_prints_it_is_its_server() {
    for (provider, written, server) in [
        ("zai", "https://api.z.ai/api/paas/v4", "https://api.z.ai/api"),
        ("zai", "https://api.z.ai//api/paas//v4/", "https://api.z.ai/api"),
        ("zai", "https://api.z.ai/api/paas/v4/videos/generations", "https://api.z.ai/api"),
        ("zai", "https://open.bigmodel.cn", "https://open.bigmodel.cn/api"),
        ("zai", "http://127.0.0.1:9/zai/api/paas/v4", "http://127.0.0.1:9/zai/api"),
        ("zai", "http://127.0.0.1:9/", "http://127.0.0.1:9/"),
        ("zai", "https://api.z.ai/v4", "https://api.z.ai/v4"),
        ("vtrix", "https://cloud.vtrix.ai/model/v1/generation", "https://cloud.vtrix.ai/"),
        ("uniall", "https://api.aijisu.cn/v1", "https://api.aijisu.cn/"),
        ("uniall", "http://127.0.0.1:9/v1/uniall//", "http://127.0.0.1:9/v1/uniall"),
        ("echo", "http://127.0.0.1:9/echo/v1/tasks", "http://127.0.0.1:9/echo"),
    ] {
        let registry = Registry::built_in();
        let profile = registry.find(provider).unwrap().profile();
        assert_eq!(profile.server(&written.parse().unwrap()).as_str(), server, "{written}");
    }
}

#[test]
fn the_paths_that_a_manifest_may_carry_over_are_those_of_the_calls() {
    for provider in Registry::built_in().iter() {
        let poll = provider.poll(&provider.cards()[0], &TaskId("0".into())).path;
        let paths = &provider.profile().paths;
        assert!(paths.iter().any(|path| poll.starts_with(path)), "{}: {poll}", provider.name());
    }
}
