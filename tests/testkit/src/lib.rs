//! What tests of every package share: repeatable randomness, how long to try, bytes from digits, a counting allocator, DynamoDB Local.

pub mod allocations;
pub mod dynamodb;
mod random;

pub use random::Random;

/// Whether the long profile runs (`cargo xtask test --full`, or `TOLLGATE_FULL=1`).
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place where tests read a setting")]
pub fn full() -> bool {
    std::env::var("TOLLGATE_FULL").is_ok_and(|value| value == "1")
}

/// The bytes that hexadecimal digits stand for.
///
/// # Panics
///
/// When they are not hexadecimal digits in pairs: a test's data is wrong.
#[must_use]
#[expect(clippy::expect_used, reason = "a test stops at what should not be")]
pub fn unhex(digits: &str) -> Vec<u8> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    assert!(rest.is_empty(), "an odd number of digits");
    let byte = |pair: &[u8; 2]| {
        let pair = core::str::from_utf8(pair).ok()?;
        u8::from_str_radix(pair, 16).ok()
    };
    pairs.iter().map(byte).collect::<Option<_>>().expect("hexadecimal digits")
}
