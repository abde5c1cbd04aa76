//! One connection that asks and is answered, again and again.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const HEAD_MAX: usize = 64 * 1024;

/// A kept-alive connection; opened again when the server closes it.
#[derive(Debug)]
pub(crate) struct Connection {
    address: SocketAddr,
    stream: Option<TcpStream>,
    read: Vec<u8>,
}

impl Connection {
    pub(crate) const fn new(address: SocketAddr) -> Self {
        Self { address, stream: None, read: Vec::new() }
    }

    /// Sends `request` and returns the answer's status once all of the answer has come.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> anyhow::Result<u16> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(self.address).await?;
                stream.set_nodelay(true)?;
                stream
            }
        };
        stream.write_all(request).await?;
        self.read.clear();
        let (head_len, status, length, close) = loop {
            ensure_more(&mut stream, &mut self.read).await?;
            if let Some(head) = head(&self.read)? {
                break head;
            }
            if self.read.len() > HEAD_MAX {
                bail!("the head of an answer does not end");
            }
        };
        match length {
            Length::Known(length) => {
                while self.read.len() < head_len.saturating_add(length) {
                    ensure_more(&mut stream, &mut self.read).await?;
                }
            }
            Length::Chunked => {
                while !self.read.ends_with(b"0\r\n\r\n") {
                    ensure_more(&mut stream, &mut self.read).await?;
                }
            }
        }
        self.stream = (!close).then_some(stream);
        Ok(status)
    }
}

enum Length {
    Known(usize),
    Chunked,
}

async fn ensure_more(stream: &mut TcpStream, read: &mut Vec<u8>) -> anyhow::Result<()> {
    read.reserve(16 * 1024);
    if stream.read_buf(read).await? == 0 {
        bail!("the server closed the connection before it had answered");
    }
    Ok(())
}

/// How long the head is, the status, what follows, and whether the connection ends; none if more must come.
fn head(read: &[u8]) -> anyhow::Result<Option<(usize, u16, Length, bool)>> {
    let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let text = read.get(..end).map(String::from_utf8_lossy).unwrap_or_default();
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("no status")?;
    let (mut length, mut close) = (Length::Known(0), false);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            length = Length::Known(value.parse()?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            length = Length::Chunked;
        } else if name.eq_ignore_ascii_case("connection") {
            close = value.eq_ignore_ascii_case("close");
        }
    }
    Ok(Some((end.saturating_add(4), status.parse()?, length, close)))
}
