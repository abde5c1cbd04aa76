//! Pages while others write: whoever stays where it was is shown once.

use std::collections::{BTreeMap, BTreeSet};

use tollgate_control::{Act, Books, Wanted, model::Position};
use tollgate_ledger::{Change, KeyState, Ledger, Settings};
use tollgate_store_sql::books;
use tollgate_testkit::Random;

use crate::{
    File, all,
    pages::{chosen, place},
    raw::{self, Raw, act, id, work},
};

const KEYS: u32 = 300;

/// A key has another name.
fn rename(sql: &mut Raw<'_>, number: u32, name: &str) {
    let id = id(number);
    let filed = books::key(sql, &id).unwrap().unwrap();
    let settings = filed.key.settings;
    let change = Change::Update { id: id.clone(), settings, expected: None };
    let renamed =
        Act { change: Some(&change), key: Some(&id), name: Some(Some(name)), ..act("acme", &id) };
    work(sql, &mut None, number, renamed);
}

/// What somebody does between two pages: makes keys, ends some, renames some, gives some another end.
fn write(file: &File, random: &mut Random, next: &mut u32, moved: &mut BTreeSet<String>) {
    let mut raw = file.raw();
    let mut store = file.store();
    for _ in 0..random.within(1, 4) {
        *next += 1;
        store.change(&raw::creation(*next), raw::made(*next)).unwrap();
        moved.insert(id(*next));
        let number = u32::try_from(random.within(0, u64::from(KEYS - 1))).unwrap();
        let key = Ledger::key(&mut store, &id(number)).unwrap().unwrap();
        if key.state == KeyState::Revoked {
            continue;
        }
        moved.insert(key.id.clone());
        if random.within(0, 2) == 0 {
            store.change(&Change::Revoke { id: key.id }, raw::NOW).unwrap();
        } else if random.within(0, 1) == 0 {
            let expires = Some(raw::NOW.0 + random.within(1, 500_000_000));
            let settings = Settings { expires, ..key.settings };
            let change = Change::Update { id: key.id, settings, expected: None };
            store.change(&change, raw::NOW).unwrap();
        } else {
            let name = format!("service {:05x} anew", random.within(0, 0xf_ffff));
            let transaction = raw.transaction().unwrap();
            rename(&mut Raw::of(&transaction), number, &name);
            transaction.commit().unwrap();
        }
    }
}

#[test]
fn a_key_that_stays_where_it_was_is_neither_missed_nor_shown_twice() {
    let filters = [all(crate::ORDERS[0]); 4];
    let [plain, mut active, mut everybody, mut ending] = filters;
    active.state = Some(KeyState::Active);
    everybody.owner = Some("everybody");
    ending.expiring_before = Some(raw::NOW.0 + 400_000_000);
    for (turn, sort) in crate::ORDERS.into_iter().enumerate() {
        let file = File::new();
        raw::fill(&mut file.raw(), &mut None, 0..KEYS);
        let mut store = file.store();
        let mut random = Random::new(100 + u64::try_from(turn).unwrap());
        let mut next = 10_000;
        for filter in [plain, active, everybody, ending] {
            let wanted = Wanted { sort, tenant: filter.tenant, ..filter };
            let before = keys(&mut store);
            let (mut moved, mut shown) = (BTreeSet::new(), BTreeMap::new());
            let mut after: Option<Position> = None;
            let mut last: Option<Position> = None;
            loop {
                let limit = usize::try_from(random.within(1, 40)).unwrap();
                let page = Wanted { after: after.as_ref(), limit, ..wanted };
                let page = Books::keys(&mut store, &page).unwrap();
                for filed in &page.keys {
                    let at = place(sort.by, &filed.key);
                    assert!(chosen(&wanted, &filed.key), "{} is none of them", filed.key.id);
                    if let Some(last) = &last {
                        assert!(sort.compare(last, &at).is_lt(), "out of order: {last:?}, {at:?}");
                    }
                    last = Some(at);
                    *shown.entry(filed.key.id.clone()).or_insert(0) += 1;
                }
                let Some(goes_on) = page.next else { break };
                after = Some(goes_on);
                write(&file, &mut random, &mut next, &mut moved);
            }
            for key in before.iter().filter(|key| !moved.contains(&key.id)) {
                let times = shown.get(&key.id).copied().unwrap_or(0);
                assert_eq!(times, u32::from(chosen(&wanted, key)), "{}: {sort:?}", key.id);
            }
            assert!(!moved.is_empty(), "nobody has written");
        }
    }
}

fn keys(store: &mut impl Ledger) -> Vec<tollgate_ledger::Key> {
    let (mut keys, mut after) = (vec![], None);
    loop {
        let page = store.keys(after.as_deref(), 999, None).unwrap();
        keys.extend(page.keys);
        let Some(next) = page.next else { return keys };
        after = Some(next);
    }
}
