//! Where in the ledger's history something was read or changed.

use crate::json::{JsonError, Reader, Writer};

/// A point in the ledger's history: the incarnation first, then the epoch within it.
///
/// An incarnation is what a restore begins; within one, no epoch is used twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// Counts the ledger's lives: a restore from a backup starts a higher one.
    pub incarnation: u64,
    /// Counts the changes within one incarnation.
    pub epoch: u64,
}

impl Stamp {
    /// Reads `[incarnation,epoch]`.
    ///
    /// # Errors
    ///
    /// Whatever is not spelled exactly so.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, JsonError> {
        reader.expect("[")?;
        let incarnation = reader.uint()?;
        reader.expect(",")?;
        let epoch = reader.uint()?;
        reader.expect("]")?;
        Ok(Self { incarnation, epoch })
    }

    /// Writes `[incarnation,epoch]`.
    ///
    /// # Errors
    ///
    /// When the buffer is full.
    pub fn write(self, writer: &mut Writer<'_>) -> Result<(), JsonError> {
        writer.raw("[")?;
        writer.uint(self.incarnation)?;
        writer.raw(",")?;
        writer.uint(self.epoch)?;
        writer.raw("]")
    }
}
