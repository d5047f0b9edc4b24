use super::*;
use crate::store::schema;
use rusqlite::Connection;
use std::path::Path;

#[test]
fn every_page_is_read_from_an_index_behind_its_cursor_without_sorting() {
    let mut db = Connection::open_in_memory().unwrap();
    schema::migrate(&mut db, Path::new("memory")).unwrap();
    let pending = Queue::Pending("zai/vidu2-image".parse().unwrap());
    for (queue, index) in [
        (Queue::Clips, "takes_to_collect (<expr>>?)"),
        (Queue::Tasks, "takes_to_poll ((due,place)>(?,?))"),
        (pending, "takes_to_submit (approved=? AND provider=? AND model=? AND (queue,place)>(?,?))"),
    ] {
        let mut explain = db.prepare(&format!("EXPLAIN QUERY PLAN {}", queue.sql())).unwrap();
        let steps = explain.raw_query().mapped(|row| row.get::<_, String>(3));
        let steps: Vec<String> = steps.collect::<rusqlite::Result<_>>().unwrap();
        let expected =
            [format!("SEARCH t USING INDEX {index}"), "SEARCH j USING INTEGER PRIMARY KEY (rowid=?)".into()];
        assert_eq!(steps, expected, "{queue:?}");
    }
}
