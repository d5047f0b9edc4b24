//! Reviews as a table for a spreadsheet.

use super::{decide, decided, job, library, rendered, review, wait};
use crate::support::Project;
use shotlist::app::{Error, ImportReport, ReviewRequest};
use shotlist::domain::review::{Outcome, Reason, ReviewState};

fn export(project: &Project) -> String {
    wait(library(project).export_reviews()).unwrap()
}

fn import(project: &Project, table: &[u8]) -> Result<ImportReport, Error> {
    wait(library(project).import_reviews("decisions.csv", table, "bob"))
}

/// Writes an outcome, reasons, a note and the redo into the row of a job that has none.
fn filled(table: &str, item: &str, cells: &str) -> String {
    let row = table.lines().find(|row| row.starts_with(&format!("hero/{item},"))).unwrap();
    let begins: Vec<&str> = row.split(',').take(4).collect();
    table.replace(row, &format!("{},{cells}", begins.join(",")))
}

#[test]
fn a_table_goes_out_and_comes_back_with_outcomes() {
    let project = rendered(3);
    decided(&project, "sku-1", Outcome::Approved);
    let table = export(&project);
    assert!(table.starts_with("\u{feff}job,take,clip_sha256,revision,outcome,reasons,note,redo,who,at\n"));
    assert_eq!(table.lines().count(), 4);
    let same = import(&project, table.as_bytes()).unwrap();
    assert_eq!((same.made.len(), same.unchanged, same.undecided), (0, 1, 2));
    let table = filled(&table, "sku-2", "rejected,wrong_colour motion,\"red, not blue\",yes,,");
    let report = import(&project, table.as_bytes()).unwrap();
    assert_eq!((report.made.len(), report.unchanged, report.undecided), (1, 1, 1));
    let made = job(&project, "sku-2").record.review.unwrap();
    assert_eq!(made.reasons, [Reason::WrongColour, Reason::Motion]);
    assert_eq!((made.note.as_deref(), made.who.as_str(), made.redo), (Some("red, not blue"), "bob", true));
    let again = import(&project, export(&project).as_bytes()).unwrap();
    assert_eq!((again.made.len(), again.unchanged), (0, 2));
    // The table of before is stale for the row that it changed itself, and says the same: nothing is lost.
    let conflict = import(&project, filled(&table, "sku-2", "approved,,,,,").as_bytes()).unwrap();
    assert_eq!(conflict.conflicts.len(), 1);
    assert_eq!(job(&project, "sku-2").standing, ReviewState::Rejected);
}

#[test]
fn a_table_that_excel_saved_is_read() {
    let project = rendered(2);
    let table = filled(&export(&project), "sku-1", "Rejected,other,Zu grün,WAHR,,");
    let error = import(&project, table.as_bytes()).unwrap_err();
    insta::assert_snapshot!(error.problems[0].message, @"`wahr` is not an answer to `redo`: write yes or no");
    let table = filled(&export(&project), "sku-1", "Rejected,other,Zu grün,TRUE,carla,");
    let german = table.replace(',', ";").replace('\n', "\r\n");
    let report = import(&project, german.as_bytes()).unwrap();
    assert_eq!(report.made.len(), 1);
    let made = job(&project, "sku-1").record.review.unwrap();
    assert_eq!((made.note.as_deref(), made.who.as_str()), (Some("Zu grün"), "carla"));
    let wide = filled(&export(&project), "sku-2", "approved,,,,,").trim_start_matches('\u{feff}').to_owned();
    let wide: Vec<u8> = format!("\u{feff}{wide}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(import(&project, &wide).unwrap().made.len(), 1);
    assert!(import(&project, b"job;take;revision;outcome\nhero/sku-1;\xff;1;approved\n").is_err());
}

#[test]
fn a_stale_row_is_a_conflict_with_its_line_and_nothing_is_imported() {
    let project = rendered(3);
    let table = export(&project);
    decided(&project, "sku-2", Outcome::Approved);
    let table = filled(&table, "sku-1", "approved,,,,,");
    let table = filled(&table, "sku-2", "rejected,motion,,,,");
    let report = import(&project, table.as_bytes()).unwrap();
    assert_eq!(report.made.len(), 0);
    let conflict = &report.conflicts[0];
    assert_eq!((conflict.line, conflict.job.to_string().as_str()), (3, "hero/sku-2"));
    assert_eq!(conflict.newest.as_ref().unwrap().outcome, Outcome::Approved);
    assert_eq!(job(&project, "sku-1").standing, ReviewState::Undecided);
    // A clip that was replaced, with the same revision.
    project.run(&["redo", "sku-3", "--yes"]).expect(0);
    let report = import(&project, filled(&table, "sku-3", "approved,,,,,").as_bytes()).unwrap();
    assert_eq!(report.conflicts.len(), 2);
}

#[test]
fn every_line_that_cannot_be_understood_is_named_and_nothing_is_imported() {
    let project = rendered(3);
    let table = filled(&export(&project), "sku-1", "approved,,,,,");
    let table = filled(&table, "sku-2", "rejected,wrong_color,,,,");
    let table = filled(&table, "sku-3", "okay,,,,,");
    let take = &job(&project, "sku-1").record.takes[0].take.id;
    let table =
        format!("{table}hero/sku-11,{take},,0,approved,,,,,\nhero/sku-1,{take},,0,rejected,motion,,,,\n");
    let error = import(&project, table.as_bytes()).unwrap_err();
    let told: Vec<String> =
        error.problems.iter().map(|problem| format!("{}: {}", problem.place, problem.message)).collect();
    insta::assert_snapshot!(told.join("\n"));
    assert_eq!(job(&project, "sku-1").standing, ReviewState::Undecided);
    let error = import(&project, b"job,outcome\nhero/sku-1,approved\n").unwrap_err();
    insta::assert_snapshot!(error.problems[0].message, @"columns missing in the table: `take`, `revision`");
}

#[test]
fn s16_a_note_is_no_formula() {
    let project = rendered(1);
    let formula = "=HYPERLINK(\"http://127.0.0.1\")";
    let request =
        ReviewRequest { note: Some(formula.to_owned()), ..review(&project, "sku-1", Outcome::Rejected) };
    decide(&project, &[request]).unwrap();
    let table = export(&project);
    assert!(table.contains(",\"'=HYPERLINK("), "{table}");
    assert_eq!(import(&project, table.as_bytes()).unwrap().unchanged, 1);
}
