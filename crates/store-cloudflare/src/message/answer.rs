//! What the authority of a bucket says.

use tollgate_core::{
    bucket::Wait,
    json::{INTEGER_MAX, Reader, Writer},
    lease::{Answer, Lease},
    stamp::Stamp,
};

use super::{MessageError, ask::small, numbers};

/// The longest text of an answer, in bytes.
pub const ANSWER_MAX: usize = 512;

/// Writes the authority's answer behind what is in `out`.
///
/// # Errors
///
/// When a number is above 2⁵³: then nothing has been written.
pub fn write_answer(answer: &Answer, out: &mut Vec<u8>) -> Result<(), MessageError> {
    let mut buffer = [0; ANSWER_MAX];
    let mut to = Writer::new(&mut buffer);
    to.raw("{\"seq\":")?;
    to.uint(answer.seq())?;
    match answer {
        Answer::Stale { .. } => to.raw(",\"stale\":true")?,
        Answer::Lease(lease) => write_lease(lease, &mut to)?,
    }
    to.raw("}")?;
    out.extend_from_slice(to.written());
    Ok(())
}

fn write_lease(lease: &Lease, to: &mut Writer<'_>) -> Result<(), MessageError> {
    to.raw(",\"granted_waiting\":")?;
    to.uint(lease.granted_waiting.into())?;
    to.raw(",\"granted\":")?;
    to.uint(lease.granted.into())?;
    to.raw(",\"ttl_ms\":")?;
    to.uint(lease.ttl_ms.into())?;
    to.raw(",\"retry_after_ms\":")?;
    match lease.retry_after {
        // Nobody waits for more than 2⁵³ milliseconds, which are 285,000 years.
        Wait::Later(wait) => to.uint(wait.min(INTEGER_MAX))?,
        Wait::Never => to.raw("null")?,
    }
    to.raw(",\"ask_after_ms\":")?;
    to.uint(lease.ask_after_ms.into())?;
    to.raw(",\"numbers\":")?;
    numbers::write(lease.numbers, to)?;
    to.raw(",\"changed\":")?;
    lease.changed.write(to)?;
    to.raw(",\"left\":")?;
    Ok(to.uint(lease.left.into())?)
}

/// Reads an authority's answer.
///
/// # Errors
///
/// Whatever [`write_answer`] does not write.
pub fn read_answer(bytes: &[u8]) -> Result<Answer, MessageError> {
    if bytes.len() > ANSWER_MAX {
        return Err(MessageError::TooLong);
    }
    let mut reader = Reader::new(bytes);
    let from = &mut reader;
    from.expect("{\"seq\":")?;
    let seq = from.uint()?;
    let answer = if from.accept(",\"stale\":true") {
        Answer::Stale { seq }
    } else {
        Answer::Lease(read_lease(seq, from)?)
    };
    from.expect("}")?;
    reader.end()?;
    Ok(answer)
}

fn read_lease(seq: u64, from: &mut Reader<'_>) -> Result<Lease, MessageError> {
    let granted_waiting = small(",\"granted_waiting\":", from)?;
    let granted = small(",\"granted\":", from)?;
    let ttl_ms = small(",\"ttl_ms\":", from)?;
    from.expect(",\"retry_after_ms\":")?;
    let retry_after = if from.accept("null") { Wait::Never } else { Wait::Later(from.uint()?) };
    let ask_after_ms = small(",\"ask_after_ms\":", from)?;
    from.expect(",\"numbers\":")?;
    let numbers = numbers::read(from)?;
    from.expect(",\"changed\":")?;
    let changed = Stamp::read(from)?;
    let left = small(",\"left\":", from)?;
    Ok(Lease {
        seq,
        granted_waiting,
        granted,
        ttl_ms,
        retry_after,
        ask_after_ms,
        numbers,
        changed,
        left,
    })
}
