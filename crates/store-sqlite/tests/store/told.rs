//! Whatever changes is told: a record that was read before and says something else now does not pass the head.

use std::collections::BTreeMap;

use tollgate_core::{
    head::{Checked, Entry, HEAD_ENTRIES_MAX, Merge, Reader},
    key::Env,
    limit::LimitScope,
    record::{Expected, Found, PACKED_MAX, open},
    stamp::Stamp,
    time::{Reading, UnixMillis},
};
use tollgate_ledger::{Change, Ledger, Renumbered};
use tollgate_store_sqlite::Store;
use tollgate_testkit::{Random, full};

use crate::made::{DAY_MS, NOW, created_for, id, limit, lookup, ring, secret, settings, tidings};

/// What a record says, without when it was read.
fn says(text: &[u8]) -> String {
    let text = std::str::from_utf8(text).unwrap();
    let (_, rest) = text.split_once("\"lookup\"").unwrap();
    rest.split_once(",\"mac\"").unwrap().0.to_owned()
}

/// Whether a gate with the store's present head would use the record.
fn passes(store: &mut Store, number: u32, text: &[u8]) -> bool {
    let told = tidings(store, Stamp::default());
    let mut reader = Reader::new(vec![Entry::NONE; HEAD_ENTRIES_MAX].into_boxed_slice());
    let now = Reading::default();
    assert_eq!(reader.merge(&told.answer(), now, now), Merge::Adopted);
    let expected = Expected { lookup: lookup(number), env: Env::new("live").unwrap() };
    let mut packed = [0; PACKED_MAX];
    match open(text, &ring(), expected, &mut packed).unwrap() {
        Found::Present(record) => {
            matches!(reader.head().unwrap().check(record), Checked::Current(_))
        }
        Found::Absent(_) => false,
    }
}

/// A change of some kind to somebody.
fn random(random: &mut Random, secrets: &mut u32) -> Change {
    let tenant = random.one_of(&["acme", "other"]).to_owned();
    let owner = random.one_of(&["bob", "eve"]).to_owned();
    let key = id(u32::try_from(random.below(6)).unwrap());
    let mut plain = settings(&tenant, &owner);
    plain.plan = Some(format!("plan-{}", random.below(3)));
    plain.limits = vec![limit("burst", LimitScope::Key, random.within(1, 3))];
    let scope = random.one_of(&[LimitScope::Owner, LimitScope::Tenant, LimitScope::Global]);
    let shared = limit(scope.as_str(), scope, random.within(5, 6));
    if random.happens(700) {
        plain.limits.push(shared.clone());
    }
    match random.below(14) {
        12 | 13 => {
            let of = |named: bool, name: String| if named { name } else { String::new() };
            Change::Renumber {
                tenant: of(scope != LimitScope::Global, tenant),
                owner: of(scope == LimitScope::Owner, owner),
                spec: Renumbered::Limit(shared),
            }
        }
        0 | 1 => {
            *secrets += 1;
            let number = u32::try_from(random.below(6)).unwrap();
            let Change::Create { id, name, settings, .. } = created_for(number, plain) else {
                panic!("a creation is another change");
            };
            Change::Create { id, name, settings, secret: secret(*secrets) }
        }
        2 => Change::Update { id: key, settings: plain, expected: None },
        3 | 4 => {
            *secrets += 1;
            Change::Rotate { id: key, secret: secret(*secrets), grace_ms: random.below(4) * 9_000 }
        }
        5 => Change::Disable { id: key },
        6 => Change::Enable { id: key },
        7 if random.happens(300) => Change::Revoke { id: key },
        7 => {
            let number = u32::try_from(random.within(1, u64::from(*secrets).max(1))).unwrap();
            Change::RevokeSecret { lookup: lookup(number) }
        }
        8 => Change::StopOwner { tenant, owner },
        9 => Change::ResumeOwner { tenant, owner },
        10 => Change::StopTenant { tenant },
        _ => Change::ResumeTenant { tenant },
    }
}

fn run(seed: u64) -> (u32, u32, u32) {
    let mut draws = Random::new(seed);
    let mut store = Store::memory().unwrap();
    let mut other = store.beside().unwrap();
    let mut cached: BTreeMap<u32, Vec<Vec<u8>>> = BTreeMap::new();
    let (mut secrets, mut now, mut counts) = (0, NOW, (0, 0, 0));
    for _ in 0..120 {
        now = UnixMillis(now.0 + draws.below(2_000));
        if draws.happens(50) {
            now = now.plus(DAY_MS / 2);
        }
        if store.change(&random(&mut draws, &mut secrets), now).is_err() {
            continue;
        }
        counts.0 += 1;
        for number in 1..=secrets {
            let present = other.record(lookup(number), &ring()).unwrap();
            if std::str::from_utf8(&present).unwrap().contains("\"absent\"") {
                continue;
            }
            for before in cached.entry(number).or_default() {
                if says(before) == says(&present) {
                    counts.1 += 1;
                    continue;
                }
                counts.2 += 1;
                assert!(
                    !passes(&mut other, number, before),
                    "seed {seed}: an old record passes\nold {}\nnew {}",
                    says(before),
                    says(&present)
                );
            }
            assert!(passes(&mut other, number, &present), "seed {seed}: a present one does not");
            let kept = cached.entry(number).or_default();
            kept.push(present);
            if kept.len() > 3 {
                kept.remove(draws.place(3));
            }
        }
    }
    counts
}

#[test]
fn whatever_a_change_changes_no_record_that_was_read_before_it_passes_the_head() {
    let (mut changes, mut same, mut other) = (0, 0, 0);
    for seed in 0..if full() { 60 } else { 3 } {
        let counts = run(seed);
        (changes, same, other) = (changes + counts.0, same + counts.1, other + counts.2);
    }
    assert!(changes > 100 && same > 500 && other > 500, "{changes} {same} {other}");
}
