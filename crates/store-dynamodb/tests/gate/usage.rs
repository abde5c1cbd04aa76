//! What was counted: each batch once, whatever becomes of it on the way.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use tollgate_core::{lease::HolderId, usage::Line};
use tollgate_store_dynamodb::layout::{COUNT, PK, TTL};

use super::{
    PATIENT_MS, local,
    proxy::{Fault, Proxy},
    store, time,
};

const HOUR: u64 = 500_000;

/// What stands in the table: by item and attribute.
async fn kept(table: &str) -> BTreeMap<String, u64> {
    let told = local::client().scan().table_name(table).consistent_read(true).send().await.unwrap();
    assert!(told.last_evaluated_key.is_none());
    let mut counts = BTreeMap::new();
    for item in told.items.unwrap() {
        let number = |value: &AttributeValue| value.as_n().unwrap().parse::<u64>().unwrap();
        let pk = item[PK].as_s().unwrap();
        assert!(!pk.starts_with("usage#") || number(&item[TTL]) > HOUR * 3_600, "{pk}");
        for (name, value) in item.iter().filter(|(name, _)| name.starts_with(COUNT)) {
            counts.insert(format!("{pk} {name}"), number(value));
        }
    }
    counts
}

/// The lines of `keys` keys, each with two counts.
fn lines(keys: &[String]) -> Vec<Line<'_>> {
    let line = |key, code, count| Line {
        hour: HOUR,
        tenant: "acme",
        owner: "bob",
        key,
        route: "orders",
        code,
        count,
    };
    keys.iter().flat_map(|key| [line(key, "allowed", 3), line(key, "rate_limited", 1)]).collect()
}

#[tokio::test]
async fn a_batch_is_added_once_however_often_it_comes_and_whatever_happens_to_it() {
    for (times, fault) in [
        (0, Fault::None),
        (1, Fault::Refused(400, "ThrottlingException")),
        (1, Fault::Refused(500, "InternalServerError")),
        (1, Fault::DroppedBefore),
        (1, Fault::DroppedAfter),
        (2, Fault::DroppedAfter),
        (3, Fault::Hidden(500, "InternalServerError")),
    ] {
        let what = format!("{times} × {fault:?}");
        let (tables, proxy) = (local::tables().await, Proxy::start().await);
        let store = store(proxy.port, &tables, time::slowed);
        proxy.plan(move |_, before| if before < times { fault.clone() } else { Fault::None });
        // More items than one transaction has room for.
        let keys: Vec<String> = (0..60).map(|key| format!("key_{key:05}")).collect();
        let holder = HolderId([1; 16]);
        for _ in 0..3 {
            store.keep(holder, 4, &lines(&keys), PATIENT_MS).await.unwrap();
        }
        let counts = kept(&tables.buckets).await;
        assert_eq!(counts.len(), 120, "{what}");
        assert_eq!(counts.values().sum::<u64>(), 240, "{what}");
        // Another batch and another holder are added; one that is older than what was answered is not.
        store.keep(holder, 5, &lines(&keys[..1]), PATIENT_MS).await.unwrap();
        store.keep(HolderId([2; 16]), 1, &lines(&keys[..1]), PATIENT_MS).await.unwrap();
        store.keep(holder, 3, &lines(&keys), PATIENT_MS).await.unwrap();
        let counts = kept(&tables.buckets).await;
        assert_eq!(counts.values().sum::<u64>(), 248, "{what}");
        let first = format!("usage#acme#bob#key_00000#{HOUR} n|orders|allowed");
        assert_eq!(counts.get(&first), Some(&9), "{what}");
    }
}
