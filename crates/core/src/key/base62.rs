//! Base62 of fixed width: the spelling of a key's body and check.

/// Symbols of one 64-bit group.
pub(crate) const GROUP: usize = 11;

/// Symbols of a key's body: four groups.
pub(crate) const BODY: usize = 44;

/// Symbols of a key's check.
pub(crate) const CHECK: usize = 6;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What [`VALUES`] says of a byte that is no symbol: a bit that no value has.
const NO_SYMBOL: u8 = 0x80;

static VALUES: [u8; 256] = values();

/// What was read from symbols, with every way it can be wrong still told apart.
#[derive(Clone, Copy)]
pub(crate) struct Decoded<T> {
    /// The number, or the numbers, if nothing below is wrong.
    pub(crate) value: T,
    /// The bits of all symbol values together; [`NO_SYMBOL`] among them if one was none.
    seen: u8,
    /// Whether a number was too large for its type.
    pub(crate) overflow: bool,
}

impl<T> Decoded<T> {
    /// Whether every byte was a base62 symbol.
    #[inline]
    pub(crate) const fn is_base62(&self) -> bool {
        self.seen & NO_SYMBOL == 0
    }
}

/// Reads the four groups of a body.
#[inline]
pub(crate) fn body(symbols: &[u8; BODY]) -> Decoded<[u64; 4]> {
    let mut all = Decoded { value: [0; 4], seen: 0, overflow: false };
    let (groups, _) = symbols.as_chunks::<GROUP>();
    for (value, group) in all.value.iter_mut().zip(groups) {
        let one = number(group);
        *value = one.value;
        all.seen |= one.seen;
        all.overflow |= one.overflow;
    }
    all
}

/// Reads a check.
#[inline]
pub(crate) fn check(symbols: &[u8; CHECK]) -> Decoded<u32> {
    let wide = number(symbols);
    let narrow = u32::try_from(wide.value);
    Decoded {
        value: narrow.unwrap_or_default(),
        seen: wide.seen,
        overflow: wide.overflow || narrow.is_err(),
    }
}

/// Reads at most eleven symbols, without a branch on what they are.
#[inline]
fn number<const N: usize>(symbols: &[u8; N]) -> Decoded<u64> {
    const { assert!(N >= 1 && N <= GROUP, "ten symbols always fit, an eleventh may not") }
    let mut all = Decoded { value: 0_u64, seen: 0, overflow: false };
    for &symbol in symbols {
        let value = value(symbol);
        all.seen |= value;
        let (times, high) = all.value.overflowing_mul(62);
        let (sum, carry) = times.overflowing_add(u64::from(value));
        all.value = sum;
        // Only the eleventh symbol can set it, so the compiler drops the rest.
        all.overflow = high | carry;
    }
    all
}

#[inline]
#[expect(clippy::indexing_slicing, reason = "a byte is below 256")]
fn value(symbol: u8) -> u8 {
    VALUES[usize::from(symbol)]
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
const fn values() -> [u8; 256] {
    let mut values = [NO_SYMBOL; 256];
    let mut value = 0;
    while value < ALPHABET.len() {
        values[ALPHABET[value] as usize] = value as u8;
        value += 1;
    }
    values
}
