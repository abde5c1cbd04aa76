//! An origin that closes connections which are kept, at the moment when a request comes.

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Barrier, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    site::{Gate, Key, Site, get},
    switching::upgrade,
    wire::Wire,
};

/// What the origin does with a request.
#[derive(Clone, Copy)]
enum Deed {
    Answer,
    /// Closes without a word, when it has read everything.
    Close,
    /// Closes with something unread, which resets the connection.
    Reset,
    /// Says this much and closes.
    Part(&'static str),
    /// Closes after so many milliseconds.
    Late(u64),
    /// Says nothing until the other side goes.
    Silent,
}

/// By connection, in their order, and by request on it; what lies beyond is answered.
type Plan = &'static [&'static [Deed]];

/// Does what it is told, and knows what came.
#[derive(Clone)]
struct Scripted {
    address: SocketAddr,
    plan: Plan,
    connections: Arc<AtomicUsize>,
    /// On which connection, and the first line.
    came: Arc<Mutex<Vec<(usize, String)>>>,
    /// Two who ask for `/both` are answered once both are there.
    both: Arc<Barrier>,
}

impl Scripted {
    fn start(plan: Plan) -> Self {
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = Self {
            address: door.local_addr().unwrap(),
            plan,
            connections: Arc::default(),
            came: Arc::default(),
            both: Arc::new(Barrier::new(2)),
        };
        let serving = origin.clone();
        thread::spawn(move || {
            for stream in door.incoming().flatten() {
                let origin = serving.clone();
                let number = origin.connections.fetch_add(1, Ordering::Relaxed);
                thread::spawn(move || origin.serve(stream, number));
            }
        });
        origin
    }

    fn came(&self) -> Vec<usize> {
        self.came.lock().unwrap().iter().map(|(connection, _)| *connection).collect()
    }

    fn serve(&self, stream: TcpStream, number: usize) {
        let mut wire = Wire::over(stream.try_clone().unwrap());
        for request in 0.. {
            let deed = self.plan.get(number).and_then(|deeds| deeds.get(request));
            let deed = deed.copied().unwrap_or(Deed::Answer);
            if matches!(deed, Deed::Reset) {
                // One byte is there, and all the others stay where they are.
                if stream.peek(&mut [0]).is_ok_and(|seen| seen > 0) {
                    self.came.lock().unwrap().push((number, String::new()));
                }
                return;
            }
            let Ok(Some(head)) = wire.try_head() else { return };
            self.came.lock().unwrap().push((number, head.first.clone()));
            match deed {
                Deed::Answer => {}
                Deed::Part(said) => return wire.send(said),
                Deed::Late(ms) => return thread::sleep(Duration::from_millis(ms)),
                Deed::Silent => return drop(wire.rest()),
                Deed::Close | Deed::Reset => return,
            }
            let _ = wire.body(&head);
            if head.first.contains("/both") {
                self.both.wait();
            }
            let body = if head.first.starts_with("HEAD ") { "" } else { "origin" };
            if wire.try_send(format!("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n{body}")).is_err()
            {
                return;
            }
        }
    }
}

fn begins(origin: &Scripted) -> (Site, Key, Gate) {
    let site = Site::new(origin.address, "");
    let key = site.key(&[]);
    let gate = site.start();
    (site, key, gate)
}

/// A connection is used once and kept; then a request comes, and the origin keeps to its plan.
fn check(plan: Plan, request: &str, status: u16, came: &[usize]) {
    let origin = Scripted::start(plan);
    let (_site, key, gate) = begins(&origin);
    assert_eq!(gate.get("/", &key).status(), 200);
    let mut wire = gate.connect();
    let name = request.replace("\r\n", " | ");
    wire.send(request.replace("KEY", &key.secret));
    let told = wire.head();
    assert_eq!((told.status(), origin.came().as_slice()), (status, came), "{name}");
    let again = u64::try_from(came.len()).unwrap() - 2;
    assert_eq!(gate.metric("tollgate_origin_retries_total"), again, "{name}");
    assert_eq!(gate.metric("tollgate_decisions_total{code=\"allowed\"}"), 2, "{name}");
    assert_eq!(
        gate.metric("tollgate_origin_unreachable_total"),
        u64::from(status == 502),
        "{name}"
    );
    // Whatever became of it, the next one is answered.
    assert_eq!(gate.get("/", &key).status(), 200, "{name}");
}

const CLOSES: Plan = &[&[Deed::Answer, Deed::Close]];
const RESETS: Plan = &[&[Deed::Answer, Deed::Reset]];

fn bare(method: &str) -> String {
    format!("{method} /x HTTP/1.1\r\nhost: a\r\nx-api-key: KEY\r\n\r\n")
}

#[test]
fn a_safe_request_that_met_a_closing_connection_is_sent_once_more_on_another() {
    for plan in [CLOSES, RESETS] {
        for method in ["GET", "HEAD", "OPTIONS"] {
            check(plan, &bare(method), 200, &[0, 0, 1]);
        }
        let empty = "GET /x HTTP/1.1\r\nhost: a\r\nx-api-key: KEY\r\ncontent-length: 0\r\n\r\n";
        check(plan, empty, 200, &[0, 0, 1]);
    }
}

#[test]
fn what_changes_something_or_has_a_body_is_never_sent_twice() {
    for plan in [CLOSES, RESETS] {
        for method in ["POST", "PUT", "PATCH", "DELETE", "QUERY"] {
            check(plan, &bare(method), 502, &[0, 0]);
        }
        for method in ["GET", "OPTIONS", "POST"] {
            for body in
                ["content-length: 4\r\n\r\nbody", "transfer-encoding: chunked\r\n\r\n0\r\n\r\n"]
            {
                let head = format!("{method} /x HTTP/1.1\r\nhost: a\r\nx-api-key: KEY\r\n");
                check(plan, &(head + body), 502, &[0, 0]);
            }
        }
    }
}

#[test]
fn nothing_is_sent_twice_once_a_byte_of_an_answer_has_come_nor_ever_three_times() {
    let get = bare("GET");
    check(&[&[Deed::Answer, Deed::Part("H")]], &get, 502, &[0, 0]);
    check(&[&[Deed::Answer, Deed::Part("HTTP/1.1 200 OK\r\ncontent-")]], &get, 502, &[0, 0]);
    check(&[&[Deed::Answer, Deed::Part("HTTP/1.1 100 Continue\r\n\r\n")]], &get, 502, &[0, 0]);
    check(&[&[Deed::Answer, Deed::Close], &[Deed::Close]], &get, 502, &[0, 0, 1]);
    check(&[&[Deed::Answer, Deed::Reset], &[Deed::Reset]], &get, 502, &[0, 0, 1]);
    check(&[&[Deed::Answer, Deed::Answer]], &get, 200, &[0, 0]);
}

#[test]
fn an_origin_that_closes_a_new_connection_gives_no_answer() {
    const PLANS: [Plan; 2] = [&[&[Deed::Close]], &[&[Deed::Reset]]];
    for plan in PLANS {
        let origin = Scripted::start(plan);
        let (_site, key, gate) = begins(&origin);
        assert_eq!(gate.get("/", &key).status(), 502);
        assert_eq!(origin.came(), [0]);
        assert_eq!(gate.get("/", &key).status(), 200);
    }
}

#[test]
fn the_second_try_is_not_made_on_another_connection_that_was_kept() {
    let origin = Scripted::start(&[&[Deed::Answer, Deed::Close], &[Deed::Answer, Deed::Close]]);
    let (_site, key, gate) = begins(&origin);
    let mut both = [gate.connect(), gate.connect()];
    both.iter_mut().for_each(|wire| wire.send(get("/both", &key)));
    both.iter_mut().for_each(|wire| assert_eq!(wire.answer().status(), 200));
    assert_eq!(gate.get("/x", &key).status(), 200);
    let came = origin.came();
    assert_eq!((came.len(), came.last()), (4, Some(&2)), "{came:?}");
}

#[test]
fn both_tries_have_one_deadline() {
    let origin = Scripted::start(&[&[Deed::Answer, Deed::Late(3_000)], &[Deed::Silent]]);
    let site = Site::new(origin.address, "").with("origin.response_timeout_ms", "4000");
    let key = site.key(&[]);
    let gate = site.start();
    assert_eq!(gate.get("/", &key).status(), 200);
    let begun = Instant::now();
    assert_eq!(gate.get("/", &key).status(), 504);
    let took = begun.elapsed();
    assert_eq!(origin.came(), [0, 0, 1]);
    assert!(took >= Duration::from_millis(3_950), "{took:?}");
    // A deadline of its own would have ended after 7,000.
    assert!(took < Duration::from_millis(6_900), "{took:?}");
}

#[test]
fn a_websocket_is_opened_on_another_connection_too() {
    let origin = Scripted::start(&[&[Deed::Answer, Deed::Close], &[Deed::Part(SWITCHED)]]);
    let (_site, key, gate) = begins(&origin);
    assert_eq!(gate.get("/", &key).status(), 200);
    let mut wire = gate.connect();
    wire.send(upgrade("websocket", &format!("x-api-key: {}\r\n", key.secret)));
    assert_eq!(wire.head().status(), 101);
    assert_eq!(wire.exactly(5), b"hello");
    wire.ends();
    assert_eq!(origin.came(), [0, 0, 1]);
}

const SWITCHED: &str =
    "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nhello";
