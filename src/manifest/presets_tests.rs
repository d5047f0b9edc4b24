use super::tests::{good, reported};
use super::*;
use crate::domain::request::Field;
use std::fmt::Write as _;

/// Returns a manifest with the section `presets` and a single shot. Both arguments are YAML maps in one line, such as
/// `{ style: a }`.
fn extending(presets: &str, shot: &str) -> String {
    format!("version: 1\nitems: {{ from: p.csv }}\npresets: {presets}\nshots:\n  hero: {shot}\n")
}

fn field(fields: &ShotFields, field: Field) -> &str {
    match &fields.settings.fields[&field] {
        Setting::One(template) => template.source(),
        Setting::Many(_) => panic!("many"),
    }
}

#[test]
fn later_presets_win_over_earlier_and_own_fields_over_all() {
    let manifest = good(&extending(
        "{ a: { prompt: a, style: a, seed: 1, params: { x: a, y: a }, optional: [seed], model: m/a }, \
         b: { style: b, seed: 2, params: { y: b, z: b }, optional: [style], on_change: keep } }",
        "{ extends: [a, b], seed: 3, params: { z: own }, optional: [motion] }",
    ));
    let fields = &manifest.shots[0].fields;
    assert_eq!([Field::Prompt, Field::Style, Field::Seed].map(|name| field(fields, name)), ["a", "b", "3"]);
    let params: Vec<_> =
        fields.settings.params.iter().map(|(name, template)| (name.as_str(), template.source())).collect();
    assert_eq!(params, [("x", "a"), ("y", "b"), ("z", "own")]);
    assert_eq!(fields.optional.iter().collect::<Vec<_>>(), ["motion", "seed", "style"]);
    assert_eq!(fields.settings.model.as_ref().unwrap().source(), "m/a");
    assert_eq!(manifest.rules("hero").on_change, OnChange::Keep);
}

#[test]
fn presets_extend_presets_in_any_order_and_the_defaults_extend_them_too() {
    let text = extending("{ b: { extends: a, style: b }, a: { prompt: a, style: a } }", "{ extends: b }");
    let fields = &good(&text).shots[0].fields;
    assert_eq!((field(fields, Field::Prompt), field(fields, Field::Style)), ("a", "b"));
    let manifest = good(&format!(
        "{}defaults: {{ extends: b }}\n",
        extending("{ b: { prompt: b, when: 'true', matrix: { seed: [1, 2] } } }", "{ style: own }")
    ));
    assert_eq!(field(&manifest.defaults, Field::Prompt), "b");
    let own = &manifest.shots[0].fields;
    assert!(own.when.is_some());
    assert_eq!(own.matrix.as_ref().unwrap().len(), 2);
}

#[test]
fn a_value_of_a_preset_is_told_where_it_was_written() {
    let text = "version: 1\nitems: { from: p.csv }\npresets:\n  calm:\n    prompt: On {{ matrix.mood }}\n\
                shots: { hero: { extends: calm, matrix: { size: [a] } } }\n";
    assert_eq!(reported(text)[0], "5:19+11 no matrix cell of `hero` has `mood`");
}

#[test]
fn what_is_wrong_with_presets_is_told_where_it_stands() {
    for (presets, shot, expected) in [
        (
            "{ calm: { style: a } }",
            "{ extends: clam }",
            &["3:12+4 nothing extends the preset `calm`", "5:20+4 there is no preset `clam`"] as &[&str],
        ),
        (
            "{ a: { extends: b }, b: { extends: a } }",
            "{ extends: a }",
            &["3:45+1 the preset `a` extends itself: a → b → a"],
        ),
        ("{ a: { extends: a } }", "{ extends: [a] }", &["3:26+1 the preset `a` extends itself: a → a"]),
        ("{ a: { promt: x } }", "{ extends: a }", &["3:17+5 unknown key `promt` in `presets.a`"]),
        ("[]", "{ prompt: x }", &["3:10+2 `presets` must be a group of fields, but it is a list"]),
        (
            "{ a: { optional: [sed] } }",
            "{ extends: a }",
            &["3:28+3 `sed` is neither a field nor a parameter"],
        ),
        (
            "{ a: {} }",
            "{ extends: { a: b } }",
            &[
                "3:12+1 nothing extends the preset `a`",
                "5:20+8 `extends` must be the name of a preset, or a list, but it is a group of fields",
            ],
        ),
    ] {
        assert_eq!(reported(&extending(presets, shot)), expected, "{presets} {shot}");
    }
}

#[test]
fn a_long_chain_of_presets_is_refused_and_overflows_nothing() {
    let mut presets = String::from("p0: { style: a }");
    for number in 1..5_000 {
        write!(presets, ", p{number}: {{ extends: p{} }}", number - 1).unwrap();
    }
    // The order is reversed, so that each waits for all before it.
    let mut turned: Vec<&str> = presets.split(", ").collect();
    turned.reverse();
    let reported = reported(&extending(&format!("{{ {} }}", turned.join(", ")), "{ extends: p4999 }"));
    assert!(
        reported.iter().all(|problem| problem.contains("more than 64 presets")),
        "{:?}",
        reported.first()
    );
    assert!(!reported.is_empty());
}
