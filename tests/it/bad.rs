//! Messages of the real program for wrong input, and odd input that it accepts.
//!
//! Every folder of `tests/fixtures/bad` is a project with something wrong in it; all that `validate` says of it is a
//! snapshot. A new case is a new folder. A file named `command` holds other arguments than `validate`.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do; clippy exempts only test functions"
)]
#![expect(clippy::disallowed_methods, reason = "files of a test need no atomic writes")]

use crate::support::{KEY_VARIABLE, Project};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A picture that is whole. Every project has it.
const MUG: &[u8] = include_bytes!("../fixtures/mug.png");

/// Adds what git cannot keep or what would be damaged on the way.
fn add_special(case: &str, folder: &Path) {
    match case {
        "picture-cut-off" => fs::write(folder.join("cut-off.png"), &MUG[..MUG.len() / 2]).unwrap(),
        "picture-is-a-pipe" => {
            mknodat(CWD, folder.join("pipe.png"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        }
        "picture-outside" | "picture-link-leads-outside" => {
            fs::write(folder.join("../mug.png"), MUG).unwrap();
            symlink("../mug.png", folder.join("link.png")).unwrap();
        }
        _ => {}
    }
}

fn fixtures(kind: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(kind)
}

/// The names in a folder, without what follows their first dot.
fn names(folder: &Path) -> BTreeSet<String> {
    let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
    let entries = fs::read_dir(folder).unwrap().map(|entry| name(entry.unwrap()));
    entries.map(|name| name.split('.').next().unwrap().to_owned()).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).unwrap();
        }
    }
}

/// Runs the program in a copy of the project; the answer is its exit code and all it says.
fn answer(kind: &str, case: &str) -> String {
    answer_after(kind, case, &[])
}

/// A change to a file of a project: its name, what it holds, and what it is to hold instead.
type Change = (&'static str, &'static str, &'static str);

/// The same, after changes.
fn answer_after(kind: &str, case: &str, changes: &[Change]) -> String {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("project");
    copy(&fixtures(kind).join(case), &folder);
    fs::write(folder.join("mug.png"), MUG).unwrap();
    add_special(case, &folder);
    for (file, from, to) in changes {
        let text = fs::read_to_string(folder.join(file)).unwrap();
        assert!(text.contains(from), "{case}: {file} does not hold {from}");
        fs::write(folder.join(file), text.replace(from, to)).unwrap();
    }
    let arguments = fs::read_to_string(folder.join("command")).unwrap_or_else(|_| "validate".to_owned());
    let mut command = Command::new(env!("CARGO_BIN_EXE_shotlist"));
    command.args(arguments.split_whitespace()).current_dir(&folder).env_clear().stdin(Stdio::null());
    let output = command.output().unwrap();
    assert!(output.stdout.is_empty(), "{case}: {}", String::from_utf8_lossy(&output.stdout));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        !said.contains(&*home.path().to_string_lossy()),
        "{case} names a folder that the user did not name: {said}"
    );
    format!("exit {}\n{said}", output.status.code().unwrap())
}

/// Compares every project of a kind with its snapshot; both must be there.
fn compare(kind: &str) {
    let cases = names(&fixtures(kind));
    for case in &cases {
        insta::with_settings!(
            { snapshot_path => format!("snapshots/{kind}"), prepend_module_to_snapshot => false, omit_expression => true },
            { insta::assert_snapshot!(case.as_str(), answer(kind, case)) }
        );
    }
    let snapshots = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots").join(kind);
    assert_eq!(names(&snapshots), cases, "a snapshot without a project, or the other way round");
}

#[test]
fn what_is_wrong_is_told_with_its_place_its_reason_and_what_to_type() {
    compare("bad");
}

/// Fixes that the messages propose, typed: the case, and what is changed in which file.
const FOLLOWED: &[(&str, &[Change])] = &[
    (
        "card-with-unknown-parts",
        &[(M, "prise", "price"), (M, "    name: zai/vidu2\n", ""), (M, "    colour: red\n", "")],
    ),
    (
        "card-with-wrong-values",
        &[
            (M, "12h", "12"),
            (M, "[pictures]", "[image]"),
            (M, "0,30", "0.30"),
            (M, "param: user_id", "param: user_id, equals: anyone"),
            (M, "5MB", "5"),
            (M, "gif", "png"),
            (M, "maximum: 8", "max: 8"),
            (M, "nam: prompt", "name: prompt"),
            (M, "\"yes\"", "false"),
        ],
    ),
    ("colon-in-text", &[(M, "Close-up: {{ item.title }}", "\"Close-up: {{ item.title }}\"")]),
    ("condition-in-bare-braces", &[(M, "{{ item.status == 'active' }}", "item.status == 'active'")]),
    (
        "condition-in-braces",
        &[
            (M, "\"{{ item.status == 'active' }}\"", "item.status == 'active'"),
            (
                M,
                "item.status = \"active\" && item.price|float > 5",
                "item.status == \"active\" and item.price|float > 5",
            ),
        ],
    ),
    ("condition-that-begins-with-a-quote", &[(M, "'mug' in item.title", "\"'mug' in item.title\"")]),
    (
        "condition-with-a-number",
        &[
            (M, "item.price > 5", "item.price|float > 5"),
            (M, "10 >= item.price", "10 >= item.price|float"),
            (M, "not item.status", "item.status == 'yes'"),
        ],
    ),
    ("condition-without-an-answer", &[(M, "item.status", "item.status == 'active'")]),
    ("duration-that-another-model-has", &[(M, "duration: 5", "duration: 4")]),
    ("duration-that-another-model-has", &[(M, "    duration: 5", "")]),
    ("duration-that-another-model-has", &[(M, "zai/vidu2-image", "zai/cogvideox-3")]),
    ("duration-that-another-model-has", &[(M, "zai/vidu2-image", "zai/viduq1-image")]),
    ("field-the-model-lacks", &[(M, "    aspect_ratio: \"9:16\"", "")]),
    (
        "field-the-model-lacks",
        &[(M, "aspect_ratio: \"9:16\"", "aspect_ratio: \"9:16\"\n    optional: [aspect_ratio]")],
    ),
    (
        "field-the-model-lacks",
        &[(M, "zai/vidu2-image", "zai/cogvideox-3"), (M, "aspect_ratio: \"9:16\"", "size: 720x1280")],
    ),
    ("filter-without-its-number", &[(M, "{{ item.title | truncate }}", "{{ item.title | truncate(300) }}")]),
    (
        "like-no-model-of-the-provider",
        &[(M, "zai/vidu2-imgae", "zai/vidu2-image"), (M, "like: zai/vidu3-text", "like: zai/viduq1-text")],
    ),
    (
        "matrix-axis-that-is-a-column",
        &[(M, "matrix.status", "matrix.status_of_hero"), (M, "      status:", "      status_of_hero:")],
    ),
    (
        "matrix-cells-without-names",
        &[(M, "{ prompt: \"Slow", "{ take: closeup, prompt: \"Slow"), (M, "take: A", "take: b")],
    ),
    (
        "matrix-ids-that-fall-together",
        &[(M, "\"4-3\"", "{ id: wide, value: 4-3 }"), (M, "calm]", "{ id: soft, value: calm }]")],
    ),
    ("matrix-name-that-some-cells-lack", &[(M, "matrix.light }}", "matrix.light | default('') }}")]),
    (
        "matrix-names-that-cells-lack",
        &[
            (M, "matrix.mood.sett", "matrix.mood.set"),
            (M, "  wide:", "  wide:\n    matrix: { light: [warm] }"),
        ],
    ),
    ("merge-of-no-map", &[(M, "    <<: *look", ""), (M, "on {{", "on {{ vars.look }} {{")]),
    ("missing-column-far-off", &[(M, "{{ item.material }}", "{{ item.material | default('') }}")]),
    (
        "budget-that-is-no-amount",
        &[(M, "run: -5, day: NaN, month: 1e3, week: 100", "run: 5, day: \"0.20\", month: 1000")],
    ),
    (
        "guards-that-are-no-numbers",
        &[(
            M,
            "max_jobs: many, max_changed: 120%, max_removed: 5.125%, max_spend: 10",
            "max_jobs: 5000, max_changed: 20%, max_removed: 50, max_new_spend: 10",
        )],
    ),
    (
        "on-change-and-reuse",
        &[
            (M, "rerender", "render"),
            (M, "sometimes", "always"),
            (M, "reuse: no", "reuse: never"),
            (M, "budget: 60", "budget: { run: 60, day: 80, month: 1500 }"),
            (M, "guards:", "guards: { max_jobs: 5000, max_changed: 20% }"),
        ],
    ),
    ("no-items", &[(M, "[]", "\n  - { id: mug-1, title: Red mug, image: mug.png }")]),
    (
        "nothing-in-a-shot",
        &[(M, "{}", "{ model: zai/vidu2-image, image: \"{{ item.image }}\", prompt: \"Slow push-in\" }")],
    ),
    ("number-from-text", &[("products.csv", "four", "4")]),
    ("output-absolute", &[(M, "/tmp/{{ item.id }}_{{ shot }}.mp4", "renders/{{ item.id }}_{{ shot }}.mp4")]),
    (
        "output-forbidden-character",
        &[(M, "version: 1", "version: 1\noutput: \"renders/{{ item.id | slug }}_{{ shot }}.mp4\"")],
    ),
    (
        "output-reserved-name",
        &[(M, "version: 1", "version: 1\noutput: \"renders/sku-{{ item.id }}_{{ shot }}.mp4\"")],
    ),
    ("output-same-name", &[(M, "renders/{{ shot }}.mp4", "renders/{{ item.id }}_{{ shot }}.mp4")]),
    ("output-same-name-after-slug", &[(M, "{{ item.id | slug }}", "{{ item.id }}")]),
    (
        "output-same-name-for-two-shots",
        &[(M, "renders/{{ item.id }}.mp4", "renders/{{ item.id }}_{{ shot }}.mp4")],
    ),
    ("parameter-the-model-lacks", &[(M, "fsp: 30, quality: best", "fps: 30, quality: speed")]),
    ("parameter-the-model-lacks", &[(M, "fsp: 30, quality: best", "fps: 30")]),
    (
        "presets-that-are-not-there",
        &[
            (M, ", wide", ""),
            (M, "aspect_ration", "aspect_ratio"),
            (M, "noisy: { extends: loud }", "noisy: {}"),
            (M, "clam", "calm"),
        ],
    ),
    ("price-of-an-unknown-model", &[(M, "zai/vidu2-imgae", "zai/vidu2-image")]),
    (
        "prompt-of-html-too-long",
        &[(M, "item.raw[\"Body (HTML)\"]", "item.raw[\"Body (HTML)\"] | strip_html | truncate(486)")],
    ),
    ("prompt-too-long", &[(M, "{{ item.description }}", "{{ item.description | truncate(485) }}")]),
    (
        "sheet-ragged-row",
        &[
            ("products.csv", "Red mug, the large one", "\"Red mug, the large one\""),
            ("products.csv", "mug-3", "mug-3,Green mug,mug.png"),
        ],
    ),
    ("sheet-header-with-gaps", &[("products.csv", "id,title,,title", "id,title,image,look")]),
    ("size-in-sheet", &[("products.csv", "720x1280", "1280x720")]),
    ("size-in-sheet", &[(M, "    size: \"{{ item.size }}\"", "")]),
    ("size-in-sheet", &[(M, "zai/vidu2-image", "zai/cogvideox-3")]),
    ("size-that-another-model-has", &[(M, "zai/vidu2-image", "zai/viduq1-image")]),
    (
        "surcharge-that-is-never-due",
        &[(M, "\"60\"", "60"), (M, "is_rec", "user_id"), (M, "equals: true", "equals: anyone")],
    ),
    ("tab-as-indentation", &[(M, "\t", "    ")]),
    ("template-without-endif", &[(M, "called {{ item.title }}", "called {{ item.title }}{% endif %}")]),
    ("template-without-quotes", &[(M, "{{ item.title }} on a beach", "\"{{ item.title }} on a beach\"")]),
    ("two-images-for-one", &[(M, "    last_image: mug.png", "")]),
    ("two-images-for-one", &[(M, "last_image: mug.png", "last_image: mug.png\n    optional: [last_image]")]),
    ("two-images-for-one", &[(M, "zai/vidu2-image", "zai/vidu2-start-end")]),
    ("undefined-in-a-list", &[(M, "title: Red mug", "title: Red mug, look: …")]),
    ("undefined-in-a-list", &[(M, "{{ item.look }}", "{{ item.look | default('') }}")]),
    ("undefined-name", &[(M, "{{ title }}", "{{ item.title }}")]),
    ("unknown-filter", &[(M, "upcase", "upper")]),
    (
        "variant-missing-in-the-output",
        &[(M, "renders/{{ item.id }}.mp4", "renders/{{ item.id }}_{{ shot }}_{{ variant }}.mp4")],
    ),
    ("wrong-type", &[(M, "4s", "4"), (M, "loud", "true")]),
    ("wrong-type-in-sheet", &[("products.csv", "4 seconds", "4"), ("products.csv", "four", "4")]),
];
/// The manifest of every case.
const M: &str = "shotlist.yaml";

#[test]
fn what_a_message_says_to_type_leads_to_no_other_error() {
    for (case, changes) in FOLLOWED {
        let answer = answer_after("bad", case, changes);
        assert!(answer.starts_with("exit 0") && !answer.contains("error: "), "{case}: {changes:?}\n{answer}");
    }
}

#[test]
fn what_only_looks_odd_is_taken() {
    compare("fine");
}

#[test]
fn a_key_that_is_not_set_is_told_before_anything_is_sent() {
    let project = Project::shop(1);
    let url = project.sandbox().provider_url("zai");
    project.write(
        "shotlist.yaml",
        format!(
            "{}providers:\n  zai:\n    base_url: \"{url}\"\n    api_key: \"${{{KEY_VARIABLE}}}\"\n",
            crate::support::SHOP
        ),
    );
    let mut command = project.command(&["run", "--yes"]);
    command.env_remove(KEY_VARIABLE);
    let ended = project.start_as(command).wait().expect(10);
    assert!(project.requests().is_empty());
    insta::assert_snapshot!(ended.err);
}
