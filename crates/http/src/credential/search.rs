//! One look through the places of a request.

use std::borrow::Cow;

use tollgate_core::key::Brand;

use super::{Found, KeyFrom, Presented, mention::is_ours, query};
use crate::{answer::Invalid, text::is_token_byte};

/// How far a value that is meant for us is searched for a comma: what is longer is no key, and no list of two.
const LIST_MAX: usize = 1_024;

/// What was seen so far.
pub(super) struct Search<'a, 'b> {
    brand: &'b Brand,
    /// The first value of each header that is a place.
    fields: [Option<&'a [u8]>; 3],
    /// The first value of the parameter, as it is spelled.
    parameter: Option<&'a [u8]>,
    key: Option<Presented<'a>>,
    /// Why it cannot be told which key is meant, if it cannot.
    ambiguous: Option<Invalid>,
    refused: bool,
}

/// How a single value reads.
enum Reading<'a> {
    /// It is ours.
    Ours(&'a [u8]),
    /// It is meant for us, and is no key.
    Wrong,
    /// It is somebody else's.
    Foreign,
}

impl<'a, 'b> Search<'a, 'b> {
    pub(super) const fn new(brand: &'b Brand) -> Self {
        Self {
            brand,
            fields: [None; 3],
            parameter: None,
            key: None,
            ambiguous: None,
            refused: false,
        }
    }

    /// Takes note of a header's value, which is trimmed.
    pub(super) fn field(&mut self, place: KeyFrom, value: &'a [u8]) {
        let [authorization, x_api_key, header] = &mut self.fields;
        let first = match place {
            KeyFrom::Authorization => authorization,
            KeyFrom::XApiKey => x_api_key,
            KeyFrom::Header | KeyFrom::Query => header,
        };
        match *first {
            None => *first = Some(value),
            Some(first) => {
                self.ambiguous_if(first != value, Invalid::Repeated);
                return;
            }
        }
        let reading = match place {
            KeyFrom::Authorization => authorization_of(value, self.brand),
            KeyFrom::XApiKey | KeyFrom::Header | KeyFrom::Query => dedicated(value, self.brand),
        };
        // An end user's token may be long, and a key that a host has joined to it stands at its end.
        let whole = place == KeyFrom::Authorization && !matches!(reading, Reading::Ours(_));
        let searched = if whole { value } else { value.get(..LIST_MAX).unwrap_or(value) };
        if searched.contains(&b',') {
            self.ambiguous_if(true, Invalid::List);
            return;
        }
        match reading {
            Reading::Ours(text) => self.key(Cow::Borrowed(text), place),
            Reading::Wrong => self.refused = true,
            Reading::Foreign => {}
        }
    }

    /// Takes note of a value of the parameter, as it is spelled.
    pub(super) fn parameter(&mut self, value: &'a [u8]) {
        match self.parameter {
            None => self.parameter = Some(value),
            Some(first) => {
                let same = query::decoded(first).eq(query::decoded(value));
                self.ambiguous_if(!same, Invalid::Repeated);
                return;
            }
        }
        let text = query::text_of(value);
        if is_ours(&text, self.brand) {
            self.key(text, KeyFrom::Query);
        } else {
            self.refused = true;
        }
    }

    fn key(&mut self, text: Cow<'a, [u8]>, from: KeyFrom) {
        match &self.key {
            None => self.key = Some(Presented { text, from }),
            Some(first) => {
                let differ = first.text != text;
                self.ambiguous_if(differ, Invalid::TwoKeys);
            }
        }
    }

    fn ambiguous_if(&mut self, so: bool, why: Invalid) {
        // Of several reasons the same is told in whatever order the fields come.
        let better = match (self.ambiguous, why) {
            (None, _) | (_, Invalid::Repeated) => true,
            (Some(known), Invalid::List) => known == Invalid::TwoKeys,
            (Some(_), _) => false,
        };
        if so && better {
            self.ambiguous = Some(why);
        }
    }

    pub(super) fn found(self) -> Found<'a> {
        if let Some(why) = self.ambiguous {
            return Found::Ambiguous(why);
        }
        match self.key {
            Some(key) => Found::Key(key),
            None if self.refused => Found::Refused,
            None => Found::Missing,
        }
    }
}

/// How a value reads in a header that has no other use.
fn dedicated<'a>(value: &'a [u8], brand: &Brand) -> Reading<'a> {
    if is_ours(value, brand) { Reading::Ours(value) } else { Reading::Wrong }
}

/// How a value of `Authorization` reads.
fn authorization_of<'a>(value: &'a [u8], brand: &Brand) -> Reading<'a> {
    // A key without a scheme is meant for us, but nobody promised to accept it.
    if is_ours(value, brand) {
        return Reading::Wrong;
    }
    let Some((scheme, rest)) = value.split_first_chunk::<6>() else {
        return Reading::Foreign;
    };
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Reading::Foreign;
    }
    match rest {
        [b' ', text @ ..] if is_ours(text, brand) => Reading::Ours(text),
        [byte, ..] if is_token_byte(*byte) => Reading::Foreign,
        _ => Reading::Wrong,
    }
}
