//! What the tests work with: a brand, keys of it and near misses, fields, records.

use tollgate_core::{
    id::Id,
    key::{ApiKey, Brand, Draw, Env, Prefix, mint},
    limit::{Limit, LimitScope, Numbers, Period},
    pepper::{Pepper, Peppers, danger},
    record::{self, Draft, Expected, Found, PACKED_MAX, Record, State},
    stamp::Stamp,
    time::UnixMillis,
};

/// A well-formed key of the brand.
pub(crate) const K: &str = "tg_live_1PFomxVvHxK9DoPCchyGyQ9uYxJ7rLoXE5C7u22zYyp52XJUH5";
/// Another text of ours; nobody says it is a key.
pub(crate) const L: &str = "tg_live_1PFomxVvHxK9DoPCchyGyQ9uYxJ7rLoXE5C7u22zYyp52XJUH6";
/// An end user's token, as issuers make them.
pub(crate) const JWT: &str = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1c2VyXzEifQ.tg_live-TG_LIVE_x";

pub(crate) fn brand() -> Brand {
    Brand::new("tg", &["live", "test"]).unwrap()
}

/// Fields as a host gives them.
pub(crate) fn fields<'a>(
    pairs: &'a [(&'a str, &'a str)],
) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone {
    pairs.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()))
}

pub(crate) fn limit(name: &str, numbers: Numbers) -> Limit<'_> {
    let changed = Stamp { incarnation: 1, epoch: 1 };
    Limit { name: Id::new(name).unwrap(), scope: LimitScope::Key, numbers, changed }
}

pub(crate) fn steady(name: &str, burst: u64, rate: u64, period_ms: u64) -> Limit<'_> {
    limit(name, Numbers::steady(burst, rate, period_ms).unwrap())
}

pub(crate) fn quota(name: &str, count: u64, period: Period) -> Limit<'_> {
    limit(name, Numbers::quota(count, period).unwrap())
}

/// A record with these limits and quotas, which expires at `expires`.
pub(crate) fn record<'p>(
    limits: &[Limit<'_>],
    quotas: &[Limit<'_>],
    expires: Option<UnixMillis>,
    packed: &'p mut [u8; PACKED_MAX],
) -> Record<'p> {
    let secret: Vec<u8> = (0..32).collect();
    let ring: Peppers = danger::published_peppers(&[Pepper { id: 0, secret: &secret }], 0).unwrap();
    let (prefix, env) = (Prefix::new("tg").unwrap(), Env::new("live").unwrap());
    let key = mint(prefix, env, &ring, &Draw::new(&[7; 19]).unwrap());
    let brand = brand();
    let lookup =
        ring.prove(&ApiKey::parse(key.as_str().as_bytes(), &brand).unwrap()).unwrap().lookup();
    let draft = Draft {
        as_of: Stamp { incarnation: 1, epoch: 42 },
        lookup,
        key: "key_1",
        tenant: "acme",
        owner: "ops",
        env,
        state: State::Active,
        not_before: None,
        expires,
        plan: None,
        scopes: &[],
        limits,
        quotas,
        ips_allowed: &[],
        ips_denied: &[],
        countries_allowed: &[],
        countries_denied: &[],
    };
    let mut text = vec![0; record::TEXT_MAX];
    let text = record::seal(&draft, &ring, ring.issuing(), &mut text).unwrap();
    match record::open(text, &ring, Expected { lookup, env }, packed).unwrap() {
        Found::Present(record) => record,
        Found::Absent(_) => unreachable!("a draft became an absence"),
    }
}
