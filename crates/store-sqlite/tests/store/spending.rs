//! What is spent where buckets are kept, beside those who lease of them: never more in sum than there is.

use std::thread;

use tollgate_control::{Balance, Books, BooksError, Caller, Seen, Spending, Tokens};
use tollgate_core::{
    bucket::Wait,
    limit::{Numbers, Period},
    stamp::Stamp,
    time::UnixMillis,
};
use tollgate_ledger::LedgerError;
use tollgate_store_sqlite::Store;
use tollgate_testkit::{Random, full};

use crate::made::{Folder, Holder, NOW, change, creation, each, exchange, lookup, plain_ask};

const BUCKET: &str = "acme/key/key_1/total";

fn tokens(bucket: &str, numbers: Numbers) -> Tokens {
    let changed = Stamp { incarnation: 1, epoch: 1 };
    Tokens { bucket: bucket.to_owned(), numbers, changed }
}

fn seen(store: &mut Store) -> Seen {
    store.caller(lookup(1)).unwrap().unwrap()
}

fn spend(
    store: &mut Store,
    (seen, tokens): (&Seen, &[Tokens]),
    (cost, dry_run): (u32, bool),
    now: UnixMillis,
) -> Vec<Balance> {
    let caller = Caller::Command;
    let spending = Spending { caller: &caller, lookup: lookup(1), seen, tokens, cost, dry_run };
    loop {
        match store.spend(&spending, now) {
            Ok(balances) => return balances,
            // Somebody else writes.
            Err(BooksError::Ledger(LedgerError::Failed { .. })) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
}

fn taken(balances: &[Balance]) -> bool {
    balances.iter().all(|balance| balance.refused.is_none())
}

#[test]
fn a_limit_of_n_admits_n_in_sum_of_those_who_lease_and_those_who_ask() {
    let count = if full() { 6_000 } else { 600 };
    each(|mut store| {
        change(&mut store, &creation(1));
        let quota = Numbers::quota(count.into(), Period::Total).unwrap();
        let seen = seen(&mut store);
        let run = |number: u8| {
            let (mut store, seen) = (store.beside().unwrap(), seen.clone());
            move || {
                let tokens = [tokens(BUCKET, quota)];
                let mut holder = Holder::new([number + 1; 16], quota);
                let mut admit = || match number {
                    0 | 1 => taken(&spend(&mut store, (&seen, &tokens), (1, false), NOW)),
                    _ => holder.admit(&mut store, BUCKET, 1, NOW),
                };
                let mut admitted = 0;
                while admit() {
                    admitted += 1;
                }
                admitted
            }
        };
        let threads: Vec<_> = (0..4).map(|number| thread::spawn(run(number))).collect();
        let sum: u32 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
        assert_eq!(sum, count);
    });
}

/// Whoever spends when: in no window more than the bucket holds and gains.
#[test]
fn in_every_window_no_more_passes_than_one_bucket_would_let() {
    for seed in 0..if full() { 400 } else { 40 } {
        let mut random = Random::new(seed);
        let mut store = Store::memory().unwrap();
        change(&mut store, &creation(1));
        let seen = seen(&mut store);
        let (burst, rate) = (random.within(1, 80), random.within(1, 50));
        let numbers = Numbers::steady(burst, rate, 1_000).unwrap();
        let tokens = [tokens(BUCKET, numbers)];
        let mut holders = [1, 2].map(|number| Holder::new([number; 16], numbers));
        let (mut passed, mut now) = (vec![], NOW);
        for _ in 0..150 {
            now = now.plus(random.below(120));
            let cost = u32::try_from(random.within(1, 4)).unwrap();
            let admitted = match random.below(3) {
                0 => taken(&spend(&mut store, (&seen, &tokens), (cost, false), now)),
                1 => holders[0].admit(&mut store, BUCKET, cost, now),
                _ => holders[1].admit(&mut store, BUCKET, cost, now),
            };
            if admitted {
                passed.push((now, u64::from(cost)));
            }
        }
        for (at, &(from, _)) in passed.iter().enumerate() {
            let mut sum = 0;
            for &(until, cost) in &passed[at..] {
                sum += cost;
                let gained = until.since(from) * rate / 1_000;
                assert!(sum <= burst + gained, "seed {seed}: {sum} within {}", until.since(from));
            }
        }
        assert!(passed.len() > 5, "seed {seed}: {}", passed.len());
    }
}

#[test]
fn each_spending_is_one_of_its_own_and_what_is_refused_or_dry_leaves_everything_as_it_was() {
    each(|mut store| {
        change(&mut store, &creation(1));
        let seen = seen(&mut store);
        let numbers = Numbers::steady(10, 1, 1_000).unwrap();
        let small = Numbers::quota(3, Period::Total).unwrap();
        let both = [tokens(BUCKET, numbers), tokens("acme/key/key_1/all", small)];
        let mut stand = |cost, dry| {
            let of = spend(&mut store, (&seen, &both), (cost, dry), NOW);
            (of[0].left, of[1].left, of[0].refused, of[1].refused)
        };
        assert_eq!(stand(2, true), (8, 1, None, None));
        assert_eq!(stand(2, true), (8, 1, None, None));
        assert_eq!(stand(2, false), (8, 1, None, None));
        // The quota has not enough: nothing is taken from the limit either.
        assert_eq!(stand(2, false), (6, 1, None, Some(Wait::Never)));
        assert_eq!(stand(9, false), (8, 1, Some(Wait::Later(1_000)), Some(Wait::Never)));
        assert_eq!(stand(1, false), (7, 0, None, None));
        assert_eq!(stand(0, false), (7, 0, None, None));
        // Whoever leases is told the same.
        let lease = exchange(&mut store, BUCKET, plain_ask(1, 1, numbers, 7), NOW).unwrap();
        assert_eq!((lease.granted_waiting, lease.left), (7, 0));
        let of = spend(&mut store, (&seen, &both[..1]), (1, false), NOW);
        assert!(!taken(&of), "what is out is not there");
    });
}

#[test]
fn more_who_lease_than_there_is_room_for_are_no_reason_to_spend_what_is_not_there() {
    let folder = Folder::new();
    let mut store = folder.store();
    change(&mut store, &creation(1));
    let seen = seen(&mut store);
    let numbers = Numbers::quota(1_000, Period::Total).unwrap();
    let holders = u8::try_from(tollgate_store_sqlite::HOLDERS).unwrap();
    for number in 0..holders {
        let lease = exchange(&mut store, BUCKET, plain_ask(number, 1, numbers, 1), NOW).unwrap();
        assert_eq!(lease.granted_waiting, 1);
    }
    // Every place is taken by somebody who has something out: whoever comes is refused, and waits.
    let of = spend(&mut store, (&seen, &[tokens(BUCKET, numbers)]), (1, false), NOW);
    assert!(!taken(&of));
    let later = NOW.plus(10_000);
    let of = spend(&mut store, (&seen, &[tokens(BUCKET, numbers)]), (1, false), later);
    assert_eq!((taken(&of), of[0].left), (true, 1_000 - u32::from(holders) - 1));
}
