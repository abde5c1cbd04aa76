//! The keys, fetched over HTTP within bounds and behind the requests.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    runtime::Handle,
    sync::futures::OwnedNotified,
    task::JoinSet,
    time::{Timeout, timeout},
};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};
use tollgate_core::time::Reading;
use tollgate_native::place::Place;

use crate::{
    KeysError,
    cache::{Ages, Cache, Flight},
    keys::{JWKS_MAX, Keys},
    settings::OnMissed,
    trust::Trust,
};

/// So much of an answer's head is read, in bytes.
const HEAD_MAX: usize = 32_768;

/// The most fields of an answer.
const FIELDS_MAX: usize = 64;

/// Keys that are fetched from one place.
pub(crate) struct Fetched {
    cache: Arc<Cache>,
    deadline: Duration,
    client: Arc<Client>,
}

/// What a fetch needs.
struct Client {
    place: Place,
    trust: Trust,
    on_missed: OnMissed,
}

/// A fetch that ends whatever happens to it: also when its task is dropped, whoever waits is told.
struct Landing {
    cache: Arc<Cache>,
    flight: Flight,
    found: Option<Keys>,
}

impl Landing {
    fn bring(mut self, found: Option<Keys>) {
        self.found = found;
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        self.cache.land(self.flight, self.found.take());
    }
}

impl Fetched {
    pub(crate) fn new(place: Place, ages: Ages, trust: Trust, on_missed: OnMissed) -> Self {
        let client = Client { place, trust, on_missed };
        Self {
            cache: Arc::new(Cache::new(ages)),
            deadline: Duration::from_millis(ages.deadline_ms),
            client: Arc::new(client),
        }
    }

    /// The keys that may be used now, and what to wait for if they are not enough for `kid`.
    ///
    /// A fetch runs in a task of its own: a request that goes away ends nothing that others wait for.
    pub(crate) fn look(
        &self,
        kid: &str,
        at: Reading,
    ) -> (Option<Arc<Keys>>, Option<Timeout<OwnedNotified>>) {
        let look = self.cache.look(kid, at);
        // Outside of a runtime nothing can be fetched or waited for: the landing says so at once.
        let runtime = Handle::try_current().ok();
        if let Some(flight) = look.start {
            let landing = Landing { cache: Arc::clone(&self.cache), flight, found: None };
            let (client, deadline) = (Arc::clone(&self.client), self.deadline);
            if let Some(runtime) = &runtime {
                drop(runtime.spawn(async move { landing.bring(client.keys(deadline).await) }));
            } else {
                (client.on_missed)(KeysError::Unreachable);
            }
        }
        let wait = look.wait.filter(|_| runtime.is_some());
        (look.keys, wait.map(|wait| timeout(self.deadline, wait)))
    }
}

impl Client {
    /// The keys, if they come in time.
    async fn keys(&self, deadline: Duration) -> Option<Keys> {
        let fetched = timeout(deadline, self.fetch()).await.unwrap_or(Err(KeysError::Unreachable));
        fetched.map_err(|error| (self.on_missed)(error)).ok()
    }

    /// Fetches the document once. A redirect is no document.
    async fn fetch(&self) -> Result<Keys, KeysError> {
        let (host, port) = (self.place.host(), self.place.port());
        let stream = TcpStream::connect((host, port)).await.map_err(unreachable)?;
        if !self.place.is_tls() {
            return self.ask(stream).await;
        }
        let trust = self.trust.config().await.map_err(unreachable)?;
        let name = ServerName::try_from(host.to_owned()).map_err(unreachable)?;
        self.ask(TlsConnector::from(trust).connect(name, stream).await.map_err(unreachable)?).await
    }

    async fn ask(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> Result<Keys, KeysError> {
        let mut http = http1::Builder::new();
        http.max_buf_size(HEAD_MAX).max_headers(FIELDS_MAX);
        let (mut sender, connection) =
            http.handshake(TokioIo::new(stream)).await.map_err(unreachable)?;
        // Whoever drops this fetch ends its connection as well.
        let mut driven = JoinSet::new();
        driven.spawn(connection);
        let question = Request::get(self.place.target())
            .header(header::HOST, self.place.authority())
            .header(header::ACCEPT, "application/json")
            .body(Empty::<Bytes>::new())
            .map_err(unreachable)?;
        let answer = sender.send_request(question).await.map_err(unreachable)?;
        if answer.status() != StatusCode::OK {
            return Err(KeysError::Status);
        }
        let body = Limited::new(answer.into_body(), JWKS_MAX).collect().await;
        let body = body.map_err(|error| {
            if error.is::<LengthLimitError>() { KeysError::TooLong } else { KeysError::Unreachable }
        });
        Keys::read(&body?.to_bytes())
    }
}

impl fmt::Debug for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetched").field("place", &self.client.place).finish_non_exhaustive()
    }
}

fn unreachable<E>(_: E) -> KeysError {
    KeysError::Unreachable
}
