//! Reads the fields of a record whose seal has been checked.

use super::{Absence, RecordError};
use crate::{
    id::{ID_MAX, Id},
    json::Reader,
    key::{ENV_MAX, Env},
    limit::{Limit, LimitScope, Numbers, Period},
    lookup::LookupId,
    network::{BLOCK_TEXT_MAX, BLOCKS_MAX, Block, COUNTRIES_MAX, Country},
    record::{
        LIMITS_MAX, QUOTAS_MAX, Record, State,
        packed::{Element, List, Packer},
    },
    scope::{SCOPE_MAX, SCOPES_MAX, Scope},
    sealed,
    stamp::Stamp,
    time::UnixMillis,
};

/// Packs what the text says, or gives the absence that it is.
pub(super) fn body(
    mut reader: Reader<'_>,
    to: &mut Packer<'_>,
) -> Result<Option<Absence>, RecordError> {
    let from = &mut reader;
    sealed::read_opening(from)?;
    from.expect(",\"as_of\":")?;
    let as_of = stamp(from, "as_of")?;
    from.expect(",\"lookup\":")?;
    let lookup = LookupId::new(from.hex()?);
    if from.accept(",\"absent\":true") {
        sealed::read_closing(reader)?;
        return Ok(Some(Absence { as_of, lookup }));
    }
    // Whoever sealed the record has vouched for it up to then.
    to.stamp(as_of)?;
    to.stamp(as_of)?;
    to.bytes(lookup.as_bytes())?;
    from.expect(",\"key\":")?;
    let key = id(from, "key")?;
    from.expect(",\"tenant\":")?;
    let tenant = id(from, "tenant")?;
    from.expect(",\"owner\":")?;
    let owner = id(from, "owner")?;
    from.expect(",\"env\":")?;
    let env = Env::new(from.string(ENV_MAX)?).map_err(|_| RecordError::Field("env"))?;
    from.expect(",\"state\":")?;
    to.bytes(&[one_of(from, State::ALL.map(State::as_str), "state")?])?;
    from.expect(",\"not_before\":")?;
    let not_before = instant(from, "not_before")?;
    from.expect(",\"expires\":")?;
    let expires = instant(from, "expires")?;
    if not_before.zip(expires).is_some_and(|(from, to)| from >= to) {
        return Err(RecordError::Field("expires"));
    }
    to.instant(not_before)?;
    to.instant(expires)?;
    from.expect(",\"plan\":")?;
    let plan = if from.accept("null") { "" } else { id(from, "plan")?.as_str() };
    to.names(&[env.as_str(), key.as_str(), tenant.as_str(), owner.as_str(), plan])?;
    lists(from, to, as_of)?;
    sealed::read_closing(reader)?;
    Ok(None)
}

fn lists(from: &mut Reader<'_>, to: &mut Packer<'_>, as_of: Stamp) -> Result<(), RecordError> {
    from.expect(",\"scopes\":")?;
    list(from, to, SCOPES_MAX, |from| {
        Scope::new(from.string(SCOPE_MAX)?).map_err(|_| RecordError::Field("scopes"))
    })?;
    from.expect(",\"limits\":")?;
    list(from, to, LIMITS_MAX, |from| limit(from, as_of))?;
    from.expect(",\"quotas\":")?;
    list(from, to, QUOTAS_MAX, |from| quota(from, as_of))?;
    from.expect(",\"ips\":{\"allow\":")?;
    list(from, to, BLOCKS_MAX, block)?;
    from.expect(",\"deny\":")?;
    list(from, to, BLOCKS_MAX, block)?;
    from.expect("},\"countries\":{\"allow\":")?;
    list(from, to, COUNTRIES_MAX, country)?;
    from.expect(",\"deny\":")?;
    list(from, to, COUNTRIES_MAX, country)?;
    Ok(from.expect("}")?)
}

fn list<'t, T: Element<'t>>(
    from: &mut Reader<'t>,
    to: &mut Packer<'_>,
    max: usize,
    mut element: impl FnMut(&mut Reader<'t>) -> Result<T, RecordError>,
) -> Result<(), RecordError> {
    let mut begun = to.begin()?;
    from.list(max, |from| {
        let element = element(from)?;
        Ok::<(), RecordError>(to.element(&mut begun, element)?)
    })?;
    Ok(to.end(&begun)?)
}

fn limit<'t>(from: &mut Reader<'t>, as_of: Stamp) -> Result<Limit<'t>, RecordError> {
    from.expect("{\"name\":")?;
    let name = id(from, "limits")?;
    from.expect(",\"scope\":")?;
    let scope = limit_scope(from, "limits")?;
    from.expect(",\"burst\":")?;
    let burst = from.uint()?;
    from.expect(",\"rate\":")?;
    let rate = from.uint()?;
    from.expect(",\"period_ms\":")?;
    let period_ms = from.uint()?;
    let numbers = Numbers::steady(burst, rate, period_ms);
    let numbers = numbers.map_err(|_| RecordError::Field("limits"))?;
    Ok(Limit { name, scope, numbers, changed: changed(from, as_of)? })
}

fn quota<'t>(from: &mut Reader<'t>, as_of: Stamp) -> Result<Limit<'t>, RecordError> {
    from.expect("{\"name\":")?;
    let name = id(from, "quotas")?;
    from.expect(",\"scope\":")?;
    let scope = limit_scope(from, "quotas")?;
    if scope == LimitScope::Ip {
        return Err(RecordError::Field("quotas"));
    }
    from.expect(",\"count\":")?;
    let count = from.uint()?;
    from.expect(",\"each\":")?;
    let period = one_of(from, Period::ALL.map(Period::as_str), "quotas")?;
    let period = Period::ALL.get(usize::from(period)).ok_or(RecordError::Field("quotas"))?;
    let numbers = Numbers::quota(count, *period).map_err(|_| RecordError::Field("quotas"))?;
    Ok(Limit { name, scope, numbers, changed: changed(from, as_of)? })
}

/// The end of a limit or quota: when its numbers changed, which is not after the record was read.
fn changed(from: &mut Reader<'_>, as_of: Stamp) -> Result<Stamp, RecordError> {
    from.expect(",\"changed\":")?;
    let changed = stamp(from, "changed")?;
    from.expect("}")?;
    if changed > as_of { Err(RecordError::Field("changed")) } else { Ok(changed) }
}

fn limit_scope(from: &mut Reader<'_>, field: &'static str) -> Result<LimitScope, RecordError> {
    let scope = one_of(from, LimitScope::ALL.map(LimitScope::as_str), field)?;
    LimitScope::ALL.get(usize::from(scope)).copied().ok_or(RecordError::Field(field))
}

fn block(from: &mut Reader<'_>) -> Result<Block, RecordError> {
    Block::parse(from.string(BLOCK_TEXT_MAX)?).map_err(|_| RecordError::Field("ips"))
}

fn country(from: &mut Reader<'_>) -> Result<Country, RecordError> {
    Country::new(from.string(2)?.as_bytes()).ok_or(RecordError::Field("countries"))
}

fn id<'t>(from: &mut Reader<'t>, field: &'static str) -> Result<Id<'t>, RecordError> {
    Id::new(from.string(ID_MAX)?).map_err(|_| RecordError::Field(field))
}

fn stamp(from: &mut Reader<'_>, field: &'static str) -> Result<Stamp, RecordError> {
    let stamp = Stamp::read(from)?;
    if stamp.incarnation == 0 || stamp.epoch == 0 {
        return Err(RecordError::Field(field));
    }
    Ok(stamp)
}

fn instant(from: &mut Reader<'_>, field: &'static str) -> Result<Option<UnixMillis>, RecordError> {
    if from.accept("null") {
        return Ok(None);
    }
    match from.uint()? {
        0 => Err(RecordError::Field(field)),
        instant => Ok(Some(UnixMillis(instant))),
    }
}

/// The position of the string that is next in `words`, all of which are short.
fn one_of<const N: usize>(
    from: &mut Reader<'_>,
    words: [&str; N],
    field: &'static str,
) -> Result<u8, RecordError> {
    let word = from.string(ID_MAX)?;
    let position = words.iter().position(|each| *each == word);
    position.and_then(|at| u8::try_from(at).ok()).ok_or(RecordError::Field(field))
}

/// The view of what has been packed, if no list says a thing twice.
pub(super) fn validated(packed: &[u8]) -> Result<Record<'_>, RecordError> {
    let record = Record::unpack(packed).ok_or(RecordError::Field("lists"))?;
    let names = record.limits.iter().chain(record.quotas).map(|limit| limit.name);
    let countries = (record.countries_allowed, record.countries_denied);
    // A list that ends early would lose the rules behind that point.
    let whole = whole(record.scopes)
        && whole(record.limits)
        && whole(record.quotas)
        && whole(record.ips_allowed)
        && whole(record.ips_denied)
        && whole(countries.0)
        && whole(countries.1);
    if !whole {
        return Err(RecordError::Field("lists"));
    }
    let alike = [
        ("scopes", repeats(record.scopes)),
        ("name", has_repeats(names)),
        ("ips", repeats(record.ips_allowed) || repeats(record.ips_denied)),
        ("countries", repeats(countries.0) || repeats(countries.1)),
    ];
    match alike.into_iter().find(|(_, repeats)| *repeats) {
        Some((field, _)) => Err(RecordError::Field(field)),
        None => Ok(record),
    }
}

fn whole<'a, T: Element<'a>>(list: List<'a, T>) -> bool {
    list.iter().count() == list.len()
}

fn repeats<'a, T: Element<'a> + PartialEq>(list: List<'a, T>) -> bool {
    has_repeats(list.iter())
}

fn has_repeats<T: PartialEq>(mut items: impl Iterator<Item = T> + Clone) -> bool {
    while let Some(item) = items.next() {
        if items.clone().any(|other| other == item) {
            return true;
        }
    }
    false
}
