//! An origin under TLS: who it is is checked before it gets a byte, and then everything crosses as it does without.

use std::{
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use crate::{
    identity::verified,
    origin::Origin,
    rpc_origin::{RpcOrigin, until},
    second::of,
    site::{Gate, Key, Site, get},
    switching::upgrade,
};

/// Unwraps what comes under TLS, and passes it on to an origin without.
pub(crate) struct Door {
    pub(crate) address: SocketAddr,
    open: Arc<[AtomicUsize; 2]>,
    _runtime: Runtime,
}

/// What a connection begins with that is to be under TLS.
const HANDSHAKE: u8 = 22;

/// Made for these tests: a certificate for `localhost` and 127.0.0.1 that has signed itself.
fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/serve/certificates").join(name)
}

impl Door {
    pub(crate) fn to(origin: SocketAddr, protocols: &[&str]) -> Self {
        Self::beside(origin, origin, protocols)
    }

    /// What comes without TLS is passed on to `plain`.
    fn beside(plain: SocketAddr, origin: SocketAddr, protocols: &[&str]) -> Self {
        let chain = vec![CertificateDer::from_pem_file(file("origin.pem")).unwrap()];
        let key = PrivateKeyDer::from_pem_file(file("origin.key.pem")).unwrap();
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let runtime = Runtime::new().unwrap();
        let door = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = door.local_addr().unwrap();
        let open = Arc::<[AtomicUsize; 2]>::default();
        let counts = Arc::clone(&open);
        runtime.spawn(async move {
            while let Ok((mut near, _)) = door.accept().await {
                let (acceptor, counts) = (acceptor.clone(), Arc::clone(&counts));
                tokio::spawn(async move {
                    let mut first = [0];
                    near.peek(&mut first).await.ok()?;
                    let secure = first == [HANDSHAKE];
                    let mut far =
                        TcpStream::connect([plain, origin][usize::from(secure)]).await.ok()?;
                    let open = &counts[usize::from(secure)];
                    open.fetch_add(1, Ordering::SeqCst);
                    if secure {
                        if let Ok(mut near) = acceptor.accept(near).await {
                            let _ = copy_bidirectional(&mut near, &mut far).await;
                        }
                    } else {
                        let _ = copy_bidirectional(&mut near, &mut far).await;
                    }
                    open.fetch_sub(1, Ordering::SeqCst);
                    Some(())
                });
            }
        });
        Self { address, open, _runtime: runtime }
    }

    /// How many connections there are, under TLS or not.
    fn open(&self, secure: bool) -> usize {
        self.open[usize::from(secure)].load(Ordering::SeqCst)
    }
}

/// The port of a server that knows no TLS, and says so to everybody.
fn without_tls() -> u16 {
    let door = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = door.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in door.incoming().flatten() {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
        }
    });
    port
}

/// A gate in front of `url`, which believes whom the file `ca` names.
fn behind(url: &str, ca: &str, more: &[(&str, &str)]) -> (Site, Key, Gate) {
    let nowhere = "127.0.0.1:9".parse().unwrap();
    let mut site = Site::new(nowhere, "").with("origin.url", url);
    if !ca.is_empty() {
        site = site.with("origin.ca", ca);
    }
    for (field, value) in more {
        site = site.with(field, value);
    }
    let key = site.key(&[]);
    let gate = site.start();
    (site, key, gate)
}

pub(crate) fn trusted() -> String {
    file("origin.pem").display().to_string()
}

#[test]
fn requests_bodies_and_websockets_cross_as_they_do_without() {
    let offers: [(_, &[_]); 3] =
        [("localhost", &["http/1.1"]), ("127.0.0.1", &[]), ("localhost", &["h2", "http/1.1"])];
    for (host, protocols) in offers {
        let origin = Origin::start();
        let door = Door::to(origin.address, protocols);
        let url = format!("https://{host}:{}", door.address.port());
        let (_site, key, gate) = behind(&url, &trusted(), &[]);
        let answer = gate.get("/orders", &key);
        assert_eq!(
            (answer.status(), answer.body.as_slice()),
            (200, b"origin".as_slice()),
            "{host}"
        );
        let seen = origin.only().head;
        assert_eq!(seen.field("host"), Some("gate.example"));
        assert_eq!(verified(&gate, &seen).key, key.id);
        // Larger than a record of TLS, on the same connection.
        assert_eq!(gate.get("/bytes/300000", &key).body.len(), 300_000);
        let mut wire = gate.connect();
        wire.send(upgrade("websocket", &format!("x-api-key: {}\r\n", key.secret)));
        assert_eq!(wire.head().status(), 101);
        wire.send(b"over and back");
        assert_eq!(wire.exactly(13), b"over and back");
        drop(wire);
        drop(gate);
    }
}

#[test]
fn an_origin_that_turns_to_tls_or_from_it_is_not_asked_on_connections_of_before() {
    let origins = [Origin::start(), Origin::start()];
    let door = Door::beside(origins[0].address, origins[1].address, &[]);
    let site = Site::new(door.address, "").without("origin.url");
    let write = |secure: bool| {
        let (scheme, ca) = match secure {
            false => ("http", String::new()),
            true => ("https", format!("ca = {:?}\n", trusted())),
        };
        site.write(&format!("[origin]\nurl = \"{scheme}://{}\"\n{ca}", door.address));
    };
    write(false);
    let key = site.key(&[]);
    let gate = site.start();
    let mut asked = [0, 0];
    for secure in [false, true, false, true] {
        if asked != [0, 0] {
            write(secure);
            gate.signal("HUP");
            assert_eq!(gate.await_event("reloaded")["needs_restart"], serde_json::json!([]));
        }
        for _ in 0..3 {
            assert_eq!(gate.get("/orders", &key).status(), 200);
            asked[usize::from(secure)] += 1;
            assert_eq!(origins.each_ref().map(|origin| origin.arrived().len()), asked);
        }
        assert!(door.open(secure) > 0);
        until("end of what was kept of before", || door.open(!secure) == 0);
    }
}

#[test]
fn an_origin_of_http_2_agrees_to_it_or_gets_nothing() {
    let offers: [(&[_], _); 3] = [(&["h2"], 200), (&["http/1.1"], 502), (&[], 502)];
    for (protocols, status) in offers {
        let origin = RpcOrigin::start(100, usize::MAX);
        let door = Door::to(origin.address, protocols);
        let url = format!("https://localhost:{}", door.address.port());
        let (_site, key, gate) = behind(&url, &trusted(), &[("origin.http2", "true")]);
        let mut second = crate::second::connect(&gate);
        let told = second.ask(crate::h2::request("GET", "/plain", &[of(&key)]));
        assert_eq!(told.status, status, "{protocols:?}");
        if status == 200 {
            assert_eq!(origin.only().head.uri.scheme_str(), Some("https"));
        }
    }
}

#[test]
fn whoever_cannot_show_that_he_is_the_origin_gets_nothing_and_the_log_says_why() {
    let stranger = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/wire/tests/certificates/ca.pem");
    let stranger = stranger.display().to_string();
    let origin = Origin::start();
    let door = Door::to(origin.address, &[]);
    let port = door.address.port();
    let plain = without_tls();
    for (url, ca, why) in [
        (format!("https://localhost:{port}"), stranger.as_str(), "UnknownIssuer"),
        // It is for no such name, whoever has signed it.
        (format!("https://[::ffff:127.0.0.1]:{port}"), &trusted(), "not valid for name"),
        (format!("https://localhost:{plain}"), &trusted(), "corrupt message"),
        ("https://127.0.0.1:9".to_owned(), &trusted(), "onnection refused"),
    ] {
        let (_site, key, gate) = behind(&url, ca, &[]);
        let answer = gate.ask(get("/orders", &key));
        assert_eq!(answer.status(), 502, "{url}");
        let said = gate.await_event("origin_unreachable")["why"].to_string();
        assert!(said.contains(why), "{url}: {said}");
        assert!(!said.contains(&key.secret));
    }
    assert!(origin.arrived().iter().all(|arrived| !arrived.head.has("tollgate-identity")));
}

#[test]
fn a_gate_that_could_believe_nobody_does_not_start() {
    let missing = file("missing.pem").display().to_string();
    let nowhere = "127.0.0.1:9".parse().unwrap();
    for (url, ca, told) in [
        ("https://localhost", missing.as_str(), "missing.pem"),
        ("https://localhost", &file("origin.key.pem").display().to_string(), "has no certificate"),
        ("http://localhost", &trusted(), "is for an https URL"),
    ] {
        let site = Site::new(nowhere, "").with("origin.url", url).with("origin.ca", ca);
        let said = site.refuses();
        assert!(said.contains(told), "{url}: {said}");
    }
}
