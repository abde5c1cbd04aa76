//! Why secrets cannot be used.

use std::{fmt, io};

use tollgate_core::pepper::PepperError;
use tollgate_identity::KeyError;

/// Why nothing may start with these secrets. It holds no byte of them.
#[derive(Debug)]
pub(crate) struct SecretsError {
    /// The file or the variable, where it is known.
    place: Option<String>,
    what: Box<What>,
}

#[derive(Debug)]
enum What {
    Io(&'static str, io::Error),
    Exposed { mode: u32 },
    NotAFile,
    Malformed { line: usize, column: usize },
    Pepper(PepperError),
    Signing(KeyError),
    TooMany(&'static str, usize),
    WrongSecret(&'static str),
    EndsBeforeItBegins(String),
    NoSigningKey,
    NoRandomness,
    Exists,
    Changed,
}

impl SecretsError {
    /// The same, of the file or variable `place`.
    pub(super) fn of(self, place: impl fmt::Display) -> Self {
        Self { place: Some(place.to_string()), ..self }
    }

    pub(super) fn io(doing: &'static str, error: io::Error) -> Self {
        Self::new(What::Io(doing, error))
    }

    pub(super) fn exposed(mode: u32) -> Self {
        Self::new(What::Exposed { mode })
    }

    pub(super) fn not_a_file() -> Self {
        Self::new(What::NotAFile)
    }

    pub(super) fn malformed(line: usize, column: usize) -> Self {
        Self::new(What::Malformed { line, column })
    }

    pub(super) fn pepper(error: PepperError) -> Self {
        Self::new(What::Pepper(error))
    }

    pub(super) fn signing(error: KeyError) -> Self {
        Self::new(What::Signing(error))
    }

    pub(super) fn too_many(what: &'static str, max: usize) -> Self {
        Self::new(What::TooMany(what, max))
    }

    pub(super) fn wrong_secret(what: &'static str) -> Self {
        Self::new(What::WrongSecret(what))
    }

    pub(super) fn ends_before_it_begins(kid: &str) -> Self {
        Self::new(What::EndsBeforeItBegins(kid.to_owned()))
    }

    pub(super) fn no_signing_key() -> Self {
        Self::new(What::NoSigningKey)
    }

    pub(super) fn no_randomness() -> Self {
        Self::new(What::NoRandomness)
    }

    pub(super) fn exists() -> Self {
        Self::new(What::Exists)
    }

    pub(super) fn changed() -> Self {
        Self::new(What::Changed)
    }

    fn new(what: What) -> Self {
        Self { place: None, what: Box::new(what) }
    }
}

impl fmt::Display for SecretsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.place.as_deref().unwrap_or("the secrets");
        match &*self.what {
            What::Io(doing, error) if error.kind() == io::ErrorKind::NotFound => {
                write!(f, "{file}: {doing}: there is no such file; `tollgate init` makes it")
            }
            What::Io(doing, error) => write!(f, "{file}: {doing}: {error}"),
            What::Exposed { mode } => write!(
                f,
                "{file}: its mode is {mode:04o}, so others than its owner may read or change it: \
                 `chmod 600 {file}`, and consider the peppers known if others had access"
            ),
            What::NotAFile => write!(f, "{file}: is not a file"),
            What::Malformed { line, column } => {
                write!(f, "{file}:{line}:{column}: is not the JSON of a secrets file")
            }
            What::Pepper(error) => write!(f, "{file}: {error}"),
            What::Signing(error) => write!(f, "{file}: signing: {error}"),
            What::TooMany(what, max) => write!(f, "{file}: has more than {max} {what}"),
            What::WrongSecret(what) => write!(f, "{file}: a {what} is 64 hexadecimal digits"),
            What::EndsBeforeItBegins(kid) => {
                write!(f, "{file}: signing key {kid:?} ends before it begins")
            }
            What::NoSigningKey => write!(f, "{file}: at least one signing key is needed"),
            What::NoRandomness => f.write_str("the system gives no randomness"),
            What::Exists => write!(f, "{file}: exists already, and is not overwritten"),
            What::Changed => write!(f, "{file}: was replaced while it was changed; try again"),
        }
    }
}

impl std::error::Error for SecretsError {}
