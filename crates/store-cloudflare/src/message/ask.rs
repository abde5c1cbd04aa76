//! What a holder says to the authority of a bucket.

use tollgate_core::{
    json::{Reader, Writer},
    lease::{Ask, Deadline, HolderId},
    stamp::Stamp,
};

use super::{MessageError, numbers};

pub(super) fn write(ask: &Ask, to: &mut Writer<'_>) -> Result<(), MessageError> {
    let Ask { holder, seq, numbers, changed, deadline, waiting, cost, want, keep, back } = *ask;
    to.raw("{\"holder\":")?;
    to.hex(&holder.0)?;
    to.raw(",\"seq\":")?;
    to.uint(seq)?;
    to.raw(",\"numbers\":")?;
    numbers::write(numbers, to)?;
    to.raw(",\"changed\":")?;
    changed.write(to)?;
    for (field, number) in [
        (",\"deadline_ms\":", deadline.millis()),
        (",\"waiting\":", waiting),
        (",\"cost\":", cost),
        (",\"want\":", want),
        (",\"keep\":", keep),
        (",\"back\":", back),
    ] {
        to.raw(field)?;
        to.uint(number.into())?;
    }
    Ok(to.raw("}")?)
}

pub(super) fn read(from: &mut Reader<'_>) -> Result<Ask, MessageError> {
    from.expect("{\"holder\":")?;
    let holder = HolderId(from.hex()?);
    from.expect(",\"seq\":")?;
    let seq = from.uint()?;
    from.expect(",\"numbers\":")?;
    let numbers = numbers::read(from)?;
    from.expect(",\"changed\":")?;
    let changed = Stamp::read(from)?;
    let deadline = Deadline::new(small(",\"deadline_ms\":", from)?);
    let ask = Ask {
        holder,
        seq,
        numbers,
        changed,
        deadline: deadline.ok_or(MessageError::Field("deadline_ms"))?,
        waiting: small(",\"waiting\":", from)?,
        cost: small(",\"cost\":", from)?,
        want: small(",\"want\":", from)?,
        keep: small(",\"keep\":", from)?,
        back: small(",\"back\":", from)?,
    };
    from.expect("}")?;
    Ok(ask)
}

/// A field whose number fits 32 bits.
pub(super) fn small(field: &'static str, from: &mut Reader<'_>) -> Result<u32, MessageError> {
    from.expect(field)?;
    u32::try_from(from.uint()?).map_err(|_| MessageError::Field("a count"))
}
