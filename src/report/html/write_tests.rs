use super::*;

#[test]
fn an_address_leads_from_the_page_to_the_clips() {
    let root = tempfile::tempdir().unwrap();
    for folder in ["shop/sandbox", "shop/a b#1", "reports"] {
        std::fs::create_dir_all(root.path().join(folder)).unwrap();
    }
    let cases = [
        ("shop", "shop", ""),
        ("shop", "shop/sandbox", "sandbox/"),
        ("reports", "shop/a b#1", "../shop/a%20b%231/"),
        ("shop/sandbox", "shop", "../"),
    ];
    for (from, to, expected) in cases {
        let found = address(&root.path().join(from), &root.path().join(to)).unwrap();
        assert_eq!(found, expected, "{from} to {to}");
    }
}
