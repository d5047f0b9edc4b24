use super::*;

/// Returns what `shotlist run --sandbox` suggests if the manifest `name` in a folder does not exist.
///
/// The result is the hint and the next command; `None` if nothing is suggested.
fn told(folder: &Path, name: &str) -> Option<(String, String)> {
    let manifest = folder.join(name);
    let named = Named {
        command: "run",
        manifest: Some(&manifest),
        file: None,
        has_only: true,
        out: None,
        sandbox: true,
    };
    let error = check(named).err()?;
    assert_eq!(error.exit, Exit::Invalid);
    Some((error.problems[0].hint.clone().unwrap(), error.hint.unwrap()))
}

#[test]
fn an_existing_manifest_with_another_ending_is_suggested() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::File::create(folder.path().join("shop.yaml")).unwrap();
    let shop = folder.path().join("shop.yaml").display().to_string();
    for name in ["shop.yml", "shop", "shpo.yaml", "shop.json"] {
        let (hint, next) = told(folder.path(), name).unwrap();
        assert_eq!(hint, format!("did you mean `{shop}`?"), "{name}");
        assert!(next.ends_with(" --sandbox"), "{next}");
    }
    assert_eq!(told(folder.path(), "shop.yaml"), None);
    assert_eq!(told(folder.path(), "autumn.yaml"), None);
}

#[test]
fn a_name_that_is_no_file_may_be_an_item() {
    for (name, expected) in [
        ("0101", true),
        ("WH-100.5", true),
        ("hero/0101", true),
        ("other.yaml", false),
        ("products.csv", false),
        ("/tmp/other", false),
        ("./other", false),
        ("src/other", false),
    ] {
        assert_eq!(is_like_an_item(Path::new(name)), expected, "{name}");
    }
    let (manifest, file) = (Some(Path::new("nothing-0101")), Some(Path::new("my shop.yaml")));
    let named = Named { command: "run", manifest, file, has_only: true, out: None, sandbox: false };
    let error = check(named).unwrap_err();
    assert_eq!(
        error.problems[0].hint.as_deref(),
        Some("a manifest is expected here; to select an item, write `--only nothing-0101`")
    );
    assert_eq!(error.hint.as_deref(), Some("shotlist run --only nothing-0101 -f 'my shop.yaml'"));
    assert!(check(Named { command: "validate", has_only: false, ..named }).is_ok());
}
