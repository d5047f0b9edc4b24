use super::*;

#[test]
fn rows_beyond_the_bounds_are_not_taken_and_that_is_told_once() {
    for (rows, cells) in [(MOST_ROWS - 1, 0), (0, MOST_CELLS - 2)] {
        let options = Reading::default();
        let mut table = Table::new("p.csv", &options, None);
        table.header(1, &["id".into(), "title".into()]).unwrap();
        table.held = (rows, cells);
        for number in 2..6 {
            assert!(table.row(Row { number, cells: vec![format!("a{number}"), String::new()] }).is_ok());
        }
        let catalog = table.finish();
        assert_eq!((catalog.items.len(), catalog.problems.len()), (1, 1));
        assert!(catalog.problems[0].message.contains("1048576 rows or 33554432 cells"));
    }
}
