//! Writes and seals the text of a record.

use super::{Absence, Expected, KIND, RecordError, open};
use crate::{
    json::{JsonError, Reader, Writer},
    limit::{Limit, Refill},
    pepper::{PepperId, Peppers},
    record::{Draft, packed::PACKED_MAX},
    sealed,
    stamp::Stamp,
    time::UnixMillis,
};

/// Writes the record that `draft` describes into `out`, sealed under the pepper `pepper`.
///
/// # Errors
///
/// When the ring lacks the pepper, the text does not fit, or any field is out of its bounds: what has
/// been written is opened again before it is given out, so nothing is sealed that could not be read.
pub fn seal<'o>(
    draft: &Draft<'_>,
    peppers: &Peppers,
    pepper: PepperId,
    out: &'o mut [u8],
) -> Result<&'o [u8], RecordError> {
    let len = write(peppers, pepper, out, |to| fields(to, draft))?;
    let text = out.get(..len).unwrap_or(&[]);
    let expected = Expected { lookup: draft.lookup, env: draft.env };
    open(text, peppers, expected, &mut [0; PACKED_MAX])?;
    Ok(text)
}

/// Writes an absence into `out`, sealed under the pepper `pepper`: the tombstone of a lookup id.
///
/// # Errors
///
/// When the ring lacks the pepper, the text does not fit, or the stamp is out of its bounds.
pub fn seal_absence<'o>(
    absence: Absence,
    peppers: &Peppers,
    pepper: PepperId,
    out: &'o mut [u8],
) -> Result<&'o [u8], RecordError> {
    if absence.as_of.incarnation == 0 || absence.as_of.epoch == 0 {
        return Err(RecordError::Field("as_of"));
    }
    let len = write(peppers, pepper, out, |to| {
        to.raw(",\"as_of\":")?;
        absence.as_of.write(to)?;
        to.raw(",\"lookup\":")?;
        to.hex(absence.lookup.as_bytes())?;
        to.raw(",\"absent\":true")
    })?;
    Ok(out.get(..len).unwrap_or(&[]))
}

/// Writes the sealed record or absence `text` into `out` as of another stamp, sealed under the same pepper.
///
/// For whoever has read the text where all records are as of `as_of` at least: otherwise an old record would pass for a
/// new one.
///
/// # Errors
///
/// When the seal of `text` does not hold, or it does not fit.
pub fn restamp<'o>(
    text: &[u8],
    as_of: Stamp,
    peppers: &Peppers,
    out: &'o mut [u8],
) -> Result<&'o [u8], RecordError> {
    let key = |id| peppers.record_key(PepperId::from_number(id)?);
    let id = sealed::check(KIND, text, key).map_err(RecordError::Sealed)?;
    let unknown = RecordError::Sealed(sealed::SealError::UnknownPepper);
    let pepper = PepperId::from_number(id).ok_or(unknown)?;
    let mut from = Reader::new(text);
    sealed::read_opening(&mut from)?;
    from.expect(",\"as_of\":")?;
    Stamp::read(&mut from)?;
    let rest = sealed::unsealed(from.rest()).and_then(|rest| core::str::from_utf8(rest).ok());
    let rest = rest.ok_or(RecordError::Spelling(JsonError::Expected("fields")))?;
    let len = write(peppers, pepper, out, |to| {
        to.raw(",\"as_of\":")?;
        as_of.write(to)?;
        to.raw(rest)
    })?;
    Ok(out.get(..len).unwrap_or(&[]))
}

fn write(
    peppers: &Peppers,
    pepper: PepperId,
    out: &mut [u8],
    fields: impl FnOnce(&mut Writer<'_>) -> Result<(), JsonError>,
) -> Result<usize, RecordError> {
    let unknown = RecordError::Sealed(sealed::SealError::UnknownPepper);
    let key = peppers.record_key(pepper).ok_or(unknown)?;
    let mut to = Writer::new(out);
    sealed::open(&mut to, pepper.get().into())?;
    fields(&mut to)?;
    sealed::close(KIND, &mut to, key)?;
    Ok(to.len())
}

fn fields(to: &mut Writer<'_>, draft: &Draft<'_>) -> Result<(), JsonError> {
    to.raw(",\"as_of\":")?;
    draft.as_of.write(to)?;
    to.raw(",\"lookup\":")?;
    to.hex(draft.lookup.as_bytes())?;
    for (name, text) in [
        (",\"key\":", draft.key),
        (",\"tenant\":", draft.tenant),
        (",\"owner\":", draft.owner),
        (",\"env\":", draft.env.as_str()),
        (",\"state\":", draft.state.as_str()),
    ] {
        to.raw(name)?;
        to.string(text)?;
    }
    to.raw(",\"not_before\":")?;
    instant(to, draft.not_before)?;
    to.raw(",\"expires\":")?;
    instant(to, draft.expires)?;
    to.raw(",\"plan\":")?;
    match draft.plan {
        Some(plan) => to.string(plan)?,
        None => to.raw("null")?,
    }
    to.raw(",\"scopes\":")?;
    to.list(draft.scopes, |to, scope| to.string(scope))?;
    to.raw(",\"limits\":")?;
    to.list(draft.limits, limit)?;
    to.raw(",\"quotas\":")?;
    to.list(draft.quotas, limit)?;
    to.raw(",\"ips\":")?;
    rules(to, draft.ips_allowed, draft.ips_denied)?;
    to.raw(",\"countries\":")?;
    rules(to, draft.countries_allowed, draft.countries_denied)
}

fn instant(to: &mut Writer<'_>, instant: Option<UnixMillis>) -> Result<(), JsonError> {
    match instant {
        Some(instant) => to.uint(instant.0),
        None => to.raw("null"),
    }
}

fn limit(to: &mut Writer<'_>, limit: &Limit<'_>) -> Result<(), JsonError> {
    to.raw("{\"name\":")?;
    to.string(limit.name.as_str())?;
    to.raw(",\"scope\":")?;
    to.string(limit.scope.as_str())?;
    match limit.numbers.refill() {
        Refill::Steady { rate, period_ms } => {
            to.raw(",\"burst\":")?;
            to.uint(limit.numbers.burst().into())?;
            to.raw(",\"rate\":")?;
            to.uint(rate.into())?;
            to.raw(",\"period_ms\":")?;
            to.uint(period_ms.into())?;
        }
        Refill::Each(period) => {
            to.raw(",\"count\":")?;
            to.uint(limit.numbers.burst().into())?;
            to.raw(",\"each\":")?;
            to.string(period.as_str())?;
        }
    }
    to.raw(",\"changed\":")?;
    limit.changed.write(to)?;
    to.raw("}")
}

fn rules(to: &mut Writer<'_>, allow: &[&str], deny: &[&str]) -> Result<(), JsonError> {
    to.raw("{\"allow\":")?;
    to.list(allow, |to, each| to.string(each))?;
    to.raw(",\"deny\":")?;
    to.list(deny, |to, each| to.string(each))?;
    to.raw("}")
}
