//! Who is stopped, and since when.

use tollgate_core::time::UnixMillis;
use tollgate_ledger::{Change, Holder, Ledger, PAGE_MAX};

use crate::made::{Folder, NOW, change, created_for, each, id, settings};

fn holder(name: &str, keys: u64, since: Option<UnixMillis>, owners_stopped: u64) -> Holder {
    Holder { name: name.to_owned(), keys, stopped: since.is_some(), since, owners_stopped }
}

fn stop_owner(owner: &str) -> Change {
    Change::StopOwner { tenant: "acme".to_owned(), owner: owner.to_owned() }
}

#[test]
fn tenants_and_owners_are_told_with_their_stops_and_since_when() {
    each(|mut store| {
        for (number, (tenant, owner)) in
            [("acme", "ann"), ("acme", "bob"), ("acme", "bob"), ("zoo", "bob")].iter().enumerate()
        {
            let number = u32::try_from(number).unwrap();
            change(&mut store, &created_for(number, settings(tenant, owner)));
        }
        let none = [holder("acme", 3, None, 0), holder("zoo", 1, None, 0)];
        assert_eq!(store.tenants(None, 10).unwrap(), none);
        let later = UnixMillis(NOW.0 + 5);
        store.change(&stop_owner("bob"), NOW).unwrap();
        // The second time, it is stopped already.
        store.change(&stop_owner("bob"), later).unwrap();
        store.change(&Change::StopTenant { tenant: "zoo".to_owned() }, later).unwrap();
        let tenants = [holder("acme", 3, None, 1), holder("zoo", 1, Some(later), 0)];
        assert_eq!(store.tenants(None, 10).unwrap(), tenants);
        let owners = [holder("ann", 1, None, 0), holder("bob", 2, Some(NOW), 0)];
        assert_eq!(store.owners("acme", None, 10).unwrap(), owners);
        // A tenant's stop is not its owners'.
        assert_eq!(store.owners("zoo", None, 10).unwrap(), [holder("bob", 1, None, 0)]);
        assert_eq!(store.owners("nobody", None, 10).unwrap(), []);
        // Who has no key any more is stopped all the same.
        for number in 1..3 {
            let settings = settings("acme", "ann");
            change(&mut store, &Change::Update { id: id(number), settings, expected: None });
        }
        let owners = [holder("ann", 3, None, 0), holder("bob", 0, Some(NOW), 0)];
        assert_eq!(store.owners("acme", None, 10).unwrap(), owners);
        change(&mut store, &Change::ResumeTenant { tenant: "zoo".to_owned() });
        assert_eq!(store.tenants(Some("acme"), 10).unwrap(), [holder("zoo", 1, None, 0)]);
    });
}

#[test]
fn no_page_of_holders_is_longer_than_asked_for() {
    each(|mut store| {
        for number in 0..5 {
            let name = format!("t{number}");
            change(&mut store, &created_for(number, settings(&name, "bob")));
            change(&mut store, &created_for(number + 10, settings("zoo", &name)));
        }
        for limit in [1, 3, 6] {
            assert_eq!(store.tenants(None, limit).unwrap().len(), limit);
            assert_eq!(store.owners("zoo", None, limit).unwrap().len(), limit.min(5));
        }
        assert_eq!(store.tenants(None, PAGE_MAX + 1).unwrap().len(), 6);
        assert_eq!(store.owners("zoo", Some("t3"), 9).unwrap(), [holder("t4", 1, None, 0)]);
    });
}

#[test]
fn who_has_no_key_is_told_of_all_the_same() {
    let folder = Folder::new();
    let mut store = folder.store();
    change(&mut store, &created_for(1, settings("acme", "ann")));
    let raw = rusqlite::Connection::open(folder.file("store.db")).unwrap();
    for (kind, tenant, name) in [
        ("tenant", "made", ""),
        ("owner", "acme", "eve"),
        ("owner", "acme", "zed"),
        ("role", "roles", "r"),
        ("owner", "of", "x"),
    ] {
        let row = (kind, tenant, name, "{}");
        raw.execute(tollgate_store_sqlite::statements::DOCUMENT_KEPT, row).unwrap();
    }
    change(&mut store, &stop_owner("zed"));
    let tenants = [
        holder("acme", 1, None, 1),
        holder("made", 0, None, 0),
        holder("of", 0, None, 0),
        holder("roles", 0, None, 0),
    ];
    assert_eq!(store.tenants(None, 10).unwrap(), tenants);
    assert_eq!(store.tenants(Some("acme"), 2).unwrap(), tenants[1..3]);
    let owners =
        [holder("ann", 1, None, 0), holder("eve", 0, None, 0), holder("zed", 0, Some(NOW), 0)];
    assert_eq!(store.owners("acme", None, 10).unwrap(), owners);
    change(&mut store, &Change::StopTenant { tenant: "made".to_owned() });
    assert_eq!(store.tenants(Some("acme"), 1).unwrap(), [holder("made", 0, Some(NOW), 0)]);
}
