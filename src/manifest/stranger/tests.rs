use super::super::{read, read_providers};
use super::*;

fn told(file: &str, bytes: &[u8]) -> Option<(String, String)> {
    problem(file, bytes).map(|problem| (problem.message, problem.hint.unwrap()))
}

#[test]
fn a_product_file_is_no_manifest() {
    let cases: [(&str, &[u8]); 7] = [
        ("products.csv", b"id,title\n1,Lamp: red\n"),
        ("a/products.TSV", b"id\ttitle\n"),
        ("products.xlsx", b"PK\x03\x04\xff"),
        ("products", b"PK\x03\x04\xff"),
        ("products.xml", b"<products/>"),
        ("products.json", b"[{ \"id\": 1 }]"),
        ("products.json", b"{ \"products\": [] }"),
    ];
    for (file, bytes) in cases {
        let (message, hint) = told(file, bytes).unwrap();
        assert_eq!(message, format!("`{file}` is a product file, not a manifest"));
        assert_eq!(hint, format!("to make a manifest from it, type `shotlist init --from {file}`"));
    }
    let (manifest, problems) = read("my products.csv", b"id,title\n1,\"Lamp\n");
    assert!(manifest.is_none());
    assert_eq!(problems.len(), 1);
    assert_eq!(
        problems[0].hint.as_deref(),
        Some("to make a manifest from it, type `shotlist init --from 'my products.csv'`")
    );
    assert_eq!(read_providers("p.csv", b"id\n1\n").1.len(), 1);
}

#[test]
fn a_plan_is_no_manifest() {
    let plan = b"{\n  \"format\": 1, \"shotlist\": \"0.1.0\", \"to_render\": 1, \"jobs\": {}\n}";
    for file in ["p.json", "night.plan"] {
        let expected = (
            format!("`{file}` is a plan, not a manifest"),
            format!("to run it, add `--plan {file}` to `run`, and name the manifest as before"),
        );
        assert_eq!(told(file, plan), Some(expected));
    }
}

#[test]
fn a_manifest_is_taken_for_nothing_else() {
    let json = br#"{ "version": 1, "items": { "from": "p.csv" }, "shots": { "hero": { "prompt": "x" } } }"#;
    let cases: [(&str, &[u8]); 8] = [
        ("shop.yaml", b"version: 1\n"),
        ("shop.yaml", b"{ version: 1 }"),
        ("shop.yaml", b"[]"),
        ("shop.yaml", b""),
        ("shop.json", json),
        ("shop.json", b"{ broken"),
        ("shop.csv", b"version: 1\nshots: { hero: { prompt: x } }\n"),
        ("shop.txt", b"id,title\n"),
    ];
    for (file, bytes) in cases {
        assert_eq!(told(file, bytes), None, "{file}");
    }
}
