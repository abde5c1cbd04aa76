//! How far the ledger has come, as it is noted outside it.

use tollgate_core::{
    json::{Reader, Writer},
    stamp::Stamp,
};

use super::MessageError;

/// The longest text of a note, in bytes.
pub const NOTE_MAX: usize = 64;

/// Writes a note behind what is in `out`.
///
/// # Errors
///
/// When a number is above 2⁵³: then nothing has been written.
pub fn write_note(stamp: Stamp, out: &mut Vec<u8>) -> Result<(), MessageError> {
    let mut buffer = [0; NOTE_MAX];
    let mut to = Writer::new(&mut buffer);
    to.raw("{\"noted\":")?;
    stamp.write(&mut to)?;
    to.raw("}")?;
    out.extend_from_slice(to.written());
    Ok(())
}

/// Reads a note.
///
/// # Errors
///
/// Whatever [`write_note`] does not write.
pub fn read_note(bytes: &[u8]) -> Result<Stamp, MessageError> {
    if bytes.len() > NOTE_MAX {
        return Err(MessageError::TooLong);
    }
    let mut from = Reader::new(bytes);
    from.expect("{\"noted\":")?;
    let stamp = Stamp::read(&mut from)?;
    from.expect("}")?;
    from.end()?;
    Ok(stamp)
}
