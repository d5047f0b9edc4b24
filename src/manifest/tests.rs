use super::*;
use crate::domain::item::Item;
use crate::domain::key::ModelName;
use crate::domain::limits::Rate;
use crate::domain::money::Usd;
use crate::domain::price::PriceUnit;
use crate::domain::request::Field;
use proptest::prelude::*;
use std::fmt::Write as _;
use std::num::NonZeroU32;
use std::time::Duration;

#[track_caller]
pub(super) fn good(text: &str) -> Manifest {
    let (manifest, problems) = read("folder/spring.yaml", text.as_bytes());
    assert_eq!(problems, []);
    manifest.unwrap()
}

/// Returns a valid manifest with this section added.
fn with(section: &str) -> String {
    format!("version: 1\nitems: {{ from: p.csv }}\nshots: {{ hero: {{ prompt: x }} }}\n{section}\n")
}

/// Returns every problem of a manifest's text as `line:column+width message`.
pub(super) fn reported(text: &str) -> Vec<String> {
    let (manifest, problems) = read("m.yaml", text.as_bytes());
    assert_eq!(manifest.is_none(), problems.iter().any(Problem::is_error));
    let tell = |problem: &Problem| match &problem.place {
        Place::Text { line, column, width, .. } => format!("{line}:{column}+{width} {}", problem.message),
        _ => problem.message.clone(),
    };
    problems.iter().map(tell).collect()
}

pub(super) fn item(columns: &[(&str, &str)]) -> Arc<Item> {
    let columns: Vec<_> =
        columns.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let id = columns[0].1.clone();
    Arc::new(Item { id, columns: columns.into_iter().collect(), facts: Vec::new(), origin: Place::Nowhere })
}

/// Returns the jobs that the first shot of a manifest makes for an item, without warnings.
pub(super) fn jobs(manifest: &Manifest, item: Arc<Item>) -> Vec<Job<'_>> {
    let item = manifest.item(item);
    let is_warning =
        |job: &Result<Job<'_>, Box<Problem>>| job.as_ref().is_err_and(|problem| !problem.is_error());
    item.jobs(&manifest.shots[0]).filter(|job| !is_warning(job)).map(Result::unwrap).collect()
}

/// Returns the template data of the first job that the first shot makes for an item.
fn only_job(manifest: &Manifest, item: Arc<Item>) -> Context<'_> {
    jobs(manifest, item).remove(0).context
}

/// Fills in the prompt template of the manifest's only shot for an item.
fn prompt(manifest: &Manifest, item: Arc<Item>) -> Result<String, Box<Problem>> {
    let Some(Setting::One(prompt)) = manifest.shots[0].fields.settings.fields.get(&Field::Prompt) else {
        panic!("no prompt");
    };
    prompt.render(&only_job(manifest, item))
}

#[test]
fn every_key_of_a_manifest_is_read() {
    let manifest = good(include_str!("../../tests/fixtures/manifest/good/every-key.yaml"));
    assert_eq!(manifest.project, "spring-catalog");
    let Items::File { from, only, .. } = &manifest.items else { panic!("no file") };
    assert_eq!((from.value.as_str(), only.as_ref().unwrap().columns().len()), ("products.csv", 2));
    assert_eq!(manifest.vars["look"], "soft studio light, plain background");
    assert_eq!(manifest.defaults.settings.model.as_ref().unwrap().source(), "zai/vidu2-image");
    let names: Vec<_> = manifest.shots.iter().map(|shot| shot.name.value.as_str()).collect();
    assert_eq!(names, ["hero", "refs", "social"]);
    let refs = &manifest.shots[1].fields;
    assert!(matches!(&refs.settings.fields[&Field::ReferenceImages], Setting::Many(all) if all.len() == 2));
    assert_eq!(refs.settings.params["movement_amplitude"].source(), "auto");
    assert_eq!(refs.optional.iter().collect::<Vec<_>>(), ["movement_amplitude", "seed"]);
    assert_eq!(refs.output.as_ref().unwrap().source(), "renders/refs/{{ item.id }}.mp4");
    let social = &manifest.shots[2].fields;
    assert!(
        matches!(&social.settings.fields[&Field::AspectRatio], Setting::One(of) if of.source() == "9:16")
    );
    assert_eq!(social.matrix.as_ref().unwrap().len(), 4);
    assert_eq!(social.when.as_ref().unwrap().columns(), ["kind"]);
    let zai = &manifest.providers["zai"].value;
    assert_eq!(zai.api_key.as_ref().unwrap().value, EnvName("ZAI_API_KEY".into()));
    assert_eq!(zai.base_url.as_ref().unwrap().value, "https://api.z.ai/api");
    let limits = zai.limits;
    let count = |number| NonZeroU32::new(number).unwrap();
    assert_eq!(limits.rate, Some(Rate { count: count(60), per: Duration::from_mins(1) }));
    assert_eq!(limits.poll_rate, Some(Rate { count: count(5), per: Duration::from_secs(1) }));
    assert_eq!(
        (limits.concurrency, limits.per_day, limits.polls),
        (Some(count(5)), Some(900), Some(count(8)))
    );
    assert_eq!(limits.downloads, Some(count(4)));
    assert_eq!(limits.first_poll, Some(Duration::from_secs(45)));
    assert_eq!(limits.poll_every, Some(Duration::from_millis(100)));
    let model: ModelName = "uniall/viduq3t-540p".parse().unwrap();
    let price = &manifest.corrections.prices[&model].value;
    assert_eq!((price.per, price.usd), (PriceUnit::Second, Usd::from_micros(30_000)));
    let max_extra_spend = Usd::from_micros(2_000_000);
    assert_eq!(manifest.on_ambiguous, OnAmbiguous::Resubmit { max_extra_spend });
    let usd = |micros| Some(Usd::from_micros(micros));
    let budget = Budget { run: usd(60_000_000), day: usd(80_500_000), month: usd(1_500_000_000) };
    assert_eq!(manifest.budget, budget);
    let guards = Guards {
        max_jobs: Some(5_000),
        max_changed: Some(Most::Share(2_000)),
        max_removed: Some(Most::Share(1_250)),
        max_new_spend: usd(100_000_000),
        max_in_doubt: usd(5_000_000),
    };
    assert_eq!(manifest.guards, guards);
    assert_eq!(manifest.rules("hero"), Rules { on_change: OnChange::Render, reuse: Reuse::Never });
    assert_eq!(manifest.rules("refs"), Rules { on_change: OnChange::Keep, reuse: Reuse::Always });
}

#[test]
fn what_is_not_said_has_a_default() {
    let manifest = good(&with(""));
    assert_eq!(manifest.project, "spring");
    assert_eq!(manifest.on_ambiguous, OnAmbiguous::Hold);
    let context = only_job(&manifest, item(&[("sku", "0123")]));
    assert_eq!(manifest.output.render(&context).unwrap(), "renders/0123/0123_hero.mp4");
    let manifest = good(&with("").replace("prompt: x", "prompt: x, matrix: { size: [b] }"));
    let context = only_job(&manifest, item(&[("sku", "0123")]));
    assert_eq!(manifest.output.render(&context).unwrap(), "renders/0123/0123_hero_b.mp4");
}

#[test]
fn i10_scalars_stay_the_text_that_was_written() {
    let texts = ["0123", "no", "1e3", "1_000", "~", "0x1F", "013864106276", "2024-01-01", "null", "12:30:45"];
    let list = texts.map(|text| format!("  - {{ id: {text}, n: {text} }}\n")).concat();
    let manifest = good(&format!("version: 1\nitems:\n{list}shots: {{ a: {{ prompt: x }} }}\n"));
    let Items::List(items) = &manifest.items else { panic!("no list") };
    let read: Vec<_> =
        items.iter().map(|entry| (entry.item.id.as_str(), entry.item.get("n").unwrap())).collect();
    assert_eq!(read, texts.map(|text| (text, text)));
}

#[test]
fn an_item_of_the_list_sets_fields_for_itself_as_data() {
    let manifest = good(
        "version: 1\nitems:\n  - { id: a, prompt: '{{ item.id }} is text', seed: 7, mood: calm, image: '',\n      \
         reference_images: [x.png, y.png], model: zai/vidu2-image, params: { is_rec: true } }\n\
         shots: { hero: { prompt: '{{ item.prompt }} {{ item.mood }}' } }\n",
    );
    let Items::List(items) = &manifest.items else { panic!("no list") };
    let own = &items[0].own;
    assert!(
        matches!(&own.fields[&Field::Prompt], Setting::One(text) if text.value == "{{ item.id }} is text")
    );
    assert!(matches!(&own.fields[&Field::ReferenceImages], Setting::Many(all) if all[1].value == "y.png"));
    assert!(!own.fields.contains_key(&Field::Image), "what is left empty is not set");
    assert_eq!(own.params["is_rec"].value, "true");
    assert_eq!(own.model.as_ref().unwrap().value, "zai/vidu2-image");
    assert_eq!(prompt(&manifest, Arc::clone(&items[0].item)).unwrap(), "{{ item.id }} is text calm");
}

#[test]
fn anchors_and_merge_keys_are_resolved_and_the_map_itself_wins() {
    let manifest = good(
        "version: 1\nitems: { from: p.csv }\ndefaults: &base { prompt: from base, seed: 1, style: a }\n\
         shots:\n  a: { <<: *base, prompt: own }\n  b:\n    <<: [{ seed: 2 }, *base]\n",
    );
    let field = |shot: usize, field: Field| match &manifest.shots[shot].fields.settings.fields[&field] {
        Setting::One(template) => template.source().to_owned(),
        Setting::Many(_) => panic!("many"),
    };
    assert_eq!((field(0, Field::Prompt), field(0, Field::Seed)), ("own".into(), "1".into()));
    assert_eq!((field(1, Field::Prompt), field(1, Field::Seed)), ("from base".into(), "2".into()));
}

#[test]
fn i05_i06_windows_files_read_like_any_other() {
    let text = with("vars:\n  look: |\n    one\n    two\n");
    let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    assert_eq!(good(&windows).vars, good(&text).vars);
    let wrong = format!("\u{feff}{}", with("tyop: 1").replace('\n', "\r\n"));
    assert_eq!(reported(&wrong), ["4:1+4 unknown key `tyop`"]);
}

#[test]
fn all_problems_are_told_at_once_in_the_order_of_the_file() {
    let text = "items: { from: }\nvars: { a: }\nshots:\n  hero: { promt: x, optional: [sed] }\n  'b c': []\n\
                output: [x]\nprices: { vidu: { per: frame, usd: -1 } }\nwhere: x\n";
    assert_eq!(
        reported(text),
        [
            "`version` is missing",
            "1:14+1 `items.from` has no value",
            "2:10+1 `vars.a` has no value",
            "4:11+5 unknown key `promt` in `shots.hero`",
            "4:32+3 `sed` is neither a field nor a parameter",
            "5:3+5 `b c` cannot be the name of a shot",
            "5:10+2 `shots.b c` must be a group of fields, but it is a list",
            "6:9+3 `output` must be a string, but it is a list",
            "7:11+4 `vidu` is not the full name of a model",
            "7:24+5 `frame` is not a valid value for `per`",
            "7:36+2 `-1` is not a valid value for `usd`",
            "8:1+5 unknown key `where`",
        ]
    );
}

#[test]
fn another_version_is_the_only_problem() {
    assert_eq!(reported("version: 2\nnew: things\n"), ["1:10+1 manifest version `2` is not supported"]);
    assert_eq!(reported("version: 1.0\n"), ["1:10+3 manifest version `1.0` is not supported"]);
}

#[test]
fn i41_limits_and_prices_are_refused_with_a_form_to_copy() {
    for (limit, hint) in [
        ("concurrency: 0", "whole number"),
        ("concurrency: -1", "whole number"),
        ("concurrency: +1", "whole number"),
        ("per_day: 1_000", "whole number"),
        ("rate: 60", "60/min"),
        ("rate: 0/s", "60/min"),
        ("rate: 60/week", "60/min"),
        ("first_poll: 45", "`45s`"),
        ("first_poll: 1.5s", "such as `45s`"),
        ("poll_every: 0s", "from `1ms`"),
        ("poll_every: 99999999h", "to `24h`"),
    ] {
        let text = with(&format!("providers: {{ zai: {{ limits: {{ {limit} }} }} }}"));
        let (_, problems) = read("m.yaml", text.as_bytes());
        assert_eq!(problems.len(), 1, "{limit}");
        assert!(problems[0].hint.as_ref().unwrap().contains(hint), "{limit}: {:?}", problems[0].hint);
    }
    for usd in ["NaN", "-0.1", "1e3", "inf", "0.0000001", ".5"] {
        let text = with(&format!("prices: {{ a/b: {{ per: clip, usd: {usd} }} }}"));
        assert_eq!(reported(&text), [format!("4:34+{} `{usd}` is not a valid value for `usd`", usd.len())]);
    }
}

#[test]
fn a_number_in_the_place_of_a_group_or_with_a_comma_is_told_with_what_to_write() {
    for (section, message, hint) in [
        (
            "budget: 5",
            "4:9+1 `budget` must be a group of fields, but it is a number",
            "write `budget: { run: 5 }`; a day and a month have the keys `day` and `month`",
        ),
        (
            "budget: five",
            "4:9+4 `budget` must be a group of fields, but it is a string",
            "write `budget: { run: 60, day: 80, month: 1500 }`",
        ),
        (
            "prices: { a/b: 0.2 }",
            "4:16+3 `prices.a/b` must be a group of fields, but it is a number",
            "write `{ per: clip, usd: \"0.2\" }`, or `per: second` for a price of each second",
        ),
        (
            "budget: { run: 1,5 }",
            "4:18+1 a comma ends the value of `run`, so `1,5` is not one number",
            "write a point: `run: 1.5`",
        ),
        (
            "budget: { run: 1,000 }",
            "4:18+3 a comma ends the value of `run`, so `1,000` is not one number",
            "write a point: `run: 1.000`, or `run: 1000`",
        ),
        (
            "guards: { max_changed: 2,5% }",
            "4:26+2 a comma ends the value of `max_changed`, so `2,5%` is not one number",
            "write a point: `max_changed: 2.5%`",
        ),
        (
            "budget: { run: '1,5' }",
            "4:16+5 `1,5` is not a valid value for `budget.run`",
            "write a point, such as 1.5",
        ),
    ] {
        let text = with(section);
        assert_eq!(reported(&text).first().map(String::as_str), Some(message), "{section}");
        let (_, problems) = read("m.yaml", text.as_bytes());
        assert_eq!(problems[0].hint.as_deref(), Some(hint), "{section}");
    }
}

#[test]
fn addresses_carry_nothing_but_a_server_and_http_stays_on_this_machine() {
    for url in ["https://api.z.ai/api", "http://127.0.0.1:8080", "http://[::1]:1", "http://localhost:80/x"] {
        good(&with(&format!("providers: {{ zai: {{ base_url: '{url}' }} }}")));
    }
    for (url, message) in [
        ("http://api.z.ai", "unencrypted"),
        ("http://localhost.example.com", "unencrypted"),
        ("ftp://api.z.ai", "https://"),
        ("api.z.ai", "https://"),
        ("https://user:test-key@api.z.ai", "user name or a password"),
        ("https://api.z.ai/?key=test-key", "query"),
    ] {
        let text = with(&format!("providers: {{ zai: {{ base_url: '{url}' }} }}"));
        let (_, problems) = read("m.yaml", text.as_bytes());
        assert_eq!(problems.len(), 1, "{url}");
        assert!(problems[0].message.contains(message), "{url}: {}", problems[0].message);
        assert!(!format!("{problems:?}").contains("test-key"), "{url}");
    }
}

#[test]
fn i37_a_key_that_is_written_out_is_never_repeated() {
    for section in [
        "providers: { zai: { api_key: test-key } }",
        "providers: { zai: { api_key: \"test-key\", limit: 1 } }",
        "providers: { zai: { api_kee: test-key } }",
        "providers: { zai: { api_key: [test-key] } }",
        "providers: { zai: test-key }",
        "providers: test-key",
        "providers: { zai: { headers: { authorization: Bearer test-key } } }",
        "providers: { zai: { api_key: |\n  test-key\n  } }",
        "providers:\n  zai:\n    api_key: >-\n      test-key\n",
        "providers:\n  zai:\n    api_key: ${ZAI_KEY}test-key\n",
        "x: &k test-key\nproviders: { zai: { api_key: *k } }",
        "providers: { zai: { api_key: 'test-key', api_key: 'test-key' } }",
        "providers: { zai: { api_key: 'test-key' }",
        "providers:\n\tapi_key: test-key",
        "providers:\n  zai:\n    api_key:\n      'test-key",
        "providers:\n  zai:\n    api_kee: 'test-key",
        "providers: { zai: { {a: 1}: 1, api_key: test-key } }",
        "providers:\n  zai:\n    prompt: a: test-key",
        "x:\n  prompt: token: test-key",
        "shared: &shared { api_key: test-key }\nproviders: { zai: { <<: *shared, api_key: '${KEY}' } }",
    ] {
        let (manifest, problems) = read("m.yaml", with(section).as_bytes());
        assert!(manifest.is_none() && !problems.is_empty(), "{section}");
        assert!(!format!("{problems:?}").contains("test-key"), "{section}: {problems:#?}");
    }
}

#[test]
fn a_key_in_a_file_of_another_encoding_is_covered() {
    let (_, problems) = read("m.yaml", b"version: 1\nproviders: { zai: { api_key: test-key, x: \xFC } }\n");
    let Place::Text { line: 2, column: 43, text, .. } = &problems[0].place else { panic!("{problems:?}") };
    assert!(!text.contains("test-key"), "{text}");
}

#[test]
fn the_product_file_is_known_while_the_shots_are_wrong() {
    let from = |text: &str| read_items_from("m.yaml", text.as_bytes()).map(|(from, _)| from.value);
    assert_eq!(from("items: { from: a.csv }\nshots: 5\n").as_deref(), Some("a.csv"));
    for without in ["items: []\n", "shots: 5\n", "items: {", "- items"] {
        assert_eq!(from(without), None, "{without}");
    }
}

#[test]
fn the_environment_is_read_for_keys_only() {
    let text =
        with("vars: { a: 'costs ${5}', b: 'by ${USER}' }\nproviders: { zai: { base_url: '${HOST}' } }");
    let expected = [
        "4:33+7 `${USER}` can be used only in the `api_key` of a provider",
        "5:31+9 `base_url` must start with `https://`",
        "5:32+7 `${HOST}` can be used only in the `api_key` of a provider",
    ];
    assert_eq!(reported(&text), expected);
}

#[test]
fn providers_can_be_read_while_the_shots_are_wrong() {
    let text = "version: 9\nshots: 5\nshots: 6\nproviders: { zai: { api_key: '${KEY}' } }\n";
    let (providers, problems) = read_providers("m.yaml", text.as_bytes());
    assert_eq!(problems, []);
    assert_eq!(providers.unwrap()["zai"].value.api_key.as_ref().unwrap().value.0, "KEY");
    let (providers, _) = read_providers("m.yaml", b"shots: 5\n");
    assert!(providers.unwrap().is_empty());
    for wrong in ["providers: { zai: { api: 1 } }", "providers: { zai: {}, zai: {} }", "providers: {"] {
        let (providers, problems) = read_providers("m.yaml", wrong.as_bytes());
        assert!(providers.is_none() && !problems.is_empty(), "{wrong}");
    }
}

#[test]
fn names_that_no_item_can_have_are_found_without_an_item() {
    let text = "version: 1\nitems: { from: p.csv }\nvars: { look: soft }\nshots:\n  hero:\n    \
                prompt: \"{{ itm.title }}, {{ vars.lok }} {% for x in range(2) %}{{ x }}{% endfor %}\"\n";
    assert_eq!(reported(text), ["6:17+3 unknown name `itm`", "6:34+8 unknown name `vars.lok`"]);
}

#[test]
fn a_misspelt_name_is_led_to_what_items_have_and_to_the_variables() {
    let hint = |name: &str| {
        let text = format!(
            "version: 1\nitems: {{ from: p.csv }}\nvars: {{ look: soft }}\nshots:\n  hero:\n    prompt: \"{{{{ {name} }}}}\"\n"
        );
        read("m.yaml", text.as_bytes()).1.remove(0).hint.unwrap()
    };
    let meant = |name: &str| format!("did you mean `{name}`?");
    for (name, near) in [
        ("titel", "item.title"),
        ("title", "item.title"),
        ("look", "vars.look"),
        ("weight", "item.weight"),
        ("picture", "item.image"),
    ] {
        assert_eq!(hint(name), meant(near), "{name}");
    }
}

#[test]
fn i18_an_undefined_column_is_told_with_its_place_and_the_nearest_name() {
    let places = [
        ("prompt: Push-in on {{ item.titel }}", (5, 27)),
        ("prompt: \"Push-in on {{ item.titel }}\"", (5, 28)),
        ("prompt: 'It''s {{ item.titel }}'", (5, 13)),
        ("prompt: \"tab\\t{{ item.titel }}\"", (5, 13)),
        ("prompt: |\n      First line,\n      then {{ item.titel }}", (7, 15)),
        ("prompt: >-\n      First line,\n\n      then {{ item.titel }}", (8, 15)),
        ("prompt: plain text\n      goes on {{ item.titel }}", (6, 18)),
    ];
    for (text, expected) in places {
        let manifest = good(&format!("version: 1\nitems: {{ from: p.csv }}\nshots:\n  hero:\n    {text}\n"));
        let problem =
            prompt(&manifest, item(&[("id", "a"), ("title", "Lamp"), ("Body (HTML)", "x")])).unwrap_err();
        assert_eq!(problem.message, "the item has no `titel`");
        assert_eq!(problem.hint.as_deref(), Some("did you mean `item.title`?"));
        assert_eq!(problem.notes, ["a has: id, title, Body (HTML)"]);
        let Place::Text { line, column, .. } = problem.place else { panic!("no place") };
        assert_eq!((line, column), expected, "{text}");
    }
}

#[test]
fn a_column_with_a_blank_or_a_hyphen_is_led_to_the_raw_columns() {
    for (prompt, expected, hint) in [
        (
            "On {{item.supplier note}}",
            "5:19+18 `item.supplier note` is not one name, because it has a blank",
            "write `item.raw[\"supplier note\"]`",
        ),
        (
            "On {{ item.My supplier note | upper }}",
            "5:20+21 `item.My supplier note` is not one name, because it has a blank",
            "write `item.raw[\"My supplier note\"]`",
        ),
        (
            "{% if item.supplier note and item.id %}x{% endif %}",
            "5:20+18 `item.supplier note` is not one name, because it has a blank",
            "write `item.raw[\"supplier note\"]`",
        ),
        (
            "On {{ item.supplier-note }}",
            "5:34+4 unknown name `note`",
            "`-` subtracts; for the column `supplier-note`, write `item.raw[\"supplier-note\"]`",
        ),
    ] {
        let text = format!("version: 1\nitems: {{ from: p.csv }}\nshots:\n  hero:\n    prompt: '{prompt}'\n");
        assert_eq!(reported(&text), [expected], "{prompt}");
        assert_eq!(read("m.yaml", text.as_bytes()).1[0].hint.as_deref(), Some(hint), "{prompt}");
    }
    let manifest = good(
        "version: 1\nitems: { from: p.csv }\nshots: { hero: { prompt: 'On {{ item.raw[\"supplier note\"] }}' } }\n",
    );
    let lamp = item(&[("id", "a"), ("supplier note", "soft")]);
    assert_eq!(prompt(&manifest, lamp).unwrap(), "On soft");
}

#[test]
fn a_column_of_the_same_meaning_is_suggested_before_one_of_similar_letters() {
    let good = |text: &str| {
        good(&format!("version: 1\nitems: {{ from: p.csv }}\nshots: {{ hero: {{ prompt: 'On {text}' }} }}\n"))
    };
    let lamp = [("id", "a"), ("title", "Lamp"), ("price", "5"), ("image", "a.png")];
    for (name, near) in
        [("picture", "item.image"), ("photo", "item.image"), ("name", "item.title"), ("prize", "item.price")]
    {
        let problem = prompt(&good(&format!("{{{{ item.{name} }}}}")), item(&lamp)).unwrap_err();
        assert_eq!(problem.hint, Some(format!("did you mean `{near}`?")), "{name}");
    }
    let pictures = [("id", "a"), ("pictures", "a.png"), ("image", "a.png")];
    let problem = prompt(&good("{{ item.picture }}"), item(&pictures)).unwrap_err();
    assert_eq!(problem.hint.as_deref(), Some("did you mean `item.pictures`?"));
}

#[test]
fn a_hint_uses_the_quote_that_can_be_typed_where_it_is_to_stand() {
    for (text, hint) in [
        (
            "prompt: \"On {{ item.zebra }}\"",
            "add `zebra: …` to the item, or write `{{ item.zebra | default('') }}`",
        ),
        (
            "prompt: 'On {{ item.zebra }}'",
            "add `zebra: …` to the item, or write `{{ item.zebra | default(\"\") }}`",
        ),
        ("prompt: 'On {{ item.raw[\"Body HTML\"] }}'", "did you mean `item.raw[\"Body (HTML)\"]`?"),
        ("prompt: \"On {{ item.raw['Body HTML'] }}\"", "did you mean `item.raw['Body (HTML)']`?"),
        // The id would become empty.
        ("prompt: '{{ item.zebra }}'", "add `zebra: …` to the item"),
    ] {
        let manifest = good(&format!("version: 1\nitems: {{ from: p.csv }}\nshots:\n  hero:\n    {text}\n"));
        let problem = prompt(&manifest, item(&[("id", "a"), ("Body (HTML)", "x")])).unwrap_err();
        assert_eq!(problem.hint.as_deref(), Some(hint), "{text}");
    }
}

#[test]
fn templates_reach_every_column_and_shorten_texts() {
    let manifest = good(&with("").replace(
        "prompt: x",
        "prompt: '{{ item.raw[\"Body (HTML)\"] | strip_html | truncate(9) }}|{{ item.title | slug }}|\
         {{ item.gone | default(\"none\") }}|{{ (item.price | float) + 1 }}|{{ item.n | int }}|{{ shot }}'",
    ));
    let item = item(&[
        ("id", "a"),
        ("Body (HTML)", "<p>Warm &amp; dry</p>"),
        ("title", "Große Lampe"),
        ("price", "1.5"),
        ("n", "7"),
    ]);
    assert_eq!(prompt(&manifest, item).unwrap(), "Warm & dr|grosse-lampe|none|2.5|7|hero");
}

#[test]
fn what_a_template_renders_is_never_a_template() {
    let manifest = good(&with("").replace("prompt: x", "prompt: '{{ item.title }}'"));
    let hostile = "{{ item.id }} {% for x in range(9) %}<b>&";
    assert_eq!(prompt(&manifest, item(&[("id", "a"), ("title", hostile)])).unwrap(), hostile);
    let manifest = good(&with("").replace("prompt: x", "prompt: '{% include item.title %}'"));
    let problem = prompt(&manifest, item(&[("id", "a"), ("title", "{% include item.title %}")])).unwrap_err();
    assert!(problem.message.contains("non-existing"), "{}", problem.message);
}

#[test]
fn a_template_that_goes_on_for_ever_ends() {
    let endless = "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}";
    let manifest = good(&with("").replace("prompt: x", &format!("prompt: '{endless}'")));
    let problem = prompt(&manifest, item(&[("id", "a")])).unwrap_err();
    assert_eq!(problem.message, "the template takes too many steps");
}

#[test]
fn i01_i02_bombs_and_deep_nests_are_refused() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let below = format!("*a{}, ", level - 1).repeat(9);
        writeln!(bomb, "a{level}: &a{level} [{below}]").unwrap();
    }
    assert_eq!(reported(&bomb), ["7:10+3 aliases repeat more than 1000000 values"]);
    let mut merges = String::from("a0: &a0 { k: 1 }\n");
    for level in 1..100 {
        writeln!(merges, "a{level}: &a{level} {{ b: [*a{}] }}", level - 1).unwrap();
    }
    assert_eq!(reported(&merges).len(), 1, "a chain of aliases is a deep nest, too");
    for deep in ["[".repeat(20_000), "{a: ".repeat(3_000), "- ".repeat(3_000)] {
        assert_eq!(reported(&deep).len(), 1);
    }
    assert_eq!(reported("a: &a [*a]\n"), ["1:8+2 this alias is inside the value that it names"]);
}

#[test]
fn i04_other_encodings_are_told_with_the_place_of_their_first_letter() {
    let text = with("vars: { look: gr\u{fc}n }");
    let latin: Vec<u8> = text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
    let wide: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for (bytes, reason) in [
        (latin, "this character is not stored as UTF-8"),
        (wide, "the file is saved as \u{201c}Unicode\u{201d} (UTF-16)"),
        (with("vars: { look: a\0b }").into_bytes(), "it holds a NUL at byte offset"),
    ] {
        let (manifest, problems) = read("m.yaml", &bytes);
        assert!(manifest.is_none());
        assert!(problems[0].message.contains(reason), "{}", problems[0].message);
        assert!(problems[0].hint.as_deref().is_some_and(|hint| hint.starts_with("save it as UTF-8")));
    }
}

#[test]
fn i08_several_documents_in_one_file_are_refused_where_the_second_begins() {
    let two = format!("{}---\n{}", with(""), with(""));
    assert_eq!(reported(&two), ["5:1+3 the file holds several YAML documents"]);
}

#[test]
fn s26_s27_no_key_turns_checks_of_certificates_off_or_names_a_program_to_start() {
    for section in [
        "insecure: true",
        "hooks: { done: ./notify.sh }",
        "providers: { zai: { insecure: true } }",
        "providers: { zai: { verify_tls: false } }",
        "providers: { zai: { key_command: pass show zai } }",
        "vars: { x: y }\nshots_done: rm",
    ] {
        let reported = reported(&with(section));
        assert_eq!(reported.len(), 1, "{section}: {reported:?}");
        assert!(reported[0].contains(" unknown key `"), "{section}: {reported:?}");
    }
}

#[test]
fn i09_a_file_that_is_too_large_is_refused_before_it_is_read() {
    let (manifest, problems) = read("m.yaml", &vec![b'#'; 64 * 1024 * 1024 + 1]);
    assert!(manifest.is_none());
    assert_eq!(problems[0].message, "the file has 65 MiB; a manifest may have at most 64 MiB");
}

#[test]
fn a_catalog_on_one_line_keeps_a_bounded_part_of_it_for_each_item() {
    let list: Vec<String> = (0..300).map(|number| format!("{{ id: item-{number} }}")).collect();
    let manifest =
        good(&format!("version: 1\nitems: [{}]\nshots: {{ a: {{ prompt: x }} }}\n", list.join(", ")));
    let Items::List(items) = &manifest.items else { panic!("no list") };
    let Place::Text { text, line, column, .. } = &items[299].item.origin else { panic!("no place") };
    assert_eq!((text.chars().count(), *line, *column), (400, 2, 5287));
}

proptest! {
    #[test]
    fn i42_no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let (manifest, problems) = read("m.yaml", &bytes);
        prop_assert!(manifest.is_some() || !problems.is_empty());
        let (providers, problems) = read_providers("m.yaml", &bytes);
        prop_assert_eq!(providers.is_some(), problems.is_empty());
    }

    #[test]
    fn i42_no_mutation_of_a_manifest_makes_it_panic(
        at in 0..2000usize, length in 0..6usize, put in "[\\[\\]{}:,&*!|>'\"%@`#?~\\-\n\t\r a<é\u{85}]{0,4}",
    ) {
        let text = include_str!("../../tests/fixtures/manifest/good/every-key.yaml");
        let at = at.min(text.len());
        let end = (at + length).min(text.len());
        if text.is_char_boundary(at) && text.is_char_boundary(end) {
            let mutated = format!("{}{put}{}", &text[..at], &text[end..]);
            let (manifest, problems) = read("m.yaml", mutated.as_bytes());
            prop_assert!(manifest.is_some() || problems.iter().any(Problem::is_error));
        }
    }

    #[test]
    fn no_template_makes_it_panic(
        text in "([ a-z.'\"|(){}%\\[\\]#-]|\\{\\{|\\}\\}|\\{%|%\\}|item|vars|if|for|in|é){0,20}",
    ) {
        let source = Arc::new(Source::new("m.yaml", "", Vec::new()));
        let mut templates = Templates::new(BTreeMap::new());
        if let Ok(template) = templates.compile(&text, CompactPlace::new(&source, None)) {
            let context = templates.item(item(&[("id", "a")])).context("hero", "", Vec::new());
            let _ = template.render(&context);
        }
    }
}
