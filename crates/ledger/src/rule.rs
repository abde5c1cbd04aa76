//! What a field must be, in words: for whoever tells somebody so.

/// An identifier: [`Id`](tollgate_core::id::Id).
pub const ID: &str = "must be 1 to 64 of A-Z a-z 0-9 . _ + - @, with at most one @";

/// The name of a key's own limit or quota, which is an identifier.
pub const LIMIT_NAME: &str = "must not start with @: such names are kept for routes";

/// What people call a key.
pub const NAME: &str = "must be 1 to 128 bytes without control characters";

/// An environment: [`Env`](tollgate_core::key::Env).
pub const ENV: &str = "must be 1 to 8 of a-z 0-9";

/// A scope: [`Scope`](tollgate_core::scope::Scope).
pub const SCOPE: &str = "must be resource:action, each * or 1 to 32 of a-z 0-9 _ . -";

/// A block of addresses: [`Block`](tollgate_core::network::Block).
pub const BLOCK: &str = "must be a block such as 192.0.2.0/24 or 2001:db8::/32 in canonical form";

/// A country: [`Country`](tollgate_core::network::Country).
pub const COUNTRY: &str = "must be a code of two characters such as NZ, and never XX";

/// An instant.
pub const INSTANT: &str = "must be milliseconds since 1970, 1 to 2^53";
