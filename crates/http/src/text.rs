//! Small things about bytes that several modules need, without the machinery of formatting.

/// The value without the blanks and tabs around it, as HTTP reads it.
pub(crate) fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// Whether two names of fields are the same.
pub(crate) const fn same(name: &[u8], other: &str) -> bool {
    name.eq_ignore_ascii_case(other.as_bytes())
}

/// Whether `byte` may stand in the name of a field or a method.
pub(crate) const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

/// Whether `name` may be the name of a field or a method.
pub(crate) fn is_token(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().copied().all(is_token_byte)
}

/// The value of a hexadecimal digit.
pub(crate) const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(digit.wrapping_sub(b'a').wrapping_add(10)),
        b'A'..=b'F' => Some(digit.wrapping_sub(b'A').wrapping_add(10)),
        _ => None,
    }
}

/// The byte that `high` and `low` write, if they are hexadecimal digits.
pub(crate) const fn byte(high: u8, low: u8) -> Option<u8> {
    match (hex(high), hex(low)) {
        (Some(high), Some(low)) => Some(high << 4 | low),
        _ => None,
    }
}

/// Appends a number in decimal digits.
pub(crate) fn push_number(to: &mut String, number: u64) {
    push_padded(to, number, 1);
}

/// Appends a number in at least `width` decimal digits, zeros in front.
pub(crate) fn push_padded(to: &mut String, mut number: u64, width: usize) {
    // 2^64 has 20 digits.
    const DIGITS: usize = 20;
    let mut digits = [b'0'; DIGITS];
    let mut first = DIGITS;
    for (place, digit) in digits.iter_mut().enumerate().rev() {
        *digit = b'0'.wrapping_add(u8::try_from(number % 10).unwrap_or(0));
        number /= 10;
        first = place;
        if number == 0 && DIGITS.saturating_sub(place) >= width {
            break;
        }
    }
    // Digits are always text.
    to.push_str(digits.get(first..).and_then(|used| str::from_utf8(used).ok()).unwrap_or("0"));
}

/// Appends `text` as the inside of a quoted string of HTTP: what could end it is escaped, what must not stand
/// in it is left out.
pub(crate) fn push_quoted(to: &mut String, text: &str) {
    for symbol in text.chars().filter(|symbol| matches!(symbol, ' '..='~')) {
        if matches!(symbol, '"' | '\\') {
            to.push('\\');
        }
        to.push(symbol);
    }
}

/// Appends `text` as a string of JSON, quotes included.
pub(crate) fn push_json(to: &mut String, text: &str) {
    to.push('"');
    for symbol in text.chars() {
        match symbol {
            '"' | '\\' => {
                to.push('\\');
                to.push(symbol);
            }
            // Nothing that is put into a body has a reason to hold one.
            '\0'..='\x1f' | '\x7f' => to.push(' '),
            _ => to.push(symbol),
        }
    }
    to.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_blanks_and_tabs_are_trimmed() {
        for (value, trimmed) in [
            (&b" \t a b\t "[..], &b"a b"[..]),
            (b"", b""),
            (b" \t ", b""),
            (b"\na\n", b"\na\n"),
            (b"\r\n a", b"\r\n a"),
            (b"\0 ", b"\0"),
            (b"\xa0a", b"\xa0a"),
        ] {
            assert_eq!(trim(value), trimmed);
        }
    }

    #[test]
    fn numbers_are_written_as_the_standard_library_writes_them() {
        for number in [0, 1, 9, 10, 99, 100, 12_345, u64::MAX] {
            let mut written = String::new();
            push_number(&mut written, number);
            assert_eq!(written, number.to_string());
            let mut padded = String::new();
            push_padded(&mut padded, number, 4);
            assert_eq!(padded, format!("{number:04}"));
        }
    }

    #[test]
    fn nothing_ends_a_string_from_within() {
        let (mut quoted, mut json) = (String::new(), String::new());
        push_quoted(&mut quoted, "a\"b\\c\r\nd\u{e9}\u{7f}");
        assert_eq!(quoted, "a\\\"b\\\\cd");
        push_json(&mut json, "a\"b\\c\nd\u{e9}");
        assert_eq!(json, "\"a\\\"b\\\\c d\u{e9}\"");
    }
}
