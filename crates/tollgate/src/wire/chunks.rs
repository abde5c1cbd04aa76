//! A body in chunks: what stands between them is judged before anybody acts on it.

use super::{Limits, head::split, syntax::is_value, violation::Violation};

/// The most digits of a chunk's size.
const SIZE_DIGITS_MAX: usize = 16;
/// The most bytes of all extensions of a body.
const EXTENSION_BYTES_MAX: usize = 4_096;
/// The longest line with a size.
const SIZE_LINE_BYTES_MAX: usize = SIZE_DIGITS_MAX + EXTENSION_BYTES_MAX + 2;
/// The most bytes of all trailers.
const TRAILER_BYTES_MAX: usize = 8_192;
/// The most trailers.
const TRAILERS_MAX: usize = 32;

/// Fields that may not come late: who reads them has acted without them.
const NOT_LATE: [&str; 9] = [
    "authorization",
    "connection",
    "content-length",
    "expect",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A chunked body that is coming in.
#[derive(Debug)]
pub(super) struct Chunks {
    place: Place,
    /// How far the line under way has been searched for its end.
    searched: usize,
    extension_bytes: usize,
    trailer_bytes: usize,
    trailers: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Size,
    Data(u64),
    /// Between the data and the next size.
    Return,
    Feed,
    Trailer,
    End,
}

impl Chunks {
    /// Before the first size.
    pub(super) const fn new() -> Self {
        Self { place: Place::Size, searched: 0, extension_bytes: 0, trailer_bytes: 0, trailers: 0 }
    }

    /// How much of a chunk is left, while inside one.
    pub(super) const fn data_left(&self) -> Option<u64> {
        match self.place {
            Place::Data(left) => Some(left),
            Place::Size | Place::Return | Place::Feed | Place::Trailer | Place::End => None,
        }
    }

    /// `count` bytes of a chunk have passed.
    pub(super) const fn data_passed(&mut self, count: u64) {
        if let Place::Data(left) = self.place {
            let left = left.saturating_sub(count);
            self.place = if left == 0 { Place::Return } else { Place::Data(left) };
        }
    }

    /// Whether the whole body has passed.
    pub(super) fn has_ended(&self) -> bool {
        self.place == Place::End
    }

    /// How many of `bytes`, which start where the last ones ended, may pass; 0 if more must come first.
    ///
    /// Not asked inside a chunk.
    pub(super) fn step(&mut self, bytes: &[u8], limits: &Limits) -> Result<usize, Violation> {
        match (self.place, bytes.first()) {
            (Place::Return, Some(b'\r')) => self.place = Place::Feed,
            (Place::Feed, Some(b'\n')) => self.place = Place::Size,
            (Place::Return | Place::Feed, Some(_)) => return Err(Violation::ChunkEnd),
            (Place::Size, Some(_)) => return self.size(bytes),
            (Place::Trailer, Some(_)) => return self.trailer(bytes, limits),
            (_, None) | (Place::Data(_) | Place::End, _) => return Ok(0),
        }
        Ok(1)
    }

    fn size(&mut self, bytes: &[u8]) -> Result<usize, Violation> {
        let Some(line) = self.line(bytes, SIZE_LINE_BYTES_MAX, Violation::ChunkExtension)? else {
            return Ok(0);
        };
        let digits = line.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(line.len());
        let (digits, extension) = line.split_at(digits);
        if digits.is_empty() || digits.len() > SIZE_DIGITS_MAX {
            return Err(Violation::ChunkSize);
        }
        if !matches!(extension, [] | [b';', ..]) {
            return Err(Violation::ChunkSize);
        }
        if !extension.iter().copied().all(is_value) {
            return Err(Violation::ChunkExtension);
        }
        self.extension_bytes = self.extension_bytes.saturating_add(extension.len());
        if self.extension_bytes > EXTENSION_BYTES_MAX {
            return Err(Violation::ChunkExtension);
        }
        let size = str::from_utf8(digits).ok().and_then(|text| u64::from_str_radix(text, 16).ok());
        let size = size.filter(|&size| i64::try_from(size).is_ok()).ok_or(Violation::ChunkSize)?;
        self.place = if size == 0 { Place::Trailer } else { Place::Data(size) };
        Ok(line.len().saturating_add(2))
    }

    fn trailer(&mut self, bytes: &[u8], limits: &Limits) -> Result<usize, Violation> {
        let left = TRAILER_BYTES_MAX.saturating_sub(self.trailer_bytes);
        let Some(line) = self.line(bytes, left, Violation::TrailersTooLong)? else { return Ok(0) };
        let whole = line.len().saturating_add(2);
        if line.is_empty() {
            self.place = Place::End;
            return Ok(whole);
        }
        let (name, _) = split(line)?;
        if NOT_LATE.iter().any(|late| name.eq_ignore_ascii_case(late.as_bytes())) {
            return Err(Violation::TrailerForbidden);
        }
        self.trailer_bytes = self.trailer_bytes.saturating_add(whole);
        self.trailers = self.trailers.saturating_add(1);
        if self.trailers > TRAILERS_MAX.min(limits.fields_max) {
            return Err(Violation::TrailersTooLong);
        }
        Ok(whole)
    }

    /// The line that `bytes` start with, once it is whole; longer than `max` it is a `violation`.
    fn line<'b>(
        &mut self,
        bytes: &'b [u8],
        max: usize,
        violation: Violation,
    ) -> Result<Option<&'b [u8]>, Violation> {
        let end = bytes.len().min(max);
        let rest = bytes.get(self.searched..end).unwrap_or_default();
        let Some(found) = rest.iter().position(|&byte| byte == b'\n') else {
            self.searched = end;
            return if bytes.len() >= max { Err(violation) } else { Ok(None) };
        };
        let feed = self.searched.saturating_add(found);
        self.searched = 0;
        match bytes.get(..feed).unwrap_or_default() {
            [line @ .., b'\r'] => Ok(Some(line)),
            _ => Err(Violation::LineEnd),
        }
    }
}
