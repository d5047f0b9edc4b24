//! Tests queries about single takes.

use super::*;
use crate::store::{folder, schema};

#[test]
fn a_task_is_known_by_its_provider_and_its_number() {
    let dir = tempfile::tempdir().unwrap();
    let path = folder::database(dir.path());
    let mut db = schema::open_to_write(&path).unwrap();
    schema::migrate(&mut db, &path).unwrap();
    db.execute_batch(
        "INSERT INTO jobs (id, project, shot, item, variant, title, wanted, priority, fingerprint, path)
         VALUES (1, 'shop', 'hero', 'mug', 'red', 'The mug', 1, 0, '', '');
         INSERT INTO takes (id, place, job, fingerprint, request, provider, model, price, path, created, state,
                            data, due, task_id, account)
         VALUES ('take-1', 1, 1, '', '', 'vtrix', 'm', 0, '', 0, 'running', '', 0, 'd7aa', 'reserved');",
    )
    .unwrap();
    let reader = Reader::open(dir.path()).unwrap().unwrap();
    let whose = |provider, task: &str| reader.whose(provider, &TaskId(task.into())).unwrap();
    let key = JobKey { shot: "hero".into(), item: "mug".into(), variant: "red".into() };
    assert_eq!(whose("vtrix", "d7aa"), Some((key, "The mug".to_owned())));
    assert_eq!(whose("uniall", "d7aa"), None);
    assert_eq!(whose("vtrix", "d7ab"), None);
}
