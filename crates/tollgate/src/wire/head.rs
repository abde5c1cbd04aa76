//! The head of a request: looked at once, line by line, before anybody acts on it.

use std::ops::Range;

use super::{
    Limits,
    syntax::{is_host, is_path, is_query, is_token, is_value, number, trimmed},
    violation::Violation,
};

/// The longest method.
const METHOD_BYTES_MAX: usize = 32;
/// The longest target.
const TARGET_BYTES_MAX: usize = 32_768;
/// The longest name of a field.
const NAME_BYTES_MAX: usize = 1_024;

/// A head that is coming in.
///
/// Every byte is searched for the end of its line once and judged once, when that line is whole; so the verdict
/// does not depend on how the bytes were cut.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// How far the bytes have been searched.
    searched: usize,
    /// Where the line under way starts.
    line: usize,
    /// The empty line that some clients send before a request has been seen.
    preceded: bool,
    /// None before the request line.
    modern: Option<bool>,
    /// What an absolute target says of the host.
    authority: Option<Range<usize>>,
    host: Option<Range<usize>>,
    length: Option<u64>,
    chunked: bool,
    upgrade: bool,
    fields: usize,
}

/// What a whole head says about what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Announced {
    /// How long the head is.
    pub(super) bytes: usize,
    pub(super) body: Body,
    /// Another protocol is asked for.
    pub(super) upgrade: bool,
}

/// How a body is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    Sized(u64),
    Chunked,
}

impl Head {
    /// Judges what has come of the head, all of it, and says what it announces once it is whole.
    pub(super) fn step(
        &mut self,
        bytes: &[u8],
        limits: &Limits,
    ) -> Result<Option<Announced>, Violation> {
        // A client that speaks something else waits for us: it is told at its first byte.
        match bytes.first() {
            Some(b'\n') => return Err(Violation::LineEnd),
            Some(&byte) if byte != b'\r' && !is_token(byte) => return Err(Violation::Method),
            _ => {}
        }
        let end = bytes.len().min(limits.head_bytes_max);
        while let Some(found) =
            bytes.get(self.searched..end).and_then(|rest| rest.iter().position(|&b| b == b'\n'))
        {
            let feed = self.searched.saturating_add(found);
            let line = self.line..feed;
            self.searched = feed.saturating_add(1);
            self.line = self.searched;
            let text = bytes.get(line.clone()).unwrap_or_default();
            let [text @ .., b'\r'] = text else { return Err(Violation::LineEnd) };
            let start = line.start;
            if self.modern.is_none() {
                self.first(text, start)?;
            } else if text.is_empty() {
                return self.whole(bytes).map(Some);
            } else {
                self.field(text, start, limits)?;
            }
        }
        self.searched = end;
        if bytes.len() >= limits.head_bytes_max {
            return Err(Violation::HeadTooLong);
        }
        Ok(None)
    }

    fn first(&mut self, text: &[u8], start: usize) -> Result<(), Violation> {
        if text.is_empty() && !self.preceded {
            self.preceded = true;
            return Ok(());
        }
        if text.iter().any(u8::is_ascii_control) {
            return Err(Violation::Control);
        }
        let mut words = text.split(|&byte| byte == b' ');
        let (Some(method), Some(target), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(Violation::RequestLine);
        };
        if method.is_empty() || target.is_empty() || version.is_empty() {
            return Err(Violation::RequestLine);
        }
        if method.len() > METHOD_BYTES_MAX || !method.iter().copied().all(is_token) {
            return Err(Violation::Method);
        }
        self.modern = match version {
            b"HTTP/1.1" => Some(true),
            b"HTTP/1.0" => Some(false),
            _ => return Err(Violation::Version),
        };
        let offset = start.saturating_add(method.len()).saturating_add(1);
        self.authority = target_of(method, target)?
            .map(|part| part.start.saturating_add(offset)..part.end.saturating_add(offset));
        Ok(())
    }

    fn field(&mut self, text: &[u8], start: usize, limits: &Limits) -> Result<(), Violation> {
        let (name, value) = split(text)?;
        self.fields = self.fields.saturating_add(1);
        if self.fields > limits.fields_max {
            return Err(Violation::TooManyFields);
        }
        if name.eq_ignore_ascii_case(b"host") {
            if self.host.is_some() {
                return Err(Violation::HostRepeated);
            }
            if !is_host(value) {
                return Err(Violation::HostInvalid);
            }
            // Its blanks are trimmed, so it is found from the end of what was before it.
            let blanks = text.iter().skip(name.len().saturating_add(1));
            let blanks = blanks.take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            let at =
                [name.len(), 1, blanks].iter().fold(start, |at, part| at.saturating_add(*part));
            self.host = Some(at..at.saturating_add(value.len()));
        } else if name.eq_ignore_ascii_case(b"content-length") {
            if self.length.is_some() {
                return Err(Violation::LengthRepeated);
            }
            self.length = Some(number(value).ok_or(Violation::LengthInvalid)?);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if self.chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Violation::Encoding);
            }
            self.chunked = true;
        } else if name.eq_ignore_ascii_case(b"upgrade") {
            self.upgrade = true;
        }
        Ok(())
    }

    fn whole(&self, bytes: &[u8]) -> Result<Announced, Violation> {
        let modern = self.modern == Some(true);
        if modern && self.host.is_none() {
            return Err(Violation::HostMissing);
        }
        if let (Some(authority), Some(host)) = (&self.authority, &self.host) {
            let text = |range: &Range<usize>| bytes.get(range.clone()).unwrap_or_default();
            if !text(authority).eq_ignore_ascii_case(text(host)) {
                return Err(Violation::HostConflict);
            }
        }
        if self.chunked && !modern {
            return Err(Violation::EncodingTooOld);
        }
        if self.chunked && self.length.is_some() {
            return Err(Violation::EncodingAndLength);
        }
        let body =
            if self.chunked { Body::Chunked } else { Body::Sized(self.length.unwrap_or_default()) };
        Ok(Announced { bytes: self.line, body, upgrade: self.upgrade && modern })
    }
}

/// The name and the trimmed value of a field's line.
pub(super) fn split(line: &[u8]) -> Result<(&[u8], &[u8]), Violation> {
    if let [b' ' | b'\t', ..] = line {
        return Err(Violation::Folded);
    }
    let colon = line.iter().position(|&byte| byte == b':').ok_or(Violation::FieldName)?;
    let (name, value) = line.split_at(colon);
    if !name.iter().copied().all(is_token) || name.is_empty() || name.len() > NAME_BYTES_MAX {
        return Err(Violation::FieldName);
    }
    let value = value.get(1..).unwrap_or_default();
    if !value.iter().copied().all(is_value) {
        return Err(Violation::Control);
    }
    Ok((name, trimmed(value)))
}

/// Judges a target, and says where in it an absolute one names its host.
pub(super) fn target_of(method: &[u8], target: &[u8]) -> Result<Option<Range<usize>>, Violation> {
    if target.len() > TARGET_BYTES_MAX {
        return Err(Violation::TargetTooLong);
    }
    if method == b"CONNECT" {
        return Err(Violation::Connect);
    }
    if target == b"*" {
        return if method == b"OPTIONS" { Ok(None) } else { Err(Violation::Target) };
    }
    let start = match scheme(target) {
        Some(length) => length,
        None if target.first() == Some(&b'/') => 0,
        None => return Err(Violation::Target),
    };
    let rest = target.get(start..).unwrap_or_default();
    let host = rest.iter().position(|&byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
    let host = if start == 0 { 0 } else { host };
    let (authority, rest) = rest.split_at(host);
    if start > 0 && !is_host(authority) {
        return Err(Violation::Target);
    }
    let query = rest.iter().position(|&byte| byte == b'?').unwrap_or(rest.len());
    let (path, query) = rest.split_at(query);
    if !path.iter().copied().all(is_path) || !query.iter().copied().all(is_query) {
        return Err(Violation::Target);
    }
    Ok((start > 0).then(|| start..start.saturating_add(host)))
}

/// How long the scheme of an absolute target is.
fn scheme(target: &[u8]) -> Option<usize> {
    ["http://", "https://"].into_iter().map(str::as_bytes).find_map(|scheme| {
        let start = target.get(..scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(scheme.len())
    })
}
