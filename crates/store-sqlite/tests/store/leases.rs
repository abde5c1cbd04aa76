//! Leases over the store: what is answered is durable, and nothing is answered twice.

use tollgate_core::{
    lease::{Answer, Ask},
    limit::{Numbers, Period},
    stamp::Stamp,
};
use tollgate_engine::{Errand, ErrandId, OpenError, Question, Reply, StoreError};
use tollgate_store_sqlite::{BATCH_MAX, Store};

use crate::made::{
    Folder, NOW, ask, creation, each, exchange, lease_of, plain_ask, ring, tidings, wanted,
};

fn limit() -> Numbers {
    Numbers::steady(20, 1, 1_000).unwrap()
}

fn waiting(holder: u8, seq: u64, tokens: u32) -> Ask {
    plain_ask(holder, seq, limit(), tokens)
}

#[test]
fn what_one_holder_has_no_other_gets() {
    each(|mut store| {
        assert_eq!(exchange(&mut store, "b", waiting(1, 1, 15), NOW).unwrap().granted_waiting, 15);
        let lease = exchange(&mut store, "b", waiting(2, 1, 15), NOW).unwrap();
        assert_eq!((lease.granted_waiting, lease.left), (5, 0));
        // Another bucket is another matter.
        assert_eq!(exchange(&mut store, "c", waiting(2, 1, 15), NOW).unwrap().granted_waiting, 15);
    });
}

#[test]
fn a_repetition_is_answered_alike_and_an_older_message_is_stale() {
    each(|mut store| {
        let first = exchange(&mut store, "b", waiting(1, 1, 15), NOW).unwrap();
        for later_ms in [0, 5, 500] {
            let again = exchange(&mut store, "b", waiting(1, 1, 15), NOW.plus(later_ms)).unwrap();
            assert_eq!(again, first);
        }
        exchange(&mut store, "b", waiting(1, 2, 1), NOW).unwrap();
        let reply = ask(&mut store, lease_of("b", waiting(1, 1, 15)), Stamp::default(), NOW);
        assert!(matches!(reply, Ok(Reply::Lease(Answer::Stale { seq: 1 }, Some(_)))));
    });
}

#[test]
fn a_repetition_writes_nothing() {
    let folder = Folder::new();
    let mut store = folder.store();
    let watch = rusqlite::Connection::open(folder.file("store.db")).unwrap();
    let version =
        || watch.query_row("PRAGMA data_version", [], |row| row.get::<_, i64>(0)).unwrap();
    let before = version();
    exchange(&mut store, "b", waiting(1, 1, 15), NOW).unwrap();
    let after = version();
    assert!(after != before, "an exchange is not written");
    exchange(&mut store, "b", waiting(1, 1, 15), NOW).unwrap();
    assert_eq!(version(), after);
}

#[test]
fn a_restart_mints_nothing() {
    let folder = Folder::new();
    exchange(&mut folder.store(), "b", waiting(1, 1, 15), NOW).unwrap();
    let mut store = folder.store();
    assert_eq!(exchange(&mut store, "b", waiting(2, 1, 15), NOW).unwrap().granted_waiting, 5);
    // The holder that comes back is known by its message.
    assert_eq!(exchange(&mut store, "b", waiting(1, 1, 15), NOW).unwrap().granted_waiting, 15);
    assert_eq!(exchange(&mut store, "b", waiting(3, 1, 15), NOW).unwrap().granted_waiting, 0);
}

#[test]
fn a_clock_that_steps_back_grants_nothing() {
    each(|mut store| {
        exchange(&mut store, "b", waiting(1, 1, 20), NOW).unwrap();
        for earlier_ms in [1, 5_000, 86_400_000] {
            let then = tollgate_core::time::UnixMillis(NOW.0 - earlier_ms);
            let lease = exchange(&mut store, "b", waiting(2, earlier_ms, 1), then).unwrap();
            assert_eq!(lease.granted_waiting, 0, "{earlier_ms} ms earlier");
        }
        let quota = Numbers::quota(3, Period::Day).unwrap();
        exchange(&mut store, "q", plain_ask(1, 1, quota, 3), NOW).unwrap();
        let yesterday = tollgate_core::time::UnixMillis(NOW.0 - 86_400_000);
        let lease = exchange(&mut store, "q", plain_ask(2, 1, quota, 3), yesterday).unwrap();
        assert_eq!(lease.granted_waiting, 0);
    });
}

#[test]
fn a_bucket_that_a_wrong_clock_left_ahead_begins_empty_and_fills_again() {
    each(|mut store| {
        let ahead_ms = 365 * 86_400_000;
        let later = NOW.plus(ahead_ms);
        assert_eq!(exchange(&mut store, "b", waiting(1, 1, 3), later).unwrap().granted_waiting, 3);
        assert_eq!(store.take_repaired(), 0);
        // Ten seconds are what clocks differ by.
        let near = tollgate_core::time::UnixMillis(later.0 - 10_000);
        exchange(&mut store, "b", waiting(2, 1, 1), near).unwrap();
        assert_eq!(store.take_repaired(), 0);

        let lease = exchange(&mut store, "b", waiting(3, 1, 1), NOW).unwrap();
        assert_eq!((lease.granted_waiting, store.take_repaired()), (0, 1));
        assert_eq!(store.take_repaired(), 0, "it is told once");
        // The clock goes on, and so does the bucket: one token a second.
        let lease = exchange(&mut store, "b", waiting(3, 2, 20), NOW.plus(5_000)).unwrap();
        assert_eq!((lease.granted_waiting, store.take_repaired()), (5, 0));
    });
}

#[test]
fn a_repetition_that_finds_a_bucket_ahead_is_answered_alike_and_repairs_it() {
    each(|mut store| {
        let first = exchange(&mut store, "b", waiting(1, 1, 3), NOW.plus(3_600_000)).unwrap();
        assert_eq!(exchange(&mut store, "b", waiting(1, 1, 3), NOW).unwrap(), first);
        assert_eq!(store.take_repaired(), 1);
        exchange(&mut store, "b", waiting(1, 1, 3), NOW).unwrap();
        assert_eq!(store.take_repaired(), 0, "the repair was not kept");
    });
}

fn errands(questions: Vec<Question>) -> Vec<Errand> {
    let numbered = questions.into_iter().enumerate();
    let errand = |(number, question)| Errand {
        id: ErrandId(u64::try_from(number).unwrap()),
        question,
        since: Stamp::default(),
        deadline_ms: 50,
    };
    numbered.map(errand).collect()
}

/// A batch of every kind, some of it about the same bucket.
fn mixed(count: usize) -> Vec<Question> {
    let one = |number: usize| {
        let holder = u8::try_from(number % 7).unwrap();
        let seq = u64::try_from(number).unwrap() + 1;
        match number % 4 {
            0 => lease_of("b", waiting(holder, seq, 3)),
            1 => lease_of(&format!("b{number}"), waiting(holder, 1, 3)),
            2 => wanted(u32::try_from(number).unwrap()),
            _ => Question::Head,
        }
    };
    (0..count).map(one).collect()
}

fn granted(replies: &[(ErrandId, Result<Reply, StoreError>)]) -> Vec<String> {
    let one = |(id, reply): &(ErrandId, Result<Reply, StoreError>)| match reply {
        Ok(Reply::Lease(answer, Some(_))) => format!("{} {answer:?}", id.0),
        Ok(Reply::Record(Some(_), Some(_))) => format!("{} record", id.0),
        Ok(Reply::Head(_)) => format!("{} head", id.0),
        other => panic!("{other:?}"),
    };
    replies.iter().map(one).collect()
}

#[test]
fn a_batch_is_answered_in_order_as_its_errands_would_be_one_by_one() {
    for count in [0, 1, 64, 2 * BATCH_MAX + 3] {
        let batch = errands(mixed(count));
        let together = granted(&Store::memory().unwrap().answer(&batch, &ring(), NOW));
        let mut store = Store::memory().unwrap();
        let alone = batch
            .iter()
            .flat_map(|errand| granted(&store.answer(std::slice::from_ref(errand), &ring(), NOW)));
        assert_eq!(together, alone.collect::<Vec<_>>());
        assert_eq!(together.len(), count);
    }
}

#[test]
fn every_lease_brings_the_head_of_its_own_transaction() {
    each(|mut store| {
        let mut other = store.beside().unwrap();
        let before = tidings(&mut store, Stamp::default()).stamp;
        crate::made::change(&mut other, &creation(1));
        let stop = tollgate_ledger::Change::StopTenant { tenant: "acme".to_owned() };
        let receipt = crate::made::change(&mut other, &stop);
        let reply = ask(&mut store, lease_of("b", waiting(1, 1, 1)), before, NOW).unwrap();
        let Reply::Lease(_, Some(tidings)) = reply else { panic!("{reply:?}") };
        assert_eq!((tidings.stamp, tidings.since), (receipt.stamp, before.epoch));
        assert_eq!((tidings.entries.len(), tidings.age_ms), (1, 0));
    });
}

#[test]
fn a_damaged_bucket_is_an_error_and_never_a_fresh_one() {
    let folder = Folder::new();
    let mut store = folder.store();
    let take =
        |store: &mut Store, bucket: &str, seq| exchange(store, bucket, waiting(1, seq, 20), NOW);
    take(&mut store, "whole", 1).unwrap();
    take(&mut store, "broken", 1).unwrap();
    let raw = rusqlite::Connection::open(folder.file("store.db")).unwrap();
    let whole: Vec<u8> = raw
        .query_row("SELECT state FROM buckets WHERE name = 'broken'", [], |row| row.get(0))
        .unwrap();
    let longer = [&whole[..], &[0]].concat();
    for damage in [&[][..], &[0], &whole[..whole.len() - 1], &longer] {
        raw.execute("UPDATE buckets SET state = ?1 WHERE name = 'broken'", [damage]).unwrap();
        let batch = errands(vec![
            lease_of("broken", waiting(2, 1, 20)),
            lease_of("whole", waiting(2, 1, 20)),
            lease_of("broken", waiting(3, 1, 20)),
        ]);
        let replies = store.answer(&batch, &ring(), NOW.plus(3_600_000));
        let damaged = StoreError::Damaged(OpenError::Bucket);
        assert_eq!(replies[0].1.as_ref().unwrap_err(), &damaged);
        assert!(replies[1].1.is_ok(), "one damaged bucket stops the others");
        assert_eq!(replies[2].1.as_ref().unwrap_err(), &damaged);
        let kept: Vec<u8> = raw
            .query_row("SELECT state FROM buckets WHERE name = 'broken'", [], |row| row.get(0))
            .unwrap();
        assert_eq!(kept, damage, "what is damaged was written over");
    }
}
