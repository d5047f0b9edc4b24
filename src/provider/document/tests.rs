use super::*;

const PROFILE: &str = "profile: { base_url: \"https://a.example\", key_env: A_KEY, hosts: [a.example] }\n";

fn model(name: &str, more: &str) -> String {
    format!(
        "  - {{ name: {name}, summary: s, source: t, modes: [text], link_life_hours: 1, {more}, fields: \
             [{{ name: prompt, type: text }}, {{ name: duration, type: int, min: 1, max: 5, default: 5 }}] }}\n"
    )
}

fn read(models: &[String]) -> Result<Document, Unusable> {
    Document::read("acme", &format!("{PROFILE}models:\n{}", models.concat()))
}

#[test]
fn a_document_is_a_provider_and_its_models() {
    let document = read(&[model("acme/clip", "notes: [a]"), model("acme/film", "notes: [a]")]).unwrap();
    assert_eq!(document.profile.key_env, "A_KEY");
    let names: Vec<String> = document.models.iter().map(|card| card.name.to_string()).collect();
    assert_eq!(names, ["acme/clip", "acme/film"]);
}

#[test]
fn all_defects_are_told_at_once_each_with_its_model_and_what_to_write() {
    let models = [
        model("acme/clip", "price: { per: minute, usd: \"0.20\" }"),
        model("other/clip", "notes: [a]"),
        model("acme/film", "notes: [a]"),
        model("acme/film", "notes: [a]"),
        model("acme/odd", "remark: []"),
        "  - just a name\n".to_owned(),
    ];
    insta::assert_snapshot!(read(&models).unwrap_err(), @r"
        the document of the provider acme cannot be used:
        acme/clip: `price.per`: `minute` is not a valid value for `per`; write `clip` or `second`
        other/clip: its name must begin with `acme/`
        acme/film: two models have this name
        acme/odd: a model's card has no `remark`; did you mean `remarks`?
        models[5]: a model is a group that begins with `name:`
        ");
}

#[test]
fn text_that_is_no_document_is_refused_with_its_line() {
    let broken = Document::read("acme", "profile: {\nmodels: []").unwrap_err();
    let strange = Document::read("acme", &PROFILE.replace("key_env", "key")).unwrap_err();
    insta::assert_snapshot!(broken, @r"
        the document of the provider acme cannot be used:
        error: line 2 column 1: unknown field `models`, expected one of base_url, paths, key_env, hosts, limits, look_up, sandbox_only
         --> <input>:2:1
          |
        1 | profile: {
        2 | models: []
          | ^ unknown field `models`, expected one of base_url, paths, key_env, hosts, limits, look_up, sandbox_only
        ");
    insta::assert_snapshot!(strange, @r#"
        the document of the provider acme cannot be used:
        error: line 1 column 43: unknown field `key`, expected one of base_url, paths, key_env, hosts, limits, look_up, sandbox_only
         --> <input>:1:43
          |
        1 | profile: { base_url: "https://a.example", key: A_KEY, hosts: [a.example] }
          |                                           ^ unknown field `key`, expected one of base_url, paths, key_env, hosts, limits, look_up, sandbox_only
        "#);
}
