//! A table that was put back.

use tollgate_core::{record::State::Active, time::UnixMillis};
use tollgate_ledger::{Change, Ledger, LedgerError};

use crate::{
    local::Place,
    made::{NOW, change, creation, id},
};

#[test]
fn a_restore_begins_an_incarnation_in_which_no_record_is_believed() {
    let place = Place::new();
    let mut publisher = place.publisher();
    change(&mut publisher, &creation(1));
    change(&mut publisher, &Change::Disable { id: id(1) });
    let before = change(&mut publisher, &Change::Enable { id: id(1) }).stamp;
    let mut other = place.publisher();
    other.stamp().unwrap();
    let stamp = publisher.restore(NOW).unwrap();
    assert!(stamp.incarnation > before.incarnation && stamp.epoch == before.epoch);
    let head = place.head();
    assert_eq!((head.stamp, head.floor, head.pending), (stamp, stamp.epoch, stamp.epoch));
    assert!(place.entries().is_empty());
    assert_eq!(place.record(1).unwrap(), (Active, before), "of the old incarnation");
    // Whoever had read the old head makes its change in the new one.
    let after = change(&mut other, &creation(2)).stamp;
    assert_eq!((after.incarnation, after.epoch), (stamp.incarnation, stamp.epoch + 1));
    assert!(publisher.publish(100).unwrap().all);
    assert_eq!(place.record(1).unwrap().1.incarnation, stamp.incarnation);
    assert_eq!(place.head().pending, 0);
}

#[test]
fn two_restores_of_one_copy_do_not_begin_the_same_incarnation() {
    let (one, other) = (Place::new(), Place::new());
    let first = one.publisher().restore(NOW).unwrap();
    let second = other.publisher().restore(UnixMillis(NOW.0 + 1_000)).unwrap();
    assert!(second.incarnation > first.incarnation);
    // A clock that has stepped back takes nothing back.
    let third = one.publisher().restore(UnixMillis(NOW.0 - 1_000_000)).unwrap();
    assert!(third.incarnation > first.incarnation);
}

#[test]
fn what_is_no_ledger_is_not_made_one_by_the_way() {
    let place = Place::bare();
    let mut publisher = place.publisher();
    let says = |error: LedgerError| format!("{error}: {:?}", std::error::Error::source(&error));
    assert!(says(publisher.stamp().unwrap_err()).contains("init --target dynamodb"));
    let made = publisher.make_tables().unwrap();
    assert!(made.iter().all(|table| table.made));
    assert!(publisher.make_tables().unwrap().iter().all(|table| !table.made));
    assert!(says(publisher.change(&creation(1), NOW).unwrap_err()).contains("holds no ledger"));
    assert!(says(publisher.restore(NOW).unwrap_err()).contains("holds no ledger"));
    assert!(publisher.begin(NOW).unwrap().is_some());
    assert!(publisher.begin(NOW).unwrap().is_none());
}
