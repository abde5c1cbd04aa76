//! What was counted of requests: a batch, and what the ledger says of it.

use tollgate_core::{
    id::ID_MAX,
    json::{Reader, Writer},
    lease::HolderId,
    usage::{LINES_MAX, Line, ROUTE_MAX},
};

use super::MessageError;

/// The most bytes that a line takes: three identifiers, a route, a code and two numbers.
const LINE_MAX: usize = 3 * ID_MAX + ROUTE_MAX + CODE_MAX + 64;

/// The longest code.
const CODE_MAX: usize = 32;

/// The longest batch, in bytes.
pub const USAGE_MAX: usize = (LINES_MAX + 1) * LINE_MAX;

/// What the ledger says of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is kept now.
    Kept,
    /// It was kept when it came before.
    Known,
}

impl Taken {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Known => "known",
        }
    }

    /// Reads that.
    ///
    /// # Errors
    ///
    /// For anything else.
    pub fn read(text: &[u8]) -> Result<Self, MessageError> {
        let known = [Self::Kept, Self::Known].into_iter();
        let mut known = known.filter(|taken| taken.as_str().as_bytes() == text);
        known.next().ok_or(MessageError::Field("taken"))
    }
}

/// A batch that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch<'a> {
    /// Who has counted.
    pub holder: HolderId,
    /// The batch's number.
    pub seq: u64,
    /// What was counted.
    pub lines: Vec<Line<'a>>,
}

/// Writes a batch behind what is in `out`.
///
/// # Errors
///
/// When there are more than [`LINES_MAX`] lines, or one is not plausible: then nothing has been written.
pub fn write_usage<'l>(
    holder: HolderId,
    seq: u64,
    lines: impl Iterator<Item = Line<'l>>,
    out: &mut Vec<u8>,
) -> Result<(), MessageError> {
    let lines: Vec<_> = lines.collect();
    if lines.len() > LINES_MAX {
        return Err(MessageError::TooLong);
    }
    let mut room = vec![0; lines.len().saturating_add(1).saturating_mul(LINE_MAX)];
    let mut to = Writer::new(&mut room);
    to.raw("{\"usage\":")?;
    to.hex(&holder.0)?;
    to.raw(",\"seq\":")?;
    to.uint(seq)?;
    to.raw(",\"lines\":")?;
    to.list(lines.iter(), |to, line| {
        plausible(line)?;
        to.raw("[")?;
        to.uint(line.hour)?;
        for text in [line.tenant, line.owner, line.key, line.route, line.code] {
            to.raw(",")?;
            to.string(text)?;
        }
        to.raw(",")?;
        to.uint(line.count)?;
        Ok::<_, MessageError>(to.raw("]")?)
    })?;
    to.raw("}")?;
    out.extend_from_slice(to.written());
    Ok(())
}

/// Whether a question is a batch, and not one that [`super::read_question`] reads.
#[must_use]
pub fn is_usage(question: &[u8]) -> bool {
    question.starts_with(b"{\"usage\":")
}

/// Reads a batch.
///
/// # Errors
///
/// Whatever [`write_usage`] does not write.
pub fn read_usage(bytes: &[u8]) -> Result<Batch<'_>, MessageError> {
    if bytes.len() > USAGE_MAX {
        return Err(MessageError::TooLong);
    }
    let mut from = Reader::new(bytes);
    from.expect("{\"usage\":")?;
    let holder = HolderId(from.hex()?);
    from.expect(",\"seq\":")?;
    let seq = from.uint()?;
    if seq == 0 {
        return Err(MessageError::Field("seq"));
    }
    from.expect(",\"lines\":")?;
    let mut lines = vec![];
    from.list(LINES_MAX, |from| {
        from.expect("[")?;
        let hour = from.uint()?;
        let mut texts = [""; 5];
        let longest = [ID_MAX, ID_MAX, ID_MAX, ROUTE_MAX, CODE_MAX];
        for (text, max) in texts.iter_mut().zip(longest) {
            from.expect(",")?;
            *text = from.string(max)?;
        }
        let [tenant, owner, key, route, code] = texts;
        from.expect(",")?;
        let line = Line { hour, tenant, owner, key, route, code, count: from.uint()? };
        from.expect("]")?;
        plausible(&line)?;
        lines.push(line);
        Ok::<_, MessageError>(())
    })?;
    from.expect("}")?;
    from.end()?;
    Ok(Batch { holder, seq, lines })
}

fn plausible(line: &Line<'_>) -> Result<(), MessageError> {
    if line.is_plausible() { Ok(()) } else { Err(MessageError::Field("line")) }
}
