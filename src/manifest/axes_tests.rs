use super::tests::{good, item, jobs, reported};
use super::*;
use crate::domain::problem::Severity;
use crate::domain::request::Field;
use proptest::prelude::*;
use std::fmt::Write as _;

/// Returns a manifest whose only shot has this matrix, written in one line. Text after the matrix becomes part of the
/// shot, too.
fn shot(matrix: &str) -> String {
    format!(
        "version: 1\nitems: {{ from: p.csv }}\nshots:\n  hero:\n    prompt: \"{{{{ matrix | items | list }}}}\"\n    matrix: {matrix}\n"
    )
}

/// Returns a line of text for each job of an item: the job's variant, and all matrix keys and values that templates can
/// read.
fn cells_of(text: &str, columns: &[(&str, &str)]) -> Vec<String> {
    let manifest = good(text);
    let jobs = jobs(&manifest, item(columns));
    let tell = |job: &Job<'_>| {
        let mut seen: Vec<String> = Vec::new();
        for key in job.context.names.get_attr("matrix").unwrap().try_iter().unwrap() {
            let value = job.context.names.get_attr("matrix").unwrap().get_item(&key).unwrap();
            let line = format!("{key}: {value}");
            // A key that is added twice is listed twice, with the value that counts.
            if !seen.contains(&line) {
                seen.push(line);
            }
        }
        format!("{} {{ {} }}", job.variant, seen.join(", "))
    };
    jobs.iter().map(tell).collect()
}

fn cells(matrix: &str) -> Vec<String> {
    cells_of(&shot(matrix), &[("id", "a")])
}

#[test]
fn matrices_mean_what_they_mean_in_github_actions() {
    for (matrix, expected) in [
        // Several axes give every combination, in the order of the file.
        (
            "{ version: [10, 12], os: [ubuntu, windows] }",
            &[
                "10_ubuntu { version: 10, os: ubuntu }",
                "10_windows { version: 10, os: windows }",
                "12_ubuntu { version: 12, os: ubuntu }",
                "12_windows { version: 12, os: windows }",
            ] as &[&str],
        ),
        // Each entry of `include` extends the cells that it does not contradict. It may replace added values, but not
        // those of axes. No later entry extends a cell that an entry adds.
        (
            "{ fruit: [apple, pear], animal: [cat, dog], include: [{ color: green }, { color: pink, animal: cat }, \
             { fruit: apple, shape: circle }, { fruit: banana }, { fruit: banana, animal: cat }] }",
            &[
                "apple_cat { fruit: apple, animal: cat, color: pink, shape: circle }",
                "apple_dog { fruit: apple, animal: dog, color: green, shape: circle }",
                "pear_cat { fruit: pear, animal: cat, color: pink }",
                "pear_dog { fruit: pear, animal: dog, color: green }",
                "banana { fruit: banana }",
                "banana_cat { fruit: banana, animal: cat }",
            ],
        ),
        // An entry extends a single cell.
        (
            "{ os: [windows, ubuntu], node: [14, 16], include: [{ os: windows, node: 16, npm: 6 }] }",
            &[
                "windows_14 { os: windows, node: 14 }",
                "windows_16 { os: windows, node: 16, npm: 6 }",
                "ubuntu_14 { os: ubuntu, node: 14 }",
                "ubuntu_16 { os: ubuntu, node: 16 }",
            ],
        ),
        // An entry adds a cell, which is named by its axes and then by its other keys.
        (
            "{ os: [macos, windows], version: [12, 14], include: [{ os: windows, version: 17, beta: true }] }",
            &[
                "macos_12 { os: macos, version: 12 }",
                "macos_14 { os: macos, version: 14 }",
                "windows_12 { os: windows, version: 12 }",
                "windows_14 { os: windows, version: 14 }",
                "windows_17_true { os: windows, version: 17, beta: true }",
            ],
        ),
        // Without axes, each entry is a cell.
        (
            "{ include: [{ site: production, datacenter: site-a }, { site: staging, datacenter: site-b }] }",
            &[
                "production_site-a { site: production, datacenter: site-a }",
                "staging_site-b { site: staging, datacenter: site-b }",
            ],
        ),
        // `exclude` may name a part of a cell.
        (
            "{ os: [mac, win], version: [12, 14, 16], environment: [staging, production], exclude: \
             [{ os: mac, version: 12, environment: production }, { os: win, version: 16 }] }",
            &[
                "mac_12_staging { os: mac, version: 12, environment: staging }",
                "mac_14_staging { os: mac, version: 14, environment: staging }",
                "mac_14_production { os: mac, version: 14, environment: production }",
                "mac_16_staging { os: mac, version: 16, environment: staging }",
                "mac_16_production { os: mac, version: 16, environment: production }",
                "win_12_staging { os: win, version: 12, environment: staging }",
                "win_12_production { os: win, version: 12, environment: production }",
                "win_14_staging { os: win, version: 14, environment: staging }",
                "win_14_production { os: win, version: 14, environment: production }",
            ],
        ),
        // `include` comes after `exclude`, and can bring a cell back.
        (
            "{ os: [mac, win], exclude: [{ os: win }], include: [{ os: win, note: again }] }",
            &["mac { os: mac }", "win_again { os: win, note: again }"],
        ),
    ] {
        assert_eq!(cells(matrix), expected, "{matrix}");
    }
}

#[test]
fn values_may_be_groups_that_are_named_by_their_ids() {
    let text = shot(
        "{ mood: [{ id: beach, set: at noon }, { id: loft, set: at dusk }], ratio: [\"9:16\", \"1:1\"], \
         exclude: [{ mood: { set: at dusk }, ratio: 9x16 }, { mood: beach, ratio: \"1:1\" }], \
         include: [{ mood: { id: studio, set: white }, ratio: \"1:1\" }, { mood: studio, ratio: \"9:16\" }] }",
    );
    assert_eq!(
        cells_of(&text, &[("id", "a")]),
        [
            "beach_9x16 { mood: beach, ratio: 9:16 }",
            "loft_1x1 { mood: loft, ratio: 1:1 }",
            "studio_1x1 { mood: studio, ratio: 1:1 }",
            "studio_9x16 { mood: studio, ratio: 9:16 }",
        ]
    );
    let manifest = good(&text.replace(
        "{{ matrix | items | list }}",
        "{{ matrix.mood }}, {{ matrix.mood.set }}, {{ matrix.ratio }}",
    ));
    let jobs = jobs(&manifest, item(&[("id", "a")]));
    let Some(Setting::One(prompt)) = manifest.shots[0].fields.settings.fields.get(&Field::Prompt) else {
        panic!("no prompt")
    };
    assert_eq!(prompt.render(&jobs[3].context).unwrap(), "studio, white, 9:16");
}

#[test]
fn an_exclusion_means_every_value_that_it_describes() {
    assert_eq!(
        cells(
            "{ mood: [{ id: a, light: dim }, { id: b, light: dim }, { id: c, light: full }], exclude: [{ mood: { light: dim } }] }"
        ),
        ["c { mood: c }"]
    );
    assert_eq!(
        cells("{ seed: [{ id: a, value: 7 }, { id: b, value: 7 }, 8], exclude: [{ seed: 7 }] }"),
        ["8 { seed: 8 }"]
    );
}

#[test]
fn ids_stay_the_text_that_was_written() {
    let ids: Vec<String> = cells("{ take: [no, 1e3, 007, 1.50, ~, true] }");
    assert_eq!(
        ids[..4],
        ["no { take: no }", "1e3 { take: 1e3 }", "007 { take: 007 }", "1.50 { take: 1.50 }"]
    );
    assert_eq!(ids[4..], ["- { take: ~ }", "true { take: true }"]);
}

#[test]
fn keys_that_are_fields_set_them_for_their_cells() {
    let text = shot(
        "{ model: [zai/vidu2-image, zai/cogvideox-3], prompt: [{ id: push, value: \"In on {{ item.title }}\" }], \
         include: [{ duration: 4 }, { model: zai/cogvideox-3, duration: 5 }, \
         { model: zai/viduq1-text, duration: 5, prompt: { id: solo, value: \"{{ item.title }} alone\" }, reference_images: [a.png, b.png] }] }",
    )
    .replace("{{ matrix | items | list }}", "of the shot");
    let manifest = good(&text);
    let jobs = jobs(&manifest, item(&[("id", "a"), ("title", "Mug")]));
    let text = |job: &Job<'_>, setting: Option<&Setting<Template>>| match setting {
        Some(Setting::One(template)) => template.render(&job.context).unwrap(),
        Some(Setting::Many(all)) => format!("{}", all.len()),
        None => "-".to_owned(),
    };
    let reported: Vec<_> = jobs
        .iter()
        .map(|job| {
            let fields = [Field::Prompt, Field::Duration, Field::ReferenceImages]
                .map(|field| text(job, job.field(field)));
            format!("{} {} {}", job.variant, job.model().unwrap().source(), fields.join(" | "))
        })
        .collect();
    assert_eq!(
        reported,
        [
            "zai-vidu2-image_push zai/vidu2-image In on Mug | 4 | -",
            "zai-cogvideox-3_push zai/cogvideox-3 In on Mug | 5 | -",
            "zai-viduq1-text_solo_5 zai/viduq1-text Mug alone | 5 | 2",
        ]
    );
}

#[test]
fn conditions_of_entries_decide_item_by_item() {
    let text = shot(
        "{ ratio: [a, b], include: [{ light: warm, when: \"item.kind == 'lamp' and matrix.ratio == 'a'\" }, \
         { ratio: c, when: \"item.kind == 'lamp'\" }] }",
    );
    assert_eq!(cells_of(&text, &[("id", "x"), ("kind", "mug")]), ["a { ratio: a }", "b { ratio: b }"]);
    assert_eq!(
        cells_of(&text, &[("id", "x"), ("kind", "lamp")]),
        ["a { ratio: a, light: warm }", "b { ratio: b }", "c { ratio: c }",]
    );
}

#[test]
fn a_shot_without_a_matrix_takes_that_of_the_defaults() {
    let text = "version: 1\nitems: { from: p.csv }\ndefaults: { matrix: { size: [a, b] } }\n\
                shots: { hero: { prompt: x }, wide: { prompt: x, matrix: { seed: [1] } } }\n";
    let manifest = good(text);
    let of = |shot: usize| manifest.shots[shot].fields.matrix.as_ref().unwrap().len();
    assert_eq!((of(0), of(1)), (2, 1));
}

#[test]
fn what_is_wrong_with_a_matrix_is_told_where_it_stands() {
    for (matrix, expected) in [
        ("[a]", &["6:13+3 `shots.hero.matrix` must be a group of fields, but it is a list"] as &[&str]),
        ("{ a: b }", &["6:18+1 `a` must be a list of values, but it is a string"]),
        ("{ a: [] }", &["6:18+2 the axis `a` has no values"]),
        ("{ a-b: [c] }", &["6:15+3 `a-b` cannot be the name of an axis"]),
        ("{ a: [x, { set: y }] }", &["6:22+10 a value of the axis `a` has no `id`"]),
        ("{ a: [x, { id: [] }] }", &["6:28+2 the `id` of a value of `a` must be a string"]),
        ("{ a: [\"\"] }", &["6:19+2 this value of `a` cannot be the name of a clip: it is empty"]),
        (
            "{ prompt: [\"{{ item.id }}\"] }",
            &["6:24+15 this value of `prompt` cannot be the name of a clip: it is a template"],
        ),
        ("{ a: [x, X] }", &["6:22+1 `x` and `X` would both be called `X` in keys and file names"]),
        ("{ a: [x/y, x-y] }", &["6:24+3 `x/y` and `x-y` would both be called `x-y` in keys and file names"]),
        ("{ a: [x, x] }", &["6:22+1 `x` occurs twice in `a`"]),
        ("{ a: [x, y], exclude: [{ b: x }] }", &["6:38+1 `b` is not an axis of this matrix"]),
        ("{ a: [x, y], exclude: [{ a: x }, { a: y }] }", &["6:13+44 the matrix has no cells left"]),
        (
            "{ a: [x], include: [{ a: y, b: c }, { a: y, b: C }] }",
            &["6:49+14 two cells of the matrix would be called `y_C`"],
        ),
        (
            "{ a: [x], include: [{ a: y_z }, { a: y-z }] }",
            &["6:45+10 two cells of the matrix would be called `y-z`"],
        ),
        ("{ a: [x], b: [y], include: [{ a: x, b: z, c: w }, { a: x-z, b: w }] }", &[]),
        ("{ include: [{ prompt: alone }] }", &["6:25+17 this entry makes a matrix cell without a name"]),
        (
            "{ a: [x], include: [{ a: y, when: 'item.b ==' }] }",
            &["6:55+2 the condition is not complete: unexpected end of input, expected expression"],
        ),
    ] {
        assert_eq!(reported(&shot(matrix)), expected, "{matrix}");
    }
}

#[test]
fn what_is_allowed_and_hardly_meant_is_a_warning() {
    for (matrix, expected) in [
        (
            "{ a: [loft], exclude: [{ a: lofd }] }",
            "6:41+4 `lofd` is not a value of `a`: the entry excludes nothing",
        ),
        ("{ a: [x], include: [{ a: x }] }", "6:33+8 this entry adds nothing: its cells already exist"),
        (
            "{ a: [\"{{ item.x }}\"], b: [x] }",
            "6:19+14 this value of `a` cannot be the name of a clip: it is a template",
        ),
        (
            "{ a: [{ id: x, b: \"{{ item.b }}\" }] }",
            "6:31+14 templates are not filled here: the text is used unchanged, with its braces",
        ),
    ] {
        assert_eq!(reported(&shot(matrix)), [expected], "{matrix}");
    }
    let unread =
        |matrix: &str| reported(&shot(matrix).replace("{{ matrix | items | list }}", "{{ matrix.a }}"));
    for (axis, severity) in
        [("aspectratio", Severity::Warning), ("ratio", Severity::Warning), ("take", Severity::Note)]
    {
        let text =
            shot(&format!("{{ a: [x], {axis}: [1, 2] }}")).replace("matrix | items | list", "matrix.a");
        let (_, problems) = read("m.yaml", text.as_bytes());
        let message = format!(
            "the axis `{axis}` changes nothing: each of its values renders the same clip, and is paid again"
        );
        assert_eq!((problems.len(), &problems[0].message, problems[0].severity), (1, &message, severity));
    }
    assert_eq!(
        unread("{ a: [x], include: [{ durration: 5 }] }"),
        ["6:46+1 no template reads `durration`, which this entry adds"]
    );
}

#[test]
fn an_unused_axis_that_is_a_word_of_its_own_is_led_to_the_prompt() {
    for (axis, hint) in [
        ("mood", "if this is not intended, use the axis in the prompt: `{{ matrix.mood }}`"),
        ("modell", "did you mean `model`?"),
        ("promt", "did you mean `prompt`?"),
        ("styles", "did you mean `style`?"),
    ] {
        let text =
            shot(&format!("{{ a: [x], {axis}: [1, 2] }}")).replace("matrix | items | list", "matrix.a");
        let (_, problems) = read("m.yaml", text.as_bytes());
        assert_eq!(problems[0].hint.as_deref(), Some(hint), "{axis}");
    }
}

#[test]
fn names_that_no_cell_has_are_found_without_an_item() {
    let read = |name: &str, matrix: &str| reported(&shot(matrix).replace("matrix | items | list", name));
    let moods = "{ mood: [{ id: a, set: b }, { id: c, set: d }], include: [{ mood: a, light: warm }] }";
    assert_eq!(read("matrix.mod", moods)[0], "5:17+10 no matrix cell of `hero` has `mod`");
    assert_eq!(read("matrix.mood.sett", moods)[0], "5:17+16 no matrix cell of `hero` has `mood.sett`");
    assert_eq!(read("matrix.mood == \"a\"", moods).len(), 1, "quotes end the text");
    assert_eq!(
        read("matrix.mood == 'a'", moods),
        ["5:17+11 `matrix.mood` is a group of strings, which equals no string"]
    );
    assert_eq!(
        read("matrix.light | default('none')", moods),
        [
            "6:15+4 the axis `mood` changes nothing: each of its values renders the same clip, and is paid again"
        ]
    );
    let none = "version: 1\nitems: { from: p.csv }\nshots: { hero: { prompt: '{{ matrix.mood }}' } }\n";
    assert_eq!(reported(none), ["3:30+11 the shot `hero` has no matrix"]);
    // A template of several shots may read a key that only one of them has.
    let both = "version: 1\nitems: { from: p.csv }\noutput: '{{ item.id }}{{ shot }}{% if variant %}{{ matrix.size }}{% endif %}.mp4'\n\
                shots: { hero: { prompt: x }, wide: { prompt: x, matrix: { size: [a] } } }\n";
    good(both);
}

#[test]
fn a_name_that_some_cells_lack_is_told_with_the_cell() {
    let text = shot("{ a: [x, y], include: [{ a: x, light: warm }] }")
        .replace("matrix | items | list", "matrix.a }} {{ matrix.light");
    let manifest = good(&text);
    let jobs = jobs(&manifest, item(&[("id", "mug")]));
    let Some(Setting::One(prompt)) = manifest.shots[0].fields.settings.fields.get(&Field::Prompt) else {
        panic!("no prompt")
    };
    assert_eq!(prompt.render(&jobs[0].context).unwrap(), "x warm");
    let problem = prompt.render(&jobs[1].context).unwrap_err();
    assert_eq!(
        (problem.message.as_str(), &problem.examples[0][..]),
        ("some cells of the matrix have no `light`", "y (mug)")
    );
}

#[test]
fn a_matrix_that_explodes_is_refused_before_a_cell_is_made() {
    let axis = |name: &str, count: usize| {
        format!("{name}: [{}]", (0..count).map(|n| n.to_string()).collect::<Vec<_>>().join(", "))
    };
    let thousands: Vec<String> = ["a", "b", "c", "d", "e", "f", "g"].map(|name| axis(name, 1_000)).to_vec();
    let told_of = |axes: &[String]| reported(&shot(&format!("{{ {} }}", axes.join(", "))));
    assert_eq!(told_of(&thousands).len(), 1, "1000 to the 7th is more than a machine word counts");
    assert!(
        told_of(&thousands[..2])[0]
            .ends_with("the matrix has more cells than the 10000 that a shot may have")
    );
    assert_eq!(told_of(&[axis("seed", 10_000)]), [] as [&str; 0]);
    let include: String = (0..200).fold(String::new(), |mut list, n| {
        write!(list, "{{ note{n}: x }}, ").unwrap();
        list
    });
    let reported = reported(&shot(&format!("{{ {}, include: [{include}] }}", axis("seed", 10_000))));
    assert!(reported[0].contains("`include` makes or extends more cells"), "{reported:?}");
}

#[test]
fn a_matrix_under_an_anchor_serves_several_shots_and_its_problems_are_told_once() {
    let text = "version: 1\nitems: { from: p.csv }\nshots:\n  hero:\n    prompt: x\n    matrix: &sizes\n      \
                size: [a, b]\n  wide: { prompt: y, matrix: *sizes }\n  tall:\n    prompt: z\n    matrix: { <<: *sizes, seed: [1] }\n";
    let manifest = good(text);
    let cells: Vec<usize> =
        manifest.shots.iter().map(|shot| shot.fields.matrix.as_ref().unwrap().len()).collect();
    assert_eq!(cells, [2, 2, 2]);
    assert_eq!(reported(&text.replace("[a, b]", "[a, a]")), ["7:17+1 `a` occurs twice in `size`"]);
}

proptest! {
    #[test]
    fn no_matrix_makes_it_panic_and_no_two_cells_share_a_name(
        matrix in "\\{ (a: \\[[xy]{1,2}(, [xyz:/]{1,3}){0,2}\\], )?(model: \\[p, q/r\\], )?(exclude: \\[\\{ (a: x|model: p|b: y)? \\}\\], )?\
                   (include: \\[(\\{ (a: [xz]{1,2}, )?(b: [xy], )?(prompt: w, )?(when: item\\.id == 'a', )?\\}, ){0,3}\\])? \\}",
    ) {
        let (manifest, problems) = read("m.yaml", shot(&matrix).as_bytes());
        prop_assert!(manifest.is_some() || problems.iter().any(Problem::is_error));
        if let Some(manifest) = manifest {
            let jobs = jobs(&manifest, item(&[("id", "a")]));
            let names: BTreeSet<String> = jobs.iter().map(|job| output::fold(job.variant)).collect();
            prop_assert_eq!(names.len(), jobs.len());
        }
    }
}
