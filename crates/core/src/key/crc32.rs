//! CRC-32 of IEEE 802.3: the public check of a key.

/// How many bytes one step takes, each through its own table of 1 kB.
///
/// Eleven is one base62 group, so the body is four steps and no rest. What ships as WebAssembly pays
/// for every byte, and the tables do not compress, so there it is one.
const LANES: usize = if cfg!(target_arch = "wasm32") { 1 } else { 11 };

static TABLES: [[u32; 256]; LANES] = tables();

/// The CRC of the bytes seen so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Crc32(u32);

impl Crc32 {
    /// The CRC of nothing yet.
    pub(crate) const START: Self = Self(u32::MAX);

    /// Takes in `bytes`.
    #[must_use]
    #[inline]
    pub(crate) fn with(self, bytes: &[u8]) -> Self {
        let (steps, rest) = bytes.as_chunks::<LANES>();
        let state = steps.iter().fold(self.0, advance);
        Self(rest.iter().fold(state, |state, &byte| advance(state, &[byte])))
    }

    /// The CRC of all that was taken in.
    #[must_use]
    #[inline]
    pub(crate) const fn value(self) -> u32 {
        !self.0
    }
}

/// The state after `bytes`, of which there are at most [`LANES`].
#[inline]
fn advance<const N: usize>(mut state: u32, bytes: &[u8; N]) -> u32 {
    let mut next = 0;
    let (tables, _) = TABLES.split_at(N);
    for (byte, table) in bytes.iter().zip(tables.iter().rev()) {
        let [low, ..] = state.to_le_bytes();
        next ^= entry(table, byte ^ low);
        state >>= 8;
    }
    next ^ state
}

#[inline]
#[expect(clippy::indexing_slicing, reason = "a byte is below 256")]
fn entry(table: &[u32; 256], byte: u8) -> u32 {
    table[usize::from(byte)]
}

/// Table `n` says what a byte does to the state when `n` more bytes follow it in the step.
#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "evaluated at compile time, where a mistake is a compile error"
)]
const fn tables() -> [[u32; 256]; LANES] {
    let mut tables = [[0; 256]; LANES];
    let mut byte = 0;
    while byte < 256 {
        let mut state = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            state = (state >> 1) ^ if state & 1 == 1 { 0xedb8_8320 } else { 0 };
            bit += 1;
        }
        tables[0][byte] = state;
        byte += 1;
    }
    let mut lane = 1;
    while lane < LANES {
        let mut byte = 0;
        while byte < 256 {
            let shorter = tables[lane - 1][byte];
            tables[lane][byte] = (shorter >> 8) ^ tables[0][(shorter & 0xff) as usize];
            byte += 1;
        }
        lane += 1;
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_crc_of_zip_and_png() {
        assert_eq!(Crc32::START.with(b"").value(), 0);
        assert_eq!(Crc32::START.with(b"123456789").value(), 0xcbf4_3926);
    }

    #[test]
    fn bytes_may_come_in_any_pieces() {
        let text = b"tg_live_1PFomxVvHxK9DoPCchyGyQ9uYxJ7rLoXE5C7u22zYyp5";
        let bitwise = text.iter().fold(u32::MAX, |state, &byte| {
            (0..8).fold(state ^ u32::from(byte), |state, _| {
                (state >> 1) ^ if state & 1 == 1 { 0xedb8_8320 } else { 0 }
            })
        });
        assert_eq!(!bitwise, 0x8a8d_80d3);
        for at in 0..=text.len() {
            let (left, right) = text.split_at(at);
            assert_eq!(Crc32::START.with(left).with(right).value(), !bitwise, "split at {at}");
        }
    }
}
