//! What documents compile to.

use tollgate_core::{
    key::Env,
    limit::LimitScope,
    record::{Expected, Found, PACKED_MAX, Record, State, open},
    stamp::Stamp,
};
use tollgate_ledger::{
    CompileError, Effective, Key, KeyState, SECRETS_MAX, compile, compile_absence,
};

use crate::made::{AFTER, NOW, created, key, limit, lookup, quota, ring, with};

const AS_OF: Stamp = Stamp { incarnation: 2, epoch: 77 };

fn effective(key: &Key) -> Effective<'_> {
    Effective { as_of: AS_OF, key, owner_stopped: false, tenant_stopped: false }
}

/// Opens the record of a key's first secret as a gate does.
fn check(effective: &Effective<'_>, judge: impl FnOnce(&Record<'_>)) {
    let ring = ring();
    let text = compile(effective, lookup(1), &ring, ring.issuing()).unwrap();
    let expected = Expected { lookup: lookup(1), env: Env::new("live").unwrap() };
    let mut packed = [0; PACKED_MAX];
    match open(&text, &ring, expected, &mut packed).unwrap() {
        Found::Present(record) => judge(&record),
        Found::Absent(_) => panic!("a key became an absence"),
    }
}

#[test]
fn the_state_is_the_first_that_applies_of_key_tenant_and_owner() {
    for revoked in [false, true] {
        for key_state in [KeyState::Active, KeyState::Disabled, KeyState::Revoked] {
            for tenant_stopped in [false, true] {
                for owner_stopped in [false, true] {
                    let mut key = Key { state: key_state, ..key() };
                    key.secrets[0].revoked = revoked;
                    let first = [
                        (revoked || key_state == KeyState::Revoked, State::Revoked),
                        (tenant_stopped, State::TenantDisabled),
                        (owner_stopped, State::OwnerDisabled),
                        (key_state == KeyState::Disabled, State::Disabled),
                        (true, State::Active),
                    ];
                    let expected = first.into_iter().find(|(applies, _)| *applies).unwrap().1;
                    let effective = Effective { owner_stopped, tenant_stopped, ..effective(&key) };
                    check(&effective, |record| assert_eq!(record.state, expected));
                }
            }
        }
    }
}

#[test]
fn a_record_ends_with_its_key_or_its_secret_whichever_is_earlier() {
    let rows = [
        ((None, None, None), (None, None)),
        ((None, Some(9), None), (None, Some(9))),
        ((None, None, Some(8)), (None, Some(8))),
        ((None, Some(9), Some(8)), (None, Some(8))),
        ((None, Some(8), Some(9)), (None, Some(8))),
        ((Some(5), Some(9), Some(8)), (Some(5), Some(8))),
        // A secret that ends before its key begins is good at no instant.
        ((Some(5), Some(9), Some(5)), (None, Some(1))),
        ((Some(5), None, Some(3)), (None, Some(1))),
    ];
    for ((not_before, expires, ends_ms), expected) in rows {
        let mut key = key();
        (key.settings.not_before, key.settings.expires) = (not_before, expires);
        key.secrets[0].ends_ms = ends_ms;
        check(&effective(&key), |record| {
            let window = (record.not_before.map(|at| at.0), record.expires.map(|at| at.0));
            assert_eq!(window, expected);
        });
    }
}

#[test]
fn a_record_says_what_the_settings_say() {
    let settings = with(|s| {
        s.plan = Some("pro".to_owned());
        s.scopes = vec!["orders:read".to_owned()];
        s.limits = vec![limit("burst", LimitScope::Ip, 7)];
        s.quotas = vec![quota("daily", LimitScope::Owner, 8)];
        s.ips_allowed = vec!["192.0.2.0/24".to_owned()];
        s.countries_denied = vec!["KP".to_owned()];
    });
    let key = created(settings).unwrap();
    check(&effective(&key), |record| {
        assert_eq!(record.as_of, AS_OF);
        assert_eq!((record.key.as_str(), record.tenant.as_str()), ("key_1", "acme"));
        assert_eq!((record.owner.as_str(), record.env.as_str()), ("bob", "live"));
        assert_eq!(record.plan.unwrap().as_str(), "pro");
        let lens = [record.ips_allowed.len(), record.ips_denied.len()];
        assert_eq!(lens, [1, 0]);
        assert_eq!([record.countries_allowed.len(), record.countries_denied.len()], [0, 1]);
        assert_eq!(record.scopes.iter().next().unwrap().as_str(), "orders:read");
        let limit = record.limits.iter().next().unwrap();
        assert_eq!((limit.scope, limit.numbers.burst(), limit.changed), (LimitScope::Ip, 7, AFTER));
        let quota = record.quotas.iter().next().unwrap();
        assert_eq!((quota.name.as_str(), quota.numbers.burst()), ("daily", 8));
    });
}

#[test]
fn whatever_settings_are_within_their_bounds_make_a_record() {
    let long = |letter: &str, number: usize| format!("{}{number:02}", letter.repeat(62));
    let settings = with(|s| {
        (s.tenant, s.owner) = ("t".repeat(64), "o".repeat(64));
        s.scopes = (0..24).map(|n| format!("r{n:02}:{}", "a".repeat(12))).collect();
        s.limits =
            (0..8).map(|n| limit(&long("l", n), LimitScope::Global, u64::from(u32::MAX))).collect();
        s.quotas =
            (0..4).map(|n| quota(&long("q", n), LimitScope::Tenant, u64::from(u32::MAX))).collect();
        let block = |n: usize| format!("2001:db8:aaaa:bbbb:cccc:dddd:eeee:{:x}/128", 0x1000 + n);
        s.ips_allowed = (0..32).map(block).collect();
        s.ips_denied = s.ips_allowed.clone();
        let country = |n: u8| format!("{}{}", char::from(b'A' + n / 26), char::from(b'A' + n % 26));
        s.countries_allowed = (0..64).map(country).collect();
        s.countries_denied = s.countries_allowed.clone();
        (s.not_before, s.expires) = (Some((1 << 53) - 1), Some(1 << 53));
    });
    let key = created(settings).unwrap();
    check(&effective(&key), |record| assert_eq!(record.limits.len(), 8));
}

#[test]
fn only_a_secret_of_the_key_has_its_record() {
    let ring = ring();
    let key = key();
    assert_eq!(key.living(NOW), 1);
    const { assert!(SECRETS_MAX > 1) };
    let other = compile(&effective(&key), lookup(2), &ring, ring.issuing());
    assert_eq!(other.unwrap_err(), CompileError::UnknownSecret);
}

#[test]
fn an_absence_is_stamped_with_its_read() {
    let ring = ring();
    let text = compile_absence(AS_OF, lookup(9), &ring, ring.issuing()).unwrap();
    let expected = Expected { lookup: lookup(9), env: Env::new("live").unwrap() };
    match open(&text, &ring, expected, &mut [0; PACKED_MAX]).unwrap() {
        Found::Absent(absence) => assert_eq!((absence.as_of, absence.lookup), (AS_OF, lookup(9))),
        Found::Present(_) => panic!("an absence became a key"),
    }
}
