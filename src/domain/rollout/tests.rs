//! Tests of the statistical test of an approval rate, against exact values and simulated catalogs.

use super::*;

const RATE: Percent = Percent(8_000);
const ERROR: Percent = Percent(500);

fn close(value: f64, exact: f64) -> bool {
    (value / exact - 1.0).abs() < 1e-9
}

/// Returns the mean likelihood of the reviews over the approval rates from `from` to `to`, divided by their likelihood
/// at `rate`. Integrates numerically by Simpson's rule.
fn integrated(from: f64, to: f64, rate: f64, reviewed: u32, approved: u32) -> f64 {
    let likelihood =
        |p: f64| p.powi(approved.cast_signed()) * (1.0 - p).powi((reviewed - approved).cast_signed());
    let steps = 2_000;
    let width = (to - from) / f64::from(steps);
    let weight = |step: i32| match step {
        0 => 1.0,
        step if step == steps => 1.0,
        step if step % 2 == 1 => 4.0,
        _ => 2.0,
    };
    let sum: f64 = (0..=steps).map(|step| weight(step) * likelihood(from + f64::from(step) * width)).sum();
    sum * width / 3.0 / (to - from) / likelihood(rate)
}

#[test]
fn the_ratios_have_their_exact_values() {
    // With ten of ten and q = 4/5: stop = q¹¹ / (11·q·q¹⁰) = 1/11; go = (1 − q¹¹) / (11·(1 − q)·q¹⁰).
    assert!(close(stop_ratio(0.8, 10, 10), 1.0 / 11.0));
    assert!(close(go_ratio(0.8, 10, 10), (1.0 - 0.8_f64.powi(11)) / (11.0 * 0.2 * 0.8_f64.powi(10))));
    // With none of ten: stop = (1 − (1 − q)¹¹) / (11·q·(1 − q)¹⁰); go = 1/11.
    assert!(close(stop_ratio(0.8, 10, 0), (1.0 - 0.2_f64.powi(11)) / (11.0 * 0.8 * 0.2_f64.powi(10))));
    assert!(close(go_ratio(0.8, 10, 0), 1.0 / 11.0));
    // Without a review, the answer is undecided.
    assert!(close(stop_ratio(0.8, 0, 0), 1.0) && close(go_ratio(0.8, 0, 0), 1.0));
}

#[test]
fn the_ratios_are_the_mixtures_over_worse_and_over_better_rates() {
    for rate in [0.5, 0.8, 0.9] {
        for (reviewed, approved) in [(10, 4), (10, 9), (20, 13), (40, 36), (80, 60)] {
            let stop = integrated(0.0, rate, rate, reviewed, approved);
            let go = integrated(rate, 1.0, rate, reviewed, approved);
            assert!(
                (stop_ratio(rate, reviewed, approved) / stop - 1.0).abs() < 1e-6,
                "{rate} {reviewed} {approved}"
            );
            assert!(
                (go_ratio(rate, reviewed, approved) / go - 1.0).abs() < 1e-6,
                "{rate} {reviewed} {approved}"
            );
        }
    }
}

#[test]
fn ten_clips_cannot_show_eighty_percent_and_twenty_of_twenty_do() {
    for approved in 0..=10 {
        assert_ne!(answer(RATE, ERROR, 10, approved), Answer::Go, "{approved} of 10");
    }
    let stops: Vec<u32> =
        (0..=10).filter(|approved| answer(RATE, ERROR, 10, *approved) == Answer::Stop).collect();
    assert_eq!(stops, [0, 1, 2, 3, 4]);
    let goes: Vec<u32> =
        (0..=20).filter(|approved| answer(RATE, ERROR, 20, *approved) == Answer::Go).collect();
    assert_eq!(goes, [20]);
}

#[test]
fn many_clips_do_not_overflow() {
    assert_eq!(answer(Percent(9_900), ERROR, 1_000, 0), Answer::Stop);
    assert_eq!(answer(Percent(100), ERROR, 1_000, 1_000), Answer::Go);
    assert!(go_ratio(0.99, 1_000, 0).is_finite());
}

#[test]
fn batches_double_up_to_eighty() {
    let sizes = |first| batches(first).collect::<Vec<_>>();
    assert_eq!(sizes(10), [10, 20, 40, 80]);
    assert_eq!(sizes(30), [30, 60]);
    assert_eq!(sizes(100), [100]);
}

#[test]
fn percentages_are_shown_without_needless_zeros() {
    assert_eq!(Percent(8_000).to_string(), "80 %");
    assert_eq!(Percent(250).to_string(), "2.5 %");
}

/// A small random generator with a fixed seed: `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^= bits >> 31;
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit into a double")]
        let fraction = (bits >> 11) as f64 / (1_u64 << 53) as f64;
        fraction
    }
}

/// The decisions of the test in 10,000 simulated catalogs with the same true share of approved clips. `stops` counts
/// the decisions not to render the other clips, and `goes` the decisions to render them.
struct Simulated {
    stops: u32,
    goes: u32,
    /// The mean number of reviewed clips in a simulated catalog.
    mean: f64,
}

const CATALOGS: u32 = 10_000;

fn simulate(truth: f64) -> Simulated {
    let mut random = Random(2026);
    let (mut stops, mut goes, mut clips) = (0, 0, 0);
    for _ in 0..CATALOGS {
        let (mut reviewed, mut approved) = (0, 0);
        for size in batches(10) {
            while reviewed < size {
                approved += u32::from(random.next() < truth);
                reviewed += 1;
            }
            match answer(RATE, ERROR, reviewed, approved) {
                Answer::Undecided => continue,
                Answer::Stop => stops += 1,
                Answer::Go => goes += 1,
            }
            break;
        }
        clips += reviewed;
    }
    Simulated { stops, goes, mean: f64::from(clips) / f64::from(CATALOGS) }
}

/// Checks the decisions for a required rate of 80 % and an allowed error of 5 %, after 10, 20, 40 and 80 clips.
///
/// The exact values come from the distribution of the number of approved clips after each batch. The decisions marked
/// `*` are wrong for the true rate in their row:
///
/// | true rate | stops | goes | mean number of clips |
/// |---|---|---|---|
/// | 80 % | 0.96 % * | 1.36 % * | 78.7 |
/// | 50 % | 99.79 % | 0.0001 % * | 28.1 |
/// | 95 % | 0.0003 % * | 90.7 % | 53.1 |
#[test]
fn ten_thousand_catalogs_stop_and_go_as_often_as_promised() {
    let found: Vec<(f64, Simulated)> = [0.5, 0.8, 0.95].map(|truth| (truth, simulate(truth))).into();
    for (truth, Simulated { stops, goes, mean }) in &found {
        println!("{truth}: stops {stops}, goes {goes}, mean {mean:.1}");
    }
    let [(_, bad), (_, promised), (_, good)] = &found[..] else { unreachable!("three rates are simulated") };
    let most = CATALOGS / 20;
    assert!(promised.stops <= most && promised.goes <= most, "an error of 5 % is promised");
    assert!((60..=130).contains(&promised.stops), "wrong stops at 80 %: {}", promised.stops);
    assert!((95..=175).contains(&promised.goes), "wrong goes at 80 %: {}", promised.goes);
    assert!(bad.stops >= CATALOGS / 1_000 * 996, "stops at 50 %: {}", bad.stops);
    assert_eq!(bad.goes, 0);
    assert!((26.0..30.0).contains(&bad.mean), "clips until a stop: {}", bad.mean);
    assert!((8_700..=9_300).contains(&good.goes), "goes at 95 %: {}", good.goes);
    assert!((50.0..56.0).contains(&good.mean), "clips until a go: {}", good.mean);
}
