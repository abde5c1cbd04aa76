//! Numbers in as few bytes as they need: seven bits a byte, the low ones first.

use super::StateError;

/// Writes into a buffer of the caller's.
pub(super) struct Output<'a> {
    buffer: &'a mut [u8],
    len: usize,
}

impl<'a> Output<'a> {
    pub(super) const fn new(buffer: &'a mut [u8]) -> Self {
        Self { buffer, len: 0 }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Result<(), StateError> {
        let end = self.len.checked_add(bytes.len()).ok_or(StateError::Full)?;
        self.buffer.get_mut(self.len..end).ok_or(StateError::Full)?.copy_from_slice(bytes);
        self.len = end;
        Ok(())
    }

    pub(super) fn byte(&mut self, byte: u8) -> Result<(), StateError> {
        self.bytes(&[byte])
    }

    pub(super) fn number(&mut self, number: u64) -> Result<(), StateError> {
        let mut left = number;
        loop {
            let low = u8::try_from(left & 0x7f).unwrap_or(0);
            left >>= 7;
            if left == 0 {
                return self.byte(low);
            }
            self.byte(low | 0x80)?;
        }
    }
}

/// Reads what [`Output`] writes, and accepts no other spelling.
pub(super) struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], StateError> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>().ok_or(StateError::Malformed)?;
        self.rest = rest;
        Ok(*bytes)
    }

    pub(super) fn byte(&mut self) -> Result<u8, StateError> {
        self.bytes::<1>().map(|[byte]| byte)
    }

    pub(super) fn number(&mut self) -> Result<u64, StateError> {
        let mut number = 0_u64;
        for shift in (0..64_u32).step_by(7) {
            let byte = self.byte()?;
            let low = u64::from(byte & 0x7f);
            let placed = low.checked_shl(shift).filter(|placed| placed >> shift == low);
            number |= placed.ok_or(StateError::Malformed)?;
            if byte & 0x80 == 0 {
                let overlong = byte == 0 && shift > 0;
                return if overlong { Err(StateError::Malformed) } else { Ok(number) };
            }
        }
        Err(StateError::Malformed)
    }

    pub(super) fn small(&mut self) -> Result<u32, StateError> {
        u32::try_from(self.number()?).map_err(|_| StateError::Impossible)
    }

    pub(super) const fn end(&self) -> Result<(), StateError> {
        if self.rest.is_empty() { Ok(()) } else { Err(StateError::Malformed) }
    }
}
