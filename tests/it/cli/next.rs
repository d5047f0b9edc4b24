//! The next command that is printed works when it is typed. That of every other test is followed as well: see
//! `Project`.

use crate::snapshot::assert_whole;
use crate::support::{KEY_VARIABLE, Project};

/// Types the command that the last end told.
fn typed(project: &Project, told: &str) -> crate::support::Ended {
    let line = told.lines().rev().find_map(|line| line.strip_prefix("next: shotlist ")).unwrap();
    project.run(&line.split(' ').collect::<Vec<_>>())
}

#[test]
fn in_an_empty_folder_it_leads_to_a_manifest_a_plan_and_a_rehearsal() {
    let project = Project::empty(|_| {});
    let ended = assert_whole!(project.run(&["plan"]).expect(2));
    let ended = assert_whole!(typed(&project, &ended.err).expect(0));
    // The key of the sample's provider is not there: what it leads to needs none.
    let ended = assert_whole!(typed(&project, &ended.err).expect(0));
    let ended = assert_whole!(typed(&project, &ended.err).expect(0));
    typed(&project, &ended.err).expect(0);
}

#[test]
fn without_the_usual_manifest_those_with_other_names_are_told() {
    let project = Project::shop(1);
    let manifest = std::fs::read_to_string(project.path("shotlist.yaml")).unwrap();
    std::fs::remove_file(project.path("shotlist.yaml")).unwrap();
    project.write("manifests/spring sale.yaml", &manifest);
    project.write("manifests/products.csv", crate::support::sheet(1));
    project.write("manifests/notes.yaml", "no manifest: true");
    project.write(".hidden/old.yaml", &manifest);
    let ended = project.run(&["run", "--limit", "1"]).expect(2);
    assert!(ended.err.ends_with("next: shotlist plan -f 'manifests/spring sale.yaml'\n"), "{ended}");
    project.write("manifests/catalog.yaml", &manifest);
    let ended = assert_whole!(project.run(&["run", "--limit", "1", "--sandbox"]).expect(2));
    typed(&project, &ended.err).expect(0);
}

#[test]
fn a_question_without_a_terminal_leads_to_the_command_with_its_answer() {
    let project = Project::shop(2);
    let ended = assert_whole!(project.run(&["run", "--limit", "1"]).expect(2));
    typed(&project, &ended.err).expect(0);
    let ended = assert_whole!(project.run(&["redo", "hero/sku-1"]).expect(2));
    typed(&project, &ended.err).expect(0);
}

#[test]
fn a_redo_of_a_changed_job_leads_to_a_run_of_it_alone() {
    let project = Project::shop(2);
    project.run(&["run", "--yes"]).expect(0);
    project.edit("shotlist.yaml", "A slow turn", "A fast turn");
    let ended = project.run(&["redo", "hero/sku-1", "--yes"]).expect(2);
    assert_whole!(&ended);
    assert_whole!(typed(&project, &ended.err).expect(2));
    project.edit("shotlist.yaml", "  hero:\n", "  hero:\n    on_change: ask\n");
    assert_whole!(project.run(&["redo", "hero/sku-1", "--yes"]).expect(2));
}

#[test]
fn a_missing_key_ends_a_run_as_it_ends_the_doctor() {
    let project = Project::shop(1);
    for arguments in [&["run", "--yes"][..], &["doctor"]] {
        let mut command = project.command(arguments);
        command.env_remove(KEY_VARIABLE);
        project.start_as(command).wait().expect(10);
    }
}

#[test]
fn after_a_rehearsal_it_is_the_same_command_in_the_rehearsal() {
    let project = Project::shop(1);
    let missing = project.run(&["review", "--import", "missing.csv"]).expect(2);
    assert!(missing.err.contains("nothing was ever run"), "{missing}");
    assert!(missing.err.ends_with("next: shotlist plan\n"), "{missing}");

    project.run(&["run", "--sandbox"]).expect(0);
    for words in [&["status"][..], &["show", "sku-1"], &["ledger"], &["review", "--export", "-"]] {
        let ended = project.run(words).expect(2);
        let next = format!("next: shotlist {} --sandbox\n", words.join(" "));
        assert!(ended.err.ends_with(&next), "{ended}");
        typed(&project, &ended.err).expect(0);
    }
}

/// Returns the next command that an end tells.
fn told(ended: &crate::support::Ended) -> &str {
    ended.err.lines().rev().find_map(|line| line.strip_prefix("next: shotlist ")).unwrap()
}

#[test]
fn what_was_typed_about_a_product_file_stays_in_the_next_command() {
    let project = Project::empty(|_| {});
    project.write("wares.csv", "nr;name\nA1;mug\nA2;jug\n");
    let typed = ["--column", "id=nr", "--column", "title=name", "--delimiter", "semicolon", "--all"];
    let ended = project.run(&[&["catalog", "wares.csv"][..], &typed].concat()).expect(0);
    assert_eq!(
        told(&ended),
        "init --from wares.csv --all --column id=nr --column title=name --delimiter semicolon"
    );
    let ended = project.run(&["catalog", "wares.csv", "--column", "title=nothing"]).expect(4);
    assert_eq!(told(&ended), "catalog wares.csv --column title=nothing");
    let ended = project.run(&["catalog", "no.csv", "--sheet", "A b"]).expect(4);
    assert_eq!(told(&ended), "catalog PATH/TO/FILE.csv --sheet 'A b'");
    let ended = project.run(&["init", "--from", "no.csv", "--sheet", "A b", "--force"]).expect(4);
    assert_eq!(told(&ended), "init --from PATH/TO/FILE.csv --sheet 'A b' --force");
    let ended = project.run(&["init", "--sheet", "A b"]).expect(2);
    assert_eq!(told(&ended), "init --from FILE --sheet 'A b'");
}

#[test]
fn a_plan_leads_to_a_run_of_its_selection_and_repeats_its_options() {
    let project = Project::shop(3);
    let next = |arguments: &[&str]| told(&project.run(arguments)).to_owned();
    assert_eq!(next(&["plan"]), "run --limit 1");
    assert_eq!(next(&["plan", "--only", "hero/*"]), "run --only 'hero/*' --limit 1");
    assert_eq!(next(&["plan", "--only", "sku-2"]), "run --only sku-2");
    assert_eq!(next(&["plan", "--limit", "1"]), "run --limit 1");
    assert_eq!(next(&["plan", "--only", "sku-2", "--limit", "0"]), "plan --only sku-2");
    assert_eq!(next(&["plan", "--only", "tea", "--for", "youtube"]), "plan --for youtube");
    let to_stdout = ["plan", "--only", "sku-2", "--for", "youtube", "--out", "-"];
    assert_eq!(next(&to_stdout), "plan --only sku-2 --for youtube --json");
    assert_eq!(next(&["validate", "--for", "youtube"]), "plan --for youtube");
    // No clip of these may be longer than the shop accepts.
    assert_eq!(next(&["validate", "--for", "google"]), "validate --for google");
    assert_eq!(next(&["plan", "--only", "sku-2", "--for", "google"]), "validate --for google");

    project.edit("shotlist.yaml", "providers:", "guards: { max_jobs: 1 }\nproviders:");
    assert_eq!(next(&["plan", "--limit", "2"]), "plan --limit 2 --out plan.json");
    let ended = project.run(&["run", "--limit", "2", "--max-cost", "3", "--fail-if-empty"]).expect(8);
    assert_eq!(told(&ended), "plan --limit 2 --fail-if-empty");
    for command in [
        "run --limit 2 --fail-if-empty --max-cost 3.00 --accept-changes",
        "run --plan plan.json --max-cost 3.00",
    ] {
        assert!(ended.err.contains(&format!("  shotlist {command}\n")), "{ended}");
    }
}

#[test]
fn a_refused_command_is_repeated_with_all_its_options() {
    let project = Project::shop(2);
    project.run(&["run", "--yes"]).expect(0);
    project.run(&["run"]).expect(0);
    let next = |arguments: &[&str]| told(&project.run(arguments)).to_owned();
    project.write("mine.txt", "mine");
    assert_eq!(
        next(&["report", "--csv", "--state", "done", "--out", "mine.txt"]),
        "report --state done --csv --out REPORT_FILE"
    );
    assert_eq!(
        next(&["report", "--compare", "2..1", "--only", "sku-1", "--markdown", "--out", "new.md"]),
        "report --only sku-1 --compare 1..2 --markdown --out new.md"
    );
    assert_eq!(
        next(&["review", "--listen", "0.0.0.0:0", "--only", "sku-1", "--read-only", "--who", "Ana B"]),
        "review --only sku-1 --read-only --listen 0.0.0.0:0 --allow-remote --who 'Ana B'"
    );
    project.write("decisions.csv", "job,outcome\nhero/sku-1,approved\n");
    assert_eq!(
        next(&["review", "--import", "decisions.csv", "--who", "ana"]),
        "review --import decisions.csv --who ana"
    );
    project.write("renders/sku-3_hero.mp4", "mine");
    project.write("products.csv", crate::support::sheet(3));
    assert_eq!(next(&["run", "--only", "sku-3", "--max-cost", "2"]), "run --only sku-3 --max-cost 2.00");
    project.write("products.csv", crate::support::sheet(1));
    assert_eq!(next(&["prune", "--accept-changes"]), "prune --accept-changes --yes");
}

#[test]
fn an_export_that_is_refused_leads_to_an_index_of_the_same_clips() {
    let project = Project::empty(|_| {});
    project.manifest(&crate::support::SHOP.replace("{ from: products.csv }", "[{ id: a, title: mug }]"));
    project.run(&["run", "--yes"]).expect(0);
    let ended = project.run(&["export", "sheet", "--all", "--only", "a", "--out", "x.csv"]).expect(2);
    assert_eq!(told(&ended), "export index --all --only a");
}
