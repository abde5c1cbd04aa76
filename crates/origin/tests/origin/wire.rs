//! Requests over TCP, byte for byte, and a real server to send them to.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::Router;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};

use crate::{
    data::{fields, latin},
    servers::PATIENCE,
};

/// What came back.
#[derive(Debug)]
pub(crate) struct Got {
    /// Zero if no answer came.
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// A server, while it is there.
pub(crate) struct Served {
    pub(crate) port: u16,
    _serving: JoinSet<()>,
}

pub(crate) async fn served(app: Router) -> Served {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut serving = JoinSet::new();
    serving.spawn(async move { axum::serve(listener, app).await.unwrap() });
    Served { port, _serving: serving }
}

/// How often a handler was reached.
#[derive(Clone, Default)]
pub(crate) struct Reached(Arc<AtomicUsize>);

impl Reached {
    pub(crate) fn note(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn times(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Served {
    /// Sends a request with the token, if there is one.
    pub(crate) async fn ask(&self, method: &str, target: &str, token: Option<&[u8]>) -> Got {
        let fields: Vec<_> = token
            .map(|token| (b"Tollgate-Identity".to_vec(), token.to_vec()))
            .into_iter()
            .collect();
        self.send(method.as_bytes(), target.as_bytes(), &fields).await
    }

    async fn send(&self, method: &[u8], target: &[u8], fields: &[(Vec<u8>, Vec<u8>)]) -> Got {
        let mut head =
            [method, b" ", target, b" HTTP/1.1\r\nHost: origin\r\nConnection: close"].concat();
        for (name, value) in fields {
            head.extend([&b"\r\n"[..], name, b": ", value].concat());
        }
        head.extend(b"\r\n\r\n");
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        // A server need not read what it refuses, and may hang up.
        drop(stream.write_all(&head).await);
        let (mut got, mut room) = (vec![], [0; 4_096]);
        while let Ok(read @ 1..) = timeout(PATIENCE, stream.read(&mut room)).await.unwrap() {
            got.extend_from_slice(&room[..read]);
        }
        let got = String::from_utf8_lossy(&got).into_owned();
        let (head, body) = got.split_once("\r\n\r\n").unwrap_or((&got, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Got { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    /// Sends the request of a row.
    pub(crate) async fn put(&self, row: &Value) -> Got {
        let request = &row["request"];
        self.send(&latin(&request["method"]), &latin(&request["target"]), &fields(row)).await
    }
}

/// What became of the rows.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) played: BTreeMap<&'static str, usize>,
    pub(crate) left_out: BTreeMap<&'static str, usize>,
}

impl Counts {
    /// Judges what came back for a row whose handler was reached so often by it.
    pub(crate) fn judge(&mut self, row: &Value, got: &Got, reached: usize) {
        let (out, name) = (&row["out"], format!("{} ({})", row["id"], row["why"]));
        if out["status"] == 200 {
            assert_eq!((got.status, reached), (200, 1), "{name}: {got:?}");
            if row["request"]["method"] != "HEAD" {
                let told: Value = serde_json::from_str(&got.body).unwrap();
                assert_eq!(told, out["identity"], "{name}");
            }
            return self.note("served");
        }
        assert_eq!(reached, 0, "{name}: the handler was reached");
        let ours =
            serde_json::from_str(&got.body).ok().filter(|told: &Value| told.get("code").is_some());
        match ours {
            Some(told) => {
                assert_eq!(
                    (got.status.into(), &told["code"]),
                    (out["status"].clone(), &out["code"]),
                    "{name}"
                );
                self.note("refused");
            }
            None => {
                assert!(got.status == 0 || (400..500).contains(&got.status), "{name}: {got:?}");
                self.note("refused by the server itself");
            }
        }
    }

    fn note(&mut self, what: &'static str) {
        *self.played.entry(what).or_default() += 1;
    }

    pub(crate) fn of(&self, what: &str) -> usize {
        self.played.get(what).copied().unwrap_or(0)
    }
}
