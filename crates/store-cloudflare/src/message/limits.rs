//! When the limits of routes last changed: a configuration says their numbers, and the ledger since when.

use tollgate_core::{
    id::{ID_MAX, Id},
    json::{Reader, Writer},
    limit::{Limit, LimitScope},
    stamp::Stamp,
};

use super::{MessageError, numbers};

/// The most limits of one configuration.
pub const LIMITS_ASKED_MAX: usize = 1_024;

/// The most bytes that one of them takes.
const LIMIT_MAX: usize = 192;

/// The longest scope.
const SCOPE_MAX: usize = 8;

/// Writes a question for when these limits last changed, whatever `changed` they bear, behind what is in `out`.
///
/// # Errors
///
/// When there are more than [`LIMITS_ASKED_MAX`]: then nothing has been written.
pub fn write_limits(limits: &[Limit<'_>], out: &mut Vec<u8>) -> Result<(), MessageError> {
    if limits.len() > LIMITS_ASKED_MAX {
        return Err(MessageError::TooLong);
    }
    let mut room = vec![0; limits.len().saturating_add(1).saturating_mul(LIMIT_MAX)];
    let mut to = Writer::new(&mut room);
    to.raw("{\"limits\":")?;
    to.list(limits.iter(), |to, Limit { name, scope, numbers, .. }| {
        to.raw("{\"name\":")?;
        to.string(name.as_str())?;
        to.raw(",\"scope\":")?;
        to.string(scope.as_str())?;
        to.raw(",\"numbers\":")?;
        numbers::write(*numbers, to)?;
        Ok::<_, MessageError>(to.raw("}")?)
    })?;
    to.raw("}")?;
    out.extend_from_slice(to.written());
    Ok(())
}

/// Whether a question is about that, and not one that [`super::read_question`] reads.
#[must_use]
pub fn is_about_limits(question: &[u8]) -> bool {
    question.starts_with(b"{\"limits\":")
}

/// Reads such a question.
///
/// # Errors
///
/// Whatever [`write_limits`] does not write.
pub fn read_limits(bytes: &[u8]) -> Result<Vec<Limit<'_>>, MessageError> {
    let mut from = Reader::new(bytes);
    let mut limits = vec![];
    from.expect("{\"limits\":")?;
    from.list(LIMITS_ASKED_MAX, |from| {
        from.expect("{\"name\":")?;
        let name = Id::new(from.string(ID_MAX)?).map_err(|_| MessageError::Field("name"))?;
        from.expect(",\"scope\":")?;
        let scope = from.string(SCOPE_MAX)?;
        let scope = LimitScope::ALL.into_iter().find(|known| known.as_str() == scope);
        let scope = scope.ok_or(MessageError::Field("scope"))?;
        from.expect(",\"numbers\":")?;
        let numbers = numbers::read(from)?;
        from.expect("}")?;
        limits.push(Limit { name, scope, numbers, changed: Stamp::default() });
        Ok::<_, MessageError>(())
    })?;
    from.expect("}")?;
    from.end()?;
    Ok(limits)
}

/// Writes since when each of them has its numbers, in the order of the question.
///
/// # Errors
///
/// When there are more than [`LIMITS_ASKED_MAX`], or a number is above 2⁵³.
pub fn write_changed(changed: &[Stamp], out: &mut Vec<u8>) -> Result<(), MessageError> {
    if changed.len() > LIMITS_ASKED_MAX {
        return Err(MessageError::TooLong);
    }
    let mut room = vec![0; changed.len().saturating_add(1).saturating_mul(LIMIT_MAX)];
    let mut to = Writer::new(&mut room);
    to.list(changed.iter(), |to, stamp| Ok::<_, MessageError>(stamp.write(to)?))?;
    out.extend_from_slice(to.written());
    Ok(())
}

/// Reads that.
///
/// # Errors
///
/// Whatever [`write_changed`] does not write.
pub fn read_changed(bytes: &[u8]) -> Result<Vec<Stamp>, MessageError> {
    let mut from = Reader::new(bytes);
    let mut changed = vec![];
    from.list(LIMITS_ASKED_MAX, |from| {
        changed.push(Stamp::read(from)?);
        Ok::<_, MessageError>(())
    })?;
    from.end()?;
    Ok(changed)
}
