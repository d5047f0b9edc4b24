//! What editors are told of a manifest is what the program takes.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails as the test itself does")]

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;
use shotlist::domain::request::Field;
use shotlist::manifest::keys;
use shotlist::provider;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What `shotlist schema` prints.
fn printed() -> Value {
    let ended = Command::new(env!("CARGO_BIN_EXE_shotlist")).arg("schema").env_clear().output().unwrap();
    assert!(ended.status.success());
    serde_json::from_slice(&ended.stdout).unwrap()
}

struct Schema {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Schema {
    fn new() -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("schema.json", printed()).unwrap();
        let index = compiler.compile("schema.json", &mut schemas).unwrap();
        Self { schemas, index }
    }

    /// Why it refuses a manifest. What is no YAML at all, an editor refuses without a schema.
    fn refuses(&self, text: &str) -> Option<String> {
        let manifest: Value = match serde_yaml::from_str(text.trim_start_matches('\u{feff}')) {
            Ok(manifest) => manifest,
            Err(error) => return Some(error.to_string()),
        };
        self.schemas.validate(&manifest, self.index).err().map(|error| error.to_string())
    }
}

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The manifests of the projects in a folder of fixtures, by the projects' names.
fn fixtures(kind: &str) -> Vec<(String, String)> {
    let folders = fs::read_dir(root("tests/fixtures").join(kind)).unwrap().map(|entry| entry.unwrap());
    let named = folders.filter_map(|folder| {
        let bytes = fs::read(folder.path().join("shotlist.yaml")).ok()?;
        Some((folder.file_name().into_string().unwrap(), String::from_utf8_lossy(&bytes).into_owned()))
    });
    named.collect()
}

#[test]
fn every_manifest_that_is_right_is_taken() {
    let schema = Schema::new();
    let mut manifests = fixtures("fine");
    for entry in fs::read_dir(root("manifests")).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.extension().is_some_and(|ending| ending == "yaml") {
            manifests.push((entry.display().to_string(), fs::read_to_string(&entry).unwrap()));
        }
    }
    assert!(manifests.len() > 8);
    for (name, text) in manifests {
        assert_eq!(schema.refuses(&text), None, "{name}");
    }
}

/// What is wrong whatever the catalog, the pictures, the files on the disk, the templates and the card of the chosen
/// model say.
const WRONG_IN_ITSELF: &[&str] = &[
    "alias-bomb",
    "bracket-not-closed",
    "budget-that-is-no-amount",
    "card-of-an-unknown-model",
    "card-that-cannot-be-read",
    "card-that-contradicts-itself",
    "card-with-unknown-parts",
    "card-with-wrong-values",
    "colon-in-text",
    "condition-in-bare-braces",
    "condition-in-braces",
    "condition-that-begins-with-a-quote",
    "empty-manifest",
    "environment-elsewhere",
    "guards-that-are-no-numbers",
    "indentation",
    "key-over-http",
    "key-twice",
    "key-typo",
    "limits",
    "literal-key",
    "manifest-is-a-list",
    "map-for-text",
    "matrix-that-is-written-otherwise",
    "merge-of-no-map",
    "model-without-provider",
    "no-items",
    "on-change-and-reuse",
    "only-a-comment",
    "output-absolute",
    "output-ending",
    "price-with-a-comma",
    "quote-not-closed",
    "several-at-once",
    "surcharge-that-is-incomplete",
    "tab-as-indentation",
    "template-without-quotes",
    "unknown-model-of-unknown-provider",
    "unknown-provider",
    "version-2",
    "wrong-type",
];

#[test]
fn every_manifest_that_is_wrong_in_itself_is_refused() {
    let schema = Schema::new();
    let refused: BTreeSet<String> = fixtures("bad")
        .into_iter()
        .filter(|(_, text)| schema.refuses(text).is_some())
        .map(|(name, _)| name)
        .collect();
    for name in WRONG_IN_ITSELF {
        assert!(refused.contains(*name), "{name} is taken; refused are {refused:?}");
    }
}

#[test]
fn it_knows_every_key_every_model_and_every_parameter() {
    let schema = printed();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    for (key, says) in keys::MANIFEST {
        assert_eq!(schema["properties"][key]["description"], *says, "{key}");
    }
    let definitions = &schema["definitions"];
    let shot = &definitions["shot"];
    for name in Field::ALL.map(Field::name).into_iter().chain(keys::SHOT.iter().map(|(name, _)| *name)) {
        assert!(shot["properties"][name]["description"].is_string(), "{name}");
    }
    let models = &definitions["model"]["anyOf"][0]["enum"];
    for card in provider::ALL.iter().flat_map(|provider| provider.cards()) {
        assert!(models.as_array().unwrap().contains(&card.name.to_string().into()), "{}", card.name);
        for param in &card.params {
            let told = definitions["params"]["properties"][&param.name]["description"].as_str().unwrap();
            assert!(told.contains(&card.name.to_string()), "{told}");
        }
    }
    for provider in provider::ALL {
        let settings = &schema["properties"]["providers"]["properties"][provider.name()]["properties"];
        assert!(settings["limits"]["properties"]["concurrency"].is_object());
    }
}

#[test]
fn every_property_says_what_it_holds() {
    fn walk(schema: &Value, path: &str, seen: &mut usize) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            *seen += 1;
            let holds = ["type", "enum", "const", "anyOf", "allOf"];
            assert!(holds.iter().any(|key| property.get(key).is_some()), "{path}.{name}");
            walk(property, &format!("{path}.{name}"), seen);
        }
        for key in ["anyOf", "allOf"] {
            for each in schema[key].as_array().into_iter().flatten() {
                walk(each, path, seen);
            }
        }
        walk_one(schema.get("items"), path, seen);
        walk_one(schema.get("additionalProperties"), path, seen);
        for (name, each) in schema["definitions"].as_object().into_iter().flatten() {
            walk(each, name, seen);
        }
    }
    fn walk_one(schema: Option<&Value>, path: &str, seen: &mut usize) {
        if let Some(schema) = schema.filter(|schema| schema.is_object()) {
            walk(schema, path, seen);
        }
    }
    let mut seen = 0;
    walk(&printed(), "", &mut seen);
    assert!(seen > 100, "{seen}");
}
