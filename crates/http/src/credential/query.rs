//! The query: pieces between `&`, names and values around the first `=`, escapes and `+` as forms have them.

use std::borrow::Cow;

use tollgate_core::key::{Brand, KEY_MAX};

use super::{
    Sources,
    mention::{Cursor, mentions, starts_with_head},
};

/// The values of the parameter whose decoded name is `name`, as they are spelled.
pub(super) fn values_of<'a>(query: &'a [u8], name: &str) -> impl Iterator<Item = &'a [u8]> {
    pieces(query).filter_map(move |piece| {
        let (spelled, value) = split(piece);
        decoded(spelled).eq(name.bytes()).then_some(value)
    })
}

/// What a spelled name or value stands for. An escape that is none stands for itself.
pub(super) fn decoded(spelled: &[u8]) -> impl Iterator<Item = u8> {
    let mut rest = Cursor(spelled);
    std::iter::from_fn(move || {
        if let [b'+', after @ ..] = rest.0 {
            rest = Cursor(after);
            return Some(b' ');
        }
        rest.next()
    })
}

/// What a spelled value stands for; one that is too long to be a key is left as it is spelled.
pub(super) fn text_of(spelled: &[u8]) -> Cow<'_, [u8]> {
    let plain = spelled.len() > KEY_MAX.saturating_mul(3)
        || !spelled.iter().any(|byte| matches!(byte, b'%' | b'+'));
    if plain { Cow::Borrowed(spelled) } else { Cow::Owned(decoded(spelled).collect()) }
}

/// The query without the parameters that hold a key of ours, wherever they stand and whatever they are called;
/// the query itself if there are none, or if the origin is to see keys.
#[must_use]
pub fn query_without_key<'a>(query: &'a [u8], sources: &Sources, brand: &Brand) -> Cow<'a, [u8]> {
    if sources.forward || !pieces(query).any(|piece| holds_key(piece, sources, brand)) {
        return Cow::Borrowed(query);
    }
    let mut kept = Vec::with_capacity(query.len());
    for piece in pieces(query).filter(|piece| !holds_key(piece, sources, brand)) {
        if !kept.is_empty() {
            kept.push(b'&');
        }
        kept.extend_from_slice(piece);
    }
    Cow::Owned(kept)
}

fn holds_key(piece: &[u8], sources: &Sources, brand: &Brand) -> bool {
    let (name, value) = split(piece);
    let named = sources.query.as_deref().is_some_and(|query| decoded(name).eq(query.bytes()));
    named && starts_with_head(value, brand) || mentions(piece, brand)
}

fn pieces(query: &[u8]) -> impl Iterator<Item = &[u8]> {
    query.split(|&byte| byte == b'&')
}

/// Name and value; what has no `=` is a name.
fn split(piece: &[u8]) -> (&[u8], &[u8]) {
    let at = piece.iter().position(|&byte| byte == b'=');
    match at.and_then(|at| piece.split_at_checked(at)) {
        Some((name, [_, value @ ..])) => (name, value),
        _ => (piece, &[]),
    }
}
