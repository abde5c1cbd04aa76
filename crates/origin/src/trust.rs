//! Whose certificates are believed where keys are fetched.

use std::{
    io,
    sync::{Arc, OnceLock},
};

use tokio::task::spawn_blocking;
use tokio_rustls::rustls::ClientConfig;
use tollgate_native::trust::Trust as Believed;

/// Whom to believe: looked up once, when it is first needed.
#[derive(Clone, Default)]
pub(crate) struct Trust(Arc<OnceLock<Arc<ClientConfig>>>);

impl Trust {
    /// Believes the certificates in `pem` and no others; none if there are none.
    pub(crate) fn given(pem: &[u8]) -> Option<Self> {
        let config = Believed::given(pem).ok()?.client().ok()?;
        Some(Self(Arc::new(OnceLock::from(Arc::new(config)))))
    }

    /// The settings of a connection.
    pub(crate) async fn config(&self) -> io::Result<Arc<ClientConfig>> {
        if let Some(config) = self.0.get() {
            return Ok(Arc::clone(config));
        }
        let place = Arc::clone(&self.0);
        // The machine's own lie in files. Also who no longer waits for them leaves them to the next.
        let found = spawn_blocking(move || {
            let believed = Believed::machine();
            let believed =
                believed.ok_or_else(|| io::Error::other("no certificate is believed"))?;
            let config = Arc::new(believed.client().map_err(io::Error::other)?);
            Ok(Arc::clone(place.get_or_init(|| config)))
        });
        found.await.map_err(io::Error::other)?
    }
}
