//! The library alone, as a Rust caller has it: no guard, budget or question belongs to the command line.

use crate::support::SHOP;
use shotlist::app::{
    Always, Answer, Bounds, Consent, Error, Exit, Project, Question, RunReport, RunRequest, Topic,
};
use shotlist::domain::money::Usd;
use shotlist::engine::clock::Clock;
use shotlist::sandbox::{Clips, Options, Sandbox};
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
        options.clips = Clips::Tiny;
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
        fs::write(self.path(name), text).unwrap();
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
    let nobody = refused(shop.project().run(&RunRequest::default()).await);
    assert_eq!(nobody.exit, Exit::Usage);
    assert!(nobody.hint.unwrap().contains("run --yes"));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let asking = |answer| shop.project().asking(Asked(answer, Arc::clone(&asked)));
    let no = refused(asking(Answer::No).run(&RunRequest::default()).await);
    assert_eq!((no.exit, no.what.as_str(), shop.sent()), (Exit::Usage, "nothing was sent", 0));
    assert_eq!(asking(Answer::Yes).run(&RunRequest::default()).await.unwrap().exit(), Exit::Done);
    let asked = asked.lock().unwrap();
    assert!(asked.iter().all(|it| it.topic == Topic::Spend && it.text.contains("4 clips for about $1.60")));
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
    // A bound is agreed to where nobody can be asked.
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
    use shotlist::app::places::Places;
    let shop = Shop::rendered("").await;
    let elsewhere = shop.path("elsewhere");
    let places = Places::find(Some(&shop.path("shotlist.yaml")), Some(&elsewhere), false).unwrap();
    let error = refused(Project::at(places).asking(Always).run(&RunRequest::default()).await);
    assert_eq!(error.exit, Exit::Usage);
    assert!(error.what.contains("the clips of this project are in"), "{}", error.what);
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
