//! A project on disk, the sandbox it talks to, and the built program.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails as the test itself does")]

use shotlist::domain::key::TakeId;
use shotlist::domain::lifecycle::State;
use shotlist::domain::money::Usd;
use shotlist::engine::clock::Clock;
use shotlist::files::atomic_write;
use shotlist::sandbox::{ClipDetail, Limits, Options, Request, Sandbox};
use shotlist::store::{PlanTables, Reader};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::Command;

/// The variable in which the program finds the key of the sandbox.
const KEY_VARIABLE: &str = "SHOTLIST_TEST_KEY";
const KEY: &str = "test-key";
const NAME: &str = "killed";

/// The provider of a project's clips.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remote {
    /// A provider without a way to look up a submission.
    Zai,
    /// It can be asked.
    Echo,
}

impl Remote {
    fn name(self) -> &'static str {
        match self {
            Self::Zai => "zai",
            Self::Echo => "echo",
        }
    }

    fn model(self) -> &'static str {
        match self {
            Self::Zai => "zai/viduq1-text",
            Self::Echo => "echo/clip",
        }
    }
}

/// A manifest with a table of items `c000`, `c001` …, one shot, and a sandbox as the provider.
pub(super) struct Project {
    pub(super) sandbox: Sandbox,
    dir: TempDir,
}

/// A take as the database has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Standing {
    pub(super) take: TakeId,
    pub(super) state: State,
    pub(super) price: Usd,
    /// Path of its clip below the project's folder.
    pub(super) path: String,
}

/// The one take of every job, by the item's id.
pub(super) type Snapshot = BTreeMap<String, Standing>;

/// The end of a command.
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) stderr: String,
}

impl Project {
    /// With a provider that cannot be asked. `limits` is the manifest's YAML for its limits.
    pub(super) async fn start(jobs: usize, limits: &str, change: impl FnOnce(&mut Options)) -> Self {
        Self::start_at(Remote::Zai, jobs, limits, change).await
    }

    /// With either provider.
    pub(super) async fn start_at(
        far: Remote,
        jobs: usize,
        limits: &str,
        change: impl FnOnce(&mut Options),
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::system();
        let mut options = Options::new(dir.path().join("far-end"), KEY, Arc::new(move || clock.now()));
        options.clips = ClipDetail::Tiny;
        options.limits = Limits::Unlimited;
        options.task_time = Duration::from_millis(50)..=Duration::from_millis(100);
        change(&mut options);
        let sandbox = Sandbox::start(options).await.unwrap();
        let manifest = format!(
            "version: 1
project: {NAME}
items: {{ from: items.csv }}
shots:
  hero:
    model: {}
    prompt: \"{{{{ item.id }}}} turns slowly in soft light.\"
output: \"clips/{{{{ item.id }}}}.mp4\"
providers:
  {}:
    base_url: {}
    api_key: \"${{{KEY_VARIABLE}}}\"
    limits: {limits}
",
            far.model(),
            far.name(),
            sandbox.provider_url(far.name())
        );
        let items: Vec<String> = (0..jobs).map(|number| format!("c{number:03}")).collect();
        let project = Self { sandbox, dir };
        atomic_write(&project.path("shotlist.yaml"), manifest.as_bytes(), 0o644).unwrap();
        atomic_write(&project.path("items.csv"), format!("id\n{}\n", items.join("\n")).as_bytes(), 0o644)
            .unwrap();
        project
    }

    /// A path below the project's folder.
    pub(super) fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// The program with this command, all questions answered.
    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shotlist"));
        command
            .args(args)
            .current_dir(self.dir.path())
            .env(KEY_VARIABLE, KEY)
            // No ffmpeg is found, which would take a quarter of the time.
            .env_remove("PATH")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// `shotlist run`.
    pub(super) fn run(&self) -> Command {
        self.command(&["run", "--yes"])
    }

    /// Runs a command to its end.
    pub(super) async fn end(&self, mut command: Command) -> Ended {
        let output = command.spawn().unwrap().wait_with_output().await.unwrap();
        Ended { status: output.status, stderr: String::from_utf8(output.stderr).unwrap() }
    }

    /// Reads the database; empty where a crash came before it was made.
    pub(super) async fn snapshot(&self) -> Snapshot {
        let Some(reader) = Reader::open(&self.path(".shotlist")).unwrap() else { return Snapshot::new() };
        let keys = reader.keys(Some(NAME)).await.unwrap();
        let plan_tables = PlanTables::new(None).unwrap();
        plan_tables.lock().know(NAME, Some(&reader), &|_| true).unwrap();
        let jobs = keys.into_iter().map(|(_, key)| {
            let job = plan_tables.lock().known(&key).unwrap().unwrap();
            let [take] = <[_; 1]>::try_from(job.takes).expect("nothing here orders a second take of a job");
            let standing = Standing { take: take.id, state: take.state, price: take.price, path: take.path };
            (job.key.item.into_raw(), standing)
        });
        jobs.collect()
    }

    /// Where the take of an item stands, in one word.
    pub(super) async fn state(&self, item: &str) -> &'static str {
        self.snapshot().await.get(item).expect("the item is in the table").state.name()
    }

    /// Requests that the sandbox received for an item, by what they ask for and not by any name of ours.
    pub(super) fn requests(&self, item: &str) -> Vec<Request> {
        self.sandbox.requests().into_iter().filter(|request| item_of(request) == item).collect()
    }

    /// Returns the number of charges for an item.
    pub(super) fn charges(&self, item: &str) -> usize {
        self.requests(item).iter().filter(|request| request.task.is_some()).count()
    }
}

/// The item that a request is about: the prompt begins with it.
pub(super) fn item_of(request: &Request) -> &str {
    request.body["prompt"].as_str().and_then(|prompt| prompt.split(' ').next()).unwrap_or_default()
}
