//! One hot bucket and several holders: how many calls its item costs a second, and how much of it is used.
//!
//! `cargo bench -p tollgate-store-dynamodb --bench hot -- [holders] [seconds]`. It starts the DynamoDB Local that the tests
//! use and counts behind a proxy, so the figures are of calls, and the round trip is this machine's.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    reason = "a program of its own that stops at what should not be"
)]
#![expect(dead_code, reason = "tests use the rest of what it shares with them")]

#[path = "../tests/support/holder.rs"]
mod holder;
#[path = "../tests/support/local.rs"]
mod local;
#[path = "../tests/support/proxy.rs"]
mod proxy;
#[path = "../tests/support/ring.rs"]
mod ring;
#[path = "../tests/support/time.rs"]
mod time;

use std::{sync::Arc, time::Duration};

use holder::Holder;
use proxy::Proxy;
use tollgate_core::{
    lease::{HolderId, Host},
    limit::Numbers,
};
use tollgate_store_dynamodb::Store;

/// Until the first burst is spent and the holders have found their pace.
const SETTLING_MS: u64 = 5_000;

/// The limits, as burst and tokens a second.
const LIMITS: [(u64, u64); 3] = [(1_000, 1_000), (32, 32), (5, 5)];

/// The demand on them, in tenths of what they bring.
const DEMANDS: [u64; 4] = [5, 9, 11, 100];

/// What stands after the settling.
struct Counted {
    writes: u64,
    reads: u64,
}

#[tokio::main]
async fn main() {
    let numbers: Vec<u64> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let holders = u8::try_from(numbers.first().copied().unwrap_or(8)).unwrap();
    let millis = SETTLING_MS + 1_000 * numbers.get(1).copied().unwrap_or(15);
    println!(
        "{holders} holders, {} s each, after {SETTLING_MS} ms",
        (millis - SETTLING_MS) / 1_000
    );
    println!("limit      demand   share   writes/s   reads/s   unavailable   longest step");
    for (burst, rate) in LIMITS {
        for tenths in DEMANDS {
            measure(holders, millis, (burst, rate), tenths).await;
        }
    }
}

async fn measure(holders: u8, millis: u64, (burst, rate): (u64, u64), tenths: u64) {
    let (tables, proxy) = (local::tables().await, Proxy::start().await);
    // Of each holder, in a thousand seconds.
    let demand = rate * tenths * 100 / u64::from(holders);
    let tasks: Vec<_> = (0..holders)
        .map(|id| {
            let store = Store::new(local::link(proxy.port), tables.clone(), time::now);
            let holder = Holder {
                store: Arc::new(store),
                bucket: Arc::from("hot"),
                id: HolderId([id; 16]),
                numbers: Numbers::steady(burst, rate, 1_000).unwrap(),
                host: Host::Background,
                demand,
                clock: time::now,
            };
            tokio::spawn(holder.run(millis))
        })
        .collect();
    let start = time::now().mono_ms;
    tokio::time::sleep(Duration::from_millis(SETTLING_MS)).await;
    let count = || Counted { writes: proxy.count("UpdateItem"), reads: proxy.count("GetItem") };
    let settled = count();
    let (mut admitted, mut unavailable, mut longest) = (0_u64, 0, 0);
    for task in tasks {
        let outcome = task.await.unwrap();
        let late = outcome.admitted.iter().filter(|at| at.mono_ms - start >= SETTLING_MS);
        admitted += u64::try_from(late.count()).unwrap();
        unavailable += outcome.unavailable;
        longest = longest.max(outcome.longest_step_ms);
    }
    let all = count();
    let passed = millis - SETTLING_MS;
    let due = (rate * 1_000).min(demand * u64::from(holders)) * passed / 1_000_000;
    let a_second = |count: u64| count * 1_000 / passed;
    println!(
        "{:9} {:5}.{} x {:5}% {:10} {:9} {:13} {:11} ms",
        format!("{rate}/s"),
        tenths / 10,
        tenths % 10,
        admitted * 100 / due,
        a_second(all.writes - settled.writes),
        a_second(all.reads - settled.reads),
        unavailable,
        longest,
    );
}
