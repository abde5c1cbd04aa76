//! Whose certificates are believed, and what can be done where one is not.

use std::{error::Error, fmt, fs, io, path::Path, sync::Arc};

use tokio_rustls::rustls::{CertificateError, ClientConfig, Error as TlsError};
use tollgate_native::trust::Trust;

/// What names the bundle of certificates in the place of the machine's own.
pub(crate) const BUNDLE: &str = "SSL_CERT_FILE";

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

/// Whom the file `ca` names, or otherwise whom this machine trusts.
pub(crate) fn trust(ca: Option<&Path>) -> io::Result<Arc<ClientConfig>> {
    let trust = match ca {
        Some(file) => {
            named(file).map_err(|error| io::Error::other(format!("{}: {error}", file.display())))?
        }
        None => Trust::machine().ok_or_else(|| io::Error::other(Untrusted::Nobody))?,
    };
    trust.client().map(Arc::new).map_err(io::Error::other)
}

fn named(file: &Path) -> io::Result<Trust> {
    Trust::given(&bundle(file)?).map_err(io::Error::other)
}

/// The largest file of certificates, in bytes: more than all public authorities have.
const BUNDLE_MAX: u64 = 4 << 20;

fn bundle(file: &Path) -> io::Result<Vec<u8>> {
    if fs::metadata(file)?.len() > BUNDLE_MAX {
        return Err(io::Error::other(format!("has more than {BUNDLE_MAX} bytes")));
    }
    fs::read(file)
}

/// The same error, and what can be done about it, if that is known.
pub(crate) fn explained(error: io::Error, host: &str) -> io::Error {
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at what should not be")]

    use std::{fs, path::Path};

    use super::trust;

    #[test]
    fn whoever_is_named_is_trusted_and_a_file_that_names_nobody_is_refused() {
        let certificates =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("src/wire/tests/certificates");
        assert!(trust(Some(&certificates.join("ca.pem"))).is_ok());
        let folder = std::env::temp_dir().join(format!("tollgate-trust-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let broken = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
        for (name, text, told) in [
            ("empty.pem", "", "has no certificate"),
            ("broken.pem", broken, "is not PEM"),
            ("none.pem", "none", "has no certificate"),
        ] {
            let file = folder.join(name);
            fs::write(&file, text).unwrap();
            let error = trust(Some(&file)).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(told), "{error}");
        }
        assert!(trust(Some(&folder.join("missing.pem"))).is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}
