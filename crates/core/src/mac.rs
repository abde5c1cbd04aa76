//! HMAC-SHA256 with its padded key already hashed.

use core::{fmt, hint::black_box, slice};

use sha2::block_api::compress256;
use zeroize::Zeroize;

mod hash;

use hash::{AFTER_DIGEST, BLOCK, Hash, IV, bytes};

/// Bytes of a MAC.
pub const MAC_LEN: usize = 32;

/// The longest message that fits one block, so that its MAC is two compressions.
pub(crate) const SHORT_MAX: usize = BLOCK - 9;

/// A key for HMAC-SHA256, held as the two states of the hash after its pads, wiped on drop.
///
/// A message of at most 55 bytes then costs two compressions. (A value that is moved may leave its
/// old place unwiped: build a key where it stays.)
pub struct MacKey {
    inner: [u32; 8],
    outer: [u32; 8],
}

impl MacKey {
    /// The key of these bytes, of any length.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        let mut padded = [0; BLOCK];
        if key.len() > BLOCK {
            let mut hash = Hash::after(IV, 0);
            hash.update(key);
            let mut digest = bytes(hash.finish());
            copy(&mut padded, &digest);
            digest.zeroize();
        } else {
            copy(&mut padded, key);
        }
        let mut made = Self { inner: IV, outer: IV };
        for (state, pad) in [(&mut made.inner, 0x36), (&mut made.outer, 0x5c)] {
            let mut block = padded.map(|byte| byte ^ pad);
            compress256(state, &[block]);
            block.zeroize();
        }
        padded.zeroize();
        made
    }

    /// The key that HKDF-SHA256 derives from `secret` for `label`: extracted with an empty salt,
    /// expanded to 32 bytes.
    #[must_use]
    pub fn derive(secret: &[u8], label: &str) -> Self {
        let mut bytes = derive(secret, label);
        let key = Self::new(&bytes);
        bytes.zeroize();
        key
    }

    /// The MAC of `message`.
    #[must_use]
    pub fn mac(&self, message: &[u8]) -> [u8; MAC_LEN] {
        if message.len() <= SHORT_MAX {
            let mut block = [0; BLOCK];
            copy(&mut block, message);
            end_short(&mut block, message.len());
            let mac = bytes(self.short(&block));
            // The message may be a pepper that keys are derived from.
            block.zeroize();
            return mac;
        }
        self.mac_parts(&[message])
    }

    /// The MAC of all `parts`, one after the other.
    #[must_use]
    pub fn mac_parts(&self, parts: &[&[u8]]) -> [u8; MAC_LEN] {
        let mut mac = self.start();
        for part in parts {
            mac.update(part);
        }
        mac.finish()
    }

    /// Whether `mac` is the MAC of all `parts`, found out in the same time wherever it is wrong.
    #[must_use]
    pub fn verify(&self, parts: &[&[u8]], mac: &[u8; MAC_LEN]) -> bool {
        equal(&self.mac_parts(parts), mac)
    }

    /// Begins the MAC of a message that comes in pieces.
    #[must_use]
    pub const fn start(&self) -> Mac<'_> {
        Mac { key: self, hash: Hash::after(self.inner, BLOCK) }
    }

    /// The MAC of the message in `block`, ended by [`end_short`], as words.
    #[inline]
    pub(crate) fn short(&self, block: &[u8; BLOCK]) -> [u32; 8] {
        let mut inner = self.inner;
        compress256(&mut inner, slice::from_ref(block));
        self.outer(inner)
    }

    /// The outer half, over what the inner half came to.
    #[inline]
    fn outer(&self, inner: [u32; 8]) -> [u32; 8] {
        let mut block = AFTER_DIGEST;
        if let Some(digest) = block.first_chunk_mut() {
            *digest = bytes(inner);
        }
        let mut outer = self.outer;
        compress256(&mut outer, slice::from_ref(&block));
        outer
    }
}

impl Zeroize for MacKey {
    fn zeroize(&mut self) {
        self.inner.zeroize();
        self.outer.zeroize();
    }
}

impl Drop for MacKey {
    fn drop(&mut self) {
        self.zeroize();
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(…)")
    }
}

/// The MAC of a message that comes in pieces.
pub struct Mac<'k> {
    key: &'k MacKey,
    hash: Hash,
}

impl Mac<'_> {
    /// Takes in the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.hash.update(piece);
    }

    /// The MAC of all that was taken in.
    #[must_use]
    pub fn finish(self) -> [u8; MAC_LEN] {
        bytes(self.key.outer(self.hash.finish()))
    }
}

impl fmt::Debug for Mac<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mac(…)")
    }
}

/// The bytes of the key that [`MacKey::derive`] makes, for those who need them elsewhere.
///
/// # Security
///
/// The caller wipes them.
#[must_use]
pub fn derive(secret: &[u8], label: &str) -> [u8; MAC_LEN] {
    let mut extracted = MacKey::new(&[]).mac(secret);
    let bytes = MacKey::new(&extracted).mac_parts(&[label.as_bytes(), &[1]]);
    extracted.zeroize();
    bytes
}

/// Whether two secrets are equal, found out in the same time wherever they differ.
#[must_use]
#[inline]
pub fn equal<const N: usize>(left: &[u8; N], right: &[u8; N]) -> bool {
    let differing = left.iter().zip(right).fold(0, |seen, (left, right)| seen | (left ^ right));
    black_box(differing) == 0
}

/// Ends a message of `len` bytes, at most [`SHORT_MAX`], which are all in `block` before zeros.
#[inline]
pub(crate) fn end_short(block: &mut [u8; BLOCK], len: usize) {
    hash::close(block, len, BLOCK.saturating_add(len));
}

/// Copies as much of `from` as fits.
#[inline]
pub(crate) fn copy(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}
