//! Whatever stands between a store and its table: nothing is granted twice, and nothing is lost for good.

use tollgate_core::lease::Answer;
use tollgate_engine::{OpenError, StoreError};

use super::{
    ask, exchange, granted, local,
    proxy::{Fault, Proxy},
    slow, store, time, within,
};

const CONFLICT: Fault = Fault::Refused(400, "ConditionalCheckFailedException");
const THROTTLED: Fault = Fault::Refused(400, "ProvisionedThroughputExceededException");

/// The first `times` requests of an operation meet a fault.
fn first(operation: &'static str, times: u64, fault: Fault) -> impl FnMut(&str, u64) -> Fault {
    move |asked, before| {
        if asked == operation && before < times { fault.clone() } else { Fault::None }
    }
}

#[tokio::test]
async fn a_message_survives_what_happens_on_the_way_and_is_granted_once() {
    for (operation, times, fault) in [
        ("GetItem", 1, THROTTLED),
        ("GetItem", 3, THROTTLED),
        ("GetItem", 1, Fault::DroppedBefore),
        ("GetItem", 2, Fault::DroppedAfter),
        ("GetItem", 1, Fault::Refused(500, "InternalServerError")),
        ("GetItem", 1, Fault::Answered("")),
        ("GetItem", 1, Fault::Answered("not json")),
        ("GetItem", 1, Fault::Late(2_000)),
        ("UpdateItem", 1, THROTTLED),
        ("UpdateItem", 3, Fault::Refused(400, "ThrottlingException")),
        ("UpdateItem", 2, Fault::Refused(500, "InternalServerError")),
        ("UpdateItem", 2, Fault::Refused(503, "ServiceUnavailable")),
        ("UpdateItem", 4, CONFLICT),
        ("UpdateItem", 1, Fault::DroppedBefore),
        // From here on the write has happened, and nobody was told.
        ("UpdateItem", 1, Fault::DroppedAfter),
        ("UpdateItem", 2, Fault::DroppedAfter),
        ("UpdateItem", 1, Fault::Hidden(500, "InternalServerError")),
        ("UpdateItem", 1, Fault::SlowlyAnswered(2_000)),
        ("UpdateItem", 1, Fault::Late(700)),
        // An answer that does not say what was written is none.
        ("UpdateItem", 1, Fault::Answered("{}")),
        ("UpdateItem", 1, Fault::Answered("")),
    ] {
        let (tables, proxy) = (local::tables().await, Proxy::start().await);
        let store = store(proxy.port, &tables, time::slowed);
        granted(&store, "b", ask(9, 1, slow(10), 1)).await;
        let mut plan = first(operation, times, fault.clone());
        let seen = proxy.count(operation);
        proxy.plan(move |asked, before| plan(asked, before.saturating_sub(seen)));
        let lease = granted(&store, "b", ask(1, 1, slow(10), 4)).await;
        let what = format!("{operation} {times} × {fault:?}");
        assert_eq!((lease.granted_waiting, lease.left), (4, 5), "{what}");
        proxy.plan(|_, _| Fault::None);
        let last = granted(&store, "b", ask(2, 1, slow(10), 10)).await;
        assert_eq!(last.granted_waiting, 5, "{what}");
    }
}

#[tokio::test]
async fn what_does_not_end_is_given_up_in_time_and_costs_a_bounded_number_of_calls() {
    let busy = [StoreError::Refused, StoreError::Unreachable];
    let gone = [StoreError::Unreachable];
    let missing = [StoreError::Damaged(OpenError::Other("table_missing"))];
    let denied = [StoreError::Damaged(OpenError::Other("table_denied"))];
    for (fault, errors) in [
        // The last call may be cut short.
        (THROTTLED, &busy[..]),
        (CONFLICT, &busy),
        (Fault::DroppedBefore, &gone),
        (Fault::Late(60_000), &gone),
        (Fault::Refused(400, "ResourceNotFoundException"), &missing),
        (Fault::Refused(400, "AccessDeniedException"), &denied),
    ] {
        let (tables, proxy) = (local::tables().await, Proxy::start().await);
        let store = store(proxy.port, &tables, time::slowed);
        granted(&store, "b", ask(9, 1, slow(10), 1)).await;
        let (calls, start) = (proxy.total(), time::now());
        let theirs = fault.clone();
        proxy.plan(
            move |asked, _| {
                if asked == "UpdateItem" { theirs.clone() } else { Fault::None }
            },
        );
        let told = within(&store, "b", ask(1, 1, slow(10), 4), 400).await;
        let error = told.unwrap_err();
        assert!(errors.contains(&error), "{fault:?}: {error:?}");
        // On the slow clock that is eight seconds. What one call may take beyond the deadline is nothing; what a machine may that others use too is not known.
        let took = time::now().since(start);
        assert!(took < 40_000, "{fault:?}: {took} ms");
        assert!(proxy.total() - calls <= 160, "{fault:?}: {} calls", proxy.total() - calls);
        proxy.plan(|_, _| Fault::None);
        let last = granted(&store, "b", ask(2, 1, slow(10), 10)).await;
        assert_eq!(last.granted_waiting, 9, "{fault:?}");
    }
}

#[tokio::test]
async fn an_answer_that_leaves_the_bucket_out_makes_no_second_burst() {
    let (tables, proxy) = (local::tables().await, Proxy::start().await);
    let store = store(proxy.port, &tables, time::slowed);
    granted(&store, "b", ask(9, 1, slow(10), 10)).await;
    proxy.plan(
        |asked, before| {
            if asked == "GetItem" && before < 4 { Fault::Answered("{}") } else { Fault::None }
        },
    );
    let lease = granted(&store, "b", ask(1, 1, slow(10), 1)).await;
    assert_eq!(lease.granted_waiting, 0);
}

#[tokio::test]
async fn a_state_that_is_none_is_left_as_it_is() {
    let (tables, proxy) = (local::tables().await, Proxy::start().await);
    let store = store(proxy.port, &tables, time::slowed);
    granted(&store, "b", ask(9, 1, slow(10), 10)).await;
    proxy.plan(|_, _| Fault::Edited("\"s\":{\"B\":\"", "\"s\":{\"B\":\"////"));
    let told = exchange(&store, "b", ask(1, 1, slow(10), 1)).await;
    assert_eq!(told, Err(StoreError::Damaged(OpenError::Bucket)));
    proxy.plan(|_, _| Fault::None);
    let lease = granted(&store, "b", ask(1, 1, slow(10), 1)).await;
    assert_eq!(lease.granted_waiting, 0);
}

#[tokio::test]
async fn the_item_that_a_failed_condition_returns_is_the_next_read() {
    let (tables, proxy) = (local::tables().await, Proxy::start().await);
    let store = store(proxy.port, &tables, time::slowed);
    granted(&store, "b", ask(9, 1, slow(10), 1)).await;
    // What a newer server adds to the refusal: it is what stands, so that no read is needed.
    let asked = local::client().get_item().table_name(&tables.buckets);
    let key = aws_sdk_dynamodb::types::AttributeValue::S("b".into());
    let item = asked.key("pk", key).send().await.unwrap().item.unwrap();
    let (v, s) = (item["v"].as_n().unwrap(), item["s"].as_b().unwrap().as_ref());
    let body = format!(
        r#"{{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"","Item":{{"pk":{{"S":"b"}},"v":{{"N":"{v}"}},"s":{{"B":"{}"}}}}}}"#,
        base64(s)
    );
    let body: &'static str = Box::leak(body.into_boxed_str());
    let seen = proxy.count("UpdateItem");
    let reads = proxy.count("GetItem");
    proxy.plan(move |asked, before| {
        let first = asked == "UpdateItem" && before == seen;
        if first { Fault::Said(400, body) } else { Fault::None }
    });
    let lease = granted(&store, "b", ask(1, 1, slow(10), 4)).await;
    assert_eq!(lease.left, 5);
    assert_eq!((proxy.count("UpdateItem") - seen, proxy.count("GetItem") - reads), (2, 1));
}

#[tokio::test]
async fn storms_of_every_kind_lose_no_token_for_good_and_make_none() {
    let (tables, proxy) = (local::tables().await, Proxy::start().await);
    let store = store(proxy.port, &tables, time::slowed);
    let mut random = 7_u64;
    proxy.plan(move |asked, _| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        match (random >> 33) % 12 {
            0 => THROTTLED,
            1 if asked == "UpdateItem" => CONFLICT,
            2 => Fault::DroppedBefore,
            3 => Fault::DroppedAfter,
            4 => Fault::Hidden(500, "InternalServerError"),
            5 if asked == "UpdateItem" => Fault::Answered("{}"),
            6 => Fault::SlowlyAnswered(40),
            _ => Fault::None,
        }
    });
    let tasks: Vec<_> = (0..16_u8)
        .map(|id| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..40 {
                    let told = exchange(&store, "b", ask(id, 1, slow(24), 2)).await;
                    if let Ok(Answer::Lease(lease)) = told {
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
    assert_eq!(tokens, 24);
}

/// The text of bytes in JSON's binary.
fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let sign = |group: u32, at: u32| char::from(SIGNS[usize::try_from(group >> at & 63).unwrap()]);
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        let signs = [sign(group, 18), sign(group, 12), sign(group, 6), sign(group, 0)];
        text.extend(&signs[..=chunk.len()]);
        text.extend(std::iter::repeat_n('=', 3 - chunk.len()));
    }
    text
}
