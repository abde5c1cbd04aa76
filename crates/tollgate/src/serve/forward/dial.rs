//! Connecting to the origin, plainly or under TLS.

use std::{
    error::Error,
    io::{self, IoSlice},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use anyhow::Context as _;
use hyper::{
    Uri,
    http::uri::{Authority, Scheme},
};
use hyper_util::client::legacy::connect::HttpConnector;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, pki_types::ServerName},
};
use tower_service::Service;

use crate::{config::Origin, trust::trust};

/// How HTTP/2 is called where protocols are agreed on.
const SECOND: &[u8] = b"h2";
/// The longest reason that is kept of a connection which could not be made.
const WHY_MAX: usize = 200;

/// How connections to one origin are made.
#[derive(Clone)]
pub(super) struct Dial {
    tcp: HttpConnector,
    tls: Option<Secure>,
    handshake: Duration,
    why: Why,
}

/// What TLS with the origin needs.
#[derive(Clone)]
struct Secure {
    connector: TlsConnector,
    name: ServerName<'static>,
    /// Whether it must agree to HTTP/2.
    second: bool,
}

/// Why the last connection that failed did so.
#[derive(Clone, Debug, Default)]
pub(super) struct Why(Arc<Mutex<Option<Box<str>>>>);

impl Why {
    /// It, if any has failed since one was made.
    pub(super) fn told(&self) -> Option<Box<str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, error: Option<&(dyn Error + 'static)>) {
        let mut text = String::new();
        let mut cause = error;
        while let Some(error) = cause {
            let said = error.to_string();
            // Some say what their cause says, and no more.
            if !text.contains(&said) {
                let joint = if text.is_empty() { "" } else { ": " };
                text.extend([joint, &said]);
            }
            cause = error.source();
        }
        let text: String = text.chars().filter(|char| !char.is_control()).take(WHY_MAX).collect();
        let why = (!text.is_empty()).then(|| text.into_boxed_str());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }
}

impl Dial {
    /// Those to `origin`; nothing is connected yet.
    ///
    /// # Errors
    ///
    /// When nobody could be believed to be it.
    pub(super) fn new(origin: &Origin) -> anyhow::Result<Self> {
        let mut tcp = HttpConnector::new();
        tcp.set_connect_timeout(Some(origin.connect_timeout));
        tcp.set_nodelay(true);
        // Without a port the scheme says which.
        tcp.enforce_http(false);
        if origin.http2 {
            // Whoever is gone without a word is noticed: no request waits on its connection for ever.
            tcp.set_keepalive(Some(origin.idle_timeout));
            #[cfg(target_os = "linux")]
            tcp.set_tcp_user_timeout(Some(origin.response_timeout));
        }
        let tls = origin.server.tls.then(|| Secure::new(origin)).transpose()?;
        Ok(Self { tcp, tls, handshake: origin.connect_timeout, why: Why::default() })
    }

    /// Why connections fail.
    pub(super) fn why(&self) -> Why {
        self.why.clone()
    }

    /// Connects to the server of `to`.
    ///
    /// # Errors
    ///
    /// When there is no connection, or whoever is there is not who was meant.
    pub(super) async fn connect(self, to: Uri) -> io::Result<Line> {
        let why = self.why.clone();
        let connected = self.dial(to).await;
        why.note(connected.as_ref().err().map(|error| -> &(dyn Error + 'static) { error }));
        connected
    }

    async fn dial(mut self, to: Uri) -> io::Result<Line> {
        std::future::poll_fn(|cx| self.tcp.poll_ready(cx)).await.map_err(plain)?;
        let stream = self.tcp.call(to).await.map_err(plain)?.into_inner();
        let Some(Secure { connector, name, second }) = self.tls else {
            return Ok(Line::Plain(stream));
        };
        let shaken = timeout(self.handshake, connector.connect(name, stream)).await;
        let late =
            || io::Error::new(io::ErrorKind::TimedOut, "the origin is too slow to begin TLS");
        let stream = shaken.map_err(|_| late())??;
        if second && stream.get_ref().1.alpn_protocol() != Some(SECOND) {
            return Err(io::Error::other("the origin does not agree to HTTP/2"));
        }
        Ok(Line::Secure(Box::new(stream)))
    }
}

/// How a server is spoken to.
pub(super) const fn scheme(tls: bool) -> Scheme {
    if tls { Scheme::HTTPS } else { Scheme::HTTP }
}

/// An error of connecting: the one below it says more.
fn plain(error: impl Error + Send + Sync + 'static) -> io::Error {
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(below) = cause {
        if let Some(found) = below.downcast_ref::<io::Error>() {
            let kind = found.kind();
            return io::Error::new(kind, error);
        }
        cause = below.source();
    }
    io::Error::other(error)
}

impl Secure {
    fn new(origin: &Origin) -> anyhow::Result<Self> {
        let authority: Authority = origin.server.authority.parse().context("the origin's URL")?;
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(host).context("the host of the origin's URL")?;
        let trusted =
            trust(origin.ca.as_deref()).context("who may have signed the origin's certificate")?;
        let mut config = ClientConfig::clone(&trusted);
        let protocol: &[u8] = if origin.http2 { SECOND } else { b"http/1.1" };
        config.alpn_protocols = vec![protocol.to_vec()];
        let connector = TlsConnector::from(Arc::new(config));
        Ok(Self { connector, name, second: origin.http2 })
    }
}

/// A connection.
pub(super) enum Line {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Line {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(io) => Pin::new(io).poll_read(cx, room),
            Self::Secure(io) => Pin::new(io).poll_read(cx, room),
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(io) => Pin::new(io).poll_write(cx, bytes),
            Self::Secure(io) => Pin::new(io).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(io) => Pin::new(io).poll_write_vectored(cx, bytes),
            Self::Secure(io) => Pin::new(io).poll_write_vectored(cx, bytes),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(io) => io.is_write_vectored(),
            Self::Secure(io) => io.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(io) => Pin::new(io).poll_flush(cx),
            Self::Secure(io) => Pin::new(io).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(io) => Pin::new(io).poll_shutdown(cx),
            Self::Secure(io) => Pin::new(io).poll_shutdown(cx),
        }
    }
}
