//! A provider that another crate adds: registered, planned, run and paid for through the library alone.
//!
//! The files in `outside/` are what such a crate consists of; they name nothing but public items. The page about adding
//! a provider counts them, and is held to its counts.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails as the test itself does")]

pub(crate) mod provider;
mod sandbox;

use provider::Acme;
use serde_json::json;
use shotlist::app::{Always, Exit, PlanRequest, Project, RunRequest};
use shotlist::domain::key::TaskId;
use shotlist::domain::limits::Limits;
use shotlist::domain::money::Usd;
use shotlist::engine::clock::Clock;
use shotlist::engine::lane::Account;
use shotlist::files::atomic_write;
use shotlist::provider::Registry;
use shotlist::provider::cards::Cards;
use shotlist::sandbox::{ClipDetail, Options, Rule, Sandbox};
use shotlist::transport::Endpoint;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const MANIFEST: &str = r#"version: 1
project: abroad
items:
  - { id: mug, title: Mug }
  - { id: cup, title: Cup }
shots:
  teaser: { model: acme/short, prompt: "A slow turn around {{ item.title }}" }
  film: { model: acme/long, prompt: "{{ item.title }} in the rain", duration: 6, params: { camera: slow } }
output: "{{ item.id }}_{{ shot }}.mp4"
"#;

/// Returns the built-in providers and the one from outside.
fn registry() -> Registry {
    Registry::built_in().with(Acme::new().unwrap())
}

/// Starts the sandbox with the provider from outside among those that it plays.
async fn far_end(home: &Path) -> Arc<Sandbox> {
    let clock = Clock::system();
    let mut options = Options::new(home.join("far-end"), "secret", Arc::new(move || clock.now()));
    options.providers.push(sandbox::provider());
    options.clips = ClipDetail::Tiny;
    options.task_time = Duration::from_millis(50)..=Duration::from_millis(100);
    Arc::new(Sandbox::start(options).await.unwrap())
}

/// Plans a manifest and renders what is wanted; answers the price of each new job.
async fn run(manifest: &Path, far_end: &Arc<Sandbox>) -> BTreeMap<String, Option<Usd>> {
    let project = Project::open_with(manifest, registry()).unwrap();
    let project = project.rehearsed(Arc::clone(far_end)).unwrap().asking(Always);
    let plan = project.plan(&PlanRequest::default()).await.unwrap();
    let mut prices = BTreeMap::new();
    let noted = plan.each_job::<shotlist::store::StoreError>(|job| {
        if job.decision.name() == "new" {
            prices.insert(job.wanted.key.to_string(), job.wanted.price);
        }
        Ok(())
    });
    noted.unwrap();
    assert_eq!(project.run(&RunRequest::default()).await.unwrap().exit(), Exit::Done);
    prices
}

#[tokio::test]
async fn a_provider_from_another_crate_is_planned_run_and_paid_once() {
    let home = tempfile::tempdir().unwrap();
    let manifest = home.path().join("shop.yaml");
    atomic_write(&manifest, MANIFEST.as_bytes(), 0o644).unwrap();
    let far_end = far_end(home.path()).await;
    let error =
        json!({ "error": { "http": 429, "code": "slow_down", "message": "later", "retry_after": 0 } });
    let rule = json!({ "on": "submit", "when": { "provider": "acme", "nth": 2 }, "do": error });
    far_end.add_fault(serde_json::from_value(rule).unwrap()).unwrap();

    let prices = run(&manifest, &far_end).await;
    let usd = |text: &str| Some(text.parse().unwrap());
    let expected =
        [("film/cup", "0.18"), ("film/mug", "0.18"), ("teaser/cup", "0.05"), ("teaser/mug", "0.05")];
    assert_eq!(prices, expected.map(|(key, price)| (key.to_owned(), usd(price))).into());
    assert_eq!(far_end.requests().len(), 5, "one was throttled and sent again");
    let charges = far_end.charges();
    let mut bill: Vec<_> = charges.iter().map(|it| [&it.provider, &it.model, &it.usd, &it.outcome]).collect();
    bill.sort();
    let [film, teaser] = [["acme", "long", "0.18", "success"], ["acme", "short", "0.05", "success"]];
    assert_eq!(bill, [film, film, teaser, teaser]);
    for (item, shot) in [("mug", "teaser"), ("mug", "film"), ("cup", "teaser"), ("cup", "film")] {
        assert!(home.path().join(format!("sandbox/{item}_{shot}.mp4")).is_file(), "{item} {shot}");
    }

    assert_eq!(run(&manifest, &far_end).await, BTreeMap::new());
    assert_eq!(far_end.charges().len(), 4, "nothing is ordered twice");
    Arc::into_inner(far_end).unwrap().stop().await.unwrap();
}

#[test]
fn a_task_is_asked_for_with_its_own_model_also_where_that_is_in_no_list_any_more() {
    let (registry, task) = (registry(), TaskId("7".into()));
    let provider = registry.find("acme").unwrap();
    let endpoint =
        Endpoint { base_url: "https://api.acme.example".parse().unwrap(), key: None, key_env: None };
    let account = Account::new(Arc::clone(provider), endpoint, Limits::default(), &Cards::new(&registry));
    for model in ["short", "long", "gone"] {
        let card = account.card(&format!("acme/{model}").parse().unwrap());
        assert_eq!(provider.poll(&card, &task).path, format!("/v2/models/{model}/jobs/7"));
    }
}

#[test]
fn messages_and_cards_know_a_provider_from_another_crate() {
    let cards = Cards::new(&registry());
    assert_eq!(cards.of("acme").count(), 2);
    assert_eq!(cards.unknown(&"acme/shrot".parse().unwrap()).hint, "did you mean `acme/short`?");
    assert_eq!(cards.unknown(&"acmee/short".parse().unwrap()).hint, "did you mean `acme/short`?");
    assert!(Cards::built_in().of("acme").next().is_none());
}

#[tokio::test]
async fn the_sandbox_plays_a_name_once_and_takes_rules_about_whom_it_plays() {
    let home = tempfile::tempdir().unwrap();
    let start = |providers: Vec<_>| {
        let mut options = Options::new(home.path(), "secret", Arc::new(|| jiff::Timestamp::UNIX_EPOCH));
        options.providers = providers;
        Sandbox::start(options)
    };
    let twice = start(vec![sandbox::provider(), sandbox::provider()]).await;
    assert_eq!(twice.err().unwrap().to_string(), "there are two providers named acme");
    let alone = start(vec![sandbox::provider()]).await.unwrap();
    let rule = |name: &str| -> Rule {
        serde_json::from_value(json!({ "on": "poll", "when": { "provider": name }, "do": "malformed" }))
            .unwrap()
    };
    alone.add_fault(rule("acme")).unwrap();
    assert_eq!(alone.add_fault(rule("zai")).unwrap_err(), "there is no provider `zai`; the sandbox has acme");
    alone.stop().await.unwrap();
}

/// Returns the rows of the tables of the page about adding a provider, by their first cell.
fn page() -> (String, BTreeMap<String, String>) {
    let page = root().join("docs/src/developer/adding-a-provider.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rows = page.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        Some((cells.next()?.to_owned(), cells.next()?.to_owned()))
    });
    let rows = rows.collect();
    (page, rows)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_page_counts_the_files_and_lines_of_a_provider_in_another_crate() {
    let (page, rows) = page();
    let (mut files, mut all) = (0, 0);
    for entry in std::fs::read_dir(root().join("tests/it/outside")).unwrap() {
        let path = entry.unwrap().path();
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        let name = format!("`{}`", path.file_name().unwrap().display());
        assert_eq!(rows.get(&name), Some(&lines.to_string()), "{name}");
        (files, all) = (files + 1, all + lines);
    }
    let sum = format!("{files} files with {all} lines in all use only public items of the library.");
    assert!(page.contains(&sum), "the page does not say: {sum}");
    // The two lines that it shows, with the test's own error handling.
    let test = std::fs::read_to_string(root().join("tests/it/outside.rs")).unwrap();
    for (shown, here) in [
        ("Registry::built_in().with(Acme::new()?)", "Registry::built_in().with(Acme::new().unwrap())"),
        ("options.providers.push(sandbox::provider());", "options.providers.push(sandbox::provider());"),
    ] {
        assert!(page.contains(shown) && test.contains(here), "{shown}");
    }
}

#[test]
fn the_page_counts_the_lines_of_a_built_in_provider_and_no_other_file_names_one() {
    let (_, rows) = page();
    let added = |place: &str| rows.get(place).unwrap_or_else(|| panic!("{place}")).as_str();
    let classes = format!("{} files", crate::providers::CLASSES.len());
    assert_eq!(added("`tests/fixtures/NAME/`"), classes);
    for name in Registry::built_in().iter().map(|provider| provider.name()) {
        for (path, text) in crate::architecture::modules().into_values().flatten() {
            let is_own = path.iter().any(|part| Path::new(part).file_stem().is_some_and(|stem| stem == name));
            if is_own || crate::architecture::is_test(&path) {
                continue;
            }
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap().lines();
            let code = code.filter(|line| !line.trim_start().starts_with("//"));
            let names = |line: &&str| {
                let is_module = line.trim() == format!("mod {name};") || line.contains(&format!("{name}::"));
                is_module || line.contains(&format!("\"{name}\""))
            };
            let lines = code.filter(names).count();
            match path.to_str().unwrap() {
                place @ ("provider/mod.rs" | "sandbox/mod.rs") => {
                    assert_eq!(added(&format!("`src/{place}`")), format!("{lines} lines"), "{name}");
                }
                // Old logs of the sandbox name no provider: they are of the first one.
                "sandbox/tasks.rs" if name == "zai" => assert_eq!(lines, 1),
                place => assert_eq!(lines, 0, "{place} names {name}"),
            }
        }
    }
}
