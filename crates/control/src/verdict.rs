//! What stands against a secret: the ledger's answer, and where the request comes from.

use tollgate_core::{
    bucket::{BucketName, Subject},
    decision::Denial,
    id::Id,
    key::Env,
    limit::{LimitScope, Numbers},
    lookup::LookupId,
    network::{Address, Block, Country, admits},
    stamp::Stamp,
    time::UnixMillis,
};
use tollgate_ledger::Effective;

use crate::{Seen, Tokens};

/// Where a request comes from, as far as it can be believed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place {
    pub(crate) address: Option<Address>,
    pub(crate) country: Option<Country>,
}

/// Why the secret `lookup` of whoever was seen is refused at `now`, in the gate's order; none if nothing about the
/// key or the place stands against it. What it may do is the caller's question.
pub(crate) fn against(
    seen: &Seen,
    (lookup, env): (LookupId, Env),
    place: Place,
    now: UnixMillis,
) -> Option<Denial> {
    let Seen { key, stopped } = seen;
    let effective = Effective {
        as_of: Stamp::default(),
        key,
        owner_stopped: stopped.owner,
        tenant_stopped: stopped.tenant,
    };
    // The key itself names its env, so this is a ledger that is not ours.
    if key.settings.env != env.as_str() {
        return Some(Denial::Unavailable);
    }
    effective.denial(lookup, now).or_else(|| of_place(seen, place))
}

fn of_place(Seen { key, .. }: &Seen, Place { address, country }: Place) -> Option<Denial> {
    let settings = &key.settings;
    let blocks = |texts: &[String]| {
        texts.iter().map(|text| Block::parse(text).ok()).collect::<Option<Vec<_>>>()
    };
    let countries = |texts: &[String]| {
        texts.iter().map(|text| Country::new(text.as_bytes())).collect::<Option<Vec<_>>>()
    };
    // What cannot be read of a list allows nobody.
    let Some(((allowed, denied), (wanted, unwanted))) = blocks(&settings.ips_allowed)
        .zip(blocks(&settings.ips_denied))
        .zip(countries(&settings.countries_allowed).zip(countries(&settings.countries_denied)))
    else {
        return Some(Denial::Unavailable);
    };
    if !admits(address, allowed.into_iter(), denied.into_iter()) {
        return Some(Denial::IpDenied);
    }
    if !admits(country, wanted.into_iter(), unwanted.into_iter()) {
        return Some(Denial::CountryDenied);
    }
    None
}

/// The buckets of the key's limits and then of its quotas, for a request from `place`; none where that cannot be said.
pub(crate) fn tokens(Seen { key, .. }: &Seen, place: Place) -> Option<Vec<Tokens>> {
    let settings = &key.settings;
    let one = |name: &str, scope: LimitScope, numbers: Option<Numbers>, changed: Stamp| {
        let subject = match scope {
            LimitScope::Key => Subject::Key(Id::new(&key.id).ok()?),
            LimitScope::Owner => Subject::Owner(Id::new(&settings.owner).ok()?),
            LimitScope::Tenant => Subject::Tenant,
            // Nobody knows whose bucket it is.
            LimitScope::Ip => Subject::Ip(place.address?.counted().ip()),
            LimitScope::Global => Subject::Global,
        };
        let bucket = BucketName::new(Id::new(&settings.tenant).ok()?, subject, Id::new(name).ok()?);
        Some(Tokens { bucket: bucket.as_str().to_owned(), numbers: numbers?, changed })
    };
    let limits = settings.limits.iter();
    let limits = limits.map(|spec| one(&spec.name, spec.scope, spec.numbers().ok(), spec.changed));
    let quotas = settings.quotas.iter();
    let quotas = quotas.map(|spec| one(&spec.name, spec.scope, spec.numbers().ok(), spec.changed));
    limits.chain(quotas).collect()
}
