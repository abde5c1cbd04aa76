//! Timing cases side by side.

use std::time::Instant;

use crate::cases::Case;

/// How often every case has its turn.
const ROUNDS: usize = 301;

/// How long one turn is meant to take.
const TURN_NS: f64 = 100_000.0;

/// The median time of each case, in nanoseconds.
///
/// All cases take turns within one run, so whatever else the machine does in the meantime slows
/// all of them alike: a ratio of two of the results holds where a time does not.
pub fn medians(cases: &[Case]) -> Vec<f64> {
    let batches: Vec<u32> = cases.iter().map(batch).collect();
    let mut times = vec![Vec::with_capacity(ROUNDS); cases.len()];
    for _ in 0..ROUNDS {
        for ((case, &batch), times) in cases.iter().zip(&batches).zip(&mut times) {
            times.push(once(case, batch) / f64::from(batch));
        }
    }
    times.into_iter().map(median).collect()
}

/// How many times in a row fill one turn.
fn batch(case: &Case) -> u32 {
    let mut batch = 1;
    while once(case, batch) < TURN_NS && batch < 1 << 20 {
        batch *= 2;
    }
    batch
}

#[expect(clippy::disallowed_methods, reason = "this is where time is what we are after")]
fn once(case: &Case, batch: u32) -> f64 {
    let start = Instant::now();
    (case.run)(batch);
    start.elapsed().as_secs_f64() * 1e9
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
