//! How a connection ends: what is still said, and that the peer gets to hear it.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf, Bytes};
use hyper::{
    Response, StatusCode,
    header::{CONNECTION, HeaderValue},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Sleep,
};
use tollgate_http::answer::Answer;

/// For how long, after the last word, the peer is still listened to.
const LINGER: Duration = Duration::from_secs(2);
/// How much of what it says then is thrown away before the connection is cut.
const LINGER_BYTES_MAX: usize = 16 << 20;
/// How much of it is thrown away at a time.
const LINGER_PIECE: usize = 4_096;

/// `answer` as bytes on the wire, where no service is asked.
pub(crate) fn written(answer: &Answer) -> Bytes {
    let status = status_of(answer);
    let mut text = format!("HTTP/1.1 {status}\r\n");
    for (name, value) in &answer.fields {
        text.extend([name, ": ", value, "\r\n"]);
    }
    text.push_str(&format!(
        "content-length: {}\r\nconnection: close\r\n\r\n{}",
        answer.body.len(),
        answer.body
    ));
    Bytes::from(text)
}

/// `answer` in the place of what the service answered.
pub(super) fn response<B>(answer: Answer, body: impl FnOnce(Bytes) -> B) -> Response<B> {
    let status = status_of(&answer);
    let mut response = Response::new(body(Bytes::from(answer.body)));
    *response.status_mut() = status;
    for (name, value) in answer.fields {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

fn status_of(answer: &Answer) -> StatusCode {
    StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_REQUEST)
}

/// The end of a connection: the last word, our end closed, and what the peer still sends thrown away.
///
/// Closed at once, unread bytes would make the peer's system drop the answer before it is read.
pub(super) struct Ending {
    stage: Stage,
    lingers: bool,
}

enum Stage {
    Say(Bytes),
    Flush,
    Close,
    Linger { until: Pin<Box<Sleep>>, left: usize },
    Done,
}

impl Ending {
    /// With a last word.
    pub(super) const fn saying(text: Bytes) -> Self {
        Self { stage: Stage::Say(text), lingers: true }
    }

    /// Without one; `lingers` if the peer may still be sending.
    pub(super) const fn quietly(lingers: bool) -> Self {
        Self { stage: Stage::Flush, lingers }
    }

    /// Goes on until nothing is left to do. A peer that is gone is no error: that is the end, too.
    pub(super) fn poll<IO: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        io: &mut IO,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        loop {
            let next = match ready!(self.step(io, cx)) {
                Ok(Some(next)) => next,
                Ok(None) => continue,
                Err(_) => Stage::Done,
            };
            self.stage = next;
            if matches!(self.stage, Stage::Done) {
                return Poll::Ready(());
            }
        }
    }

    fn step<IO: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        io: &mut IO,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Option<Stage>>> {
        let io = Pin::new(io);
        let next = match &mut self.stage {
            Stage::Say(text) => {
                let count = ready!(io.poll_write(cx, text))?;
                text.advance(count.min(text.len()));
                match (count, text.is_empty()) {
                    (_, true) => Stage::Flush,
                    (0, false) => Stage::Done,
                    _ => return Poll::Ready(Ok(None)),
                }
            }
            Stage::Flush => {
                ready!(io.poll_flush(cx))?;
                Stage::Close
            }
            Stage::Close => {
                ready!(io.poll_shutdown(cx))?;
                let until = || Box::pin(tokio::time::sleep(LINGER));
                match self.lingers {
                    true => Stage::Linger { until: until(), left: LINGER_BYTES_MAX },
                    false => Stage::Done,
                }
            }
            Stage::Linger { until, left } => {
                let mut piece = [0; LINGER_PIECE];
                let mut piece = ReadBuf::new(&mut piece);
                if let Poll::Ready(read) = io.poll_read(cx, &mut piece) {
                    read?;
                    *left = left.saturating_sub(piece.filled().len());
                    if piece.filled().is_empty() || *left == 0 {
                        return Poll::Ready(Ok(Some(Stage::Done)));
                    }
                    return Poll::Ready(Ok(None));
                }
                ready!(until.as_mut().poll(cx));
                Stage::Done
            }
            Stage::Done => Stage::Done,
        };
        Poll::Ready(Ok(Some(next)))
    }
}
