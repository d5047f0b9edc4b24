//! The library alone, as a Rust caller has it: no guard, budget or question belongs to the command line.

use crate::snapshot::stable;
use crate::support::SHOP;
use shotlist::app::ledger::adjust::{AdjustRequest, Which};
use shotlist::app::places::Places;
use shotlist::app::{
    Always, Answer, Bounds, CancelRequest, Consent, Decision, DismissRequest, Error, Exit, LedgerRequest,
    News, PauseRequest, Project, Question, Reporter, ResolveRequest, ResumeRequest, RunReport, RunRequest,
    ShowRequest, Topic, VerifyRequest,
};
use shotlist::domain::money::Usd;
use shotlist::engine::clock::Clock;
use shotlist::plan::bucket::Bucket;
use shotlist::sandbox::{ClipDetail, Options, Sandbox};
use shotlist::store::By;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// A variable that cargo sets for every test; its text is the key of the provider.
const KEY_VARIABLE: &str = "CARGO_PKG_NAME";

/// A shop and its provider, driven from Rust. The money is that of the real thing: it is no rehearsal.
struct Shop {
    home: TempDir,
    sandbox: Sandbox,
}

impl Shop {
    /// Creates a shop with four products, with these lines behind its manifest.
    async fn with(section: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let clock = Clock::system();
        let mut options =
            Options::new(home.path().join("provider"), env!("CARGO_PKG_NAME"), Arc::new(move || clock.now()));
        options.clips = ClipDetail::Tiny;
        options.task_time = Duration::from_millis(20)..=Duration::from_millis(80);
        let shop = Self { home, sandbox: Sandbox::start(options).await.unwrap() };
        shop.write("products.csv", &crate::support::sheet(4));
        shop.manifest(&format!("{SHOP}{section}"), "");
        shop
    }

    fn manifest(&self, text: &str, limits: &str) {
        let url = self.sandbox.provider_url("zai");
        let limits = format!("{{ first_poll: 50ms, poll_every: 50ms, rate: 100/s{limits} }}");
        let zai = format!("{{ base_url: \"{url}\", api_key: \"${{{KEY_VARIABLE}}}\", limits: {limits} }}");
        self.write("shotlist.yaml", &format!("{text}providers:\n  zai: {zai}\n"));
    }

    fn write(&self, name: &str, text: &str) {
        shotlist::files::atomic_write(&self.path(name), text.as_bytes(), 0o644).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn project(&self) -> Project {
        Project::open(self.path("shotlist.yaml")).unwrap()
    }

    async fn run(&self) -> Result<RunReport, Error> {
        self.project().asking(Always).run(&RunRequest::default()).await
    }

    fn sent(&self) -> usize {
        self.sandbox.requests().len()
    }

    /// Renders everything.
    async fn rendered(section: &str) -> Self {
        let shop = Self::with(section).await;
        assert_eq!(shop.run().await.unwrap().exit(), Exit::Done);
        assert_eq!(shop.sent(), 4);
        shop
    }

    fn edit(&self, old: &str, new: &str) {
        let text = fs::read_to_string(self.path("shotlist.yaml")).unwrap();
        assert!(text.contains(old));
        self.write("shotlist.yaml", &text.replace(old, new));
    }
}

fn refused(run: Result<RunReport, Error>) -> Error {
    run.err().unwrap()
}

/// Gives one answer and notes what it was asked.
struct Asked(Answer, Arc<Mutex<Vec<Question>>>);

impl Consent for Asked {
    fn answer(&self, question: &Question) -> Answer {
        self.1.lock().unwrap().push(question.clone());
        self.0
    }
}

#[tokio::test]
async fn without_a_yes_nothing_is_sent_and_the_question_names_the_price() {
    let shop = Shop::with("").await;
    let unanswered = refused(shop.project().run(&RunRequest::default()).await);
    assert_eq!(unanswered.exit, Exit::Usage);
    insta::assert_snapshot!(stable(&unanswered.hint.unwrap()), @"shotlist run --yes -f [home]/shotlist.yaml");
    let asked = Arc::new(Mutex::new(Vec::new()));
    let asking = |answer| shop.project().asking(Asked(answer, Arc::clone(&asked)));
    let no = refused(asking(Answer::No).run(&RunRequest::default()).await);
    assert_eq!(
        (no.exit, no.what.as_str(), shop.sent()),
        (Exit::Usage, "the answer was no; nothing was sent", 0)
    );
    assert_eq!(asking(Answer::Yes).run(&RunRequest::default()).await.unwrap().exit(), Exit::Done);
    let asked = asked.lock().unwrap();
    assert!(asked.iter().all(|it| it.topic == Topic::Spend && it.text == asked[0].text));
    insta::assert_snapshot!(asked[0].text, @"Render 4 clips for about $1.60?");
    assert_eq!((asked.len(), shop.sent()), (2, 4));
}

#[tokio::test]
async fn guards_stop_a_run_until_changes_are_accepted() {
    let shop = Shop::rendered("guards: { max_changed: 1 }\n").await;
    shop.edit("A slow turn", "A fast turn");
    assert_eq!(refused(shop.run().await).exit, Exit::Budget);
    assert_eq!(shop.sent(), 4);
    let accepted = RunRequest { accept_changes: true, ..RunRequest::default() };
    assert_eq!(shop.project().asking(Always).run(&accepted).await.unwrap().exit(), Exit::Done);
    assert_eq!(shop.sent(), 8);
}

#[tokio::test]
async fn budgets_of_the_manifest_and_of_the_call_end_a_run() {
    let shop = Shop::with("budget: { day: 1.00 }\n").await;
    let max_cost = Some("0.40".parse::<Usd>().unwrap());
    let bounds = Bounds { max_cost, ..Bounds::default() };
    let capped = RunRequest { bounds, ..RunRequest::default() };
    // A price limit counts as consent if no person can be asked.
    assert_eq!(shop.project().run(&capped).await.unwrap().exit(), Exit::Budget);
    assert_eq!(shop.sent(), 1);
    assert_eq!(shop.run().await.unwrap().exit(), Exit::Budget);
    assert_eq!(shop.sent(), 2, "two of $0.40 fit a day of $1.00");
}

#[tokio::test]
async fn the_quota_of_a_day_outlives_the_run_that_used_it() {
    let shop = Shop::with("").await;
    shop.manifest(SHOP, ", per_day: 3");
    let bounds = Bounds { max_time: Some(Duration::from_millis(700)), ..Bounds::default() };
    let request = RunRequest { bounds, ..RunRequest::default() };
    for _ in 0..2 {
        let report = shop.project().asking(Always).run(&request).await.unwrap();
        assert_eq!((report.exit(), shop.sent()), (Exit::WorkRemains, 3));
    }
}

#[tokio::test]
async fn clips_are_not_looked_for_in_another_folder() {
    let shop = Shop::rendered("").await;
    let elsewhere = shop.path("elsewhere");
    let places = Places::find(Some(&shop.path("shotlist.yaml")), Some(&elsewhere), false).unwrap();
    let error = refused(Project::at(places).asking(Always).run(&RunRequest::default()).await);
    assert_eq!(error.exit, Exit::Usage);
    insta::assert_snapshot!(stable(&error.what), @"the clips of this project are in the folder `[home]`, not in `[home]/elsewhere`; nothing was sent or moved; type the same command without `--out`; if you moved the clips, put a symbolic link to them in the old place");
    assert_eq!(shop.sent(), 4);
}

#[tokio::test]
async fn a_file_that_stands_where_a_clip_is_to_go_is_told_before_anything_is_paid() {
    let shop = Shop::with("").await;
    fs::create_dir(shop.path("renders")).unwrap();
    shop.write("renders/sku-2_hero.mp4", "not ours");
    let error = refused(shop.run().await);
    assert_eq!((error.exit, error.problems.len(), shop.sent()), (Exit::Invalid, 1, 0));
    assert!(error.problems[0].examples[0].contains("sku-2_hero.mp4"));
    assert_eq!(fs::read_to_string(shop.path("renders/sku-2_hero.mp4")).unwrap(), "not ours");
}

#[tokio::test]
async fn changed_clips_that_ask_first_are_not_among_what_every_price_agrees_to() {
    let shop = Shop::rendered("defaults: { on_change: ask }\n").await;
    shop.edit("A slow turn", "A fast turn");
    assert_eq!(shop.run().await.unwrap().exit(), Exit::Budget);
    assert_eq!(shop.sent(), 4);
    let asked = Arc::new(Mutex::new(Vec::new()));
    let project = shop.project().asking(Asked(Answer::Yes, Arc::clone(&asked)));
    assert_eq!(project.run(&RunRequest::default()).await.unwrap().exit(), Exit::Done);
    let asked = asked.lock().unwrap();
    assert_eq!((asked[0].topic, asked[0].changes.jobs, shop.sent()), (Topic::RenderChanged, 4, 8));
    assert_eq!(asked[0].changes.examples[0].1[0].field, "prompt");
}

/// Notes which clips are not as they were placed.
#[derive(Default)]
struct Findings(Mutex<Vec<String>>);

impl Reporter for Findings {
    fn hear(&self, news: &News<'_>) {
        if let News::Wrong { clip, word, .. } = news {
            self.0.lock().unwrap().push(format!("{word} {}", clip.key));
        }
    }
}

#[tokio::test]
async fn a_caller_reads_where_a_project_stands_and_what_it_cost() {
    let shop = Shop::rendered("").await;
    let project = shop.project();
    let status = project.status().await.unwrap();
    assert_eq!((status.buckets.count(Bucket::Done), status.today.settled.plain().as_str()), (4, "1.60"));
    assert!(status.holder.is_none() && status.in_flight.is_empty());

    let told = project.show(&ShowRequest { job: "sku-2".to_owned() }).await.unwrap();
    let take = &told.history.takes[0];
    assert!(told.sent(take).unwrap().is_same && told.next.unwrap().ends_with("/shotlist.yaml"));

    let adjust = |usd: &str, reason: &str| AdjustRequest {
        which: Which::Take(take.take.id.clone()),
        usd: usd.parse().unwrap(),
        reason: reason.to_owned(),
    };
    assert_eq!(project.adjust(&adjust("0.36", " ")).await.unwrap_err().exit, Exit::Usage);
    let adjusted = project.adjust(&adjust("0.36", "invoice")).await.unwrap();
    assert_eq!((adjusted.was.plain(), adjusted.usd.plain()), ("0.40".to_owned(), "0.36".to_owned()));
    let ledger = project.ledger(&LedgerRequest { by: By::Item, since: None }).await.unwrap();
    let rows: Vec<_> = ledger.table.rows.iter().map(|row| (row.name.as_str(), row.settled.plain())).collect();
    assert_eq!(rows[1], ("sku-2", "0.36".to_owned()));
    assert_eq!((rows.len(), ledger.table.total.settled.plain().as_str()), (4, "1.56"));

    fs::remove_file(shop.path("renders/sku-3_hero.mp4")).unwrap();
    let findings = Arc::new(Findings::default());
    let report = project.telling(Arc::clone(&findings)).verify(&VerifyRequest::default()).await.unwrap();
    assert_eq!((report.exit, report.same, report.missing), (Exit::SomeFailed, 3, 1));
    assert_eq!(*findings.0.lock().unwrap(), ["missing hero/sku-3"]);
}

fn lost() -> Vec<shotlist::sandbox::Rule> {
    crate::support::rules(serde_json::json!([{ "on": "submit", "times": 1, "do": "reset_after_accept" }]))
}

#[tokio::test]
async fn a_held_job_is_paid_a_second_time_only_after_a_yes_or_within_a_bound() {
    let shop = Shop::with("").await;
    for rule in lost() {
        shop.sandbox.add_fault(rule).unwrap();
    }
    assert_eq!(shop.run().await.unwrap().exit(), Exit::Held);
    let resubmit = |max_extra: Option<&str>| ResolveRequest {
        job: None,
        decision: Decision::Resubmit { max_extra: max_extra.map(|usd| usd.parse().unwrap()) },
        reason: None,
        older_than: None,
        note: None,
    };
    let unanswered = shop.project().resolve(&resubmit(None)).await.unwrap_err();
    assert_eq!((unanswered.exit, unanswered.money.as_deref()), (Exit::Usage, Some("not charged")));
    assert_eq!(
        unanswered.hint.unwrap().split(" -f ").next(),
        Some("shotlist resolve --all --resubmit --max-extra 0.40")
    );
    let beyond = shop.project().asking(Always).resolve(&resubmit(Some("0.39"))).await.unwrap_err();
    assert_eq!(beyond.exit, Exit::Budget);
    let asked = Arc::new(Mutex::new(Vec::new()));
    let asking = |answer| shop.project().asking(Asked(answer, Arc::clone(&asked)));
    assert_eq!(asking(Answer::No).resolve(&resubmit(None)).await.unwrap_err().exit, Exit::Usage);
    let settled = asking(Answer::Yes).resolve(&resubmit(None)).await.unwrap();
    assert_eq!((settled.exit(), settled.jobs.len(), shop.sent()), (Exit::Done, 1, 4));
    assert!(shop.project().resolve(&resubmit(None)).await.unwrap().jobs.is_empty(), "nothing is held");
    let asked = asked.lock().unwrap().clone();
    assert_eq!((asked.len(), asked[0].topic, asked[0].held.len()), (2, Topic::Settle, 1));
    assert_eq!(asked[0].held[0].key, settled.jobs[0].job);
    assert_eq!(shop.run().await.unwrap().exit(), Exit::Done);
    assert_eq!(shop.sent(), 5);
}

#[tokio::test]
async fn what_is_paused_is_not_sent_and_what_is_cancelled_neither() {
    let shop = Shop::with("").await;
    let first = RunRequest {
        selection: shotlist::app::Selection { limit: Some(1), ..Default::default() },
        ..RunRequest::default()
    };
    shop.project().asking(Always).run(&first).await.unwrap();
    let project = shop.project();
    let paused = project.pause(&PauseRequest::default()).await.unwrap();
    assert_eq!((paused.pauses.len(), paused.projects), (1, vec!["shop".to_owned()]));
    assert_eq!((shop.run().await.unwrap().exit(), shop.sent()), (Exit::WorkRemains, 1));
    let all = CancelRequest { only: vec!["hero/*".to_owned()], ..CancelRequest::default() };
    let cancelled = project.cancel(&all).await.unwrap();
    assert_eq!((cancelled.exit(), cancelled.any(), cancelled.jobs.len()), (Exit::Done, true, 3));
    assert!(project.cancel(&all).await.unwrap().jobs.is_empty(), "none of them waits any more");
    assert_eq!(project.resume(&ResumeRequest::default()).await.unwrap().lifted, paused.pauses);
    let done = DismissRequest { jobs: vec!["sku-1".to_owned()], ..DismissRequest::default() };
    let refused = project.dismiss(&done).await.unwrap_err();
    assert_eq!(refused.exit, Exit::Usage);
    insta::assert_snapshot!(refused.what, @"hero/sku-1 cannot be dismissed: its clip is not missing; nothing was changed");
}

#[tokio::test]
async fn the_places_of_a_rehearsal_send_nothing_to_a_real_provider() {
    let shop = Shop::with("").await;
    let places = Places::find(Some(&shop.path("shotlist.yaml")), None, true).unwrap();
    let error = refused(Project::at(places).asking(Always).run(&RunRequest::default()).await);
    assert_eq!((error.exit, shop.sent()), (Exit::Usage, 0));
    insta::assert_snapshot!(error.what, @"the project has the paths of a rehearsal, but no sandbox replaces its providers; nothing was sent");
}
