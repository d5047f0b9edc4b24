use super::*;
use crate::domain::item::Item;
use crate::manifest;
use std::sync::Arc;

fn of(text: &str) -> Manifest {
    let (manifest, problems) = manifest::read("m.yaml", text.as_bytes());
    manifest.unwrap_or_else(|| panic!("{problems:?}"))
}

fn product(id: usize, status: &str) -> Subject<'static> {
    let columns = [("id".to_owned(), id.to_string()), ("status".to_owned(), status.to_owned())];
    let origin = Place::Row { file: "p.csv".into(), row: 2, column: None };
    let columns = columns.into_iter().collect();
    Subject { item: Arc::new(Item { id: id.to_string(), columns, facts: Vec::new(), origin }), own: None }
}

/// Returns how many items with these statuses are selected, and the problems.
fn asked(manifest: &Manifest, statuses: &[&str]) -> (usize, Vec<Problem>) {
    let (mut scope, mut problems) = (Scope::new(manifest), Vec::new());
    let mut wanted = 0;
    for (id, status) in statuses.iter().enumerate() {
        let subject = product(id, status);
        let context = manifest.item(Arc::clone(&subject.item));
        if scope.wants(&subject, &context).unwrap() {
            wanted += 1;
            for (number, shot) in manifest.shots.iter().enumerate() {
                context.jobs(shot).for_each(|_| scope.made(number));
            }
        }
    }
    problems.extend(scope.finish());
    (wanted, problems)
}

const ACTIVE: &str =
    "version: 1\nitems: { from: p.csv, where: item.status == 'active' }\nshots: { hero: { prompt: x } }\n";

#[test]
fn items_that_are_left_out_are_counted_and_told() {
    let manifest = of(ACTIVE);
    let (wanted, problems) = asked(&manifest, &["active", "draft", "active", "archived"]);
    assert_eq!(wanted, 2);
    assert_eq!((problems.len(), problems[0].severity), (1, Severity::Note));
    assert_eq!(problems[0].message, "2 products are left out by `where`");
    assert_eq!(asked(&manifest, &["active"]), (1, Vec::new()));
}

#[test]
fn a_condition_that_leaves_nothing_is_an_error_with_three_of_the_texts_that_it_saw() {
    let (wanted, problems) = asked(&of(ACTIVE), &["Active", "draft", "draft", "archived", "sold"]);
    assert_eq!(wanted, 0);
    assert!(problems[0].is_error());
    assert_eq!(problems[0].message, "`where` leaves out everything: 5 products");
    assert_eq!(problems[0].notes, ["`status` contains `Active`, `draft`, `archived`"]);
}

#[test]
fn an_axis_that_is_a_column_is_told_once() {
    let manifest = of(
        "version: 1\nitems: { from: p.csv }\nshots: { hero: { prompt: '{{ matrix.status }}', matrix: { status: [new] } } }\n",
    );
    let (_, problems) = asked(&manifest, &["a", "b"]);
    let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(messages, ["`status` is a column of the sheet and an axis of `hero`"]);
    assert_eq!(problems[0].place.to_string(), "m.yaml:3");
}

#[test]
fn a_shot_that_makes_nothing_is_a_warning() {
    let manifest = of(
        "version: 1\nitems: { from: p.csv }\nshots: { hero: { prompt: x, when: item.status == 'sale' } }\n",
    );
    let (_, problems) = asked(&manifest, &["active"]);
    assert_eq!((problems.len(), problems[0].severity), (1, Severity::Warning));
    assert_eq!(asked(&manifest, &["active", "sale"]), (2, Vec::new()));
}

#[test]
fn too_many_cells_of_too_many_items_are_refused_by_reckoning_alone() {
    let seeds: Vec<String> = (0..10_000).map(|seed: u32| seed.to_string()).collect();
    let manifest = of(&format!(
        "version: 1\nitems: {{ from: p.csv }}\nshots: {{ hero: {{ prompt: x, matrix: {{ seed: [{}] }} }} }}\n",
        seeds.join(", ")
    ));
    let mut scope = Scope::new(&manifest);
    let wanted = (0..600).filter(|id| {
        let subject = product(*id, "active");
        scope.wants(&subject, &manifest.item(Arc::clone(&subject.item))).unwrap()
    });
    assert_eq!(wanted.count(), 500);
    let messages: Vec<String> = scope.finish().into_iter().map(|problem| problem.message).collect();
    assert_eq!(messages, ["the manifest asks for more than 5000000 clips"]);
}
