//! Whose certificates are believed where keys are fetched.

use std::{
    io,
    sync::{Arc, OnceLock},
};

use tokio::task::spawn_blocking;
use tokio_rustls::rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

/// Whom to believe: looked up once, when it is first needed.
#[derive(Clone, Default)]
pub(crate) struct Trust(Arc<OnceLock<Arc<ClientConfig>>>);

impl Trust {
    /// Believes the certificates in `pem` and no others; none if there are none.
    pub(crate) fn given(pem: &[u8]) -> Option<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            roots.add(certificate.ok()?).ok()?;
        }
        config(roots).ok().map(|config| Self(Arc::new(OnceLock::from(config))))
    }

    /// The settings of a connection.
    pub(crate) async fn config(&self) -> io::Result<Arc<ClientConfig>> {
        if let Some(config) = self.0.get() {
            return Ok(Arc::clone(config));
        }
        let place = Arc::clone(&self.0);
        // The machine's own lie in files. Also who no longer waits for them leaves them to the next.
        let found = spawn_blocking(move || {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            let config = config(roots)?;
            Ok(Arc::clone(place.get_or_init(|| config)))
        });
        found.await.map_err(io::Error::other)?
    }
}

fn config(roots: RootCertStore) -> io::Result<Arc<ClientConfig>> {
    if roots.is_empty() {
        return Err(io::Error::other("no certificate is believed"));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}
