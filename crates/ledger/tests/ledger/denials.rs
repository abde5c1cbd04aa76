//! What is told of a key is what a gate decides about it.

use tollgate_core::{
    decision::{Denial, Known, Presented, Request, Step, Verdict, decide},
    head::{Answer, Entry, Freshness, Merge, Reader},
    key::{ApiKey, Brand, Draw, Env, Prefix, mint},
    lease::Purse,
    record::{Expected, Found, PACKED_MAX, open},
    time::{Reading, UnixMillis},
};
use tollgate_ledger::{Effective, Key, KeyState, compile};

use crate::made::{AFTER, NOW, key, lookup, ring};

/// What a gate answers to a genuine secret of the key.
fn gate(effective: &Effective<'_>, body: &str) -> Option<Denial> {
    let ring = ring();
    let brand = Brand::new("tg", &["live"]).unwrap();
    let genuine = ring.prove(&ApiKey::parse(body.as_bytes(), &brand).unwrap()).unwrap();
    let text = compile(effective, genuine.lookup(), &ring, ring.issuing()).unwrap();
    let expected = Expected { lookup: genuine.lookup(), env: genuine.env() };
    let mut packed = [0; PACKED_MAX];
    let Found::Present(record) = open(&text, &ring, expected, &mut packed).unwrap() else {
        panic!("a key became an absence")
    };
    let mut reader = Reader::new(vec![Entry::NONE; 4].into_boxed_slice());
    let head = Answer { stamp: AFTER, floor: 1, since: 1, age_ms: 0, entries: &[] };
    let merge = reader.merge(&head, Reading::default(), Reading::default());
    assert_eq!(merge, Merge::Adopted);
    let current = Known::from(reader.head().unwrap().check(record));
    let now = Reading { wall: NOW, ..Reading::default() };
    let request = Request { address: None, country: None, required: &[], cost: 1, limits: &[] };
    let presented = Presented::Genuine(genuine, current);
    match decide::<Purse>(presented, Freshness::Fresh, &request, &mut [], now) {
        Step::Verdict(Verdict::Allow(_)) => None,
        Step::Verdict(Verdict::Deny(denial)) => Some(denial),
        Step::Await(need) => panic!("{need:?}"),
    }
}

#[test]
fn what_is_told_of_a_secret_is_what_a_gate_decides() {
    let draw = Draw::new(&[7; 19]).unwrap();
    let (prefix, env) = (Prefix::new("tg").unwrap(), Env::new("live").unwrap());
    let secret = mint(prefix, env, &ring(), &draw);
    let instants = [None, Some(NOW.0 - 1), Some(NOW.0), Some(NOW.0 + 1)];
    let mut told = std::collections::BTreeMap::<_, u32>::new();
    for case in 0..3 * 2 * 2 * 2 * 4 * 4 * 4 {
        let mut rest = case;
        let mut choose = |of: usize| {
            let chosen = rest % of;
            rest /= of;
            chosen
        };
        let state = [KeyState::Active, KeyState::Disabled, KeyState::Revoked][choose(3)];
        let mut key = Key { state, ..key() };
        key.secrets[0].lookup = secret.lookup();
        key.secrets[0].revoked = choose(2) == 1;
        let (owner_stopped, tenant_stopped) = (choose(2) == 1, choose(2) == 1);
        key.secrets[0].ends_ms = instants[choose(4)];
        key.settings.not_before = instants[choose(4)];
        key.settings.expires = instants[choose(4)];
        let ordered = key.settings.not_before.zip(key.settings.expires).is_none_or(|(a, b)| a < b);
        if !ordered {
            continue;
        }
        let effective = Effective { as_of: AFTER, key: &key, owner_stopped, tenant_stopped };
        let denial = effective.denial(secret.lookup(), NOW);
        assert_eq!(denial, gate(&effective, secret.as_str()), "{key:?} {effective:?}");
        *told.entry(denial.map(Denial::code)).or_default() += 1;
    }
    // Every one of them was met.
    assert_eq!(told.len(), 7, "{told:?}");
    let key = key();
    let effective =
        Effective { as_of: AFTER, key: &key, owner_stopped: false, tenant_stopped: false };
    assert_eq!(effective.denial(lookup(9), UnixMillis(1)), Some(Denial::KeyInvalid));
}
