//! Several publishers at once.

use std::{collections::BTreeSet, thread};

use tollgate_ledger::{Change, Ledger};

use crate::{
    local::Place,
    made::{change, created_for, creation, id, settings},
};

#[test]
fn two_publishers_use_every_epoch_once_and_the_head_tells_all() {
    let place = Place::new();
    let first = place.head().stamp.epoch;
    let writer = |number: u32| {
        let mut publisher = place.publisher();
        thread::spawn(move || {
            let mut epochs = vec![];
            for offset in 0..100 {
                let key = number * 1_000 + offset;
                let tenant = format!("tenant{}", key % 7);
                let created = created_for(key, settings(&tenant, "bob"));
                epochs.push(change(&mut publisher, &created).stamp.epoch);
                let revoked = change(&mut publisher, &Change::Revoke { id: id(key) });
                epochs.push(revoked.stamp.epoch);
            }
            epochs
        })
    };
    let writers: Vec<_> = (1..=2).map(writer).collect();
    let mut epochs = BTreeSet::new();
    for writer in writers {
        for epoch in writer.join().unwrap() {
            assert!(epochs.insert(epoch), "epoch {epoch} was given twice");
        }
    }
    assert_eq!(epochs, (first + 1..first + 401).collect());
    let head = place.head();
    assert_eq!(head.stamp.epoch, first + 400);
    // A creation takes an epoch and no entry; every revocation is told, once.
    let entries = place.entries();
    assert_eq!(entries.len(), 200);
    assert!(entries.is_sorted_by(|one, other| one.entry.epoch < other.entry.epoch));
    let told: BTreeSet<u64> = entries.iter().map(|dated| dated.entry.epoch).collect();
    assert!(told.is_subset(&epochs) && entries[0].entry.epoch > head.floor);
    assert!(!head.pages.is_empty(), "200 entries do not stand in one item");
    // What counts keys has counted all of them.
    let mut publisher = place.publisher();
    let tenants = publisher.tenants(None, 100).unwrap();
    assert_eq!(tenants.iter().map(|tenant| tenant.keys).sum::<u64>(), 200);
    assert_eq!(publisher.keys(None, 1_000, None).unwrap().keys.len(), 200);
}

#[test]
fn of_two_who_make_the_same_key_one_is_told_that_it_exists() {
    let place = Place::new();
    for number in 0..10 {
        let make = || {
            let mut publisher = place.publisher();
            thread::spawn(move || publisher.change(&creation(number), crate::made::NOW).is_ok())
        };
        let both = [make(), make()];
        let made = both.map(|one| one.join().unwrap());
        assert_eq!(made.iter().filter(|made| **made).count(), 1, "{made:?}");
    }
    let mut publisher = place.publisher();
    assert_eq!(publisher.tenants(None, 1).unwrap()[0].keys, 10);
}
