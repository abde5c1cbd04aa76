//! Keys of ours in places where they do not belong: recognised generously, because what is recognised here is
//! only ever hidden.

use std::borrow::Cow;

use tollgate_core::key::{Brand, ENV_MAX};

use super::Sources;
use crate::text::{byte, trim};

/// How many symbols must follow a head before a text that says nothing of keys is taken to hold one. Fewer
/// give nothing away that is of use: more than thirty remain unknown.
const SYMBOLS_MIN: usize = 16;

/// Whether `text` starts with the head of an accepted env.
pub(super) fn is_ours(text: &[u8], brand: &Brand) -> bool {
    let prefix = brand.prefix();
    let Some([b'_', rest @ ..]) = text.strip_prefix(prefix.as_str().as_bytes()) else {
        return false;
    };
    brand.envs().any(|env| {
        let after = rest.strip_prefix(env.as_str().as_bytes());
        after.is_some_and(|after| after.first() == Some(&b'_'))
    })
}

/// Whether this field holds a key of ours, well-formed or not, and is therefore removed before the origin:
/// from any field, also from those that are no place of a key. Never, if the origin is to see keys.
#[must_use]
pub fn carries_key(name: &[u8], value: &[u8], sources: &Sources, brand: &Brand) -> bool {
    if sources.forward {
        return false;
    }
    let is_place = sources.place(name).is_some();
    is_place && words(value).any(|word| starts_with_head(word, brand))
        || mentions(value, brand)
        || mentions(name, brand)
}

/// What stands between blanks, tabs and commas.
fn words(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    trim(value).split(|byte| matches!(byte, b' ' | b'\t' | b','))
}

/// Whether `text` starts with the head of an accepted env, in any case, escapes read as what they stand for.
pub(super) fn starts_with_head(text: &[u8], brand: &Brand) -> bool {
    Head::read(Cursor(text), brand).is_some_and(|head| head.accepted)
}

/// Whether a key of ours stands somewhere in `text`, in any case, escapes read as what they stand for.
pub(super) fn mentions(text: &[u8], brand: &Brand) -> bool {
    starts(text, brand).any(|at| {
        Head::read(at, brand).is_some_and(|head| head.accepted && head.symbols() >= SYMBOLS_MIN)
    })
}

/// The text with everything that looks like a key of ours cut down to prefix and env: for logs.
///
/// Generous: case and escapes do not matter, an env that is not accepted here is an env, and what follows is
/// hidden up to the next `&`.
#[must_use]
pub fn redact<'a>(text: &'a str, brand: &Brand) -> Cow<'a, str> {
    let (mut rest, mut redacted) = (text, None::<String>);
    while let Some((before, head)) = first_secret(rest, brand) {
        let redacted = redacted.get_or_insert_default();
        redacted.push_str(before);
        redacted.push_str(brand.prefix().as_str());
        redacted.push('_');
        redacted.extend(head.env().iter().map(|&byte| char::from(byte)));
        redacted.push_str("_…");
        let after = head.after.0;
        let hidden = after.iter().position(|&byte| byte == b'&').unwrap_or(after.len());
        let left = after.len().saturating_sub(hidden);
        rest = rest.get(rest.len().saturating_sub(left)..).unwrap_or("");
    }
    match redacted {
        None => Cow::Borrowed(text),
        Some(mut redacted) => {
            redacted.push_str(rest);
            Cow::Owned(redacted)
        }
    }
}

/// What stands before the first thing that looks like a key, and its head.
fn first_secret<'a>(text: &'a str, brand: &Brand) -> Option<(&'a str, Head<'a>)> {
    starts(text.as_bytes(), brand).find_map(|at| {
        let head = Head::read(at, brand)?;
        let enough = head.accepted || head.symbols() >= SYMBOLS_MIN;
        let before = text.get(..text.len().saturating_sub(at.0.len()))?;
        enough.then_some((before, head))
    })
}

/// The places of `text` where a head could start.
fn starts<'a>(text: &'a [u8], brand: &Brand) -> impl Iterator<Item = Cursor<'a>> {
    let first = brand.prefix().as_str().bytes().next().unwrap_or(b'%');
    let places = text.iter().enumerate();
    places
        .filter(move |(_, byte)| **byte == b'%' || byte.eq_ignore_ascii_case(&first))
        .map(|(at, _)| Cursor(text.get(at..).unwrap_or_default()))
}

/// What stands before a key's body.
struct Head<'a> {
    env: [u8; ENV_MAX],
    env_len: usize,
    /// Whether the env is one that is accepted.
    accepted: bool,
    after: Cursor<'a>,
}

impl<'a> Head<'a> {
    fn read(mut from: Cursor<'a>, brand: &Brand) -> Option<Self> {
        let (mut env, mut env_len) = ([0; ENV_MAX], 0_usize);
        for expected in brand.prefix().as_str().bytes().chain([b'_']) {
            let found = from.next()?;
            if !found.eq_ignore_ascii_case(&expected) {
                return None;
            }
        }
        loop {
            let found = from.next()?;
            if found == b'_' {
                break;
            }
            if !found.is_ascii_alphanumeric() {
                return None;
            }
            *env.get_mut(env_len)? = found.to_ascii_lowercase();
            env_len = env_len.saturating_add(1);
        }
        let mut head = Self { env, env_len, accepted: false, after: from };
        head.accepted = brand.envs().any(|env| env.as_str().as_bytes() == head.env());
        (env_len > 0).then_some(head)
    }

    fn env(&self) -> &[u8] {
        self.env.get(..self.env_len).unwrap_or_default()
    }

    /// How many symbols of a body follow, as far as that matters.
    fn symbols(&self) -> usize {
        self.after.take(SYMBOLS_MIN).take_while(u8::is_ascii_alphanumeric).count()
    }
}

/// Reads bytes, and escapes as what they stand for. An escape that is none stands for itself.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl Iterator for Cursor<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        if let [b'%', high, low, rest @ ..] = self.0
            && let Some(byte) = byte(*high, *low)
        {
            self.0 = rest;
            return Some(byte);
        }
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }
}
