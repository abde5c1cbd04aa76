//! What every ledger's store does alike, whatever it keeps its keys in: each store's own tests run these.

use tollgate_core::{
    limit::{LimitScope, Period},
    lookup::LookupId,
    pepper::PepperId,
    stamp::Stamp,
    time::UnixMillis,
};
use tollgate_ledger::{
    Change, Holder, Ledger, LedgerError, LimitSpec, QuotaSpec, Receipt, Renumbered, Secret,
    Settings, Stopped,
};

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

type Rule = fn(&mut dyn Ledger);

/// Each with a ledger of its own that has no keys.
const RULES: [(&str, Rule); 12] = [
    ("a key is found by its id and its secrets", found),
    ("pages hold every key once in the order of ids", pages),
    ("a change that is refused takes no epoch", refusals),
    ("numbers that keys share are compared", shared_numbers),
    ("a limit does not become a quota under its name", kinds),
    ("numbers are given to all who share them", renumbered),
    ("an identity that is too large is refused", identities),
    ("who is stopped is told, and since when", stops),
    ("holders are counted where keys move", moves),
    ("peppers are in use while secrets are good", peppers),
    ("a change for another version is refused", versions),
    ("names that nobody may have are refused and not looked for", names),
];

/// Runs every rule on a new ledger that `open` gives.
pub(crate) fn every_rule(mut open: impl FnMut() -> Box<dyn Ledger>) {
    for (name, rule) in RULES {
        println!("{name}");
        rule(&mut *open());
    }
}

fn id(number: u8) -> String {
    format!("key_{number:03}")
}

fn lookup(number: u8) -> LookupId {
    LookupId::new([number; 16])
}

fn secret(number: u8) -> Secret {
    Secret::new(lookup(number), PepperId::new(3).unwrap())
}

fn settings(tenant: &str, owner: &str) -> Settings {
    Settings::of(tenant, owner, "live")
}

fn limit(scope: LimitScope, burst: u64) -> LimitSpec {
    let (name, changed) = ("a".to_owned(), Stamp::default());
    LimitSpec { name, scope, burst, rate: 5, period_ms: 1_000, changed }
}

fn quota(scope: LimitScope, count: u64) -> QuotaSpec {
    let (name, changed) = ("a".to_owned(), Stamp::default());
    QuotaSpec { name, scope, count, period: Period::Day, changed }
}

fn limited(scope: LimitScope, burst: u64) -> Settings {
    Settings { limits: vec![limit(scope, burst)], ..settings("acme", "bob") }
}

fn quotaed(scope: LimitScope, count: u64) -> Settings {
    Settings { quotas: vec![quota(scope, count)], ..settings("acme", "bob") }
}

fn create(number: u8, settings: Settings) -> Change {
    Change::Create { id: id(number), name: None, settings, secret: secret(number) }
}

fn update(number: u8, settings: Settings) -> Change {
    Change::Update { id: id(number), settings, expected: None }
}

fn made(ledger: &mut dyn Ledger, change: &Change) -> Receipt {
    ledger.change(change, NOW).unwrap()
}

/// The code of a refusal, which takes no epoch.
fn refused(ledger: &mut dyn Ledger, change: &Change) -> &'static str {
    let before = ledger.stamp().unwrap();
    let error = ledger.change(change, NOW).unwrap_err();
    assert!(matches!(error, LedgerError::Refused(_)), "{change:?}: {error}");
    assert_eq!(ledger.stamp().unwrap(), before, "{change:?}");
    error.code()
}

fn stop_owner(tenant: &str, owner: &str) -> Change {
    Change::StopOwner { tenant: tenant.to_owned(), owner: owner.to_owned() }
}

fn resume_owner(tenant: &str, owner: &str) -> Change {
    Change::ResumeOwner { tenant: tenant.to_owned(), owner: owner.to_owned() }
}

fn stop_tenant(tenant: &str) -> Change {
    Change::StopTenant { tenant: tenant.to_owned() }
}

fn resume_tenant(tenant: &str) -> Change {
    Change::ResumeTenant { tenant: tenant.to_owned() }
}

fn found(ledger: &mut dyn Ledger) {
    let before = ledger.stamp().unwrap();
    let receipt = made(ledger, &create(1, settings("acme", "bob")));
    let after = Stamp { epoch: before.epoch + 1, ..before };
    assert_eq!((receipt.stamp, ledger.stamp().unwrap()), (after, after));
    assert_eq!(ledger.key(&id(1)).unwrap(), receipt.key);
    let key = made(ledger, &Change::Rotate { id: id(1), secret: secret(2), grace_ms: 5 }).key;
    assert_eq!(ledger.key_of(lookup(1)).unwrap(), key);
    assert_eq!(ledger.key_of(lookup(2)).unwrap(), key);
    assert_eq!(ledger.key_of(lookup(3)).unwrap(), None);
    assert_eq!(ledger.key("key_00").unwrap(), None);
}

fn pages(ledger: &mut dyn Ledger) {
    for number in 0..9 {
        let tenant = if number % 3 == 0 { "acme" } else { "other" };
        made(ledger, &create(number, settings(tenant, "bob")));
    }
    for (tenant, expected) in [
        (None, (0..9).map(id).collect::<Vec<_>>()),
        (Some("acme"), vec![id(0), id(3), id(6)]),
        (Some("acm"), vec![]),
    ] {
        for limit in [0, 1, 3, 9, usize::MAX] {
            let (mut ids, mut after) = (vec![], None);
            loop {
                let page = ledger.keys(after.as_deref(), limit, tenant).unwrap();
                assert!(page.keys.len() <= limit.max(1));
                ids.extend(page.keys.into_iter().map(|key| key.id));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(ids, expected, "pages of {limit} of {tenant:?}");
        }
    }
}

fn refusals(ledger: &mut dyn Ledger) {
    made(ledger, &create(1, settings("acme", "bob")));
    let same_secret = Change::Create {
        id: id(2),
        name: None,
        settings: settings("acme", "bob"),
        secret: secret(1),
    };
    let rotate = Change::Rotate { id: id(1), secret: secret(1), grace_ms: 0 };
    let rows = [
        (create(1, settings("acme", "bob")), "key_exists"),
        (same_secret, "lookup_taken"),
        (rotate, "lookup_taken"),
        (Change::Enable { id: id(9) }, "key_unknown"),
        (Change::RevokeSecret { lookup: lookup(9) }, "secret_unknown"),
        (stop_owner("acme", "bobb"), "owner_unknown"),
        (resume_owner("acmee", "bob"), "owner_unknown"),
        (stop_tenant("acmee"), "tenant_unknown"),
        (update(1, settings("other", "bob")), "field_fixed"),
        (create(3, settings("", "bob")), "settings_invalid"),
    ];
    for (change, code) in rows {
        assert_eq!(refused(ledger, &change), code, "{change:?}");
    }
    made(ledger, &Change::Revoke { id: id(1) });
    assert_eq!(refused(ledger, &Change::Enable { id: id(1) }), "key_revoked");
}

fn shared_numbers(ledger: &mut dyn Ledger) {
    made(ledger, &create(200, settings("acme", "bob")));
    let scopes = [LimitScope::Owner, LimitScope::Tenant, LimitScope::Ip, LimitScope::Global];
    for (first, scope) in [10, 20, 30, 40].into_iter().zip(scopes) {
        let stamp = made(ledger, &create(first, limited(scope, 5))).stamp;
        let same = made(ledger, &create(first + 1, limited(scope, 5))).key.unwrap();
        assert_eq!(same.settings.limits[0].changed, stamp, "{scope:?}");
        let other = create(first + 2, limited(scope, 6));
        assert_eq!(refused(ledger, &other), "limit_numbers_differ", "{scope:?}");
        assert_eq!(refused(ledger, &update(first, limited(scope, 6))), "limit_numbers_differ");
        // Each key's own limit of that name is its own.
        made(ledger, &create(first + 3, limited(LimitScope::Key, 6)));
        // As long as one key carries them they are in force; with the last one they are gone.
        made(ledger, &Change::Revoke { id: id(first) });
        assert_eq!(refused(ledger, &other), "limit_numbers_differ", "{scope:?}");
        // Who carries them alone may give them others.
        let alone = made(ledger, &update(first + 1, limited(scope, 7)));
        let spec = alone.key.unwrap().settings.limits[0].clone();
        assert_eq!((spec.burst, spec.changed), (7, alone.stamp), "{scope:?}");
        made(ledger, &update(first + 1, settings("acme", "bob")));
        made(ledger, &other);
        made(ledger, &Change::Revoke { id: id(first + 2) });
    }
}

fn kinds(ledger: &mut dyn Ledger) {
    made(ledger, &create(200, settings("acme", "bob")));
    made(ledger, &create(1, limited(LimitScope::Tenant, 5)));
    assert_eq!(refused(ledger, &create(2, quotaed(LimitScope::Tenant, 5))), "limit_kind_changed");
    assert_eq!(refused(ledger, &update(1, quotaed(LimitScope::Tenant, 5))), "limit_kind_changed");
    made(ledger, &create(3, quotaed(LimitScope::Owner, 5)));
    assert_eq!(refused(ledger, &create(4, limited(LimitScope::Owner, 5))), "limit_kind_changed");
    let spec = Renumbered::Quota(quota(LimitScope::Tenant, 9));
    let (tenant, owner) = ("acme".to_owned(), String::new());
    let renumber = Change::Renumber { tenant, owner, spec };
    assert_eq!(refused(ledger, &renumber), "limit_kind_changed");
}

fn renumbered(ledger: &mut dyn Ledger) {
    made(ledger, &create(200, settings("acme", "bob")));
    let to = |scope, tenant: &str, owner: &str, burst| Change::Renumber {
        tenant: tenant.to_owned(),
        owner: owner.to_owned(),
        spec: Renumbered::Limit(limit(scope, burst)),
    };
    assert_eq!(refused(ledger, &to(LimitScope::Tenant, "acme", "", 9)), "limit_unknown");
    for number in 1..4 {
        made(ledger, &create(number, limited(LimitScope::Tenant, 5)));
    }
    let whole = Settings { tenant: "other".to_owned(), ..limited(LimitScope::Tenant, 5) };
    made(ledger, &create(201, settings("other", "bob")));
    let theirs = made(ledger, &create(9, whole)).key;
    made(ledger, &Change::Revoke { id: id(3) });
    let receipt = made(ledger, &to(LimitScope::Tenant, "acme", "", 9));
    assert_eq!((receipt.others, receipt.key), (2, None));
    for number in [1, 2] {
        let key = ledger.key(&id(number)).unwrap().unwrap();
        let limit = &key.settings.limits[0];
        assert_eq!((limit.burst, limit.changed, key.changed), (9, receipt.stamp, receipt.stamp));
    }
    let gone = ledger.key(&id(3)).unwrap().unwrap();
    assert_eq!(gone.settings.limits[0].burst, 5, "a revoked key carries nothing");
    assert_eq!(ledger.key(&id(9)).unwrap(), theirs);
    // The same numbers again are a change of the keys, and none of the numbers.
    let again = made(ledger, &to(LimitScope::Tenant, "acme", "", 9));
    let key = ledger.key(&id(1)).unwrap().unwrap();
    assert_eq!((key.settings.limits[0].changed, key.changed), (receipt.stamp, again.stamp));
    // A key that comes takes them as they are.
    let next = made(ledger, &create(4, limited(LimitScope::Tenant, 9))).key.unwrap();
    assert_eq!(next.settings.limits[0].changed, receipt.stamp);
    // What is changed afterwards is not undone by what was given before.
    let plan = Settings { plan: Some("pro".to_owned()), ..limited(LimitScope::Tenant, 9) };
    let changed = made(ledger, &update(1, plan));
    assert_eq!(ledger.key(&id(1)).unwrap(), changed.key);
}

fn identities(ledger: &mut dyn Ledger) {
    let scopes = (0..64).map(|number| format!("resource-of-some-length-{number}:action"));
    let large = Settings { scopes: scopes.collect(), ..settings("acme", "bob") };
    assert_eq!(refused(ledger, &create(1, large.clone())), "identity_too_long");
    made(ledger, &create(1, settings("acme", "bob")));
    assert_eq!(refused(ledger, &update(1, large)), "identity_too_long");
}

fn stops(ledger: &mut dyn Ledger) {
    made(ledger, &create(1, settings("acme", "bob")));
    made(ledger, &create(2, settings("other", "bob")));
    let stopped = |ledger: &mut dyn Ledger, tenant| {
        let Stopped { owner, tenant } = ledger.stopped(tenant, "bob").unwrap();
        (owner, tenant)
    };
    assert_eq!(stopped(ledger, "acme"), (false, false));
    made(ledger, &stop_owner("acme", "bob"));
    assert_eq!(stopped(ledger, "acme"), (true, false));
    made(ledger, &stop_tenant("acme"));
    assert_eq!((stopped(ledger, "acme"), stopped(ledger, "other")), ((true, true), (false, false)));
    // A second time changes nothing but the epoch.
    ledger.change(&stop_owner("acme", "bob"), NOW.plus(5)).unwrap();
    ledger.change(&stop_tenant("acme"), NOW.plus(5)).unwrap();
    let holder = |name: &str, stopped: bool, owners_stopped| Holder {
        name: name.to_owned(),
        keys: 1,
        stopped,
        since: stopped.then_some(NOW),
        owners_stopped,
    };
    let all = vec![holder("acme", true, 1), holder("other", false, 0)];
    assert_eq!(ledger.tenants(None, 10).unwrap(), all);
    assert_eq!(ledger.tenants(None, 1).unwrap(), all[..1]);
    assert_eq!(ledger.tenants(Some("acme"), 10).unwrap(), all[1..]);
    assert_eq!(ledger.owners("acme", None, 10).unwrap(), vec![holder("bob", true, 0)]);
    made(ledger, &resume_tenant("acme"));
    assert_eq!(stopped(ledger, "acme"), (true, false));
    made(ledger, &resume_owner("acme", "bob"));
    made(ledger, &resume_owner("acme", "bob"));
    assert_eq!(stopped(ledger, "acme"), (false, false));
    assert_eq!(ledger.tenants(None, 1).unwrap(), vec![holder("acme", false, 0)]);
}

fn moves(ledger: &mut dyn Ledger) {
    for number in 1..4 {
        made(ledger, &create(number, settings("acme", "bob")));
    }
    made(ledger, &update(1, settings("acme", "eve")));
    let owners = |ledger: &mut dyn Ledger| {
        let told = ledger.owners("acme", None, 10).unwrap();
        told.into_iter().map(|owner| (owner.name, owner.keys)).collect::<Vec<_>>()
    };
    let of = |name: &str, keys| (name.to_owned(), keys);
    assert_eq!(owners(ledger), [of("bob", 2), of("eve", 1)]);
    made(ledger, &Change::Revoke { id: id(2) });
    assert_eq!(owners(ledger), [of("bob", 2), of("eve", 1)], "whatever their states");
    made(ledger, &update(3, settings("acme", "eve")));
    made(ledger, &update(1, settings("acme", "eve")));
    assert_eq!(owners(ledger), [of("bob", 1), of("eve", 2)]);
    made(ledger, &stop_owner("acme", "eve"));
    made(ledger, &update(3, settings("acme", "joe")));
    made(ledger, &update(1, settings("acme", "joe")));
    // One that is stopped is told also when it has no key any more.
    assert_eq!(owners(ledger), [of("bob", 1), of("eve", 0), of("joe", 2)]);
    assert_eq!(ledger.tenants(None, 10).unwrap()[0].keys, 3);
    assert_eq!(ledger.tenants(None, 10).unwrap()[0].owners_stopped, 1);
}

fn peppers(ledger: &mut dyn Ledger) {
    let used = |ledger: &mut dyn Ledger, later_ms| {
        let counts = ledger.peppers_in_use(NOW.plus(later_ms)).unwrap();
        assert_eq!(counts.iter().sum::<u64>(), counts[3]);
        counts[3]
    };
    assert_eq!(used(ledger, 0), 0);
    made(ledger, &create(1, settings("acme", "bob")));
    made(ledger, &create(2, settings("acme", "bob")));
    assert_eq!(used(ledger, 0), 2);
    made(ledger, &Change::Rotate { id: id(1), secret: secret(3), grace_ms: 100 });
    assert_eq!((used(ledger, 99), used(ledger, 100)), (3, 2));
    made(ledger, &Change::Disable { id: id(1) });
    assert_eq!(used(ledger, 99), 3, "a key that may be enabled needs its pepper");
    made(ledger, &Change::RevokeSecret { lookup: lookup(3) });
    assert_eq!(used(ledger, 99), 2);
    made(ledger, &Change::Revoke { id: id(2) });
    assert_eq!(used(ledger, 99), 1);
}

fn versions(ledger: &mut dyn Ledger) {
    let first = made(ledger, &create(1, settings("acme", "bob"))).stamp;
    let plan = Settings { plan: Some("pro".to_owned()), ..settings("acme", "bob") };
    let at = |expected| Change::Update { id: id(1), settings: plan.clone(), expected };
    made(ledger, &at(Some(first)));
    assert_eq!(refused(ledger, &at(Some(first))), "version_differs");
    made(ledger, &at(None));
}

fn names(ledger: &mut dyn Ledger) {
    made(ledger, &create(1, settings("acme", "bob")));
    let long = "a".repeat(3_000);
    for name in ["", "a#b", "a/b", "*", "key_001#", long.as_str()] {
        assert_eq!(ledger.key(name).unwrap(), None, "{name}");
        assert_eq!(ledger.keys(None, 10, Some(name)).unwrap().keys, vec![], "{name}");
        assert_eq!(ledger.owners(name, None, 10).unwrap(), vec![], "{name}");
        assert_eq!(ledger.stopped(name, name).unwrap(), Stopped::default(), "{name}");
        refused(ledger, &Change::Disable { id: name.to_owned() });
        refused(ledger, &stop_tenant(name));
        refused(ledger, &stop_owner("acme", name));
        refused(ledger, &create(2, settings(name, "bob")));
        let named = Change::Create {
            id: name.to_owned(),
            name: None,
            settings: settings("acme", "bob"),
            secret: secret(7),
        };
        refused(ledger, &named);
    }
}
