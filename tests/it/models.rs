//! The models as the program shows them, and as a manifest corrects them.

use crate::snapshot::{assert_whole, whole};
use crate::support::{Project, SHOP};
use shotlist::provider::Registry;
use shotlist::provider::cards::Cards;

/// Corrections of a built-in model and a model that is new.
const CORRECTED: &str = r#"models:
  zai/viduq1-text:
    link_life_hours: 12
    fields:
      - { name: prompt, max: 800 }
  zai/viduq9-text:
    like: zai/viduq1-text
    params: [{ name: camera, type: text, values: [pan, tilt] }]
prices:
  zai/viduq9-text: { per: second, usd: "0.10", surcharges: [{ param: camera, equals: pan, usd: "0.05" }] }
"#;

/// A folder with nothing in it but a manifest.
fn with(manifest: &str) -> Project {
    let project = Project::empty(|_| {});
    project.write("products.csv", crate::support::sheet(2));
    project.write("shotlist.yaml", manifest);
    project
}

#[test]
fn the_table_has_every_model_that_can_be_bought_with_what_it_costs() {
    let project = Project::empty(|_| {});
    let ended = project.run(&["models"]).expect(0);
    let data = project.run(&["models", "--json"]).expect(0).json();
    let models = data["models"].as_array().unwrap();
    let cards = Cards::built_in();
    let is_hidden = |name: &str| Registry::built_in().find(name).unwrap().profile().sandbox_only;
    assert_eq!(models.len(), cards.iter().filter(|card| !is_hidden(&card.name.provider)).count());
    for (card, model) in cards.for_sale().zip(models) {
        assert_eq!(model["name"], card.name.to_string());
        let line = ended.out.lines().find(|line| line.split(' ').any(|word| word == model["name"]));
        let price = card.price.as_ref().map_or("not published".to_owned(), ToString::to_string);
        assert!(line.is_some_and(|line| line.contains(&price)), "{}: {}", card.name, ended.out);
    }
    assert_whole!(&ended);
}

#[test]
fn a_page_shows_every_field_and_parameter_of_a_model() {
    let project = Project::empty(|_| {});
    for card in Registry::built_in().iter().flat_map(|provider| provider.cards()) {
        let ended = project.run(&["models", &card.name.to_string()]).expect(0);
        for rule in card.fields.iter().chain(&card.params) {
            let line = ended.out.lines().find(|line| line.trim_start().starts_with(&rule.name));
            assert!(line.is_some(), "{}: {}\n{}", card.name, rule.name, ended.out);
        }
        for told in card.remarks.iter().map(|remark| &remark.says).chain(&card.notes) {
            let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words(&ended.out).contains(&words(told)), "{}: {told}", card.name);
        }
    }
    insta::assert_snapshot!(project.run(&["models", "zai/cogvideox-3"]).expect(0).out);
}

#[test]
fn a_part_of_a_name_is_enough_if_no_other_model_has_it() {
    let project = Project::empty(|_| {});
    let pages = ["cogvideo", "zai/cogvideox-3"].map(|name| project.run(&["models", name]).expect(0).out);
    assert_eq!(pages[0], pages[1]);
    assert_whole!(project.run(&["models", "zai/vidu2-imgae"]).expect(2));
    let own = project.run(&["models", "zai", "--json"]).expect(0).json();
    assert_eq!(
        own["models"].as_array().unwrap().len(),
        Registry::built_in().find("zai").unwrap().cards().len()
    );
}

#[test]
fn what_a_manifest_corrects_is_shown_with_its_line() {
    let project = with(&format!("{SHOP}{CORRECTED}"));
    assert_whole!(project.run(&["models"]).expect(0));
    insta::assert_snapshot!(project.run(&["models", "zai/viduq9-text"]).expect(0).out);
    let model = &project.run(&["models", "zai/viduq1-text", "--json"]).expect(0).json()["model"];
    assert_eq!(model["link_life_hours"], 12);
    assert_eq!(
        model["corrected"][0],
        serde_json::json!({ "part": "link_life_hours", "at": "shotlist.yaml:11" })
    );
    assert_eq!(
        model["corrected"][1],
        serde_json::json!({ "part": "fields.prompt", "at": "shotlist.yaml:13" })
    );
}

#[test]
fn a_page_tells_how_long_the_projects_renderings_took() {
    let project = Project::shop(3);
    let page = ["models", "zai/viduq1-text"];
    assert_whole!(project.run(&page).expect(0));
    project.run(&["run", "--yes"]).expect(0);
    // The times are those of this machine.
    let told = whole(&project.run(&page).expect(0));
    let times = regex::Regex::new(r"\d+(\.\d+)? s\b").unwrap();
    insta::assert_snapshot!("page_with_durations", times.replace_all(&told, "[span]"));
    let json = project.run(&["models", "zai", "--json"]).expect(0).json();
    let models = json["models"].as_array().unwrap();
    let durations = &models.iter().find(|model| model["name"] == page[1]).unwrap()["durations"];
    assert_eq!(durations[0]["finished"], 3, "{durations}");
    let [p10, p50, p95] =
        ["p10_seconds", "p50_seconds", "p95_seconds"].map(|at| durations[0][at].as_f64().unwrap());
    assert!(0.0 < p10 && p10 <= p50 && p50 <= p95, "{durations}");
}

#[test]
fn a_plan_says_which_cards_and_prices_are_the_manifests() {
    let shop = SHOP.replace("zai/viduq1-text", "zai/viduq9-text").replace(
        "    prompt:",
        "    params: { camera: pan }\n    optional: [seed]\n    seed: 7\n    prompt:",
    );
    let project = with(&format!("{shop}{CORRECTED}"));
    let ended = project.run(&["plan"]).expect(0);
    // Five seconds, and the surcharge.
    assert_whole!(&ended);
    let plan = project.run(&["plan", "--json"]).expect(0).json();
    assert_eq!(plan["dropped"][0]["jobs"], 2);
    assert_eq!(plan["corrected"].as_array().unwrap().len(), 3);
}

#[test]
fn a_corrected_card_buys_nothing_again() {
    let project = Project::shop(2);
    project.run(&["run", "--yes"]).expect(0);
    let fingerprints = |project: &Project| {
        let plan = project.run(&["plan", "--json"]).expect(0).json();
        assert_eq!(plan["to_render"], 0, "{plan}");
        plan["jobs"].as_array().unwrap().iter().map(|job| job["fingerprint"].to_string()).collect::<Vec<_>>()
    };
    let before = fingerprints(&project);
    project.manifest(&format!("{SHOP}{CORRECTED}"));
    assert_eq!(fingerprints(&project), before);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.requests().len(), 2);
}

#[test]
fn a_rehearsal_says_which_corrections_the_sandbox_does_not_know() {
    let shop = SHOP.replace("zai/viduq1-text", "zai/viduq9-text");
    let project = with(&format!("{shop}{CORRECTED}"));
    assert_whole!(project.run(&["run", "--sandbox", "--yes"]).expect(3));
    // A price of one's own is nothing that the sandbox could refuse.
    let project = with(&format!("{SHOP}prices: {{ zai/viduq1-text: {{ per: clip, usd: \"0.10\" }} }}\n"));
    assert_whole!(project.run(&["run", "--sandbox", "--yes"]).expect(0));
}

#[test]
fn corrected_limits_are_the_ones_that_are_checked() {
    let shop = SHOP.replace("A slow turn", &"A slow turn ".repeat(60));
    with(&shop).run(&["validate"]).expect(4);
    with(&format!("{shop}{CORRECTED}")).run(&["validate"]).expect(0);
}

#[test]
fn a_manifest_that_is_wrong_elsewhere_still_corrects_the_cards() {
    let project = with(&format!("{SHOP}{CORRECTED}wrong: key\n"));
    let model = &project.run(&["models", "zai/viduq1-text", "--json"]).expect(0).json()["model"];
    assert_eq!(model["link_life_hours"], 12);
    let project = with(&format!("{SHOP}models: {{ zai/viduq1-text: {{ link_life_hours: soon }} }}\n"));
    let ended = project.run(&["models", "zai/viduq1-text"]).expect(4);
    assert_whole!(ended);
}

#[test]
fn a_field_that_a_card_gets_later_buys_nothing_again_nor_does_another_unicode_form() {
    let shop = SHOP.replace("    prompt:", "    audio: true\n    optional: [audio]\n    prompt:");
    let corrected =
        "models: { zai/viduq1-text: { fields: [{ name: audio, wire: with_audio, type: bool }] } }\n";
    let project = Project::shop(2);
    project.write("products.csv", "id,title\nsku-1,cafe\u{301}\nsku-2,mug\n");
    project.manifest(&shop);
    project.run(&["run", "--yes"]).expect(0);
    project.write("products.csv", "id,title\nsku-1,caf\u{e9}\nsku-2,mug\n");
    for section in [corrected, "", corrected] {
        project.manifest(&format!("{shop}{section}"));
        assert_whole!(project.run(&["run", "--yes"]).expect(0));
    }
    assert_eq!(project.requests().len(), 2);
    project.manifest(&format!("{}{corrected}", shop.replace("audio: true", "audio: false")));
    assert_eq!(project.run(&["plan", "--json"]).expect(0).json()["to_render"], 2);
}
