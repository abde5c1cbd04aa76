//! What every HTTP host does alike: credentials, header hygiene, routes, answers. No framework, no platform.
//!
//! Fields are given as pairs of name and value in the order received; nothing here reads a clock or decides
//! about a key.
#![forbid(unsafe_code)]

pub mod address;     // the client's address from trusted hops
pub mod answer;      // denial -> status, fields, problem body: one exhaustive match
pub mod cors;        // preflights
pub mod credential;  // where a key may come from; which fields and parameters are removed before the origin
pub mod hygiene;     // folded names, hop-by-hop, what reaches the origin and what reaches the client
pub mod path;        // the one spelling of a path that is matched and forwarded, or nothing
pub mod rate;        // RateLimit, RateLimit-Policy, Retry-After, and the old trio
pub mod reserved;    // /.well-known/tollgate/
pub mod route;       // method and path -> rule
