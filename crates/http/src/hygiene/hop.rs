//! What `Connection` says.

use std::fmt;

use crate::{
    Fields,
    text::{same, trim},
};

/// The most options that a message's `Connection` fields may list.
pub const NOMINATED_MAX: usize = 32;

/// The fields that a message's `Connection` nominates: they go no further than this connection.
#[derive(Clone, Copy)]
pub struct Hop<'a> {
    options: [&'a [u8]; NOMINATED_MAX],
    len: usize,
}

/// There are more than [`NOMINATED_MAX`] options: the message is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyOptions;

impl fmt::Display for TooManyOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message's Connection lists more than 32 options")
    }
}

impl std::error::Error for TooManyOptions {}

impl<'a> Hop<'a> {
    /// Reads every `Connection` field of a message.
    ///
    /// # Errors
    ///
    /// When they list more than [`NOMINATED_MAX`] options.
    pub fn read(fields: impl Fields<'a>) -> Result<Self, TooManyOptions> {
        let mut hop = Self { options: [&[]; NOMINATED_MAX], len: 0 };
        for (_, value) in fields.filter(|(name, _)| same(name, "connection")) {
            let options = value.split(|&byte| byte == b',').map(trim);
            for option in options.filter(|option| !option.is_empty()) {
                *hop.options.get_mut(hop.len).ok_or(TooManyOptions)? = option;
                hop.len = hop.len.saturating_add(1);
            }
        }
        Ok(hop)
    }

    /// Whether `name` is among the options.
    #[must_use]
    pub fn nominates(&self, name: &[u8]) -> bool {
        let options = self.options.get(..self.len).unwrap_or_default();
        options.iter().any(|option| option.eq_ignore_ascii_case(name))
    }
}

impl fmt::Debug for Hop<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hop({} options)", self.len)
    }
}
