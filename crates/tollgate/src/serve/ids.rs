//! Names of requests: 16 hexadecimal digits, never taken from a client.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use hyper::header::HeaderValue;

/// Counts from a random start, so that two runs do not name requests alike.
pub(crate) struct RequestIds(AtomicU64);

/// The name of one request, as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RequestId([u8; 16]);

impl RequestIds {
    /// From a random start.
    pub(crate) fn new() -> Self {
        let mut start = [0; 8];
        // Without randomness nothing is decided, and the names of refusals may as well begin at 0.
        let _ = getrandom::fill(&mut start);
        Self(AtomicU64::new(u64::from_le_bytes(start)))
    }

    /// The next name.
    pub(crate) fn next(&self) -> RequestId {
        RequestId::of(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

impl RequestId {
    fn of(number: u64) -> Self {
        Self(tollgate_gate::name(number))
    }

    /// The name as text.
    pub(crate) fn as_str(&self) -> &str {
        // Hexadecimal digits are always some.
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The name as the value of a field.
    pub(crate) fn value(self) -> HeaderValue {
        // Hexadecimal digits are always one.
        HeaderValue::from_bytes(&self.0).unwrap_or(HeaderValue::from_static(""))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_requests_are_sixteen_digits_and_differ() {
        let ids = RequestIds::new();
        let (first, second) = (ids.next().to_string(), ids.next().to_string());
        assert_ne!(first, second);
        assert!(first.len() == 16 && first.bytes().all(|digit| digit.is_ascii_hexdigit()));
        for number in [0, 1, 0x0123_4567_89ab_cdef, u64::MAX] {
            let id = RequestId::of(number);
            assert_eq!(id.to_string(), format!("{number:016x}"));
            assert_eq!(id.value(), id.as_str());
        }
    }
}
