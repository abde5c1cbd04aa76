//! Names of requests: 16 hexadecimal digits, never taken from a client.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use hyper::header::HeaderValue;

/// Counts from a random start, so that two runs do not name requests alike.
pub(crate) struct RequestIds(AtomicU64);

/// The name of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RequestId(u64);

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
        RequestId(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// How an answer names a request.
pub(crate) fn instance(id: RequestId) -> String {
    format!("urn:tollgate:request:{id}")
}

impl RequestId {
    /// The name as the value of a field.
    pub(crate) fn value(self) -> HeaderValue {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [b'0'; 16];
        for (place, digit) in text.iter_mut().rev().enumerate() {
            let shift = u32::try_from(place).unwrap_or(0).saturating_mul(4);
            let nibble = usize::try_from(self.0 >> shift & 15).unwrap_or(0);
            *digit = DIGITS.get(nibble).copied().unwrap_or(b'0');
        }
        // Hexadecimal digits are always one.
        HeaderValue::from_bytes(&text).unwrap_or(HeaderValue::from_static(""))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
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
        for id in [0, 1, 0x0123_4567_89ab_cdef, u64::MAX].map(RequestId) {
            assert_eq!(id.value(), id.to_string());
        }
        for id in [first, second, RequestId(0).to_string(), RequestId(u64::MAX).to_string()] {
            assert!(id.len() == 16 && id.bytes().all(|digit| digit.is_ascii_hexdigit()), "{id}");
        }
    }
}
