//! What every HTTP host does alike: credentials, header hygiene, routes, answers. No framework, no platform.
//!
//! Fields are given as pairs of name and value in the order received; nothing here reads a clock or decides
//! about a key. See `docs/spec/http.md`.
#![forbid(unsafe_code)]

pub mod address;
pub mod answer;
pub mod cors;
pub mod credential;
pub mod hygiene;
pub mod path;
pub mod rate;
pub mod reserved;
pub mod route;
mod text;

/// The fields of a message, in the order received: any iterator over names and values that can be walked
/// more than once.
pub trait Fields<'a>: Iterator<Item = (&'a [u8], &'a [u8])> + Clone {}

impl<'a, T: Iterator<Item = (&'a [u8], &'a [u8])> + Clone> Fields<'a> for T {}
