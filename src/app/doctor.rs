//! Checks the set-up before anything is paid: input, keys, servers, disks, clock and state folder.
//!
//! The checks cost nothing, submit nothing and change nothing.

mod input;
mod machine;
mod output;
mod route;
mod server;

use super::environment::search_path;
use super::error::Error;
use super::exit::Exit;
use super::forgotten::refuse_forgotten;
use super::inputs::load;
use super::places::Places;
use super::plan::plan_tables;
use super::project::Project;
use super::recover::refuse_lost;
use crate::domain::problem::Problem;
use crate::files::Ffmpeg;
use crate::store::PlanTables;

/// Part of a message that says what does not work without `ffmpeg`.
const WITHOUT: &str = "the frames of clips are not checked, and reports have no posters";

/// The result of a check of the set-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The check found no problem.
    Ok,
    /// The check found something that a person should read, but a run would work.
    Warn,
    /// The check found a problem: a run would end with this exit code.
    Fail(Exit),
}

impl Verdict {
    /// Returns the name of the verdict in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail(_) => "fail",
        }
    }
}

/// One check of the set-up with its result.
#[derive(Debug)]
pub struct Check {
    /// Subject of the check in one word, such as `clock`.
    pub about: &'static str,
    /// Result of the check.
    pub verdict: Verdict,
    /// Finding of the check in a sentence.
    pub what: String,
    /// Command or action that solves the problem; `None` if there is nothing to do.
    pub todo: Option<String>,
    /// All problems in the user's files, for the JSON output. The text output has only the first; `validate` shows all.
    pub problems: Vec<Problem>,
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
}

/// The results of all checks of the set-up.
#[derive(Debug)]
pub struct DoctorReport {
    /// Checks in the order in which they were made.
    pub checks: Vec<Check>,
    /// Command to type next.
    pub next: String,
}

impl DoctorReport {
    /// Returns the number of checks that failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.checks.iter().filter(|check| matches!(check.verdict, Verdict::Fail(_))).count()
    }

    /// Returns the number of checks that ended with a warning.
    #[must_use]
    pub fn warnings(&self) -> usize {
        self.checks.iter().filter(|check| check.verdict == Verdict::Warn).count()
    }

    /// Returns the exit code: the most severe code with which a run would end, or success if no check failed.
    #[must_use]
    pub fn exit(&self) -> Exit {
        Exit::gravest(self.checks.iter().filter_map(|check| match check.verdict {
            Verdict::Fail(exit) => Some(exit),
            Verdict::Ok | Verdict::Warn => None,
        }))
    }
}

impl Project {
    /// Makes every check of the set-up that is free of charge.
    ///
    /// It sends one free request to each needed provider whose address and key look valid.
    pub async fn doctor(&self) -> Result<DoctorReport, Error> {
        let context = Context { project: self, places: &self.places };
        let now = self.clock.now();
        let plan_tables = plan_tables(&self.places)?;
        let loaded = load(self, &plan_tables);
        let wants = input::ModelNeeds::of(&plan_tables)?;

        let mut checks = vec![Check::ok("version", concat!("shotlist ", env!("CARGO_PKG_VERSION")))];
        checks.extend(input::manifest(&context, &loaded, &wants));
        let project = loaded.manifest.as_ref().map(|manifest| manifest.project.as_str());
        let mut state = machine::state(&context, project, now).await;
        checks.extend(input::providers(&context, &wants, &state.owing, &state.hosts).await);
        checks.append(&mut state.checks);
        checks.extend(machine::disk_space(&context, &loaded, &plan_tables, &state));
        checks.extend(self.unknown_clips(&plan_tables, &checks).await);
        let manifest = loaded.manifest.as_ref();
        checks.extend(output::output(&context, state.reader.as_ref(), manifest).await);
        let looked = tokio::task::spawn_blocking(ffmpeg)
            .await
            .map_err(|error| Error::new(Exit::Unexpected, error.to_string()));
        checks.push(looked?);

        let first = checks.iter().find(|check| matches!(check.verdict, Verdict::Fail(_)));
        // The report shows a remedy outside this program with its check, so the next step is to
        // check again.
        let todo = first.map(|check| check.todo.clone().filter(|todo| todo.starts_with("shotlist ")));
        let next = match todo {
            None => context.command("plan"),
            Some(todo) => todo.unwrap_or_else(|| context.command("doctor")),
        };
        Ok(DoctorReport { checks, next })
    }
}

impl Project {
    /// Checks whether the output folder has paid clips that the database does not know.
    ///
    /// A run is refused if there are any. `plan_tables` must have the plan's decisions, because clips are looked for
    /// only at the paths of jobs to render. `checks` are the earlier checks: if the state folder or the database failed
    /// one, this check is left out.
    async fn unknown_clips(&self, plan_tables: &PlanTables, checks: &[Check]) -> Option<Check> {
        let is_failed = |check: &Check| matches!(check.verdict, Verdict::Fail(_));
        if checks.iter().any(|check| is_failed(check) && matches!(check.about, "state" | "database")) {
            return None;
        }
        let found = match refuse_lost(&self.places).await {
            Ok(()) => refuse_forgotten(self, plan_tables, std::iter::empty()).map(drop),
            lost => lost,
        };
        let error = found.err()?;
        let todo = error.hint.unwrap_or_else(|| self.places.typed("recover"));
        Some(Check::fail("clips", error.exit, error.what, todo))
    }
}

/// Checks `ffmpeg`, the optional program that decodes clips for their automatic checks.
fn ffmpeg() -> Check {
    match search_path().and_then(|path| Ffmpeg::find(&path)) {
        Some(Ok(ffmpeg)) => {
            let posters =
                if ffmpeg.has_webp() { "" } else { "; it cannot write WebP, so reports have no posters" };
            Check::ok("ffmpeg", format!("{}{posters}", ffmpeg.program().display()))
        }
        Some(Err(why)) => Check::warn("ffmpeg", format!("{why}; {WITHOUT}"), "repair or remove this ffmpeg"),
        None => Check::warn("ffmpeg", format!("not installed: {WITHOUT}"), "install ffmpeg to check frames"),
    }
}

/// The input that all checks of the set-up share.
struct Context<'a> {
    project: &'a Project,
    places: &'a Places,
}

impl Context<'_> {
    /// Returns the command line that runs the command `words` on this project.
    fn command(&self, words: &str) -> String {
        self.places.typed(words)
    }
}
