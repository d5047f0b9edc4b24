use super::super::read;
use super::super::tests::{item, reported};
use super::*;

/// Returns a manifest with this text as the prompt, between single quotes.
fn asking(prompt: &str) -> String {
    format!(
        "version: 1\nitems: {{ from: p.csv }}\nvars: {{ look: soft }}\nshots:\n  hero:\n    prompt: '{prompt}'\n"
    )
}

/// Returns the hints of the warnings about the prompt that are given for an item with these columns.
fn hints(prompt: &str, columns: &[(&str, &str)]) -> Vec<String> {
    let (manifest, problems) = read("m.yaml", asking(prompt).as_bytes());
    assert_eq!(problems, [], "{prompt}");
    let manifest = manifest.unwrap();
    let context = manifest.item(item(columns));
    let problems: Vec<Problem> =
        context.jobs(&manifest.shots[0]).filter_map(Result::err).map(|problem| *problem).collect();
    assert!(problems.iter().all(|problem| !problem.is_error()), "{prompt}");
    problems.into_iter().filter_map(|problem| problem.hint).collect()
}

#[test]
fn a_placeholder_in_single_braces_is_reported_at_its_place() {
    for (prompt, expected) in [
        (
            "Pan on { item.title }",
            "6:21+14 `{ item.title }` inserts nothing: single braces are sent as they are",
        ),
        ("{item.title}", "6:14+12 `{item.title}` inserts nothing: single braces are sent as they are"),
        ("{ item.title }}", "6:14+14 `{ item.title }` inserts nothing: single braces are sent as they are"),
        (
            "{{ item.id }} {vars.look}",
            "6:28+11 `{vars.look}` inserts nothing: single braces are sent as they are",
        ),
        ("in {look}", "6:17+6 `{look}` inserts nothing: single braces are sent as they are"),
        ("in {shot}", "6:17+6 `{shot}` inserts nothing: single braces are sent as they are"),
        ("[item.title]", "6:14+12 `[item.title]` inserts nothing: square brackets are sent as they are"),
    ] {
        assert_eq!(reported(&asking(prompt)), [expected], "{prompt}");
    }
    let (manifest, problems) = read("m.yaml", asking("in { look }").as_bytes());
    assert!(manifest.is_some());
    assert_eq!(problems[0].hint.as_deref(), Some("write `{{ vars.look }}`"));
}

#[test]
fn a_column_in_single_brackets_is_reported_once_the_columns_are_known() {
    let lamp = [("id", "a"), ("title", "Lamp"), ("supplier note", "x")];
    for (prompt, expected) in [
        ("{title}", "write `{{ item.title }}`"),
        ("{ Title } on a table", "write `{{ item.title }}`"),
        ("[title]", "write `{{ item.title }}`"),
        ("<title>", "write `{{ item.title }}`"),
        ("{id}", "write `{{ item.id }}`"),
    ] {
        assert_eq!(hints(prompt, &lamp), [expected], "{prompt}");
    }
    assert_eq!(hints("{supplier note}", &lamp), ["write `{{ item.raw[\"supplier note\"] }}`"]);
    assert_eq!(hints("{title} [title]", &lamp).len(), 2);
}

#[test]
fn brackets_that_name_no_column_are_not_reported() {
    for prompt in [
        "{\"title\": \"x\", \"a\": [1, 2]}",
        "{{ item.title }} {% if item.title %}x{% endif %} {# {title} #}",
        "[Push in] a [static shot]",
        "{camera: pan}",
        "{}[]<>",
        "{ title",
        "a < title > b {\ntitle}",
        "{% raw %}{title}{% endraw %}",
    ] {
        let found = find(prompt);
        let item = item(&[("id", "a"), ("titel", "x"), ("camera", "x")]);
        let is_named = |one: &Unbraced| named(&item, &one.inside).is_some() || is_path(&one.inside);
        assert!(!found.iter().any(is_named), "{prompt}: {found:?}");
    }
    assert_eq!(find("{{ item.title }} {% raw %}{title}{% endraw %}"), []);
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "([ a-z\\n{}\\[\\]<>%#é]|item\\.|\\{\\{){0,20}") {
        for found in find(&text) {
            assert!(text.get(found.range).is_some());
        }
    }
}
