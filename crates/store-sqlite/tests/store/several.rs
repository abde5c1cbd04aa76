//! Several changes in one work of the control plane: each is told to gates, and all are made or none.

use tollgate_control::{
    Act, Books, BooksError, Caller, DocumentId, DocumentKind, Done, Held, Told, Work,
};
use tollgate_core::stamp::Stamp;
use tollgate_ledger::{Change, KeyState, Ledger};
use tollgate_store_sqlite::Store;

use crate::made::{Folder, NOW, change, creation, id, tidings};

const READER: DocumentId<'_> =
    DocumentId { kind: DocumentKind::Role, tenant: "acme", name: "reader" };

/// A store in which there are three keys, and how far it has come.
fn store(folder: &Folder) -> (Store, Stamp) {
    let mut store = folder.store();
    for number in 1..=3 {
        change(&mut store, &creation(number));
    }
    let stamp = store.stamp().unwrap();
    (store, stamp)
}

/// Says something of a role, and makes changes of keys.
fn worked(store: &mut Store, held: &[Held<'_>], changes: &[Change]) -> Result<Done, BooksError> {
    let subject = "reader";
    let told = |subject| Told {
        tenant: "acme",
        operation: "roles.update",
        subject,
        from: None,
        request: "1",
    };
    let document = Some((READER, Some("{}")));
    let mut acts = vec![Act { document, ..Act::of(told(subject)) }];
    let ids = [id(1), id(2), id(3), id(4)];
    acts.extend(ids.iter().zip(changes).map(|(id, change)| Act {
        change: Some(change),
        key: Some(id),
        ..Act::of(told(id))
    }));
    store.work(&Work { caller: &Caller::Command, held, acts: &acts, retry: None }, NOW)
}

fn disable(number: u32) -> Change {
    Change::Disable { id: id(number) }
}

#[test]
fn each_of_several_changes_has_its_epoch_its_entry_and_its_row_in_the_outbox() {
    let folder = Folder::new();
    let (mut store, before) = store(&folder);
    let raw = rusqlite::Connection::open(folder.file("store.db")).unwrap();
    raw.execute("DELETE FROM outbox", []).unwrap();
    let done = worked(&mut store, &[], &[disable(1), disable(2), disable(3)]).unwrap();
    let Done::Made { stamp, filed } = done else { panic!("it was made before") };
    assert_eq!(stamp, Some(Stamp { epoch: before.epoch + 3, ..before }));
    assert_eq!(filed.unwrap().key.id, id(3));
    let told = tidings(&mut store, before);
    let epochs: Vec<u64> = told.entries.iter().map(|entry| entry.epoch).collect();
    assert_eq!(epochs, [before.epoch + 1, before.epoch + 2, before.epoch + 3]);
    let count = |table: &str| -> u64 {
        raw.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    assert_eq!((count("outbox"), count("audit"), count("documents")), (3, 4, 1));
}

/// Nothing of what was not kept is in the head that a connection has in its memory: another may take the same epoch.
#[test]
fn a_refusal_of_one_of_several_leaves_nothing_behind() {
    let folder = Folder::new();
    let (mut store, before) = store(&folder);
    let unknown = Change::Disable { id: id(4) };
    let refused = worked(&mut store, &[], &[disable(1), disable(2), disable(3), unknown]);
    assert!(matches!(refused, Err(BooksError::OfKey { id: of, .. }) if of == id(4)));
    assert_eq!(store.stamp().unwrap(), before);
    assert!(store.audit(Some("acme"), 0, 10).unwrap().is_empty());
    assert_eq!(Books::document(&mut store, READER).unwrap().document, None);
    for number in 1..=3 {
        let key = Ledger::key(&mut store, &id(number)).unwrap().unwrap();
        assert_eq!(key.state, KeyState::Active);
    }
    let mut other = store.beside().unwrap();
    // As many as were refused, so that epochs alone do not tell one from the other.
    for number in [3, 2, 3] {
        change(&mut other, &disable(number));
    }
    let mut fresh = store.beside().unwrap();
    let (known, told) = (tidings(&mut store, before), tidings(&mut fresh, before));
    assert_eq!(known.stamp, Stamp { epoch: before.epoch + 3, ..before });
    assert_eq!((known.stamp, known.entries), (told.stamp, told.entries));
}

#[test]
fn what_was_made_from_something_else_is_not_made() {
    let folder = Folder::new();
    let (mut store, before) = store(&folder);
    let free = [Held::Document(READER, None), Held::Carriers(READER, 0), Held::Unused(READER)];
    for held in [
        Held::Document(READER, Some("{}")),
        Held::Document(READER, Some("")),
        Held::Carriers(READER, 1),
        Held::Unused(DocumentId { kind: DocumentKind::Tenant, tenant: "acme", name: "" }),
    ] {
        let held = [free[0], free[1], free[2], held];
        let moved = worked(&mut store, &held, &[disable(1)]);
        assert!(matches!(moved, Err(BooksError::Moved)), "{held:?}");
    }
    assert_eq!(store.stamp().unwrap(), before);
    worked(&mut store, &free, &[disable(1)]).unwrap();
    let kept = [Held::Document(READER, Some("{}"))];
    worked(&mut store, &kept, &[disable(1)]).unwrap();
    let moved = worked(&mut store, &free[..1], &[disable(1)]);
    assert!(matches!(moved, Err(BooksError::Moved)));
}
