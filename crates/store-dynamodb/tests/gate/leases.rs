//! The exchange with one bucket.

use aws_sdk_dynamodb::types::AttributeValue;
use tollgate_core::{
    lease::{Answer, HolderId},
    limit::{Numbers, Period},
};
use tollgate_store_dynamodb::layout::{PK, STATE, TTL, VERSION};

use super::{ask, exchange, granted, local, slow, store, time};

#[tokio::test]
async fn a_bucket_gives_what_it_has_and_no_more() {
    let tables = local::tables().await;
    let store = store(local::port(), &tables, time::slowed);
    for (seq, waiting, given, left) in [(1, 3, 3, 2), (2, 2, 2, 0), (3, 1, 0, 0)] {
        let lease = granted(&store, "acme/key/k/burst", ask(1, seq, slow(5), waiting)).await;
        assert_eq!((lease.granted_waiting, lease.left), (given, left), "{seq}");
    }
    // Another bucket is another item.
    let other = granted(&store, "acme/key/other/burst", ask(1, 1, slow(5), 5)).await;
    assert_eq!(other.granted_waiting, 5);
}

#[tokio::test]
async fn a_message_that_comes_again_gets_what_it_got() {
    let tables = local::tables().await;
    let store = store(local::port(), &tables, time::slowed);
    let first = granted(&store, "b", ask(1, 1, slow(10), 4)).await;
    for _ in 0..3 {
        assert_eq!(granted(&store, "b", ask(1, 1, slow(10), 4)).await, first);
    }
    let second = granted(&store, "b", ask(1, 2, slow(10), 4)).await;
    assert_eq!(second.left, 2);
    let stale = exchange(&store, "b", ask(1, 1, slow(10), 4)).await.unwrap();
    assert_eq!(stale, Answer::Stale { seq: 1 });
}

#[tokio::test]
async fn sixty_four_at_once_get_exactly_what_there_is() {
    let tables = local::tables().await;
    for (burst, waiting, passed) in [(40_u64, 1, 40), (64, 1, 64), (100, 2, 50)] {
        let stores: Vec<_> = (0..8).map(|_| store(local::port(), &tables, time::slowed)).collect();
        let bucket = format!("burst-{burst}");
        let tasks: Vec<_> = (0..64_u8)
            .map(|id| {
                let (store, bucket) = (stores[usize::from(id % 8)].clone(), bucket.clone());
                tokio::spawn(async move {
                    // What the deadline cut off is asked again, the same: it is granted once.
                    for _ in 0..60 {
                        let answer = exchange(&store, &bucket, ask(id, 1, slow(burst), waiting));
                        if let Ok(Answer::Lease(lease)) = answer.await {
                            return lease.granted_waiting;
                        }
                    }
                    panic!("{id} was never answered");
                })
            })
            .collect();
        let mut tokens = 0;
        for task in tasks {
            tokens += task.await.unwrap();
        }
        assert_eq!(tokens, passed * waiting, "burst {burst}");
    }
}

#[tokio::test]
async fn the_item_is_small_and_goes_when_it_is_full_again_and_not_before() {
    let tables = local::tables().await;
    let store = store(local::port(), &tables, time::slowed);
    let steady = Numbers::steady(100, 1, 1_000).unwrap();
    let quota = Numbers::quota(100, Period::Day).unwrap();
    for (bucket, numbers, full_within) in [
        ("steady", steady, Some(100)),
        ("quota", quota, Some(86_400)),
        ("slow", slow(2), Some(86_400)),
    ] {
        let before = time::slowed().wall.0 / 1_000;
        for id in 0..8 {
            let mut asked = ask(id, 1, numbers, 2);
            asked.holder = HolderId([id ^ 0xa5; 16]);
            granted(&store, bucket, asked).await;
        }
        let asked = local::client().get_item().table_name(&tables.buckets);
        let told = asked.key(PK, AttributeValue::S(bucket.into())).send().await.unwrap();
        let item = told.item.unwrap();
        let mut names: Vec<&str> = item.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, [PK, STATE, TTL, VERSION], "{bucket}");
        let state = item[STATE].as_b().unwrap().as_ref().len();
        assert!(state <= 90 + 8 * 56, "{state} bytes of {bucket}");
        let ttl: u64 = item[TTL].as_n().unwrap().parse().unwrap();
        // Eight leases of two tokens each are out for a second, and then they are missing.
        let soonest = match bucket {
            "steady" => before + 16,
            _ => before,
        };
        assert!(ttl >= soonest + 60, "{bucket}: {ttl} is too soon");
        let latest = full_within.map_or(u64::MAX, |full| before + 2 * full + 120);
        assert!(ttl <= latest, "{bucket}: {ttl} is too late");
    }
}
