//! Other numbers for a limit that several keys share.

use tollgate_core::{
    head::{Name, Subject},
    id::Id,
    limit::LimitScope::{self, Global, Ip, Key as Own, Owner, Tenant},
    stamp::Stamp,
};
use tollgate_ledger::{
    CARRIERS_MAX, Change, ChangeError, Commit, Key, Outbox, Renumbered, TENANTS_MAX, apply,
};

use crate::made::{AFTER, NOW, created, limit, quota, snapshot, with};

/// A key of this tenant that carries `a` with a burst of 5, and a limit of its own under another name.
fn carrier(tenant: &str, scope: LimitScope) -> Key {
    let settings = with(|s| {
        s.tenant = tenant.to_owned();
        s.limits = vec![limit("b", Own, 5), limit("a", scope, 5)];
    });
    let mut key = created(settings).unwrap();
    key.changed = Stamp { incarnation: 1, epoch: 7 };
    key.settings.limits[1].changed = Stamp { incarnation: 1, epoch: 7 };
    key
}

fn renumber(
    carriers: &[Key],
    (tenant, owner): (&str, &str),
    spec: Renumbered,
) -> Result<Commit, ChangeError> {
    let mut before = snapshot(None);
    before.carriers = carriers.to_vec();
    let (tenant, owner) = (tenant.to_owned(), owner.to_owned());
    apply(&before, &Change::Renumber { tenant, owner, spec }, NOW)
}

fn burst(scope: LimitScope, burst: u64) -> Renumbered {
    Renumbered::Limit(limit("a", scope, burst))
}

fn name(text: &str) -> Name {
    Name::new(Id::new(text).unwrap())
}

#[test]
fn all_that_carry_it_change_together_with_one_entry_on_whose_it_is() {
    let owner = Subject::Owner { tenant: name("acme"), owner: name("bob") };
    let tenant = Subject::Tenant { tenant: name("acme") };
    for (scope, of, entry) in [
        (Owner, ("acme", "bob"), owner),
        (Tenant, ("acme", ""), tenant),
        (Ip, ("acme", ""), tenant),
        (Global, ("", ""), tenant),
    ] {
        let carriers = [carrier("acme", scope), carrier("acme", scope)];
        let commit = renumber(&carriers, of, burst(scope, 9)).unwrap();
        assert_eq!((commit.stamp, commit.entry), (AFTER, Some(entry)), "{scope:?}");
        assert_eq!((commit.earlier.len(), commit.key, commit.others.len()), (0, None, 2));
        for (before, after) in carriers.iter().zip(&commit.others) {
            let mut expected = before.clone();
            expected.changed = AFTER;
            expected.settings.limits[1] = limit("a", scope, 9);
            expected.settings.limits[1].changed = AFTER;
            assert_eq!(*after, expected, "{scope:?}");
        }
        let holder = Outbox::Holder { tenant: "acme".to_owned(), owner: Some("bob".to_owned()) };
        let tenants = Outbox::Tenants(vec!["acme".to_owned()]);
        assert_eq!(commit.outbox, if scope == Owner { holder } else { tenants });
    }
}

#[test]
fn a_global_limit_leaves_an_entry_on_every_tenant_that_carries_it() {
    let carriers = ["zoo", "acme", "zoo"].map(|tenant| carrier(tenant, Global));
    let commit = renumber(&carriers, ("", ""), burst(Global, 9)).unwrap();
    let of = |tenant| Subject::Tenant { tenant: name(tenant) };
    assert_eq!((commit.earlier, commit.entry), (vec![of("acme")], Some(of("zoo"))));
    // Each entry takes an epoch, and what is read as of the last of them has the new numbers.
    let last = Stamp { epoch: AFTER.epoch + 1, ..AFTER };
    assert_eq!(commit.stamp, last);
    assert!(commit.others.iter().all(|key| key.settings.limits[1].changed == last));
}

#[test]
fn numbers_that_are_in_force_already_keep_their_stamp() {
    let carriers = [carrier("acme", Tenant)];
    let commit = renumber(&carriers, ("acme", ""), burst(Tenant, 5)).unwrap();
    assert_eq!(commit.others[0].settings, carriers[0].settings);
    assert_eq!(commit.stamp, AFTER);
}

#[test]
fn a_quota_is_given_another_count_in_the_same_way() {
    let key = created(with(|s| s.quotas = vec![quota("a", Tenant, 5)])).unwrap();
    let spec = Renumbered::Quota(quota("a", Tenant, 9));
    let commit = renumber(std::slice::from_ref(&key), ("acme", ""), spec).unwrap();
    assert_eq!(commit.others[0].settings.quotas[0].count, 9);
    let error = renumber(&[key], ("acme", ""), burst(Tenant, 9)).unwrap_err();
    assert_eq!(error.code(), "limit_kind_changed");
}

#[test]
fn what_is_nobodys_or_out_of_bounds_is_refused() {
    let check = |scope, of, burst_of, code: &str| {
        let carriers = [carrier("acme", scope)];
        let error = renumber(&carriers, of, burst(scope, burst_of)).unwrap_err();
        assert_eq!(error.code(), code, "{scope:?} {of:?}");
    };
    check(Own, ("", ""), 9, "settings_invalid");
    check(Owner, ("acme", ""), 9, "settings_invalid");
    check(Owner, ("", "bob"), 9, "settings_invalid");
    check(Tenant, ("acme", "bob"), 9, "settings_invalid");
    check(Global, ("acme", ""), 9, "settings_invalid");
    check(Tenant, ("acme", ""), 0, "settings_invalid");
    // What the store gives is looked at all the same.
    check(Tenant, ("zoo", ""), 9, "limit_unknown");
    let error = renumber(&[], ("acme", ""), burst(Tenant, 9)).unwrap_err();
    assert!(error.to_string().starts_with("no key of acme/tenant carries a:"), "{error}");
}

#[test]
fn no_more_are_changed_at_once_than_one_transaction_takes() {
    let mut carriers = vec![carrier("acme", Tenant); CARRIERS_MAX];
    assert!(renumber(&carriers, ("acme", ""), burst(Tenant, 9)).is_ok());
    carriers.push(carriers[0].clone());
    let error = renumber(&carriers, ("acme", ""), burst(Tenant, 9)).unwrap_err();
    assert_eq!(error, ChangeError::TooManyCarriers);
    let mut carriers: Vec<_> =
        (0..TENANTS_MAX).map(|number| carrier(&format!("t{number}"), Global)).collect();
    assert!(renumber(&carriers, ("", ""), burst(Global, 9)).is_ok());
    carriers.push(carrier("one-more", Global));
    let error = renumber(&carriers, ("", ""), burst(Global, 9)).unwrap_err();
    assert_eq!(error, ChangeError::TooManyCarriers);
}
