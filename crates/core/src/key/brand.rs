//! What the keys of one deployment look like: its prefix and its envs.

use core::fmt;

use super::{DOMAIN, SEED, base62, crc32::Crc32};
use crate::mac::{copy, end_short};

/// The longest prefix, in bytes.
pub const PREFIX_MAX: usize = 12;

/// The longest env, in bytes.
pub const ENV_MAX: usize = 8;

/// The most envs that one gate accepts.
pub const ENVS_MAX: usize = 8;

/// The longest head: prefix, `_`, env, `_`.
pub(super) const HEAD_MAX: usize = PREFIX_MAX + ENV_MAX + 2;

/// The prefix and the envs that a gate accepts: every other key is refused unread.
#[derive(Clone)]
pub struct Brand {
    prefix: Prefix,
    heads: [Option<Head>; ENVS_MAX],
    /// Bit `n` says that some head has `n` bytes.
    head_lens: u32,
}

/// The operator's own brand: 2 to 12 of `a-z 0-9`, a letter first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Prefix(Name<PREFIX_MAX>);

/// What a key is for, such as `live` or `test`: 1 to 8 of `a-z 0-9`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Env(Name<ENV_MAX>);

/// A brand cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrandError {
    /// The prefix is not 2 to 12 of `a-z 0-9`, a letter first.
    WrongPrefix,
    /// No env is given.
    NoEnv,
    /// More than [`ENVS_MAX`] envs are given.
    TooManyEnvs,
    /// An env is not 1 to 8 of `a-z 0-9`.
    WrongEnv,
    /// An env is given twice.
    DuplicateEnv,
}

impl BrandError {
    /// The error's stable name.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::WrongPrefix => "wrong_prefix",
            Self::NoEnv => "no_env",
            Self::TooManyEnvs => "too_many_envs",
            Self::WrongEnv => "wrong_env",
            Self::DuplicateEnv => "duplicate_env",
        }
    }
}

impl fmt::Display for BrandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WrongPrefix => "a prefix is 2 to 12 of a-z 0-9, a letter first",
            Self::NoEnv => "at least one env is needed",
            Self::TooManyEnvs => "at most 8 envs are accepted",
            Self::WrongEnv => "an env is 1 to 8 of a-z 0-9",
            Self::DuplicateEnv => "an env is given twice",
        })
    }
}

impl core::error::Error for BrandError {}

impl Brand {
    /// Accepts keys of `prefix` for any of `envs`.
    ///
    /// # Errors
    ///
    /// When the prefix or an env is none, when an env is given twice, or when none or more than
    /// [`ENVS_MAX`] are given.
    pub fn new(prefix: &str, envs: &[&str]) -> Result<Self, BrandError> {
        let prefix = Prefix::new(prefix)?;
        if envs.is_empty() {
            return Err(BrandError::NoEnv);
        }
        if envs.len() > ENVS_MAX {
            return Err(BrandError::TooManyEnvs);
        }
        let mut brand = Self { prefix, heads: [None; ENVS_MAX], head_lens: 0 };
        for (slot, &text) in brand.heads.iter_mut().zip(envs) {
            let head = Head::new(prefix, Env::new(text)?);
            brand.head_lens |= bit(head.as_bytes().len());
            *slot = Some(head);
        }
        // Heads stand where their envs do, so an earlier equal one is a repetition.
        let repeats =
            |(at, head): (usize, &Head)| brand.envs().take(at).any(|earlier| earlier == head.env);
        if brand.heads.iter().flatten().enumerate().any(repeats) {
            return Err(BrandError::DuplicateEnv);
        }
        Ok(brand)
    }

    /// The prefix of every key.
    #[must_use]
    pub const fn prefix(&self) -> Prefix {
        self.prefix
    }

    /// The accepted envs, in the order given.
    pub fn envs(&self) -> impl Iterator<Item = Env> {
        self.heads.iter().flatten().map(Head::env)
    }

    /// Whether some accepted head has this length.
    #[inline]
    pub(super) const fn has_head_of(&self, len: usize) -> bool {
        self.head_lens & bit(len) != 0
    }

    /// The accepted head that is spelled so.
    #[inline]
    pub(super) fn head(&self, text: &[u8]) -> Option<&Head> {
        self.heads.iter().flatten().find(|head| head.as_bytes() == text)
    }
}

impl fmt::Debug for Brand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Brand(")?;
        for (at, env) in self.envs().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{}_{env}", self.prefix)?;
        }
        f.write_str(")")
    }
}

/// The bit for a head of `len` bytes; none for a length that no head has.
#[inline]
const fn bit(len: usize) -> u32 {
    if len > HEAD_MAX { 0 } else { 1 << len }
}

/// What stands before the body of every key of one env, and what that comes to ahead of time.
#[derive(Clone, Copy)]
pub(crate) struct Head {
    prefix: Prefix,
    env: Env,
    text: Name<HEAD_MAX>,
    crc: Crc32,
    message: [u8; 64],
}

impl Head {
    /// The head of keys of `prefix` for `env`.
    pub(super) fn new(prefix: Prefix, env: Env) -> Self {
        let mut text = Name::EMPTY;
        for part in [prefix.0.as_bytes(), b"_", env.0.as_bytes(), b"_"] {
            text.push(part);
        }
        let crc = Crc32::START.with(text.as_bytes());
        let len = DOMAIN.len().saturating_add(text.len).saturating_add(SEED);
        let mut message = [0; 64];
        copy(&mut message, DOMAIN);
        copy(message.split_at_mut(DOMAIN.len()).1, text.as_bytes());
        end_short(&mut message, len);
        Self { prefix, env, text, crc, message }
    }

    #[inline]
    pub(super) const fn prefix(&self) -> Prefix {
        self.prefix
    }

    #[inline]
    pub(super) const fn env(&self) -> Env {
        self.env
    }

    #[inline]
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// The check of a key of this head and of the body `symbols`.
    #[inline]
    pub(super) fn check(&self, symbols: &[u8; base62::BODY]) -> u32 {
        self.crc.with(symbols).value()
    }

    /// The one block in which a tag is hashed, with a place left for the seed.
    #[inline]
    pub(crate) const fn message(&self) -> &[u8; 64] {
        &self.message
    }

    /// The place of the seed in a copy of that block.
    #[inline]
    pub(crate) fn place<'b>(&self, block: &'b mut [u8; 64]) -> Option<&'b mut [u8; SEED]> {
        let at = DOMAIN.len().saturating_add(self.text.len);
        block.get_mut(at..).and_then(|rest| rest.first_chunk_mut())
    }
}

impl Prefix {
    /// Reads a prefix.
    ///
    /// # Errors
    ///
    /// [`BrandError::WrongPrefix`] when `text` is not 2 to 12 of `a-z 0-9`, a letter first.
    pub fn new(text: &str) -> Result<Self, BrandError> {
        let led = text.len() >= 2 && text.starts_with(|first: char| first.is_ascii_lowercase());
        Name::new(text).filter(|_| led).map(Self).ok_or(BrandError::WrongPrefix)
    }

    /// The prefix as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl Env {
    /// Reads an env.
    ///
    /// # Errors
    ///
    /// [`BrandError::WrongEnv`] when `text` is not 1 to 8 of `a-z 0-9`.
    pub fn new(text: &str) -> Result<Self, BrandError> {
        Name::new(text).map(Self).ok_or(BrandError::WrongEnv)
    }

    /// The env as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A short text held in place. Bytes after its end are zero, so equal texts are equal values.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Name<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Name<N> {
    const EMPTY: Self = Self { bytes: [0; N], len: 0 };

    /// 1 to `N` of `a-z 0-9`.
    fn new(text: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if text.is_empty() || text.len() > N || !text.bytes().all(allowed) {
            return None;
        }
        let mut name = Self::EMPTY;
        name.push(text.as_bytes());
        Some(name)
    }

    /// Appends `part`, as far as there is room.
    fn push(&mut self, part: &[u8]) {
        for (slot, &byte) in self.bytes.iter_mut().skip(self.len).zip(part) {
            *slot = byte;
            self.len = self.len.saturating_add(1);
        }
    }

    #[inline]
    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    fn as_str(&self) -> &str {
        core::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}
