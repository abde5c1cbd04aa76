//! What can be asked of the ledger.

use tollgate_core::{limit::LimitScope, stamp::Stamp};
use tollgate_ledger::{Change, Ledger};
use tollgate_store_sqlite::Store;

use crate::made::{
    Folder, NOW, ask, change, created_for, creation, each, id, limit, lookup, secret, settings,
    wanted,
};

#[test]
fn a_key_is_found_by_its_id_and_by_each_of_its_secrets() {
    each(|mut store| {
        let key = change(&mut store, &creation(1)).key.unwrap();
        assert_eq!(store.key(&id(1)).unwrap(), Some(key));
        let rotate = Change::Rotate { id: id(1), secret: secret(2), grace_ms: 5 };
        let key = change(&mut store, &rotate).key;
        assert_eq!(store.key_of(lookup(1)).unwrap(), key);
        assert_eq!(store.key_of(lookup(2)).unwrap(), key);
        assert_eq!(store.key_of(lookup(3)).unwrap(), None);
        assert_eq!(store.key("key_10").unwrap(), None);
    });
}

fn ids(store: &mut Store, limit: usize, tenant: Option<&str>) -> Vec<String> {
    let mut ids = vec![];
    let mut after: Option<String> = None;
    loop {
        let page = store.keys(after.as_deref(), limit, tenant).unwrap();
        assert!(page.keys.len() <= limit.max(1));
        ids.extend(page.keys.into_iter().map(|key| key.id));
        match page.next {
            Some(next) => after = Some(next),
            None => return ids,
        }
    }
}

#[test]
fn pages_hold_every_key_once_in_the_order_of_ids() {
    each(|mut store| {
        for number in 0..20 {
            let tenant = if number % 3 == 0 { "acme" } else { "other" };
            change(&mut store, &created_for(number, settings(tenant, "bob")));
        }
        let mut all: Vec<String> = (0..20).map(id).collect();
        all.sort();
        let mut acme: Vec<String> = (0..20).filter(|number| number % 3 == 0).map(id).collect();
        acme.sort();
        for limit in [0, 1, 7, 20, 21, usize::MAX] {
            assert_eq!(ids(&mut store, limit, None), all, "pages of {limit}");
            assert_eq!(ids(&mut store, limit, Some("acme")), acme, "pages of {limit}");
            assert!(ids(&mut store, limit, Some("acm")).is_empty());
        }
    });
}

#[test]
fn a_pepper_is_in_use_while_a_secret_under_it_is_good() {
    each(|mut store| {
        let used =
            |store: &mut Store, later_ms| store.peppers_in_use(NOW.plus(later_ms)).unwrap()[3];
        assert_eq!(used(&mut store, 0), 0);
        change(&mut store, &creation(1));
        change(&mut store, &creation(2));
        assert_eq!(used(&mut store, 0), 2);
        change(&mut store, &Change::Rotate { id: id(1), secret: secret(3), grace_ms: 100 });
        assert_eq!((used(&mut store, 99), used(&mut store, 100)), (3, 2));
        change(&mut store, &Change::Disable { id: id(1) });
        assert_eq!(used(&mut store, 99), 3, "a key that may be enabled needs its pepper");
        change(&mut store, &Change::RevokeSecret { lookup: lookup(3) });
        assert_eq!(used(&mut store, 99), 2);
        change(&mut store, &Change::Revoke { id: id(2) });
        assert_eq!(used(&mut store, 99), 1);
        assert_eq!(store.peppers_in_use(NOW).unwrap().iter().sum::<u64>(), 1);
    });
}

#[test]
fn numbers_that_keys_share_are_compared_across_the_store() {
    each(|mut store| {
        let of = |number, scope, burst| {
            let mut settings = settings("acme", "bob");
            settings.limits = vec![limit("shared", scope, burst)];
            created_for(number, settings)
        };
        for (round, scope) in
            [LimitScope::Owner, LimitScope::Tenant, LimitScope::Ip, LimitScope::Global]
                .into_iter()
                .enumerate()
        {
            let first = u32::try_from(round).unwrap() * 10;
            let stamp = change(&mut store, &of(first, scope, 5)).stamp;
            let same = change(&mut store, &of(first + 1, scope, 5)).key.unwrap();
            assert_eq!(same.settings.limits[0].changed, stamp, "{scope:?}");
            let error = store.change(&of(first + 2, scope, 6), NOW).unwrap_err();
            assert_eq!(error.code(), "limit_numbers_differ", "{scope:?}");
            // Each key's own limit of that name is its own.
            change(&mut store, &of(first + 3, LimitScope::Key, 6));
            // As long as one key carries them they are in force; with the last one they are gone.
            change(&mut store, &Change::Revoke { id: id(first) });
            assert!(store.change(&of(first + 2, scope, 6), NOW).is_err());
            change(&mut store, &Change::Revoke { id: id(first + 1) });
            change(&mut store, &of(first + 2, scope, 6));
            change(&mut store, &Change::Revoke { id: id(first + 2) });
        }
    });
}

#[test]
fn a_damaged_document_is_the_business_of_its_key_alone() {
    let folder = Folder::new();
    let mut store = folder.store();
    change(&mut store, &creation(1));
    change(&mut store, &creation(2));
    let raw = rusqlite::Connection::open(folder.file("store.db")).unwrap();
    let damages = [
        "UPDATE keys SET document = '{}' WHERE id = 'key_1'",
        "UPDATE keys SET document = (SELECT document FROM keys WHERE id = 'key_2') WHERE id = 'key_1'",
    ];
    for damage in damages {
        raw.execute_batch(damage).unwrap();
        let code = |number, store: &mut Store| {
            ask(store, wanted(number), Stamp::default(), NOW).map_err(|error| error.code()).err()
        };
        assert_eq!(code(1, &mut store), Some("document_damaged"), "{damage}");
        assert_eq!(code(2, &mut store), None);
        assert_eq!(code(3, &mut store), None, "an absence is an answer");
    }
}

#[test]
fn a_key_for_another_env_is_not_answered_for() {
    each(|mut store| {
        let mut settings = settings("acme", "bob");
        settings.env = "test".to_owned();
        change(&mut store, &created_for(1, settings));
        let error = ask(&mut store, wanted(1), Stamp::default(), NOW).unwrap_err();
        assert_eq!(error.code(), "record_other_env");
    });
}
