//! A pattern of paths: literal segments, `*`, and `**` at the end.

use super::{Fault, PATTERN_MAX};
use crate::{path::canonical, reserved::is_reserved};

/// What a path must look like.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    segments: Box<[Segment]>,
    /// Whether more may follow.
    rest: bool,
}

#[derive(Clone, Debug)]
enum Segment {
    Literal(Box<str>),
    Any,
}

impl Pattern {
    pub(super) fn new(text: &str) -> Result<Self, Fault> {
        let is_canonical = canonical(text.as_bytes()).is_ok_and(|path| path == text);
        if text.len() > PATTERN_MAX || !is_canonical {
            return Err(Fault::WrongPath);
        }
        if is_reserved(text) {
            return Err(Fault::Reserved);
        }
        let mut segments: Vec<&str> = segments(text).collect();
        let rest = segments.pop_if(|last| *last == "**").is_some();
        let read = segments.into_iter().map(|segment| match segment {
            "*" => Ok(Segment::Any),
            _ if segment.contains('*') => Err(Fault::WrongStar),
            _ => Ok(Segment::Literal(segment.into())),
        });
        Ok(Self { segments: read.collect::<Result<_, _>>()?, rest })
    }

    /// Whether `path` looks so. Each segment is looked at once.
    pub(super) fn matches(&self, path: &str, ignore_case: bool) -> bool {
        let mut found = segments(path);
        for expected in &self.segments {
            let Some(segment) = found.next() else {
                return false;
            };
            let fits = match expected {
                Segment::Any => true,
                Segment::Literal(literal) => reads_as(literal, segment, ignore_case),
            };
            if !fits {
                return false;
            }
        }
        self.rest || found.next().is_none()
    }
}

/// Whether two segments are the same to an origin. A plus has two spellings, each of which is passed on.
fn reads_as(literal: &str, segment: &str, ignore_case: bool) -> bool {
    let (mut a, mut b) = (literal.as_bytes(), segment.as_bytes());
    while let (Some((one, rest_a)), Some((other, rest_b))) = (first(a), first(b)) {
        if one != other && !(ignore_case && one.eq_ignore_ascii_case(&other)) {
            return false;
        }
        (a, b) = (rest_a, rest_b);
    }
    a.is_empty() && b.is_empty()
}

fn first(text: &[u8]) -> Option<(u8, &[u8])> {
    match text {
        [b'%', b'2', b'B', rest @ ..] => Some((b'+', rest)),
        [first, rest @ ..] => Some((*first, rest)),
        [] => None,
    }
}

/// The segments of a canonical path, without the empty ones that a slash at its start and one at its end make.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}
