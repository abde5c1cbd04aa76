//! Whose certificates are believed where something is called under TLS.

use std::{error::Error, fmt, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

/// Why nobody can be believed on the strength of a bundle of certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BundleError {
    /// There is no certificate in it.
    Empty,
    /// It is not PEM.
    Pem,
    /// One of its certificates is not of an authority.
    Authority,
}

impl fmt::Display for BundleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "has no certificate",
            Self::Pem => "is not PEM",
            Self::Authority => "has no certificate of an authority",
        })
    }
}

impl Error for BundleError {}

/// Whom to believe: at least one authority.
#[derive(Clone, Debug)]
pub struct Trust(RootCertStore);

impl Trust {
    /// The authorities whose certificates are in `pem`, and no others.
    ///
    /// # Errors
    ///
    /// When there is none, or one of them cannot be read: a bundle is not believed in part.
    pub fn given(pem: &[u8]) -> Result<Self, BundleError> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| BundleError::Pem)?;
            roots.add(certificate).map_err(|_| BundleError::Authority)?;
        }
        Self::of(roots).ok_or(BundleError::Empty)
    }

    /// Those whom this machine believes, or whom `SSL_CERT_FILE` names; none if there are none. They are read from files.
    #[must_use]
    pub fn machine() -> Option<Self> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Self::of(roots)
    }

    fn of(roots: RootCertStore) -> Option<Self> {
        (!roots.is_empty()).then_some(Self(roots))
    }

    /// The settings of a connection to somebody for whom they have signed. Who calls is not proved by a certificate.
    ///
    /// # Errors
    ///
    /// When the library has no protocol for it, which a test would show.
    pub fn client(self) -> Result<ClientConfig, rustls::Error> {
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?;
        Ok(config.with_root_certificates(self.0).with_no_client_auth())
    }
}

#[cfg(test)]
mod tests {
    use super::{BundleError, Trust};

    #[test]
    fn a_bundle_that_names_no_authority_is_refused() {
        let certificate = |text: &str| {
            format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
        };
        for (text, error) in [
            (String::new(), BundleError::Empty),
            ("none".to_owned(), BundleError::Empty),
            (certificate("!"), BundleError::Pem),
            (certificate("AAAA"), BundleError::Authority),
        ] {
            assert_eq!(Trust::given(text.as_bytes()).err(), Some(error), "{text}");
        }
    }
}
