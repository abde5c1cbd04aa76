//! Which byte may stand where.

/// Whether `byte` may stand in a method or in the name of a field.
pub(super) const fn is_token(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'!' | b'#' | b'$' | b'%' | b'&')
        || matches!(byte, b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~')
}

/// Whether `byte` may stand in the value of a field.
pub(super) const fn is_value(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

/// Whether `byte` may stand in a target before its query.
///
/// What no standard allows but clients send is left in; `#` would hide what follows it from whoever cuts it off.
pub(super) const fn is_path(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'#' | b'<' | b'>' | b'\\' | b'^' | b'`')
}

/// Whether `byte` may stand in a query.
pub(super) const fn is_query(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'#' | b'<' | b'>')
}

/// `value` without the blanks and tabs around it.
pub(super) const fn trimmed(value: &[u8]) -> &[u8] {
    let mut value = value;
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// Whether `value` is a host, and perhaps a port: a name, an IPv4 address, or an IPv6 address in brackets.
pub(super) fn is_host(value: &[u8]) -> bool {
    let bracket = value.iter().position(|&byte| byte == b']');
    let (host, rest) = match (value.first(), bracket) {
        (Some(b'['), Some(at)) => value.split_at(at.saturating_add(1)),
        _ => {
            let colon = value.iter().position(|&byte| byte == b':').unwrap_or(value.len());
            value.split_at(colon)
        }
    };
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let known = match host {
        [b'[', address @ .., b']'] => {
            str::from_utf8(address).is_ok_and(|text| text.parse::<std::net::Ipv6Addr>().is_ok())
        }
        [] => false,
        name => name.iter().all(is_name),
    };
    known
        && match rest {
            [] => true,
            [b':', port @ ..] => {
                !port.is_empty()
                    && port.iter().all(u8::is_ascii_digit)
                    && str::from_utf8(port).is_ok_and(|port| port.parse::<u16>().is_ok())
            }
            _ => false,
        }
}

/// The number that `value` is: digits only, none to spare, and small enough for everybody.
///
/// A leading zero is refused: some read it as octal.
pub(super) fn number(value: &[u8]) -> Option<u64> {
    let plain = matches!(value, [b'0'] | [b'1'..=b'9', ..]);
    if !plain || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: u64 = str::from_utf8(value).ok()?.parse().ok()?;
    i64::try_from(number).is_ok().then_some(number)
}
