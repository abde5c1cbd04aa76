//! Every word that DynamoDB has for a refusal: what may pass is asked again within bounds, what will not is refused at once,
//! and nothing is granted, read or committed by it, or twice after it.

use tollgate_core::{lease::HolderId, record::State, usage::Line};
use tollgate_engine::{OpenError, StoreError};
use tollgate_ledger::{Change, Conclusion, Ledger, LedgerError, Receipt};
use tollgate_store_dynamodb::Publisher;

use super::{
    PATIENT_MS, ask, granted, local,
    proxy::{Fault, Proxy},
    reads::{NOW, Rig, id},
    slow, store, time, within,
};

/// What an error says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// Nothing has happened, and it may when it is asked again.
    Busy,
    /// It may have happened or not.
    Unknown,
    /// Nothing has happened, and nothing will.
    Hopeless(&'static str),
}
use Class::{Busy, Hopeless, Unknown};

const CODES: [(u16, &str, Class); 19] = [
    (400, "ProvisionedThroughputExceededException", Busy),
    (400, "ThrottlingException", Busy),
    (400, "RequestLimitExceeded", Busy),
    (400, "TransactionConflictException", Busy),
    (500, "InternalServerError", Unknown),
    (500, "InternalFailure", Unknown),
    (503, "ServiceUnavailable", Unknown),
    (400, "LimitExceededException", Unknown),
    (400, "SomethingNew", Unknown),
    (400, "ItemCollectionSizeLimitExceededException", Hopeless("table_malformed")),
    (400, "ValidationException", Hopeless("table_malformed")),
    (400, "SerializationException", Hopeless("table_malformed")),
    (400, "ResourceNotFoundException", Hopeless("table_missing")),
    (400, "AccessDeniedException", Hopeless("table_denied")),
    (400, "UnrecognizedClientException", Hopeless("table_denied")),
    (400, "InvalidSignatureException", Hopeless("table_denied")),
    (400, "IncompleteSignatureException", Hopeless("table_denied")),
    (400, "MissingAuthenticationTokenException", Hopeless("table_denied")),
    (400, "ExpiredTokenException", Hopeless("table_denied")),
];

/// How many calls of one kind an errand makes at most.
const CALLS_MAX: u64 = 64;

impl Class {
    /// Whether an errand may end so whose every call was refused so: the last one may be cut short.
    fn allows(self, error: &StoreError) -> bool {
        match self {
            Busy => matches!(error, StoreError::Refused | StoreError::Unreachable),
            Unknown => *error == StoreError::Unreachable,
            Hopeless(code) => *error == StoreError::Damaged(OpenError::Other(code)),
        }
    }
}

#[tokio::test]
async fn a_lease_that_is_refused_by_any_word_grants_nothing_and_is_granted_once_when_it_is_not() {
    for operation in ["GetItem", "UpdateItem"] {
        for (status, code, class) in CODES {
            let what = format!("{operation} {code}");
            let (tables, proxy) = (local::tables().await, Proxy::start().await);
            let store = store(proxy.port, &tables, time::slowed);
            granted(&store, "b", ask(9, 1, slow(10), 1)).await;
            let seen = proxy.count(operation);
            let refuse = move |times: u64| {
                move |asked: &str, before: u64| {
                    let met = asked == operation && before < seen + times;
                    if met { Fault::Refused(status, code) } else { Fault::None }
                }
            };
            proxy.plan(refuse(u64::MAX - seen));
            let error = within(&store, "b", ask(1, 1, slow(10), 4), 200).await.unwrap_err();
            assert!(class.allows(&error), "{what}: {error:?}");
            let calls = proxy.count(operation) - seen;
            let most = if matches!(class, Hopeless(_)) { 1 } else { CALLS_MAX };
            assert!((1..=most).contains(&calls), "{what}: {calls} calls");
            proxy.plan(refuse(calls + 2));
            let again = within(&store, "b", ask(1, 1, slow(10), 4), PATIENT_MS).await;
            assert_eq!(again.is_err(), matches!(class, Hopeless(_)), "{what}: {again:?}");
            proxy.plan(|_, _| Fault::None);
            // The same message: what it was granted before, or now.
            let lease = granted(&store, "b", ask(1, 1, slow(10), 4)).await;
            assert_eq!((lease.granted_waiting, lease.left), (4, 5), "{what}");
            let last = granted(&store, "b", ask(2, 1, slow(10), 10)).await;
            assert_eq!(last.granted_waiting, 5, "{what}");
        }
    }
}

#[test]
fn a_read_that_is_refused_by_any_word_says_nothing_of_a_key_and_is_made_again_where_it_may() {
    let mut rig = Rig::new();
    let made = rig.create(1, "acme");
    rig.connect();
    for (status, code, class) in CODES {
        rig.proxy.plan(move |_, _| Fault::Refused(status, code));
        let before = rig.proxy.total();
        let error = rig.record_within(1, 200).unwrap_err();
        let told = match class {
            // A read has no effect, so what is hopeless of a write is worth another try.
            Hopeless("table_malformed") => Unknown,
            Busy | Unknown | Hopeless(_) => class,
        };
        assert!(told.allows(&error), "{code}: {error:?}");
        let calls = rig.proxy.total() - before;
        let most = if matches!(told, Hopeless(_)) { 1 } else { CALLS_MAX };
        assert!((1..=most).contains(&calls), "{code}: {calls} calls");
        rig.proxy.plan(|_, _| Fault::None);
        let (state, as_of, _) = rig.record(1).unwrap();
        assert_eq!((state, as_of), (Some(State::Active), made), "{code}");
    }
}

/// The refusal of a transaction for these reasons, one for each of its first items.
macro_rules! cancelled {
    ($($reason:literal),+) => {
        Fault::Said(400, concat!(
            r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"injected","CancellationReasons":["#,
            $(r#"{"Code":""#, $reason, r#""},"#,)+ r#"{"Code":"None"}]}"#
        ))
    };
}

/// What becomes of a change whose every transaction meets a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    /// It is tried until it is told that others came first.
    Overtaken,
    /// It is told that nobody knows.
    Unknown,
    /// It is told at once that it cannot be.
    Refused,
}

#[test]
fn a_change_that_is_refused_for_any_reason_is_made_once_or_told_and_not_made() {
    let refused = |status, code| Fault::Refused(status, code);
    for (fault, ends) in [
        (cancelled!("TransactionConflict"), Ends::Overtaken),
        (cancelled!("None", "ThrottlingError"), Ends::Overtaken),
        (cancelled!("None", "ProvisionedThroughputExceeded"), Ends::Overtaken),
        (cancelled!("ConditionalCheckFailed"), Ends::Overtaken),
        (cancelled!("TransactionConflict", "ConditionalCheckFailed"), Ends::Overtaken),
        (refused(400, "ProvisionedThroughputExceededException"), Ends::Overtaken),
        (refused(400, "ThrottlingException"), Ends::Overtaken),
        (refused(400, "RequestLimitExceeded"), Ends::Overtaken),
        (refused(400, "TransactionInProgressException"), Ends::Unknown),
        (refused(500, "InternalServerError"), Ends::Unknown),
        (cancelled!("None", "ItemCollectionSizeLimitExceeded"), Ends::Refused),
        (cancelled!("ValidationError"), Ends::Refused),
        (refused(400, "ValidationException"), Ends::Refused),
        (refused(400, "IdempotentParameterMismatchException"), Ends::Refused),
        (refused(400, "ResourceNotFoundException"), Ends::Refused),
        // The first sending is committed, and nobody is told.
        (Fault::Hidden(500, "InternalServerError"), Ends::Unknown),
        (Fault::DroppedAfter, Ends::Unknown),
    ] {
        let what = format!("{fault:?}");
        let mut rig = Rig::new();
        let first = rig.create(1, "acme").epoch;
        let mut publisher =
            Publisher::new(&local::link(rig.proxy.port), &rig.tables, None).unwrap();
        let told = meets(&rig, 1, &fault, &mut publisher, &Change::Disable { id: id(1) });
        assert_eq!(told.is_ok(), ends != Ends::Refused, "{what}: {told:?}");
        let made = first + u64::from(ends != Ends::Refused);
        assert_eq!(rig.publisher.stamp().unwrap().epoch, made, "{what}: once");
        // Two hundred times are seconds: that is played once, below.
        if ends == Ends::Overtaken || matches!(fault, Fault::Hidden(..) | Fault::DroppedAfter) {
            continue;
        }
        let seen = rig.proxy.count("TransactWriteItems");
        let told = meets(&rig, u64::MAX, &fault, &mut publisher, &Change::Revoke { id: id(1) });
        let unknown = matches!(told, Err(LedgerError::Unknown { .. }));
        let conclusion = Conclusion::Unreachable;
        let failed =
            matches!(told, Err(LedgerError::Failed { conclusion: c, .. }) if c == conclusion);
        assert_eq!(
            (unknown, failed),
            (ends == Ends::Unknown, ends == Ends::Refused),
            "{what}: {told:?}"
        );
        let calls = rig.proxy.count("TransactWriteItems") - seen;
        assert_eq!(calls, if ends == Ends::Unknown { 5 } else { 1 }, "{what}");
        assert_eq!(rig.publisher.stamp().unwrap().epoch, made, "{what}: never");
    }
}

#[test]
fn a_change_that_is_throttled_for_ever_is_given_up_and_not_made() {
    let mut rig = Rig::new();
    let first = rig.create(1, "acme");
    let mut publisher = Publisher::new(&local::link(rig.proxy.port), &rig.tables, None).unwrap();
    let fault = cancelled!("None", "ThrottlingError");
    let change = Change::Revoke { id: id(1) };
    let before = rig.proxy.count("TransactWriteItems");
    let told = meets(&rig, u64::MAX, &fault, &mut publisher, &change);
    let locked = matches!(told, Err(LedgerError::Failed { conclusion: Conclusion::Locked, .. }));
    assert!(locked, "{told:?}");
    assert_eq!(rig.proxy.count("TransactWriteItems") - before, 200);
    assert_eq!(rig.publisher.stamp().unwrap(), first);
}

/// A change whose first transactions meet a fault.
fn meets(
    rig: &Rig,
    times: u64,
    fault: &Fault,
    publisher: &mut Publisher,
    change: &Change,
) -> Result<Receipt, LedgerError> {
    let seen = rig.proxy.count("TransactWriteItems");
    let fault = fault.clone();
    rig.proxy.plan(move |asked, before| {
        let met = asked == "TransactWriteItems" && before - seen < times;
        if met { fault.clone() } else { Fault::None }
    });
    publisher.change(change, NOW)
}

#[tokio::test]
async fn what_was_counted_is_kept_once_or_refused_by_the_reason_of_its_transaction() {
    for (fault, kept_after_one, hopeless) in [
        (cancelled!("TransactionConflict"), true, false),
        (cancelled!("None", "ThrottlingError"), true, false),
        (Fault::Refused(400, "ThrottlingException"), true, false),
        (Fault::Refused(400, "TransactionInProgressException"), true, false),
        (cancelled!("ValidationError"), false, true),
        (cancelled!("None", "ItemCollectionSizeLimitExceeded"), false, true),
        (Fault::Refused(400, "AccessDeniedException"), false, true),
    ] {
        let what = format!("{fault:?}");
        let (tables, proxy) = (local::tables().await, Proxy::start().await);
        let store = store(proxy.port, &tables, time::slowed);
        let theirs = fault.clone();
        proxy.plan(move |_, before| if before < 1 { theirs.clone() } else { Fault::None });
        let (hour, count) = (500_000, 3);
        let line =
            Line { hour, tenant: "a", owner: "b", key: "k", route: "r", code: "allowed", count };
        let told = store.keep(HolderId([1; 16]), 1, &[line], PATIENT_MS).await;
        assert_eq!(told.is_ok(), kept_after_one, "{what}: {told:?}");
        assert!(!hopeless || proxy.total() == 1, "{what}");
        proxy.plan(|_, _| Fault::None);
        store.keep(HolderId([1; 16]), 1, &[line], PATIENT_MS).await.unwrap();
        let scanned = local::client().scan().table_name(&tables.buckets).send().await.unwrap();
        let counts = scanned.items.unwrap().into_iter().filter_map(|item| {
            let count = item.get("n|r|allowed")?.as_n().ok()?.parse::<u64>();
            Some(count.unwrap())
        });
        assert_eq!(counts.collect::<Vec<_>>(), [3], "{what}");
        proxy.plan(move |_, _| fault.clone());
        let calls = proxy.total();
        assert!(store.keep(HolderId([1; 16]), 2, &[line], 200).await.is_err(), "{what}");
        assert!(proxy.total() - calls <= CALLS_MAX, "{what}");
    }
}
