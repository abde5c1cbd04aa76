//! TLS: versions 1.2 and 1.3 by rustls, with one certificate that can be loaded again while serving.

use std::{
    error::Error,
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        crypto::ring,
        pki_types::{
            CertificateDer, PrivateKeyDer,
            pem::{self, PemObject},
        },
    },
    server::TlsStream,
};

/// The longest file of a certificate chain or key, in bytes.
const FILE_BYTES_MAX: usize = 1 << 20;
/// The most certificates of a chain.
const CHAIN_MAX: usize = 16;

/// What is spoken after the handshake, as clients ask for it: what we would rather speak comes first.
const PROTOCOLS: [&[u8]; 2] = [SECOND, b"http/1.1"];
const SECOND: &[u8] = b"h2";

/// A certificate and its key, ready to serve.
pub(crate) struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    handshake: Duration,
    config: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    /// Loads a chain, the server's own certificate first, and its key, both as PEM. A handshake may take as long as
    /// `handshake`.
    ///
    /// # Errors
    ///
    /// Which file is wrong, and how.
    pub(crate) fn load(
        certificate: &Path,
        key: &Path,
        handshake: Duration,
    ) -> Result<Self, TlsError> {
        let config = RwLock::new(Arc::new(config(certificate, key)?));
        Ok(Self { certificate: certificate.into(), key: key.into(), handshake, config })
    }

    /// Loads both files again, for handshakes from now on.
    ///
    /// # Errors
    ///
    /// As [`Self::load`]; what was loaded before then stays in use.
    pub(crate) fn reload(&self) -> Result<(), TlsError> {
        let fresh = Arc::new(config(&self.certificate, &self.key)?);
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// Shakes hands with the peer of `io`.
    ///
    /// # Errors
    ///
    /// The peer speaks no TLS that we do, is gone, or is too slow.
    pub(crate) async fn accept<IO>(&self, io: IO) -> io::Result<TlsStream<IO>>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let config = Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner));
        let shaken = TlsAcceptor::from(config).accept(io);
        match tokio::time::timeout(self.handshake, shaken).await {
            Ok(stream) => stream,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

/// Whether HTTP/2 was agreed upon in the handshake. Over TLS nobody speaks it unasked.
pub(crate) fn is_second<IO>(stream: &TlsStream<IO>) -> bool {
    let (_, session) = stream.get_ref();
    session.alpn_protocol() == Some(SECOND)
}

fn config(certificate: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let chain = chain_of(certificate)?;
    let private = key_of(key)?;
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::new(certificate, What::Unusable(error)))?
        .with_no_client_auth()
        .with_single_cert(chain, private);
    let mut config = config.map_err(|error| {
        if matches!(error, rustls::Error::InconsistentKeys(_)) {
            return TlsError::new(key, What::OtherKey(certificate.into()));
        }
        let file =
            if matches!(error, rustls::Error::InvalidCertificate(_)) { certificate } else { key };
        TlsError::new(file, What::Unusable(error))
    })?;
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    Ok(config)
}

fn chain_of(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = bytes_of(path)?;
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(&text).take(CHAIN_MAX.saturating_add(1)).collect();
    let chain = chain.map_err(|error| TlsError::new(path, What::NotPem(error)))?;
    match chain.len() {
        0 => Err(TlsError::new(path, What::NoCertificate)),
        count if count > CHAIN_MAX => Err(TlsError::new(path, What::LongChain)),
        _ => Ok(chain),
    }
}

fn key_of(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = bytes_of(path)?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| {
        // SECURITY: what the reader says of a broken section can hold text of it.
        let none = matches!(error, pem::Error::NoItemsFound);
        TlsError::new(path, if none { What::NoKey } else { What::KeyNotPem })
    })
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, TlsError> {
    let bytes = fs::read(path).map_err(|error| TlsError::new(path, What::Unreadable(error)))?;
    if bytes.len() > FILE_BYTES_MAX {
        return Err(TlsError::new(path, What::TooLong));
    }
    Ok(bytes)
}

/// Why TLS cannot be served.
#[derive(Debug)]
pub(crate) struct TlsError {
    file: PathBuf,
    what: What,
}

#[derive(Debug)]
enum What {
    Unreadable(io::Error),
    TooLong,
    NotPem(pem::Error),
    NoCertificate,
    LongChain,
    NoKey,
    KeyNotPem,
    OtherKey(PathBuf),
    Unusable(rustls::Error),
}

impl TlsError {
    fn new(file: &Path, what: What) -> Self {
        Self { file: file.into(), what }
    }

    /// The field that names the file that is wrong; `certificate` is what that of the certificate names.
    pub(crate) fn field(&self, certificate: &Path) -> &'static str {
        if self.file == certificate { "tls.certificate" } else { "tls.key" }
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file.display())?;
        match &self.what {
            What::Unreadable(_) => f.write_str("cannot be read"),
            What::TooLong => write!(f, "has more than {FILE_BYTES_MAX} bytes"),
            What::NotPem(_) => f.write_str("is not PEM"),
            What::NoCertificate => f.write_str("holds no certificate (`BEGIN CERTIFICATE`)"),
            What::LongChain => write!(f, "holds more than {CHAIN_MAX} certificates"),
            What::NoKey => f.write_str("holds no private key (`BEGIN PRIVATE KEY`, unencrypted)"),
            What::KeyNotPem => f.write_str("is not PEM"),
            What::OtherKey(certificate) => {
                write!(f, "is not the key of the certificate in {}", certificate.display())
            }
            What::Unusable(_) => f.write_str("cannot be used"),
        }
    }
}

impl Error for TlsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.what {
            What::Unreadable(error) => Some(error),
            What::NotPem(error) => Some(error),
            What::Unusable(error) => Some(error),
            What::TooLong
            | What::NoCertificate
            | What::LongChain
            | What::NoKey
            | What::KeyNotPem
            | What::OtherKey(_) => None,
        }
    }
}
