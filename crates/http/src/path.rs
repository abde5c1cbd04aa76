//! The one spelling of a path that is both matched and forwarded, or nothing.

mod target;

use std::{borrow::Cow, fmt};

pub use target::{Target, target};

use crate::text::byte;

/// The longest path, in bytes.
pub const PATH_MAX: usize = 8_192;

/// A path or a request target that two programs could read differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathError {
    /// It does not start with a slash.
    NotAbsolute,
    /// It is longer than [`PATH_MAX`].
    TooLong,
    /// A segment is of dots only, escaped or not, or is that before a `;`.
    DotSegment,
    /// A segment that is not the last is empty.
    EmptySegment,
    /// It has a backslash, or an escaped slash, backslash or control byte.
    Separator,
    /// A `%` is not followed by two hexadecimal digits, or what it stands for is not UTF-8.
    WrongEscape,
    /// An escape stands for another one, which whoever decodes twice would read.
    DoubleEscape,
    /// It has a blank or a control byte.
    Control,
    /// It has a fragment.
    Fragment,
    /// A segment has a parameter (`;`), which some origins cut off before they look.
    Parameter,
    /// The method is no name, has lower-case letters, or is `TRACE`.
    Method,
    /// The target names an authority in a way that is not allowed, or another one than `Host`.
    Authority,
    /// The target is `*`, and the method is not `OPTIONS`.
    Asterisk,
}

impl PathError {
    /// The stable name, for logs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotAbsolute => "path_not_absolute",
            Self::TooLong => "path_too_long",
            Self::DotSegment => "path_dot_segment",
            Self::EmptySegment => "path_empty_segment",
            Self::Separator => "path_separator",
            Self::WrongEscape => "path_wrong_escape",
            Self::DoubleEscape => "path_double_escape",
            Self::Control => "path_control",
            Self::Fragment => "path_fragment",
            Self::Parameter => "path_parameter",
            Self::Method => "wrong_method",
            Self::Authority => "wrong_authority",
            Self::Asterisk => "wrong_asterisk",
        }
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl std::error::Error for PathError {}

/// The one spelling of `raw`, which is a path without its query.
///
/// Escapes of what may stand as it is are decoded, except that of `+`, which some origins take for a blank; the
/// others are upper-cased, and what must be escaped is. Nothing is removed or resolved: a path that would need
/// it is refused.
///
/// # Errors
///
/// See [`PathError`].
pub fn canonical(raw: &[u8]) -> Result<Cow<'_, str>, PathError> {
    if raw.len() > PATH_MAX {
        return Err(PathError::TooLong);
    }
    if raw.first() != Some(&b'/') {
        return Err(PathError::NotAbsolute);
    }
    let plain = raw.iter().all(|&byte| is_kept(byte));
    let path = match str::from_utf8(raw) {
        Ok(text) if plain => Cow::Borrowed(text),
        _ => Cow::Owned(respelled(raw)?),
    };
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        // Only a slash that ends the path has nothing behind it.
        if segment.is_empty() && segments.peek().is_some() {
            return Err(PathError::EmptySegment);
        }
        if is_dots(segment) {
            return Err(PathError::DotSegment);
        }
    }
    Ok(path)
}

/// What may stand in a path as it is: unreserved characters, and those that separate nothing there.
const fn is_kept(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/' | b':' | b'@')
        || matches!(byte, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b'=')
}

fn respelled(raw: &[u8]) -> Result<String, PathError> {
    // Not UTF-8, overlong forms of `/` and `.` among it, is read differently by different origins.
    let mut meant = Vec::with_capacity(raw.len());
    let mut path = String::with_capacity(raw.len().saturating_add(16));
    let mut rest = raw;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        let stands_for = match first {
            b'%' => {
                let [high, low, after @ ..] = after else {
                    return Err(PathError::WrongEscape);
                };
                rest = after;
                let byte = byte(*high, *low).ok_or(PathError::WrongEscape)?;
                check_escaped(byte)?;
                byte
            }
            _ => {
                check_plain(first)?;
                first
            }
        };
        meant.push(stands_for);
        if is_kept(stands_for) && (first != b'%' || stands_for != b'+') {
            path.push(char::from(stands_for));
        } else {
            push_escape(&mut path, stands_for);
        }
    }
    str::from_utf8(&meant).map_err(|_| PathError::WrongEscape)?;
    // What two decodings would make of it is seen in what one has left.
    let again = |three: &[u8]| matches!(*three, [b'%', high, low] if byte(high, low).is_some());
    if meant.windows(3).any(again) {
        return Err(PathError::DoubleEscape);
    }
    if path.len() > PATH_MAX { Err(PathError::TooLong) } else { Ok(path) }
}

const fn check_plain(byte: u8) -> Result<(), PathError> {
    match byte {
        b'\\' => Err(PathError::Separator),
        b'#' => Err(PathError::Fragment),
        b';' => Err(PathError::Parameter),
        b'\0'..=b' ' | 0x7f => Err(PathError::Control),
        _ => Ok(()),
    }
}

/// Checks what an escape stands for.
const fn check_escaped(stands_for: u8) -> Result<(), PathError> {
    match stands_for {
        b'/' | b'\\' | b'\0'..=b'\x1f' | 0x7f => Err(PathError::Separator),
        _ => Ok(()),
    }
}

/// Whether some origin could take `segment` for a step up or none at all.
fn is_dots(segment: &str) -> bool {
    let before = segment.split("%3B").next().unwrap_or(segment).trim_end_matches("%20");
    !before.is_empty() && before.bytes().all(|byte| byte == b'.')
}

fn push_escape(to: &mut String, byte: u8) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    to.push('%');
    for nibble in [byte >> 4, byte & 15] {
        to.extend(DIGITS.get(usize::from(nibble)));
    }
}
