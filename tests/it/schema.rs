//! The schema for editors describes the manifests that the program accepts.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails as the test itself does")]

use boon::{Compiler, SchemaIndex, Schemas};
use encoding_rs::{Encoding, UTF_8};
use serde_json::Value;
use shotlist::domain::request::Field;
use shotlist::manifest::keys;
use shotlist::provider::Registry;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns the output of `shotlist schema`.
fn printed() -> Value {
    let ended = Command::new(env!("CARGO_BIN_EXE_shotlist")).arg("schema").env_clear().output().unwrap();
    assert!(ended.status.success());
    serde_json::from_slice(&ended.stdout).unwrap()
}

/// The schema as an editor applies it.
pub(crate) struct Schema {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Schema {
    /// As the program prints it. It is compiled by the rules of its draft, or not at all.
    pub(crate) fn new() -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("schema.json", printed()).unwrap();
        let index = compiler.compile("schema.json", &mut schemas).unwrap();
        Self { schemas, index }
    }

    /// Why it refuses a manifest. What is no text or no YAML at all, an editor refuses without a schema.
    pub(crate) fn refuses(&self, bytes: &[u8]) -> Option<String> {
        // Editors read any Unicode whose first bytes say which it is.
        let encoding = Encoding::for_bom(bytes).map_or(UTF_8, |(encoding, _)| encoding);
        let (text, _, is_garbled) = encoding.decode(bytes);
        if is_garbled {
            return Some("it is no Unicode".to_owned());
        }
        let manifest: Value = match serde_yaml::from_str(&text) {
            Ok(manifest) => manifest,
            Err(error) => return Some(error.to_string()),
        };
        self.schemas.validate(&manifest, self.index).err().map(|error| error.to_string())
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The manifests that a pattern of `tests/fixtures/schema.txt` stands for: `FOLDER/*.yaml` or `FOLDER/*/shotlist.yaml`.
fn manifests(pattern: &str) -> Vec<PathBuf> {
    let (folder, name) = pattern.split_once("/*").unwrap();
    let entries = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.filter_map(|path| match name.strip_prefix('/') {
        Some(name) => Some(path.join(name)).filter(|path| path.is_file()),
        None => Some(path).filter(|path| path.to_string_lossy().ends_with(name)),
    });
    let mut found: Vec<PathBuf> = found.map(|path| path.strip_prefix(root()).unwrap().to_owned()).collect();
    found.sort();
    assert!(!found.is_empty(), "{pattern}");
    found
}

/// The words behind the first of the lines of `tests/fixtures/schema.txt` that begin so.
fn listed(kind: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(root().join("tests/fixtures/schema.txt")).unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix(kind)?.strip_prefix(' '));
    lines.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

#[test]
fn every_manifest_that_is_right_is_taken() {
    let schema = Schema::new();
    for path in listed("right").iter().flat_map(|words| manifests(&words[0])) {
        let bytes = fs::read(root().join(&path)).unwrap();
        assert_eq!(schema.refuses(&bytes), None, "{}", path.display());
    }
}

#[test]
fn of_those_that_are_wrong_it_takes_only_what_no_schema_can_see() {
    let schema = Schema::new();
    let refused = |path: &PathBuf| schema.refuses(&fs::read(root().join(path)).unwrap()).is_some();
    let wrong: Vec<PathBuf> = listed("wrong").iter().flat_map(|words| manifests(&words[0])).collect();
    let taken = wrong.iter().filter(|path| !refused(path)).map(|path| path.display().to_string());
    let taken: BTreeSet<String> = taken.collect();
    let unseen = listed("unseen");
    let known: BTreeSet<String> = unseen.iter().map(|words| words[0].clone()).collect();
    let (more, less) = (taken.difference(&known), known.difference(&taken));
    let (more, less) = (more.collect::<Vec<_>>(), less.collect::<Vec<_>>());
    assert!(more.is_empty(), "taken, and not listed as such: {more:#?}");
    assert!(less.is_empty(), "listed as taken, and refused or not there: {less:#?}");
    for words in &unseen {
        let reasons = ["catalog", "picture", "path", "template", "model", "reference", "letters"];
        assert!(words.len() == 2 && reasons.contains(&words[1].as_str()), "{words:?}");
    }
}

#[test]
fn it_has_no_word_that_draft_7_lacks() {
    const WORDS: &[&str] = &[
        "$schema",
        "title",
        "description",
        "default",
        "definitions",
        "$ref",
        "type",
        "enum",
        "const",
        "pattern",
        "minimum",
        "maximum",
        "minItems",
        "maxItems",
        "minProperties",
        "items",
        "properties",
        "required",
        "additionalProperties",
        "propertyNames",
        "not",
        "anyOf",
        "allOf",
        "if",
        "then",
    ];
    fn walk(schema: &Value) {
        for (word, value) in schema.as_object().into_iter().flatten() {
            assert!(WORDS.contains(&word.as_str()), "{word}");
            match word.as_str() {
                "properties" | "definitions" => value.as_object().unwrap().values().for_each(walk),
                "anyOf" | "allOf" => value.as_array().unwrap().iter().for_each(walk),
                "items" | "additionalProperties" | "propertyNames" | "not" | "if" | "then" => walk(value),
                _ => {}
            }
        }
        // Draft 7 ignores keys next to a reference.
        assert!(schema.get("$ref").is_none() || schema.as_object().unwrap().len() == 1, "{schema}");
    }
    walk(&printed());
}

#[test]
fn what_holds_where_nothing_is_written_is_told() {
    let schema = printed();
    let shot = &schema["definitions"]["shot"]["properties"];
    assert_eq!(schema["properties"]["reuse"]["default"], "always");
    assert_eq!(schema["properties"]["items"]["anyOf"][0]["properties"]["one_per"]["default"], "product");
    assert_eq!(shot["on_change"]["default"], "render");
    assert!(schema["properties"]["output"]["default"].as_str().unwrap().contains("{{ shot }}"));
    let key = &schema["properties"]["providers"]["properties"]["zai"]["properties"]["api_key"]["default"];
    assert_eq!(key, "${ZAI_API_KEY}");
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
    let lists = definitions["model"]["anyOf"].as_array().unwrap();
    let models: Vec<&Value> = lists.iter().filter_map(|list| list["enum"].as_array()).flatten().collect();
    for card in Registry::built_in().iter().flat_map(|provider| provider.cards()) {
        assert!(models.contains(&&card.name.to_string().into()), "{}", card.name);
        for param in &card.params {
            let told = definitions["params"]["properties"][&param.name]["description"].as_str().unwrap();
            assert!(told.contains(&card.name.to_string()), "{told}");
        }
    }
    for provider in Registry::built_in().iter() {
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
