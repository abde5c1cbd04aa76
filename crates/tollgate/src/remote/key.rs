//! The key that administers a deployment.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::Path,
};

use zeroize::Zeroizing;

/// The longest key with what may stand around it, in bytes.
const TEXT_MAX: u64 = 1_024;

/// Whatever somebody else may do with the file.
const REFUSED: u32 = 0o077;

/// An admin key, which is sent and never shown.
pub(crate) struct AdminKey(Zeroizing<String>);

/// Why there is none. Nothing of a key is in it.
#[derive(Debug)]
pub(crate) enum AdminKeyError {
    /// There is no such file, or it cannot be read.
    Unreadable(io::Error),
    /// Others may read it.
    Exposed,
    /// What is there is no key.
    Malformed,
}

impl fmt::Display for AdminKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "cannot be read: {error}"),
            Self::Exposed => f.write_str("others may read it: chmod 600, and rotate the key"),
            Self::Malformed => f.write_str("holds no key: one line of letters, digits and _"),
        }
    }
}

impl AdminKey {
    /// Takes a key from the text of a variable or a file.
    pub(crate) fn parse(text: &str) -> Result<Self, AdminKeyError> {
        let key = text.trim();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if key.is_empty() || !key.bytes().all(plain) {
            return Err(AdminKeyError::Malformed);
        }
        Ok(Self(Zeroizing::new(key.to_owned())))
    }

    /// Reads the key in a file that only its owner may read.
    pub(crate) fn read(path: &Path) -> Result<Self, AdminKeyError> {
        let file = File::open(path).map_err(AdminKeyError::Unreadable)?;
        // Asked of the open file, so that nobody can put another in its place in between.
        let metadata = file.metadata().map_err(AdminKeyError::Unreadable)?;
        if !metadata.is_file() {
            return Err(AdminKeyError::Malformed);
        }
        if metadata.mode() & REFUSED != 0 {
            return Err(AdminKeyError::Exposed);
        }
        // SECURITY: room for all of it, so that no piece is left behind when the text grows.
        let room = usize::try_from(TEXT_MAX).unwrap_or(0);
        let mut text = Zeroizing::new(String::with_capacity(room));
        file.take(TEXT_MAX).read_to_string(&mut text).map_err(AdminKeyError::Unreadable)?;
        Self::parse(&text)
    }

    /// The key, to be sent.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Shows nothing of it.
impl fmt::Debug for AdminKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminKey(..)")
    }
}
