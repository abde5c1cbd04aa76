//! Base64url without padding, in its one canonical spelling.

/// How many symbols `len` bytes take.
pub(crate) const fn encoded_len(len: usize) -> usize {
    len.saturating_mul(4).div_ceil(3)
}

/// Writes the symbols of `bytes` at the start of `out`, and returns them; none if they do not fit.
pub(crate) fn encode<'o>(bytes: &[u8], out: &'o mut [u8]) -> Option<&'o [u8]> {
    let symbols = out.get_mut(..encoded_len(bytes.len()))?;
    for (chunk, quad) in bytes.chunks(3).zip(symbols.chunks_mut(4)) {
        let mut three = [0_u8; 3];
        for (to, from) in three.iter_mut().zip(chunk) {
            *to = *from;
        }
        let [a, b, c] = three;
        let sextets = [a >> 2, a << 4 | b >> 4, b << 2 | c >> 6, c];
        for (to, sextet) in quad.iter_mut().zip(sextets) {
            *to = symbol(sextet & 63);
        }
    }
    Some(symbols)
}

/// The bytes that `text` stands for, written at the start of `out`.
///
/// None unless `text` is what [`encode`] makes of them: no other symbol, no padding, no spare bits.
pub(crate) fn decode<'o>(text: &[u8], out: &'o mut [u8]) -> Option<&'o [u8]> {
    let bytes = out.get_mut(..text.len().checked_mul(3)? / 4)?;
    for (quad, chunk) in text.chunks(4).zip(Slots(bytes.chunks_mut(3))) {
        let mut four = [0_u8; 4];
        for (to, from) in four.iter_mut().zip(quad) {
            *to = sextet(*from)?;
        }
        let [a, b, c, d] = four;
        let three = [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d];
        let spare = match quad.len() {
            4 => 0,
            3 => c & 3,
            2 => b & 15,
            _ => return None,
        };
        if spare != 0 {
            return None;
        }
        for (to, from) in chunk.iter_mut().zip(three) {
            *to = from;
        }
    }
    Some(bytes)
}

/// The chunks of the output, and an empty one after the last: a lone symbol stands for no byte, and
/// must be seen to be refused.
struct Slots<'a>(core::slice::ChunksMut<'a, u8>);

impl<'a> Iterator for Slots<'a> {
    type Item = &'a mut [u8];

    fn next(&mut self) -> Option<&'a mut [u8]> {
        Some(self.0.next().unwrap_or_default())
    }
}

const fn symbol(sextet: u8) -> u8 {
    match sextet {
        0..=25 => sextet.wrapping_add(b'A'),
        26..=51 => sextet.wrapping_sub(26).wrapping_add(b'a'),
        52..=61 => sextet.wrapping_sub(52).wrapping_add(b'0'),
        62 => b'-',
        _ => b'_',
    }
}

const fn sextet(symbol: u8) -> Option<u8> {
    match symbol {
        b'A'..=b'Z' => Some(symbol.wrapping_sub(b'A')),
        b'a'..=b'z' => Some(symbol.wrapping_sub(b'a').wrapping_add(26)),
        b'0'..=b'9' => Some(symbol.wrapping_sub(b'0').wrapping_add(52)),
        b'-' => Some(62),
        b'_' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]
mod tests {
    use super::*;

    #[test]
    fn every_short_text_is_refused_or_is_the_one_spelling_of_its_bytes() {
        let (mut bytes, mut again) = ([0; 3], [0; 4]);
        let mut accepted = [0_usize; 4];
        for a in 0..=255_u8 {
            for b in 0..=255_u8 {
                for text in [&[a][..], &[a, b], &[a, b, b'A'], b"AA", &[b'A', b'_', a, b]] {
                    if let Some(read) = decode(text, &mut bytes) {
                        assert_eq!(encode(read, &mut again), Some(text));
                        accepted[text.len() - 1] += 1;
                    }
                }
            }
        }
        assert_eq!(accepted, [0, 64 * 4 + 65536, 64 * 64, 64 * 64]);
    }

    #[test]
    fn the_vectors_of_rfc_4648_hold() {
        let rows = [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (bytes, text) in rows {
            let mut out = [0; 16];
            assert_eq!(encode(bytes.as_bytes(), &mut out).unwrap(), text.as_bytes());
            assert_eq!(decode(text.as_bytes(), &mut out).unwrap(), bytes.as_bytes());
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(encode(b"foo", &mut [0; 3]), None);
        assert_eq!(decode(b"Zm9v", &mut [0; 2]), None);
    }
}
