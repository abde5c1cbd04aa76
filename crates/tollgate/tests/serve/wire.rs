//! HTTP/1.1 as bytes: what a test sends and reads is exactly what it says.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// How long anything may take before a test gives up on it.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

/// One side of a connection, with what was read ahead.
pub(crate) struct Wire {
    stream: TcpStream,
    ahead: Vec<u8>,
}

/// The head of a request or a response.
#[derive(Clone, Debug, Default)]
pub(crate) struct Head {
    pub(crate) first: String,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) raw: Vec<u8>,
}

/// A whole response.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
}

impl Head {
    pub(crate) fn status(&self) -> u16 {
        self.first.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut all = self.fields.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let found = all.next();
        assert!(all.next().is_none(), "`{name}` is there twice in {self:?}");
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    fn is_chunked(&self) -> bool {
        self.field("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
    }
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.head.status()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Wire {
    pub(crate) fn connect(to: SocketAddr) -> Self {
        Self::over(TcpStream::connect_timeout(&to, DEADLINE).unwrap())
    }

    pub(crate) fn over(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, ahead: Vec::new() }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).unwrap();
    }

    pub(crate) fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref())
    }

    pub(crate) fn send_chunk(&mut self, bytes: &[u8]) {
        self.send(format!("{:x}\r\n", bytes.len()));
        self.send(bytes);
        self.send("\r\n");
    }

    /// The next head; none if the connection has ended before one began.
    pub(crate) fn try_head(&mut self) -> io::Result<Option<Head>> {
        loop {
            if let Some(end) = self.ahead.windows(4).position(|four| four == b"\r\n\r\n") {
                let raw: Vec<u8> = self.ahead.drain(..end + 4).collect();
                return Ok(Some(parsed(raw)));
            }
            if self.fill()? == 0 {
                assert!(
                    self.ahead.is_empty(),
                    "half a head: {:?}",
                    String::from_utf8_lossy(&self.ahead)
                );
                return Ok(None);
            }
        }
    }

    pub(crate) fn head(&mut self) -> Head {
        self.try_head().unwrap().expect("the connection ended before a head")
    }

    pub(crate) fn exactly(&mut self, len: usize) -> Vec<u8> {
        self.try_exactly(len).unwrap()
    }

    fn try_exactly(&mut self, len: usize) -> io::Result<Vec<u8>> {
        while self.ahead.len() < len {
            if self.fill()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.ahead.drain(..len).collect())
    }

    /// The next byte; none at the end.
    pub(crate) fn try_one(&mut self) -> Option<Vec<u8>> {
        self.try_exactly(1).ok()
    }

    /// The next chunk; empty at the end of the body.
    pub(crate) fn chunk(&mut self) -> Vec<u8> {
        self.try_chunk().unwrap()
    }

    pub(crate) fn try_chunk(&mut self) -> io::Result<Vec<u8>> {
        let size = self.line()?;
        let size = usize::from_str_radix(size.trim_end(), 16).unwrap();
        let bytes = self.try_exactly(size)?;
        assert_eq!(self.line()?, "\r\n");
        Ok(bytes)
    }

    /// The rest of a body in chunks, and what follows it.
    pub(crate) fn tail(&mut self) -> io::Result<(Vec<u8>, Vec<String>)> {
        let mut whole = Vec::new();
        loop {
            let size = self.line()?;
            let size = usize::from_str_radix(size.trim_end(), 16).unwrap();
            if size == 0 {
                break;
            }
            whole.extend(self.try_exactly(size)?);
            assert_eq!(self.line()?, "\r\n");
        }
        let mut fields = Vec::new();
        loop {
            match self.line()?.trim_end() {
                "" => return Ok((whole, fields)),
                field => fields.push(field.to_lowercase()),
            }
        }
    }

    fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.ahead.windows(2).position(|two| two == b"\r\n") {
                return Ok(String::from_utf8(self.ahead.drain(..end + 2).collect()).unwrap());
            }
            if self.fill()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// The whole body that `head` announces.
    pub(crate) fn body(&mut self, head: &Head) -> io::Result<Vec<u8>> {
        if head.is_chunked() {
            let mut whole = Vec::new();
            loop {
                match self.try_chunk()? {
                    chunk if chunk.is_empty() => return Ok(whole),
                    chunk => whole.extend(chunk),
                }
            }
        }
        match head.field("content-length") {
            Some(len) => self.try_exactly(len.parse().unwrap()),
            None => Ok(Vec::new()),
        }
    }

    /// The next whole answer.
    pub(crate) fn answer(&mut self) -> Answer {
        let head = self.head();
        let body = self.body(&head).unwrap();
        Answer { head, body }
    }

    /// Sends a request and reads the whole answer.
    pub(crate) fn ask(&mut self, request: impl AsRef<[u8]>) -> Answer {
        self.send(request);
        self.answer()
    }

    /// Everything until the other side closes.
    pub(crate) fn rest(&mut self) -> io::Result<Vec<u8>> {
        while self.fill()? > 0 {}
        Ok(std::mem::take(&mut self.ahead))
    }

    /// Waits until the other side closes, which it does without another word.
    pub(crate) fn ends(&mut self) {
        match self.rest() {
            Ok(rest) => assert!(rest.is_empty(), "{:?}", String::from_utf8_lossy(&rest)),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset),
        }
    }

    fn fill(&mut self) -> io::Result<usize> {
        let mut room = [0; 16_384];
        let len = self.stream.read(&mut room)?;
        self.ahead.extend(&room[..len]);
        Ok(len)
    }
}

fn parsed(raw: Vec<u8>) -> Head {
    let text = String::from_utf8(raw.clone()).unwrap();
    let mut lines = text.trim_end().split("\r\n");
    let first = lines.next().unwrap().to_owned();
    let fields = lines
        .map(|line| line.split_once(':').unwrap())
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    Head { first, fields, raw }
}
