//! The two names of the one signature algorithm.

/// How a key's tokens spell their `alg`. Both mean Ed25519; a key has one of them for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// `EdDSA`, the name of RFC 8037.
    EdDsa,
    /// `Ed25519`, the fully specified name of RFC 9864.
    Ed25519,
}

impl Algorithm {
    /// Both, in the order of the specification.
    pub const ALL: [Self; 2] = [Self::EdDsa, Self::Ed25519];

    /// Reads the name; none for anything else, `none` included.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    /// How the algorithm is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Ed25519 => "Ed25519",
        }
    }
}
