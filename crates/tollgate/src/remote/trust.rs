//! Whose certificates are believed, and what can be done where one is not.

use std::{error::Error, fmt, io, sync::Arc};

use tokio_rustls::rustls::{
    CertificateError, ClientConfig, Error as TlsError, RootCertStore, crypto::ring,
};

/// What names the bundle of certificates in the place of the machine's own.
pub(super) const BUNDLE: &str = "SSL_CERT_FILE";

/// Why there is no connection under TLS.
#[derive(Debug)]
enum Untrusted {
    /// There is no certificate to compare with.
    Nobody,
    /// Somebody else has signed it.
    Issuer(TlsError),
    /// It is not for the name that was asked for.
    Name(String, TlsError),
    /// It begins later, or has ended.
    Time(TlsError),
    /// What came is no TLS.
    Plain(TlsError),
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => write!(
                f,
                "this machine trusts no certificate: install its bundle, or name one with {BUNDLE}"
            ),
            Self::Issuer(_) => write!(
                f,
                "nobody that this machine trusts has signed the deployment's certificate: name the \
                 bundle of who has with {BUNDLE}"
            ),
            Self::Name(host, _) => write!(
                f,
                "the deployment's certificate is for another name than {host}: name the deployment \
                 as its certificate does"
            ),
            Self::Time(_) => f.write_str(
                "the deployment's certificate is not valid now: renew it, or set this machine's clock",
            ),
            Self::Plain(_) => f.write_str("what answers there does not speak TLS"),
        }
    }
}

impl Error for Untrusted {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Nobody => None,
            Self::Issuer(error) | Self::Name(_, error) | Self::Time(error) | Self::Plain(error) => {
                Some(error)
            }
        }
    }
}

/// Whom this machine trusts.
pub(super) fn trust() -> io::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(io::Error::other(Untrusted::Nobody));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

/// The same error, and what can be done about it, if that is known.
pub(super) fn explained(error: io::Error, host: &str) -> io::Error {
    let found = error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>());
    match found.and_then(|found| untrusted(found, host)) {
        Some(untrusted) => io::Error::other(untrusted),
        None => error,
    }
}

fn untrusted(found: &TlsError, host: &str) -> Option<Untrusted> {
    use CertificateError as Certificate;

    let cause = found.clone();
    if matches!(found, TlsError::InvalidMessage(_)) {
        return Some(Untrusted::Plain(cause));
    }
    let TlsError::InvalidCertificate(certificate) = found else { return None };
    // Where another authority goes by the same name, its signature is bad.
    if matches!(certificate, Certificate::UnknownIssuer | Certificate::BadSignature) {
        return Some(Untrusted::Issuer(cause));
    }
    if matches!(
        certificate,
        Certificate::NotValidForName | Certificate::NotValidForNameContext { .. }
    ) {
        return Some(Untrusted::Name(host.to_owned(), cause));
    }
    let is_out_of_time = matches!(
        certificate,
        Certificate::Expired
            | Certificate::ExpiredContext { .. }
            | Certificate::NotValidYet
            | Certificate::NotValidYetContext { .. }
    );
    is_out_of_time.then_some(Untrusted::Time(cause))
}
