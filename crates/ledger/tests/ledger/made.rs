//! What tests start from.

use tollgate_core::{
    limit::{LimitScope, Period},
    lookup::LookupId,
    pepper::{Pepper, PepperId, Peppers, danger},
    stamp::Stamp,
    time::UnixMillis,
};
use tollgate_ledger::{
    Change, ChangeError, Commit, Key, LimitSpec, QuotaSpec, Secret, Settings, Snapshot, apply,
};

pub(crate) const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
pub(crate) const BEFORE: Stamp = Stamp { incarnation: 2, epoch: 40 };
pub(crate) const AFTER: Stamp = Stamp { incarnation: 2, epoch: 41 };

pub(crate) fn settings() -> Settings {
    Settings::of("acme", "bob", "live")
}

pub(crate) fn with(change: impl FnOnce(&mut Settings)) -> Settings {
    let mut settings = settings();
    change(&mut settings);
    settings
}

pub(crate) fn limit(name: &str, scope: LimitScope, burst: u64) -> LimitSpec {
    let changed = Stamp::default();
    LimitSpec { name: name.to_owned(), scope, burst, rate: 5, period_ms: 1_000, changed }
}

pub(crate) fn quota(name: &str, scope: LimitScope, count: u64) -> QuotaSpec {
    let changed = Stamp::default();
    QuotaSpec { name: name.to_owned(), scope, count, period: Period::Day, changed }
}

pub(crate) fn lookup(number: u8) -> LookupId {
    LookupId::new([number; 16])
}

pub(crate) fn secret(number: u8) -> Secret {
    Secret::new(lookup(number), PepperId::new(3).unwrap())
}

/// A ring of one published pepper.
pub(crate) fn ring() -> Peppers {
    let bytes: Vec<u8> = (0..32).collect();
    danger::published_peppers(&[Pepper { id: 3, secret: &bytes }], 3).unwrap()
}

pub(crate) fn snapshot(key: Option<&Key>) -> Snapshot {
    Snapshot {
        stamp: BEFORE,
        key: key.cloned(),
        lookup_taken: false,
        shared: vec![],
        holder_known: true,
        carriers: vec![],
    }
}

pub(crate) fn creation(settings: Settings) -> Change {
    Change::Create { id: "key_1".to_owned(), name: None, settings, secret: secret(1) }
}

pub(crate) fn created(settings: Settings) -> Result<Key, ChangeError> {
    apply(&snapshot(None), &creation(settings), NOW).map(|commit| commit.key.unwrap())
}

pub(crate) fn key() -> Key {
    created(settings()).unwrap()
}

pub(crate) fn id() -> String {
    "key_1".to_owned()
}

pub(crate) fn update(key: &Key, settings: Settings) -> Result<Commit, ChangeError> {
    apply(&snapshot(Some(key)), &Change::Update { id: id(), settings, expected: None }, NOW)
}
