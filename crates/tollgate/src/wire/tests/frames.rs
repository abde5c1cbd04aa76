//! HTTP/2 as bytes: frames that no client would send, too.

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
pub(super) const AWAY: u8 = 7;
pub(super) const CONTINUATION: u8 = 9;

pub(super) const ENDS_STREAM: u8 = 1;
pub(super) const ENDS_HEAD: u8 = 4;
const ACKNOWLEDGES: u8 = 1;

/// What stood first in a head: `:status` by its place in the table that every side knows.
pub(super) const STATUS_200: u8 = 0x88;
pub(super) const STATUS_400: u8 = 0x8c;

/// A frame that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

/// A frame that is sent.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// Fields as literals that nobody remembers.
pub(super) fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = vec![];
    for (name, value) in fields {
        bytes.push(0);
        for text in [name, value] {
            match u8::try_from(text.len()).ok().filter(|length| *length < 127) {
                Some(length) => bytes.push(length),
                None => {
                    let mut rest = text.len() - 127;
                    bytes.push(127);
                    while rest > 127 {
                        bytes.push(u8::try_from(rest % 128).unwrap() | 128);
                        rest /= 128;
                    }
                    bytes.push(u8::try_from(rest).unwrap());
                }
            }
            bytes.extend(text.as_bytes());
        }
    }
    bytes
}

/// A head without a body.
pub(super) fn asks(stream: u32, fields: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, ENDS_HEAD | ENDS_STREAM, stream, &block(fields))
}

/// A plain request for `path`.
pub(super) fn get(stream: u32, path: &str) -> Vec<u8> {
    let head = [(":method", "GET"), (":scheme", "http"), (":authority", "a"), (":path", path)];
    asks(stream, &head)
}

pub(super) fn reset(stream: u32) -> Vec<u8> {
    frame(RESET, 0, stream, &8_u32.to_be_bytes())
}

/// The client's end of a connection: it has greeted, and answers what a client must answer.
pub(super) struct Client {
    pub(super) stream: DuplexStream,
}

impl Client {
    pub(super) async fn greet(mut stream: DuplexStream) -> Self {
        stream.write_all(PREFACE).await.unwrap();
        stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
        Self { stream }
    }

    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// The next frame that is about a stream, or the end of all; none when the connection has ended.
    pub(super) async fn next(&mut self) -> Option<Frame> {
        loop {
            let mut head = [0; 9];
            self.stream.read_exact(&mut head).await.ok()?;
            let [a, b, c, kind, flags, stream @ ..] = head;
            let length = usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap();
            let mut payload = vec![0; length];
            self.stream.read_exact(&mut payload).await.ok()?;
            let stream = u32::from_be_bytes(stream);
            match kind {
                SETTINGS | PING if flags & ACKNOWLEDGES == 0 => {
                    let echo = if kind == PING { payload } else { vec![] };
                    // The other side may be gone already.
                    let _ = self.stream.write_all(&frame(kind, ACKNOWLEDGES, 0, &echo)).await;
                }
                DATA | HEADERS | RESET | AWAY => {
                    return Some(Frame { kind, flags, stream, payload });
                }
                _ => {}
            }
        }
    }

    /// Everything until the connection ends.
    pub(super) async fn rest(&mut self) -> Vec<Frame> {
        let mut frames = vec![];
        while let Some(frame) = self.next().await {
            frames.push(frame);
        }
        frames
    }
}
