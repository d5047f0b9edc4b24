//! Output on a terminal: lines that change at the bottom while a run is at work, and nothing of them
//! afterwards. The terminal is a real one, of the kernel.

use crate::snapshot::{by_job, veiled};
use crate::support::{Project, sheet, until};
use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use serde_json::json;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use unicode_width::UnicodeWidthStr as _;

/// A terminal with the program in it.
pub(crate) struct Screen {
    child: Child,
    master: Arc<File>,
    seen: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Screen {
    pub(crate) fn open(mut command: Command, columns: u16, rows: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        tcsetwinsize(&master, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let terminal = || {
            let path = std::ffi::OsStr::from_bytes(name.as_bytes());
            File::options().read(true).write(true).open(path).unwrap()
        };
        command.stdin(terminal()).stdout(terminal()).stderr(terminal());
        let child = command.spawn().unwrap();
        // The command holds the terminal open too, and would keep the reader from its end.
        drop(command);
        let master = Arc::new(File::from(master));
        let seen = Arc::new(Mutex::new(String::new()));
        let reader = std::thread::spawn({
            let (master, seen) = (Arc::clone(&master), Arc::clone(&seen));
            move || {
                let mut bytes = [0; 4096];
                // Linux reports an error for a terminal that no process has open.
                while let Ok(count @ 1..) = (&*master).read(&mut bytes) {
                    seen.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
                }
            }
        });
        Self { child, master, seen, reader }
    }

    pub(crate) fn seen(&self) -> String {
        self.seen.lock().unwrap().clone()
    }

    /// Types something, as a person does.
    fn typed(&self, keys: &str) {
        (&*self.master).write_all(keys.as_bytes()).unwrap();
    }

    fn signal(&self, signal: Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end of the program, and gives the exit code and all that was written.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let mut status = None;
        until("the program ended", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        self.reader.join().unwrap();
        drop(self.master);
        let seen = self.seen.lock().unwrap().clone();
        (status.unwrap().code(), seen)
    }
}

/// Returns a command as a terminal with colours and a moving cursor starts it.
pub(crate) fn run(project: &Project, arguments: &[&str]) -> Command {
    let mut command = project.command(arguments);
    command.env("TERM", "xterm-256color");
    command
}

/// Returns the lines that are left after everything else was overwritten or removed: a small part of a terminal,
/// as much as a bar uses.
fn left_over(written: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<Vec<char>> = vec![Vec::new()];
    let (mut row, mut column) = (0, 0);
    let mut chars = written.chars();
    while let Some(c) = chars.next() {
        match c {
            '\r' => column = 0,
            '\n' => row += 1,
            '\x1b' => {
                assert_eq!(chars.next(), Some('['));
                let mut digits = String::new();
                let command = loop {
                    match chars.next().unwrap() {
                        digit @ ('0'..='9' | ';') => digits.push(digit),
                        command => break command,
                    }
                };
                let number = digits.parse().unwrap_or(1);
                match command {
                    'A' => row -= number,
                    'B' => row += number,
                    'K' => lines[row].clear(),
                    'm' => {}
                    other => panic!("{other} is nothing that this terminal knows"),
                }
            }
            c => {
                if column == columns {
                    (row, column) = (row + 1, 0);
                }
                lines.resize_with(lines.len().max(row + 1), Vec::new);
                let line = &mut lines[row];
                line.resize(line.len().max(column + 1), ' ');
                line[column] = c;
                column += 1;
            }
        }
        lines.resize_with(lines.len().max(row + 1), Vec::new);
    }
    lines.iter().map(|line| line.iter().collect::<String>().trim_end().to_owned()).collect()
}

#[test]
fn a_terminal_shows_what_is_in_flight_and_keeps_what_came_of_it() {
    let project = Project::shop(6);
    project.stall();
    let screen = Screen::open(run(&project, &["run", "--yes"]), 60, 20);
    until("five are in flight", || screen.seen().contains("rendering") && project.takes("running") == 5);
    until("the bar is drawn", || screen.seen().contains("0/6 "));
    until("the word of the stalled tasks was told", || screen.seen().contains("QUEUED"));
    project.clear_faults();
    let (code, written) = screen.end();
    assert_eq!(code, Some(0), "{written}");
    assert!(written.contains("\x1b[32mdone\x1b[0m"), "{written}");
    insta::assert_snapshot!("six_done_60", by_job(&left_over(&veiled(&written), 60).join("\n")));
}

/// Returns the screen after a command, with its exit code.
fn last_screen(screen: Screen, columns: usize) -> String {
    let (code, written) = screen.end();
    format!("exit {}\n---\n{}", code.unwrap(), left_over(&veiled(&written), columns).join("\n").trim_end())
}

#[test]
fn the_last_screen_of_a_run_fits_a_wide_and_a_narrow_terminal() {
    for columns in [120, 60] {
        let project = Project::shop(1);
        let again =
            || last_screen(Screen::open(run(&project, &["run", "--yes"]), columns, 30), columns.into());
        let last = again();
        insta::assert_snapshot!(format!("done_{columns}"), last);
        let unsure = json!({ "status": { "code": 500, "body": "{}", "accept": true } });
        project.fault(json!([{ "on": "submit", "do": unsure }]));
        project.write("products.csv", sheet(2));
        let last = again();
        insta::assert_snapshot!(format!("held_{columns}"), last);
    }
}

#[test]
fn a_question_about_a_new_charge_shows_what_is_held() {
    let project = Project::shop_with_faults(1, json!([{ "on": "submit", "do": "reset_after_accept" }]));
    project.run(&["run", "--yes"]).expect(7);
    for answer in ["n", "y"] {
        let screen = Screen::open(run(&project, &["resolve", "sku-1", "--resubmit"]), 100, 24);
        until("it asks", || screen.seen().contains("[y/N]"));
        screen.typed(&format!("{answer}\n"));
        insta::assert_snapshot!(format!("resubmit_{answer}"), last_screen(screen, 100));
    }
    assert_eq!(project.takes("pending"), 1);
}

#[test]
fn after_ctrl_c_the_terminal_is_as_it_was() {
    let project = Project::shop_with_faults(
        2,
        json!([{ "on": "submit", "do": { "hang_after_accept": { "seconds": 600 } } }]),
    );
    let screen = Screen::open(run(&project, &["run", "--yes"]), 80, 24);
    until("both are charged", || project.charges().len() == 2);
    screen.signal(Signal::INT);
    until("it stops", || screen.seen().contains("no new submissions"));
    screen.signal(Signal::INT);
    until("it hurries", || screen.seen().contains("within 5 s"));
    screen.signal(Signal::INT);
    insta::assert_snapshot!("interrupted_80", by_job(&last_screen(screen, 80)));
}

#[test]
fn no_line_is_wider_than_the_terminal_whatever_the_titles_are_written_in() {
    let titles = [
        "手作りの陶器マグカップと天然木スプーンのギフトセット、電子レンジ対応、贈り物に最適な北欧風デザインの食器",
        &"cafe\u{301}s ".repeat(20),
        &"❤\u{fe0f}👩\u{200d}🎨🏺".repeat(20),
    ];
    let project = Project::shop_with_faults(
        3,
        json!([{ "on": "submit", "when": { "prompt_contains": "❤" }, "do": "reset_after_accept" }]),
    );
    let rows = titles.iter().zip(1..).map(|(title, n)| format!("sku-{n},{title}\n"));
    project.write("products.csv", format!("id,title\n{}", rows.collect::<String>()));
    project.run(&["run", "--yes"]).expect(7);
    let edited = std::fs::read_to_string(project.path("products.csv")).unwrap().replace("手作り", "職人");
    let looks = |arguments: &[&str]| {
        let (code, written) = Screen::open(run(&project, arguments), 60, 40).end();
        assert_eq!(code, Some(0), "{written}");
        assert!(written.lines().count() > 4, "{written}");
        // A command is never broken: it could not be copied.
        for line in written.lines().filter(|line| !line.contains("shotlist ")) {
            assert!(line.width() <= 60, "{} columns: {line}\n{written}", line.width());
        }
    };
    for job in ["sku-1", "sku-2", "sku-3"] {
        looks(&["show", job]);
    }
    looks(&["status"]);
    looks(&["ledger", "--by", "item"]);
    project.write("products.csv", edited);
    looks(&["plan"]);
}

#[test]
fn where_nothing_can_move_each_thing_is_a_line() {
    let project = Project::shop(2);
    let mut command = run(&project, &["run", "--yes"]);
    command.env("TERM", "dumb");
    let (code, written) = Screen::open(command, 80, 24).end();
    assert_eq!(code, Some(0), "{written}");
    assert!(!written.contains('\x1b'), "{written}");
    insta::assert_snapshot!("dumb", by_job(&veiled(&written)));

    project.edit("products.csv", "number 1", "number one");
    let mut command = run(&project, &["run", "--yes"]);
    command.env("NO_COLOR", "1");
    let (code, written) = Screen::open(command, 80, 24).end();
    assert_eq!(code, Some(0), "{written}");
    assert!(!written.contains("\x1b[32m"), "{written}");
    insta::assert_snapshot!("without_colours_80", by_job(&left_over(&veiled(&written), 80).join("\n")));

    let (code, written) = Screen::open(run(&project, &["run", "--yes", "--quiet"]), 80, 24).end();
    assert_eq!((code, written.as_str()), (Some(0), ""));
}
