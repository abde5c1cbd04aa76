//! The stream itself, without a server on it.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tollgate_testkit::{Random, full};

use super::{
    super::{strict::StrictHead, turn::Turn},
    LIMITS, witness,
};

/// Bytes that arrive in pieces of random lengths, with waits between them.
struct Drip {
    bytes: Vec<u8>,
    at: usize,
    random: Random,
}

impl AsyncRead for Drip {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.random.below(4) == 0 {
            return Poll::Pending;
        }
        let longest = if self.random.below(2) == 0 { 3 } else { 3_000 };
        let piece = 1 + usize::try_from(self.random.below(longest)).unwrap();
        let piece = piece.min(out.remaining()).min(self.bytes.len() - self.at);
        let at = self.at;
        out.put_slice(&self.bytes[at..at + piece]);
        self.at += piece;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Drip {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A random request, well-formed.
fn request(random: &mut Random) -> Vec<u8> {
    let mut head = String::from("POST /a?b HTTP/1.1\r\nhost: a\r\n");
    for _ in 0..random.below(10) {
        let value = "x".repeat(usize::try_from(random.below(150)).unwrap());
        head.push_str(&format!("x-field: {value}\r\n"));
    }
    let piece = |random: &mut Random| -> Vec<u8> {
        (0..1 + random.below(5_000))
            .map(|_| b"\r\n0 a"[usize::try_from(random.below(5)).unwrap()])
            .collect()
    };
    let mut bytes = head.into_bytes();
    match random.below(3) {
        0 => bytes.extend(b"\r\n"),
        1 => {
            let body = piece(random);
            bytes.extend(format!("content-length: {}\r\n\r\n", body.len()).bytes());
            bytes.extend(body);
        }
        _ => {
            bytes.extend(b"transfer-encoding: chunked\r\n\r\n");
            for _ in 0..random.below(5) {
                let body = piece(random);
                bytes.extend(format!("{:x};e=f\r\n", body.len()).bytes());
                bytes.extend(body);
                bytes.extend(b"\r\n");
            }
            bytes.extend(b"0\r\nx-trailer: y\r\n\r\n");
        }
    }
    bytes
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_what_came_however_it_was_cut() {
    let rounds = if full() { 5_000 } else { 300 };
    for seed in 0..rounds {
        let mut random = Random::new(seed);
        let mut sent = vec![];
        for _ in 0..1 + random.below(6) {
            sent.extend(request(&mut random));
        }
        let drip = Drip { bytes: sent.clone(), at: 0, random };
        let turn = Arc::new(Turn::default());
        let mut stream = StrictHead::new(drip, LIMITS, Arc::clone(&turn), witness());
        let mut random = Random::new(seed);
        let mut passed = vec![];
        let mut cx = Context::from_waker(Waker::noop());
        loop {
            let mut room = vec![0; 1 + usize::try_from(random.below(9_000)).unwrap()];
            let mut room = ReadBuf::new(&mut room);
            match Pin::new(&mut stream).poll_read(&mut cx, &mut room) {
                Poll::Ready(read) => read.unwrap(),
                // Every request is answered at once.
                Poll::Pending => {
                    turn.end();
                    assert!(Pin::new(&mut stream).poll_flush(&mut cx).is_ready());
                    continue;
                }
            }
            if room.filled().is_empty() {
                break;
            }
            passed.extend_from_slice(room.filled());
        }
        assert!(passed == sent, "seed {seed}: {} of {} bytes", passed.len(), sent.len());
    }
}
