//! Changes: what is answered is committed, seen by everybody at once, and numbered once.

use std::{collections::BTreeSet, thread};

use tollgate_core::{
    head::Subject,
    record::State::{Active, Disabled, OwnerDisabled, Revoked, TenantDisabled},
    stamp::Stamp,
};
use tollgate_engine::Reply;
use tollgate_ledger::{Change, ChangeError, Ledger, LedgerError, Stopped};
use tollgate_store_sqlite::Store;

use crate::made::{
    Folder, NOW, ask, change, created_for, creation, each, id, lookup, secret, settings, state,
    tidings, wanted,
};

fn refused(result: Result<tollgate_ledger::Receipt, LedgerError>) -> ChangeError {
    match result.unwrap_err() {
        LedgerError::Refused(error) => error,
        error @ (LedgerError::Failed { .. }
        | LedgerError::Denied { .. }
        | LedgerError::Unknown { .. }) => panic!("{error}"),
    }
}

#[test]
fn a_change_is_seen_by_every_other_connection_as_soon_as_it_is_answered() {
    each(|mut store| {
        let mut other = store.beside().unwrap();
        assert_eq!(state(&mut other, 1), None);
        let (tenant, owner) = ("acme".to_owned(), "bob".to_owned());
        let rows = [
            (creation(1), Active),
            (Change::Disable { id: id(1) }, Disabled),
            (Change::Enable { id: id(1) }, Active),
            (Change::StopOwner { tenant: tenant.clone(), owner: owner.clone() }, OwnerDisabled),
            (Change::StopTenant { tenant: tenant.clone() }, TenantDisabled),
            (Change::ResumeOwner { tenant: tenant.clone(), owner }, TenantDisabled),
            (Change::ResumeTenant { tenant }, Active),
            (Change::Rotate { id: id(1), secret: secret(2), grace_ms: 5 }, Active),
            (Change::RevokeSecret { lookup: lookup(1) }, Revoked),
        ];
        for (one, expected) in rows {
            let receipt = change(&mut store, &one);
            assert!(receipt.noted);
            assert_eq!(state(&mut other, 1), Some((expected, receipt.stamp)), "{one:?}");
        }
        assert_eq!(state(&mut other, 2).unwrap().0, Active);
        let receipt = change(&mut store, &Change::Revoke { id: id(1) });
        assert_eq!(state(&mut other, 2), Some((Revoked, receipt.stamp)));
    });
}

#[test]
fn a_revocation_is_in_the_head_of_every_other_connection_at_once() {
    each(|mut store| {
        let mut other = store.beside().unwrap();
        let known = change(&mut store, &creation(1)).stamp;
        let answer = ask(&mut other, wanted(1), known, NOW).unwrap();
        assert!(
            matches!(answer, Reply::Record(Some(_), Some(tidings)) if tidings.entries.is_empty())
        );
        let receipt = change(&mut store, &Change::Revoke { id: id(1) });
        let told = tidings(&mut other, known);
        assert_eq!((told.stamp, told.since), (receipt.stamp, known.epoch));
        let [entry] = told.entries[..] else { panic!("{told:?}") };
        assert_eq!(entry.epoch, receipt.stamp.epoch);
        assert!(matches!(entry.subject, Subject::Key { key, .. } if key.as_str() == "key_1"));
    });
}

#[test]
fn a_record_and_its_head_are_of_one_read() {
    each(|mut store| {
        let receipt = change(&mut store, &creation(1));
        for number in [1, 2] {
            let reply = ask(&mut store, wanted(number), Stamp::default(), NOW).unwrap();
            let Reply::Record(Some(_), Some(tidings)) = reply else { panic!("{reply:?}") };
            assert_eq!(tidings.stamp, receipt.stamp);
        }
        assert_eq!(state(&mut store, 1).unwrap().1, receipt.stamp);
    });
}

#[test]
fn no_epoch_is_used_twice_whoever_writes() {
    let folder = Folder::new();
    let first = folder.store();
    let writer = |number: u32| {
        let mut store = first.beside().unwrap();
        thread::spawn(move || {
            let changes = (0..25).map(|offset| creation(number * 1_000 + offset));
            changes.map(|one| change(&mut store, &one).stamp.epoch).collect::<Vec<_>>()
        })
    };
    let writers: Vec<_> = (0..4).map(writer).collect();
    let mut epochs = BTreeSet::new();
    for writer in writers {
        for epoch in writer.join().unwrap() {
            assert!(epochs.insert(epoch), "epoch {epoch} was given twice");
        }
    }
    assert_eq!(epochs, (2..102).collect());
}

#[test]
fn a_change_that_is_refused_takes_no_epoch_and_leaves_nothing() {
    each(|mut store| {
        let stamp = change(&mut store, &creation(1)).stamp;
        assert_eq!(refused(store.change(&creation(1), NOW)), ChangeError::KeyExists);
        let same_secret = Change::Create {
            id: "other".to_owned(),
            name: None,
            settings: settings("acme", "bob"),
            secret: secret(1),
        };
        assert_eq!(refused(store.change(&same_secret, NOW)), ChangeError::LookupTaken);
        let enable = Change::Enable { id: id(9) };
        assert_eq!(refused(store.change(&enable, NOW)), ChangeError::UnknownKey);
        let stop = Change::StopOwner { tenant: "acme".to_owned(), owner: "bobb".to_owned() };
        assert_eq!(refused(store.change(&stop, NOW)), ChangeError::UnknownOwner);
        let stop = Change::StopTenant { tenant: "acmee".to_owned() };
        assert_eq!(refused(store.change(&stop, NOW)), ChangeError::UnknownTenant);
        assert_eq!(store.stamp().unwrap(), stamp);
        assert!(store.key("other").unwrap().is_none());
    });
}

#[test]
fn a_change_that_fails_half_way_has_not_happened() {
    let folder = Folder::new();
    let mut store = folder.store();
    let stamp = change(&mut store, &creation(1)).stamp;
    let before = tidings(&mut store, Stamp::default());
    let raw = rusqlite::Connection::open(folder.file("store.db")).unwrap();
    // The outbox is written last: everything else of the change has been written by then.
    raw.execute_batch(
        "CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'no room'); END",
    )
    .unwrap();
    for one in [Change::Revoke { id: id(1) }, creation(2)] {
        let error = store.change(&one, NOW).unwrap_err();
        assert!(matches!(error, LedgerError::Failed { .. }));
        assert_eq!(state(&mut store, 1), Some((Active, stamp)));
        assert_eq!(state(&mut store, 2), None);
        let after = tidings(&mut store, Stamp::default());
        assert_eq!((after.stamp, after.entries), (stamp, before.entries.clone()));
    }
    raw.execute_batch("DROP TRIGGER full").unwrap();
    let receipt = change(&mut store, &Change::Revoke { id: id(1) });
    assert_eq!(receipt.stamp.epoch, stamp.epoch + 1);
}

#[test]
fn an_outbox_row_says_what_is_to_be_published_since_when() {
    let folder = Folder::new();
    let mut store = folder.store();
    change(&mut store, &creation(1));
    change(&mut store, &created_for(2, settings("acme", "eve")));
    change(&mut store, &Change::StopOwner { tenant: "acme".to_owned(), owner: "eve".to_owned() });
    let last = change(&mut store, &Change::Disable { id: id(1) }).stamp.epoch;
    let raw = rusqlite::Connection::open(folder.file("store.db")).unwrap();
    let mut rows = raw.prepare("SELECT kind, id, epoch FROM outbox ORDER BY epoch").unwrap();
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let rows: Vec<(String, String, u64)> =
        rows.query_map([], row).unwrap().map(Result::unwrap).collect();
    let of = |kind: &str, id: String, epoch| (kind.to_owned(), id, epoch);
    let expected = [
        of("lookup", lookup(2).to_string(), last - 2),
        of("owner", "eve".to_owned(), last - 1),
        of("lookup", lookup(1).to_string(), last),
    ];
    assert_eq!(rows, expected);
}

#[test]
fn who_is_stopped_can_be_asked() {
    each(|mut store| {
        change(&mut store, &creation(1));
        change(&mut store, &created_for(2, settings("other", "bob")));
        let stops = |store: &mut Store, tenant| {
            let Stopped { owner, tenant } = store.stopped(tenant, "bob").unwrap();
            (owner, tenant)
        };
        assert_eq!(stops(&mut store, "acme"), (false, false));
        let (tenant, owner) = ("acme".to_owned(), "bob".to_owned());
        change(&mut store, &Change::StopOwner { tenant: tenant.clone(), owner });
        assert_eq!(stops(&mut store, "acme"), (true, false));
        change(&mut store, &Change::StopTenant { tenant });
        assert_eq!(stops(&mut store, "acme"), (true, true));
        assert_eq!(stops(&mut store, "other"), (false, false));
    });
}
