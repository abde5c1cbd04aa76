//! Listening, and the life of a connection: how many, how long, and how it ends.

use std::{
    convert::Infallible,
    future::Future,
    io,
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{body::Payload, gate::Gate, log::Level, stop::Stop};

/// For how long accepting rests after it failed, for want of file descriptors for example.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// What a connection above the limit is told.
const TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\n\
    content-length: 0\r\nconnection: close\r\n\r\n";

/// What one listener allows its connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How many are open at most.
    pub(crate) connections_max: usize,
    /// After how long a connection takes no further request.
    pub(crate) age_max: Duration,
    /// For how long what was under way then, or when the gate stops, may still go on.
    pub(crate) drain: Duration,
    /// How long a request's head may take, and a connection may wait for one.
    pub(crate) head: Duration,
    /// For how long either side may be silent in the middle of something.
    pub(crate) idle: Duration,
    /// The most bytes of a head.
    pub(crate) head_bytes_max: usize,
    /// The most fields of a head.
    pub(crate) fields_max: usize,
}

/// Who is on the other side of a connection.
#[derive(Clone)]
pub(crate) struct Visit {
    /// Its address.
    pub(crate) peer: SocketAddr,
    /// Asked to stop when the gate is: held by whatever outlives its connection's requests.
    pub(crate) stop: Stop,
    /// When the connection takes no further request, and what it was switched to ends.
    pub(crate) ages: Instant,
    /// For how long the other side may be silent in the middle of something.
    pub(crate) idle: Duration,
}

/// Serves every connection to `door` until asked to stop.
pub(crate) async fn attend<F, R>(
    door: TcpListener,
    gate: Arc<Gate>,
    limits: Limits,
    mut stop: Stop,
    answer: F,
) where
    F: Fn(Request<Incoming>, Visit) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Response<Payload>> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(limits.connections_max));
    loop {
        let (stream, peer) = tokio::select! {
            accepted = door.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    rest(&gate, &error).await;
                    continue;
                }
            },
            () = stop.asked() => return,
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            gate.metrics.connections_refused.add();
            // The peer need not be ready to hear it: nobody waits for that.
            let _ = stream.try_write(TOO_MANY);
            continue;
        };
        let _ = stream.set_nodelay(true);
        let ages = Instant::now().checked_add(limits.age_max).unwrap_or_else(Instant::now);
        let visit = Visit { peer, stop: stop.clone(), ages, idle: limits.idle };
        let (gate, answer) = (Arc::clone(&gate), answer.clone());
        tokio::spawn(async move {
            gate.metrics.connections.enter();
            receive(stream, limits, visit, answer).await;
            gate.metrics.connections.leave();
            drop(place);
        });
    }
}

/// A failed accept is about one connection, or about a lack that passes.
async fn rest(gate: &Gate, error: &io::Error) {
    gate.log.say(Level::Warn, "accept_failed", json!({ "why": error.kind().to_string() }));
    sleep(ACCEPT_REST).await;
}

async fn receive<F, R>(stream: TcpStream, limits: Limits, visit: Visit, answer: F)
where
    F: Fn(Request<Incoming>, Visit) -> R,
    R: Future<Output = Response<Payload>>,
{
    let (mut stop, ages) = (visit.stop.clone(), visit.ages);
    let service = service_fn(|request| {
        let answered = answer(request, visit.clone());
        async { Ok::<_, Infallible>(answered.await) }
    });
    let mut connection = std::pin::pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head)
            .max_header_size(limits.head_bytes_max)
            .max_headers(limits.fields_max)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades()
    );
    // How a connection ends is the peer's business: broken ones are no event.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stop.asked() => {}
        () = sleep_until(ages) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(limits.drain, connection).await;
}
