//! Servers of keys, most of which are not what they should be.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::{Duration, sleep, timeout},
};

use crate::data::SHARED;

/// Longer than anything takes that ends.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// How a server of keys behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Good,
    Chunked,
    /// Answers when the test says so.
    Held,
    Status,
    Redirect,
    Page,
    Nothing,
    /// Ends before the length that it has told.
    Cut,
    Junk,
    Private,
    Huge,
    /// Sends as fast as it is read, and never ends.
    Endless,
    Silent,
    DrippingHead,
    DrippingBody,
    /// A head that does not end.
    HeadWithoutEnd,
}

/// A server of keys on a port of its own, while it is there.
pub(crate) struct Jwks {
    pub(crate) url: String,
    told: Arc<Told>,
    _serving: JoinSet<()>,
}

struct Told {
    kind: Mutex<Kind>,
    document: Mutex<String>,
    asked: AtomicUsize,
    sent: AtomicUsize,
    released: Semaphore,
}

impl Jwks {
    pub(crate) async fn new(kind: Kind) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let told = Arc::new(Told {
            kind: Mutex::new(kind),
            document: Mutex::new(SHARED["jwks"].to_string()),
            asked: AtomicUsize::default(),
            sent: AtomicUsize::default(),
            released: Semaphore::new(0),
        });
        let mut serving = JoinSet::new();
        let served = Arc::clone(&told);
        serving.spawn(async move {
            let mut answers = JoinSet::new();
            loop {
                let (caller, _) = listener.accept().await.unwrap();
                answers.spawn(Arc::clone(&served).answer(caller));
            }
        });
        let url = format!("http://127.0.0.1:{port}/.well-known/tollgate/jwks.json");
        Self { url, told, _serving: serving }
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.told.asked.load(Ordering::SeqCst)
    }

    /// How much it has sent of what does not end.
    pub(crate) fn sent(&self) -> usize {
        self.told.sent.load(Ordering::SeqCst)
    }

    /// Lets one held answer go.
    pub(crate) fn release(&self) {
        self.told.released.add_permits(1);
    }

    /// From now on it behaves so.
    pub(crate) fn becomes(&self, kind: Kind) {
        *self.told.kind.lock().unwrap() = kind;
    }

    /// From now on it publishes this.
    pub(crate) fn publishes(&self, document: &Value) {
        *self.told.document.lock().unwrap() = document.to_string();
    }

    /// Returns when it was asked so often.
    pub(crate) async fn was_asked(&self, times: usize) {
        until(async || self.asked() >= times).await;
    }
}

/// Returns when `holds` does.
pub(crate) async fn until(holds: impl AsyncFn() -> bool) {
    let waiting = async {
        while !holds().await {
            sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(PATIENCE, waiting).await.unwrap();
}

impl Told {
    async fn answer(self: Arc<Self>, mut caller: TcpStream) {
        let (mut asked, mut room) = (vec![], [0; 4_096]);
        while !asked.ends_with(b"\r\n\r\n") {
            match caller.read(&mut room).await {
                Ok(read @ 1..) => asked.extend_from_slice(&room[..read]),
                _ => return,
            }
        }
        self.asked.fetch_add(1, Ordering::SeqCst);
        // Who hangs up is told no more.
        drop(self.say(&mut caller).await);
    }

    async fn say(&self, caller: &mut TcpStream) -> std::io::Result<()> {
        let kind = *self.kind.lock().unwrap();
        let good = self.document.lock().unwrap().clone();
        let ok = |body: &str| whole("200 OK", "", body);
        match kind {
            Kind::Good => caller.write_all(ok(&good).as_bytes()).await,
            Kind::Held => {
                self.released.acquire().await.unwrap().forget();
                let good = self.document.lock().unwrap().clone();
                caller.write_all(ok(&good).as_bytes()).await
            }
            Kind::Chunked => {
                let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
                let text = format!("{head}{:x}\r\n{good}\r\n0\r\n\r\n", good.len());
                caller.write_all(text.as_bytes()).await
            }
            Kind::Status => caller.write_all(whole("500 Oops", "", &good).as_bytes()).await,
            Kind::Redirect => {
                let elsewhere = "Location: /elsewhere\r\n";
                caller.write_all(whole("302 Found", elsewhere, &good).as_bytes()).await
            }
            Kind::Page => caller.write_all(ok("<html>hello</html>").as_bytes()).await,
            Kind::Nothing => Ok(()),
            Kind::Cut => {
                let longer = format!("{good}123456789");
                let text = ok(&longer);
                caller.write_all(&text.as_bytes()[..text.len() - 9]).await
            }
            Kind::Junk => caller.write_all(b"\0\xff hello\r\n\r\n").await,
            Kind::Private => {
                let private = good.replacen("\"kid\"", "\"d\":\"AAAA\",\"kid\"", 1);
                caller.write_all(ok(&private).as_bytes()).await
            }
            Kind::Huge => caller.write_all(ok(&" ".repeat(1 << 20)).as_bytes()).await,
            Kind::Endless => {
                caller.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
                self.pour(caller, &[b' '; 65_536], Duration::ZERO).await
            }
            Kind::HeadWithoutEnd => {
                caller.write_all(b"HTTP/1.1 200 OK\r\nX-A: ").await?;
                self.pour(caller, &[b'x'; 65_536], Duration::ZERO).await
            }
            Kind::Silent => std::future::pending().await,
            Kind::DrippingHead => {
                caller.write_all(b"HTTP/1.1 200 OK\r\nX-A: ").await?;
                self.pour(caller, b"x", Duration::from_millis(20)).await
            }
            Kind::DrippingBody => {
                caller.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n").await?;
                self.pour(caller, b" ", Duration::from_millis(20)).await
            }
        }
    }

    async fn pour(
        &self,
        caller: &mut TcpStream,
        piece: &[u8],
        pause: Duration,
    ) -> std::io::Result<()> {
        loop {
            caller.write_all(piece).await?;
            self.sent.fetch_add(piece.len(), Ordering::SeqCst);
            sleep(pause).await;
        }
    }
}

fn whole(status: &str, more: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{more}\r\n{body}", body.len())
}
