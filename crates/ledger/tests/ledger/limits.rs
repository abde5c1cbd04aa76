//! Whose the numbers of a limit are, and when they last changed.

use tollgate_core::{
    limit::LimitScope::{self, Global, Ip, Key, Owner, Tenant},
    stamp::Stamp,
};
use tollgate_ledger::{Change, ChangeError, Settings, apply};

use crate::made::{AFTER, NOW, created, creation, id, key, limit, quota, snapshot, update, with};

const EARLIER: Stamp = Stamp { incarnation: 1, epoch: 7 };

fn limited(scope: LimitScope, burst: u64) -> Settings {
    with(|s| s.limits = vec![limit("a", scope, burst)])
}

fn quotaed(scope: LimitScope, count: u64) -> Settings {
    with(|s| s.quotas = vec![quota("a", scope, count)])
}

#[test]
fn a_limit_is_stamped_with_the_last_change_of_its_own_numbers() {
    let mut key = created(limited(Key, 5)).unwrap();
    assert_eq!(key.settings.limits[0].changed, AFTER);
    key.settings.limits[0].changed = EARLIER;
    type Other = fn(&mut Settings);
    let rows: [(&str, Other, Stamp); 6] = [
        ("nothing", |_| {}, EARLIER),
        ("something else", |s| s.plan = Some("pro".to_owned()), EARLIER),
        ("the burst", |s| s.limits[0].burst = 6, AFTER),
        ("the rate", |s| s.limits[0].rate = 6, AFTER),
        ("the period", |s| s.limits[0].period_ms = 6, AFTER),
        // Another scope is another bucket.
        ("the scope", |s| s.limits[0].scope = Owner, AFTER),
    ];
    for (what, change, changed) in rows {
        let mut settings = limited(Key, 5);
        change(&mut settings);
        // What a document claims about the stamp is nobody's business.
        settings.limits[0].changed = Stamp { incarnation: 9, epoch: 9 };
        let after = update(&key, settings).unwrap().key.unwrap();
        assert_eq!(after.settings.limits[0].changed, changed, "{what}");
    }
}

#[test]
fn a_quota_is_stamped_in_the_same_way() {
    let mut key = created(quotaed(Key, 5)).unwrap();
    assert_eq!(key.settings.quotas[0].changed, AFTER);
    key.settings.quotas[0].changed = EARLIER;
    for (count, changed) in [(5, EARLIER), (6, AFTER)] {
        let after = update(&key, quotaed(Key, count)).unwrap().key.unwrap();
        assert_eq!(after.settings.quotas[0].changed, changed);
    }
}

#[test]
fn a_limit_does_not_become_a_quota_under_its_name_nor_back() {
    let refused = ChangeError::KindChanged { name: "a".to_owned() };
    for (before, after) in [(limited(Key, 5), quotaed(Key, 5)), (quotaed(Key, 5), limited(Key, 5))]
    {
        let key = created(before).unwrap();
        assert_eq!(update(&key, after.clone()).unwrap_err(), refused);
        // Without the name in use it is another matter.
        let bare = update(&key, crate::made::settings()).unwrap().key.unwrap();
        assert!(update(&bare, after).is_ok());
    }
}

#[test]
fn numbers_that_other_keys_share_are_taken_as_they_are_or_refused() {
    for scope in [Owner, Tenant, Ip, Global] {
        let mut theirs = created(limited(scope, 5)).unwrap().settings;
        theirs.limits[0].changed = EARLIER;
        let of = |settings: Settings| {
            let mut shared = snapshot(None);
            shared.shared = theirs.shared();
            assert_eq!(shared.shared.len(), 1, "{scope:?} is not shared");
            apply(&shared, &creation(settings), NOW)
        };
        let same = of(limited(scope, 5)).unwrap().key.unwrap();
        assert_eq!(same.settings.limits[0].changed, EARLIER, "{scope:?}");
        let error = of(limited(scope, 6)).unwrap_err();
        assert_eq!(error.code(), "limit_numbers_differ", "{scope:?}");
        if scope != Ip {
            let error = of(quotaed(scope, 5)).unwrap_err();
            assert_eq!(error.code(), "limit_kind_changed", "{scope:?}");
        }
        // The key's own limit of that name is another bucket.
        assert_eq!(of(limited(Key, 6)).unwrap().key.unwrap().settings.limits[0].changed, AFTER);
    }
    assert!(limited(Key, 5).shared().is_empty());
}

#[test]
fn a_change_of_numbers_that_others_share_is_refused_too() {
    let mine = created(limited(Owner, 5)).unwrap();
    let mut shared = snapshot(Some(&mine));
    shared.shared = mine.settings.shared();
    let change =
        |burst| Change::Update { id: id(), settings: limited(Owner, burst), expected: None };
    let error = apply(&shared, &change(6), NOW).unwrap_err();
    assert!(error.to_string().contains("acme/owner/bob carry a"), "{error}");
    assert!(apply(&shared, &change(5), NOW).is_ok());
    // Alone with them, they may change.
    shared.shared.clear();
    let after = apply(&shared, &change(6), NOW).unwrap().key.unwrap();
    assert_eq!(after.settings.limits[0].changed, AFTER);
}

#[test]
fn objects_never_share_a_name() {
    let mut names = vec![];
    for (tenant, owner) in [("acme", "bob"), ("acme", "acme"), ("bob", "acme"), ("owner", "ip")] {
        for scope in [Owner, Tenant, Ip] {
            let settings = with(|s| {
                (s.tenant, s.owner) = (tenant.to_owned(), owner.to_owned());
                s.limits = vec![limit("a", scope, 5)];
            });
            names.push(settings.shared()[0].object.as_str().to_owned());
        }
    }
    names.sort();
    let all = names.len();
    names.dedup();
    // The tenant's own and its addresses' are those of both its owners.
    assert_eq!(names.len(), all - 2);
}

#[test]
fn a_revoked_key_carries_nothing() {
    let mut key = key();
    key.settings = created(limited(Owner, 5)).unwrap().settings;
    let disable = apply(&snapshot(Some(&key)), &Change::Disable { id: id() }, NOW).unwrap();
    assert_eq!(disable.shared().len(), 1);
    let revoke = apply(&snapshot(Some(&key)), &Change::Revoke { id: id() }, NOW).unwrap();
    assert_eq!(revoke.shared().len(), 0);
}
