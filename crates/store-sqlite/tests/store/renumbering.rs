//! Other numbers for a limit that keys share: one transaction, and one bucket that follows.

use tollgate_core::{
    head::Subject,
    limit::{LimitScope, Numbers},
    stamp::Stamp,
    time::UnixMillis,
};
use tollgate_ledger::{Change, Ledger, Renumbered};
use tollgate_store_sqlite::Store;

use crate::made::{
    NOW, change, created_for, each, exchange, id, limit, plain_ask, settings, state, tidings,
};

fn carrier(number: u32, tenant: &str, scope: LimitScope, burst: u64) -> Change {
    let mut settings = settings(tenant, "bob");
    settings.limits = vec![limit("all", scope, burst)];
    created_for(number, settings)
}

fn renumbering(tenant: &str, scope: LimitScope, burst: u64) -> Change {
    let spec = Renumbered::Limit(limit("all", scope, burst));
    Change::Renumber { tenant: tenant.to_owned(), owner: String::new(), spec }
}

/// The burst that a key carries, and when it was set.
fn carried(store: &mut Store, number: u32) -> (u64, Stamp) {
    let limit = &store.key(&id(number)).unwrap().unwrap().settings.limits[0];
    (limit.burst, limit.changed)
}

#[test]
fn every_key_that_carries_it_has_the_new_numbers_and_no_other_key() {
    each(|mut store| {
        for number in 0..4 {
            change(&mut store, &carrier(number, "acme", LimitScope::Tenant, 5));
        }
        change(&mut store, &Change::Revoke { id: id(3) });
        let other = change(&mut store, &carrier(9, "zoo", LimitScope::Tenant, 5)).stamp;
        let receipt = change(&mut store, &renumbering("acme", LimitScope::Tenant, 9));
        assert_eq!((receipt.key, receipt.others), (None, 3));
        for number in 0..3 {
            assert_eq!(carried(&mut store, number), (9, receipt.stamp));
            assert_eq!(state(&mut store, number).unwrap().1, receipt.stamp);
        }
        assert_eq!((carried(&mut store, 3).0, carried(&mut store, 9)), (5, (5, other)));
        // One entry, on the tenant.
        let told = tidings(&mut store, other);
        let [entry] = told.entries[..] else { panic!("{told:?}") };
        assert!(matches!(entry.subject, Subject::Tenant { tenant } if tenant.as_str() == "acme"));
        // The new ones are in force from now on.
        assert!(store.change(&carrier(5, "acme", LimitScope::Tenant, 5), NOW).is_err());
        change(&mut store, &carrier(5, "acme", LimitScope::Tenant, 9));
        assert_eq!(carried(&mut store, 5), (9, receipt.stamp));
    });
}

#[test]
fn a_global_limit_changes_for_all_tenants_or_for_none() {
    each(|mut store| {
        for (number, tenant) in [(0, "acme"), (1, "zoo"), (2, "acme")] {
            change(&mut store, &carrier(number, tenant, LimitScope::Global, 5));
        }
        let before = store.stamp().unwrap();
        store.change(&renumbering("", LimitScope::Global, 0), NOW).unwrap_err();
        assert_eq!(store.stamp().unwrap(), before);
        let receipt = change(&mut store, &renumbering("", LimitScope::Global, 9));
        assert_eq!(receipt.stamp.epoch, before.epoch + 2);
        let told = tidings(&mut store, before);
        assert_eq!(told.entries.len(), 2, "{told:?}");
        for number in 0..3 {
            assert_eq!(carried(&mut store, number), (9, receipt.stamp));
        }
        let error = store.change(&renumbering("", LimitScope::Global, 9), UnixMillis(0));
        assert_eq!(error.unwrap_err().code(), "clock_wrong");
    });
}

#[test]
fn a_bucket_follows_the_numbers_that_were_set_last() {
    each(|mut store| {
        let first = change(&mut store, &carrier(0, "acme", LimitScope::Tenant, 5)).stamp;
        let last = change(&mut store, &renumbering("acme", LimitScope::Tenant, 2)).stamp;
        let mut ask = |holder, seq, burst, changed, waiting| {
            let mut ask =
                plain_ask(holder, seq, Numbers::steady(burst, 5, 1_000).unwrap(), waiting);
            ask.changed = changed;
            let lease = exchange(&mut store, "acme/tenant/all", ask, NOW).unwrap();
            lease.granted_waiting
        };
        // A holder that knows the old numbers takes two of five; those that are left are cut to the new burst.
        assert_eq!(ask(1, 1, 5, first, 2), 2);
        assert_eq!(ask(2, 1, 2, last, 1), 0);
        // Whoever comes with the old ones is answered under the new ones.
        assert_eq!(ask(3, 1, 5, first, 3), 0);
    });
}
