//! `shotlist doctor`: what can be wrong before anything is ordered. Costs nothing, orders nothing, changes nothing.

mod input;
mod machine;
mod server;

use super::album::load;
use super::error::Error;
use super::exit::Exit;
use super::places::Places;
use super::plan::worksheet;
use super::project::Project;
use crate::cli::args::ManifestArg;
use crate::domain::problem::Problem;
use crate::engine::clock::Clock;
use crate::report::layout::labelled;
use crate::report::problems;
use crate::report::terminal::Terminal;
use serde_json::{Value, json};

/// What a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Ok,
    /// Works, but look.
    Warn,
    /// A run would end with this code.
    Fail(Exit),
}

impl Verdict {
    const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail(_) => "fail",
        }
    }
}

/// One line of the answer.
#[derive(Debug)]
struct Check {
    about: &'static str,
    verdict: Verdict,
    /// What was found.
    what: String,
    /// What to type, or to do, where it is not well.
    todo: Option<String>,
    /// What is wrong in the user's files, in full; only for programs, as `validate` shows it to people.
    problems: Vec<Problem>,
}

impl Check {
    fn ok(about: &'static str, what: impl Into<String>) -> Self {
        Self { about, verdict: Verdict::Ok, what: what.into(), todo: None, problems: Vec::new() }
    }

    fn warn(about: &'static str, what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warn, todo: Some(todo.into()), ..Self::ok(about, what) }
    }

    fn fail(about: &'static str, exit: Exit, what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { verdict: Verdict::Fail(exit), todo: Some(todo.into()), ..Self::ok(about, what) }
    }

    fn json(&self) -> Value {
        json!({
            "check": self.about,
            "verdict": self.verdict.name(),
            "what": self.what,
            "do": self.todo,
            "problems": self.problems.iter().map(problems::json).collect::<Vec<_>>(),
        })
    }
}

/// Checks everything that can be checked without an order. Each provider is asked one free question.
pub(crate) async fn doctor(
    project: &Project,
    terminal: &Terminal,
    _args: &ManifestArg,
) -> Result<Exit, Error> {
    let places = project.places.clone();
    let context = Context { project, places: &places };
    let now = Clock::system().now();
    let worksheet = worksheet(&places)?;
    let loaded = load(project, &worksheet);
    let wants = input::Wants::of(&worksheet)?;

    let mut checks = vec![Check::ok("version", concat!("shotlist ", env!("CARGO_PKG_VERSION")))];
    checks.extend(input::manifest(&context, &loaded, &wants));
    let project = loaded.manifest.as_ref().map(|manifest| manifest.project.as_str());
    let mut state = machine::state(&context, project, now).await;
    checks.extend(input::providers(&context, &wants, &state.owing).await);
    checks.append(&mut state.checks);
    checks.extend(machine::room(&context, &loaded, &worksheet, &state));
    checks.extend(machine::output(&context));

    let exit = Exit::gravest(checks.iter().filter_map(|check| match check.verdict {
        Verdict::Fail(exit) => Some(exit),
        Verdict::Ok | Verdict::Warn => None,
    }));
    let count = |wanted: &str| checks.iter().filter(|check| check.verdict.name() == wanted).count();
    let (failed, warned) = (count("fail"), count("warn"));
    if terminal.json {
        let checks: Vec<Value> = checks.iter().map(Check::json).collect();
        terminal.data(json!({
            "format": 1,
            "version": env!("CARGO_PKG_VERSION"),
            "manifest": places.shown,
            "sandbox": places.sandbox,
            "exit": exit as u8,
            "failed": failed,
            "warnings": warned,
            "checks": checks,
        }));
    } else {
        for check in &checks {
            tell(terminal, check);
        }
        let plural =
            |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        terminal.say(match (failed, warned) {
            (0, 0) => "All is well. Nothing was ordered.".to_owned(),
            (0, warned) => format!("Nothing fails, {}. Nothing was ordered.", plural(warned, "warning")),
            (failed, 0) => format!("{} failed. Nothing was ordered.", plural(failed, "check")),
            (failed, warned) => {
                format!(
                    "{} failed, {}. Nothing was ordered.",
                    plural(failed, "check"),
                    plural(warned, "warning")
                )
            }
        });
    }
    let first = checks.iter().find(|check| matches!(check.verdict, Verdict::Fail(_)));
    // What is no command of this program stands beside its check; then it is looked at again.
    let todo = first.map(|check| check.todo.clone().filter(|todo| todo.starts_with("shotlist ")));
    terminal.next(match todo {
        None => context.command("plan"),
        Some(todo) => todo.unwrap_or_else(|| context.command("doctor")),
    });
    Ok(exit)
}

fn tell(terminal: &Terminal, check: &Check) {
    let verdict = format!("{:<4}", check.verdict.name());
    let color = match check.verdict {
        Verdict::Ok => "32",
        Verdict::Warn => "33",
        Verdict::Fail(_) => "1;31",
    };
    let mut lines = labelled(&format!("{verdict}  {:<9} ", check.about), &check.what, terminal.size().0);
    if let Some(todo) = &check.todo {
        lines.extend(labelled("                -> ", todo, terminal.size().0));
    }
    for (at, line) in lines.into_iter().enumerate() {
        // Only the first line begins with the verdict.
        match line.strip_prefix(&verdict).filter(|_| at == 0) {
            Some(rest) => terminal.data(format_args!("{}{rest}", terminal.paint(&verdict, color))),
            None => terminal.data(line),
        }
    }
}

/// What every check looks at.
struct Context<'a> {
    project: &'a Project,
    places: &'a Places,
}

impl Context<'_> {
    /// A command for this project.
    fn command(&self, words: &str) -> String {
        self.places.typed(words)
    }
}
