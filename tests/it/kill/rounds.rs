//! A batch of 200 jobs, killed at 30 random moments, ends as if nothing had happened: see `tests/kill.sh`.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails as the test itself does")]
#![expect(
    clippy::print_stdout,
    reason = "the states that the kills met are shown to the person who runs the test"
)]

use super::checks::{self, files_match, is_edge, moved_lawfully};
use super::project::{Project, Remote, Snapshot};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use shotlist::domain::lifecycle::State;
use shotlist::domain::money::Usd;
use shotlist::sandbox::{Fault, On, Rule, When};
use std::collections::{BTreeMap, BTreeSet};
use std::num::{NonZeroU32, NonZeroU64};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};

const JOBS: usize = 200;
/// Deaths of one batch, unless the environment asks for fewer in all.
const ROUNDS: usize = 30;
const SEED: u64 = 20_260;

/// Seven submissions a second, each on the wire for about a twentieth of a second: rarely more than one at once.
const LIMITS: &str =
    "{ concurrency: 16, rate: 7/s, polls: 32, poll_rate: 200/s, first_poll: 200ms, poll_every: 150ms }";

/// Steps that a job takes after its intent: running, downloading, placing, done.
const STEPS: usize = 4;

/// When a round ends.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// A while after so many further lines of the program's own account; before the first, it is still starting.
    Lines(usize, Duration),
    /// As soon as so many further submissions have arrived: their answers are held back for a while.
    Submits(u64),
    /// At a line of the program that no outside clock would meet, for the n-th time.
    Line(&'static str, usize),
}

impl Moment {
    /// `open` jobs are to be spread over `left` rounds, this one included.
    fn draw(round: usize, left: usize, before: &Snapshot, dice: &mut StdRng) -> Self {
        let open = if before.is_empty() { JOBS } else { count_open(before) };
        let on_wire = before.values().any(|standing| matches!(standing.state, State::Submitting { .. }));
        if on_wire && round.is_multiple_of(2) {
            // While what the last death left on the wire is in doubt, if its provider can be asked.
            return Self::Lines(1, Duration::from_millis(dice.random_range(0..=60)));
        }
        // Two rounds' share is left over, so that the last rounds still find something to kill.
        let share = (open / (left + 2)).max(1);
        match round % 6 {
            1 if round % 12 == 1 => Self::Submits(dice.random_range(1..=2 * share as u64)),
            3 => Self::Line("place.before_rename", dice.random_range(1..=2 * share)),
            4 => Self::Line("place.after_rename", dice.random_range(1..=2 * share)),
            5 if round % 12 == 5 => Self::Lines(0, Duration::from_millis(dice.random_range(0..=250))),
            _ => {
                let lines = dice.random_range(1..=2 * share * STEPS);
                Self::Lines(lines, Duration::from_millis(dice.random_range(0..=120)))
            }
        }
    }
}

/// Counts of the states that the kills met, over all batches.
#[derive(Default)]
struct Met {
    /// By the name of the state: at how many kills a take was in it.
    states: BTreeMap<&'static str, usize>,
    kills: usize,
    done: usize,
    held: usize,
    charged_while_held: usize,
}

#[tokio::test(flavor = "multi_thread")]
async fn p48_a_batch_killed_again_and_again_ends_as_if_nothing_had_happened() {
    killed(Remote::Zai).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p48_a_batch_killed_again_and_again_leaves_nothing_to_a_person_where_the_provider_can_be_asked() {
    let met = killed(Remote::Echo).await;
    assert_eq!(met.held, 0, "every doubt was settled by asking");
}

/// As many kills as are asked for.
async fn killed(far: Remote) -> Met {
    let rounds = number("SHOTLIST_KILL_ROUNDS").map_or(ROUNDS, |rounds| usize::try_from(rounds).unwrap());
    let seed = number("SHOTLIST_KILL_SEED").unwrap_or(SEED);
    let mut met = Met::default();
    let doubt = if far == Remote::Echo { "doubtful" } else { "held" };
    let wanted = ["pending", "submitting", "running", "downloading", "placing", doubt];
    let unmet = |met: &Met| wanted.into_iter().find(|state| !met.states.contains_key(state));
    let mut seeds = seed..;
    for (seed, first) in seeds.by_ref().zip((0..rounds).step_by(ROUNDS)) {
        batch(far, seed, ROUNDS.min(rounds - first), &mut met).await;
    }
    // Which states the kills meet is a matter of moments: a busy machine may need another batch, or two.
    for seed in seeds.take(2) {
        if rounds < ROUNDS || unmet(&met).is_none() {
            break;
        }
        batch(far, seed, ROUNDS, &mut met).await;
    }
    println!(
        "{} kills: {} clips done, {} held of which {} charged; kills that met a state: {:?}",
        met.kills, met.done, met.held, met.charged_while_held, met.states
    );
    assert!(met.kills >= rounds);
    if rounds >= ROUNDS {
        assert_eq!(unmet(&met), None, "no kill met it: {:?}", met.states);
    }
    met
}

fn number(variable: &str) -> Option<u64> {
    #[expect(clippy::disallowed_methods, reason = "how many rounds, and which, is asked of the test itself")]
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}

/// One project from nothing to its end, with so many deaths on the way.
async fn batch(far: Remote, seed: u64, rounds: usize, met: &mut Met) {
    println!("{far:?}, seed {seed}: {JOBS} jobs, {rounds} kills");
    let mut dice = StdRng::seed_from_u64(seed);
    let slowly = Fault::Slow { bytes_per_second: NonZeroU64::new(60_000).unwrap() };
    let every_third = When { every: NonZeroU32::new(3), ..When::default() };
    let project = Project::start_at(far, JOBS, LIMITS, |options| {
        options.seed = seed;
        options.task_time = Duration::from_millis(200)..=Duration::from_millis(1_500);
        options.answer_delay = Duration::from_millis(30);
        options.faults = vec![Rule { on: On::Download, when: every_third, times: None, fault: slowly }];
    })
    .await;
    let mut before = Snapshot::new();
    for round in 0..rounds {
        let moment = Moment::draw(round, rounds - round, &before, &mut dice);
        let status = die(&project, moment).await;
        assert_eq!(status.code(), None, "round {round} ended before the kill, {moment:?}");
        let after = project.snapshot().await;
        println!("{round:>4}  {}  {moment:?}", shown(&after));
        moved_lawfully(&before, &after, &project.sandbox.requests());
        files_match(&project, &after);
        for state in after.values().map(|standing| standing.state.name()).collect::<BTreeSet<_>>() {
            *met.states.entry(state).or_default() += 1;
        }
        met.kills += 1;
        before = after;
    }
    finish(&project, &before, met).await;
}

/// Runs until the moment comes, then ends the program with no chance to tidy up.
async fn die(project: &Project, moment: Moment) -> ExitStatus {
    let mut command = project.run();
    command.args(["--json"]).stdout(Stdio::piped()).stderr(Stdio::null());
    if let Moment::Line(line, count) = moment {
        command.env("SHOTLIST_CRASH_AT", format!("{line}:{count}"));
    }
    let submits = project.sandbox.stats().submits;
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut told = async |most: usize| {
        for _ in 0..most {
            let Some(line) = lines.next_line().await.unwrap() else { break };
            lawful(&line);
        }
    };
    match moment {
        Moment::Lines(count, pause) => {
            told(count).await;
            tokio::time::sleep(pause).await;
            child.start_kill().unwrap();
        }
        Moment::Submits(count) => {
            while project.sandbox.stats().submits < submits + count && child.try_wait().unwrap().is_none() {
                // The sandbox is a server: it has no way to tell that something came.
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            child.start_kill().unwrap();
        }
        Moment::Line(..) => {}
    }
    told(usize::MAX).await;
    child.wait().await.unwrap()
}

/// A line of the program's account names a step of the life cycle. The death may have torn the last line.
fn lawful(line: &str) {
    let Ok(told) = serde_json::from_str::<serde_json::Value>(line) else { return };
    if let (Some(from), Some(to)) = (told["from"].as_str(), told["event"].as_str()) {
        assert!(is_edge(from, to), "no such step: {line}");
    }
}

/// Jobs that still move by themselves.
fn count_open(snapshot: &Snapshot) -> usize {
    let rests = |state: &State| state.is_final() || matches!(state, State::Held { .. });
    snapshot.values().filter(|standing| !rests(&standing.state)).count()
}

/// Describes the number of takes in each state, and those in flight.
fn shown(snapshot: &Snapshot) -> String {
    let mut by_state: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (item, standing) in snapshot {
        by_state.entry(standing.state.name()).or_default().push(item);
    }
    let shown = by_state.iter().map(|(state, items)| match *state {
        "done" | "pending" => format!("{state} {}", items.len()),
        _ => format!("{state} {} ({})", items.len(), items.join(" ")),
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// The last run, undisturbed; and one more, which must find nothing to do.
async fn finish(project: &Project, before: &Snapshot, met: &mut Met) {
    let ended = project.end(project.run()).await;
    let last = project.snapshot().await;
    println!(" end  {}", shown(&last));
    moved_lawfully(before, &last, &project.sandbox.requests());
    files_match(project, &last);
    assert_eq!(last.len(), JOBS);
    assert_eq!(count_open(&last), 0, "{}", ended.stderr);

    let held: Vec<_> =
        last.iter().filter(|(_, standing)| matches!(standing.state, State::Held { .. })).collect();
    let done = JOBS - held.len();
    assert!(done * 10 >= JOBS * 9, "only {done} of {JOBS} clips came");
    assert_eq!(ended.status.code(), Some(if held.is_empty() { 0 } else { 7 }), "{}", ended.stderr);
    if !held.is_empty() {
        let price: Usd = held.iter().map(|(_, standing)| standing.price).sum();
        assert!(ended.stderr.contains(&format!("(up to {price})")), "{}", ended.stderr);
        let named = held.iter().filter(|(item, _)| ended.stderr.contains(&format!("  hero/{item}   sent ")));
        assert_eq!(named.count(), held.len().min(3), "examples are named: {}", ended.stderr);
    }

    let (stats, times) = (project.sandbox.stats(), checks::times(project));
    let again = project.end(project.run()).await;
    assert_eq!(again.status.code(), ended.status.code(), "{}", again.stderr);
    assert_eq!(project.snapshot().await, last, "a run with nothing to do changes nothing");
    assert_eq!(checks::times(project), times);
    assert_eq!(project.sandbox.stats(), stats, "a run with nothing to do sends no request");

    met.done += done;
    met.held += held.len();
    met.charged_while_held += held.iter().filter(|(item, _)| project.charges(item) > 0).count();
}
