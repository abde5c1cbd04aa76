//! Stops and shared numbers: one entry at once, the records afterwards.

use std::thread;

use tollgate_core::{
    head::Subject,
    limit::LimitScope,
    record::State::{Active, OwnerDisabled, Revoked, TenantDisabled},
};
use tollgate_ledger::{Change, Ledger, Renumbered};
use tollgate_store_dynamodb::Point;

use crate::{
    local::Place,
    made::{
        change, created_for, id, limit, recorded, resume_tenant, settings, stop_owner, stop_tenant,
    },
};

/// Keys of one tenant: more than are written with the stop itself.
const KEYS: u32 = 130;

fn with_keys() -> Place {
    let place = Place::new();
    let mut publisher = place.publisher();
    for number in 0..KEYS {
        let owner = if number % 2 == 0 { "even" } else { "odd" };
        change(&mut publisher, &created_for(number, settings("acme", owner)));
    }
    place
}

#[test]
fn a_stop_is_one_entry_and_its_records_follow() {
    let place = with_keys();
    let mut publisher = place.publisher();
    let stop = change(&mut publisher, &stop_tenant("acme")).stamp;
    let head = place.head();
    assert_eq!(head.stamp, stop);
    let [told] = head.entries[..] else { panic!("{head:?}") };
    assert!(matches!(told.entry.subject, Subject::Tenant { tenant } if tenant.as_str() == "acme"));
    // Not all of them are written before it is answered, and whoever reads is told so.
    assert_eq!((head.pending, place.outbox()), (stop.epoch, 1));
    let items = place.items();
    let written = (0..KEYS).filter(|&key| recorded(&items, key).unwrap().0 == TenantDisabled);
    let written = written.count();
    assert!((50..130).contains(&written), "{written} records are written");
    // Whoever comes next finishes it, and nobody's epoch is used for that.
    let done = place.publisher().publish(1_000).unwrap();
    assert!(done.all);
    let (items, head) = (place.items(), place.head());
    for number in 0..KEYS {
        assert_eq!(recorded(&items, number).unwrap().0, TenantDisabled, "{number}");
    }
    assert_eq!((head.pending, head.stamp, place.outbox()), (0, stop, 0));
}

#[test]
fn a_later_change_finishes_what_an_earlier_one_left() {
    let place = with_keys();
    // Somebody without peppers can stop a tenant, and write no record.
    let stop = change(&mut place.blind(), &stop_owner("acme", "even")).stamp;
    assert_eq!(place.record(0).unwrap().0, Active);
    let resumed = change(&mut place.blind(), &resume_tenant("acme")).stamp;
    let head = place.head();
    assert_eq!((head.pending, place.outbox()), (stop.epoch, 2), "the lowest is pending");
    let mut publisher = place.publisher();
    change(&mut publisher, &Change::Disable { id: id(1) });
    assert!(place.head().pending >= stop.epoch);
    while !publisher.publish(40).unwrap().all {
        let pending = place.head().pending;
        assert!(pending == stop.epoch || pending == resumed.epoch || pending == 0);
    }
    let items = place.items();
    assert_eq!(recorded(&items, 0).unwrap().0, OwnerDisabled);
    assert_eq!(recorded(&items, 3).unwrap().0, Active);
    assert_eq!(place.head().pending, 0);
}

#[test]
fn a_record_is_written_over_an_older_one_alone() {
    let place = Place::new();
    let mut publisher = place.publisher();
    for number in [1, 2] {
        change(&mut publisher, &created_for(number, settings("acme", "bob")));
    }
    change(&mut place.blind(), &stop_tenant("acme"));
    // When the first record is written, the second has been read, and is revoked by somebody else before it is written.
    let (mut other, mut revoked) = (Some(place.publisher()), false);
    publisher.watch(move |point| {
        if point == Point::RecordWritten
            && let Some(mut other) = other.take()
        {
            let revoke = Change::Revoke { id: id(2) };
            thread::spawn(move || change(&mut other, &revoke)).join().unwrap();
            revoked = true;
        }
        assert!(revoked || point == Point::RowRead, "{point:?}");
    });
    assert!(publisher.publish(100).unwrap().all);
    assert_eq!(place.record(1).unwrap().0, TenantDisabled);
    let (state, as_of) = place.record(2).unwrap();
    assert_eq!((state, as_of), (Revoked, place.head().stamp));
}

#[test]
fn shared_numbers_change_in_one_transaction_for_any_number_of_keys() {
    let place = Place::new();
    let mut publisher = place.publisher();
    for number in 0..KEYS {
        let mut settings = settings("acme", "bob");
        settings.limits = vec![limit("all", LimitScope::Tenant, 5)];
        change(&mut publisher, &created_for(number, settings));
    }
    let (tenant, owner) = ("acme".to_owned(), String::new());
    let spec = Renumbered::Limit(limit("all", LimitScope::Tenant, 9));
    let receipt = change(&mut publisher, &Change::Renumber { tenant, owner, spec });
    assert_eq!(receipt.others, usize::try_from(KEYS).unwrap());
    for number in [0, KEYS - 1] {
        let key = publisher.key(&id(number)).unwrap().unwrap();
        let limit = &key.settings.limits[0];
        assert_eq!((limit.burst, limit.changed, key.changed), (9, receipt.stamp, receipt.stamp));
    }
    let page = publisher.keys(None, 1_000, Some("acme")).unwrap();
    assert!(page.keys.iter().all(|key| key.settings.limits[0].burst == 9));
    while !publisher.publish(1_000).unwrap().all {}
    let items = place.items();
    for number in 0..KEYS {
        let item =
            crate::made::find(&items, &format!("record#{}", crate::made::lookup(number)), "record");
        let text = crate::made::text(&item.unwrap(), "text").to_owned();
        assert!(text.contains("\"all\"") && !text.contains("\"burst\":5"), "{text}");
    }
}
