use super::*;

#[test]
fn the_migrations_are_valid_sql_and_lead_to_the_version_that_is_written() {
    let mut db = Connection::open_in_memory().unwrap();
    migrate(&mut db, Path::new("memory")).unwrap();
    assert_eq!(version(&db, Path::new("memory")).unwrap(), VERSION);
    assert_eq!(i64::try_from(MIGRATIONS.len()).unwrap(), VERSION);
    examine(&db, Path::new("memory")).unwrap();
}

#[test]
fn each_older_version_is_brought_up_to_the_same_tables() {
    let tables = |db: &Connection| -> Vec<String> {
        let mut list = db.prepare("SELECT name || ': ' || sql FROM sqlite_schema ORDER BY 1").unwrap();
        list.query_map([], |row| row.get(0)).unwrap().filter_map(Result::ok).collect()
    };
    let mut fresh = Connection::open_in_memory().unwrap();
    migrate(&mut fresh, Path::new("memory")).unwrap();
    for (older, migrations) in (0..).zip((0..MIGRATIONS.len()).map(|end| &MIGRATIONS[..end])) {
        let mut db = Connection::open_in_memory().unwrap();
        for statements in migrations.iter().copied().flatten() {
            db.execute_batch(statements).unwrap();
        }
        db.pragma_update(None, "user_version", older).unwrap();
        migrate(&mut db, Path::new("memory")).unwrap();
        assert_eq!(tables(&db), tables(&fresh), "from version {older}");
        assert_eq!(version(&db, Path::new("memory")).unwrap(), VERSION);
    }
}

#[test]
fn a_migration_that_fails_leaves_the_old_tables_and_the_old_version() {
    let mut db = Connection::open_in_memory().unwrap();
    MIGRATIONS[0].iter().for_each(|sql| db.execute_batch(sql).unwrap());
    db.pragma_update(None, "user_version", 1).unwrap();
    // The last migration makes this table; the ones before it succeed.
    db.execute_batch("CREATE TABLE reviews (other TEXT)").unwrap();
    migrate(&mut db, Path::new("memory")).unwrap_err();
    assert_eq!(version(&db, Path::new("memory")).unwrap(), 1);
    db.prepare("SELECT * FROM output").unwrap_err();
}

#[test]
fn a_version_below_zero_is_refused() {
    let mut db = Connection::open_in_memory().unwrap();
    db.pragma_update(None, "user_version", -1).unwrap();
    assert!(matches!(migrate(&mut db, Path::new("memory")), Err(StoreError::Damaged { .. })));
}

#[test]
fn sqlite_is_new_enough_not_to_lose_commits_in_wal_mode() {
    // Versions before 3.51.3 could lose a committed write when a checkpoint reset the log.
    assert!(rusqlite::version_number() >= 3_051_003);
}
