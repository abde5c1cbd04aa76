//! Listening, and the life of a connection: how many, how long, and how it ends.

use std::{
    convert::Infallible,
    future::Future,
    io,
    net::SocketAddr,
    ops::Deref,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use hyper::{Request, Response, body::Incoming, header::HeaderValue, service::service_fn};
use serde_json::json;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep, sleep_until, timeout},
};
use tollgate_core::{decision::Denial, network::Address};
use tollgate_http::{
    answer::{self, Context},
    rate::Style,
};

use super::{
    access,
    body::Payload,
    gate::Gate,
    log::Level,
    seats::{Entered, Leaves, Seat, Seats},
    stop::Stop,
};
use crate::wire::{
    self, Graceful, Opened, Replayed, Violation, Witness,
    tls::{self, Tls},
};

/// For how long accepting rests after it failed, for want of file descriptors for example.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// How often that is told at most.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// How many connections may wait to be accepted: beyond it a client tries again after a second.
const BACKLOG: u32 = 4_096;

/// What a connection above the limit is told: a refusal like any other, of which nothing has been read.
fn too_many() -> Bytes {
    let context = Context {
        realm: "",
        request_id: "",
        head: false,
        required: &[],
        record: None,
        limits: &[],
        left: &[],
        style: Style::Off,
    };
    wire::written(&answer::denied(Denial::Unavailable, &context))
}

/// Listens at `address`. Must be called within the runtime that serves.
///
/// # Errors
///
/// When the address is taken, or not ours.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // What an earlier process left in the kernel is no reason not to start.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

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

/// A connection, as its requests know it: one count for each of them, and nothing shared with other connections.
#[derive(Clone)]
pub(crate) struct Visit(Arc<Visitor>);

/// Who is on the other side of a connection, and for how long.
pub(crate) struct Visitor {
    /// Its address.
    pub(crate) peer: SocketAddr,
    /// The same as the value of a field.
    pub(crate) peer_value: HeaderValue,
    /// Asked to stop when the gate is: held by whatever outlives its connection's requests.
    pub(crate) stop: Stop,
    /// When the connection takes no further request, and what it was switched to ends.
    pub(crate) ages: Instant,
    /// For how long the other side may be silent in the middle of something.
    pub(crate) idle: Duration,
    /// How long a head may take, and what stands for one.
    pub(crate) head: Duration,
    /// Counted, and in the way of others, for as long as anything of the connection is left.
    place: Place,
}

/// The place of a connection among those that may be open.
struct Place {
    gate: Arc<Gate>,
    held: Held,
}

/// What a connection holds for as long as it is there.
enum Held {
    /// One of many places, had by whoever comes first.
    Permit(#[expect(dead_code, reason = "given back when it is dropped")] OwnedSemaphorePermit),
    /// One of a few.
    Seat(Seat),
}

impl Place {
    fn taken(gate: &Arc<Gate>, held: Held) -> Self {
        gate.metrics.connections.enter();
        Self { gate: Arc::clone(gate), held }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.gate.metrics.connections.leave();
    }
}

impl Visit {
    fn new(peer: SocketAddr, limits: &Limits, stop: &Stop, place: Place) -> Self {
        let now = Instant::now();
        let ages = now.checked_add(limits.age_max).unwrap_or(now);
        let peer_value = HeaderValue::try_from(Address::new(peer.ip()).to_string());
        // An address is always one.
        let peer_value = peer_value.unwrap_or(HeaderValue::from_static("unknown"));
        let Limits { idle, head, .. } = *limits;
        let stop = stop.clone();
        Self(Arc::new(Visitor { peer, peer_value, stop, ages, idle, head, place }))
    }

    /// Whether the connection takes no further request after this one.
    pub(crate) fn is_ending(&self) -> bool {
        self.stop.is_asked() || self.ages <= Instant::now()
    }

    /// The seat of the connection, where its listener has few.
    pub(crate) fn seat(&self) -> Option<&Seat> {
        match &self.place.held {
            Held::Seat(seat) => Some(seat),
            Held::Permit(_) => None,
        }
    }
}

impl Deref for Visit {
    type Target = Visitor;

    fn deref(&self) -> &Visitor {
        &self.0
    }
}

/// One listener: whom it serves, how, and within which limits.
#[derive(Clone)]
pub(crate) struct Door<F> {
    pub(crate) gate: Arc<Gate>,
    pub(crate) limits: Limits,
    pub(crate) tls: Option<Arc<Tls>>,
    /// Who makes room for whom; without any, whoever comes first has a place.
    pub(crate) seats: Option<Arc<Seats>>,
    /// Whether HTTP/2 is spoken as well.
    pub(crate) second: bool,
    pub(crate) answer: F,
}

impl<F, R> Door<F>
where
    F: Fn(Request<Incoming>, Visit) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Response<Payload>> + Send + 'static,
{
    /// Serves every connection that comes until asked to stop.
    pub(crate) async fn attend(self, listener: TcpListener, mut stop: Stop) {
        let places = Arc::new(Semaphore::new(self.limits.connections_max));
        let (mut told, too_many) = (None, too_many());
        loop {
            let (stream, peer) = tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        rest(&self.gate, &error, &mut told).await;
                        continue;
                    }
                },
                () = stop.asked() => return,
            };
            let Some((held, leaves)) = self.place(&places, peer) else {
                self.gate.metrics.connections_refused.add();
                // The peer need not be ready to hear it: nobody waits for that.
                let _ = stream.try_write(&too_many);
                continue;
            };
            let _ = stream.set_nodelay(true);
            let place = Place::taken(&self.gate, held);
            let visit = Visit::new(peer, &self.limits, &stop, place);
            let served = receive(stream, self.clone(), visit);
            match leaves {
                None => drop(tokio::spawn(served)),
                Some(leaves) => drop(tokio::spawn(async {
                    tokio::select! {
                        () = served => {}
                        _ = leaves => {}
                    }
                })),
            }
        }
    }

    /// A place for whoever comes from `peer`, and when it has to be given up.
    fn place(&self, places: &Arc<Semaphore>, peer: SocketAddr) -> Option<(Held, Option<Leaves>)> {
        let Some(seats) = &self.seats else {
            let permit = Arc::clone(places).try_acquire_owned().ok()?;
            return Some((Held::Permit(permit), None));
        };
        let Entered { seat, leaves, pushed } = seats.enter(peer.ip(), Instant::now())?;
        if pushed {
            self.gate.metrics.connections_refused.add();
        }
        Some((Held::Seat(seat), Some(leaves)))
    }
}

/// A failed accept is about one connection, or about a lack that passes.
async fn rest(gate: &Gate, error: &io::Error, told: &mut Option<Instant>) {
    if told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
        *told = Some(Instant::now());
        gate.log.say(Level::Warn, "accept_failed", json!({ "why": error.to_string() }));
    }
    sleep(ACCEPT_REST).await;
}

/// Shakes hands if `tls` says so, finds out what the client speaks, and serves what comes.
async fn receive<F, R>(stream: TcpStream, door: Door<F>, visit: Visit)
where
    F: Fn(Request<Incoming>, Visit) -> R + Send + 'static,
    R: Future<Output = Response<Payload>> + Send + 'static,
{
    let Limits { idle, head, head_bytes_max, fields_max, .. } = door.limits;
    let limits = wire::Limits { head, idle, head_bytes_max, fields_max };
    let (mut stop, ages) = (visit.stop.clone(), visit.ages);
    match &door.tls {
        // Whoever speaks no TLS is not told so in a language that it speaks.
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                let second = door.second && tls::is_second(&stream);
                serve(Replayed::new(stream), second, limits, door, visit).await;
            }
        }
        None if door.second => {
            let opened = tokio::select! {
                opened = wire::opened(stream, limits) => opened,
                () = stop.asked() => None,
                () = sleep_until(ages) => None,
            };
            if let Some(Opened { stream, is_second, limits }) = opened {
                serve(stream, is_second, limits, door, visit).await;
            }
        }
        None => serve(Replayed::new(stream), false, limits, door, visit).await,
    }
}

async fn serve<IO, F, R>(
    stream: Replayed<IO>,
    second: bool,
    limits: wire::Limits,
    door: Door<F>,
    visit: Visit,
) where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Fn(Request<Incoming>, Visit) -> R + Send + 'static,
    R: Future<Output = Response<Payload>> + Send + 'static,
{
    let Door { gate, limits: Limits { drain, .. }, answer, .. } = door;
    let (stop, ages, peer) = (visit.stop.clone(), visit.ages, visit.peer);
    let service = service_fn(move |request| {
        let answered = answer(request, visit.clone());
        async { Ok::<_, Infallible>(answered.await) }
    });
    let witness = Arc::new(Doorkeeper { gate, peer });
    if second {
        // Apart, so that every other connection need not have room for it.
        let mut connection = Box::pin(wire::multiplexed(stream, service, limits, witness));
        until_over(connection.as_mut(), stop, ages, drain).await;
    } else {
        let connection = wire::connection(stream, service, limits, witness);
        until_over(pin!(connection), stop, ages, drain).await;
    }
}

/// Waits for a connection to end, which it is asked to when it is old enough or the gate stops.
async fn until_over<C: Graceful>(
    mut connection: Pin<&mut C>,
    mut stop: Stop,
    ages: Instant,
    drain: Duration,
) {
    // How a connection ends is the peer's business: broken ones are no event.
    let aged = tokio::select! {
        _ = connection.as_mut() => return,
        () = stop.asked() => false,
        () = sleep_until(ages) => true,
    };
    connection.as_mut().graceful_shutdown();
    if aged {
        let _ = timeout(drain, connection).await;
    } else {
        // The gate itself ends when its own time to drain is over.
        let _ = connection.await;
    }
}

/// Counts what is refused before anybody reads it, and names it.
struct Doorkeeper {
    gate: Arc<Gate>,
    peer: SocketAddr,
}

impl Witness for Doorkeeper {
    fn refused(&self, violation: Violation) -> String {
        let (gate, id) = (&self.gate, self.gate.ids.next());
        gate.metrics.malformed(violation.code());
        access::tell_malformed(gate, id, violation, self.peer);
        tollgate_gate::instance(id.as_str())
    }
}
