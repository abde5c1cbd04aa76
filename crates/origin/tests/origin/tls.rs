//! Keys over TLS: from whom the certificate says, and from nobody else.

use std::{sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use crate::data::{SHARED, plain, reason, settings, verifier};

// Made for these tests and for 127.0.0.1, with an authority whose key nobody has.
const CA: &str = include_str!("certificates/ca.pem");
const CERTIFICATE: &str = include_str!("certificates/server.pem");
/// The authority of the gate's own tests: another.
const ANOTHER: &str = include_str!("../../../tollgate/src/wire/tests/certificates/ca.pem");
const KEY: &str = include_str!("certificates/server.key.pem");

/// The port of a server of keys that speaks TLS.
async fn served() -> u16 {
    let chain = CertificateDer::pem_slice_iter(CERTIFICATE.as_bytes()).map(Result::unwrap);
    let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain.collect(), key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(tokio::spawn(async move {
        loop {
            let (caller, _) = listener.accept().await.unwrap();
            // Who does not believe the certificate goes.
            let Ok(mut caller) = acceptor.accept(caller).await else { continue };
            let mut asked = [0; 4_096];
            let document = SHARED["jwks"].to_string();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", document.len());
            drop(caller.read(&mut asked).await);
            drop(caller.write_all(format!("{head}{document}").as_bytes()).await);
            drop(caller.shutdown().await);
        }
    }));
    port
}

#[tokio::test]
async fn keys_come_from_whom_the_certificate_names_and_from_nobody_else() {
    let port = served().await;
    for (host, authorities, wanted) in [
        ("127.0.0.1", Some(CA), None),
        ("localhost", Some(CA), Some("no_keys")),
        ("127.0.0.1", Some(ANOTHER), Some("no_keys")),
        ("127.0.0.1", None, Some("no_keys")),
    ] {
        let url = format!("https://{host}:{port}/jwks.json");
        let mut settings = settings().jwks(url).deadline(Duration::from_secs(30));
        if let Some(pem) = authorities {
            settings = settings.authorities(pem);
        }
        let found = reason(&verifier(settings), plain()).await;
        assert_eq!(found, wanted, "{host}, {authorities:?}");
    }
}
