//! What the gate's half promises, on the real DynamoDB Local: see `support/local.rs` for what that needs.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at what should not be"
)]

mod clocks;
mod codes;
mod faults;
#[path = "../support/holder.rs"]
mod holder;
mod leases;
mod limits;
#[path = "../support/local.rs"]
mod local;
#[path = "../support/proxy.rs"]
mod proxy;
mod reads;
#[path = "../support/ring.rs"]
mod ring;
#[path = "../support/time.rs"]
mod time;
mod usage;

use std::sync::Arc;

use tollgate_core::{
    lease::{Answer, Ask, Deadline, HolderId, Lease},
    limit::Numbers,
    stamp::Stamp,
    time::Reading,
};
use tollgate_engine::{Reply, StoreError};
use tollgate_store_dynamodb::{Store, layout::Tables};

/// A store on a port, with a client of its own.
fn store(port: u16, tables: &Tables, clock: fn() -> Reading) -> Arc<Store> {
    Arc::new(Store::new(local::link(port), tables.clone(), clock))
}

/// A limit that brings nothing while a test runs.
fn slow(burst: u64) -> Numbers {
    Numbers::steady(burst, 1, 86_400_000).unwrap()
}

/// An ask of holder `id` for `waiting` tokens at once.
fn ask(id: u8, seq: u64, numbers: Numbers, waiting: u32) -> Ask {
    Ask {
        holder: HolderId([id; 16]),
        seq,
        numbers,
        changed: Stamp { incarnation: 1, epoch: 1 },
        deadline: Deadline::MAX,
        waiting,
        cost: waiting.min(1),
        want: 0,
        keep: 0,
        back: 0,
    }
}

/// Longer than any gate waits: what is tested is what happens, and not how fast this machine is.
const PATIENT_MS: u32 = 30_000;

/// What one ask comes to.
async fn exchange(store: &Arc<Store>, bucket: &str, ask: Ask) -> Result<Answer, StoreError> {
    within(store, bucket, ask, PATIENT_MS).await
}

/// The same, with so much time for it.
async fn within(
    store: &Arc<Store>,
    bucket: &str,
    ask: Ask,
    deadline_ms: u32,
) -> Result<Answer, StoreError> {
    let reply = holder::lease(Arc::clone(store), bucket.into(), ask, deadline_ms).await?;
    let Reply::Lease(answer, _) = reply else { panic!("not the answer to a lease: {reply:?}") };
    Ok(answer)
}

/// What one ask is granted.
async fn granted(store: &Arc<Store>, bucket: &str, ask: Ask) -> Lease {
    match exchange(store, bucket, ask).await.unwrap() {
        Answer::Lease(lease) => lease,
        Answer::Stale { seq } => panic!("{seq} is stale"),
    }
}
