//! SHA-256 over a message that comes in pieces, begun from any state.

use sha2::block_api::compress256;
use zeroize::Zeroize;

use super::copy;

/// Bytes of a block.
pub(super) const BLOCK: usize = 64;

/// The state before anything was hashed (FIPS 180-4, 5.3.3).
pub(super) const IV: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// The block that ends a message of one block and a digest, with the digest still zero.
pub(super) static AFTER_DIGEST: [u8; BLOCK] = {
    let mut block = [0; BLOCK];
    block[32] = 0x80;
    // 96 bytes are 768 bits.
    block[62] = 3;
    block
};

/// A hash under way, wiped on drop.
pub(super) struct Hash {
    state: [u32; 8],
    /// What has not filled a block yet; zero behind `filled`.
    block: [u8; BLOCK],
    filled: usize,
    /// All bytes hashed so far, those in `block` included.
    len: usize,
}

impl Hash {
    /// A hash whose state is `state` after `len` bytes, which are whole blocks.
    pub(super) const fn after(state: [u32; 8], len: usize) -> Self {
        Self { state, block: [0; BLOCK], filled: 0, len }
    }

    /// Takes in `piece`.
    pub(super) fn update(&mut self, mut piece: &[u8]) {
        self.len = self.len.saturating_add(piece.len());
        if self.filled > 0 {
            let room = BLOCK.saturating_sub(self.filled);
            let (now, later) = piece.split_at_checked(room).unwrap_or((piece, &[]));
            self.hold(now);
            piece = later;
            if self.filled == BLOCK {
                compress256(&mut self.state, &[self.block]);
                self.block = [0; BLOCK];
                self.filled = 0;
            }
        }
        let (blocks, rest) = piece.as_chunks::<BLOCK>();
        if !blocks.is_empty() {
            compress256(&mut self.state, blocks);
        }
        self.hold(rest);
    }

    /// Keeps `bytes`, which fit, for later.
    fn hold(&mut self, bytes: &[u8]) {
        copy(self.block.get_mut(self.filled..).unwrap_or_default(), bytes);
        self.filled = self.filled.saturating_add(bytes.len());
    }

    /// The state after the last block: the digest.
    pub(super) fn finish(mut self) -> [u32; 8] {
        if self.filled > BLOCK - 9 {
            if let Some(end) = self.block.get_mut(self.filled) {
                *end = 0x80;
            }
            compress256(&mut self.state, &[self.block]);
            self.block = [0; BLOCK];
            write_len(&mut self.block, self.len);
        } else {
            close(&mut self.block, self.filled, self.len);
        }
        compress256(&mut self.state, &[self.block]);
        self.state
    }
}

/// What was hashed may have been a pepper.
impl Drop for Hash {
    fn drop(&mut self) {
        self.state.zeroize();
        self.block.zeroize();
    }
}

/// Ends a message of `len` bytes whose last `filled`, at most 55, are in `block`.
#[inline]
pub(super) fn close(block: &mut [u8; BLOCK], filled: usize, len: usize) {
    if let Some(end) = block.get_mut(filled) {
        *end = 0x80;
    }
    write_len(block, len);
}

#[inline]
fn write_len(block: &mut [u8; BLOCK], len: usize) {
    if let Some(space) = block.last_chunk_mut() {
        *space = u64::try_from(len).unwrap_or(u64::MAX).saturating_mul(8).to_be_bytes();
    }
}

/// A state as bytes.
#[inline]
pub(super) fn bytes(state: [u32; 8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(state.map(u32::to_be_bytes).as_flattened());
    bytes
}
