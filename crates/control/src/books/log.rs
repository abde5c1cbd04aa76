//! What is kept of the audit.

use tollgate_audit::Hash;
use tollgate_core::time::UnixMillis;

/// A line of the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number.
    pub number: u64,
    /// What it says, as it was hashed.
    pub text: String,
    /// The line of its checkpoint, if it has one.
    pub checkpoint: Option<String>,
}

/// Where a chain of the audit stands, by all that says so. Where they differ, somebody has changed one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The number and the hash that the next line continues; none before the first line, or if they make no sense.
    pub end: Option<(u64, Hash)>,
    /// The number under which the last line is kept.
    pub last: u64,
    /// The number and the line of the last checkpoint.
    pub checkpoint: Option<(u64, String)>,
}

/// A key that signs checkpoints: its public half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// Its name.
    pub kid: String,
    /// The one algorithm of its tokens.
    pub alg: String,
    /// The encoded point.
    pub x: [u8; 32],
}

/// A checkpoint to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed<'a> {
    /// Of the chain of this tenant; none: of that of the deployment's own acts.
    pub tenant: Option<&'a str>,
    /// The number of the entry that it is of.
    pub number: u64,
    /// When it was signed.
    pub at: UnixMillis,
    /// The line.
    pub line: &'a str,
    /// Who signed it: from now on this must be known to whoever verifies.
    pub signer: &'a Signer,
}
