//! Several holders on one bucket: never over, in any window.

use std::sync::Arc;

use tollgate_core::{
    lease::{HolderId, Host},
    limit::Numbers,
    time::Reading,
};

use super::{
    holder::{Holder, Outcome},
    local,
    proxy::{Fault, Proxy},
    slow, store, time,
};

type Clock = fn() -> Reading;

const NOW: Clock = time::now;

/// What all of them did, each with a store and a client of its own.
async fn run(port: u16, clocks: &[Clock], numbers: Numbers, demand: u64, millis: u64) -> Outcome {
    let tables = local::tables().await;
    let tasks: Vec<_> = clocks
        .iter()
        .zip(1_u8..)
        .map(|(&clock, id)| {
            let holder = Holder {
                store: store(port, &tables, clock),
                bucket: Arc::from("b"),
                id: HolderId([id; 16]),
                numbers,
                host: Host::Background,
                demand: demand * 1_000,
                clock,
            };
            tokio::spawn(holder.run(millis))
        })
        .collect();
    let mut all = Outcome::default();
    for task in tasks {
        let one = task.await.unwrap();
        all.admitted.extend(one.admitted);
        all.refused += one.refused;
        all.unavailable += one.unavailable;
    }
    all.admitted.sort_by_key(|at| at.mono_ms);
    all
}

/// The tokens by which the admissions exceed burst + rate × t in the worst of all windows; 0 if in none.
fn excess(outcome: &Outcome, burst: u64, rate: u64) -> u64 {
    // In thousandths of a token. Instants are cut off to milliseconds on both sides.
    let slack = 2 * rate;
    let (full, mut level, mut worst) =
        (burst * 1_000 + slack, i128::from(burst * 1_000 + slack), 0);
    let mut last = outcome.admitted.first().map_or(0, |at| at.mono_ms);
    for at in &outcome.admitted {
        level = (level + i128::from((at.mono_ms - last) * rate)).min(full.into()) - 1_000;
        last = at.mono_ms;
        worst = worst.min(level);
    }
    u64::try_from(-worst).unwrap().div_ceil(1_000)
}

#[test]
fn the_measure_sees_one_token_too_many() {
    let at = |mono_ms| Reading { mono_ms, ..Reading::default() };
    let of = |admitted: Vec<u64>| Outcome {
        admitted: admitted.into_iter().map(at).collect(),
        ..Outcome::default()
    };
    assert_eq!(excess(&of(vec![0, 0, 0, 1_000, 2_000]), 3, 1), 0);
    assert_eq!(excess(&of(vec![0, 0, 0, 900, 2_000]), 3, 1), 1);
    assert_eq!(excess(&of(vec![0, 0, 0, 0, 0]), 3, 1), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_of_n_that_does_not_refill_admits_n_and_no_more() {
    for (burst, holders) in [(20, 2), (200, 2), (100, 8)] {
        let clocks = vec![NOW; holders];
        let outcome = run(local::port(), &clocks, slow(burst), 200, 3_000).await;
        let admitted = u64::try_from(outcome.admitted.len()).unwrap();
        assert!(admitted <= burst, "{admitted} of {burst}");
        // A message that comes late on a machine that stands still loses a lease, and nothing makes one.
        assert!(admitted > 0, "{burst}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_window_has_more_than_the_exact_bucket() {
    for (burst, rate, holders, demand) in [(50, 50, 4, 60), (10, 20, 3, 20), (200, 100, 8, 100)] {
        let numbers = Numbers::steady(burst, rate, 1_000).unwrap();
        let clocks = vec![NOW; holders];
        let outcome = run(local::port(), &clocks, numbers, demand, 5_000).await;
        assert_eq!(excess(&outcome, burst, rate), 0, "{burst} {rate}");
        assert!(!outcome.admitted.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_window_has_more_under_faults() {
    let proxy = Proxy::start().await;
    let mut random = 11_u64;
    proxy.plan(move |asked, _| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        match (random >> 33) % 16 {
            0 => Fault::Refused(400, "ThrottlingException"),
            1 if asked == "UpdateItem" => Fault::Refused(400, "ConditionalCheckFailedException"),
            2 => Fault::DroppedBefore,
            3 => Fault::DroppedAfter,
            4 => Fault::SlowlyAnswered(150),
            5 => Fault::Late(150),
            _ => Fault::None,
        }
    });
    let numbers = Numbers::steady(60, 60, 1_000).unwrap();
    let clocks = [NOW; 4];
    let outcome = run(proxy.port, &clocks, numbers, 60, 6_000).await;
    assert_eq!(excess(&outcome, 60, 60), 0);
    assert!(!outcome.admitted.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_whose_clocks_differ_add_no_more_than_what_their_difference_brings() {
    let proxy = Proxy::start().await;
    proxy.dates(Some(0));
    let (burst, rate) = (60, 30);
    let numbers = Numbers::steady(burst, rate, 1_000).unwrap();
    let clocks: [Clock; 4] = [time::now, time::ahead, time::behind, time::now];
    let outcome = run(proxy.port, &clocks, numbers, 40, 6_000).await;
    // The clocks are 1.9 s apart: so much earlier a token may come that one clock has brought for another.
    let skewed = burst + rate * 1_900 / 1_000;
    assert_eq!(excess(&outcome, skewed, rate), 0);
    assert!(!outcome.admitted.is_empty());
}
