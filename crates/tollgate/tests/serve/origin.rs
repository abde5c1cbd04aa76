//! An origin that records every byte it receives and does what the path says.

use std::{
    net::{SocketAddr, TcpListener},
    sync::{Arc, Condvar, Mutex},
    thread,
};

use crate::wire::{DEADLINE, Head, Wire};

/// What arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
    /// The fields after it.
    pub(crate) tail: Vec<String>,
}

/// What an origin may say after a body, and what it may not: all but the first two.
pub(crate) const SAID_LATE: &[(&str, &str)] = &[
    ("x-sum", "1"),
    ("grpc-status", "0"),
    ("tollgate-identity", "forged"),
    ("tollgate_identity", "forged"),
    ("x-auth-status", "200"),
    ("x-hop", "1"),
    ("content-length", "4"),
    ("transfer-encoding", "chunked"),
    ("connection", "close"),
    ("set-cookie", "a=b"),
    ("cache-control", "public"),
    ("expires", "0"),
    ("cdn-cache-control", "public"),
    ("alt-svc", "h3=\":443\""),
    ("ratelimit", "x"),
    ("x-request-id", "theirs"),
];

/// Listens on loopback for as long as the tests run.
#[derive(Clone)]
pub(crate) struct Origin {
    pub(crate) address: SocketAddr,
    state: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Default)]
struct State {
    arrived: Vec<Arrived>,
    open: bool,
    waiting: usize,
}

impl Origin {
    pub(crate) fn start() -> Self {
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = Self { address: door.local_addr().unwrap(), state: Arc::default() };
        let serving = origin.clone();
        thread::spawn(move || {
            for stream in door.incoming().flatten() {
                let origin = serving.clone();
                thread::spawn(move || origin.serve(&mut Wire::over(stream)));
            }
        });
        origin
    }

    /// Everything that has arrived.
    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.state.0.lock().unwrap().arrived.clone()
    }

    /// The only request that has arrived.
    pub(crate) fn only(&self) -> Arrived {
        let arrived = self.arrived();
        assert_eq!(arrived.len(), 1, "{arrived:?}");
        arrived[0].clone()
    }

    /// Lets everybody who asks for `/held` have an answer.
    pub(crate) fn open(&self) {
        self.state.0.lock().unwrap().open = true;
        self.state.1.notify_all();
    }

    /// Waits until so many requests for `/held` wait.
    pub(crate) fn await_held(&self, count: usize) {
        let (state, changed) = &*self.state;
        let held = changed
            .wait_timeout_while(state.lock().unwrap(), DEADLINE, |state| state.waiting < count);
        assert!(!held.unwrap().1.timed_out(), "no {count} requests have come to wait");
    }

    /// Waits until so many requests have arrived.
    pub(crate) fn await_arrived(&self, count: usize) {
        let (state, changed) = &*self.state;
        let arrived = changed.wait_timeout_while(state.lock().unwrap(), DEADLINE, |state| {
            state.arrived.len() < count
        });
        assert!(!arrived.unwrap().1.timed_out(), "no {count} requests have arrived");
    }

    fn serve(&self, wire: &mut Wire) {
        while let Ok(Some(head)) = wire.try_head() {
            let path = head.first.split(' ').nth(1).unwrap().to_owned();
            let kept = match path.split('?').next().unwrap() {
                "/echo" => self.echo(wire, head),
                "/tail" => self.tail(wire, head),
                "/late" => self.late(wire, head),
                "/socket" => self.socket(wire, head),
                "/held" => self.held(wire, head),
                "/silent" => self.silent(wire, head),
                "/half" => self.half(wire, head),
                _ => self.plain(wire, head),
            };
            if kept.is_none() {
                return;
            }
        }
    }

    fn note(&self, head: Head, body: Vec<u8>) {
        self.note_all(Arrived { head, body, tail: Vec::new() });
    }

    fn note_all(&self, arrived: Arrived) {
        self.state.0.lock().unwrap().arrived.push(arrived);
        self.state.1.notify_all();
    }

    fn plain(&self, wire: &mut Wire, head: Head) -> Option<()> {
        let body = wire.body(&head).ok()?;
        let bare = head.first.starts_with("HEAD ");
        let path = head.first.split(' ').nth(1)?;
        let big = path.strip_prefix("/bytes/").map(str::to_owned);
        let status = path.strip_prefix("/status/").unwrap_or("200").to_owned();
        self.note(head, body);
        let body = match big {
            Some(len) => vec![b'x'; len.parse().ok()?],
            None => b"origin".to_vec(),
        };
        let answer = format!(
            "HTTP/1.1 {status} OK\r\ncontent-length: {}\r\nx-origin: yes\r\ntollgate-identity: forged\r\n\
             keep-alive: timeout=5\r\ncache-control: public, max-age=60\r\n\r\n",
            body.len()
        );
        wire.try_send(answer).ok()?;
        if bare { Some(()) } else { wire.try_send(body).ok() }
    }

    /// Answers every chunk with the same chunk, as soon as it is there.
    fn echo(&self, wire: &mut Wire, head: Head) -> Option<()> {
        wire.try_send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").ok()?;
        let mut whole = Vec::new();
        loop {
            let chunk = wire.try_chunk().ok()?;
            wire.try_send(format!("{:x}\r\n", chunk.len())).ok()?;
            wire.try_send(&chunk).ok()?;
            wire.try_send("\r\n").ok()?;
            if chunk.is_empty() {
                self.note(head, whole);
                return Some(());
            }
            whole.extend(chunk);
        }
    }

    /// Says something after its body.
    fn late(&self, wire: &mut Wire, head: Head) -> Option<()> {
        self.note(head, Vec::new());
        wire.try_send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-late\r\n\r\n")
            .ok()?;
        wire.try_send("4\r\nbody\r\n0\r\nx-late: 1\r\ntollgate-identity: forged\r\n\r\n").ok()
    }

    /// Hears what follows a body, and says much after its own.
    fn tail(&self, wire: &mut Wire, head: Head) -> Option<()> {
        let has_body = head.has("transfer-encoding");
        let (body, tail) = if has_body { wire.tail().ok()? } else { (Vec::new(), Vec::new()) };
        self.note_all(Arrived { head, body, tail });
        let names: Vec<_> = SAID_LATE.iter().map(|(name, _)| *name).collect();
        let fields: String =
            SAID_LATE.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: x-hop\r\n";
        wire.try_send(format!("{head}trailer: {}\r\n\r\n", names.join(", "))).ok()?;
        wire.try_send(format!("4\r\nbody\r\n0\r\n{fields}\r\n")).ok()
    }

    /// Switches over, and then sends back what it is sent.
    fn socket(&self, wire: &mut Wire, head: Head) -> Option<()> {
        self.note(head, Vec::new());
        wire.try_send(
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
        )
        .ok()?;
        loop {
            let byte = wire.try_one()?;
            wire.try_send(byte).ok()?;
        }
    }

    /// Answers when the test says so.
    fn held(&self, wire: &mut Wire, head: Head) -> Option<()> {
        let body = wire.body(&head).ok()?;
        let (state, changed) = &*self.state;
        let mut held = state.lock().unwrap();
        held.waiting += 1;
        changed.notify_all();
        drop(changed.wait_timeout_while(held, DEADLINE, |state| !state.open));
        self.note(head, body);
        wire.try_send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nheld").ok()
    }

    /// Takes the request and never says a word.
    fn silent(&self, wire: &mut Wire, head: Head) -> Option<()> {
        self.note(head, Vec::new());
        drop(wire.rest());
        None
    }

    /// Promises more than it sends.
    fn half(&self, wire: &mut Wire, head: Head) -> Option<()> {
        self.note(head, Vec::new());
        wire.try_send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this").ok()?;
        None
    }
}
