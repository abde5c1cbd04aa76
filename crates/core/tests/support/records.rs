//! Records for tests: sealed under a published pepper and opened again.

use tollgate_core::{
    key::{ApiKey, Brand, Draw, Env, Prefix, mint},
    lookup::LookupId,
    pepper::{Genuine, Pepper, Peppers, danger},
    record::{self, Draft, Expected, Found, PACKED_MAX, Record, RecordError, State},
    stamp::Stamp,
};

/// A ring of one published pepper.
pub(crate) fn ring() -> Peppers {
    let secret: Vec<u8> = (0..32).collect();
    danger::published_peppers(&[Pepper { id: 0, secret: &secret }], 0).unwrap()
}

/// A key that was minted for `env`.
pub(crate) fn key(env: &str) -> String {
    let (prefix, env) = (Prefix::new("tg").unwrap(), Env::new(env).unwrap());
    mint(prefix, env, &ring(), &Draw::new(&[7; 19]).unwrap()).as_str().to_owned()
}

/// The same, proved.
pub(crate) fn genuine(env: &str) -> Genuine {
    let brand = Brand::new("tg", &[env]).unwrap();
    ring().prove(&ApiKey::parse(key(env).as_bytes(), &brand).unwrap()).unwrap()
}

/// A draft that says nothing in particular of the key that [`genuine`] gives for `live`.
pub(crate) fn plain<'a>() -> Draft<'a> {
    Draft {
        as_of: Stamp { incarnation: 1, epoch: 42 },
        lookup: genuine("live").lookup(),
        key: "key_7Hq2",
        tenant: "acme",
        owner: "ops@acme.example",
        env: Env::new("live").unwrap(),
        state: State::Active,
        not_before: None,
        expires: None,
        plan: None,
        scopes: &[],
        limits: &[],
        quotas: &[],
        ips_allowed: &[],
        ips_denied: &[],
        countries_allowed: &[],
        countries_denied: &[],
    }
}

/// The sealed text of a draft.
pub(crate) fn text(draft: &Draft<'_>) -> Result<Vec<u8>, RecordError> {
    let ring = ring();
    let mut out = vec![0; record::TEXT_MAX];
    record::seal(draft, &ring, ring.issuing(), &mut out).map(<[u8]>::to_vec)
}

/// What opening `text` as the record of `lookup` for `live` gives.
pub(crate) fn open<'p>(
    text: &[u8],
    lookup: LookupId,
    packed: &'p mut [u8; PACKED_MAX],
) -> Result<Found<'p>, RecordError> {
    let expected = Expected { lookup, env: Env::new("live").unwrap() };
    record::open(text, &ring(), expected, packed)
}

/// The record of a draft.
pub(crate) fn record<'p>(draft: &Draft<'_>, packed: &'p mut [u8; PACKED_MAX]) -> Record<'p> {
    match open(&text(draft).unwrap(), draft.lookup, packed).unwrap() {
        Found::Present(record) => record,
        Found::Absent(_) => unreachable!("a draft became an absence"),
    }
}
