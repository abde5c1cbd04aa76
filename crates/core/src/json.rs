//! The one spelling of JSON that our formats use.
//!
//! Fields stand in a fixed order, nothing is optional, there are no blanks, integers have no sign
//! and no leading zero, and strings hold only printable ASCII that needs no escape. A reader that
//! accepts exactly what the writer writes leaves no room for duplicate, unknown or reordered fields,
//! and two readers cannot disagree about what a text means.

use core::fmt;

/// The largest integer that every JSON implementation reads exactly.
pub const INTEGER_MAX: u64 = 1 << 53;

/// Why a text is not the JSON that it should be, or could not be written.
///
/// Holds no byte of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonError {
    /// Something else stands where this was due.
    Expected(&'static str),
    /// A string is longer than its bound.
    StringTooLong,
    /// A list has more elements than its bound.
    ListTooLong,
    /// An integer is above 2^53.
    IntegerTooLarge,
    /// The text goes on after its end.
    Trailing,
    /// The buffer written to is full.
    Full,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expected(what) => write!(f, "expected {what}"),
            Self::StringTooLong => f.write_str("a string is too long"),
            Self::ListTooLong => f.write_str("a list is too long"),
            Self::IntegerTooLarge => f.write_str("an integer is above 2^53"),
            Self::Trailing => f.write_str("the text goes on after its end"),
            Self::Full => f.write_str("the text does not fit"),
        }
    }
}

impl core::error::Error for JsonError {}

/// Reads canonical JSON from front to back, borrowing its strings.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader at the start of `text`.
    #[must_use]
    pub const fn new(text: &'a [u8]) -> Self {
        Self { rest: text }
    }

    /// Takes `literal` if it is next, and says whether it was.
    pub fn accept(&mut self, literal: &str) -> bool {
        match self.rest.strip_prefix(literal.as_bytes()) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Takes `literal`, which must be next.
    ///
    /// # Errors
    ///
    /// When anything else is next.
    pub fn expect(&mut self, literal: &'static str) -> Result<(), JsonError> {
        if self.accept(literal) { Ok(()) } else { Err(JsonError::Expected(literal)) }
    }

    /// Takes an integer from 0 to 2^53.
    ///
    /// # Errors
    ///
    /// For anything else, a sign, a fraction or a leading zero included.
    pub fn uint(&mut self) -> Result<u64, JsonError> {
        let mut value = 0_u64;
        let mut rest = self.rest;
        let mut digits = 0_u32;
        while let [digit @ b'0'..=b'9', after @ ..] = rest {
            if digits == 1 && value == 0 {
                return Err(JsonError::Expected("an integer without a leading zero"));
            }
            value = value
                .checked_mul(10)
                .and_then(|tens| tens.checked_add(u64::from(digit.wrapping_sub(b'0'))))
                .filter(|&value| value <= INTEGER_MAX)
                .ok_or(JsonError::IntegerTooLarge)?;
            digits = digits.saturating_add(1);
            rest = after;
        }
        if digits == 0 {
            return Err(JsonError::Expected("an integer"));
        }
        self.rest = rest;
        Ok(value)
    }

    /// Takes a quoted string of at most `max` bytes.
    ///
    /// # Errors
    ///
    /// For anything else, an escape or a byte outside printable ASCII included.
    pub fn string(&mut self, max: usize) -> Result<&'a str, JsonError> {
        const WHAT: JsonError = JsonError::Expected("a string of plain ASCII");
        let body = self.rest.strip_prefix(b"\"").ok_or(WHAT)?;
        let plain = |&byte: &u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
        let len = body.iter().take(max.saturating_add(1)).take_while(|byte| plain(byte)).count();
        if len > max {
            return Err(JsonError::StringTooLong);
        }
        let (text, after) = body.split_at_checked(len).ok_or(WHAT)?;
        self.rest = after.strip_prefix(b"\"").ok_or(WHAT)?;
        core::str::from_utf8(text).map_err(|_| WHAT)
    }

    /// Takes a quoted string of exactly `2 × N` lower-case hexadecimal digits.
    ///
    /// # Errors
    ///
    /// For anything else.
    pub fn hex<const N: usize>(&mut self) -> Result<[u8; N], JsonError> {
        const WHAT: JsonError = JsonError::Expected("lower-case hexadecimal digits");
        let text = self.string(N.saturating_mul(2)).map_err(|_| WHAT)?;
        from_hex(text.as_bytes()).ok_or(WHAT)
    }

    /// Takes a list in brackets, calling `element` at the start of each of its elements.
    ///
    /// # Errors
    ///
    /// When the list has more than `max` elements, is not closed, or `element` fails.
    pub fn list<E: From<JsonError>>(
        &mut self,
        max: usize,
        mut element: impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        self.expect("[")?;
        if self.accept("]") {
            return Ok(());
        }
        for _ in 0..max {
            element(self)?;
            if self.accept("]") {
                return Ok(());
            }
            self.expect(",")?;
        }
        Err(JsonError::ListTooLong.into())
    }

    /// What has not been read yet.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Says that the text ends here.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub const fn end(self) -> Result<(), JsonError> {
        if self.rest.is_empty() { Ok(()) } else { Err(JsonError::Trailing) }
    }
}

/// Writes canonical JSON into a buffer of the caller's.
#[derive(Debug)]
pub struct Writer<'a> {
    buffer: &'a mut [u8],
    len: usize,
}

impl<'a> Writer<'a> {
    /// A writer at the start of `buffer`.
    #[must_use]
    pub const fn new(buffer: &'a mut [u8]) -> Self {
        Self { buffer, len: 0 }
    }

    /// Writes `text` as it is.
    ///
    /// # Errors
    ///
    /// When the buffer is full.
    pub fn raw(&mut self, text: &str) -> Result<(), JsonError> {
        self.bytes(text.as_bytes())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), JsonError> {
        let end = self.len.checked_add(bytes.len()).ok_or(JsonError::Full)?;
        self.buffer.get_mut(self.len..end).ok_or(JsonError::Full)?.copy_from_slice(bytes);
        self.len = end;
        Ok(())
    }

    /// Writes an integer.
    ///
    /// # Errors
    ///
    /// When the buffer is full or the integer is above 2^53.
    pub fn uint(&mut self, value: u64) -> Result<(), JsonError> {
        if value > INTEGER_MAX {
            return Err(JsonError::IntegerTooLarge);
        }
        let mut digits = [b'0'; 16];
        let mut left = value;
        let mut used = 0_usize;
        for digit in digits.iter_mut().rev() {
            *digit = b'0'.wrapping_add(u8::try_from(left % 10).unwrap_or(0));
            left /= 10;
            used = used.saturating_add(1);
            if left == 0 {
                break;
            }
        }
        let start = digits.len().saturating_sub(used);
        self.bytes(digits.get(start..).unwrap_or(&[]))
    }

    /// Writes a quoted string.
    ///
    /// # Errors
    ///
    /// When the buffer is full, or the text holds a character that would need an escape.
    pub fn string(&mut self, text: &str) -> Result<(), JsonError> {
        if !text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\') {
            return Err(JsonError::Expected("a string of plain ASCII"));
        }
        self.raw("\"")?;
        self.raw(text)?;
        self.raw("\"")
    }

    /// Writes bytes as a quoted string of lower-case hexadecimal digits.
    ///
    /// # Errors
    ///
    /// When the buffer is full.
    pub fn hex(&mut self, bytes: &[u8]) -> Result<(), JsonError> {
        const DIGITS: [u8; 16] = *b"0123456789abcdef";
        let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0');
        self.raw("\"")?;
        for byte in bytes {
            self.bytes(&[digit(byte >> 4), digit(byte & 0xf)])?;
        }
        self.raw("\"")
    }

    /// Writes a list in brackets, calling `element` for each item.
    ///
    /// # Errors
    ///
    /// When the buffer is full or `element` fails.
    pub fn list<T, E: From<JsonError>>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut element: impl FnMut(&mut Self, T) -> Result<(), E>,
    ) -> Result<(), E> {
        self.raw("[")?;
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.raw(",")?;
            }
            element(self, item)?;
        }
        Ok(self.raw("]")?)
    }

    /// What has been written so far.
    #[must_use]
    pub fn written(&self) -> &[u8] {
        self.buffer.get(..self.len).unwrap_or(&[])
    }

    /// How many bytes have been written.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing has been written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// The bytes that exactly `2 × N` lower-case hexadecimal digits stand for.
#[must_use]
pub fn from_hex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0_u8; N];
    if text.len() != N.saturating_mul(2) {
        return None;
    }
    for (byte, read) in bytes.iter_mut().zip(hex_bytes(text)) {
        *byte = read?;
    }
    Some(bytes)
}

/// The bytes that pairs of lower-case hexadecimal digits stand for, however many; none in the place of what is no pair.
///
/// ```
/// use tollgate_core::json::hex_bytes;
///
/// let read = |text: &str| hex_bytes(text.as_bytes()).collect::<Option<Vec<u8>>>();
/// assert_eq!(read("00ff1a"), Some(vec![0, 255, 26]));
/// assert_eq!([read("00FF"), read("0"), read("0g"), read(" 1")], [None, None, None, None]);
/// assert_eq!(read(""), Some(vec![]));
/// ```
pub fn hex_bytes(text: &[u8]) -> impl Iterator<Item = Option<u8>> {
    text.chunks(2).map(|pair| match *pair {
        [high, low] => Some(nibble(high)? << 4 | nibble(low)?),
        _ => None,
    })
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(digit.wrapping_sub(b'a').wrapping_add(10)),
        _ => None,
    }
}
