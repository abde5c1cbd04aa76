//! How an answer of several parts is laid out: each part behind its length.

use crate::message::MessageError;

/// The longest part, in bytes: the text of a head is the longest thing that is ever said.
pub const PART_MAX: usize = tollgate_core::head::TEXT_MAX;

/// The bytes of a length: a big-endian number.
const LENGTH: usize = 4;

/// Puts a part behind the others.
///
/// # Errors
///
/// When it is longer than [`PART_MAX`].
pub fn push_part(part: &[u8], out: &mut Vec<u8>) -> Result<(), MessageError> {
    if part.len() > PART_MAX {
        return Err(MessageError::TooLong);
    }
    let len = u32::try_from(part.len()).map_err(|_| MessageError::TooLong)?;
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(part);
    Ok(())
}

/// Takes apart what has exactly `N` parts.
///
/// # Errors
///
/// When it has another number of parts, one is longer than [`PART_MAX`], or a byte is missing or left over.
pub fn parts<const N: usize>(bytes: &[u8]) -> Result<[&[u8]; N], MessageError> {
    let mut parts: [&[u8]; N] = [&[]; N];
    let mut rest = bytes;
    for part in &mut parts {
        let (len, after) = rest.split_first_chunk::<LENGTH>().ok_or(MessageError::Framing)?;
        let len = usize::try_from(u32::from_be_bytes(*len)).map_err(|_| MessageError::TooLong)?;
        if len > PART_MAX {
            return Err(MessageError::TooLong);
        }
        (*part, rest) = after.split_at_checked(len).ok_or(MessageError::Framing)?;
    }
    if rest.is_empty() { Ok(parts) } else { Err(MessageError::Framing) }
}
