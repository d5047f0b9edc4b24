//! Measures the functions that do no input or output.
//!
//!     cargo bench --bench pure              all benchmarks
//!     cargo bench --bench pure -- decide    benchmarks with this word in their names

#![expect(clippy::unwrap_used, reason = "a benchmark that fails ends")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;
use shotlist::catalog::{Reading, stream};
use shotlist::domain::digest::Sha256;
use shotlist::domain::item::Item;
use shotlist::domain::key::{JobKey, RequestId, TakeId, TaskId};
use shotlist::domain::lifecycle::{Clip, ClipFile, Event, Intent, State, Task};
use shotlist::domain::money::Usd;
use shotlist::domain::policy::{Policy, Tick};
use shotlist::domain::request::Request;
use shotlist::domain::signature::Signature;
use shotlist::domain::take::{Fingerprint, Wanted};
use shotlist::manifest::{self, Manifest};
use shotlist::media::mp4::inspect;
use shotlist::plan::decide::{Decision, Scope, Sort, Visit, WantedJobs, decide, may_share};
use shotlist::plan::expand::Expansion;
use shotlist::plan::fingerprint::fingerprint;
use shotlist::plan::known::{Filed, Known, KnownJob, KnownTake, Owner, Rejection, Reusable};
use shotlist::plan::order::{LinkBook, Unusable};
use shotlist::plan::values::Subject;
use shotlist::provider::cards::Cards;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Cursor;
use std::sync::Arc;

/// The number of rows of the sheet, and of jobs.
const JOBS: u32 = 1_000;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

const MANIFEST: &str = r#"
version: 1
project: bench
items: { from: products.csv }
shots:
  hero:
    model: zai/viduq1-text
    prompt: "{{ item.title }} in {{ item.color }}: the camera moves in slowly."
output: "clips/{{ item.id }}/{{ shot }}.mp4"
"#;

fn sheet() -> String {
    let mut sheet = "id,title,color,price\n".to_owned();
    for row in 0..JOBS {
        writeln!(sheet, "{row:06},Desk lamp no. {row},petrol,{}.90", row % 90 + 9).unwrap();
    }
    sheet
}

fn items() -> Vec<Item> {
    let mut items = Vec::new();
    stream("products.csv", sheet().as_bytes(), &Reading::default(), &mut |item| items.push(item)).unwrap();
    items
}

fn shop() -> Manifest {
    manifest::read("shotlist.yaml", MANIFEST.as_bytes()).0.unwrap()
}

/// Makes the jobs of all items.
fn expanded(manifest: &Manifest, cards: &Cards, items: &[Arc<Item>]) -> Vec<Wanted> {
    let links = LinkBook::new();
    let mut look =
        |_: &str| Err(Unusable { why: "there are no pictures".into(), remedy: String::new(), near: None });
    let mut wanted = Vec::new();
    let mut expansion = Expansion::new(manifest, cards, &links, &mut look);
    for item in items {
        let subject = Subject { item: Arc::clone(item), own: None };
        expansion.item(&subject, &mut |job, _| wanted.push(job));
    }
    assert_eq!(expansion.finish().jobs, items.len());
    wanted
}

fn wanted() -> Vec<Wanted> {
    let items: Vec<Arc<Item>> = items().into_iter().map(Arc::new).collect();
    expanded(&shop(), &Cards::built_in(), &items)
}

fn reading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("read");
    group.bench_function("a manifest", |bench| {
        bench.iter(|| manifest::read("shotlist.yaml", black_box(MANIFEST.as_bytes())));
    });
    let text = sheet();
    group.throughput(Throughput::Elements(JOBS.into()));
    group.bench_function("a sheet of 1,000 rows", |bench| {
        bench.iter(|| {
            let mut count = 0;
            let take = &mut |_| count += 1;
            stream("products.csv", black_box(text.as_bytes()), &Reading::default(), take).unwrap();
            assert_eq!(count, JOBS);
        });
    });
    group.finish();
}

fn expanding(criterion: &mut Criterion) {
    let (manifest, cards) = (shop(), Cards::built_in());
    let items: Vec<Arc<Item>> = items().into_iter().map(Arc::new).collect();
    let mut group = criterion.benchmark_group("expand");
    group.throughput(Throughput::Elements(JOBS.into()));
    group.bench_function("1,000 items to jobs", |bench| {
        bench.iter(|| expanded(&manifest, &cards, black_box(&items)));
    });
    group.finish();
    let orders: Vec<Request> = wanted().into_iter().map(|job| job.request).collect();
    criterion.bench_function("fingerprint of an order", |bench| {
        bench.iter(|| fingerprint(black_box(&orders[0])));
    });
}

fn deciding(criterion: &mut Criterion) {
    let jobs = wanted();
    let mut group = criterion.benchmark_group("decide");
    group.throughput(Throughput::Elements(JOBS.into()));
    for (name, is_rendered) in [("1,000 new jobs", false), ("1,000 rendered jobs", true)] {
        let known: HashMap<JobKey, KnownJob> =
            jobs.iter().map(|job| (job.key.clone(), known(job, is_rendered))).collect();
        group.bench_function(name, |bench| {
            let plan = || Plan {
                known: &known,
                wanted: &jobs,
                decided: RefCell::default(),
                leaders: RefCell::default(),
            };
            bench.iter_batched(
                plan,
                |plan| {
                    let Ok(()) = decide(&plan, Scope::ALL);
                    assert_eq!(plan.decided.borrow().len(), jobs.len());
                    plan
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

/// Returns the history of a job: empty, or with its finished take.
fn known(job: &Wanted, is_rendered: bool) -> KnownJob {
    let id = TakeId(job.key.to_string());
    let take = KnownTake {
        id: id.clone(),
        fingerprint: job.fingerprint,
        price: Usd::from_micros(400_000),
        path: job.path.clone(),
        state: State::Done { task: task(), file: file() },
        instead_of: None,
    };
    let filed = Filed { take: id, path: job.path.clone(), file: file() };
    KnownJob {
        key: job.key.clone(),
        wanted: true,
        takes: Vec::from_iter(is_rendered.then_some(take)),
        filed: is_rendered.then_some(filed),
    }
}

/// The wanted jobs of a plan in memory, for a project that shares nothing.
struct Plan<'a> {
    known: &'a HashMap<JobKey, KnownJob>,
    wanted: &'a [Wanted],
    decided: RefCell<HashSet<i64>>,
    leaders: RefCell<HashMap<Fingerprint, (JobKey, Decision)>>,
}

impl Known for Plan<'_> {
    type Error = Infallible;

    fn by_key(&self, key: &JobKey) -> Result<Option<KnownJob>, Infallible> {
        Ok(self.known.get(key).cloned())
    }

    fn take(&self, _: &TakeId) -> Result<Option<KnownTake>, Infallible> {
        Ok(None)
    }

    fn request(&self, _: &TakeId) -> Result<Option<Request>, Infallible> {
        Ok(None)
    }

    fn is_like(&self, _: &TakeId, _: Fingerprint) -> Result<bool, Infallible> {
        Ok(false)
    }

    fn signature(&self, _: Sha256) -> Result<Option<Signature>, Infallible> {
        Ok(None)
    }

    fn filed(&self, _: &TakeId) -> Result<Option<Filed>, Infallible> {
        Ok(None)
    }

    fn rendered(&self, _: &Wanted) -> Result<Option<(JobKey, TakeId)>, Infallible> {
        Ok(None)
    }

    fn reusable(&self, _: Owner, _: &Wanted) -> Result<Option<Reusable>, Infallible> {
        Ok(None)
    }

    fn rejection(&self, _: &JobKey) -> Option<Rejection> {
        None
    }

    fn resubmitted(&self) -> Result<Usd, Infallible> {
        Ok(Usd::ZERO)
    }
}

impl WantedJobs for Plan<'_> {
    fn begin(&self, _: Sort<'_>) -> Result<(), Infallible> {
        Ok(())
    }

    fn any_free(&self) -> bool {
        false
    }

    fn each_undecided(&self, visit: Visit<'_, Infallible>) -> Result<(), Infallible> {
        for (at, job) in (0..).zip(self.wanted) {
            if !self.decided.borrow().contains(&at) {
                visit(at, job)?;
            }
        }
        Ok(())
    }

    fn settle(&self, at: i64, _: &Decision, _: Option<&TakeId>) -> Result<(), Infallible> {
        self.decided.borrow_mut().insert(at);
        Ok(())
    }

    fn lead(&self, _: i64, job: &Wanted, decision: &Decision) -> Result<(), Infallible> {
        self.leaders.borrow_mut().insert(job.fingerprint, (job.key.clone(), decision.clone()));
        Ok(())
    }

    fn leader(&self, job: &Wanted) -> Result<Option<(JobKey, Decision)>, Infallible> {
        let leaders = self.leaders.borrow();
        Ok(leaders.get(&job.fingerprint).filter(|(key, _)| may_share(key, &job.key)).cloned())
    }

    fn take_over(&self, _: &TakeId) -> Result<(), Infallible> {
        Ok(())
    }

    fn is_held_back(&self, _: i64) -> Result<bool, Infallible> {
        Ok(false)
    }

    fn is_taken(&self, _: &TakeId) -> Result<bool, Infallible> {
        Ok(false)
    }
}

fn intent() -> Intent {
    Intent { attempt: 1, request_id: RequestId("sl-01".into()), at: NOW }
}

fn task() -> Task {
    Task { id: TaskId("1".into()), intent: intent(), accepted: NOW, charged: false }
}

fn file() -> ClipFile {
    ClipFile { size: 1, sha256: Sha256::of(b"clip") }
}

fn living(criterion: &mut Criterion) {
    let policy = Policy::standard();
    let clip =
        Clip { url: "https://example.com/1.mp4".into(), cover: None, expires: None, others: Vec::new() };
    let events = [
        Event::Claimed(intent()),
        Event::Accepted(TaskId("1".into())),
        Event::StillRunning,
        Event::Ready(clip),
        Event::Fetched(file()),
        Event::Placed,
    ];
    criterion.bench_function("the life of a take in six events", |bench| {
        bench.iter_batched(
            || events.clone(),
            |events| {
                let pending = State::Pending { tries_left: 5, setbacks: 0, due: NOW };
                let life = |state: State, event| state.on(event, Tick::new(NOW, 0.5), &policy).unwrap();
                let end = events.into_iter().fold(pending, life);
                assert!(matches!(end, State::Done { .. }));
                end
            },
            BatchSize::SmallInput,
        );
    });
}

#[path = "compare/provider/clip.rs"]
mod clip;

fn inspecting(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("inspect");
    for (name, bytes) in [("a clip of 64 KiB", 64 << 10), ("a clip of 8 MiB", 8 << 20)] {
        let clip = clip::clip(bytes);
        group.bench_function(name, |bench| {
            bench.iter(|| inspect(&mut Cursor::new(black_box(&clip))).unwrap());
        });
    }
    group.finish();
}

criterion_group!(pure, reading, expanding, deciding, living, inspecting);
criterion_main!(pure);
