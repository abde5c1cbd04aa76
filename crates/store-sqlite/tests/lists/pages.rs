//! Pages against the list that they are parts of.

use std::cmp::Ordering;

use tollgate_control::{
    Books, Wanted,
    model::{Position, SortBy, Value},
};
use tollgate_ledger::{Key, KeyState, Ledger};
use tollgate_testkit::Random;

use crate::{File, all, raw};

/// Every key of the store, as the documents have it.
fn documents(file: &File) -> Vec<Key> {
    let mut store = file.store();
    let (mut keys, mut after) = (vec![], None);
    loop {
        let page = Ledger::keys(&mut store, after.as_deref(), 999, None).unwrap();
        keys.extend(page.keys);
        let Some(next) = page.next else { return keys };
        after = Some(next);
    }
}

/// Whether a list has a key: from its document, and not from what the lists are made of.
pub(crate) fn chosen(wanted: &Wanted<'_>, key: &Key) -> bool {
    let Key { settings, .. } = key;
    wanted.tenant.is_none_or(|tenant| tenant == settings.tenant)
        && wanted.owner.is_none_or(|owner| owner == settings.owner)
        && wanted.env.is_none_or(|env| env == settings.env)
        && wanted.state.is_none_or(|state| state == key.state)
        && wanted
            .expiring_before
            .is_none_or(|before| settings.expires.is_some_and(|ends| ends < before))
}

/// Where it stands.
pub(crate) fn place(by: SortBy, key: &Key) -> Position {
    let value = match by {
        SortBy::Id => Value::Text(String::new()),
        SortBy::Created => Value::Number(key.created_ms),
        SortBy::Name => Value::Text(key.name.clone().unwrap_or_default()),
        SortBy::Expires => Value::Number(key.settings.expires.unwrap_or(1 << 53)),
    };
    Position { value, id: key.id.clone() }
}

fn compare(descending: bool, one: &Position, other: &Position) -> Ordering {
    let order = one.value.cmp(&other.value).then_with(|| one.id.cmp(&other.id));
    if descending { order.reverse() } else { order }
}

#[test]
fn the_pages_of_every_list_are_the_list() {
    let file = File::new();
    raw::fill(&mut file.raw(), &mut None, 0..400);
    raw::fill_in("globex", &mut file.raw(), &mut None, 400..450);
    let keys = documents(&file);
    assert_eq!(keys.len(), 450);
    let mut store = file.store();
    let mut random = Random::new(7);
    let soon = raw::NOW.0 + 86_400_000 + 200_000;
    for sort in crate::ORDERS {
        for turn in 0..24 {
            let mut one = |share: u64| random.within(1, 100) <= share;
            let wanted = Wanted {
                tenant: if one(70) { Some("acme") } else { None },
                owner: one(40).then_some(if one(50) { "everybody" } else { "owner-2" }),
                env: one(20).then_some("live"),
                state: one(30).then_some(if one(50) {
                    KeyState::Revoked
                } else {
                    KeyState::Active
                }),
                expiring_before: one(30).then_some(soon),
                ..all(sort)
            };
            let mut expected: Vec<Position> = keys
                .iter()
                .filter(|key| chosen(&wanted, key))
                .map(|key| place(sort.by, key))
                .collect();
            expected.sort_by(|one, other| compare(sort.descending, one, other));
            let limit = usize::try_from(random.within(1, 120)).unwrap();
            let (mut found, mut after) = (vec![], None);
            loop {
                let page = Wanted { after: after.as_ref(), limit, ..wanted };
                let page = Books::keys(&mut store, &page).unwrap();
                assert!(page.keys.len() <= limit);
                found.extend(page.keys.iter().map(|filed| place(sort.by, &filed.key)));
                let Some(next) = page.next else { break };
                assert_eq!(Some(&next), found.last(), "nothing was looked at for nothing here");
                after = Some(next);
            }
            assert_eq!(found, expected, "turn {turn}: {wanted:?}, {limit} at a time");
        }
    }
}
