//! What is asked of the table itself: what stands where after changes, and what it takes to make them.

use tollgate_core::{
    limit::LimitScope,
    record::State::{Active, Revoked},
};
use tollgate_ledger::{Change, Ledger, LedgerError};

use crate::{
    local::Place,
    made::{NOW, change, created_for, creation, find, id, limit, lookup, secret, settings, text},
};

#[test]
fn records_are_committed_with_their_change() {
    let place = Place::new();
    let mut publisher = place.publisher();
    let created = change(&mut publisher, &creation(1)).stamp;
    assert_eq!(place.record(1), Some((Active, created)));
    let rotate = Change::Rotate { id: id(1), secret: secret(2), grace_ms: 60_000 };
    let rotated = change(&mut publisher, &rotate).stamp;
    assert_eq!(
        (place.record(1), place.record(2)),
        (Some((Active, rotated)), Some((Active, rotated)))
    );
    let revoked = change(&mut publisher, &Change::RevokeSecret { lookup: lookup(1) }).stamp;
    assert_eq!(place.record(1), Some((Revoked, revoked)));
    let revoked = change(&mut publisher, &Change::Revoke { id: id(1) }).stamp;
    assert_eq!(place.record(2), Some((Revoked, revoked)));
    assert_eq!((place.head().pending, place.outbox()), (0, 0));
}

fn names(place: &Place) -> Vec<String> {
    let items = place.items();
    let name = |item: &_| format!("{} {}", text(item, "pk"), text(item, "sk"));
    let mut names: Vec<String> = items.iter().map(name).collect();
    names.sort();
    names
}

#[test]
fn nothing_is_left_behind_where_keys_move_and_end() {
    let place = Place::new();
    let mut publisher = place.publisher();
    let mut first = settings("acme", "bob");
    change(&mut publisher, &created_for(1, first.clone()));
    let update = |settings| Change::Update { id: id(1), settings, expected: None };
    first.owner = "eve".to_owned();
    change(&mut publisher, &update(first.clone()));
    let key = "key#key_00001";
    let mut expected = vec![
        "head head".to_owned(),
        format!("keys {key}"),
        format!("owner#acme#eve {key}"),
        format!("record#{} record", lookup(1)),
        format!("tenant#acme {key}"),
        "tenant#acme owner#eve".to_owned(),
        "tenants tenant#acme".to_owned(),
    ];
    assert_eq!(names(&place), expected);
    first.limits = vec![limit("shared", LimitScope::Owner, 5)];
    change(&mut publisher, &update(first.clone()));
    let both = [key, "limit"].map(|sk| format!("limit#acme/owner/eve#shared {sk}"));
    expected.extend(both);
    expected.sort();
    assert_eq!(names(&place), expected);
    change(&mut publisher, &Change::Revoke { id: id(1) });
    expected.retain(|name| !name.starts_with("limit#"));
    assert_eq!(names(&place), expected);
}

#[test]
fn secrets_that_a_key_forgets_leave_their_records() {
    let place = Place::new();
    let mut publisher = place.publisher();
    change(&mut publisher, &creation(1));
    let mut now = NOW;
    for number in 2..20 {
        now = now.plus(10);
        let rotate = Change::Rotate { id: id(1), secret: secret(number), grace_ms: 1 };
        publisher.change(&rotate, now).unwrap();
    }
    let key = publisher.key(&id(1)).unwrap().unwrap();
    assert_eq!(key.secrets.len(), 16);
    let items = place.items();
    for number in 1..20 {
        let kept = key.secret(lookup(number)).is_some();
        let record = find(&items, &format!("record#{}", lookup(number)), "record");
        assert_eq!(record.is_some(), kept, "secret {number}");
    }
    assert_eq!(publisher.key_of(lookup(1)).unwrap(), None);
}

#[test]
fn a_damaged_document_is_told_and_changes_nothing() {
    let place = Place::new();
    let mut publisher = place.publisher();
    change(&mut publisher, &creation(1));
    let stamp = change(&mut publisher, &creation(2)).stamp;
    let mut item = find(&place.items(), "keys", "key#key_00001").unwrap();
    item.insert("document".to_owned(), aws_sdk_dynamodb::types::AttributeValue::S("{}".to_owned()));
    place.put(item);
    let error = publisher.change(&Change::Disable { id: id(1) }, NOW).unwrap_err();
    assert!(matches!(error, LedgerError::Failed { .. }) && error.code() == "store_damaged");
    assert_eq!(publisher.stamp().unwrap(), stamp);
    change(&mut publisher, &Change::Disable { id: id(2) });
}
