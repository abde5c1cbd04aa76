//! Base62 of fixed width: the spelling of a key's body and check.

/// Symbols of one 64-bit group.
pub(crate) const GROUP: usize = 11;

/// Symbols of a key's body: four groups.
pub(crate) const BODY: usize = 44;

/// Symbols of a key's check.
pub(crate) const CHECK: usize = 6;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// How many bytes ASCII has.
const ASCII: usize = 128;

/// What a symbol is worth when 0, 1, 2 or 3 others follow it.
static WORTH: [[u32; ASCII]; 4] = worth();

/// Whether every byte is a base62 symbol.
///
/// Eight bytes at a time, each in its own lane: adding `0x80 - n` sets a lane's top bit exactly if
/// its byte is `n` or more, so two sums that differ there bound a range.
#[inline]
pub(crate) fn is_base62(text: &[u8; BODY + CHECK]) -> bool {
    const TOP: u64 = lanes(0x80);
    let (words, _) = text.as_chunks::<8>();
    let last = text.last_chunk::<8>();
    let symbols = words.iter().chain(last).fold(TOP, |all, word| {
        let bytes = u64::from_le_bytes(*word);
        let small = bytes & !TOP;
        // Sets the bit that tells a small letter from its capital; no lane carries into the next.
        let folded = small | lanes(0x20);
        let from = |lane: u64, first: u8| lane.wrapping_add(lanes(0x80_u8.wrapping_sub(first)));
        let digits = from(small, b'0') ^ from(small, b'9' + 1);
        let letters = from(folded, b'a') ^ from(folded, b'z' + 1);
        all & (digits | letters) & !bytes
    });
    symbols == TOP
}

/// Whether every group is below 2⁶⁴.
///
/// The alphabet is in the order of ASCII, so symbols compare as the numbers that they spell.
#[inline]
pub(crate) fn is_in_range(body: &[u8; BODY]) -> bool {
    const LARGEST: [u8; GROUP] = *b"LygHa16AHYF";
    const FRONT: u64 = front(&LARGEST);
    const BACK: u32 = back(&LARGEST);
    let (groups, _) = body.as_chunks::<GROUP>();
    groups.iter().fold(true, |all, group| {
        let front = front(group);
        all & ((front < FRONT) | ((front == FRONT) & (back(group) <= BACK)))
    })
}

/// The byte `n` in all eight lanes.
const fn lanes(n: u8) -> u64 {
    u64::from_ne_bytes([n; 8])
}

/// The first eight symbols, to be compared.
#[inline]
const fn front(&[a, b, c, d, e, f, g, h, ..]: &[u8; GROUP]) -> u64 {
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// The last four symbols, to be compared.
#[inline]
const fn back(&[.., h, i, j, k]: &[u8; GROUP]) -> u32 {
    u32::from_be_bytes([h, i, j, k])
}

/// Reads the four groups of a body, whose symbols are good and in range.
#[inline]
pub(crate) fn body(body: &[u8; BODY]) -> [u64; 4] {
    let mut values = [0; 4];
    let (groups, _) = body.as_chunks::<GROUP>();
    for (value, symbols) in values.iter_mut().zip(groups) {
        *value = group(symbols);
    }
    values
}

/// Reads the first group of a body, whose symbols are good and in range.
#[inline]
pub(crate) fn first_group(body: &[u8; BODY]) -> u64 {
    body.first_chunk().map_or(0, group)
}

#[inline]
fn group(&[a, b, c, d, e, f, g, h, i, j, k]: &[u8; GROUP]) -> u64 {
    [quad([b'0', a, b, c]), quad([d, e, f, g]), quad([h, i, j, k])].into_iter().fold(0, join)
}

/// Reads a check, whose symbols are good; nothing if it is 2³² or more.
#[inline]
pub(crate) fn check(&[a, b, c, d, e, f]: &[u8; CHECK]) -> Option<u32> {
    u32::try_from(join(join(0, quad([b'0', b'0', a, b])), quad([c, d, e, f]))).ok()
}

/// The number that is spelled as `front` and four symbols more.
#[inline]
fn join(front: u64, quad: u32) -> u64 {
    front.wrapping_mul(14_776_336).wrapping_add(u64::from(quad))
}

/// What four symbols are worth together.
#[inline]
fn quad(symbols: [u8; 4]) -> u32 {
    let worths = symbols.iter().zip(WORTH.iter().rev());
    worths.fold(0, |sum, (&symbol, table)| sum.wrapping_add(entry(table, symbol)))
}

/// A byte that is no symbol has been refused; what it is worth does not matter.
#[inline]
#[expect(clippy::indexing_slicing, reason = "seven bits are below 128")]
fn entry(table: &[u32; ASCII], symbol: u8) -> u32 {
    table[usize::from(symbol & 0x7f)]
}

/// Writes `number` as `N` symbols; what does not fit is cut off at the top.
pub(crate) fn write<const N: usize>(mut number: u64) -> [u8; N] {
    let mut symbols = [b'0'; N];
    for symbol in symbols.iter_mut().rev() {
        let digit = usize::try_from(number % 62).unwrap_or_default();
        *symbol = ALPHABET.get(digit).copied().unwrap_or_default();
        number /= 62;
    }
    symbols
}

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "evaluated at compile time, where a mistake is a compile error"
)]
const fn worth() -> [[u32; ASCII]; 4] {
    let mut tables = [[0; ASCII]; 4];
    let mut unit = 1;
    let mut follow = 0;
    while follow < 4 {
        let mut value = 0;
        while value < ALPHABET.len() {
            tables[follow][ALPHABET[value] as usize] = value as u32 * unit;
            value += 1;
        }
        unit *= 62;
        follow += 1;
    }
    tables
}
