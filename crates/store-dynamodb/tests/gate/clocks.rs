//! Writers bring the clock: one that is off writes nothing.

use tollgate_core::limit::Numbers;
use tollgate_engine::{OpenError, StoreError};

use super::{ask, exchange, granted, local, proxy::Proxy, slow, store, time};

const OFF: StoreError = StoreError::Damaged(OpenError::Other("clock_off"));

#[tokio::test]
async fn who_is_more_than_two_seconds_off_the_tables_clock_writes_nothing() {
    for (ahead_ms, writes) in
        [(0, true), (900, true), (-900, true), (4_000, false), (-4_000, false), (3_600_000, false)]
    {
        let (tables, proxy) = (local::tables().await, Proxy::start().await);
        let store = store(proxy.port, &tables, time::now);
        proxy.dates(Some(ahead_ms));
        let told = exchange(&store, "b", ask(1, 1, slow(10), 1)).await;
        assert_eq!(told.as_ref().err(), (!writes).then_some(&OFF), "{ahead_ms} ms");
        assert_eq!(proxy.count("UpdateItem") > 0, writes, "{ahead_ms} ms");
        // A clock that is set right writes at once: each message reads first.
        proxy.dates(Some(0));
        granted(&store, "b", ask(1, 2, slow(10), 1)).await;
    }
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
