use super::super::tests::{good, reported};
use super::*;

fn with(rollout: &str) -> String {
    format!("version: 1\nitems: {{ from: p.csv }}\nshots: {{ hero: {{ prompt: x }} }}\nrollout: {rollout}\n")
}

#[test]
fn a_rollout_is_read_with_its_defaults() {
    let read = |text: &str| good(&with(text)).rollout.unwrap();
    assert_eq!(read("{ canary: 10, then: approve }"), Rollout { canary: 10, then: AfterCanary::Approve });
    assert_eq!(read("{ canary: 3 }"), Rollout { canary: 3, then: AfterCanary::Approve });
    assert_eq!(read("{ then: approve }").canary, 10);
    let rate = |rate, error| AfterCanary::Rate { rate: Percent(rate), error: Percent(error) };
    assert_eq!(read("{ then: { approve: 80% } }").then, rate(8_000, 500));
    assert_eq!(read("{ then: { approve: 97.5 %, error: 1% } }").then, rate(9_750, 100));
    assert!(good("version: 1\nitems: { from: p.csv }\nshots: { hero: { prompt: x } }\n").rollout.is_none());
}

#[test]
fn what_is_wrong_with_a_rollout_is_told_at_its_place() {
    let wrong = |text: &str| reported(&with(text)).join("\n");
    assert_eq!(wrong("10"), "4:10+2 `rollout` must be a group of fields, but it is a number");
    assert_eq!(wrong("{ canery: 10 }"), "4:12+6 unknown key `canery` in `rollout`");
    assert_eq!(wrong("{ canary: 0 }"), "4:20+1 `0` is not a valid value for `rollout.canary`");
    assert_eq!(wrong("{ canary: ten }"), "4:20+3 `ten` is not a valid value for `rollout.canary`");
    assert_eq!(wrong("{ then: aprove }"), "4:18+6 `rollout.then` must be `approve` or a rate");
    assert_eq!(wrong("{ then: 80% }"), "4:18+3 `rollout.then` must be `approve` or a rate");
    assert_eq!(
        wrong("{ then: { approve: 80 } }"),
        "4:29+2 `80` is not a valid value for `rollout.then.approve`"
    );
    assert_eq!(
        wrong("{ then: { approve: 100% } }"),
        "4:29+4 `100%` is not a valid value for `rollout.then.approve`"
    );
    assert_eq!(
        wrong("{ then: { approve: 80%, error: 50% } }"),
        "4:41+3 `50%` is not a valid value for `rollout.then.error`"
    );
    assert!(wrong("{ then: { error: 5% } }").ends_with("`approve` is missing in `rollout.then`"));
}

const SHOP: &str = r#"
version: 1
items: { from: p.csv }
vars: { look: soft light, unused: nothing }
defaults: { model: zai/vidu2-image, duration: 4 }
shots:
  hero:
    image: "{{ item.image }}"
    prompt: "Push in on {{ item.title }}, {{ vars.look }}"
  social:
    prompt: "{{ item.title }} at {{ matrix.mood.set }}"
    matrix:
      mood: [{ id: beach, set: a beach }, { id: loft, set: a loft }]
      model: [zai/vidu2-image, zai/viduq1-text]
"#;

fn identity(text: &str, shot: usize, model: &str) -> Sha256 {
    let manifest = good(text);
    manifest.template_identity(&manifest.shots[shot], &model.parse().unwrap())
}

#[test]
fn the_form_of_the_file_and_what_is_no_part_of_the_clip_change_no_identity() {
    let vidu = "zai/vidu2-image";
    let hero = identity(SHOP, 0, vidu);
    let social = identity(SHOP, 1, vidu);
    for (what, old, new) in [
        (
            "form",
            "defaults: { model: zai/vidu2-image, duration: 4 }",
            "defaults:\n  duration: '4'\n  # so\n  model: \"zai/vidu2-image\"\n",
        ),
        ("a variable that is not read", "unused: nothing", "unused: something"),
        ("a price", "version: 1", "version: 1\nprices: { zai/vidu2-image: { per: clip, usd: \"0.10\" } }"),
        ("a limit", "version: 1", "version: 1\nproviders: { zai: { limits: { concurrency: 2 } } }"),
        ("the output", "version: 1", "version: 1\noutput: \"{{ item.id }}_{{ shot }}_{{ variant }}.mp4\""),
        ("another shot", "  social:", "  third: { prompt: z }\n  social:"),
    ] {
        let changed = SHOP.replacen(old, new, 1);
        assert_ne!(changed, SHOP, "{what}");
        assert_eq!(identity(&changed, 0, vidu), hero, "{what}");
        if what != "another shot" {
            assert_eq!(identity(&changed, 1, vidu), social, "{what}");
        }
    }
}

#[test]
fn everything_that_a_clip_is_made_of_changes_the_identity_of_its_shot_alone() {
    let vidu = "zai/vidu2-image";
    let (hero, social) = (identity(SHOP, 0, vidu), identity(SHOP, 1, vidu));
    for (old, new, is_of_hero, is_of_social) in [
        ("Push in", "Pull out", true, false),
        ("look: soft", "look: hard", true, false),
        ("duration: 4", "duration: 5", true, true),
        ("set: a beach", "set: a pool", false, true),
        ("duration: 4 }", "duration: 4, params: { seed: 1 } }", true, true),
        ("duration: 4 }", "duration: 4, optional: [duration] }", true, true),
    ] {
        let changed = SHOP.replacen(old, new, 1);
        assert_ne!(changed, SHOP);
        assert_eq!(identity(&changed, 0, vidu) != hero, is_of_hero, "{new}");
        assert_eq!(identity(&changed, 1, vidu) != social, is_of_social, "{new}");
    }
}

#[test]
fn each_model_of_a_shot_has_its_own_identity_and_another_model_in_the_matrix_changes_none() {
    let (vidu, text) = ("zai/vidu2-image", "zai/viduq1-text");
    assert_ne!(identity(SHOP, 1, vidu), identity(SHOP, 1, text));
    let more = SHOP
        .replace("[zai/vidu2-image, zai/viduq1-text]", "[zai/vidu2-image, zai/viduq1-text, zai/cogvideox-3]");
    assert_eq!(identity(&more, 1, vidu), identity(SHOP, 1, vidu));
    assert_eq!(identity(&more, 1, text), identity(SHOP, 1, text));
}
