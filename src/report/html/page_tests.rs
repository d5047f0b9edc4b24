use super::*;

#[test]
fn s15_data_cannot_end_its_element() {
    let text = json(&["</script><script>alert(1)</script>", "<!--"]).unwrap();
    assert!(!text.contains('<'), "{text}");
    let read: Vec<String> = serde_json::from_str(&text).unwrap();
    assert_eq!(read, ["</script><script>alert(1)</script>", "<!--"]);
}

#[test]
fn s15_a_browser_runs_only_the_script_of_the_page() {
    let script = script();
    let policy = policy(&script, false);
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
    assert!(policy.contains(&hash(&script)) && policy.contains(&hash(STYLE)), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("connect-src"), "{policy}");
    assert!(served_policy().contains("connect-src 'self'"));
}

#[test]
fn s15_text_never_becomes_markup_and_nothing_is_fetched_from_elsewhere() {
    let script = script();
    for forbidden in
        ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"]
    {
        assert!(!script.contains(forbidden), "{forbidden}");
    }
    let addresses = [TEMPLATE, STYLE, script.as_str()].join("\n").replace("http://www.w3.org/2000/svg", "");
    assert!(!addresses.contains("://"));
    assert!(!TEMPLATE.contains("style=") && !STYLE.contains("url("));
}

#[test]
fn the_code_is_small_and_its_files_can_be_read() {
    let bytes = code_bytes();
    assert!(bytes <= 150_000, "{bytes} bytes");
    for (at, part) in SCRIPTS.iter().enumerate() {
        assert!(part.lines().count() <= 400, "part {at}");
    }
    // The end of an element inside the script would end it.
    assert!(!script().contains("</"));
}
