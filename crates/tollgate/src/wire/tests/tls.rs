//! TLS as a client meets it, and what an operator reads when the files are wrong.

use std::{
    error::Error,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore, SupportedProtocolVersion,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
        version::{TLS12, TLS13},
    },
};

use super::super::tls::Tls;

// Made for these tests, with an authority whose key nobody has.
const CA: &str = include_str!("certificates/ca.pem");
const FIRST: [&str; 2] =
    [include_str!("certificates/first.pem"), include_str!("certificates/first.key.pem")];
const SECOND: [&str; 2] =
    [include_str!("certificates/second.pem"), include_str!("certificates/second.key.pem")];
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A folder of its own for one test, gone at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tollgate-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn certificate(&self) -> PathBuf {
        self.0.join("cert.pem")
    }

    fn key(&self) -> PathBuf {
        self.0.join("key.pem")
    }

    fn hold(&self, [certificate, key]: [&str; 2]) {
        fs::write(self.certificate(), certificate).unwrap();
        fs::write(self.key(), key).unwrap();
    }

    fn load(&self) -> Result<Tls, String> {
        Tls::load(&self.certificate(), &self.key(), HANDSHAKE).map_err(|error| whole(&error))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// An error and everything under it.
fn whole(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

/// Shakes hands as a client that speaks `version` and `protocols`.
async fn shake(
    tls: &Tls,
    version: &'static SupportedProtocolVersion,
    protocols: &[&[u8]],
) -> io::Result<TlsStream<DuplexStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(CA.as_bytes()).unwrap()).unwrap();
    let mut client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let (near, far) = duplex(65_536);
    let name = ServerName::try_from("gate.test").unwrap();
    let connector = TlsConnector::from(Arc::new(client));
    let (client, server) = tokio::join!(connector.connect(name, near), tls.accept(far));
    let (mut client, mut server) = (client?, server?);
    server.write_all(b"served").await?;
    server.flush().await?;
    let mut text = [0; 6];
    client.read_exact(&mut text).await?;
    assert_eq!(&text, b"served");
    Ok(client)
}

/// Whether the certificate that a client was shown is that one.
fn showed(client: &TlsStream<DuplexStream>, certificate: &str) -> bool {
    let shown = client.get_ref().1.peer_certificates().unwrap()[0].clone();
    shown == CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()
}

#[tokio::test]
async fn both_versions_of_tls_and_of_http_are_spoken_and_no_other_protocol() {
    let folder = Folder::new("tls-versions");
    folder.hold(FIRST);
    let tls = folder.load().map_err(|_| ()).unwrap();
    for version in [&TLS12, &TLS13] {
        let (first, second): (&[u8], &[u8]) = (b"http/1.1", b"h2");
        for (asked, agreed) in [
            (vec![first, second], Some(second)),
            (vec![second], Some(second)),
            (vec![first], Some(first)),
            (vec![b"h3", first], Some(first)),
            (vec![], None),
        ] {
            let client = shake(&tls, version, &asked).await.unwrap();
            assert_eq!(client.get_ref().1.alpn_protocol(), agreed);
        }
        assert!(shake(&tls, version, &[b"h3"]).await.is_err());
    }
}

#[tokio::test]
async fn a_certificate_is_loaded_again_and_a_wrong_one_changes_nothing() {
    let folder = Folder::new("tls-reload");
    folder.hold(FIRST);
    let tls = folder.load().map_err(|_| ()).unwrap();
    folder.hold([SECOND[0], FIRST[1]]);
    assert!(tls.reload().is_err());
    assert!(showed(&shake(&tls, &TLS13, &[]).await.unwrap(), FIRST[0]));
    folder.hold(SECOND);
    tls.reload().unwrap();
    assert!(showed(&shake(&tls, &TLS13, &[]).await.unwrap(), SECOND[0]));
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_never_comes_is_given_up() {
    let folder = Folder::new("tls-slow");
    folder.hold(FIRST);
    let tls = folder.load().map_err(|_| ()).unwrap();
    let (_near, far) = duplex(64);
    let begun = tokio::time::Instant::now();
    assert_eq!(tls.accept(far).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert!(begun.elapsed() < HANDSHAKE + Duration::from_millis(50));
}

#[test]
fn what_is_wrong_with_which_file_is_said_and_nothing_of_the_key() {
    let folder = Folder::new("tls-errors");
    let chain = SECOND[0].repeat(17);
    let cut = FIRST[1].replace("-----END PRIVATE KEY-----\n", "");
    let garbled = FIRST[1].replace("PRIVATE KEY-----\nM", "PRIVATE KEY-----\n?");
    let other = FIRST[1].replace("PRIVATE KEY-----\nMIG", "PRIVATE KEY-----\nAAA");
    for (files, file, what) in [
        ([SECOND[0], FIRST[1]], "key.pem", "is not the key of the certificate in "),
        (["", FIRST[1]], "cert.pem", "holds no certificate"),
        ([FIRST[1], FIRST[1]], "cert.pem", "holds no certificate"),
        ([&chain, SECOND[1]], "cert.pem", "holds more than 16 certificates"),
        ([FIRST[0], ""], "key.pem", "holds no private key"),
        ([FIRST[0], FIRST[0]], "key.pem", "holds no private key"),
        ([FIRST[0], &cut], "key.pem", "is not PEM"),
        ([FIRST[0], &garbled], "key.pem", "is not PEM"),
        ([FIRST[0], &other], "key.pem", "cannot be used"),
    ] {
        folder.hold(files);
        let Err(said) = folder.load() else { panic!("{what}: loaded") };
        let path = folder.0.join(file);
        assert!(said.starts_with(&format!("{}: {what}", path.display())), "{said}");
        let secret = FIRST[1].lines().nth(1).unwrap();
        for piece in secret.as_bytes().windows(8) {
            assert!(!said.contains(str::from_utf8(piece).unwrap()), "{said}");
        }
    }
    folder.hold(FIRST);
    fs::remove_file(folder.key()).unwrap();
    let Err(said) = folder.load() else { panic!("loaded without a key") };
    assert!(said.contains("key.pem: cannot be read: No such file"), "{said}");
    assert!(Tls::load(Path::new("/"), &folder.key(), HANDSHAKE).is_err());
}
