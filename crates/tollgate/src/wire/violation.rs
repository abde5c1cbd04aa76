//! What is wrong with a request that is not passed on.

use std::{error::Error, fmt};

use tollgate_core::decision::Denial;
use tollgate_http::{
    answer::{self, Answer, Context, Trouble},
    rate::Style,
};

/// Why a request is refused before anybody reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Violation {
    /// A line that ends in a bare line feed.
    LineEnd,
    /// A control character, a bare carriage return among them.
    Control,
    /// A request line that is not three words with one space between them.
    RequestLine,
    /// A method that is no token, or a very long one.
    Method,
    /// `CONNECT`: a gate is no tunnel.
    Connect,
    /// A target with a byte that no target has, or of a form that its method does not have.
    Target,
    /// A target that is too long.
    TargetTooLong,
    /// A version other than 1.0 and 1.1.
    Version,
    /// A line that starts with a blank: the field before it would go on.
    Folded,
    /// A field's name that is no token right up to its colon.
    FieldName,
    /// Blanks around a value, in a version that has none there.
    Padded,
    /// No `Host`, in a request of version 1.1.
    HostMissing,
    /// More than one `Host`.
    HostRepeated,
    /// A `Host` that names no host.
    HostInvalid,
    /// A `Host` that is not the one in the target.
    HostConflict,
    /// A `Content-Length` that is not one plain number.
    LengthInvalid,
    /// More than one `Content-Length`, equal or not.
    LengthRepeated,
    /// A `Transfer-Encoding` other than `chunked`, once.
    Encoding,
    /// A `Transfer-Encoding` and a `Content-Length`.
    EncodingAndLength,
    /// A `Transfer-Encoding` in a request of version 1.0.
    EncodingTooOld,
    /// More bytes than a head may have.
    HeadTooLong,
    /// More fields than a head may have.
    TooManyFields,
    /// A size of a chunk that is not plain hexadecimal digits.
    ChunkSize,
    /// An extension of a chunk with a control character, or of too many bytes.
    ChunkExtension,
    /// A chunk that does not end where its size says.
    ChunkEnd,
    /// More bytes or fields after the last chunk than allowed.
    TrailersTooLong,
    /// A field after the last chunk that would change how the request is read.
    TrailerForbidden,
    /// A head that took too long to come.
    TooSlow,
}

impl Violation {
    /// All of them.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 28] = [
        Self::LineEnd,
        Self::Control,
        Self::RequestLine,
        Self::Method,
        Self::Connect,
        Self::Target,
        Self::TargetTooLong,
        Self::Version,
        Self::Folded,
        Self::FieldName,
        Self::Padded,
        Self::HostMissing,
        Self::HostRepeated,
        Self::HostInvalid,
        Self::HostConflict,
        Self::LengthInvalid,
        Self::LengthRepeated,
        Self::Encoding,
        Self::EncodingAndLength,
        Self::EncodingTooOld,
        Self::HeadTooLong,
        Self::TooManyFields,
        Self::ChunkSize,
        Self::ChunkExtension,
        Self::ChunkEnd,
        Self::TrailersTooLong,
        Self::TrailerForbidden,
        Self::TooSlow,
    ];

    /// Its stable name, for logs and metrics.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::LineEnd => "line_end",
            Self::Control => "control",
            Self::RequestLine => "request_line",
            Self::Method => "method",
            Self::Connect => "connect",
            Self::Target => "target",
            Self::TargetTooLong => "target_too_long",
            Self::Version => "version",
            Self::Folded => "folded",
            Self::FieldName => "field_name",
            Self::Padded => "padded",
            Self::HostMissing => "host_missing",
            Self::HostRepeated => "host_repeated",
            Self::HostInvalid => "host_invalid",
            Self::HostConflict => "host_conflict",
            Self::LengthInvalid => "length_invalid",
            Self::LengthRepeated => "length_repeated",
            Self::Encoding => "encoding",
            Self::EncodingAndLength => "encoding_and_length",
            Self::EncodingTooOld => "encoding_too_old",
            Self::HeadTooLong => "head_too_long",
            Self::TooManyFields => "too_many_fields",
            Self::ChunkSize => "chunk_size",
            Self::ChunkExtension => "chunk_extension",
            Self::ChunkEnd => "chunk_end",
            Self::TrailersTooLong => "trailers_too_long",
            Self::TrailerForbidden => "trailer_forbidden",
            Self::TooSlow => "too_slow",
        }
    }

    /// What the client is told, which is not everything that the log is.
    pub(super) fn answer(self, request_id: &str) -> Answer {
        let context = Context {
            realm: "",
            request_id,
            head: false,
            required: &[],
            record: None,
            limits: &[],
            left: &[],
            style: Style::Off,
        };
        #[expect(clippy::wildcard_enum_match_arm, reason = "what is malformed is answered alike")]
        match self {
            Self::HeadTooLong
            | Self::TooManyFields
            | Self::TargetTooLong
            | Self::TrailersTooLong => answer::trouble(Trouble::HeadTooLarge, &context),
            Self::TooSlow => answer::trouble(Trouble::RequestTimeout, &context),
            _ => answer::denied(Denial::RequestInvalid, &context),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Error for Violation {}
