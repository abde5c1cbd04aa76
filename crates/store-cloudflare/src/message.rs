//! What is asked of a Durable Object, and what it says about a lease.
//!
//! A question is one text. An answer has [parts](crate::frame), each as long as it says: of a head its sealed
//! text; of a record the record's or absence's sealed text and the head of the same read; of a lease the text
//! that is written here and the object's copy of the head, empty if it has none.

mod answer;
mod ask;
mod limits;
mod note;
mod numbers;
mod usage;

use core::fmt;

pub use answer::{ANSWER_MAX, read_answer, write_answer};
pub use limits::{
    LIMITS_ASKED_MAX, is_about_limits, read_changed, read_limits, write_changed, write_limits,
};
pub use note::{NOTE_MAX, read_note, write_note};
use tollgate_core::{
    bucket::NAME_MAX,
    json::{JsonError, Reader, Writer},
    lease::Ask,
    limit::LimitScope,
    lookup::LookupId,
    stamp::Stamp,
};
pub use usage::{Batch, Taken, USAGE_MAX, is_usage, read_usage, write_usage};

/// The longest question, in bytes.
pub const QUESTION_MAX: usize = 1_024;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question<'a> {
    /// What changed lately.
    Head,
    /// The record of one secret, and what changed lately.
    Record(LookupId),
    /// Tokens of one bucket.
    Lease {
        /// The bucket's name.
        bucket: &'a str,
        /// What the holder says.
        ask: Ask,
    },
}

/// Why bytes are not a message.
///
/// Holds no byte of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageError {
    /// It is longer than its kind allows.
    TooLong,
    /// Its parts are not as long as they say, or are not as many as there should be.
    Framing,
    /// It is not spelled as messages are.
    Spelling(JsonError),
    /// What is said of this field is out of its bounds.
    Field(&'static str),
}

impl MessageError {
    /// The stable name of what is wrong, for logs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLong => "message_too_long",
            Self::Framing => "message_framing",
            Self::Spelling(_) => "message_malformed",
            Self::Field(_) => "message_invalid",
        }
    }
}

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl core::error::Error for MessageError {}

impl From<JsonError> for MessageError {
    fn from(error: JsonError) -> Self {
        Self::Spelling(error)
    }
}

/// Writes a question of somebody whose head has come as far as `since`, behind what is in `out`.
///
/// # Errors
///
/// When a number is above 2⁵³, or the name is no bucket's: then nothing has been written.
pub fn write_question(
    question: &Question<'_>,
    since: Stamp,
    out: &mut Vec<u8>,
) -> Result<(), MessageError> {
    let mut buffer = [0; QUESTION_MAX];
    let mut to = Writer::new(&mut buffer);
    to.raw("{\"since\":")?;
    since.write(&mut to)?;
    match question {
        Question::Head => {}
        Question::Record(lookup) => {
            to.raw(",\"lookup\":")?;
            to.hex(lookup.as_bytes())?;
        }
        Question::Lease { bucket, ask } => {
            to.raw(",\"bucket\":")?;
            to.string(name(bucket)?)?;
            to.raw(",\"ask\":")?;
            ask::write(ask, &mut to)?;
        }
    }
    to.raw("}")?;
    out.extend_from_slice(to.written());
    Ok(())
}

/// Reads a question, and how far the asker's head has come.
///
/// # Errors
///
/// Whatever [`write_question`] does not write.
pub fn read_question(bytes: &[u8]) -> Result<(Question<'_>, Stamp), MessageError> {
    if bytes.len() > QUESTION_MAX {
        return Err(MessageError::TooLong);
    }
    let mut from = Reader::new(bytes);
    from.expect("{\"since\":")?;
    let since = Stamp::read(&mut from)?;
    let question = if from.accept(",\"lookup\":") {
        Question::Record(LookupId::new(from.hex()?))
    } else if from.accept(",\"bucket\":") {
        let bucket = name(from.string(NAME_MAX)?)?;
        from.expect(",\"ask\":")?;
        Question::Lease { bucket, ask: ask::read(&mut from)? }
    } else {
        Question::Head
    };
    from.expect("}")?;
    from.end()?;
    Ok((question, since))
}

/// A bucket's name is tenant, scope, scope id and limit name, none of them blank.
fn name(bucket: &str) -> Result<&str, MessageError> {
    let mut parts = bucket.split('/');
    let four = [parts.next(), parts.next(), parts.next(), parts.next()];
    let blank = four.iter().any(|part| part.is_none_or(str::is_empty));
    let [_, scope, ..] = four;
    let known = LimitScope::ALL.iter().any(|known| Some(known.as_str()) == scope);
    let whole = !blank && known && parts.next().is_none() && bucket.len() <= NAME_MAX;
    if whole { Ok(bucket) } else { Err(MessageError::Field("bucket")) }
}
