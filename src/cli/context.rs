//! The context of every command: the streams, the common flags, and the projects that they select.

use super::args::Global;
use super::signals;
use crate::app::consent::{Answer, Consent, Question, Topic};
#[cfg(feature = "sandbox")]
use crate::app::environment::variable;
use crate::app::error::Error;
#[cfg(feature = "sandbox")]
use crate::app::exit::Exit;
use crate::app::mistaken::{self, Named};
use crate::app::places::Places;
use crate::app::project::Project;
#[cfg(feature = "sandbox")]
use crate::rehearsal::{InProcess, rules};
use crate::report::changes::change_line;
use crate::report::reporter::Console;
use crate::report::terminal::Terminal;
use crate::report::text::held::held_line;
#[cfg(feature = "sandbox")]
use crate::sandbox::{ClipDetail, Rule};
use std::path::Path;
use std::sync::Arc;

/// The output streams and the common flags of a command.
pub(super) struct Context {
    pub(super) terminal: Terminal,
    pub(super) global: Global,
}

/// An opened project, with the console that shows its reports.
pub(super) struct Opened {
    pub(super) project: Project,
    console: Arc<Console>,
}

impl Context {
    /// Opens the project of a manifest, which must exist: `manifest`, or else `--file`, or else the one found in the
    /// current folder or above it.
    pub(super) fn open(&self, manifest: Option<&Path>) -> Result<Opened, Error> {
        mistaken::refuse_missing(manifest.or(self.global.file.as_deref()))?;
        self.open_any(manifest)
    }

    /// Opens the project of the given manifest, which need not exist. If none is given, it is found as in
    /// [`Self::open`].
    pub(super) fn open_any(&self, manifest: Option<&Path>) -> Result<Opened, Error> {
        let Global { file, out, sandbox, .. } = &self.global;
        self.open_at(Places::find(manifest.or(file.as_deref()), out.as_deref(), *sandbox)?)
    }

    /// Returns an error if the manifest that a command names does not exist, and the user most likely meant another
    /// file or an item. `has_only` is true for commands with `--only`.
    pub(super) fn check_named(
        &self,
        command: &str,
        manifest: Option<&Path>,
        has_only: bool,
    ) -> Result<(), Error> {
        let Global { file, out, sandbox, .. } = &self.global;
        let (file, out) = (file.as_deref(), out.as_deref());
        mistaken::check(Named { command, manifest, file, has_only, out, sandbox: *sandbox })
    }

    /// Opens the project whose manifest and folders are at the given paths.
    #[cfg_attr(
        not(feature = "sandbox"),
        expect(clippy::unnecessary_wraps, reason = "a sandbox may be unable to start")
    )]
    pub(super) fn open_at(&self, places: Places) -> Result<Opened, Error> {
        let Global { verbose, log_file, .. } = &self.global;
        let logged = log_file.is_some() || self.terminal.json || self.terminal.quiet;
        let console = Arc::new(Console::new(&self.terminal, &places, *verbose > 0, logged));
        let project = Project::at(places).telling(Arc::clone(&console));
        let opened = Opened { project, console };
        #[cfg(feature = "sandbox")]
        if opened.project.places().sandbox {
            return opened.rehearsed(sandbox(Vec::new()));
        }
        Ok(opened)
    }

    /// Returns the source of answers to a command's questions: always yes if `yes` is true, otherwise the user at the
    /// terminal.
    pub(super) fn consent(&self, yes: bool) -> Asking {
        Asking { terminal: self.terminal.clone(), yes }
    }
}

impl Opened {
    /// Returns the project with a sandbox (fake providers) in place of its real providers.
    #[cfg(feature = "sandbox")]
    fn rehearsed(self, sandbox: InProcess) -> Result<Self, Error> {
        Ok(Self { project: self.project.rehearsed(sandbox)?, ..self })
    }

    /// Returns the project with a sandbox that misbehaves by the rules in the file `faults`; unchanged without a file.
    #[cfg(feature = "sandbox")]
    pub(super) fn misbehaving(self, faults: Option<&Path>) -> Result<Self, Error> {
        match faults {
            Some(faults) => self.rehearsed(sandbox(fault_rules(faults)?)),
            None => Ok(self),
        }
    }

    /// Returns the project with `asking` as the source of answers to its questions.
    pub(super) fn asking(self, asking: Asking) -> Self {
        Self { project: self.project.asking(asking), ..self }
    }

    /// Runs `work` on the project to its end. Meanwhile passes signals such as Ctrl-C to the run, and updates the times
    /// on the terminal.
    pub(super) async fn at_work<T>(
        &self,
        terminal: &Terminal,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        tokio::select! {
            done = work => done,
            never = signals::watch(self.project.interrupt(), terminal) => match never {},
            () = self.console.keep_time() => unreachable!("the times on a terminal go on for ever"),
        }
    }
}

/// Returns a sandbox (fake providers) that misbehaves by the rules `faults`. The clips are tiny if the environment
/// variable `SHOTLIST_SANDBOX_CLIPS` is `tiny`.
#[cfg(feature = "sandbox")]
fn sandbox(faults: Vec<Rule>) -> InProcess {
    let tiny = variable("SHOTLIST_SANDBOX_CLIPS").is_some_and(|kind| kind == "tiny");
    InProcess::with(move |options| {
        options.faults.clone_from(&faults);
        if tiny {
            options.clips = ClipDetail::Tiny;
        }
    })
}

/// Reads the rules by which a sandbox misbehaves.
#[cfg(feature = "sandbox")]
pub(super) fn fault_rules(file: &Path) -> Result<Vec<Rule>, Error> {
    if !file.exists() {
        let what = format!("{}: there is no such file", file.display());
        return Err(Error::new(Exit::Usage, what));
    }
    rules(file)
}

/// A source of answers to the questions of a command: `--yes`, or the user at the terminal.
pub(super) struct Asking {
    terminal: Terminal,
    /// True if `--yes` answers all questions with yes, except the question about rendering changed jobs again.
    yes: bool,
}

impl Consent for Asking {
    fn answer(&self, question: &Question) -> Answer {
        let Self { terminal, yes } = self;
        if *yes && question.topic != Topic::RenderChanged {
            return Answer::Yes;
        }
        if !terminal.interactive {
            return Answer::Unavailable;
        }
        let changes = &question.changes;
        for (key, fields) in &changes.examples {
            let fields: Vec<String> = fields.iter().map(change_line).collect();
            terminal.tell(&format!("{key}  {}", fields.join("; ")), 2);
        }
        for take in &question.held {
            terminal.say(held_line(take, None));
        }
        if changes.jobs > changes.examples.len() {
            terminal.say(format_args!("… and {} more", changes.jobs - changes.examples.len()));
        }
        if terminal.ask(&question.text) { Answer::Yes } else { Answer::No }
    }

    fn is_attended(&self) -> bool {
        self.terminal.interactive
    }
}
