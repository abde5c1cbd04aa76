//! Writers bring the clock: one that is off writes nothing.

use std::sync::Arc;

use tollgate_core::limit::Numbers;
use tollgate_engine::{OpenError, StoreError};
use tollgate_store_dynamodb::Store;

use super::{ask, exchange, granted, local, proxy::Proxy, slow, store, time};

const TRIES_MAX: u32 = 100;

const OFF: StoreError = StoreError::Damaged(OpenError::Other("clock_off"));

#[tokio::test]
async fn who_is_more_than_two_seconds_off_the_tables_clock_writes_nothing() {
    // Far on either side: a machine that stands still between an answer's date and its receipt moves them.
    for (ahead_ms, writes) in
        [(0, true), (900, true), (20_000, false), (-20_000, false), (3_600_000, false)]
    {
        let (tables, proxy) = (local::tables().await, Proxy::start().await);
        let store = store(proxy.port, &tables, time::now);
        proxy.dates(Some(ahead_ms));
        if writes {
            soon(&store, 1).await;
        } else {
            let told = exchange(&store, "b", ask(1, 1, slow(10), 1)).await;
            assert_eq!(told, Err(OFF), "{ahead_ms} ms");
            assert_eq!(proxy.count("UpdateItem"), 0, "{ahead_ms} ms");
        }
        // A clock that is set right writes again: each message reads first.
        proxy.dates(Some(0));
        soon(&store, 2).await;
    }
}

/// Asks until the machine did not stand still in between.
async fn soon(store: &Arc<Store>, seq: u64) {
    for _ in 0..TRIES_MAX {
        match exchange(store, "b", ask(1, seq, slow(10), 1)).await {
            Ok(_) => return,
            Err(error) => assert_eq!(error, OFF),
        }
    }
    panic!("the clock is right, and nothing is written");
}

#[tokio::test]
async fn an_instant_that_no_clock_has_written_empties_the_bucket_and_stops_nobody() {
    let tables = local::tables().await;
    let numbers = Numbers::steady(10, 10, 1_000).unwrap();
    // One with a clock that is an hour ahead, and a table that cannot tell.
    let wrong = store(local::port(), &tables, time::an_hour_ahead);
    granted(&wrong, "b", ask(9, 1, numbers, 1)).await;
    let right = store(local::port(), &tables, time::now);
    let lease = granted(&right, "b", ask(1, 1, numbers, 1)).await;
    assert_eq!((lease.granted_waiting, lease.left), (0, 0));
    assert_eq!((right.take_repaired(), right.take_repaired()), (1, 0));
    for seq in 2.. {
        let lease = granted(&right, "b", ask(1, seq, numbers, 1)).await;
        if lease.granted_waiting == 1 {
            break;
        }
        assert!(seq < 1_000, "the bucket stands still");
    }
    assert_eq!(right.take_repaired(), 0);
}
