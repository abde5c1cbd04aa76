//! What stands between a store and DynamoDB Local: it counts, injects faults, and says what time it is.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::JoinHandle,
};

use super::{local, time};

/// The longest message.
const MESSAGE_MAX: usize = 1 << 24;

/// What is done with a request.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// It is passed on.
    None,
    /// It is refused without being passed on: an error of this code.
    Refused(u16, &'static str),
    /// It is answered with this, without being passed on.
    Answered(&'static str),
    /// It is answered with this status and body, without being passed on.
    Said(u16, &'static str),
    /// It is passed on, and its answer is replaced by an error of this code.
    Hidden(u16, &'static str),
    /// The connection is closed without its being passed on.
    DroppedBefore,
    /// It is passed on, and the connection closed in the place of its answer.
    DroppedAfter,
    /// It is passed on after so long.
    Late(u64),
    /// It is passed on, and answered after so long.
    SlowlyAnswered(u64),
    /// Of its answer this is replaced.
    Edited(&'static str, &'static str),
}

/// Decides by an operation's name and how many of it came before.
type Plan = Box<dyn FnMut(&str, u64) -> Fault + Send>;

/// A proxy. It ends with this.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    shared: Arc<Mutex<Shared>>,
    task: JoinHandle<()>,
}

struct Shared {
    plan: Plan,
    counts: BTreeMap<String, u64>,
    /// How far the store's clock is ahead; none if its answers have no date.
    date_ahead_ms: Option<i64>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// A proxy that passes everything on, and puts no date on answers.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Mutex::new(Shared {
            plan: Box::new(|_, _| Fault::None),
            counts: BTreeMap::new(),
            date_ahead_ms: None,
        }));
        let theirs = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let shared = Arc::clone(&theirs);
                // A connection that breaks is what is being tested.
                tokio::spawn(async move { drop(serve(client, &shared).await) });
            }
        });
        Self { port, shared, task }
    }

    /// From now on goes by this plan.
    pub(crate) fn plan(&self, plan: impl FnMut(&str, u64) -> Fault + Send + 'static) {
        self.shared.lock().unwrap().plan = Box::new(plan);
    }

    /// From now on the store's clock is so far ahead of this machine's; without, its answers have no date.
    pub(crate) fn dates(&self, ahead_ms: Option<i64>) {
        self.shared.lock().unwrap().date_ahead_ms = ahead_ms;
    }

    /// How many requests of an operation have come.
    pub(crate) fn count(&self, operation: &str) -> u64 {
        self.shared.lock().unwrap().counts.get(operation).copied().unwrap_or(0)
    }

    /// How many requests have come.
    pub(crate) fn total(&self) -> u64 {
        self.shared.lock().unwrap().counts.values().sum()
    }
}

async fn serve(client: TcpStream, shared: &Mutex<Shared>) -> io::Result<()> {
    client.set_nodelay(true)?;
    let (from_client, mut to_client) = client.into_split();
    let mut from_client = BufReader::new(from_client);
    let server = TcpStream::connect(("127.0.0.1", local::port())).await?;
    server.set_nodelay(true)?;
    let (from_server, mut to_server) = server.into_split();
    let mut from_server = BufReader::new(from_server);
    loop {
        let (head, body) = message(&mut from_client).await?;
        let fault = judge(&head, shared);
        match fault {
            Fault::DroppedBefore => return Ok(()),
            Fault::Refused(status, code) => {
                to_client.write_all(&error(status, code, shared)).await?;
                continue;
            }
            Fault::Answered(body) => {
                to_client.write_all(&answer(200, body, shared)).await?;
                continue;
            }
            Fault::Said(status, body) => {
                to_client.write_all(&answer(status, body, shared)).await?;
                continue;
            }
            Fault::Late(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
            Fault::None
            | Fault::Hidden(..)
            | Fault::DroppedAfter
            | Fault::SlowlyAnswered(_)
            | Fault::Edited(..) => {}
        }
        let (status, told) = forward(&head, &body, &mut to_server, &mut from_server).await?;
        let out = match fault {
            Fault::DroppedAfter => return Ok(()),
            Fault::Hidden(status, code) => error(status, code, shared),
            Fault::Edited(from, to) => answer(status, &told.replace(from, to), shared),
            Fault::SlowlyAnswered(ms) => {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                answer(status, &told, shared)
            }
            Fault::None
            | Fault::Refused(..)
            | Fault::Answered(_)
            | Fault::Said(..)
            | Fault::DroppedBefore
            | Fault::Late(_) => answer(status, &told, shared),
        };
        to_client.write_all(&out).await?;
    }
}

fn judge(head: &str, shared: &Mutex<Shared>) -> Fault {
    let target = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("x-amz-target").then(|| value.trim().to_owned())
    });
    let target = target.unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default();
    let mut shared = shared.lock().unwrap();
    let count = shared.counts.entry(operation.to_owned()).or_default();
    let before = *count;
    *count += 1;
    (shared.plan)(operation, before)
}

async fn forward(
    head: &str,
    body: &[u8],
    to_server: &mut OwnedWriteHalf,
    from_server: &mut BufReader<OwnedReadHalf>,
) -> io::Result<(u16, String)> {
    to_server.write_all(head.as_bytes()).await?;
    to_server.write_all(body).await?;
    let (head, body) = message(from_server).await?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(500);
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

/// A message's head, up to and with its empty line, and its body.
async fn message(from: &mut BufReader<OwnedReadHalf>) -> io::Result<(String, Vec<u8>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(from.read_u8().await?);
        assert!(head.len() < MESSAGE_MAX);
    }
    let head = String::from_utf8(head).unwrap();
    let len = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let len: usize = len.unwrap_or(0);
    assert!(len < MESSAGE_MAX);
    let mut body = vec![0; len];
    from.read_exact(&mut body).await?;
    Ok((head, body))
}

fn error(status: u16, code: &str, shared: &Mutex<Shared>) -> Vec<u8> {
    let kind = if status == 400 { "com.amazonaws.dynamodb.v20120810" } else { "com.amazon.coral" };
    answer(status, &format!(r#"{{"__type":"{kind}#{code}","message":"injected"}}"#), shared)
}

fn answer(status: u16, body: &str, shared: &Mutex<Shared>) -> Vec<u8> {
    let date = shared
        .lock()
        .unwrap()
        .date_ahead_ms
        .map(|ahead_ms| format!("Date: {}\r\n", time::http_date(ahead_ms)));
    let (date, len) = (date.unwrap_or_default(), body.len());
    let kind = "Content-Type: application/x-amz-json-1.0";
    format!("HTTP/1.1 {status} X\r\n{kind}\r\n{date}Content-Length: {len}\r\n\r\n{body}")
        .into_bytes()
}
