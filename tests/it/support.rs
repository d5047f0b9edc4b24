//! A project in a temporary folder, the real program as a process, and a fake provider for it to talk to.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails as the test itself does")]
#![expect(clippy::disallowed_methods, reason = "files of a test need no atomic writes")]

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use shotlist::engine::clock::Clock;
use shotlist::sandbox::{Charge, ClipDetail, Limits, Options, Request, Rule, Sandbox};
use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The environment variable in which the manifests of these tests keep the key.
pub(crate) const KEY_VARIABLE: &str = "SHOTLIST_TEST_KEY";

/// A pace at which tests end soon.
pub(crate) const QUICK: &str =
    "{ first_poll: 100ms, poll_every: 100ms, rate: 100/s, poll_rate: 200/s, polls: 32 }";

/// The providers that the sandbox plays; a manifest gets the settings of those whose models it names.
const PROVIDERS: [&str; 4] = ["zai", "vtrix", "uniall", "echo"];

/// One clip from words for each row of `products.csv`, at the list price of $0.40.
pub(crate) const SHOP: &str = r#"version: 1
project: shop
items: { from: products.csv }
shots:
  hero:
    model: zai/viduq1-text
    prompt: "A slow turn around {{ item.title }}"
output: "renders/{{ item.id }}_{{ shot }}.mp4"
"#;

/// [`SHOP`] with pictures, at the list price of $0.20: the clips of this model are the quickest to draw.
pub(crate) const CHEAP: &str = r#"version: 1
project: shop
items: { from: products.csv }
shots:
  hero:
    model: zai/vidu2-image
    image: "https://shop.example/{{ item.id }}.jpg"
    prompt: "A slow turn around {{ item.title }}"
output: "renders/{{ item.id }}_{{ shot }}.mp4"
"#;

/// As fast as this machine can, with as many tasks at once.
pub(crate) const FIFTY_AT_ONCE: &str = "{ concurrency: 50, first_poll: 50ms, poll_every: 50ms, rate: 10000/s, poll_rate: 10000/s, polls: 32, downloads: 8 }";

/// Begins a client for the fake provider, which speaks plain HTTP.
pub(crate) fn client() -> reqwest::ClientBuilder {
    // No client is built without cryptography. The error says that an earlier client has set it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy()
}

/// Longest wait for what another process does; far beyond anything a loaded machine needs.
const DEADLINE: Duration = Duration::from_mins(2);
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Waits for what another process does.
pub(crate) fn until(what: &str, mut happened: impl FnMut() -> bool) {
    for _ in 0..DEADLINE.as_millis() / LOOK_EVERY.as_millis() {
        if happened() {
            return;
        }
        sleep(LOOK_EVERY);
    }
    panic!("in {DEADLINE:?} it did not happen that {what}");
}

/// Fault rules from JSON.
pub(crate) fn rules(list: Value) -> Vec<Rule> {
    serde_json::from_value(list).unwrap()
}

/// A sheet with as many products; each has a title of its own.
pub(crate) fn sheet(rows: usize) -> String {
    let lines: Vec<String> = (1..=rows).map(|n| format!("sku-{n},mug number {n}\n")).collect();
    format!("id,title\n{}", lines.concat())
}

/// A project and its provider.
pub(crate) struct Project {
    home: TempDir,
    runtime: Runtime,
    sandbox: Sandbox,
    /// The key that the program is given.
    pub(crate) key: String,
    /// The manifest's `limits` of the provider.
    pub(crate) limits: String,
    started: AtomicUsize,
}

impl Project {
    /// With the manifest [`SHOP`], a sheet of so many products, and a provider that behaves.
    pub(crate) fn shop(rows: usize) -> Self {
        Self::shop_with(rows, |_| {})
    }

    /// The same, with a provider that does not.
    pub(crate) fn shop_with_faults(rows: usize, faults: Value) -> Self {
        Self::shop_with(rows, |options| options.faults = rules(faults))
    }

    /// The same, with any other provider.
    pub(crate) fn shop_with(rows: usize, change: impl FnOnce(&mut Options)) -> Self {
        let project = Self::empty(change);
        project.write("products.csv", sheet(rows));
        project.manifest(SHOP);
        project
    }

    /// A shop with many products, a provider that takes any number of tasks at once, and this behind the manifest.
    pub(crate) fn large(rows: usize, section: &str) -> Self {
        let mut project = Self::empty(|options| options.limits = Limits::Unlimited);
        FIFTY_AT_ONCE.clone_into(&mut project.limits);
        project.write("products.csv", sheet(rows));
        project.manifest(&format!("{CHEAP}{section}"));
        project
    }

    /// A folder with nothing in it, and a provider.
    pub(crate) fn empty(change: impl FnOnce(&mut Options)) -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("project")).unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let clock = Clock::system();
        let mut options =
            Options::new(home.path().join("provider"), "test-key", Arc::new(move || clock.now()));
        options.clips = ClipDetail::Tiny;
        options.task_time = Duration::from_millis(20)..=Duration::from_millis(80);
        change(&mut options);
        let key = options.key.clone();
        let sandbox = runtime.block_on(Sandbox::start(options)).unwrap();
        Self { home, runtime, sandbox, key, limits: QUICK.to_owned(), started: AtomicUsize::new(0) }
    }

    /// Writes the manifest; the provider is added at its end.
    pub(crate) fn manifest(&self, text: &str) {
        let provider = |name: &str| {
            let url = self.sandbox.provider_url(name);
            format!(
                "  {name}: {{ base_url: \"{url}\", api_key: \"${{{KEY_VARIABLE}}}\", limits: {} }}\n",
                self.limits
            )
        };
        let providers: String = PROVIDERS
            .iter()
            .filter(|name| text.contains(&format!("{name}/")))
            .map(|name| provider(name))
            .collect();
        self.write("shotlist.yaml", format!("{text}providers:\n{providers}"));
    }

    /// The project's folder.
    pub(crate) fn folder(&self) -> PathBuf {
        self.home.path().join("project")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Replaces a part of a file that is there.
    pub(crate) fn edit(&self, name: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(old), "{name} does not say {old:?}");
        self.write(name, text.replace(old, new));
    }

    /// Every clip below the project's folder, with the hash of its bytes.
    pub(crate) fn clips(&self) -> BTreeMap<String, String> {
        let files = files_below(&self.folder());
        let clips = files.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "mp4"));
        clips
            .map(|path| {
                let name = path.strip_prefix(self.folder()).unwrap().to_str().unwrap().to_owned();
                (name, hash(&fs::read(path).unwrap()))
            })
            .collect()
    }

    /// Every file that the program may have written.
    pub(crate) fn artefacts(&self) -> Vec<PathBuf> {
        files_below(&self.folder())
    }

    /// The program, ready to be started in the project's folder, with an environment of its own.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shotlist"));
        command.args(arguments);
        self.at_home(&mut command);
        command
    }

    /// Gives a command the project's folder, no terminal, and no environment but the key.
    pub(crate) fn at_home(&self, command: &mut Command) {
        command.current_dir(self.folder()).env_clear().env(KEY_VARIABLE, &self.key);
        command.env("SHOTLIST_SANDBOX_CLIPS", "tiny").stdin(Stdio::null());
    }

    /// Runs the program to its end, and checks what must hold after every end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.start(arguments).wait()
    }

    /// Starts the program.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running<'_> {
        self.start_as(self.command(arguments))
    }

    /// Starts the program as told.
    pub(crate) fn start_as(&self, mut command: Command) -> Running<'_> {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let out = self.home.path().join(format!("{number}.out"));
        let err = self.home.path().join(format!("{number}.err"));
        command.stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap());
        Running { project: self, typed: typed(&command), child: command.spawn().unwrap(), out, err }
    }

    /// Returns the charges in the provider's own books.
    pub(crate) fn charges(&self) -> Vec<Charge> {
        self.sandbox.charges()
    }

    /// Every submission that the provider has seen.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.sandbox.requests()
    }

    pub(crate) fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// From now on something goes wrong.
    pub(crate) fn fault(&self, list: Value) {
        for rule in rules(list) {
            self.sandbox.add_fault(rule).unwrap();
        }
    }

    /// From now on nothing goes wrong.
    pub(crate) fn clear_faults(&self) {
        let url = format!("{}/admin/faults", self.sandbox.base_url());
        let client = client().build().unwrap();
        let answer = self.runtime.block_on(client.delete(url).send()).unwrap();
        assert!(answer.status().is_success());
    }

    /// From now on, until [`Project::clear_faults`], every task is still being rendered.
    pub(crate) fn stall(&self) {
        self.fault(serde_json::json!([{ "on": "poll", "do": { "unknown_word": { "word": "QUEUED" } } }]));
    }

    /// Returns the number of takes in a state by `status`, which also works during a run.
    pub(crate) fn takes(&self, state: &str) -> u64 {
        let ended = self.run(&["status", "--json"]);
        // Until the run has made its database there is nothing to read.
        if ended.code == 2 { 0 } else { ended.json()["states"][state]["takes"].as_u64().unwrap_or(0) }
    }

    /// Waits until the ledger has every line that the database has: they follow a commit, and a kill may come between.
    pub(crate) fn written_down(&self) {
        until("the ledger has every line", || {
            let mode = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
            let db = rusqlite::Connection::open_with_flags(self.path(".shotlist/state.db"), mode).unwrap();
            let seq: i64 =
                db.query_row("SELECT value FROM meta WHERE key = 'seq'", [], |row| row.get(0)).unwrap();
            let ledger = fs::read_to_string(self.path(".shotlist/ledger.jsonl")).unwrap();
            ledger.contains(&format!(r#""seq":{seq},"#))
        });
    }

    /// One job, as `show` tells it.
    pub(crate) fn show(&self, job: &str) -> Value {
        self.run(&["show", job, "--json"]).expect(0).json()
    }

    /// Checks the rules that hold whenever a process has ended, also one that was killed.
    fn check(&self) {
        let charges = self.charges();
        let mut ids: HashSet<&str> = charges.iter().map(|charge| charge.request_id.as_str()).collect();
        assert_eq!(ids.len(), charges.len(), "a submission was charged twice");
        let ledger = fs::read_to_string(self.path(".shotlist/ledger.jsonl")).unwrap_or_default();
        // A provider without a field for our id makes one up; then it can only be counted.
        ids.retain(|id| !id.starts_with("generated-"));
        // One pass over the ledger: a search per id took half the CPU time of a test with 1,000 charges.
        for word in ledger.split('"') {
            ids.remove(word);
        }
        assert!(ids.is_empty(), "the charges for {ids:?} are not in the ledger");
        let intents = ledger.lines().filter(|line| line.contains(r#""kind":"intent""#)).count();
        assert!(intents >= charges.len(), "{} charges, {intents} intents", charges.len());
        for (name, hash) in self.clips() {
            // The name of a clip goes with the name of its sidecar; only the clip itself is moved last.
            let Ok(sidecar) = fs::read(self.path(&format!("{name}.json"))) else { continue };
            let sidecar: Value = serde_json::from_slice(&sidecar).unwrap();
            assert_eq!(sidecar["sha256"], hash, "{name} is not the clip that its sidecar tells of");
        }
        assert_eq!(self.sandbox.stats().authorized_downloads, 0, "a result host has seen the key");
    }
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// Returns a command as a person types it.
pub(crate) fn typed(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap();
    let words = std::iter::once(program).chain(command.get_args()).map(|word| {
        let word = word.to_string_lossy();
        let is_plain = |letter: char| letter.is_alphanumeric() || "-_./:=,@%+".contains(letter);
        if !word.is_empty() && word.chars().all(is_plain) { word.into_owned() } else { format!("'{word}'") }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The program at work. Dropped, it is killed.
pub(crate) struct Running<'a> {
    project: &'a Project,
    typed: String,
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

impl Running<'_> {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Returns its stdout so far.
    pub(crate) fn printed(&self) -> String {
        fs::read_to_string(&self.out).unwrap()
    }

    /// Returns its stderr so far.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.err).unwrap()
    }

    /// As a power cut would.
    pub(crate) fn kill(self) {
        self.signal(Signal::KILL);
        assert_eq!(self.wait().code, -9);
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Ended {
        use std::os::unix::process::ExitStatusExt as _;
        let mut status = None;
        until("the program ended", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        let status = status.unwrap();
        let code = status.code().or_else(|| status.signal().map(|signal| -signal)).unwrap();
        self.project.check();
        let ended = Ended { typed: self.typed.clone(), code, out: self.printed(), err: self.said() };
        let has_next = ended.err.lines().any(|line| line.starts_with("next: "));
        assert!(!has_next || !ended.typed.contains(" --json"), "with --json stderr has no `next:`\n{ended}");
        next_lines::follow(self.project, &ended);
        ended
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // Ended already in a test that passes.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The end of one command: exit code and output.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The command as a person types it.
    pub(crate) typed: String,
    /// The exit code, or the signal with a minus.
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// It ended with this code, and without a panic on the way.
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        assert!(!self.err.contains("panicked"), "{self}");
        self
    }

    /// Returns its stdout, which is one document of JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}\n{self}"))
    }

    /// Returns its stdout, each line of which is JSON.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let line =
            |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}\n{self}"));
        self.out.lines().map(line).collect()
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { typed, code, out, err } = self;
        write!(f, "$ {typed}\nexit {code}\n--- stdout\n{out}\n--- stderr\n{err}")
    }
}

/// Follows the command that each end of the program tells to type next.
mod next_lines {
    use super::{Ended, Project};
    use shotlist::cli::help;
    use std::collections::BTreeSet;
    use std::process::Stdio;
    use std::sync::{LazyLock, Mutex, PoisonError};

    /// Commands that neither spend nor change anything.
    const FREE: [&str; 7] = ["status", "plan", "validate", "show", "catalog", "doctor", "models"];

    /// Commands that were followed in this process, with their flags and without the names of jobs.
    static FOLLOWED: LazyLock<Mutex<BTreeSet<String>>> = LazyLock::new(Mutex::default);

    /// Checks that a `next:` line is a command of the program, and runs it where it is free: it must not be refused.
    pub(super) fn follow(project: &Project, ended: &Ended) {
        for line in ended.err.lines().filter_map(|line| line.strip_prefix("next: ")) {
            let words = words(line);
            let Some(("shotlist", arguments)) =
                words.split_first().map(|(first, rest)| (first.as_str(), rest))
            else {
                // The check of a machine may name a command of another program.
                assert!(
                    ["export ", "ch", "ulimit "].iter().any(|word| line.starts_with(word)),
                    "`{line}` cannot be typed\n{ended}"
                );
                continue;
            };
            if !FOLLOWED.lock().unwrap_or_else(PoisonError::into_inner).insert(form(arguments)) {
                continue;
            }
            // A place for a name, which a person fills in.
            let is_whole = !words.iter().any(|word| word == "<" || word.contains("FILE") || word == "ID");
            let typed = words.iter().take_while(|word| *word != "<");
            if let Err(error) = help::command().try_get_matches_from(typed)
                && error.use_stderr()
            {
                panic!("`{line}` is no command: {error}\n{ended}");
            }
            // `plan --out` writes a file.
            let writes = arguments.iter().any(|word| word == "--out");
            if is_whole && !writes && arguments.first().is_some_and(|verb| FREE.contains(&verb.as_str())) {
                let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
                let mut command = project.command(&arguments);
                let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
                let told = String::from_utf8_lossy(&output.stderr);
                assert!(
                    !matches!(output.status.code(), None | Some(1 | 2)),
                    "`{line}` told\n{told}\n{ended}"
                );
            }
        }
    }

    /// The words of a line, as a shell parts them.
    fn words(line: &str) -> Vec<String> {
        let (mut words, mut word, mut quoted) = (Vec::new(), None, false);
        let mut letters = line.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '\'' => {
                    quoted = !quoted;
                    word.get_or_insert_with(String::new);
                }
                '\\' if !quoted => word.get_or_insert_with(String::new).extend(letters.next()),
                ' ' if !quoted => words.extend(word.take()),
                _ => word.get_or_insert_with(String::new).push(letter),
            }
        }
        words.extend(word);
        words
    }

    /// The command and the names of its flags, in an order of their own; of the rest only how many words there are.
    fn form(arguments: &[String]) -> String {
        let flags: BTreeSet<&String> = arguments.iter().filter(|word| word.starts_with('-')).collect();
        format!("{:?} {flags:?} {}", arguments.first(), arguments.len())
    }
}
